//! `--watch`: the job once with the nodes' states kept, and then, for each change, again from the first task that it
//! concerns.
//!
//! ```text
//! start ─▶ core tasks ─▶ kept ─▶ task 1 ─▶ kept ─▶ … ─▶ kept ─▶ task n     deployment 1, then 2, verdict
//!                                            ▲
//!            a file of task 2 changed ───────┘ nodes restored; task 2 … n, twice; verdict
//! ```
//!
//! Nailgun forgets the deployment before each repetition (`PUT clusters/N/reset/`), so that what it sends is a first
//! deployment's message again; in that the tasks which need not be repeated have nothing to do. Tasks that did not run
//! again keep the verdict that they had.

mod index;
mod keeper;
mod repeat;
mod restore;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use mock_astute::{Node, TaskRecord, TaskStatus};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub(crate) use self::index::{Index, from, keep};
use self::keeper::{Keeper, Kept};
use self::restore::Restored;
use self::verdicts::Verdicts;
use super::trials::messages::only;
use super::{MasterSlot, Ready, Rig, look};
use crate::capture::State;
use crate::checkpoint::{Inputs, Reader, Sources, TaskOnNode};
use crate::engine::{Engine, EngineError, Master, RunId};
use crate::event::{Events, Phase, RunEvent};
use crate::report::TaskLogs;
use crate::run::changes::Changes;
use crate::run::deploy::{self, Deployment};
use crate::run::environment::refused;
use crate::run::{Rounds, RunError, TestOptions};
use crate::scenario::LoadedScenario;

/// Why a repetition from a kept state does not do: the whole job begins anew.
#[derive(Debug)]
pub(crate) struct Anew(pub(crate) String);

/// What does not change between the rounds of a session.
#[derive(Clone, Copy)]
pub(crate) struct Base<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) run: &'a RunId,
    pub(crate) loaded: &'a LoadedScenario,
    pub(crate) options: &'a TestOptions,
    pub(crate) rounds: &'a dyn Rounds,
    pub(crate) cancel: &'a CancellationToken,
    /// The first round's directory; the others' are in it.
    pub(crate) directory: &'a Utf8Path,
}

impl<'a> Base<'a> {
    /// Where the plugins lie.
    fn plugins(&self) -> Vec<Utf8PathBuf> {
        let entries = self.loaded.scenario.plugins.iter();
        entries.map(|entry| self.loaded.plugin_path(&entry.path)).collect()
    }

    /// A round begins: its events go to whoever listens.
    fn begin(&self, number: usize) -> Round<'a> {
        let directory = if number == 1 {
            self.directory.to_owned()
        } else {
            self.directory.join(format!("round-{number}"))
        };
        let events = self.rounds.begin();
        events.subscribe(Box::new(TaskLogs::new(&directory)));
        events.emit(RunEvent::Started {
            scenario: self.loaded.name.clone(),
            file: self.loaded.file.to_string(),
            run: self.run.to_string(),
            fuel: self.loaded.scenario.fuel.clone(),
            at: std::time::SystemTime::now(),
        });
        events.emit(RunEvent::EngineFound(self.engine.description()));
        Round {
            base: *self,
            events,
            directory,
        }
    }
}

/// One way to a verdict.
struct Round<'a> {
    base: Base<'a>,
    events: Events,
    directory: Utf8PathBuf,
}

impl Round<'_> {
    fn rig(&self) -> Rig<'_> {
        Rig {
            engine: self.base.engine,
            run: self.base.run,
            loaded: self.base.loaded,
            options: self.base.options,
            events: &self.events,
            cancel: self.base.cancel,
            directory: &self.directory,
        }
    }

    /// It is over, with a verdict or without.
    fn end(self, result: &Result<(), RunError>) {
        if let Err(error) = result {
            self.events.emit(RunEvent::Failed(error.to_string()));
        }
        self.events.emit(RunEvent::Finished {
            at: std::time::SystemTime::now(),
        });
        self.base.rounds.finish(&self.directory);
    }
}

