//! The `fuel` command.

mod arguments;
mod compatibility;
mod deployment_info;
mod deployments;
mod documents;
mod environments;
mod graphs;
mod hint;
mod local_plugins;
mod networks;
mod node_tasks;
mod nodes;
mod notifications;
mod output;
mod package_manager;
mod plugin_settings;
mod plugins;
mod releases;
mod roles;
mod session;
mod settings;
mod tasks;
mod words;

pub use session::run;
#[cfg(test)]
pub(crate) use session::run_with;

#[cfg(test)]
mod tests;
