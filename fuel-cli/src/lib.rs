//! The `fuel` command and a typed client of the master's REST API.
//!
//! [`Client`] speaks to Nailgun as python-fuelclient does: `GET /api/v1/version` first, a Keystone login where that
//! asks for one, then JSON. [`run`] is the `fuel` command that a user of a master types.

mod client;
mod command;
mod configuration;
mod error;
mod model;
mod registration;
mod settings;
mod table;

pub use client::{Client, Credentials};
pub use command::run;
pub use error::ClientError;
pub use model::{Cluster, HistoryRecord, Notification, Plugin, PluginRelease, Release, Task};
pub use registration::{RegistrationError, register};
pub use settings::SettingsError;

#[cfg(test)]
mod test_master;
#[cfg(test)]
mod test_plugin;