/// Runs the whole job, and then repeats of it what a change concerns, until something changes that concerns all of it.
///
/// # Errors
/// The job could not begin, or cannot go on from what is kept.
pub(crate) async fn session(base: Base<'_>, changes: &mut Changes, master: &MasterSlot) -> Result<Anew, RunError> {
    let round = base.begin(1);
    let began = Session::begin(base, &round.rig(), master, base.run).await;
    let mut session = match began {
        Ok(session) => session,
        Err(error) => {
            let result = Err(error);
            round.end(&result);
            return result.map(|()| Anew(String::new()));
        }
    };
    let start = Arc::clone(&session.start);
    let result = session.deploy(&round.rig(), 0, &start).await;
    round.end(&result);
    let last = session.ran.len();
    session.warm_up_after(result, last).await?;
    loop {
        base.rounds
            .say("waiting for changes; Ctrl-C ends it and removes everything");
        let changed = changes.next().await;
        match session.repeat(&changed).await? {
            None => {}
            Some(anew) => return Ok(anew),
        }
    }
}

/// Only Ctrl-C and defects end a session: whatever else went wrong, the next change may mend.
fn goes_on(result: Result<(), RunError>) -> Result<(), RunError> {
    match result {
        Err(error @ (RunError::Interrupted | RunError::Defect(_))) => Err(error),
        _ => Ok(()),
    }
}

/// A master and nodes that go on between rounds, and what is known of the tasks that ran.
struct Session<'a> {
    base: Base<'a>,
    ready: Ready,
    master: Master,
    /// Fuel's own tasks.
    core: Arc<BTreeSet<String>>,
    /// Whose the kept states are: the run's own, or a store's that outlives it.
    store: RunId,
    /// Whether states are kept in this session.
    keeps: bool,
    kept: Arc<Mutex<Kept>>,
    /// The nodes before anything was deployed.
    start: Arc<BTreeMap<String, State>>,
    reader: Reader,
    sources: Sources,
    /// `{node: [task, …]}` as Nailgun made it last.
    graph: Value,
    /// What each task of that graph depends on.
    inputs: BTreeMap<TaskOnNode, Inputs>,
    /// The tasks that ran well, in the order in which they began, with what they depended on then.
    ran: Vec<(TaskOnNode, Inputs)>,
    /// Their first deployments.
    records: BTreeMap<TaskOnNode, TaskRecord>,
    verdicts: Verdicts,
    /// Where the nodes were restored to last.
    restored: usize,
    /// Nodes that stand at a boundary already, since the next change may well be one of the task behind it.
    warm: Option<Restored>,
    rounds: usize,
}

impl<'a> Session<'a> {
    /// Starts everything and keeps what the nodes are at first.
    async fn begin(base: Base<'a>, rig: &Rig<'_>, slot: &MasterSlot, store: &RunId) -> Result<Self, RunError> {
        // Before the build: what is saved during it is a change.
        let mut reader = Reader::default();
        let before_build = reader.read(&base.plugins());
        let ready = rig.prepare(slot).await?;
        if ready.environment.master.is_some() {
            return Err(master_is_no_node(&base.loaded.file, "what keeps the nodes' states"));
        }
        let mut sources = before_build.map_err(RunError::Invalid)?;
        if sources.has_hook() {
            sources = reader.read(&base.plugins()).map_err(RunError::Invalid)?;
        }
        let master = Master::attach(base.engine, base.run.id()).await.map_err(engine_error)?;
        let nodes = super::as_nodes(&ready.nodes);
        let start = rig
            .phase(Phase::CaptureBefore, rig.capture(&ready.environment, &nodes, None))
            .await?;
        // The states' names and labels are the store's.
        let keeping = Rig { run: store, ..*rig };
        let checkpoints = rig.phase(Phase::Keep, keeping.keep(&ready.nodes, "start")).await?;
        let core = Arc::new(rig.core_tasks(&ready.client, &ready.environment).await?);
        let mut session = Self {
            base,
            ready,
            master,
            core,
            store: store.clone(),
            keeps: true,
            kept: Arc::new(Mutex::new(Kept::new(checkpoints))),
            start: Arc::new(start),
            reader,
            sources,
            graph: Value::Null,
            inputs: BTreeMap::new(),
            ran: Vec::new(),
            records: BTreeMap::new(),
            verdicts: Verdicts::default(),
            restored: 0,
            warm: None,
            rounds: 1,
        };
        let sources = session.sources.clone();
        (session.graph, session.inputs) = session.asked(&sources).await?;
        Ok(session)
    }

