//! What Astute answers, in its own shape.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedSender;

use crate::event::{Attempt, Event, PuppetResource, PuppetRun, TaskStatus};
use crate::message::{Envelope, MASTER, SYNC_NODE};

/// What Astute says of a node that MCollective cannot reach.
pub(crate) const OFFLINE: &str = "Node is not ready for deployment: mcollective has not answered";

/// Sends the replies to one message.
pub(crate) struct Replies {
    method: Option<String>,
    task_uuid: Value,
    events: UnboundedSender<Event>,
    /// Astute sends what it has said before only once; it compares digests, and so does this.
    said: Mutex<HashSet<u64>>,
}

impl Replies {
    /// Answers to the message of this envelope.
    pub(crate) fn new(envelope: &Envelope, events: UnboundedSender<Event>) -> Self {
        Self {
            method: envelope.respond_to.clone(),
            task_uuid: envelope.task_uuid.clone(),
            events,
            said: Mutex::new(HashSet::new()),
        }
    }

    /// The message has been picked up.
    pub(crate) fn picked_up(&self) {
        self.send(json!({"status": "running"}));
    }

    /// Nodes changed.
    pub(crate) fn nodes(&self, nodes: Vec<Map<String, Value>>) {
        if !nodes.is_empty() {
            self.send(json!({ "nodes": nodes }));
        }
    }

    /// A hook failed, and the deployment with it.
    pub(crate) fn hook_failed(&self, nodes: Vec<Map<String, Value>>, error: &str) {
        self.send(json!({"nodes": nodes, "error": error}));
    }

    /// All went well, as far as critical nodes are concerned.
    pub(crate) fn ready(&self) {
        self.send(json!({"status": "ready", "progress": 100}));
    }

    /// It went wrong.
    pub(crate) fn error(&self, error: &str) {
        self.send(json!({"status": "error", "progress": 100, "error": error}));
    }

    /// The message could not be carried out at all.
    pub(crate) fn refused(&self, error: &str) {
        self.send(json!({"status": "error", "error": error}));
    }

    fn send(&self, answer: Value) {
        let Some(method) = &self.method else { return };
        let mut hasher = DefaultHasher::new();
        answer.to_string().hash(&mut hasher);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !said.insert(hasher.finish()) {
            return;
        }
        let mut arguments = Map::new();
        arguments.insert("task_uuid".to_owned(), self.task_uuid.clone());
        if let Value::Object(answer) = answer {
            arguments.extend(answer);
        }
        // Nobody listening is no reason to stop a deployment.
        let _ = self
            .events
            .send(Event::Reply(json!({"method": method, "args": arguments})));
    }
}

/// One node in a reply.
///
/// `None` for an id that Astute lets nobody see: only numbers, `master` and the sync node (as `null`) pass.
pub(crate) fn node(id: &str, progress: usize) -> Option<Map<String, Value>> {
    let uid = match id {
        SYNC_NODE => Value::Null,
        MASTER => json!(MASTER),
        id if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => json!(id),
        _ => return None,
    };
    let mut node = Map::new();
    node.insert("uid".to_owned(), uid);
    node.insert("progress".to_owned(), json!(progress.min(100)));
    Some(node)
}

/// A task's status in a reply; one that could not run for another's failure is not reported.
pub(crate) fn task_status(status: TaskStatus) -> Option<&'static str> {
    match status {
        TaskStatus::Successful => Some("ready"),
        TaskStatus::Failed => Some("error"),
        TaskStatus::Skipped => Some("skipped"),
        TaskStatus::DependencyFailed | TaskStatus::NotReached => None,
    }
}

/// `summary` of a task, as Astute's agent gives it for Puppet's last run, or in Astute's own words where something else
/// than Puppet was at work.
pub(crate) fn summary(kind: &str, attempts: &[Attempt]) -> Value {
    if let Some(run) = attempts.iter().rev().find_map(|attempt| attempt.puppet.as_ref()) {
        return puppet_summary(run);
    }
    match (kind, attempts.last()) {
        ("reboot" | "erase_node" | "move_to_bootstrap", Some(last)) => {
            let text = last.error.as_deref().unwrap_or(&last.stdout);
            json!({ "task_summary": text })
        }
        _ => json!({}),
    }
}

fn puppet_summary(run: &PuppetRun) -> Value {
    let names = |resources: &[PuppetResource]| {
        let names: Vec<&str> = resources.iter().map(|resource| resource.name.as_str()).collect();
        names.join(",")
    };
    let mut summary = run.summary.clone();
    summary.insert("changed_resources".to_owned(), names(&run.changed_resources).into());
    summary.insert("failed_resources".to_owned(), names(&run.failed_resources).into());
    Value::Object(summary)
}
