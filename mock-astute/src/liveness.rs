//! Whether a node is there: before a deployment, and while a task runs on it.

use std::sync::Arc;
use std::time::Duration;

use crate::node::{Node, NodeError};
use crate::task::{Site, Task, TaskFailure};

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How often a node is asked while a task runs on it.
const INTERVAL: Duration = Duration::from_secs(3);
/// After how many silent answers in a row it counts as gone.
const SILENT_ANSWERS: u32 = 2;

/// Asks a node up to `tries` times, a second apart, as Astute asks MCollective.
pub(crate) async fn answers(node: Arc<dyn Node>, tries: u32) -> bool {
    for attempt in 0..tries.max(1) {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        if is_online(node.as_ref()).await {
            return true;
        }
    }
    false
}

/// Runs `work` as long as its node answers, so that a dead node does not cost the task's whole timeout.
async fn while_online(
    node: Arc<dyn Node>,
    name: &str,
    work: impl Future<Output = Result<(), TaskFailure>>,
) -> Result<(), TaskFailure> {
    tokio::select! {
        biased;
        result = work => result,
        () = silence(node) => Err(TaskFailure::Gone(NodeError::Gone {
            node: format!("node {name}"),
            reason: "it does not answer any more".to_owned(),
        })),
    }
}

/// Runs a task of type `kind` on its node, as long as the node answers; one that restarts need not.
pub(crate) async fn supervised(kind: &str, name: &str, task: &dyn Task, site: &Site) -> Result<(), TaskFailure> {
    if kind == "reboot" {
        task.run(site).await
    } else {
        while_online(site.node.clone(), name, task.run(site)).await
    }
}

async fn silence(node: Arc<dyn Node>) {
    let mut silent = 0;
    while silent < SILENT_ANSWERS {
        tokio::time::sleep(INTERVAL).await;
        silent = if is_online(node.as_ref()).await { 0 } else { silent + 1 };
    }
}

async fn is_online(node: &dyn Node) -> bool {
    tokio::time::timeout(ANSWER, node.is_online()).await.unwrap_or(false)
}
