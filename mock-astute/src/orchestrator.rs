//! The orchestrator: from a message to its outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::deployment::Deployment;
use crate::event::{Event, TaskRecord};
use crate::granular::{execute_tasks, granular_deploy};
use crate::graph::Graph;
use crate::message::{Envelope, TaskDeploy};
use crate::node::Node;
use crate::profile::Profile;
use crate::reply::Replies;

/// How long running tasks may go on once a deployment ends early, unless it is set.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeStatus {
    /// Astute would answer `ready`: no critical node failed.
    Ready,
    /// Astute would answer `error`.
    Error,
    /// The caller stopped it.
    Stopped,
}

/// What became of a message.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended. [`OutcomeStatus::Ready`] does not mean that no task failed: nodes that may fail can.
    pub status: OutcomeStatus,
    /// What went wrong, for people: Astute's text, then a line for each task that failed.
    pub error: Option<String>,
    /// Every task of the message in the graph's order, whether it ran or not; empty where the message was refused.
    pub records: Vec<TaskRecord>,
}

impl Outcome {
    pub(crate) fn refused(error: impl Into<String>) -> Self {
        Self {
            status: OutcomeStatus::Error,
            error: Some(error.into()),
            records: Vec::new(),
        }
    }
}

/// Runs messages on nodes.
pub struct Orchestrator {
    pub(crate) profile: Arc<Profile>,
    pub(crate) nodes: Arc<BTreeMap<String, Arc<dyn Node>>>,
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) stop_grace: Duration,
}

impl Orchestrator {
    /// An orchestrator of these nodes, by their ids in messages; `master` may be among them.
    ///
    /// Replies and the beginning and end of every task go to `events`; nobody need listen.
    #[must_use]
    pub fn new(profile: Profile, nodes: BTreeMap<String, Arc<dyn Node>>, events: UnboundedSender<Event>) -> Self {
        Self {
            profile: Arc::new(profile),
            nodes: Arc::new(nodes),
            events,
            stop_grace: STOP_GRACE,
        }
    }

    /// Sets how long running tasks may go on once the deployment was cancelled or lost a node, before they are cut
    /// off: 5 s unless set. (Astute waits up to 600 s for a stop.)
    #[must_use]
    pub fn with_stop_grace(mut self, grace: Duration) -> Self {
        self.stop_grace = grace;
        self
    }

    /// Carries out a message, or a list of messages one after the other until one fails.
    ///
    /// Never panics and never fails by itself: whatever is wrong is in the outcome and in the replies. Cancelling
    /// starts nothing more and gives running tasks the grace time; dropping the future cuts them off at once.
    pub async fn handle(&self, message: &Value, cancel: CancellationToken) -> Outcome {
        let Value::Array(messages) = message else {
            return self.handle_one(message, &cancel).await;
        };
        let mut whole = Outcome {
            status: OutcomeStatus::Ready,
            error: None,
            records: Vec::new(),
        };
        for message in messages {
            let outcome = self.handle_one(message, &cancel).await;
            whole.status = outcome.status;
            whole.error = outcome.error;
            whole.records.extend(outcome.records);
            if whole.status != OutcomeStatus::Ready {
                break;
            }
        }
        whole
    }

    async fn handle_one(&self, message: &Value, cancel: &CancellationToken) -> Outcome {
        let envelope = match Envelope::read(message) {
            Ok(envelope) => envelope,
            Err(error) => {
                return Outcome::refused(format!("The message cannot be read: {error}"));
            }
        };
        let replies = Arc::new(Replies::new(&envelope, self.events.clone()));
        replies.picked_up();
        let outcome = match envelope.method.as_str() {
            "task_deploy" => self.task_deploy(message, &replies, cancel).await,
            "granular_deploy" => granular_deploy(self, message, &replies, cancel)
                .await
                .map_err(|error| error.to_string()),
            "execute_tasks" => execute_tasks(self, message, &replies, cancel)
                .await
                .map_err(|error| error.to_string()),
            other => {
                let error = format!("Unsupported method '{other}' called.");
                replies.refused(&error);
                return Outcome::refused(error);
            }
        };
        outcome.unwrap_or_else(|error| {
            replies.refused(&uncaught(&envelope.method, &error));
            Outcome::refused(error)
        })
    }

    async fn task_deploy(
        &self,
        message: &Value,
        replies: &Replies,
        cancel: &CancellationToken,
    ) -> Result<Outcome, String> {
        let mut deploy = TaskDeploy::read(message).map_err(|error| error.to_string())?;
        let (noop, debug) = (deploy.noop_run, deploy.debug);
        for task in deploy.nodes.iter_mut().flat_map(|(_, tasks)| tasks) {
            task.fail_on_error &= !noop;
            if debug {
                task.parameters.insert("debug".to_owned(), true.into());
            }
        }
        let graph = Graph::build_parts(std::mem::take(&mut deploy.nodes), &deploy.subgraphs)
            .map_err(|error| error.to_string())?;
        Ok(Deployment::new(self, &graph, &deploy, replies).run(cancel).await)
    }
}

/// How Astute answers when a method dies of an exception.
pub(crate) fn uncaught(method: &str, error: &str) -> String {
    format!("Method {method}. {error}.\nInspect Astute logs for the details")
}
