//! What a machine looks like, taken in one look: files, packages, services, users, sockets, processes and the rest of
//! what a deployment may change, and what the scenario's observers say.
//!
//! A node needs nothing but its own tools. The first [`capture`] walks everything; a later one lists only what moved
//! since (by ctime) and the directories that changed, and the rest is taken over from the capture before.
//!
//! What is known of a file's content:
//! * every file that moved after the first capture: its SHA-256 (up to 64 MiB), and its text where it is small;
//! * at the first capture the files under `/etc`, `/opt`, `/root`, `/home`, `/srv`, `/usr/local`, `/var/lib` and
//!   `/var/spool`;
//! * of other files that never moved: nothing. When such a file moves for the first time, its size tells; with the same
//!   size nobody can say, and the verdict says just that.

mod attributes;
mod changed;
mod contents;
mod error;
mod files;
mod frame;
mod processes;
mod scope;
mod state;
mod system;
mod take;

#[cfg(test)]
mod local_node;
#[cfg(test)]
mod tests;

pub(crate) use changed::Presence;
pub use changed::{ChangedDirectories, ChangedDirectory};
pub use error::CaptureError;
pub use scope::{Observer, Scope};
pub use state::{ClockReading, Digest, FileKind, FileState, Observation, Package, Process, Service, Socket, State};
pub(crate) use state::{TICK_NS, nanoseconds};
pub use take::{capture, glance, glance_since};
