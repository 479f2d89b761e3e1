//! A place for what a test makes, and a plugin to make it from.

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::create;

/// A directory that is gone with this.
pub(crate) struct Workplace {
    _keep: tempfile::TempDir,
    pub(crate) path: Utf8PathBuf,
}

pub(crate) fn workplace() -> Workplace {
    let keep = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
    Workplace { _keep: keep, path }
}

/// The plugin that `fpb --create` makes of this package version, called `trove`.
pub(crate) fn new_plugin(place: &Utf8Path, version: &str) -> Utf8PathBuf {
    let plugin = place.join("trove");
    create(&plugin, version).unwrap();
    plugin
}
