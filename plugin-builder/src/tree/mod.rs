//! The tree that a package holds, before anything is written.
//!
//! Nothing is copied: an entry names the plugin's own file, or holds what the build made (indexes, checksums).

mod digest;
mod entry;
mod read;
mod resolve;

pub(crate) use digest::{Digests, hex, sha256_of};
pub(crate) use entry::{Content, Entry, Kind, Tree};
pub(crate) use read::read_plugin;
