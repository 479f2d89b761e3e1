//! Snapshots of what Nailgun merged: the attributes and the task list of each node, in insta's file format.

mod file;
mod redact;

pub use file::{SnapshotError, compare};
pub(crate) use redact::is_secret;
pub use redact::{Network, document};
