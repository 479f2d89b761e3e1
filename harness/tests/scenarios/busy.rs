//! Runs that are in the middle of a task when something happens to them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use fuelrig::engine::Engine;

use crate::rig::{self, EXECUTABLE, block, ensure, output};

/// How long it may take until the task runs, images included.
const UNTIL_BUSY: Duration = Duration::from_secs(900);
/// The command of the task, as the fixture has it.
const COMMAND: &str = "sleep 1234";

/// What a run is to be.
pub(crate) struct Shape {
    /// The scenario's name, which tells it from all others.
    pub(crate) name: &'static str,
    /// The task's command.
    pub(crate) command: &'static str,
    /// More lines of the scenario.
    pub(crate) more: &'static str,
    /// More of the node: `, memory: 512`.
    pub(crate) node: &'static str,
    /// Where the engine is, if not where `DOCKER_HOST` says.
    pub(crate) engine: Option<String>,
    /// Where reports go, if not below the target directory.
    pub(crate) output: Option<Utf8PathBuf>,
}

impl Shape {
    /// A run of this name whose task sleeps.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            command: COMMAND,
            more: "",
            node: "",
            engine: None,
            output: None,
        }
    }
}

/// A run that has begun.
pub(crate) struct Busy {
    name: &'static str,
    child: Child,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    begun: Instant,
    _directory: tempfile::TempDir,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Both streams.
    pub(crate) said: String,
    /// Since what was asked about, see [`Busy::ended`].
    pub(crate) took: Duration,
}

