//! One `granular_deploy` or `execute_tasks` in progress.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::granular::astute_yaml;
use crate::granular::hook::{self, HookFailure};
use crate::granular::ledger::Ledger;
use crate::granular::message::{GranularDeploy, Hook, NodeRole};
use crate::granular::standing::{Standings, Status};
use crate::liveness;
use crate::message::{MASTER, MessageError, TaskMessage, object};
use crate::orchestrator::{Orchestrator, Outcome, OutcomeStatus, uncaught};
use crate::reply::{OFFLINE, Replies};
use crate::task::{self, Prepared, Site, TaskFailure};

/// Why a message ends before its end.
enum End {
    /// As an exception in Astute ends it.
    Failed(String),
    /// A machine of the rig is gone.
    Gone(String),
    /// The caller wanted it.
    Stopped,
}

/// What the work of one message shares.
struct Work {
    ledger: Arc<Ledger>,
    standings: Mutex<Standings>,
    replies: Arc<Replies>,
    cancel: CancellationToken,
}

/// Carries out `granular_deploy`.
pub(crate) async fn granular_deploy(
    orchestrator: &Orchestrator,
    message: &Value,
    replies: &Arc<Replies>,
    cancel: &CancellationToken,
) -> Result<Outcome, MessageError> {
    let deploy = GranularDeploy::read(message)?;
    let batches = deploy.batches(orchestrator.profile.max_busy_nodes);
    let work = Arc::new(Work::new(orchestrator, replies, cancel));
    let before = work.plan_hooks(&deploy.before);
    let lines = work.plan_roles(&deploy, &batches);
    let after = work.plan_hooks(&deploy.after);

    let course = async {
        let there = work.look_for_offline_nodes(orchestrator, &deploy).await?;
        work.upload_facts(orchestrator, &deploy, &batches, &there).await?;
        work.run_hooks(orchestrator, &deploy.before, &before, "deploy").await?;
        for batch in &batches {
            work.run_batch(orchestrator, &deploy, batch, &lines, &there).await?;
        }
        let ended = work.run_hooks(orchestrator, &deploy.after, &after, "deploy").await;
        if let Err(End::Failed(_)) = ended {
            work.fail_all_nodes();
        }
        ended
    };
    let end = stoppable(course, orchestrator, cancel).await;
    Ok(conclude(work, end, "granular_deploy"))
}

/// Carries out `execute_tasks`.
pub(crate) async fn execute_tasks(
    orchestrator: &Orchestrator,
    message: &Value,
    replies: &Arc<Replies>,
    cancel: &CancellationToken,
) -> Result<Outcome, MessageError> {
    let arguments = object(message.get("args").unwrap_or(&Value::Null), "args")?;
    let tasks = Hook::read_all(arguments, "tasks")?;
    let work = Arc::new(Work::new(orchestrator, replies, cancel));
    let lines = work.plan_hooks(&tasks);
    let course = work.run_hooks(orchestrator, &tasks, &lines, "execute_tasks");
    let end = stoppable(course, orchestrator, cancel).await;
    Ok(conclude(work, end, "execute_tasks"))
}

/// Runs `course` to its end, or for the grace time after it was cancelled.
async fn stoppable(
    course: impl Future<Output = Result<(), End>>,
    orchestrator: &Orchestrator,
    cancel: &CancellationToken,
) -> Result<(), End> {
    tokio::select! {
        biased;
        end = course => end,
        () = async {
            cancel.cancelled().await;
            tokio::time::sleep(orchestrator.stop_grace).await;
        } => Err(End::Stopped),
    }
}

