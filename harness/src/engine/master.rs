//! The emulated master: nginx, rsync and mock-nailgun in one network namespace, at the master's address.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use bollard::models::{HostConfig, PortBinding, VolumeCreateRequest};
use bollard::query_parameters::{InspectContainerOptions, UploadToContainerOptionsBuilder};
use camino::Utf8Path;
use testcontainers::core::WaitFor;

use super::connect::Engine;
use super::containers::{Condition, LOG_LINES};
use super::context;
use super::error::{EngineError, ImageError};
use super::exec::{ExecError, ExecRequest};
use super::images::{Images, Target};
use super::labels::RunId;
use super::networks::Networks;
use super::node::Place;
use super::post_mortem::MasterPlace;
use super::service::{API_PORT, Held, REPOSITORY_PORT, ROOT, START_TIMEOUT, Starter};

/// What the volume of repositories and plugins is called in a run.
const VOLUME: &str = "www";
/// How much a command in the master may say.
const OUTPUT_LIMIT: usize = 1 << 20;

/// How a master is set up.
#[derive(Debug, Clone)]
pub struct MasterOptions {
    /// The Fuel version that it behaves as: `9.2`.
    pub fuel_version: String,
    /// Whether its API wants a token of Keystone (admin/admin).
    pub authentication: bool,
}

impl Default for MasterOptions {
    fn default() -> Self {
        Self {
            fuel_version: "9.2".to_owned(),
            authentication: false,
        }
    }
}

/// What a command in the master said.
#[derive(Debug, Clone)]
pub struct MasterOutput {
    /// Its exit code.
    pub exit_code: i64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A running master. Its containers go when it is stopped, or with the run.
#[derive(Debug)]
pub struct Master {
    engine: Engine,
    /// Where this host reaches its API: `http://127.0.0.1:49153`, without a slash at the end.
    pub api_url: String,
    /// Where this host reaches its repositories: `http://127.0.0.1:49154`.
    pub repository_url: String,
    /// Its address in the admin network.
    pub ip: Ipv4Addr,
    /// Container ids by service: `nginx`, `rsync`, `nailgun`.
    containers: BTreeMap<&'static str, String>,
    held: Vec<Held>,
}

impl Master {
    /// Starts a master and waits until its API answers.
    ///
    /// # Errors
    /// An image is missing, the engine refuses, or a service does not start; the error carries its last log lines.
    pub async fn start(
        engine: &Engine,
        run: &RunId,
        images: &Images,
        networks: &Networks,
        options: &MasterOptions,
    ) -> Result<Self, ImageError> {
        if !engine.is_local() {
            return Err(EngineError::UnsupportedAddress {
                address: engine.address.clone(),
                reason: "the master's API is published on the engine's own loopback, which cannot be reached from here"
                    .to_owned(),
            }
            .into());
        }
        let volume = run.object_name(VOLUME);
        let request = VolumeCreateRequest {
            name: Some(volume.clone()),
            labels: Some(run.labels(VOLUME)),
            ..Default::default()
        };
        engine
            .docker
            .create_volume(request)
            .await
            .map_err(EngineError::request("create the master's volume"))?;

        let ip = networks.master_ip();
        let starter = Starter {
            engine,
            run,
            images,
            volume,
        };
        let nginx = starter
            .start(
                Target::Nginx,
                WaitFor::message_on_stderr("start worker process"),
                Vec::new(),
                publish,
            )
            .await?;
        engine
            .connect_network(nginx.id(), &networks.admin.name, Some(ip))
            .await?;
        let namespace = format!("container:{}", nginx.id());
        let join = {
            let namespace = namespace.clone();
            move |host: &mut HostConfig| join_namespace(host, &namespace)
        };
        let rsync = starter.start(
            Target::Rsync,
            WaitFor::message_on_either_std("listening on port 873"),
            Vec::new(),
            join,
        );
        let join = move |host: &mut HostConfig| join_namespace(host, &namespace);
        let nailgun = starter.start(
            Target::Nailgun,
            WaitFor::Nothing,
            nailgun_command(options, networks),
            join,
        );
        let (rsync, nailgun) = tokio::join!(rsync, nailgun);
        let (rsync, nailgun) = (rsync?, nailgun?);

        let containers = BTreeMap::from([
            ("nginx", nginx.id().to_owned()),
            ("rsync", rsync.id().to_owned()),
            ("nailgun", nailgun.id().to_owned()),
        ]);
        let mut master = Self {
            engine: engine.clone(),
            api_url: String::new(),
            repository_url: String::new(),
            ip,
            containers,
            held: vec![nailgun, rsync, nginx],
        };
        master.read_ports().await?;
        master.wait_for_api().await?;
        Ok(master)
    }