impl Busy {
    /// Starts a run, with the lines that a user sees.
    pub(crate) fn start(shape: Shape) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let root = Utf8Path::from_path(directory.path()).ok_or("the temporary directory is not UTF-8")?;
        let scenario = write(&shape, root).map_err(|error| error.to_string())?;
        let reports = shape.output.clone().unwrap_or_else(|| output(shape.name));
        let mut command = Command::new(EXECUTABLE);
        command
            .args(["test", "--output", reports.as_str(), scenario.as_str()])
            .env_remove("CI")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(engine) = &shape.engine {
            command.env("DOCKER_HOST", engine);
        }
        let mut child = command.spawn().map_err(|error| format!("{EXECUTABLE}: {error}"))?;
        let said = Arc::new(Mutex::new(String::new()));
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(collect(pipe, &said));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(collect(pipe, &said));
        }
        Ok(Self {
            name: shape.name,
            child,
            said,
            readers,
            begun: Instant::now(),
            _directory: directory,
        })
    }

    /// Starts a run and waits until its task sleeps on the node; gives the run's containers by name.
    pub(crate) fn in_mid_task(shape: Shape) -> Result<(Self, BTreeMap<String, String>), String> {
        let mut busy = Self::start(shape)?;
        let containers = block(busy.wait_until_busy());
        match containers {
            Ok(containers) => Ok((busy, containers)),
            Err(reason) => {
                let said = busy.kill()?;
                Err(format!("{reason}\n{said}"))
            }
        }
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long ago it began.
    pub(crate) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Waits until it ends, at most `limit`; longer is a failure.
    pub(crate) fn ended(mut self, limit: Duration) -> Result<Ended, String> {
        let since = Instant::now();
        loop {
            match self.child.try_wait().map_err(|error| error.to_string())? {
                Some(status) => {
                    let took = since.elapsed();
                    self.readers.drain(..).for_each(|reader| drop(reader.join()));
                    return Ok(Ended {
                        code: status.code(),
                        said: self.said(),
                        took,
                    });
                }
                None if since.elapsed() > limit => {
                    let said = self.kill()?;
                    return Err(format!("it had not ended after {} s\n{said}", limit.as_secs()));
                }
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// `kill -9`; gives what it had said.
    pub(crate) fn kill(mut self) -> Result<String, String> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map_err(|error| error.to_string())?;
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        Ok(self.said())
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) -> Result<(), String> {
        signal(&self.child, name)
    }

    async fn wait_until_busy(&mut self) -> Result<BTreeMap<String, String>, String> {
        let engine = Engine::connect().await.map_err(|error| error.to_string())?;
        while self.age() < UNTIL_BUSY {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("it ended before its task began: {status}"));
            }
            if let Some(run) = run_of(&self.said()) {
                let containers = engine.containers_of(&run).await.map_err(|error| error.to_string())?;
                if let Some(node) = containers.get("node-1")
                    && sleeps(&engine, node).await
                {
                    return Ok(containers);
                }
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Err(format!("the task had not begun after {} s", UNTIL_BUSY.as_secs()))
    }

    /// The scenario's name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // A test that failed half-way leaves no run behind. One that has ended cannot be killed, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(pipe: impl std::io::Read + Send + 'static, said: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.by_ref().read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            said.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

/// Writes plugin and scenario below `root`.
fn write(shape: &Shape, root: &Utf8Path) -> std::io::Result<Utf8PathBuf> {
    let plugin = root.join("plugin");
    rig::copy_plugin(
        &Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/slow-plugin"),
        &plugin,
    )?;
    let tasks = plugin.join("deployment_tasks.yaml");
    let text = fs_err::read_to_string(&tasks)?;
    // A JSON string is a YAML string.
    let command = serde_json::to_string(shape.command)?;
    fs_err::write(
        &tasks,
        text.replace(&format!("cmd: {COMMAND}"), &format!("cmd: {command}")),
    )?;
    fs_err::create_dir_all(root.join("scenarios"))?;
    let scenario = root.join("scenarios").join(format!("{}.yaml", shape.name));
    let text = format!(
        "fuel: '9.2'\nplugins: [{{path: ../plugin}}]\nenvironment: {{release: mitaka-9.0}}\n\
         nodes: [{{name: node-1, roles: [controller], image: node{}}}]\n{}",
        shape.node, shape.more
    );
    fs_err::write(&scenario, text)?;
    Ok(scenario)
}

/// Sends a signal by its name.
pub(crate) fn signal(child: &Child, name: &str) -> Result<(), String> {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    ensure(sent.is_ok_and(|status| status.success()), || {
        format!("cannot send SIG{name}")
    })
}

/// The run's id, from its first line.
pub(crate) fn run_of(said: &str) -> Option<String> {
    let (_, rest) = said.lines().next()?.split_once(", run ")?;
    Some(rest.trim().to_owned())
}

async fn sleeps(engine: &Engine, container: &str) -> bool {
    let processes = engine.client().top_processes(container, None).await;
    let rows = processes.ok().and_then(|top| top.processes).unwrap_or_default();
    rows.iter()
        .any(|row| row.last().is_some_and(|command| command == COMMAND))
}

/// Removes what dead runs left, as the next start does; an engine that is busy has its time.
pub(crate) fn next_start() -> Result<(), String> {
    let gc = Command::new(EXECUTABLE)
        .arg("gc")
        .output()
        .map_err(|error| error.to_string())?;
    ensure(gc.status.success(), || String::from_utf8_lossy(&gc.stderr).into_owned())
}

/// Fails where something of a scenario's runs is left in the engine.
pub(crate) fn nothing_left(scenario: &str) -> Result<(), String> {
    let left = left(scenario)?;
    ensure(left.is_empty(), || format!("left behind: {left:?}"))
}

/// Fails where something of a run is left in the engine.
pub(crate) fn nothing_left_of(run: &str) -> Result<(), String> {
    let left = labelled(format!("fuelrig.run={run}"))?;
    ensure(left.is_empty(), || format!("left behind: {left:?}"))
}

/// Names of what carries the scenario's label: containers, networks, volumes, kept states.
pub(crate) fn left(scenario: &str) -> Result<Vec<String>, String> {
    labelled(format!("fuelrig.scenario={scenario}"))
}

fn labelled(label: String) -> Result<Vec<String>, String> {
    use bollard::query_parameters as query;
    block(async {
        let engine = Engine::connect().await.map_err(|error| error.to_string())?;
        let docker = engine.client();
        let filters = std::collections::HashMap::from([("label".to_owned(), vec![label])]);
        let text = |error: bollard::errors::Error| error.to_string();
        let options = query::ListContainersOptionsBuilder::new().all(true).filters(&filters);
        let containers = docker.list_containers(Some(options.build())).await.map_err(text)?;
        let mut names: Vec<String> = containers
            .into_iter()
            .flat_map(|c| c.names.unwrap_or_default())
            .collect();
        let options = query::ListNetworksOptionsBuilder::new().filters(&filters);
        let networks = docker.list_networks(Some(options.build())).await.map_err(text)?;
        names.extend(networks.into_iter().filter_map(|network| network.name));
        let options = query::ListVolumesOptionsBuilder::new().filters(&filters);
        let volumes = docker.list_volumes(Some(options.build())).await.map_err(text)?;
        names.extend(
            volumes
                .volumes
                .unwrap_or_default()
                .into_iter()
                .map(|volume| volume.name),
        );
        let options = query::ListImagesOptionsBuilder::new().filters(&filters);
        let images = docker.list_images(Some(options.build())).await.map_err(text)?;
        names.extend(images.into_iter().map(|image| image.id));
        Ok(names)
    })
}
