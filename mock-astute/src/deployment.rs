//! One `task_deploy` in progress: takes the scheduler's decisions to the nodes and back.

use std::collections::HashMap;
use std::time::SystemTime;

use serde_json::{Map, Value, json};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::event::{Attempt, Event, TaskRecord, TaskStatus};
use crate::graph::Graph;
use crate::liveness;
use crate::message::{MASTER, SYNC_NODE, TaskDeploy};
use crate::orchestrator::{Orchestrator, Outcome, OutcomeStatus, uncaught};
use crate::reply::{self, OFFLINE, Replies};
use crate::scheduler::{NodeStanding, Scheduler, Verdict};
use crate::task::{self, Attempts, PrepareError, Prepared, Site, TaskFailure};

/// How a task ended, when it really began, and when it ended.
type Ended = (Result<(), TaskFailure>, SystemTime, SystemTime);

/// When a task began that did not live to say it: its being started counts.
const UNKNOWN: SystemTime = SystemTime::UNIX_EPOCH;

/// A task that runs.
struct Running {
    task: usize,
    started: SystemTime,
    attempts: Attempts,
}

/// A deployment.
pub(crate) struct Deployment<'message> {
    orchestrator: &'message Orchestrator,
    graph: &'message Graph,
    deploy: &'message TaskDeploy,
    replies: &'message Replies,
    scheduler: Scheduler<'message>,
    records: Vec<Option<TaskRecord>>,
    /// Nodes whose last word has been sent.
    settled: Vec<bool>,
    work: JoinSet<Ended>,
    running: HashMap<Id, Running>,
    /// When what still runs is cut off.
    cut_off: Option<Instant>,
    /// Why the message as a whole ends, beyond what tasks say: an unknown task type, a node that is gone.
    fatal: Option<String>,
    gone: Option<String>,
}

impl<'message> Deployment<'message> {
    /// A deployment that has not begun.
    pub(crate) fn new(
        orchestrator: &'message Orchestrator,
        graph: &'message Graph,
        deploy: &'message TaskDeploy,
        replies: &'message Replies,
    ) -> Self {
        Self {
            orchestrator,
            graph,
            deploy,
            replies,
            scheduler: Scheduler::new(graph, &deploy.groups, orchestrator.profile.max_busy_nodes),
            records: vec![None; graph.tasks.len()],
            settled: vec![false; graph.nodes.len()],
            work: JoinSet::new(),
            running: HashMap::new(),
            cut_off: None,
            fatal: None,
            gone: None,
        }
    }

