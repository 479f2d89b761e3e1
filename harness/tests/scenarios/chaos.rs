//! What goes wrong around a run: its engine stops or hangs, its network is cut, a disk is full, somebody removes its
//! containers, it is killed. Each ends with a sentence in bounded time, and the next start leaves nothing behind.
//!
//! `FUELRIG_CHAOS=all` runs all of them (`docs/chaos.md` has the table), else those run that take little.
#![expect(clippy::print_stderr, reason = "seeds and seconds belong into the test's output")]

use std::time::{Duration, Instant};

use bollard::models::NetworkDisconnectRequest;
use bollard::query_parameters::{KillContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use fuelrig::engine::Engine;

use crate::busy::{Busy, Ended, Shape, left, next_start, nothing_left, run_of};
use crate::full_disk::FullDisk;
use crate::moments::Random;
use crate::rig::{Test, block, ensure};
use crate::wire::Wire;

/// How long a run may take to end after its engine stopped.
const AFTER_A_STOP: Duration = Duration::from_secs(40);
/// How long a run may take to end after its engine began to hang.
const AFTER_A_HANG: Duration = Duration::from_secs(90);
/// How long a run may take to end after something befell one of its machines.
const AFTER_A_LOSS: Duration = Duration::from_secs(60);
/// No run is longer on its way to its task but the one that builds images.
const LONG_WAY: Duration = Duration::from_secs(30);
/// How long a run may take whose first task fails.
const WHOLE_RUN: Duration = Duration::from_secs(300);

/// Those that always run.
const TESTS: &[Test] = &[
    (
        "an engine that stops in mid-task ends the run with a sentence and the next start removes what it left",
        stopped_engine,
    ),
    (
        "an engine that hangs in mid-task ends the run with a sentence and the next start removes what it left",
        hanging_engine,
    ),
    (
        "an engine that is gone before the start is named with what to do",
        no_engine,
    ),
    (
        "a task that hangs is named when the deployment's time is over and a full disk for reports hides nothing",
        hanging_task_and_full_disk,
    ),
    (
        "a node whose network is cut ends the run within seconds and the network is named",
        cut_network,
    ),
    (
        "a run that is killed at random moments leaves nothing after the next start",
        killed_at_random,
    ),
];

/// Those that run with `FUELRIG_CHAOS=all`.
const MORE_TESTS: &[Test] = &[
    (
        "an engine that hangs before the start is not waited for longer than half a minute",
        engine_that_hangs_at_once,
    ),
    (
        "a master's container that somebody removes ends the run within seconds and is named",
        removed_nailgun,
    ),
    (
        "a master's web server that somebody kills ends the run within seconds and is named",
        killed_nginx,
    ),
    (
        "a node that somebody removes ends the run within seconds and is named",
        removed_node,
    ),
    (
        "a node that somebody pauses ends the run within seconds and is named",
        paused_node,
    ),
    (
        "a task that needs more memory than its node has is told so",
        task_without_memory,
    ),
    ("a node that dies of a lack of memory is told so", node_without_memory),
    ("a task that forks without end is told so", forking_task),
    ("a task that prints for ever is ended at its timeout", printing_task),
    (
        "a run that is interrupted at random moments ends with 130 and leaves nothing",
        interrupted_at_random,
    ),
];

/// Those that are asked for.
pub(crate) fn tests() -> impl Iterator<Item = Test> {
    let more = if all() { MORE_TESTS } else { &[] };
    TESTS.iter().chain(more).copied()
}

fn all() -> bool {
    std::env::var("FUELRIG_CHAOS").is_ok_and(|value| value == "all")
}

fn says(ended: &Ended, code: i32, parts: &[&str]) -> Result<(), String> {
    ensure(ended.code == Some(code), || {
        format!("exit code {:?} instead of {code}\n{}", ended.code, ended.said)
    })?;
    for part in parts {
        ensure(ended.said.contains(part), || {
            format!("`{part}` is not in:\n{}", ended.said)
        })?;
    }
    // For the table in `docs/chaos.md`, with `--nocapture`.
    eprintln!(
        "ended after {:.1} s with {code}: {}",
        ended.took.as_secs_f64(),
        parts[0]
    );
    Ok(())
}

fn wire() -> Result<Wire, String> {
    let engine = block(Engine::connect()).map_err(|error| error.to_string())?;
    Wire::to(&engine.address)
}

fn stopped_engine() -> Result<(), String> {
    let wire = wire()?;
    let (busy, _) = Busy::in_mid_task(Shape {
        engine: Some(wire.address.clone()),
        ..Shape::new("stopped-engine")
    })?;
    wire.cut()?;
    let ended = busy.ended(AFTER_A_STOP)?;
    says(
        &ended,
        4,
        &[
            "does not answer any more",
            &wire.address,
            "hint: start it again",
            "fuelrig gc",
        ],
    )?;
    next_start()?;
    nothing_left("stopped-engine")
}

fn hanging_engine() -> Result<(), String> {
    let wire = wire()?;
    let (busy, _) = Busy::in_mid_task(Shape {
        engine: Some(wire.address.clone()),
        ..Shape::new("hanging-engine")
    })?;
    wire.hold();
    let ended = busy.ended(AFTER_A_HANG)?;
    says(
        &ended,
        4,
        &[
            "does not answer any more",
            &wire.address,
            "hint: start it again",
            "fuelrig gc",
        ],
    )?;
    next_start()?;
    nothing_left("hanging-engine")
}

fn no_engine() -> Result<(), String> {
    let wire = wire()?;
    wire.cut()?;
    let busy = Busy::start(Shape {
        engine: Some(wire.address.clone()),
        ..Shape::new("no-engine")
    })?;
    let ended = busy.ended(Duration::from_secs(10))?;
    says(
        &ended,
        4,
        &["no Docker engine answers at", &wire.address, "hint: start Docker"],
    )
}

fn engine_that_hangs_at_once() -> Result<(), String> {
    let wire = wire()?;
    wire.hold();
    let busy = Busy::start(Shape {
        engine: Some(wire.address.clone()),
        ..Shape::new("hangs-at-once")
    })?;
    let ended = busy.ended(Duration::from_secs(40))?;
    says(&ended, 4, &["does not answer within 30 s", &wire.address, "hint: "])
}

fn hanging_task_and_full_disk() -> Result<(), String> {
    let full = FullDisk::new()?;
    let ended = Busy::start(Shape {
        more: "deployment_timeout: 15\n",
        output: Some(full.path().to_owned()),
        ..Shape::new("hanging-task")
    })?
    .ended(WHOLE_RUN)?;
    let mut parts = vec![
        "deployment 1 was ended after 15 s",
        "node-1: task `take-your-time` ran for",
        "hint: raise `deployment_timeout`",
    ];
    let code = if full.is_full() {
        parts.extend([
            "report.json",
            "report.html",
            "junit.xml",
            "No space left on device",
            "`--output`",
        ]);
        4
    } else {
        eprintln!("SKIPPED: no small file system can be mounted here, so none is full");
        1
    };
    says(&ended, code, &parts)?;
    nothing_left("hanging-task")
}

fn cut_network() -> Result<(), String> {
    let ended = after(Shape::new("cut-network"), |engine, run, node| async move {
        let cut = NetworkDisconnectRequest {
            container: node,
            force: Some(true),
        };
        engine
            .client()
            .disconnect_network(&format!("fuelrig-{run}-management"), cut)
            .await
    })?;
    let network = "-management no more";
    says(
        &ended,
        4,
        &[
            "node-1 is in the network(s) fuelrig-",
            network,
            "take-your-time",
            "hint: ",
        ],
    )?;
    nothing_left("cut-network")
}

fn removed_nailgun() -> Result<(), String> {
    let ended = after(Shape::new("removed-nailgun"), |engine, run, _| async move {
        let force = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        engine
            .client()
            .remove_container(&format!("fuelrig-{run}-nailgun"), Some(force))
            .await
    })?;
    says(&ended, 4, &["nailgun is gone: container was removed", "hint: "])?;
    nothing_left("removed-nailgun")
}

fn killed_nginx() -> Result<(), String> {
    let ended = after(Shape::new("killed-nginx"), |engine, run, _| async move {
        let kill = KillContainerOptionsBuilder::new().signal("KILL").build();
        engine
            .client()
            .kill_container(&format!("fuelrig-{run}-nginx"), Some(kill))
            .await
    })?;
    says(
        &ended,
        4,
        &["nginx is gone: container exited with code 137 (killed)", "hint: "],
    )?;
    nothing_left("killed-nginx")
}

fn removed_node() -> Result<(), String> {
    let ended = after(Shape::new("removed-node"), |engine, _, node| async move {
        let force = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        engine.client().remove_container(&node, Some(force)).await
    })?;
    says(&ended, 4, &["node-1 is gone: container ", "take-your-time"])?;
    nothing_left("removed-node")
}

fn paused_node() -> Result<(), String> {
    let ended = after(Shape::new("paused-node"), |engine, _, node| async move {
        engine.client().pause_container(&node).await
    })?;
    says(
        &ended,
        4,
        &[
            "node-1 stands still: its container was paused",
            "take-your-time",
            "hint: ",
        ],
    )?;
    nothing_left("paused-node")
}

fn task_without_memory() -> Result<(), String> {
    let ended = Busy::start(Shape {
        command: "perl -e '$x = \"a\" x 900_000_000; sleep 1; print length $x'",
        node: ", memory: 512",
        ..Shape::new("task-without-memory")
    })?
    .ended(WHOLE_RUN)?;
    says(
        &ended,
        1,
        &[
            "node-1: the kernel has killed",
            "for want of memory; the node has 512 MiB",
            "hint: give it more",
        ],
    )?;
    nothing_left("task-without-memory")
}

fn node_without_memory() -> Result<(), String> {
    // What lies in memory cannot be freed by killing who wrote it: all processes go, one after the other.
    let ended = Busy::start(Shape {
        command: "head -c 900M /dev/zero > /run/filled",
        node: ", memory: 512",
        ..Shape::new("node-without-memory")
    })?
    .ended(WHOLE_RUN)?;
    ensure(matches!(ended.code, Some(1 | 4)), || ended.said.clone())?;
    ensure(
        ended.said.contains("out of memory") || ended.said.contains("for want of memory"),
        || ended.said.clone(),
    )?;
    nothing_left("node-without-memory")
}

fn forking_task() -> Result<(), String> {
    let ended = Busy::start(Shape {
        command: "while :; do sleep 1000 & done",
        // Time enough to start all those processes on a machine that is busy.
        more: "deployment_timeout: 150\n",
        ..Shape::new("forking-task")
    })?
    .ended(WHOLE_RUN)?;
    says(
        &ended,
        1,
        &[
            "processes of at most 4096",
            "hint: something forks without end",
            "take-your-time",
        ],
    )?;
    nothing_left("forking-task")
}

fn printing_task() -> Result<(), String> {
    let ended = Busy::start(Shape {
        command: "yes",
        more: "deployment_timeout: 30\n",
        ..Shape::new("printing-task")
    })?
    .ended(WHOLE_RUN)?;
    says(
        &ended,
        1,
        &[
            "deployment 1 was ended after 30 s",
            "node-1: task `take-your-time` ran for",
        ],
    )?;
    nothing_left("printing-task")
}

/// Does something to the run in the middle of its task (engine, run id, id of the node's container) and waits for its end.
fn after<Work>(shape: Shape, misfortune: impl FnOnce(Engine, String, String) -> Work) -> Result<Ended, String>
where
    Work: Future<Output = Result<(), bollard::errors::Error>>,
{
    let (busy, containers) = Busy::in_mid_task(shape)?;
    let run = run_of(&busy.said()).ok_or("it has no id")?;
    block(async {
        let engine = Engine::connect().await.map_err(|error| error.to_string())?;
        misfortune(engine, run, containers["node-1"].clone())
            .await
            .map_err(|error| error.to_string())
    })?;
    busy.ended(AFTER_A_LOSS)
}

/// How many moments: few unless all is asked for, since each is the beginning of a run.
fn moments() -> usize {
    if all() { 20 } else { 3 }
}

fn killed_at_random() -> Result<(), String> {
    let mut random = Random::new();
    // The first run is let go as far as its task, to know how long the way there is: it ends as the others do.
    let (busy, _) = Busy::in_mid_task(Shape::new("killed-at-random"))?;
    let way = busy.age().min(LONG_WAY) + Duration::from_secs(2);
    busy.kill()?;
    for moment in 1..moments() {
        let busy = Busy::start(Shape::new("killed-at-random"))?;
        let at = random.up_to(way);
        std::thread::sleep(at.saturating_sub(busy.age()));
        let said = busy.kill()?;
        let last = said.lines().last().unwrap_or("nothing yet").trim().to_owned();
        eprintln!(
            "killed {moment} at {:.1} s of {:.1} s, after: {last}",
            at.as_secs_f64(),
            way.as_secs_f64()
        );
    }
    // An engine finishes what it was asked for when its asker is gone, at most some seconds later.
    let begun = Instant::now();
    loop {
        next_start()?;
        let left = left("killed-at-random")?;
        if left.is_empty() {
            return Ok(());
        }
        ensure(begun.elapsed() < Duration::from_secs(20), || {
            format!("seed {}: left behind: {left:?}", random.seed)
        })?;
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn interrupted_at_random() -> Result<(), String> {
    let mut random = Random::new();
    let (busy, _) = Busy::in_mid_task(Shape::new("interrupted-at-random"))?;
    let way = busy.age().min(LONG_WAY) + Duration::from_secs(2);
    busy.signal("INT")?;
    ensure(busy.ended(AFTER_A_LOSS)?.code == Some(130), || {
        "no exit code 130".to_owned()
    })?;
    for _ in 1..moments() {
        let busy = Busy::start(Shape::new("interrupted-at-random"))?;
        // Before it has said a word it does not listen to signals yet, and nothing is there to be cleaned up.
        while busy.said().is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let at = random.up_to(way);
        std::thread::sleep(at.saturating_sub(busy.age()));
        busy.signal("INT")?;
        let name = busy.name();
        let ended = busy.ended(AFTER_A_LOSS)?;
        ensure(ended.code == Some(130), || {
            format!(
                "seed {}, at {at:?}: exit code {:?}\n{}",
                random.seed, ended.code, ended.said
            )
        })?;
        nothing_left(name).map_err(|left| format!("seed {}, at {at:?}: {left}\n{}", random.seed, ended.said))?;
    }
    Ok(())
}
