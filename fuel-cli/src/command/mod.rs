//! The `fuel` command.

mod arguments;
mod environments;
mod local_plugins;
mod nodes;
mod plugins;
mod releases;
mod session;

pub use session::run;
#[cfg(test)]
pub(crate) use session::run_with;

#[cfg(test)]
mod tests;
