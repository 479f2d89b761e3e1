//! Target nodes: containers with systemd as PID 1, without `--privileged`.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HostConfig, HostConfigCgroupnsModeEnum, Mount,
    MountType, NetworkConnectRequest, NetworkingConfig,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, RestartContainerOptionsBuilder, StartContainerOptions,
};

use super::connect::Engine;
use super::containers::LOG_LINES;
use super::error::EngineError;
use super::exec::{ExecError, ExecRequest};
use super::labels::{LEGS, RunId};
use super::networks::{Network, Networks};

/// Waits inside the node until systemd has started everything; says its state and the units that failed.
/// Polled, since the systemd of CentOS 7 has no `is-system-running --wait`.
const WAIT_UNTIL_UP: &str = r#"
while :; do
    state=$(systemctl is-system-running 2>/dev/null)
    case $state in
    running|degraded|maintenance)
        echo "$state"
        systemctl list-units --failed --no-legend --plain --full 2>/dev/null | awk '{ print $1 }'
        exit 0 ;;
    esac
    sleep 0.1
done
"#;

/// Makes an attempt to reach the outside fail at once instead of timing out; runs after every boot.
///
/// Names are asked of the node itself, where nothing listens: refused at once. The engine's own resolver, which stands
/// in a container by default, lets an outside name time out; so does the master, whose kernel limits its refusals.
/// Argument: the domain.
const CLOSE: &str = r#"
ip route replace unreachable default 2>/dev/null || ip route add unreachable default
printf 'search %s\nnameserver 127.0.0.1\n' "$1" >/etc/resolv.conf
"#;

/// How long a node may take to boot, unless its spec says otherwise.
const BOOT_TIMEOUT: Duration = Duration::from_secs(180);

/// A node's address in each network; `None` where it has no leg there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodeAddresses {
    /// In the admin network.
    pub admin: Option<Ipv4Addr>,
    /// In the management network.
    pub management: Option<Ipv4Addr>,
    /// In the storage network.
    pub storage: Option<Ipv4Addr>,
    /// In the public network.
    pub public: Option<Ipv4Addr>,
}

/// What a node is to be.
#[derive(Debug, Clone)]
pub struct NodeSpec {
    /// Name in the run and host name: `node-1`.
    pub name: String,
    /// Nailgun's id of the node, as the orchestrator calls it: `1`.
    pub uid: String,
    /// Domain of the host name.
    pub domain: String,
    /// Reference of the image, as [`Images::reference`](super::Images::reference) gives it.
    pub image: String,
    /// Its addresses.
    pub addresses: NodeAddresses,
    /// Lines of `/etc/hosts`: name and address.
    pub hosts: Vec<(String, Ipv4Addr)>,
    /// Whether it reaches the outside.
    pub outside: bool,
    /// Whose machine it is part of; `None` for a machine of its own.
    pub part_of: Option<Place>,
    /// Memory in bytes.
    pub memory: Option<i64>,
    /// Number of processes.
    pub processes: Option<i64>,
    /// How long it may take to boot.
    pub boot_timeout: Duration,
}

impl NodeSpec {
    /// A closed node in the domain `domain.tld`, with the limits that suit a controller: 4 GiB, 4096 processes.
    pub fn new(name: &str, uid: &str, image: &str) -> Self {
        Self {
            name: name.to_owned(),
            uid: uid.to_owned(),
            domain: "domain.tld".to_owned(),
            image: image.to_owned(),
            addresses: NodeAddresses::default(),
            hosts: Vec::new(),
            outside: false,
            part_of: None,
            memory: Some(4 << 30),
            processes: Some(4096),
            boot_timeout: BOOT_TIMEOUT,
        }
    }
}

/// Where a container belongs that stands for another machine's own system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The container whose network it shares.
    pub network_of: String,
    /// A volume of the run.
    pub volume: String,
    /// Where that is mounted.
    pub mounted_at: String,
}

/// How a node came up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// systemd's word: `running`, `degraded`, `maintenance`.
    pub state: String,
    /// Units that failed at boot.
    pub failed_units: Vec<String>,
}

/// A running node.
#[derive(Debug, Clone)]
pub struct TargetNode {
    pub(crate) engine: Engine,
    pub(crate) spec: NodeSpec,
    pub(crate) id: String,
    /// How it came up.
    pub readiness: Readiness,
    /// Hardware address of each leg, by the engine's network name.
    pub hardware_addresses: HashMap<String, String>,
}

impl TargetNode {
    /// Starts a node and waits until systemd has started everything in it.
    ///
    /// # Errors
    /// The engine refuses, the container dies, or it is not up within the spec's boot timeout.
    pub async fn start(engine: &Engine, run: &RunId, networks: &Networks, spec: NodeSpec) -> Result<Self, EngineError> {
        let legs = legs(networks, &spec.addresses);
        Self::start_with(engine, run, &legs, spec).await
    }

