//! The types of tasks: one table, one file for each type.

mod copy_files;
mod parameters;
mod provisioning;
mod puppet;
mod reboot;
mod shell;
mod sync;
mod upload;
mod upload_file;
mod upload_files;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::event::Attempt;
use crate::message::TaskMessage;
use crate::node::{Node, NodeError};
use crate::profile::Profile;
pub(crate) use parameters::Parameters;
pub(crate) use upload::write;

/// How many attempts of a task are kept: its first and its latest ones.
const KEPT_ATTEMPTS: usize = 20;

/// Why a task cannot be made from its message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PrepareError {
    /// It lacks something: the task fails.
    #[error("{0}")]
    Invalid(String),
    /// Astute does not survive it: the whole message ends.
    #[error("{0}")]
    Fatal(String),
}

/// Why a task did not do its work.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TaskFailure {
    /// It tried.
    #[error("{0}")]
    Failed(String),
    /// Its node, or one that it needs, is not there any more.
    #[error("{0}")]
    Gone(NodeError),
}

impl From<NodeError> for TaskFailure {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Gone { .. } => Self::Gone(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Where a task runs.
#[derive(Clone)]
pub(crate) struct Site {
    /// Its own node.
    pub(crate) node: Arc<dyn Node>,
    /// All nodes, for tasks that reach further than their own.
    pub(crate) nodes: Arc<BTreeMap<String, Arc<dyn Node>>>,
    /// The version's habits.
    pub(crate) profile: Arc<Profile>,
    /// What was tried, kept outside the task so that it survives the task's being cut off.
    pub(crate) attempts: Attempts,
}

/// The attempts of one task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts(Arc<Mutex<Vec<Attempt>>>);

impl Attempts {
    /// Notes an attempt; of very many only the first and the latest are kept.
    pub(crate) fn push(&self, attempt: Attempt) {
        let mut attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= KEPT_ATTEMPTS {
            attempts.remove(1);
        }
        attempts.push(attempt);
    }

    /// The latest one.
    pub(crate) fn last(&self) -> Option<Attempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// Takes them out.
    pub(crate) fn take(&self) -> Vec<Attempt> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A task that is ready to run.
#[async_trait]
pub(crate) trait Task: Send + Sync {
    /// Runs it to its end, retries included.
    async fn run(&self, site: &Site) -> Result<(), TaskFailure>;
}

/// What a message's task turns out to be.
pub(crate) enum Prepared {
    /// There is nothing to do.
    Nothing,
    /// Something to run.
    Run(Box<dyn Task>),
}

/// What a task is made from.
struct Order<'message> {
    id: &'message str,
    parameters: Parameters<'message>,
    profile: &'message Profile,
    noop: bool,
}

type Prepare = fn(&Order<'_>) -> Result<Box<dyn Task>, PrepareError>;

/// One type of task.
struct TaskType {
    name: &'static str,
    /// Whether it is skipped in a noop run.
    skipped_in_noop: bool,
    /// `None` where there is never anything to do.
    prepare: Option<Prepare>,
}

/// The types that Astute knows. What needs Cobbler or erases disks is recorded and does nothing: the rig has neither.
const TYPES: &[TaskType] = &[
    does("puppet", false, puppet::prepare),
    does("shell", false, shell::prepare),
    does("master_shell", false, shell::prepare),
    does("sync", true, sync::prepare),
    does("upload_file", true, upload_file::prepare),
    does("upload_files", true, upload_files::prepare),
    does("copy_files", true, copy_files::prepare),
    does("reboot", true, reboot::prepare),
    does("cobbler_sync", true, provisioning::cobbler_sync),
    does("move_to_bootstrap", true, provisioning::move_to_bootstrap),
    does("erase_node", true, provisioning::erase_node),
    rests("stage"),
    rests("skipped"),
    rests("noop"),
];

const fn does(name: &'static str, skipped_in_noop: bool, prepare: Prepare) -> TaskType {
    TaskType {
        name,
        skipped_in_noop,
        prepare: Some(prepare),
    }
}

const fn rests(name: &'static str) -> TaskType {
    TaskType {
        name,
        skipped_in_noop: true,
        prepare: None,
    }
}

/// Makes a task from its message.
pub(crate) fn prepare(message: &TaskMessage, profile: &Profile, noop: bool) -> Result<Prepared, PrepareError> {
    let Some(kind) = TYPES.iter().find(|kind| kind.name == message.kind) else {
        let known: Vec<&str> = TYPES.iter().map(|kind| kind.name).collect();
        return Err(PrepareError::Fatal(format!(
            "Unknown task type '{}'. Detailed: task '{}'; known types: {}",
            message.kind,
            message.id,
            known.join(", ")
        )));
    };
    let Some(prepare) = kind.prepare.filter(|_| !(noop && kind.skipped_in_noop)) else {
        return Ok(Prepared::Nothing);
    };
    prepare(&Order {
        id: &message.id,
        parameters: Parameters(&message.parameters),
        profile,
        noop,
    })
    .map(Prepared::Run)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn prepared(kind: &str, parameters: Value, noop: bool) -> Result<Prepared, PrepareError> {
        let message = TaskMessage {
            id: "task".into(),
            kind: kind.into(),
            parameters: parameters.as_object().unwrap().clone(),
            fail_on_error: true,
            requires: Vec::new(),
            required_for: Vec::new(),
        };
        prepare(&message, &Profile::fuel_9_2(), noop)
    }

    #[rstest]
    #[case::puppet("puppet", json!({}), "puppet_manifest")]
    #[case::shell("shell", json!({"cmd": ""}), "cmd")]
    #[case::sync_without_source("sync", json!({"dst": "/x"}), "src")]
    #[case::upload_without_data("upload_file", json!({"path": "/x"}), "data")]
    #[case::cobbler_without_engine("cobbler_sync", json!({"provisioning_info": {}}), "provisioning_info.engine")]
    #[case::bootstrap_without_info("move_to_bootstrap", json!({}), "provisioning_info")]
    #[case::upload_of_nothing("upload_file", json!({"path": "/x", "data": ""}), "data")]
    #[case::upload_with_bad_permissions("upload_file", json!({"path": "/x", "data": "x", "permissions": "rw"}), "permissions")]
    fn a_missing_parameter_fails_the_task_and_is_named(
        #[case] kind: &str,
        #[case] parameters: Value,
        #[case] named: &str,
    ) {
        match prepared(kind, parameters, false) {
            Err(PrepareError::Invalid(text)) => assert!(text.contains(named), "{text}"),
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("{kind} was accepted"),
        }
    }

    #[rstest]
    #[case("frobnicate", json!({}))]
    #[case("group", json!({}))]
    #[case("copy_files", json!({}))]
    #[case("upload_files", json!({}))]
    fn what_astute_does_not_survive_is_fatal(#[case] kind: &str, #[case] parameters: Value) {
        assert!(matches!(prepared(kind, parameters, false), Err(PrepareError::Fatal(_))));
    }

    #[rstest]
    #[case("sync", json!({"src": "a", "dst": "b"}), true)]
    #[case("reboot", json!({}), true)]
    #[case("upload_file", json!({"path": "/x", "data": "x"}), true)]
    #[case("shell", json!({"cmd": "true"}), false)]
    #[case("puppet", json!({"puppet_manifest": "site.pp"}), false)]
    fn a_noop_run_skips_what_puppet_cannot_simulate(
        #[case] kind: &str,
        #[case] parameters: Value,
        #[case] skipped: bool,
    ) {
        let nothing = matches!(prepared(kind, parameters, true), Ok(Prepared::Nothing));
        assert_eq!(nothing, skipped);
    }
}