fn conclude(work: Arc<Work>, end: Result<(), End>, method: &str) -> Outcome {
    let failures = work.ledger.failures();
    let explained = |text: &str| {
        let mut text = text.to_owned();
        for failure in &failures {
            text.push('\n');
            text.push_str(failure);
        }
        text
    };
    let (status, error) = match end {
        Ok(()) => {
            // Even if nodes that are not critical failed: Nailgun judges by them.
            work.replies.ready();
            let error = (!failures.is_empty()).then(|| explained("Some nodes failed:"));
            (OutcomeStatus::Ready, error)
        }
        Err(End::Failed(error)) => {
            work.replies.refused(&uncaught(method, &error));
            (OutcomeStatus::Error, Some(explained(&error)))
        }
        Err(End::Gone(error)) => {
            work.replies.refused(&uncaught(method, &error));
            (OutcomeStatus::Error, Some(error))
        }
        Err(End::Stopped) => {
            let text = "The deployment was stopped";
            work.replies.error(text);
            (OutcomeStatus::Stopped, Some(text.to_owned()))
        }
    };
    Outcome {
        status,
        error,
        records: work.ledger.take_records("the deployment ended before its turn"),
    }
}

impl Work {
    fn new(orchestrator: &Orchestrator, replies: &Arc<Replies>, cancel: &CancellationToken) -> Self {
        Self {
            ledger: Arc::new(Ledger::new(orchestrator.events.clone())),
            standings: Mutex::default(),
            replies: replies.clone(),
            cancel: cancel.clone(),
        }
    }

    fn plan_hooks(&self, hooks: &[Hook]) -> Vec<Vec<usize>> {
        hooks
            .iter()
            .map(|hook| {
                let nodes = if hook::is_run_once(hook) { 1 } else { hook.uids.len() };
                let uids = hook.uids.iter().take(nodes);
                uids.map(|uid| self.ledger.plan(uid, &hook.label, &hook.kind)).collect()
            })
            .collect()
    }

    /// The ledger's lines of each role's tasks, by the role's index.
    fn plan_roles(&self, deploy: &GranularDeploy, batches: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let mut lines = vec![Vec::new(); deploy.roles.len()];
        let mut standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        for &index in batches.iter().flatten() {
            let role = &deploy.roles[index];
            standings.expect(&role.uid, &role.role, role.critical);
            lines[index] = role
                .tasks
                .iter()
                .map(|task| self.ledger.plan(&role.uid, &task.id, &task.kind))
                .collect();
        }
        lines
    }

    /// Asks every node once whether it is there; gives those that are.
    async fn look_for_offline_nodes(
        &self,
        orchestrator: &Orchestrator,
        deploy: &GranularDeploy,
    ) -> Result<BTreeSet<String>, End> {
        let uids: BTreeSet<&str> = deploy.roles.iter().map(|role| role.uid.as_str()).collect();
        let mut asked = JoinSet::new();
        for uid in uids.iter().filter(|uid| **uid != MASTER) {
            if let Some(node) = orchestrator.nodes.get(*uid) {
                let (uid, node, tries) = ((*uid).to_owned(), node.clone(), orchestrator.profile.online_tries);
                asked.spawn(async move { (uid, liveness::answers(node, tries).await) });
            }
        }
        let mut there = BTreeSet::from([MASTER.to_owned()]);
        while let Some(answer) = asked.join_next().await {
            if let Ok((uid, true)) = answer {
                there.insert(uid);
            }
        }
        let offline: Vec<&str> = uids.into_iter().filter(|uid| !there.contains(*uid)).collect();
        for uid in &offline {
            let node = json!({
                "uid": uid, "progress": 100, "status": "error", "error_type": "provision", "error_msg": OFFLINE,
            });
            self.replies.nodes(node.as_object().cloned().into_iter().collect());
        }
        let critical: Vec<String> = offline
            .into_iter()
            .filter(|uid| deploy.roles.iter().any(|role| role.critical && role.uid == *uid))
            .map(|uid| json!(uid).to_string())
            .collect();
        if critical.is_empty() {
            return Ok(there);
        }
        Err(End::Failed(format!(
            "Critical nodes are not available for deployment: [{}]",
            critical.join(", ")
        )))
    }