    /// As [`TargetNode::start`], with no network of its own: the spec says whose it shares, or there is none.
    ///
    /// # Errors
    /// As [`TargetNode::start`].
    pub async fn start_without_legs(engine: &Engine, run: &RunId, spec: NodeSpec) -> Result<Self, EngineError> {
        Self::start_with(engine, run, &[], spec).await
    }

    /// As [`TargetNode::start`], with these legs and no others.
    pub(crate) async fn start_with(
        engine: &Engine,
        run: &RunId,
        legs: &[(&Network, Ipv4Addr)],
        spec: NodeSpec,
    ) -> Result<Self, EngineError> {
        let name = run.object_name(&spec.name);
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        let id = engine
            .docker
            .create_container(Some(options), create_body(run, &spec, legs))
            .await
            .map_err(EngineError::request(format!("create {}", spec.name)))?
            .id;
        for (network, address) in legs.iter().skip(1) {
            engine.connect_network(&id, &network.name, Some(*address)).await?;
        }
        if spec.outside && !legs.is_empty() {
            engine.connect_network(&id, "bridge", None).await?;
        }
        let mut node = Self {
            engine: engine.clone(),
            spec,
            id,
            readiness: Readiness::default(),
            hardware_addresses: HashMap::new(),
        };
        node.engine
            .docker
            .start_container(&node.id, None::<StartContainerOptions>)
            .await
            .map_err(EngineError::request(format!("start {}", node.spec.name)))?;
        node.readiness = node.wait_until_up(node.spec.boot_timeout).await?;
        node.hardware_addresses = node.read_hardware_addresses().await?;
        Ok(node)
    }

    /// Its name in the run.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Nailgun's id of it.
    pub fn uid(&self) -> &str {
        &self.spec.uid
    }

    /// Its container's id.
    pub fn container(&self) -> &str {
        &self.id
    }

    /// What it was started as.
    pub fn spec(&self) -> &NodeSpec {
        &self.spec
    }

    /// Restarts it and waits until it is up again; /run and /tmp are empty then, as after a real reboot.
    pub(crate) async fn restart(&self, timeout: Duration) -> Result<Readiness, EngineError> {
        let grace = i32::try_from(timeout.as_secs() / 4).unwrap_or(i32::MAX).clamp(1, 30);
        self.engine
            .docker
            .restart_container(&self.id, Some(RestartContainerOptionsBuilder::new().t(grace).build()))
            .await
            .map_err(EngineError::request(format!("restart {}", self.spec.name)))?;
        self.wait_until_up(timeout).await
    }

    pub(crate) async fn wait_until_up(&self, timeout: Duration) -> Result<Readiness, EngineError> {
        let mut script = WAIT_UNTIL_UP.to_owned();
        // The routes of a network that is shared are its owner's.
        if !self.spec.outside && self.spec.part_of.is_none() {
            script.insert_str(0, CLOSE);
        }
        let request = ExecRequest {
            argv: vec!["sh".into(), "-c".into(), script, "sh".into(), self.spec.domain.clone()],
            output_limit: 64 * 1024,
            ..ExecRequest::default()
        };
        let reason = match tokio::time::timeout(timeout, self.engine.exec(&self.id, request)).await {
            Ok(Ok(output)) if output.code == 0 => {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                let mut lines = text.lines().map(str::to_owned);
                self.load_puppet().await;
                return Ok(Readiness {
                    state: lines.next().unwrap_or_default(),
                    failed_units: lines.collect(),
                });
            }
            Ok(Ok(output)) => format!(
                "its shell answers with code {}: {}",
                output.code,
                String::from_utf8_lossy(&output.stdout)
            ),
            Ok(Err(ExecError::Gone(reason))) => {
                return Err(EngineError::Gone {
                    container: self.spec.name.clone(),
                    reason,
                    log: self.log().await,
                });
            }
            Ok(Err(ExecError::Engine(error))) => error.to_string(),
            Err(_) => format!("systemd has not started everything within {} s", timeout.as_secs()),
        };
        Err(EngineError::NotReady {
            container: self.spec.name.clone(),
            reason,
            log: self.log().await,
        })
    }

    async fn log(&self) -> Vec<String> {
        self.engine.last_log_lines(&self.id, LOG_LINES).await
    }

    async fn read_hardware_addresses(&self) -> Result<HashMap<String, String>, EngineError> {
        let inspected = self
            .engine
            .docker
            .inspect_container(&self.id, None::<InspectContainerOptions>)
            .await
            .map_err(EngineError::request(format!("inspect {}", self.spec.name)))?;
        let networks = inspected
            .network_settings
            .and_then(|settings| settings.networks)
            .unwrap_or_default();
        Ok(networks
            .into_iter()
            .filter_map(|(name, leg)| Some((name, leg.mac_address?)))
            .collect())
    }
}

