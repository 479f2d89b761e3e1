//! What the orchestrator tells while it works.

use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Map, Value};

/// One event of a deployment, in the order in which they happen.
#[derive(Debug, Clone)]
pub enum Event {
    /// A reply in Astute's own shape, to be handed to Nailgun: `{"method": …, "args": {…}}`.
    Reply(Value),
    /// A task begins on a node (never sent for skipped ones).
    TaskStarted {
        /// Node id as in the message: a number, `master`.
        node_id: String,
        /// Task id.
        task: String,
        /// Task type.
        kind: String,
        /// When, by the rig's clock.
        at: SystemTime,
    },
    /// A task ended.
    TaskFinished(Box<TaskRecord>),
}

/// All that is known of one task on one node in one deployment.
#[derive(Debug, Clone, Serialize)]
pub struct TaskRecord {
    /// Node id as in the message.
    pub node_id: String,
    /// Task id.
    pub task: String,
    /// Task type as in the message: `puppet`, `shell`, `sync`, `upload_file`, …
    pub kind: String,
    /// How it ended.
    pub status: TaskStatus,
    /// When the first attempt began, by the rig's clock; `None` for a task that never ran.
    pub started: Option<SystemTime>,
    /// When the last attempt ended.
    pub finished: Option<SystemTime>,
    /// Each attempt, retries included; of a task that puts several files, at each of them.
    pub attempts: Vec<Attempt>,
    /// Why it failed, for people.
    pub error: Option<String>,
}

impl TaskRecord {
    /// How often it was tried: once, and again after each attempt that failed; never, if it did not run.
    #[must_use]
    pub fn tries(&self) -> usize {
        match self.attempts.split_last() {
            None => 0,
            Some((_, before)) => 1 + before.iter().filter(|attempt| attempt.error.is_some()).count(),
        }
    }
}

/// How a task ended, in Astute's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It ran and succeeded.
    Successful,
    /// It ran and failed.
    Failed,
    /// Nothing to do (`skipped`, `stage`, `noop`), or its failure does not count.
    Skipped,
    /// A task it depends on failed.
    DependencyFailed,
    /// The deployment stopped before its turn came.
    NotReached,
}

/// One try at a task.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// When it began.
    pub started: SystemTime,
    /// When it ended.
    pub finished: SystemTime,
    /// Exit code of the process, where one ran. Astute does not judge Puppet by it.
    pub exit_code: Option<i64>,
    /// Standard output, bounded.
    pub stdout: String,
    /// Standard error, bounded.
    pub stderr: String,
    /// What Puppet wrote to `last_run_summary.yaml` and `last_run_report.yaml`, where it ran.
    pub puppet: Option<PuppetRun>,
    /// Why this try failed.
    pub error: Option<String>,
}

/// A Puppet run by its own account.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PuppetRun {
    /// `resources.changed` of the summary.
    pub changed: u64,
    /// `resources.failed`; 1 where the summary or the field is missing.
    pub failed: u64,
    /// `resources.failed_to_restart`.
    pub failed_to_restart: u64,
    /// Resources that the report marks as changed.
    pub changed_resources: Vec<PuppetResource>,
    /// Resources that the report marks as failed.
    pub failed_resources: Vec<PuppetResource>,
    /// Lines of level `err` and above of the report's log.
    pub errors: Vec<String>,
    /// The rest of what Astute's agent answers when it is asked for the summary of the last run: counts, times, version,
    /// and the report where a task wants it. Goes to Nailgun's task history, and nowhere else.
    #[serde(skip)]
    pub summary: Map<String, Value>,
}

/// One resource of a Puppet catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PuppetResource {
    /// `File[/etc/trove/trove.conf]`.
    pub name: String,
    /// Manifest that declares it, where the report says.
    pub file: Option<String>,
    /// Line in that manifest.
    pub line: Option<u64>,
    /// When it was evaluated, RFC 3339, as the report has it.
    pub time: Option<String>,
    /// Messages of its events.
    pub events: Vec<String>,
    /// Path of the file it manages, for a `File`.
    pub path: Option<String>,
}
