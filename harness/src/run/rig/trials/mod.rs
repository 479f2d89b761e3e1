//! Trials: each starts from the kept state of the nodes, is disturbed in its own way, and ends with a look at them that
//! is compared with what an undisturbed deployment left.
//!
//! Nailgun takes no part: the messages of the first deployment are sent again. A deployment that failed leaves nothing
//! in Nailgun's memory with which a task's condition could compare, so these are what it would send.
//!
//! What ran before the first task of a plugin is deployed once and kept; every trial starts from there. Fuel's own
//! tasks are most of a deployment, and the two runs have shown that to repeat them moves nothing.

#[cfg(test)]
mod bench_tests;
mod crash;
mod deployment;
mod heard;
mod interruptible;
pub(super) mod messages;
mod order;
#[cfg(test)]
mod order_tests;
mod settings;
#[cfg(test)]
mod settings_bench_tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fuel_cli::Client;
use futures_util::future::try_join_all;
use mock_astute::{Node, TaskRecord};
use serde_json::Value;

pub(super) use self::heard::Heard;
use self::messages::only;
pub(super) use self::settings::Ground;
use super::Rig;
use crate::capture::{State, nanoseconds};
use crate::engine::{Checkpoint, EngineError, Networks, TargetNode};
use crate::event::{Events, Phase, RunEvent};
use crate::report::TaskLogs;
use crate::run::RunError;
use crate::run::environment::{DeployedEnvironment, refused};
use crate::trial::{Span, TrialKind, TrialResult};
use crate::verdict::{Background, NoiseList, Unsteady, compare_machines, does_nothing, evaluated_ns};

/// What every node was before anything was deployed, by Nailgun's id.
pub(super) type Checkpoints = BTreeMap<String, Checkpoint>;

/// What the two deployments have shown, and what the trials start from.
pub(super) struct Known<'a> {
    pub(super) networks: &'a Networks,
    pub(super) environment: &'a DeployedEnvironment,
    pub(super) nodes: BTreeMap<String, Arc<TargetNode>>,
    pub(super) checkpoints: Checkpoints,
    pub(super) messages: Vec<Value>,
    pub(super) records: &'a [TaskRecord],
    /// Before the first deployment, after it, and after the second.
    pub(super) states: [&'a BTreeMap<String, State>; 3],
}

/// The nodes of the trials, and how they are to end.
struct Bench<'a> {
    rig: &'a Rig<'a>,
    known: Known<'a>,
    seed: u64,
    noise: NoiseList,
    unsteady: BTreeMap<String, Unsteady>,
    expected: BTreeMap<String, State>,
}

/// A task by Nailgun's id of its node and its own.
type TaskOnNode = (String, String);

/// What a trial found wrong.
struct Failure {
    sentence: String,
    differences: Vec<Background>,
}