    /// After a round: boots the nodes from the state that the next change most likely wants. After a deployment that failed
    /// they are left as they are, for whoever wants to look at them.
    async fn warm_up_after(&mut self, result: Result<(), RunError>, position: usize) -> Result<(), RunError> {
        let has_verdict = result.is_ok();
        goes_on(result)?;
        if !has_verdict {
            return Ok(());
        }
        let boundary = self.kept.lock().await.boundary(position);
        let quiet = Events::new();
        let rig = Rig {
            engine: self.base.engine,
            run: self.base.run,
            loaded: self.base.loaded,
            options: self.base.options,
            events: &quiet,
            cancel: self.base.cancel,
            directory: self.base.directory,
        };
        let old = std::mem::take(&mut self.ready.nodes);
        let restored = self.restore(&rig, boundary, &old).await?;
        self.ready.nodes = restored.nodes.clone();
        self.warm = Some(restored);
        Ok(())
    }

    /// What Nailgun would have run now, and what each of its tasks depends on.
    async fn asked(&self, sources: &Sources) -> Result<(Value, BTreeMap<TaskOnNode, Inputs>), RunError> {
        let mut serialized = self
            .ready
            .client
            .serialized_tasks(self.ready.environment.id)
            .await
            .map_err(|error| refused("cannot read the serialised tasks", &error))?;
        let graph = serialized["tasks_graph"].take();
        let inputs = crate::checkpoint::inputs(&graph, &sources.scripts(), &self.core);
        Ok((graph, inputs))
    }

    /// Deploys twice what is behind a boundary, on nodes that stand there, and judges.
    async fn deploy(
        &mut self,
        rig: &Rig<'_>,
        boundary: usize,
        before: &BTreeMap<String, State>,
    ) -> Result<(), RunError> {
        let environment = &self.ready.environment;
        let cut: BTreeSet<TaskOnNode> = self.kept.lock().await.order()[..boundary].iter().cloned().collect();
        self.ran.truncate(boundary);
        self.records.retain(|task, _| cut.contains(task));
        self.verdicts.retain(environment, &cut);
        rig.phase(
            Phase::Snapshots,
            rig.snapshots(&self.ready.client, environment, &self.ready.networks),
        )
        .await?;

        let keeper = Keeper {
            run: self.store.clone(),
            keeps: self.keeps,
            events: rig.events.clone(),
            nodes: self.ready.nodes.clone(),
            core: Arc::clone(&self.core),
            scripts: Arc::new(self.sources.scripts().files.into_keys().collect()),
            kept: Arc::clone(&self.kept),
        };
        let nodes = super::as_nodes(&self.ready.nodes);
        let first = self.deployment(rig, 1, &keeper.wrapped(), &cut).await?;
        self.learn(boundary, &first.records).await;
        let environment = &self.ready.environment;
        if let Some(failure) = &first.failure {
            let cause = rig.cause(1, failure, &first.records, environment, &nodes).await;
            return Err(if boundary == 0 { cause } else { with_hint(cause) });
        }
        rig.phase(Phase::Verify(1), rig.verify(1, environment, &nodes)).await;
        let after_first = rig
            .phase(Phase::CaptureAfter(1), rig.capture(environment, &nodes, Some(before)))
            .await?;

        // A task that ran only once so far, because one behind it failed, is deployed a second time now.
        let judged = self.verdicts.judged(environment, &cut);
        let watched = rig.watched(environment, &nodes);
        let second = self.deployment(rig, 2, &look::as_nodes(&watched), &judged).await?;
        if let Some(failure) = &second.failure {
            match rig.cause(2, failure, &second.records, environment, &nodes).await {
                RunError::Deployment(text) => rig.events.emit(RunEvent::Warning(text)),
                cause => return Err(cause),
            }
        }
        rig.phase(Phase::Verify(2), rig.verify(2, environment, &nodes)).await;
        let after_second = rig
            .phase(
                Phase::CaptureAfter(2),
                rig.capture(environment, &nodes, Some(&after_first)),
            )
            .await?;
        let records = self.with_earlier(first.records);
        let verdict = rig
            .phase(Phase::Judge, async {
                rig.verdict(
                    environment,
                    [before, &after_first, &after_second],
                    &records,
                    &second.records,
                    &watched,
                )
            })
            .await?;
        let verdict = self.verdicts.add(verdict);
        rig.events.emit(RunEvent::Judged(Box::new(verdict)));
        Ok(())
    }

