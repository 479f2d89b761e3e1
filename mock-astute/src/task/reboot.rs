//! `reboot`: the node is restarted.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::{Order, PrepareError, Site, Task, TaskFailure};
use crate::event::Attempt;
use crate::node::NodeError;

/// A restart.
struct Reboot {
    id: String,
    timeout: Duration,
}

/// Reads the parameters.
pub(super) fn prepare(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    Ok(Box::new(Reboot {
        id: order.id.to_owned(),
        timeout: order.parameters.seconds("timeout", order.profile.reboot_timeout)?,
    }))
}

#[async_trait]
impl Task for Reboot {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        let started = SystemTime::now();
        let result = match tokio::time::timeout(self.timeout, site.node.reboot(self.timeout)).await {
            // "becausereboot" is Astute's own spelling, and its users look for it.
            Err(_) | Ok(Err(NodeError::Timeout { .. })) => Err(TaskFailure::Failed(format!(
                "{} failed becausereboot timeout {} expired",
                self.id,
                self.timeout.as_secs()
            ))),
            Ok(Err(error)) => Err(TaskFailure::from(error)),
            Ok(Ok(())) => Ok(()),
        };
        site.attempts.push(Attempt {
            started,
            finished: SystemTime::now(),
            exit_code: None,
            stdout: result
                .as_ref()
                .map(|()| "the node was rebooted".to_owned())
                .unwrap_or_default(),
            stderr: String::new(),
            puppet: None,
            error: result.as_ref().err().map(ToString::to_string),
        });
        result
    }
}
