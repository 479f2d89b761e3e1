//! How Fuel 6.1 to 8.0 deploys: hooks before and after, and for each node and role a list of tasks.

mod granular;
mod order;
mod plan;
mod plugin_tasks;
mod stages;

pub(crate) use granular::add_tasks;
pub(crate) use plan::Plan;
pub(crate) use stages::{Stage, hooks};
