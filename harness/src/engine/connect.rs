//! The way to the engine.

use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};

use super::error::EngineError;
use super::pulse::innermost;

/// How long an engine may take to say what it is. One that hangs takes connections and never answers.
const HELLO: Duration = Duration::from_secs(30);
/// Requests may take long where the storage is slow (a commit on fuse-overlayfs); streams are not bounded by it.
const REQUEST_TIMEOUT_SECONDS: u64 = 600;

/// A Docker engine that answered.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) docker: Docker,
    /// Where it answers: `unix:///var/run/docker.sock`.
    pub address: String,
    /// Its version: `20.10.24+dfsg1`.
    pub version: String,
    /// The newest API version that it speaks: `1.41`.
    pub api_version: String,
    /// Its storage driver: `overlay2`.
    pub storage_driver: String,
    /// Memory of its machine in bytes.
    pub memory: u64,
    /// Processors of its machine.
    pub processors: u64,
    /// Version of the control groups of its machine, `1` or `2`.
    pub cgroup_version: String,
    /// Where it keeps its data, on its own machine.
    pub root: String,
}

impl Engine {
    /// `Docker Engine 20.10.24, overlay2 storage`.
    pub(crate) fn description(&self) -> String {
        format!("Docker Engine {}, {} storage", self.version, self.storage_driver)
    }

    /// Connects to the engine that `DOCKER_HOST` names, or to the first of Docker's usual sockets.
    ///
    /// # Errors
    /// Nothing answers, the socket may not be opened, or the address is of a kind that the rig does not speak.
    pub async fn connect() -> Result<Self, EngineError> {
        let address = env::var("DOCKER_HOST")
            .ok()
            .filter(|address| !address.trim().is_empty())
            .unwrap_or_else(default_address);
        Self::connect_to(&address).await
    }

    /// Connects to the engine at `address` (`unix:///path` or `tcp://host:port`).
    ///
    /// # Errors
    /// As [`Engine::connect`].
    pub async fn connect_to(address: &str) -> Result<Self, EngineError> {
        let docker = open(address)?;
        let no_answer = |source: bollard::errors::Error| classify(address, &source);
        let hello = async { Ok((docker.version().await?, docker.info().await?)) };
        let (version, info) = tokio::time::timeout(HELLO, hello)
            .await
            .map_err(|_| EngineError::Hangs {
                address: address.to_owned(),
                seconds: HELLO.as_secs(),
            })?
            .map_err(no_answer)?;
        let unsigned = |number: Option<i64>| u64::try_from(number.unwrap_or_default()).unwrap_or_default();
        Ok(Self {
            docker,
            address: address.to_owned(),
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            storage_driver: info.driver.unwrap_or_default(),
            memory: unsigned(info.mem_total),
            processors: unsigned(info.ncpu),
            cgroup_version: info
                .cgroup_version
                .map(|version| version.to_string())
                .unwrap_or_default(),
            root: info.docker_root_dir.unwrap_or_default(),
        })
    }

    /// Whether the engine runs on this machine, so that ports published on its loopback can be reached from here.
    pub fn is_local(&self) -> bool {
        self.address.starts_with("unix://")
            || ["tcp://127.", "tcp://localhost", "tcp://[::1]"]
                .iter()
                .any(|local| self.address.starts_with(local))
    }

    /// The client underneath, for what this crate has no words for.
    pub fn client(&self) -> &Docker {
        &self.docker
    }
}

fn open(address: &str) -> Result<Docker, EngineError> {
    if let Some(path) = address.strip_prefix("unix://") {
        // The client reports a missing socket and a closed one alike, so it is looked at here first.
        match fs_err::metadata(path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(EngineError::PermissionDenied {
                    address: path.to_owned(),
                });
            }
            Err(error) => {
                return Err(EngineError::NoAnswer {
                    address: address.to_owned(),
                    reason: error.to_string(),
                });
            }
            Ok(_) => {}
        }
        return Docker::connect_with_unix(address, REQUEST_TIMEOUT_SECONDS, API_DEFAULT_VERSION)
            .map_err(|error| classify(address, &error));
    }
    if address.starts_with("tcp://") || address.starts_with("http://") {
        if env::var("DOCKER_TLS_VERIFY").is_ok_and(|value| !value.is_empty() && value != "0") {
            return Err(EngineError::UnsupportedAddress {
                address: address.to_owned(),
                reason: "DOCKER_TLS_VERIFY is set, and the rig is built without TLS".to_owned(),
            });
        }
        return Docker::connect_with_http(address, REQUEST_TIMEOUT_SECONDS, API_DEFAULT_VERSION)
            .map_err(|error| classify(address, &error));
    }
    Err(EngineError::UnsupportedAddress {
        address: address.to_owned(),
        reason: "its scheme is neither unix:// nor tcp://".to_owned(),
    })
}

/// The same places, in the same order, as testcontainers looks at: both must speak to one engine.
fn default_address() -> String {
    let mut sockets = vec![PathBuf::from("/var/run/docker.sock")];
    if let Ok(runtime) = env::var("XDG_RUNTIME_DIR") {
        sockets.push(Path::new(&runtime).join(".docker/run/docker.sock"));
    }
    if let Ok(home) = env::var("HOME") {
        sockets.push(Path::new(&home).join(".docker/run/docker.sock"));
        sockets.push(Path::new(&home).join(".docker/desktop/docker.sock"));
    }
    let found = sockets.iter().find(|socket| socket.exists()).unwrap_or(&sockets[0]);
    format!("unix://{}", found.display())
}

fn classify(address: &str, error: &bollard::errors::Error) -> EngineError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == ErrorKind::PermissionDenied)
        {
            return EngineError::PermissionDenied {
                address: address.trim_start_matches("unix://").to_owned(),
            };
        }
        cause = inner.source();
    }
    EngineError::NoAnswer {
        address: address.to_owned(),
        reason: innermost(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_socket_is_said_with_its_path_and_what_to_do() {
        let error = Engine::connect_to("unix:///nonexistent/docker.sock").await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/nonexistent/docker.sock"), "{text}");
        assert!(text.contains("hint: start Docker"), "{text}");
    }

    #[tokio::test]
    async fn a_socket_on_which_nobody_listens_is_no_answer() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let error = Engine::connect_to(&format!("unix://{}", path.display()))
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::NoAnswer { .. }), "{error}");
    }

    #[tokio::test]
    async fn ssh_addresses_are_refused_by_name() {
        let error = Engine::connect_to("ssh://somewhere").await.unwrap_err();
        assert!(error.to_string().contains("ssh://somewhere"), "{error}");
    }
}
