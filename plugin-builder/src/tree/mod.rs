//! The tree that a package holds, before anything is written.
//!
//! Nothing is copied: an entry names the plugin's own file, or holds what the build made (indexes, checksums).

mod digest;
mod entry;
mod link;
mod read;
mod resolve;

pub(crate) use digest::{Digests, hex, sha256_of};
pub(crate) use entry::{Content, Entry, Kind, Tree};
pub(crate) use link::link_stays_inside;
pub(crate) use read::read_plugin;
