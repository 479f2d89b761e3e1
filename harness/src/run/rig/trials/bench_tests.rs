//! The plugins of `scenarios/beyond/` on real nodes: those with a fault pass two runs and fail a trial, the others pass
//! both.
//!
//! Without a master and without Fuel's own tasks, so that it takes minutes less: what Nailgun makes of the plugins' tasks
//! comes from the embedded one, and goes to the orchestrator alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use camino::Utf8Path;
use mock_astute::{Node, TaskRecord};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::look;
use super::{Known, Rig, spans};
use crate::console::{Progress, Verbosity};
use crate::engine::{
    Engine, ImageOptions, Images, Networks, NodeAddresses, NodeSpec, RunGuard, RunId, Target, TargetNode, ensure,
};
use crate::event::{Consumer, Events, RunEvent};
use crate::report::{Aggregator, render};
use crate::run::environment::{DeployedEnvironment, RegisteredNode};
use crate::run::{self, TestOptions, deploy};
use crate::scenario::LoadedScenario;
use crate::trial::{TrialResult, TrialsPlan};

const UID: &str = "1";

/// What was told of trials and verdicts.
#[derive(Default)]
pub(super) struct Told {
    pub(super) trials: Vec<TrialResult>,
    pub(super) notes: Vec<String>,
    pub(super) idempotent: bool,
}

impl Consumer for Told {
    fn consume(&mut self, event: &RunEvent) {
        match event {
            RunEvent::TrialFinished(trial) => self.trials.push(trial.as_ref().clone()),
            RunEvent::TrialsNote(_, note) => self.notes.push(note.clone()),
            RunEvent::Judged(verdict) => self.idempotent = verdict.passed,
            _ => {}
        }
    }
}

/// Deploys plugins of `scenarios/beyond/` twice, judges them, and carries out the plan.
pub(super) async fn bench(plugins: &[&str], plan: TrialsPlan) -> Told {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let file = directory.join(format!("{}.yaml", plugins[0]));
    let beyond = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/beyond"));
    let paths: Vec<String> = plugins
        .iter()
        .map(|plugin| format!("{{path: '{beyond}/{plugin}'}}"))
        .collect();
    let text = format!(
        "{{fuel: '9.2', plugins: [{}], environment: {{release: mitaka-9.0}}, \
         nodes: [{{name: node-1, roles: [controller]}}]}}",
        paths.join(", ")
    );
    fs_err::write(&file, text).unwrap();
    let loaded = LoadedScenario::load(&file).unwrap();
    let (message, own) = message(&loaded).await;
    let engine = Engine::connect().await.unwrap();
    let images: Images = ensure(&engine, &[Target::Node.into()], &ImageOptions::default(), &|_| ())
        .await
        .unwrap();
    let run = RunId::new(&format!("beyond-{}", loaded.name));
    let guard = RunGuard::new(&engine, &run);
    let options = TestOptions {
        trials: plan,
        ..TestOptions::default()
    };
    let told = Arc::new(Mutex::new(Told::default()));
    let events = Events::new();
    events.subscribe(Box::new(Arc::clone(&told)));
    let report = Arc::new(Mutex::new(Aggregator::new()));
    events.subscribe(Box::new(Arc::clone(&report)));
    events.subscribe(Box::new(Progress::stderr(Verbosity::Normal)));
    let rig = Rig {
        engine: &engine,
        run: &run,
        loaded: &loaded,
        options: &options,
        events: &events,
        cancel: &CancellationToken::new(),
        directory,
    };

    let networks = Networks::create(&engine, &run).await.unwrap();
    let mut spec = NodeSpec::new("node-1", UID, images.reference(&Target::Node.into()).unwrap());
    spec.addresses = NodeAddresses {
        admin: Some(networks.admin.subnet.host(3)),
        ..NodeAddresses::default()
    };
    let node = Arc::new(TargetNode::start(&engine, &run, &networks, spec).await.unwrap());
    let environment = DeployedEnvironment {
        id: 1,
        astute: mock_astute::Profile::fuel_9_2(),
        graphs: Vec::new(),
        master: None,
        nodes: vec![RegisteredNode {
            uid: UID.to_owned(),
            name: "node-1".to_owned(),
            fqdn: "node-1.domain.tld".to_owned(),
            addresses: BTreeMap::new(),
            roles: vec!["primary-controller".to_owned()],
        }],
    };
    let as_nodes = BTreeMap::from([(UID.to_owned(), Arc::clone(&node) as Arc<dyn Node>)]);
    let nodes = BTreeMap::from([(UID.to_owned(), node)]);
    let before = rig.capture(&environment, &as_nodes, None).await.unwrap();
    let checkpoints = rig.keep(&nodes, "start").await.unwrap();
    let first = deploy_once(&message, &as_nodes).await;
    let after_first = rig.capture(&environment, &as_nodes, Some(&before)).await.unwrap();
    let watched = rig.watched(&environment, &as_nodes);
    let second = deploy_once(&message, &look::as_nodes(&watched)).await;
    let after_second = rig.capture(&environment, &as_nodes, Some(&after_first)).await.unwrap();
    rig.judge(
        &environment,
        [&before, &after_first, &after_second],
        &first,
        &second,
        &watched,
    )
    .unwrap();
    drop((as_nodes, watched));
    let known = Known {
        networks: &networks,
        environment: &environment,
        nodes,
        checkpoints,
        messages: vec![message],
        records: &first,
        states: [&before, &after_first, &after_second],
    };
    let spans = spans(&known, |task| own.contains(task));
    let ended = rig.try_all(known, spans).await;
    let swept = guard.clean_up().await.unwrap();
    let told = std::mem::take(&mut *told.lock().unwrap());
    // What a user would see, for whoever looks at a test that failed.
    eprintln!("{}", render(&report.lock().unwrap().report()));
    assert_eq!(ended.unwrap(), told.trials.iter().all(TrialResult::passed));
    // The kept states too.
    assert!(swept.images >= 1 && swept.problems.is_empty(), "{swept:?}");
    told
}

