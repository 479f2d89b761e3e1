//! Checking a plugin.

use camino::Utf8Path;

use crate::finding::Report;

/// Checks a plugin's directory.
#[must_use]
pub fn check(directory: &Utf8Path) -> Report {
    let _ = directory;
    todo!()
}
