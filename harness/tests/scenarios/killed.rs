//! Something dies in the middle of a task: the run ends soon, says what happened, and leaves nothing behind.

use std::collections::BTreeMap;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use fuelrig::engine::Engine;

use crate::rig::{self, EXECUTABLE, Test, block, ensure, output};

/// How long it may take until the slow task runs, images included.
const UNTIL_BUSY: Duration = Duration::from_secs(900);
/// How long a run may take to end after its node was killed.
const UNTIL_OVER: Duration = Duration::from_secs(30);

pub(crate) const TESTS: &[Test] = &[
    (
        "a node that is killed in mid-task ends the run with a sentence and nothing left",
        killed_node,
    ),
    ("an interrupted run cleans up and ends with 130", interrupted_run),
    ("what a killed run leaves is removed by gc", killed_run),
];

/// A run whose slow task is under way.
struct Busy {
    child: Child,
    run: String,
    containers: BTreeMap<String, String>,
    _directory: tempfile::TempDir,
}

fn killed_node() -> Result<(), String> {
    let busy = busy_run("killed-node")?;
    block(async {
        let engine = Engine::connect().await.map_err(|error| error.to_string())?;
        let kill = bollard::query_parameters::KillContainerOptionsBuilder::new()
            .signal("KILL")
            .build();
        let killed = engine
            .client()
            .kill_container(&busy.containers["node-1"], Some(kill))
            .await;
        killed.map_err(|error| error.to_string())
    })?;
    let begun = Instant::now();
    let finished = rig::finish(busy.child, UNTIL_OVER)?;
    ensure(matches!(finished.code, Some(1 | 4)), || {
        format!("exit code {:?}\n{}", finished.code, finished.stderr)
    })?;
    ensure(begun.elapsed() < UNTIL_OVER, || {
        format!("it took {:?}", begun.elapsed())
    })?;
    let failure = finished.report["failure"].as_str().unwrap_or_default();
    for part in ["node-1", "take-your-time", "137"] {
        ensure(failure.contains(part), || format!("`{part}` is not in: {failure}"))?;
    }
    nothing_left(&busy.run)
}

fn interrupted_run() -> Result<(), String> {
    let busy = busy_run("interrupted")?;
    signal(&busy.child, "INT")?;
    let finished = rig::finish(busy.child, UNTIL_OVER)?;
    ensure(finished.code == Some(130), || {
        format!("exit code {:?}\n{}", finished.code, finished.stderr)
    })?;
    nothing_left(&busy.run)
}

fn killed_run() -> Result<(), String> {
    let mut busy = busy_run("killed-run")?;
    busy.child
        .kill()
        .and_then(|()| busy.child.wait())
        .map_err(|error| error.to_string())?;
    ensure(!left(&busy.run)?.is_empty(), || {
        "nothing was left, so there is nothing to test".to_owned()
    })?;
    let gc = Command::new(EXECUTABLE)
        .arg("gc")
        .output()
        .map_err(|error| error.to_string())?;
    ensure(gc.status.success(), || String::from_utf8_lossy(&gc.stderr).into_owned())?;
    nothing_left(&busy.run)
}

/// Starts a run and waits until its slow task is under way on the node.
fn busy_run(name: &str) -> Result<Busy, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).map_err(|path| format!("{path:?}"))?;
    let plugin = root.join("plugin");
    rig::copy_plugin(
        &Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/slow-plugin"),
        &plugin,
    )
    .map_err(|error| error.to_string())?;
    fs_err::create_dir_all(root.join("scenarios")).map_err(|error| error.to_string())?;
    let scenario = root.join("scenarios").join(format!("{name}.yaml"));
    let text = "fuel: '9.2'\n\
                plugins: [{path: ../plugin}]\n\
                environment: {release: mitaka-9.0}\n\
                nodes: [{name: node-1, roles: [controller]}]\n";
    fs_err::write(&scenario, text).map_err(|error| error.to_string())?;
    let mut child = rig::start(&scenario, &output(name))?;
    match block(wait_until_busy(&mut child, name)) {
        Ok((run, containers)) => Ok(Busy {
            child,
            run,
            containers,
            _directory: directory,
        }),
        Err(reason) => {
            let _ = child.kill();
            let finished = rig::finish(child, UNTIL_OVER);
            Err(format!(
                "{reason}\n{}",
                finished.map(|finished| finished.stderr).unwrap_or_default()
            ))
        }
    }
}