    /// Finds the master of a run that an earlier process started and kept.
    ///
    /// # Errors
    /// The run has no such containers, or they do not run.
    pub async fn attach(engine: &Engine, run: &str) -> Result<Self, EngineError> {
        let mut found = engine.containers_of(run).await?;
        let mut containers = BTreeMap::new();
        for service in Target::MASTER.map(Target::name) {
            let Some(id) = found.remove(service) else {
                return Err(EngineError::Gone {
                    container: service.to_owned(),
                    reason: format!("run {run} has no such container"),
                    log: Vec::new(),
                });
            };
            containers.insert(service, id);
        }
        let mut master = Self {
            engine: engine.clone(),
            api_url: String::new(),
            repository_url: String::new(),
            ip: Ipv4Addr::UNSPECIFIED,
            containers,
            held: Vec::new(),
        };
        master.read_ports().await?;
        Ok(master)
    }

    /// Copies a file of this host into the master, for `fuel plugins --install`; returns its path there.
    ///
    /// # Errors
    /// The file cannot be read, or the engine refuses.
    pub async fn copy_in(&self, file: &Utf8Path) -> Result<String, EngineError> {
        let name = file.file_name().unwrap_or("package");
        let archive = context::archive_of_one(name, &fs_err::read(file)?, 0o644)?;
        let options = UploadToContainerOptionsBuilder::new().path("/tmp").build();
        self.engine
            .docker
            .upload_to_container(
                self.container("nailgun"),
                Some(options),
                bollard::body_full(archive.into()),
            )
            .await
            .map_err(EngineError::request(format!("copy {name} into the master")))?;
        Ok(format!("/tmp/{name}"))
    }

    /// Runs a command in the master's `nailgun` container, where `fuel` is.
    ///
    /// # Errors
    /// The container is gone or the engine refuses. A command that fails is no error, see [`MasterOutput::exit_code`].
    pub async fn exec<S: Into<String>>(&self, argv: impl IntoIterator<Item = S>) -> Result<MasterOutput, EngineError> {
        let argv: Vec<String> = argv.into_iter().map(Into::into).collect();
        let command = argv.join(" ");
        let request = ExecRequest {
            argv,
            output_limit: OUTPUT_LIMIT,
            ..ExecRequest::default()
        };
        match self.engine.exec(self.container("nailgun"), request).await {
            Ok(output) => Ok(MasterOutput {
                exit_code: output.code,
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
            Err(ExecError::Gone(reason)) => Err(EngineError::Gone {
                container: "nailgun".to_owned(),
                reason,
                log: self.engine.last_log_lines(self.container("nailgun"), LOG_LINES).await,
            }),
            Err(ExecError::Engine(error)) => {
                Err(EngineError::request(format!("run `{command}` in the master"))(*error))
            }
        }
    }

    /// The last `lines` log lines of each service.
    pub async fn logs(&self, lines: usize) -> BTreeMap<&'static str, Vec<String>> {
        let mut logs = BTreeMap::new();
        for (service, container) in &self.containers {
            logs.insert(*service, self.engine.last_log_lines(container, lines).await);
        }
        logs
    }

    /// Ids of its containers by service.
    pub fn containers(&self) -> &BTreeMap<&'static str, String> {
        &self.containers
    }

    /// What is known of it for who looks what has befallen it.
    pub(crate) fn as_started(&self) -> MasterPlace {
        MasterPlace {
            ip: self.ip,
            containers: self.containers.clone(),
        }
    }

    /// Where a container belongs that stands for the master's own system.
    pub fn place(&self, run: &RunId) -> Place {
        Place {
            network_of: self.container("nginx").to_owned(),
            volume: run.object_name(VOLUME),
            mounted_at: ROOT.to_owned(),
        }
    }

    /// Stops and removes its containers; the volume goes with the run.
    ///
    /// # Errors
    /// The engine refuses.
    pub async fn stop(mut self) -> Result<(), EngineError> {
        for held in self.held.drain(..) {
            held.remove().await.map_err(|error| EngineError::NotReady {
                container: "the master".to_owned(),
                reason: format!("it cannot be removed: {error}"),
                log: Vec::new(),
            })?;
        }
        Ok(())
    }