/// The message with the plugins' own tasks, and their ids.
async fn message(loaded: &LoadedScenario) -> (Value, BTreeSet<String>) {
    let own: BTreeSet<String> = loaded
        .scenario
        .plugins
        .iter()
        .flat_map(|entry| {
            plugin_builder::Plugin::load(&loaded.plugin_path(&entry.path))
                .unwrap()
                .deployment_tasks
        })
        .map(|task| task["id"].as_str().unwrap().to_owned())
        .collect();
    let rendered = run::render(loaded).await.unwrap();
    let mut tasks = rendered[0].tasks.clone();
    tasks.retain(|task| own.contains(task["id"].as_str().unwrap()));
    for task in &mut tasks {
        for relation in ["requires", "required_for"] {
            if let Some(references) = task.get_mut(relation).and_then(Value::as_array_mut) {
                references.retain(|reference| own.contains(reference["name"].as_str().unwrap_or_default()));
            }
        }
    }
    assert_eq!(tasks.len(), own.len(), "every task of the plugins is on the node");
    let message = json!({"method": "task_deploy", "args": {"tasks_graph": {"null": [], UID: tasks}}});
    (message, own)
}

async fn deploy_once(message: &Value, nodes: &BTreeMap<String, Arc<dyn Node>>) -> Vec<TaskRecord> {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let outcome = deploy::orchestrator(&mock_astute::Profile::fuel_9_2(), nodes.clone(), sender)
        .handle(message, CancellationToken::new())
        .await;
    assert_eq!(outcome.error, None);
    outcome.records
}

/// Tasks of trials that failed.
fn found(told: &Told) -> BTreeSet<&str> {
    let failed = told.trials.iter().filter(|trial| !trial.passed());
    failed
        .filter_map(|trial| Some(trial.task.as_ref()?.1.as_str()))
        .collect()
}

/// Two runs show nothing of these faults. Cases called `more_` take long and are left out by CI.
#[rstest]
#[case::pid_file_left_behind("pid-file-left-behind", "pid-file-left-behind")]
#[case::token_in_memory("token-in-memory", "token-in-memory-make")]
#[case::more_half_written_file("half-written-file", "half-written-file")]
#[case::more_guard_before_work("guard-before-work", "guard-before-work")]
#[case::more_lock_left_behind("lock-left-behind", "lock-left-behind")]
#[case::more_append_before_mark("append-before-mark", "append-before-mark")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_fault_that_running_twice_does_not_show_is_found_by_cutting_off(#[case] plugin: &str, #[case] task: &str) {
    let told = bench(&[plugin], crashes(4)).await;
    assert!(told.idempotent);
    assert!(found(&told).contains(task), "{:?}", found(&told));
}

#[rstest]
#[case::lock_of_the_kernel("lock-of-the-kernel")]
#[case::more_file_in_one_step("file-in-one-step")]
#[case::more_guard_after_work("guard-after-work")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_plugin_that_survives_being_cut_off_anywhere_passes_every_trial(#[case] plugin: &str) {
    let told = bench(&[plugin], crashes(4)).await;
    assert!(told.idempotent);
    assert_eq!((told.trials.len(), found(&told)), (4, BTreeSet::new()));
}

fn crashes(crash: usize) -> TrialsPlan {
    TrialsPlan {
        crash,
        seed: Some(1),
        ..TrialsPlan::default()
    }
}