    /// Writes each role's astute.yaml, and points Puppet to that of the node's first role where the version does.
    async fn upload_facts(
        &self,
        orchestrator: &Orchestrator,
        deploy: &GranularDeploy,
        batches: &[Vec<usize>],
        there: &BTreeSet<String>,
    ) -> Result<(), End> {
        let mut linked = BTreeSet::new();
        for &index in batches.iter().flatten() {
            let role = &deploy.roles[index];
            let Some(node) = orchestrator.nodes.get(&role.uid).filter(|_| there.contains(&role.uid)) else {
                continue;
            };
            let first = linked.insert(role.uid.as_str());
            let result = async {
                astute_yaml::upload(node.as_ref(), role).await?;
                if first && orchestrator.profile.hooks.links_astute_yaml_first {
                    astute_yaml::point_to(node.as_ref(), role).await?;
                }
                Ok(())
            };
            match result.await {
                Ok(()) => {}
                Err(TaskFailure::Gone(error)) => return Err(End::Gone(error.to_string())),
                Err(TaskFailure::Failed(error)) => {
                    return Err(End::Failed(format!(
                        "Upload of facts to node {} failed: {error}",
                        role.uid
                    )));
                }
            }
        }
        Ok(())
    }

    /// Runs hooks one after another until one fails that may not.
    async fn run_hooks(
        &self,
        orchestrator: &Orchestrator,
        hooks: &[Hook],
        lines: &[Vec<usize>],
        error_type: &str,
    ) -> Result<(), End> {
        for (hook, lines) in hooks.iter().zip(lines) {
            if self.cancel.is_cancelled() {
                return Err(End::Stopped);
            }
            let failure = match hook::run(orchestrator, hook, lines, &self.ledger, &self.cancel).await {
                Ok(()) => continue,
                Err(failure) => failure,
            };
            let detail = match failure {
                HookFailure::Failed(detail) if !hook.fail_on_error => {
                    tracing::warn!(hook = %hook.label, %detail, "a hook failed that may");
                    continue;
                }
                HookFailure::Failed(detail) => detail,
                HookFailure::Unknown(detail) => return Err(End::Failed(detail)),
                HookFailure::Gone(detail) => return Err(End::Gone(detail)),
                HookFailure::Stopped => return Err(End::Stopped),
            };
            let nodes = hook
                .uids
                .iter()
                .filter_map(|uid| {
                    json!({
                        "uid": uid, "status": "error", "error_type": error_type, "role": "hook",
                        "hook": hook.name, "error_msg": detail,
                    })
                    .as_object()
                    .cloned()
                })
                .collect();
            let error = format!("Failed to execute hook '{}'\n\n{detail}", hook.name);
            self.replies.hook_failed(nodes, &error);
            return Err(End::Failed(error));
        }
        Ok(())
    }

    /// Deploys the roles of one batch, nodes beside one another, and ends the deployment if a critical one failed.
    async fn run_batch(
        self: &Arc<Self>,
        orchestrator: &Orchestrator,
        deploy: &GranularDeploy,
        batch: &[usize],
        lines: &[Vec<usize>],
        there: &BTreeSet<String>,
    ) -> Result<(), End> {
        if self.cancel.is_cancelled() {
            return Err(End::Stopped);
        }
        let mut nodes = JoinSet::new();
        for &index in batch {
            let role = deploy.roles[index].clone();
            let Some(node) = orchestrator.nodes.get(&role.uid).filter(|_| there.contains(&role.uid)) else {
                for &line in &lines[index] {
                    self.ledger.give_up(line, OFFLINE);
                }
                continue;
            };
            let site = Site {
                node: node.clone(),
                nodes: orchestrator.nodes.clone(),
                profile: orchestrator.profile.clone(),
                attempts: task::Attempts::default(),
            };
            let (work, lines) = (self.clone(), lines[index].clone());
            nodes.spawn(async move {
                let end = work.deploy_role(&role, &lines, site).await;
                (role, end)
            });
        }
        let mut failed = BTreeSet::new();
        let mut end = Ok(());
        while let Some(ended) = nodes.join_next().await {
            match ended {
                Ok((_, Ok(()))) => {}
                Ok((role, Err(End::Failed(_)))) if role.critical => {
                    failed.insert(role.uid);
                }
                Ok((_, Err(End::Failed(_)))) => {}
                Ok((_, Err(other))) => end = Err(other),
                Err(error) => {
                    let problem = format!("a defect of the orchestrator, please report it: {error}");
                    end = Err(End::Failed(problem));
                }
            }
        }
        if end.is_ok() && !failed.is_empty() {
            let uids: Vec<String> = failed.into_iter().collect();
            return Err(End::Failed(format!("Deployment failed on nodes {}", uids.join(", "))));
        }
        end
    }