    fn container(&self, service: &str) -> &str {
        self.containers.get(service).map_or("", String::as_str)
    }

    async fn read_ports(&mut self) -> Result<(), EngineError> {
        let inspected = self
            .engine
            .docker
            .inspect_container(self.container("nginx"), None::<InspectContainerOptions>)
            .await
            .map_err(EngineError::request("inspect nginx"))?;
        let settings = inspected.network_settings.unwrap_or_default();
        if self.ip.is_unspecified() {
            // The leg in the default bridge is for publishing; the other one is the admin network.
            self.ip = settings
                .networks
                .into_iter()
                .flatten()
                .filter(|(name, _)| name != "bridge")
                .find_map(|(_, leg)| leg.ip_address?.parse().ok())
                .unwrap_or(Ipv4Addr::UNSPECIFIED);
        }
        let ports = settings.ports.unwrap_or_default();
        let url = |port: u16| {
            let published = ports
                .get(&format!("{port}/tcp"))?
                .as_ref()?
                .first()?
                .host_port
                .clone()?;
            Some(format!("http://127.0.0.1:{published}"))
        };
        let (Some(api), Some(repository)) = (url(API_PORT), url(REPOSITORY_PORT)) else {
            return Err(self.not_ready("nginx", "its ports are not published".to_owned()).await);
        };
        self.api_url = api;
        self.repository_url = repository;
        Ok(())
    }

    /// nginx answers 502 until mock-nailgun listens.
    async fn wait_for_api(&self) -> Result<(), EngineError> {
        let url = format!("{}/api/v1/version", self.api_url);
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .no_proxy()
            .build();
        let client = match client {
            Ok(client) => client,
            Err(error) => return Err(self.not_ready("nailgun", error.to_string()).await),
        };
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let last = match client.get(&url).send().await {
                Ok(response) if !response.status().is_server_error() => return Ok(()),
                Ok(response) => format!("{url} answers {}", response.status()),
                Err(error) => error.to_string(),
            };
            for (service, container) in &self.containers {
                if let Condition::Gone(reason) = self.engine.condition(container).await? {
                    return Err(EngineError::Gone {
                        container: (*service).to_owned(),
                        reason,
                        log: self.engine.last_log_lines(container, LOG_LINES).await,
                    });
                }
            }
            if Instant::now() > deadline {
                return Err(self.not_ready("nailgun", last).await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn not_ready(&self, service: &str, reason: String) -> EngineError {
        EngineError::NotReady {
            container: service.to_owned(),
            reason,
            log: self.engine.last_log_lines(self.container(service), LOG_LINES).await,
        }
    }
}

fn nailgun_command(options: &MasterOptions, networks: &Networks) -> Vec<String> {
    let master_ip = networks.master_ip().to_string();
    let admin_network = networks.admin.subnet.to_string();
    [
        "/usr/bin/mock-nailgun",
        "serve",
        "--fuel-version",
        &options.fuel_version,
        "--listen",
        "127.0.0.1:8001",
        "--plugins-dir",
        "/var/www/nailgun/plugins",
        "--master-ip",
        &master_ip,
        "--admin-network",
        &admin_network,
        "--auth",
        if options.authentication { "fake" } else { "none" },
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Ports on this host's loopback only.
fn publish(host: &mut HostConfig) {
    let loopback = || {
        Some(vec![PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host_port: Some(String::new()),
        }])
    };
    host.publish_all_ports = Some(false);
    host.port_bindings = Some(HashMap::from([
        (format!("{API_PORT}/tcp"), loopback()),
        (format!("{REPOSITORY_PORT}/tcp"), loopback()),
    ]));
}

fn join_namespace(host: &mut HostConfig, namespace: &str) {
    host.network_mode = Some(namespace.to_owned());
    host.publish_all_ports = Some(false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_published_on_the_loopback_only() {
        let mut host = HostConfig {
            publish_all_ports: Some(true),
            ..HostConfig::default()
        };
        publish(&mut host);
        assert_eq!(host.publish_all_ports, Some(false));
        let bindings = host.port_bindings.unwrap();
        assert_eq!(bindings.len(), 2);
        for bindings in bindings.values().flatten() {
            assert!(
                bindings
                    .iter()
                    .all(|binding| binding.host_ip.as_deref() == Some("127.0.0.1"))
            );
        }
    }
}