    /// A deployment of all but these tasks.
    async fn deployment(
        &self,
        rig: &Rig<'_>,
        run: u8,
        nodes: &BTreeMap<String, Arc<dyn Node>>,
        done: &BTreeSet<TaskOnNode>,
    ) -> Result<Deployment, RunError> {
        let timeout = Duration::from_secs(rig.loaded.scenario.deployment_timeout);
        let part = |message: Value| {
            let mut left = only(&[message], |task| !done.contains(task));
            left.pop().unwrap_or_default()
        };
        let deployment = deploy::deploy_part(
            run,
            &self.ready.client,
            &self.ready.environment,
            nodes,
            timeout,
            rig.events,
            rig.cancel,
            part,
        );
        rig.phase(Phase::Deploy(run), deployment).await
    }

    /// Takes down which tasks ran well, up to the first that did not.
    async fn learn(&mut self, boundary: usize, records: &[TaskRecord]) {
        for record in records.iter().filter(|record| record.started.is_some()) {
            let task = (record.node_id.clone(), record.task.clone());
            self.records.insert(task, record.clone());
        }
        let kept = self.kept.lock().await;
        for task in &kept.order()[boundary..] {
            let ended_well = self
                .records
                .get(task)
                .is_some_and(|record| matches!(record.status, TaskStatus::Successful | TaskStatus::Skipped));
            match self.inputs.get(task) {
                Some(inputs) if ended_well => self.ran.push((task.clone(), inputs.clone())),
                _ => break,
            }
        }
    }

    /// The records of a first deployment, with those of an earlier one for the tasks that had nothing to do in it.
    fn with_earlier(&self, records: Vec<TaskRecord>) -> Vec<TaskRecord> {
        let earlier = |record: TaskRecord| {
            let task = (record.node_id.clone(), record.task.clone());
            match self.records.get(&task) {
                Some(earlier) if record.started.is_none() => earlier.clone(),
                _ => record,
            }
        };
        records.into_iter().map(earlier).collect()
    }
}

/// A failure of tasks that ran on restored nodes may be no fault of theirs.
fn with_hint(cause: RunError) -> RunError {
    match cause {
        RunError::Deployment(text) => RunError::Deployment(format!(
            "{text}\n  hint: the nodes were booted from a kept state; where a task needs what an earlier one left in memory only, \
             deploy the whole job"
        )),
        other => other,
    }
}

/// The master's own system is not kept and restored (a scenario before 9.0 always has it).
fn master_is_no_node(file: &Utf8Path, what: &str) -> RunError {
    RunError::Invalid(format!(
        "{file}: {what} cannot be used where a deployment does something on the master\n  hint: leave out tasks with \
         `role: master`, `copy_files` and `on: master`; before Fuel 9.0 it is always so"
    ))
}

fn engine_error(error: EngineError) -> RunError {
    RunError::Infrastructure(error.to_string())
}