impl Engine {
    /// Gives a container a leg in a network, at `address` or at one of the engine's choice.
    pub(crate) async fn connect_network(
        &self,
        container: &str,
        network: &str,
        address: Option<Ipv4Addr>,
    ) -> Result<(), EngineError> {
        let request = NetworkConnectRequest {
            container: container.to_owned(),
            endpoint_config: Some(EndpointSettings {
                ipam_config: address.map(fixed),
                ..EndpointSettings::default()
            }),
        };
        self.docker
            .connect_network(network, request)
            .await
            .map_err(EngineError::request(format!(
                "connect a container to network {network}"
            )))
    }
}

fn fixed(address: Ipv4Addr) -> EndpointIpamConfig {
    EndpointIpamConfig {
        ipv4_address: Some(address.to_string()),
        ..EndpointIpamConfig::default()
    }
}

fn legs<'a>(networks: &'a Networks, addresses: &NodeAddresses) -> Vec<(&'a Network, Ipv4Addr)> {
    [
        (&networks.admin, addresses.admin),
        (&networks.management, addresses.management),
        (&networks.storage, addresses.storage),
        (&networks.public, addresses.public),
    ]
    .into_iter()
    .filter_map(|(network, address)| Some((network, address?)))
    .collect()
}

fn create_body(run: &RunId, spec: &NodeSpec, legs: &[(&Network, Ipv4Addr)]) -> ContainerCreateBody {
    let first = legs.first();
    let mut labels = run.labels(&spec.name);
    let names: Vec<&str> = legs.iter().map(|(network, _)| network.name.as_str()).collect();
    labels.insert(LEGS.to_owned(), names.join(","));
    // An engine before 25 takes one network at creation; the others are connected before the start.
    let networking = first.map(|(network, address)| NetworkingConfig {
        endpoints_config: Some(HashMap::from([(
            network.name.clone(),
            EndpointSettings {
                ipam_config: Some(fixed(*address)),
                ..EndpointSettings::default()
            },
        )])),
    });
    let network_mode = match (&spec.part_of, first) {
        (Some(place), _) => format!("container:{}", place.network_of),
        (None, Some((network, _))) => network.name.clone(),
        (None, None) if spec.outside => "bridge".to_owned(),
        (None, None) => "none".to_owned(),
    };
    // Names are the network's, and that has an owner already.
    let names_itself = spec.part_of.is_none();
    let mounts = spec.part_of.as_ref().map(|place| {
        vec![Mount {
            typ: Some(MountType::VOLUME),
            source: Some(place.volume.clone()),
            target: Some(place.mounted_at.clone()),
            ..Mount::default()
        }]
    });
    ContainerCreateBody {
        hostname: names_itself.then(|| spec.name.clone()),
        domainname: names_itself.then(|| spec.domain.clone()),
        image: Some(spec.image.clone()),
        cmd: Some(vec!["/sbin/init".to_owned()]),
        env: Some(vec!["container=docker".to_owned()]),
        labels: Some(labels),
        // systemd shuts down in order on this one; images of others may not say so.
        stop_signal: Some("SIGRTMIN+3".to_owned()),
        tty: Some(true),
        networking_config: networking,
        host_config: Some(HostConfig {
            network_mode: Some(network_mode),
            cap_add: Some(vec!["SYS_ADMIN".to_owned(), "NET_ADMIN".to_owned()]),
            security_opt: Some(vec!["seccomp=unconfined".to_owned(), "apparmor=unconfined".to_owned()]),
            // What the command line calls systempaths=unconfined.
            masked_paths: Some(Vec::new()),
            readonly_paths: Some(Vec::new()),
            cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
            tmpfs: Some(HashMap::from([
                ("/run".to_owned(), "exec,mode=755".to_owned()),
                ("/run/lock".to_owned(), String::new()),
                ("/tmp".to_owned(), "exec,mode=1777".to_owned()),
            ])),
            extra_hosts: names_itself.then(|| {
                spec.hosts
                    .iter()
                    .map(|(name, address)| format!("{name}:{address}"))
                    .collect()
            }),
            mounts,
            memory: spec.memory,
            memory_swap: spec.memory,
            pids_limit: spec.processes,
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_never_privileged_and_never_sees_the_engines_socket() {
        let body = create_body(
            &RunId::new("test"),
            &NodeSpec::new("node-1", "1", "fuelrig/node:key"),
            &[],
        );
        let host = body.host_config.unwrap();
        assert_eq!(host.privileged, None);
        assert_eq!(host.binds, None);
        assert_eq!(host.mounts, None);
        assert_eq!(host.network_mode.as_deref(), Some("none"));
        assert!(host.memory.is_some() && host.pids_limit.is_some());
    }
}
