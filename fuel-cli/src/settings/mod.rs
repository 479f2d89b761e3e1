//! The settings of a plugin in an environment: from what Nailgun shows of them to what it must be sent.

mod change;
mod error;
mod value;

pub(crate) use change::{Change, compare, enabled_plugins};
pub use error::SettingsError;
