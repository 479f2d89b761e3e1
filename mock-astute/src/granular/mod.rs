//! The engine of Fuel 6.1 to 8.0: hooks before, roles in the order of their priority, hooks after.

mod astute_yaml;
mod deployment;
mod hook;
mod ledger;
mod message;
mod raw_shell;
mod standing;

pub(crate) use deployment::{execute_tasks, granular_deploy};
