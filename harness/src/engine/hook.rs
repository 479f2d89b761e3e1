//! A plugin's `pre_build_hook`, run in a container: it is somebody's program, and this is not its host.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
    StartContainerOptions,
};
use camino::{Utf8Path, Utf8PathBuf};
use futures_util::StreamExt as _;
use plugin_builder::{HookError, HookRunner};

use super::connect::Engine;
use super::containers::log_bytes;
use super::labels::RunId;
use super::post_mortem::HOOK;

/// Runs the hook, then gives what it made to the owner of the plugin's directory: in the container it is root.
/// A node is closed, so its image has its package sources put away: here they are opened.
const RUN: &str = r#"
if command -v distribution-sources >/dev/null; then distribution-sources on; fi
./pre_build_hook
code=$?
[ "$FUELRIG_OWNER" = 0:0 ] || chown -R --from=0:0 "$FUELRIG_OWNER" .
exit $code
"#;
/// How much of the hook's output an error can show.
const OUTPUT_LIMIT: usize = 64 * 1024;

/// Receives the hook's output, line by line.
pub type HookSink = Arc<dyn Fn(&str) + Send + Sync>;

/// How hooks are run.
#[derive(Clone)]
pub struct HookOptions {
    /// Reference of the image that it runs in; it has no package lists, a hook fetches its own.
    pub image: String,
    /// Environment variables of this process that the hook sees too, where they are set. One whose value is an
    /// existing directory has that directory mounted, to be read only.
    pub pass: Vec<String>,
    /// Memory in bytes.
    pub memory: i64,
    /// Number of processes.
    pub processes: i64,
    /// How long it may take.
    pub timeout: Duration,
    /// Receives what it prints.
    pub output: HookSink,
}

impl HookOptions {
    /// The rig's own limits: 4 GiB, 4096 processes, 30 minutes; `PUPPET_TROVE` is passed on.
    pub fn new(image: &str, output: HookSink) -> Self {
        Self {
            image: image.to_owned(),
            pass: vec!["PUPPET_TROVE".to_owned()],
            memory: 4 << 30,
            processes: 4096,
            timeout: Duration::from_secs(1800),
            output,
        }
    }
}

impl fmt::Debug for HookOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HookOptions")
            .field("image", &self.image)
            .field("pass", &self.pass)
            .field("memory", &self.memory)
            .field("processes", &self.processes)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Runs hooks in containers: the plugin's directory is mounted at its own place, nothing else of this host is seen,
/// the network reaches the outside.
#[derive(Debug, Clone)]
pub struct ContainerHook {
    address: String,
    local: bool,
    run: RunId,
    options: HookOptions,
}

impl ContainerHook {
    /// Hooks of `run` on this engine.
    pub fn new(engine: &Engine, run: &RunId, options: HookOptions) -> Self {
        Self {
            address: engine.address.clone(),
            local: engine.is_local(),
            run: run.clone(),
            options,
        }
    }

    async fn run_in_container(&self, plugin: &Utf8Path) -> Result<(), HookError> {
        let engine = Engine::connect_to(&self.address).await.map_err(start_error)?;
        let name = self.run.object_name(&format!("hook-{}", uuid::Uuid::new_v4().simple()));
        let environment = |name: &str| std::env::var(name).ok();
        let body = create_body(&self.run, &self.options, plugin, owner(plugin)?, environment);
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        let id = engine
            .docker
            .create_container(Some(options), body)
            .await
            .map_err(start_error)?
            .id;
        let result = match tokio::time::timeout(self.options.timeout, self.follow(&engine, &id)).await {
            Ok(result) => result,
            Err(_) => {
                let need = engine.starved(&id).await;
                Err(HookError::Ended(format!(
                    "it had not ended after {} s{}",
                    self.options.timeout.as_secs(),
                    need.map(|need| format!(" and {need}")).unwrap_or_default()
                )))
            }
        };
        let removal = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        if let Err(error) = engine.docker.remove_container(&id, Some(removal)).await {
            tracing::warn!(%error, "the hook's container could not be removed");
        }
        result
    }

    async fn follow(&self, engine: &Engine, id: &str) -> Result<(), HookError> {
        engine
            .docker
            .start_container(id, None::<StartContainerOptions>)
            .await
            .map_err(start_error)?;
        let logs = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
        let mut stream = engine.docker.logs(id, Some(logs));
        let mut output = String::new();
        let mut lines = Lines::default();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(start_error)?;
            lines.push(log_bytes(&chunk), |line| {
                (self.options.output)(line);
                output.push_str(line);
                output.push('\n');
                if output.len() > 2 * OUTPUT_LIMIT {
                    let cut = output.char_indices().map(|(at, _)| at).find(|at| *at >= OUTPUT_LIMIT);
                    output.drain(..cut.unwrap_or_default());
                }
            });
        }
        lines.finish(|line| {
            (self.options.output)(line);
            output.push_str(line);
        });
        let inspected = engine
            .docker
            .inspect_container(id, None::<InspectContainerOptions>)
            .await
            .map_err(start_error)?;
        let state = inspected.state.unwrap_or_default();
        if state.oom_killed == Some(true) {
            return Err(HookError::Ended(format!(
                "it needed more than the {} MiB of memory that it may have\n  \
                 hint: let it need less, or run it on this host with `--build-on-host`",
                self.options.memory >> 20
            )));
        }
        match state.exit_code.unwrap_or_default() {
            0 => Ok(()),
            code => Err(HookError::Exit {
                code: i32::try_from(code).unwrap_or(1),
                output,
            }),
        }
    }
}