impl Rig<'_> {
    /// Keeps the state of every node.
    pub(super) async fn keep(
        &self,
        nodes: &BTreeMap<String, Arc<TargetNode>>,
        name: &str,
    ) -> Result<Checkpoints, RunError> {
        let kept = nodes.iter().map(|(uid, node)| async move {
            let checkpoint = node.keep(self.run, name).await.map_err(engine_error)?;
            Ok::<_, RunError>((uid.clone(), checkpoint))
        });
        Ok(try_join_all(kept).await?.into_iter().collect())
    }

    /// Carries out the trials that were asked for; whether all passed.
    pub(super) async fn trials(&self, client: &Client, known: Known<'_>) -> Result<bool, RunError> {
        let spans = self.plugin_spans(client, &known).await?;
        self.try_all(known, spans).await
    }

    async fn try_all(&self, known: Known<'_>, spans: Vec<Span>) -> Result<bool, RunError> {
        let plan = self.options.trials;
        let seed = plan.seed.unwrap_or_else(|| {
            // Short enough to be typed again.
            uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000
        });
        if spans.is_empty() {
            self.events.emit(RunEvent::Warning(
                "no task of a plugin ran, so there is nothing to try beyond two runs".to_owned(),
            ));
            return Ok(true);
        }
        let noise = NoiseList::standard()
            .map_err(|error| RunError::Defect(error.to_string()))?
            .with_scenario(&self.loaded.scenario.ignore);
        let mut bench = Bench {
            rig: self,
            known,
            seed,
            noise,
            unsteady: BTreeMap::new(),
            expected: BTreeMap::new(),
        };
        self.phase(Phase::Undisturbed, bench.expect(&spans)).await?;
        let unsteady: usize = bench.unsteady.values().map(Unsteady::len).sum();
        self.events.emit(RunEvent::Note(format!(
            "trials are drawn from seed {seed}; {unsteady} places that differ without any disturbance are left out"
        )));
        let mut passed = true;
        if plan.crash > 0 {
            passed &= self
                .phase(Phase::Trials(TrialKind::Crash), bench.crashes(plan.crash, &spans))
                .await?;
        }
        if plan.order > 0 {
            passed &= self
                .phase(Phase::Trials(TrialKind::Order), bench.orders(plan.order, &spans))
                .await?;
        }
        Ok(passed)
    }

    /// The tasks that are not Fuel's own and did something, in the order in which they ran.
    async fn plugin_spans(&self, client: &Client, known: &Known<'_>) -> Result<Vec<Span>, RunError> {
        let core = self.core_tasks(client, known.environment).await?;
        Ok(spans(known, |task| !core.contains(task)))
    }

    /// The tasks that are Fuel's own.
    pub(super) async fn core_tasks(
        &self,
        client: &Client,
        environment: &DeployedEnvironment,
    ) -> Result<BTreeSet<String>, RunError> {
        let doing = "cannot read the release's tasks";
        let environment = client
            .get(&format!("clusters/{}/", environment.id))
            .await
            .map_err(|error| refused(doing, &error))?;
        let tasks = client
            .get(&format!("releases/{}/deployment_tasks", environment["release_id"]))
            .await
            .map_err(|error| refused(doing, &error))?;
        Ok(tasks
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|task| task["id"].as_str().or_else(|| task["task_name"].as_str()))
            .map(str::to_owned)
            .collect())
    }
}

/// When Puppet came to the first resource that it changed: until then it starts up, and to cut that off tells nothing.
fn first_change(record: &TaskRecord, known: &Known<'_>) -> Option<Duration> {
    let [_, after_first, _] = known.states;
    let began = nanoseconds(record.started?) + after_first[&record.node_id].clock_offset_ns();
    let resources = record
        .attempts
        .iter()
        .filter_map(|attempt| attempt.puppet.as_ref())
        .flat_map(|run| &run.changed_resources);
    let first = resources.filter_map(evaluated_ns).min()?;
    Some(Duration::from_nanos(u64::try_from(first - began).ok()?))
}

/// The wanted tasks that did something on a node, in the order in which they ran.
fn spans(known: &Known<'_>, wanted: impl Fn(&str) -> bool) -> Vec<Span> {
    let records = known.records.iter();
    records
        .filter(|record| known.nodes.contains_key(&record.node_id))
        .filter(|record| !does_nothing(&record.kind) && wanted(&record.task))
        .filter_map(|record| {
            Some(Span {
                uid: record.node_id.clone(),
                task: record.task.clone(),
                kind: record.kind.clone(),
                started: record.started?,
                idle: first_change(record, known).unwrap_or_default(),
                took: record.finished?.duration_since(record.started?).ok()?,
            })
        })
        .collect()
}