    /// Runs a role's tasks one after another.
    async fn deploy_role(&self, role: &NodeRole, lines: &[usize], mut site: Site) -> Result<(), End> {
        self.tell(role, Status::Deploying, 0, None);
        let linked = astute_yaml::point_to(site.node.as_ref(), role).await;
        let mut end = linked.map_err(|error| match error {
            TaskFailure::Failed(error) => End::Failed(error),
            TaskFailure::Gone(error) => End::Gone(error.to_string()),
        });
        for (index, (task, &line)) in role.tasks.iter().zip(lines).enumerate() {
            if end.is_err() {
                self.ledger
                    .give_up(line, &format!("role {} of node {} failed before", role.role, role.uid));
                continue;
            }
            if self.cancel.is_cancelled() {
                end = Err(End::Stopped);
                break;
            }
            site.attempts = self.ledger.begin(line);
            let result = run_as_puppet(task, role, &site).await;
            self.ledger.end(line, &result);
            if !matches!(result, Err(TaskFailure::Gone(_))) {
                site.node.task_ended("puppet").await;
            }
            let done = (index + 1) * 100 / role.tasks.len();
            match result {
                // The last one is told with the role's end.
                Ok(()) if done < 100 => self.tell(role, Status::Deploying, done, Some(&task.sent)),
                Ok(()) => {}
                Err(TaskFailure::Failed(error)) => {
                    self.tell(role, Status::Error, 100, Some(&task.sent));
                    end = Err(End::Failed(error));
                }
                Err(TaskFailure::Gone(error)) => {
                    let problem = format!(
                        "{error}: task {} on node {} cannot end, so the deployment does",
                        task.id, role.uid
                    );
                    end = Err(End::Gone(problem));
                }
            }
        }
        match &end {
            Ok(()) => self.tell(role, Status::Ready, 100, None),
            Err(End::Failed(_)) => self.tell(role, Status::Error, 100, None),
            Err(_) => {}
        }
        end
    }

    fn fail_all_nodes(&self) {
        let standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        let nodes = standings
            .uids()
            .filter_map(|uid| {
                json!({"uid": uid, "status": "error", "error_type": "deploy", "role": "hook"})
                    .as_object()
                    .cloned()
            })
            .collect();
        self.replies.nodes(nodes);
    }

    fn tell(&self, role: &NodeRole, status: Status, progress: usize, task: Option<&Value>) {
        let mut standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = standings.update(&role.uid, &role.role, status, progress, task) {
            self.replies.nodes(vec![entry]);
        }
    }
}

/// This engine takes every task of a role for a manifest.
async fn run_as_puppet(
    task: &crate::granular::message::RoleTask,
    role: &NodeRole,
    site: &Site,
) -> Result<(), TaskFailure> {
    let message = TaskMessage::alone(&task.id, "puppet", task.parameters.clone());
    match task::prepare(&message, &site.profile, false) {
        Ok(Prepared::Run(ready)) => liveness::supervised("puppet", &role.uid, ready.as_ref(), site).await,
        Ok(Prepared::Nothing) => Ok(()),
        Err(error) => Err(TaskFailure::Failed(error.to_string())),
    }
}