impl HookRunner for ContainerHook {
    fn run(&self, plugin: &Utf8Path) -> Result<(), HookError> {
        if !self.local {
            return Err(HookError::Start(format!(
                "the engine at {} is on another machine, which cannot mount {plugin}\n\
                 hint: use an engine on this machine, or run the hook here with `--build-on-host`",
                self.address
            )));
        }
        let plugin = plugin.canonicalize_utf8().map_err(start_error)?;
        // The builder calls from wherever it is, inside a runtime or not; a runtime cannot wait inside another.
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .map_err(start_error)?
                        .block_on(self.run_in_container(&plugin))
                })
                .join()
                .unwrap_or_else(|_| Err(HookError::Start("the thread that watches it panicked".to_owned())))
        })
    }
}

fn start_error(error: impl fmt::Display) -> HookError {
    HookError::Start(error.to_string())
}

fn owner(plugin: &Utf8Path) -> Result<String, HookError> {
    let metadata = fs_err::metadata(plugin).map_err(start_error)?;
    Ok(format!("{}:{}", metadata.uid(), metadata.gid()))
}

fn create_body(
    run: &RunId,
    options: &HookOptions,
    plugin: &Utf8Path,
    owner: String,
    environment: impl Fn(&str) -> Option<String>,
) -> ContainerCreateBody {
    let mut variables = vec![format!("FUELRIG_OWNER={owner}")];
    let mut mounts = vec![bind(plugin, false)];
    for name in &options.pass {
        let Some(value) = environment(name) else { continue };
        let directory = Utf8Path::new(&value)
            .canonicalize_utf8()
            .ok()
            .filter(|path| path.is_dir());
        match directory {
            Some(directory) => {
                variables.push(format!("{name}={directory}"));
                if !directory.starts_with(plugin) {
                    mounts.push(bind(&directory, true));
                }
            }
            None => variables.push(format!("{name}={value}")),
        }
    }
    ContainerCreateBody {
        image: Some(options.image.clone()),
        entrypoint: Some(Vec::new()),
        cmd: Some(["/bin/sh", "-c", RUN].map(str::to_owned).to_vec()),
        env: Some(variables),
        working_dir: Some(plugin.to_string()),
        labels: Some(run.labels(HOOK)),
        host_config: Some(HostConfig {
            mounts: Some(mounts),
            network_mode: Some("bridge".to_owned()),
            memory: Some(options.memory),
            memory_swap: Some(options.memory),
            pids_limit: Some(options.processes),
            // It may leave processes behind; something must reap them.
            init: Some(true),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

fn bind(path: &Utf8Path, read_only: bool) -> Mount {
    Mount {
        source: Some(path.to_string()),
        target: Some(Utf8PathBuf::from(path).into_string()),
        typ: Some(MountType::BIND),
        read_only: Some(read_only),
        ..Mount::default()
    }
}

/// Puts chunks together to lines.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&str)) {
        self.0.extend_from_slice(bytes);
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let rest = self.0.split_off(end + 1);
            line(String::from_utf8_lossy(&self.0).trim_end());
            self.0 = rest;
        }
    }

    fn finish(self, mut line: impl FnMut(&str)) {
        if !self.0.is_empty() {
            line(&String::from_utf8_lossy(&self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_sees_the_plugin_and_the_directories_that_are_passed_on_and_no_socket() {
        let directory = tempfile::tempdir().unwrap();
        let passed = directory.path().canonicalize().unwrap().display().to_string();
        let mut options = HookOptions::new("fuelrig/node:key", Arc::new(|_: &str| ()));
        options.pass = vec!["PUPPET_TROVE".into(), "RELEASE".into(), "UNSET".into()];
        let environment = |name: &str| match name {
            "PUPPET_TROVE" => Some(passed.clone()),
            "RELEASE" => Some("mitaka".into()),
            _ => None,
        };
        let body = create_body(
            &RunId::new("test"),
            &options,
            Utf8Path::new("/plugin"),
            "1000:100".into(),
            environment,
        );
        let variables = body.env.unwrap();
        assert_eq!(
            variables,
            [
                "FUELRIG_OWNER=1000:100".to_owned(),
                format!("PUPPET_TROVE={passed}"),
                "RELEASE=mitaka".into()
            ]
        );
        let host = body.host_config.unwrap();
        let mounts: Vec<_> = host
            .mounts
            .unwrap()
            .into_iter()
            .map(|mount| (mount.source.unwrap(), mount.read_only.unwrap()))
            .collect();
        assert_eq!(mounts, [("/plugin".to_owned(), false), (passed, true)]);
        assert!(host.memory.is_some() && host.pids_limit.is_some() && host.privileged.is_none());
    }

    #[test]
    fn lines_that_come_in_pieces_are_put_together() {
        let mut seen = Vec::new();
        let mut lines = Lines::default();
        lines.push(b"one\ntw", |line| seen.push(line.to_owned()));
        lines.push(b"o\r\nthree", |line| seen.push(line.to_owned()));
        lines.finish(|line| seen.push(line.to_owned()));
        assert_eq!(seen, ["one", "two", "three"]);
    }
}
