//! The plugin under check, as the topics see it.

use camino::Utf8Path;

use crate::check::files::{File, Files};
use crate::check::format::Format;
use crate::yaml::Node;

/// The plugin under check: its directory, its format and its files, read.
pub(crate) struct Subject<'a> {
    /// The plugin's directory, as it was given.
    pub(crate) directory: &'a Utf8Path,
    /// The package format.
    pub(crate) format: &'static Format,
    files: &'a Files<'a>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(format: &'static Format, files: &'a Files<'a>) -> Self {
        Self {
            directory: files.directory(),
            format,
            files,
        }
    }

    /// A file that the format knows and that is there, with its tree, if it is YAML.
    pub(crate) fn tree(&self, name: &str) -> Option<(&'a File, &'a Node)> {
        let file = self.files.known(name)?;
        Some((file, file.tree.as_ref().ok()?))
    }

    /// All files that the format knows and that are YAML, by name.
    pub(crate) fn trees(&self) -> impl Iterator<Item = (&'a File, &'a Node)> {
        self.files
            .all()
            .into_iter()
            .filter_map(|file| Some((file, file.tree.as_ref().ok()?)))
    }
}
