//! One service of the master: a container of testcontainers, started and waited for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::models::HostConfig;
use testcontainers::core::logs::LogFrame;
use testcontainers::core::{IntoContainerPort as _, Mount, WaitFor};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt as _, TestcontainersError};
use tokio::task::JoinSet;

use super::connect::Engine;
use super::containers::{LOG_LINES, last_lines};
use super::error::{EngineError, ImageError};
use super::images::{Images, Target, split_reference};
use super::labels::RunId;

/// Where everything that the master serves lies, in all three containers.
pub(super) const ROOT: &str = "/var/www/nailgun";
/// Nailgun's API and its neighbours.
pub(crate) const API_PORT: u16 = 8000;
/// Plugin repositories.
pub(crate) const REPOSITORY_PORT: u16 = 8080;
/// How long one service of the master may take to start.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Memory and processes that one service of the master may take.
const MEMORY: i64 = 1 << 30;
const PROCESSES: i64 = 512;

/// Starts the master's services, all with the same volume.
pub(crate) struct Starter<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) run: &'a RunId,
    pub(crate) images: &'a Images,
    pub(crate) volume: String,
}

impl Starter<'_> {
    /// Starts a service and waits until it is ready.
    pub(crate) async fn start(
        &self,
        target: Target,
        ready: WaitFor,
        command: Vec<String>,
        modify: impl Fn(&mut HostConfig) + Send + Sync + 'static,
    ) -> Result<Held, ImageError> {
        let (image, tag) = split_reference(self.images.reference(&target.into())?);
        let mut image = GenericImage::new(image, tag).with_wait_for(ready);
        if target == Target::Nginx {
            image = image
                .with_exposed_port(API_PORT.tcp())
                .with_exposed_port(REPOSITORY_PORT.tcp());
        }
        let log = LogTail::default();
        let sink = log.clone();
        let mut request = ContainerRequest::from(image)
            .with_container_name(self.run.object_name(target.name()))
            .with_labels(self.run.labels(target.name()))
            .with_mount(Mount::volume_mount(&self.volume, ROOT))
            .with_startup_timeout(START_TIMEOUT)
            .with_log_consumer(move |frame: &LogFrame| sink.push(frame))
            .with_host_config_modifier(move |host| {
                host.memory = Some(MEMORY);
                host.pids_limit = Some(PROCESSES);
                modify(host);
            });
        if !command.is_empty() {
            request = request.with_cmd(command);
        }
        // In a task of its own: dropped half-way, testcontainers waits for the engine to remove what it has begun, and
        // an engine that hangs must not hold up whoever gives up waiting for it.
        let mut start = JoinSet::new();
        start.spawn(async move { request.start().await });
        let started = match start.join_next().await {
            Some(Ok(started)) => started,
            Some(Err(panicked)) => Err(TestcontainersError::other(panicked)),
            None => Err(TestcontainersError::other("it was not started")),
        };
        match started {
            Ok(container) => Ok(Held(Some(container))),
            Err(error) => {
                // The container is gone already; its last lines may still be on their way.
                tokio::time::sleep(Duration::from_millis(200)).await;
                tracing::debug!(engine = self.engine.address, %target, "a service of the master did not start");
                Err(EngineError::NotReady {
                    container: target.to_string(),
                    reason: reason(&error),
                    log: log.lines(),
                }
                .into())
            }
        }
    }
}

/// The error and what lies under it, without the log that testcontainers puts into it.
fn reason(error: &TestcontainersError) -> String {
    let text = error.to_string();
    match text.split_once("before finding message") {
        Some(_) => "it ended before it was ready".to_owned(),
        None => text,
    }
}

/// The last lines of a container's log, collected while it lives.
#[derive(Debug, Clone, Default)]
struct LogTail(Arc<Mutex<VecDeque<String>>>);

impl LogTail {
    fn push(&self, frame: &LogFrame) {
        let bytes = match frame {
            LogFrame::StdOut(bytes) | LogFrame::StdErr(bytes) => bytes,
        };
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in last_lines(&String::from_utf8_lossy(bytes), LOG_LINES) {
            if lines.len() == LOG_LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }

    fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

/// A container of testcontainers, which would remove it when dropped, and block for as long as the engine takes to
/// answer. The clean-up of the run by labels removes it instead.
#[derive(Debug)]
pub(crate) struct Held(Option<ContainerAsync<GenericImage>>);

impl Held {
    /// Stops and removes it.
    pub(crate) async fn remove(mut self) -> Result<(), TestcontainersError> {
        match self.0.take() {
            Some(container) => container.rm().await,
            None => Ok(()),
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.0.as_ref().map_or("", |container| container.id())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        std::mem::forget(self.0.take());
    }
}