    /// Carries it out.
    pub(crate) async fn run(mut self, cancel: &CancellationToken) -> Outcome {
        if self.deploy.dry_run {
            self.leave_rest();
            self.report_all_done();
            self.replies.ready();
            return self.outcome(OutcomeStatus::Ready, None);
        }
        if let Some(error) = self.look_for_offline_nodes(cancel).await {
            self.replies.refused(&uncaught("task_deploy", &error));
            self.leave_rest();
            return self.outcome(OutcomeStatus::Error, Some(error));
        }
        let mut cancelled = cancel.is_cancelled();
        if cancelled {
            self.scheduler.stop();
        }
        loop {
            self.start_what_may();
            self.settle_nodes(None);
            if self.scheduler.running() == 0 {
                break;
            }
            let cut_off = self.cut_off.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                Some(ended) = self.work.join_next_with_id() => self.take_end(ended),
                () = sleep_until(cut_off), if self.cut_off.is_some() => {
                    self.work.abort_all();
                    self.cut_off = None;
                }
                () = cancel.cancelled(), if !cancelled => {
                    cancelled = true;
                    self.end_soon();
                }
            }
        }
        self.conclude(cancelled)
    }

    /// Asks every node once whether it is there; gives the error that ends the deployment, if one is.
    async fn look_for_offline_nodes(&mut self, cancel: &CancellationToken) -> Option<String> {
        let mut asked = JoinSet::new();
        let mut offline = Vec::new();
        for (index, id) in self.graph.nodes.iter().enumerate() {
            if id == SYNC_NODE || id == MASTER {
                continue;
            }
            match self.orchestrator.nodes.get(id) {
                None => offline.push(index),
                Some(node) => {
                    let node = node.clone();
                    let tries = self.orchestrator.profile.online_tries;
                    asked.spawn(async move { (index, liveness::answers(node, tries).await) });
                }
            }
        }
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return None,
                answer = asked.join_next() => match answer {
                    None => break,
                    Some(Ok((index, false))) => offline.push(index),
                    Some(_) => {}
                }
            }
        }
        offline.sort_unstable();
        let mut critical = Vec::new();
        for index in offline {
            if let Some(mut node) = reply::node(&self.graph.nodes[index], 100) {
                node.insert("status".to_owned(), json!("error"));
                node.insert("error_type".to_owned(), json!("provision"));
                node.insert("error_msg".to_owned(), json!(OFFLINE));
                self.replies.nodes(vec![node]);
            }
            self.settled[index] = true;
            if self.scheduler.is_critical(index) {
                critical.push(json!(self.graph.nodes[index]).to_string());
            }
            let lost = self.scheduler.fail_node(index);
            self.record_unrun(&lost, OFFLINE);
        }
        (!critical.is_empty()).then(|| {
            format!(
                "Critical nodes are not available for deployment: [{}]",
                critical.join(", ")
            )
        })
    }

    /// Starts tasks until no more may.
    fn start_what_may(&mut self) {
        loop {
            let started = self.scheduler.start();
            if started.is_empty() {
                return;
            }
            for task in started {
                self.begin(task);
            }
        }
    }

    fn begin(&mut self, task: usize) {
        let message = self.graph.tasks[task].message.clone();
        let node_id = &self.graph.nodes[self.graph.tasks[task].node];
        let orchestrator = self.orchestrator;
        let prepared = task::prepare(&message, &orchestrator.profile, self.deploy.noop_run);
        if let Ok(Prepared::Nothing) = prepared {
            self.finish(task, None, Vec::new(), Verdict::Skipped, None);
            return;
        }
        let started = SystemTime::now();
        let _ = orchestrator.events.send(Event::TaskStarted {
            node_id: node_id.clone(),
            task: message.id.clone(),
            kind: message.kind.clone(),
            at: started,
        });
        if let Some(mut node) = reply::node(node_id, self.scheduler.progress(self.graph.tasks[task].node)) {
            node.insert("deployment_graph_task_name".to_owned(), json!(message.id));
            node.insert("task_status".to_owned(), json!("running"));
            node.insert("summary".to_owned(), json!({}));
            self.replies.nodes(vec![node]);
        }
        let ready = match prepared {
            Ok(Prepared::Run(ready)) => {
                let place = message.place(node_id);
                match orchestrator.nodes.get(place) {
                    Some(node) => Ok((ready, node.clone())),
                    None => Err(format!("no machine stands for node {place}")),
                }
            }
            Ok(Prepared::Nothing) => return,
            Err(PrepareError::Invalid(problem)) => Err(problem),
            Err(PrepareError::Fatal(problem)) => {
                self.fatal.get_or_insert_with(|| problem.clone());
                self.end_soon();
                Err(problem)
            }
        };
        match ready {
            Err(problem) => {
                self.finish(
                    task,
                    Some((started, SystemTime::now())),
                    Vec::new(),
                    Verdict::Failed,
                    Some(problem),
                );
            }
            Ok((ready, node)) => {
                let attempts = Attempts::default();
                let site = Site {
                    node,
                    nodes: orchestrator.nodes.clone(),
                    profile: orchestrator.profile.clone(),
                    attempts: attempts.clone(),
                };
                let name = node_id.clone();
                let handle = self.work.spawn(async move {
                    site.node.task_begins(&message.id).await;
                    let started = SystemTime::now();
                    let result = liveness::supervised(&message.kind, &name, ready.as_ref(), &site).await;
                    let finished = SystemTime::now();
                    if !matches!(result, Err(TaskFailure::Gone(_))) {
                        site.node.task_ended(&message.kind).await;
                    }
                    (result, started, finished)
                });
                self.running.insert(
                    handle.id(),
                    Running {
                        task,
                        started,
                        attempts,
                    },
                );
            }
        }
    }

    fn take_end(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (id, (result, began, finished)) = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_cancelled() => (
                error.id(),
                (
                    Err(TaskFailure::Failed(
                        "cut off, because the deployment ended before it did".to_owned(),
                    )),
                    UNKNOWN,
                    SystemTime::now(),
                ),
            ),
            Err(error) => (
                error.id(),
                (
                    Err(TaskFailure::Failed(format!(
                        "a defect of the orchestrator, please report it: {error}"
                    ))),
                    UNKNOWN,
                    SystemTime::now(),
                ),
            ),
        };
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        let task = running.task;
        let attempts = running.attempts.take();
        let ran = Some((running.started.max(began), finished));
        match result {
            Ok(()) => self.finish(task, ran, attempts, Verdict::Successful, None),
            Err(TaskFailure::Failed(problem)) => {
                self.finish(task, ran, attempts, Verdict::Failed, Some(problem));
            }
            Err(TaskFailure::Gone(error)) => {
                let message = &self.graph.tasks[task].message;
                let node = self.graph.tasks[task].node;
                let problem = format!(
                    "{error}: task {} on node {} cannot end, so the deployment does",
                    message.id, self.graph.nodes[node]
                );
                self.gone.get_or_insert_with(|| problem.clone());
                // A machine of the rig does not go on its own and does not come back: whatever the task or the
                // node's group tolerates, what follows would say nothing about the plugin.
                self.end_soon();
                self.finish(task, ran, attempts, Verdict::Failed, Some(problem));
                let lost = self.scheduler.fail_node(node);
                self.record_unrun(&lost, "its node is gone");
            }
        }
    }

    /// Starts nothing more, and cuts off what still runs when the grace time is over.
    fn end_soon(&mut self) {
        self.scheduler.stop();
        self.cut_off
            .get_or_insert_with(|| Instant::now() + self.orchestrator.stop_grace);
    }

    /// Hands a task's end to the scheduler, the records and the replies.
    fn finish(
        &mut self,
        task: usize,
        ran: Option<(SystemTime, SystemTime)>,
        attempts: Vec<Attempt>,
        verdict: Verdict,
        error: Option<String>,
    ) {
        let message = &self.graph.tasks[task].message;
        let node = self.graph.tasks[task].node;
        let lost = self.scheduler.finish(task, verdict);
        let status = self.scheduler.status(task).unwrap_or(TaskStatus::Failed);
        if let Some(error) = &error {
            tracing::warn!(task = %message.id, node = %self.graph.nodes[node], %error, "task failed");
        }
        let summary = reply::summary(&message.kind, &attempts);
        let (started, finished) = ran.unzip();
        self.record(
            TaskRecord {
                node_id: self.graph.nodes[node].clone(),
                task: message.id.clone(),
                kind: message.kind.clone(),
                status,
                started,
                finished,
                attempts,
                error,
            },
            task,
        );
        self.record_unrun(&lost, "");
        if let (Some(mut entry), Some(task_status)) = (
            reply::node(&self.graph.nodes[node], self.scheduler.progress(node)),
            reply::task_status(status),
        ) {
            entry.insert("deployment_graph_task_name".to_owned(), json!(message.id));
            entry.insert("task_status".to_owned(), json!(task_status));
            entry.insert("summary".to_owned(), summary);
            if status == TaskStatus::Failed {
                let problem = format!("Task {} failed on node {}", message.id, self.graph.nodes[node]);
                entry.insert("error_msg".to_owned(), json!(problem));
            }
            self.settle_nodes(Some((node, entry)));
        }
    }

    fn record(&mut self, record: TaskRecord, task: usize) {
        let _ = self
            .orchestrator
            .events
            .send(Event::TaskFinished(Box::new(record.clone())));
        self.records[task] = Some(record);
    }

    /// Records tasks that never ran; where `reason` is empty it is found in what they depend on.
    fn record_unrun(&mut self, tasks: &[usize], reason: &str) {
        for &task in tasks {
            let Some(status) = self.scheduler.status(task) else {
                continue;
            };
            let reason = if reason.is_empty() {
                self.blocker(task)
            } else {
                reason.to_owned()
            };
            let message = &self.graph.tasks[task].message;
            self.record(
                TaskRecord {
                    node_id: self.graph.nodes[self.graph.tasks[task].node].clone(),
                    task: message.id.clone(),
                    kind: message.kind.clone(),
                    status,
                    started: None,
                    finished: None,
                    attempts: Vec::new(),
                    error: Some(format!("not run: {reason}")),
                },
                task,
            );
        }
    }

    /// Why a task could not run.
    fn blocker(&self, task: usize) -> String {
        let failed = |&&task: &&usize| {
            matches!(
                self.scheduler.status(task),
                Some(TaskStatus::Failed | TaskStatus::DependencyFailed)
            )
        };
        match self.graph.requires[task].iter().find(failed) {
            Some(&required) => format!("Task[{}] failed", self.graph.name(required)),
            None => format!(
                "node {} failed before its turn",
                self.graph.nodes[self.graph.tasks[task].node]
            ),
        }
    }

    /// Sends what a task's end says of its node, and the last word on every node that is through.
    fn settle_nodes(&mut self, entry: Option<(usize, Map<String, Value>)>) {
        let mut entries = Vec::new();
        if let Some((node, mut entry)) = entry {
            if let Some(last_word) = self.last_word(node) {
                entry.extend(last_word);
            }
            entries.push(entry);
        }
        for node in 0..self.graph.nodes.len() {
            if let Some(last_word) = self.last_word(node)
                && let Some(mut entry) = reply::node(&self.graph.nodes[node], self.scheduler.progress(node))
            {
                entry.extend(last_word);
                entries.push(entry);
            }
        }
        for entry in entries {
            self.replies.nodes(vec![entry]);
        }
    }

    /// What a node becomes, the first time that it is asked for after the node's last task.
    fn last_word(&mut self, node: usize) -> Option<Map<String, Value>> {
        if self.settled[node] {
            return None;
        }
        let transitions = &self.deploy.transitions;
        let word = match self.scheduler.standing(node) {
            NodeStanding::Working => return None,
            // A noop run never makes a node fail.
            _ if self.deploy.noop_run && self.gone.is_none() => &transitions.successful,
            NodeStanding::Successful => &transitions.successful,
            NodeStanding::Failed => &transitions.failed,
            NodeStanding::Stopped => &transitions.stopped,
        };
        self.settled[node] = true;
        Some(word.clone())
    }

    fn leave_rest(&mut self) {
        let rest = self.scheduler.close();
        let reason = if self.deploy.dry_run {
            "a dry run only builds the graph"
        } else {
            "the deployment ended before its turn"
        };
        self.record_unrun(&rest, reason);
    }

    fn report_all_done(&self) {
        self.replies.nodes(
            self.graph
                .nodes
                .iter()
                .filter_map(|node| reply::node(node, 100))
                .collect(),
        );
    }

    fn conclude(mut self, cancelled: bool) -> Outcome {
        let rest = self.scheduler.is_stopped();
        self.leave_rest();
        self.settle_nodes(None);
        self.report_all_done();
        let failed: Vec<String> = self
            .tasks_that_failed()
            .map(|(task, _)| format!("Task[{}]", self.graph.name(task)))
            .collect();
        let text = format!(
            "All nodes are finished. Failed tasks: {} Stopping the deployment process!",
            failed.join(", ")
        );
        let exceeded =
            self.orchestrator.profile.exceeded_tolerance_is_an_error && !self.scheduler.exceeded_groups().is_empty();
        let unfinished = rest
            && self
                .records
                .iter()
                .flatten()
                .any(|record| record.status == TaskStatus::NotReached);
        if let Some(fatal) = self.fatal.take() {
            self.replies.refused(&uncaught("task_deploy", &fatal));
            self.outcome(OutcomeStatus::Error, Some(fatal))
        } else if let Some(gone) = self.gone.take() {
            self.replies.error(&text);
            self.outcome(OutcomeStatus::Error, Some(gone))
        } else if cancelled && (unfinished || !failed.is_empty()) {
            let text = "The deployment was stopped".to_owned();
            self.replies.error(&text);
            self.outcome(OutcomeStatus::Stopped, Some(text))
        } else if (self.scheduler.lost_a_critical_node() || exceeded) && !self.deploy.noop_run {
            self.replies.error(&text);
            let error = self.explained(text);
            self.outcome(OutcomeStatus::Error, Some(error))
        } else {
            self.replies.ready();
            let error = (!failed.is_empty()).then(|| self.explained(text));
            self.outcome(OutcomeStatus::Ready, error)
        }
    }

    fn tasks_that_failed(&self) -> impl Iterator<Item = (usize, &TaskRecord)> {
        self.records
            .iter()
            .enumerate()
            .filter_map(|(task, record)| Some((task, record.as_ref()?)))
            .filter(|(_, record)| record.status == TaskStatus::Failed)
    }

    /// Astute's text and, below it, what each failed task said.
    fn explained(&self, mut text: String) -> String {
        for (task, record) in self.tasks_that_failed() {
            if let Some(error) = &record.error {
                text.push_str(&format!("\nTask[{}]: {error}", self.graph.name(task)));
            }
        }
        text
    }

    fn outcome(self, status: OutcomeStatus, error: Option<String>) -> Outcome {
        Outcome {
            status,
            error,
            records: self.records.into_iter().flatten().collect(),
        }
    }
}