async fn wait_until_busy(child: &mut Child, scenario: &str) -> Result<(String, BTreeMap<String, String>), String> {
    let engine = Engine::connect().await.map_err(|error| error.to_string())?;
    let begun = Instant::now();
    while begun.elapsed() < UNTIL_BUSY {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("it ended before its slow task began: {status}"));
        }
        if let Some(run) = run_of(&engine, scenario).await? {
            let containers = engine.containers_of(&run).await.map_err(|error| error.to_string())?;
            if let Some(node) = containers.get("node-1")
                && sleeps(&engine, node).await
            {
                return Ok((run, containers));
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Err(format!("the slow task had not begun after {} s", UNTIL_BUSY.as_secs()))
}

/// The id of the newest run of a scenario.
async fn run_of(engine: &Engine, scenario: &str) -> Result<Option<String>, String> {
    let label = format!("fuelrig.scenario={scenario}");
    let filters = std::collections::HashMap::from([("label".to_owned(), vec![label])]);
    let options = bollard::query_parameters::ListContainersOptionsBuilder::new()
        .filters(&filters)
        .build();
    let containers = engine
        .client()
        .list_containers(Some(options))
        .await
        .map_err(|error| error.to_string())?;
    let newest = containers.into_iter().max_by_key(|container| container.created);
    Ok(newest.and_then(|container| container.labels?.remove("fuelrig.run")))
}

async fn sleeps(engine: &Engine, container: &str) -> bool {
    let processes = engine.client().top_processes(container, None).await;
    let rows = processes.ok().and_then(|top| top.processes).unwrap_or_default();
    rows.iter()
        .any(|row| row.last().is_some_and(|command| command == "sleep 1234"))
}

/// Names of what carries the run's label.
fn left(run: &str) -> Result<Vec<String>, String> {
    block(async {
        let engine = Engine::connect().await.map_err(|error| error.to_string())?;
        let filters = std::collections::HashMap::from([("label".to_owned(), vec![format!("fuelrig.run={run}")])]);
        let mut names: Vec<String> = engine
            .containers_of(run)
            .await
            .map_err(|error| error.to_string())?
            .into_keys()
            .collect();
        let networks = bollard::query_parameters::ListNetworksOptionsBuilder::new()
            .filters(&filters)
            .build();
        let networks = engine
            .client()
            .list_networks(Some(networks))
            .await
            .map_err(|error| error.to_string())?;
        names.extend(networks.into_iter().filter_map(|network| network.name));
        let volumes = bollard::query_parameters::ListVolumesOptionsBuilder::new()
            .filters(&filters)
            .build();
        let volumes = engine
            .client()
            .list_volumes(Some(volumes))
            .await
            .map_err(|error| error.to_string())?;
        names.extend(
            volumes
                .volumes
                .unwrap_or_default()
                .into_iter()
                .map(|volume| volume.name),
        );
        let images = bollard::query_parameters::ListImagesOptionsBuilder::new()
            .filters(&filters)
            .build();
        let images = engine
            .client()
            .list_images(Some(images))
            .await
            .map_err(|error| error.to_string())?;
        names.extend(images.into_iter().map(|image| image.id));
        Ok(names)
    })
}

pub(crate) fn nothing_left(run: &str) -> Result<(), String> {
    let left = left(run)?;
    ensure(left.is_empty(), || format!("left behind: {left:?}"))
}

pub(crate) fn signal(child: &Child, name: &str) -> Result<(), String> {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    ensure(sent.is_ok_and(|status| status.success()), || {
        format!("cannot send SIG{name}")
    })
}
