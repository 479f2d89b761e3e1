//! Nodes on which everything ends at once when the orchestrator is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mock_astute::{Command, FileUpload, Node, NodeError, Output};
use uuid::Uuid;

use crate::engine::{EngineError, TargetNode};
use crate::trial::Cut;

/// Environment variable of every command of a deployment that is to be cut off.
const MARK: &str = "FUELRIG_TRIAL";

/// A node of a deployment that is to be cut off.
pub(super) struct Interruptible {
    node: Arc<TargetNode>,
    mark: String,
    lost: AtomicBool,
}

impl Interruptible {
    /// The node, as yet undisturbed.
    pub(super) fn new(node: Arc<TargetNode>) -> Self {
        Self {
            node,
            mark: Uuid::new_v4().simple().to_string(),
            lost: AtomicBool::new(false),
        }
    }

    /// What every command on it has in its environment, as `NAME=value`.
    pub(super) fn mark(&self) -> String {
        format!("{MARK}={}", self.mark)
    }

    /// Cuts off what runs on it; from now on it answers nothing.
    pub(super) async fn cut(&self, cut: Cut) -> Result<(), EngineError> {
        // First of all, so that no command is begun between a death and its being noticed.
        self.lost.store(true, Ordering::SeqCst);
        match cut {
            Cut::Power => self.node.power_off().await,
            Cut::Killed => self.node.kill_commands((MARK, &self.mark)).await,
        }
    }

    /// What came back, unless there is nobody any more to hear of it.
    fn heard<T>(&self, result: Result<T, NodeError>) -> Result<T, NodeError> {
        if self.lost.load(Ordering::SeqCst) {
            return Err(NodeError::Gone {
                node: self.node.name().to_owned(),
                reason: "the deployment was cut off here, as the trial wants".to_owned(),
            });
        }
        result
    }
}

#[async_trait]
impl Node for Interruptible {
    async fn run(&self, mut command: Command) -> Result<Output, NodeError> {
        self.heard(Ok(()))?;
        command.environment.push((MARK.to_owned(), self.mark.clone()));
        let ended = self.node.run(command).await;
        self.heard(ended)
    }

    async fn write_file(&self, file: FileUpload) -> Result<(), NodeError> {
        self.heard(Ok(()))?;
        let written = self.node.write_file(file).await;
        self.heard(written)
    }

    async fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, NodeError> {
        self.heard(Ok(()))?;
        let read = self.node.read_file(path).await;
        self.heard(read)
    }

    async fn remove_file(&self, path: &str) -> Result<(), NodeError> {
        self.heard(Ok(()))?;
        let removed = self.node.remove_file(path).await;
        self.heard(removed)
    }

    async fn reboot(&self, timeout: Duration) -> Result<(), NodeError> {
        self.heard(Ok(()))?;
        let up = self.node.reboot(timeout).await;
        self.heard(up)
    }

    async fn is_online(&self) -> bool {
        self.heard(Ok(())).is_ok() && self.node.is_online().await
    }
}
