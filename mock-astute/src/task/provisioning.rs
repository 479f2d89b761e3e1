//! `cobbler_sync`, `move_to_bootstrap` and `erase_node`: what they change is not there, so they are only recorded.

use std::time::SystemTime;

use async_trait::async_trait;

use super::{Order, PrepareError, Site, Task, TaskFailure};
use crate::event::Attempt;

/// A task about Cobbler or disks.
struct Provisioning {
    id: String,
}

/// A `cobbler_sync` names the Cobbler that it speaks to.
pub(super) fn cobbler_sync(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    demand_provisioning_info(order, "engine")
}

/// A `move_to_bootstrap` takes the node's whole account of how it was provisioned.
pub(super) fn move_to_bootstrap(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    demand_provisioning_info(order, "")
}

/// An `erase_node` needs nothing, and always succeeds.
pub(super) fn erase_node(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    Ok(Box::new(Provisioning {
        id: order.id.to_owned(),
    }))
}

fn demand_provisioning_info(order: &Order<'_>, key: &str) -> Result<Box<dyn Task>, PrepareError> {
    let info = order.parameters.get("provisioning_info");
    let (given, name) = match key {
        "" => (info, "provisioning_info".to_owned()),
        key => (
            info.and_then(|info| info.get(key)).filter(|value| !value.is_null()),
            format!("provisioning_info.{key}"),
        ),
    };
    match given {
        Some(_) => erase_node(order),
        None => Err(PrepareError::Invalid(format!(
            "Task validation error: parameters.{name} is missing or empty"
        ))),
    }
}

#[async_trait]
impl Task for Provisioning {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        let now = SystemTime::now();
        site.attempts.push(Attempt {
            started: now,
            finished: now,
            exit_code: None,
            stdout: format!("{}: the node is ready-made, there is nothing to provision", self.id),
            stderr: String::new(),
            puppet: None,
            error: None,
        });
        Ok(())
    }
}
