//! The networks of a run: admin, management, storage and public, as Fuel names them.

use std::net::Ipv4Addr;

use bollard::errors::Error;
use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptions};

use super::connect::Engine;
use super::error::EngineError;
use super::labels::RunId;
use super::routes::host_routes;
use super::subnet::{ADMIN, MANAGEMENT, PUBLIC, Pool, STORAGE, Subnet};

/// Number of the engine's own address in the admin and public networks, where Fuel's gateway is too.
const GATEWAY: u32 = 1;
/// Number of the engine's own address in networks without a gateway: Nailgun hands out addresses from below.
const OUT_OF_THE_WAY: u32 = 254;

/// One network of a run.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its name in the engine.
    pub name: String,
    /// Its subnet.
    pub subnet: Subnet,
}

/// The networks of a run. All are internal: nothing in them reaches the outside.
#[derive(Debug, Clone)]
pub struct Networks {
    /// 10.20.0.0/24, or the next free one.
    pub admin: Network,
    /// 192.168.0.0/24, or the next free one.
    pub management: Network,
    /// 192.168.1.0/24, or the next free one.
    pub storage: Network,
    /// 172.16.0.0/24, or the next free one.
    pub public: Network,
}

impl Networks {
    /// Creates the four networks, each in the first subnet of its pool that overlaps with no network of the engine and
    /// no route of this host.
    ///
    /// # Errors
    /// The engine refuses, or a pool is used up.
    pub async fn create(engine: &Engine, run: &RunId) -> Result<Self, EngineError> {
        let mut taken = if engine.is_local() { host_routes() } else { Vec::new() };
        taken.extend(engine.subnets().await?);
        Ok(Self {
            admin: create(engine, run, "admin", ADMIN, GATEWAY, &mut taken).await?,
            management: create(engine, run, "management", MANAGEMENT, OUT_OF_THE_WAY, &mut taken).await?,
            storage: create(engine, run, "storage", STORAGE, OUT_OF_THE_WAY, &mut taken).await?,
            public: create(engine, run, "public", PUBLIC, GATEWAY, &mut taken).await?,
        })
    }

    /// The master's address in the admin network.
    pub fn master_ip(&self) -> Ipv4Addr {
        self.admin.subnet.host(2)
    }
}

impl Engine {
    /// Subnets of all networks that the engine knows.
    async fn subnets(&self) -> Result<Vec<Subnet>, EngineError> {
        let networks = self
            .docker
            .list_networks(None::<ListNetworksOptions>)
            .await
            .map_err(EngineError::request("list the networks"))?;
        Ok(networks
            .into_iter()
            .filter_map(|network| network.ipam?.config)
            .flatten()
            .filter_map(|config| config.subnet?.parse().ok())
            .collect())
    }
}

async fn create(
    engine: &Engine,
    run: &RunId,
    role: &'static str,
    pool: Pool,
    gateway: u32,
    taken: &mut Vec<Subnet>,
) -> Result<Network, EngineError> {
    let name = run.object_name(role);
    let free: Vec<Subnet> = pool.free(taken).collect();
    for subnet in free {
        match engine
            .docker
            .create_network(request(run, role, &name, subnet, gateway))
            .await
        {
            Ok(_) => {
                taken.push(subnet);
                return Ok(Network { name, subnet });
            }
            // Another run was faster, or an address of the host lies in it that no route shows.
            Err(Error::DockerResponseServerError { message, .. }) if message.to_lowercase().contains("overlap") => {
                tracing::debug!(%subnet, %message, "subnet is taken, trying the next");
            }
            Err(error) => {
                // An engine may register a network and then fail to set it up; the name must be free for the next try.
                if engine
                    .docker
                    .inspect_network(&name, None::<InspectNetworkOptions>)
                    .await
                    .is_ok()
                {
                    let _ = engine.docker.remove_network(&name).await;
                }
                return Err(EngineError::request(format!("create the {role} network {subnet}"))(
                    error,
                ));
            }
        }
    }
    let first = pool
        .candidates()
        .next()
        .map(|subnet| subnet.to_string())
        .unwrap_or_default();
    let last = pool
        .candidates()
        .last()
        .map(|subnet| subnet.to_string())
        .unwrap_or_default();
    Err(EngineError::NoFreeSubnet {
        network: role,
        tried: format!("{first} to {last}"),
    })
}

fn request(run: &RunId, role: &str, name: &str, subnet: Subnet, gateway: u32) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        internal: Some(true),
        ipam: Some(Ipam {
            config: Some(vec![IpamConfig {
                subnet: Some(subnet.to_string()),
                gateway: Some(subnet.host(gateway).to_string()),
                ..IpamConfig::default()
            }]),
            ..Ipam::default()
        }),
        labels: Some(run.labels(role)),
        ..NetworkCreateRequest::default()
    }
}