impl Bench<'_> {
    /// Deploys on nodes from the kept state without any disturbance, and learns what differs all the same.
    async fn expect(&mut self, spans: &[Span]) -> Result<(), RunError> {
        self.deploy_what_comes_before(spans).await?;
        self.renew().await?;
        let log = self.log("undisturbed");
        if let Err(failure) = self.deploy(&log, 1, Phase::Undisturbed).await? {
            return Err(not_again(&failure));
        }
        self.expected = self.look().await?;
        let [_, first, second] = self.known.states;
        for (uid, expected) in &self.expected {
            let unsteady = self.unsteady.entry(uid.clone()).or_default();
            unsteady.learn(&first[uid], expected);
            // What a second deployment moves has been judged already.
            unsteady.learn(&first[uid], &second[uid]);
        }
        Ok(())
    }

    /// Deploys what ran before the first task of a plugin, keeps that, and goes on from there.
    async fn deploy_what_comes_before(&mut self, spans: &[Span]) -> Result<(), RunError> {
        let first = spans.iter().map(|span| span.started).min();
        let early: BTreeSet<TaskOnNode> = self
            .known
            .records
            .iter()
            .filter(|record| record.finished.is_some() && record.finished <= first)
            .map(|record| (record.node_id.clone(), record.task.clone()))
            .collect();
        if early.is_empty() {
            return Ok(());
        }
        let whole = std::mem::take(&mut self.known.messages);
        self.known.messages = only(&whole, |task| early.contains(task));
        self.renew().await?;
        let log = self.log("before-the-plugins");
        if let Err(failure) = self.deploy(&log, 1, Phase::Undisturbed).await? {
            return Err(not_again(&failure));
        }
        self.known.messages = only(&whole, |task| !early.contains(task));
        self.known.checkpoints = self.rig.keep(&self.known.nodes, "before-the-plugins").await?;
        Ok(())
    }

    /// Replaces all nodes by new ones from the kept state.
    async fn renew(&mut self) -> Result<(), RunError> {
        let starts = self.known.checkpoints.iter().map(|(uid, checkpoint)| async {
            self.known.nodes[uid].remove().await.map_err(engine_error)?;
            let started = checkpoint
                .start(self.rig.engine, self.rig.run, self.known.networks)
                .await;
            Ok::<_, RunError>((uid.clone(), Arc::new(started.map_err(engine_error)?)))
        });
        let nodes = try_join_all(starts).await?.into_iter().collect();
        self.known.nodes = nodes;
        Ok(())
    }

    async fn look(&self) -> Result<BTreeMap<String, State>, RunError> {
        // Nodes from the kept state share the files that they do not write with the node that was looked at first, so
        // only what moved has to be read.
        let quiet = Events::new();
        self.rig
            .look(
                &quiet,
                self.known.environment,
                &self.as_nodes(),
                Some(self.known.states[0]),
            )
            .await
    }

    fn as_nodes(&self) -> BTreeMap<String, Arc<dyn Node>> {
        let nodes = self.known.nodes.iter();
        nodes
            .map(|(uid, node)| (uid.clone(), Arc::clone(node) as Arc<dyn Node>))
            .collect()
    }

    /// Looks at the nodes and says what is not as it should be.
    async fn compare(&self) -> Result<Option<Failure>, RunError> {
        let found = self.look().await?;
        let mut differences = Vec::new();
        for node in &self.known.environment.nodes {
            let compared = compare_machines(
                &self.expected[&node.uid],
                &found[&node.uid],
                &self.noise,
                &self.unsteady[&node.uid],
            );
            differences.extend(compared.into_iter().map(|difference| Background {
                node: node.name.clone(),
                difference,
            }));
        }
        if differences.is_empty() {
            return Ok(None);
        }
        let sentence = "the machine is not as an undisturbed deployment leaves it".to_owned();
        Ok(Some(Failure { sentence, differences }))
    }

    /// Events of one trial: its tasks' logs, apart from those of the two deployments.
    fn log(&self, name: &str) -> Events {
        let events = Events::new();
        events.subscribe(Box::new(TaskLogs::new(&self.rig.directory.join("trials").join(name))));
        events
    }

    /// Tells what became of a trial.
    fn tell(&self, mut result: TrialResult, failure: Option<Failure>, begun: Instant) -> bool {
        result.took = begun.elapsed();
        if let Some(failure) = failure {
            result.failure = Some(failure.sentence);
            result.differences = failure.differences;
        }
        let passed = result.passed();
        self.rig.events.emit(RunEvent::TrialFinished(Box::new(result)));
        passed
    }

    /// A trial that has found nothing yet.
    fn result(&self, kind: TrialKind, number: usize, of: usize, what: String) -> TrialResult {
        let option = kind.option();
        TrialResult {
            kind,
            number,
            of,
            seed: self.seed,
            what,
            task: None,
            settings: Vec::new(),
            failure: None,
            differences: Vec::new(),
            order: None,
            replay: format!(
                "fuelrig test {} --{option} {of} --seed {} --trial {number}",
                self.rig.loaded.file, self.seed
            ),
            took: Duration::ZERO,
        }
    }

    /// Whether this trial is wanted, by its number from 1.
    fn wants(&self, number: usize) -> bool {
        self.rig.options.trials.only.is_none_or(|only| only == number)
    }

    fn name<'a>(&'a self, uid: &'a str) -> &'a str {
        let mut nodes = self.known.environment.nodes.iter();
        nodes
            .find(|node| node.uid == uid)
            .map_or(uid, |node| node.name.as_str())
    }
}

fn not_again(failure: &str) -> RunError {
    RunError::Deployment(format!(
        "the deployment succeeded, but not a second time on nodes that were restored to the state before it: {failure}\n  \
         hint: they were booted in between; something that it needs was in memory only"
    ))
}

fn engine_error(error: EngineError) -> RunError {
    RunError::Infrastructure(error.to_string())
}
