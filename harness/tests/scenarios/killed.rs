//! Something dies in the middle of a task: the run ends soon, says what happened, and leaves nothing behind.

use std::process::Command;
use std::time::Duration;

use fuelrig::engine::Engine;

use crate::busy::{Busy, Shape, left, nothing_left};
use crate::rig::{EXECUTABLE, Test, block, ensure};

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

fn killed_node() -> Result<(), String> {
    let (busy, containers) = Busy::in_mid_task(Shape::new("killed-node"))?;
    block(async {
        let engine = Engine::connect().await.map_err(|error| error.to_string())?;
        let kill = bollard::query_parameters::KillContainerOptionsBuilder::new()
            .signal("KILL")
            .build();
        let killed = engine.client().kill_container(&containers["node-1"], Some(kill)).await;
        killed.map_err(|error| error.to_string())
    })?;
    let ended = busy.ended(UNTIL_OVER)?;
    ensure(ended.code == Some(4), || {
        format!("exit code {:?}\n{}", ended.code, ended.said)
    })?;
    for part in ["node-1 is gone", "take-your-time", "137"] {
        ensure(ended.said.contains(part), || {
            format!("`{part}` is not in: {}", ended.said)
        })?;
    }
    nothing_left("killed-node")
}

fn interrupted_run() -> Result<(), String> {
    let (busy, _) = Busy::in_mid_task(Shape::new("interrupted"))?;
    busy.signal("INT")?;
    let ended = busy.ended(UNTIL_OVER)?;
    ensure(ended.code == Some(130), || {
        format!("exit code {:?}\n{}", ended.code, ended.said)
    })?;
    nothing_left("interrupted")
}

fn killed_run() -> Result<(), String> {
    let (busy, _) = Busy::in_mid_task(Shape::new("killed-run"))?;
    busy.kill()?;
    ensure(!left("killed-run")?.is_empty(), || {
        "nothing was left, so there is nothing to test".to_owned()
    })?;
    let gc = Command::new(EXECUTABLE)
        .arg("gc")
        .output()
        .map_err(|error| error.to_string())?;
    ensure(gc.status.success(), || String::from_utf8_lossy(&gc.stderr).into_owned())?;
    nothing_left("killed-run")
}
