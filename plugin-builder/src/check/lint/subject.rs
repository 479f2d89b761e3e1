//! The plugin under check, as the topics see it.

use camino::Utf8Path;

use crate::check::files::{File, Files};
use crate::check::format::Format;
use crate::fuel::Core;
use crate::yaml::{Node, Span};

/// The plugin under check: its directory, its format and its files, read.
pub(crate) struct Subject<'a> {
    /// The plugin's directory, as it was given.
    pub(crate) directory: &'a Utf8Path,
    /// The package format.
    pub(crate) format: &'static Format,
    /// The Fuel versions that `releases` names.
    pub(crate) fuels: Vec<Fuel>,
    files: &'a Files<'a>,
}

/// An entry of a mapping: the key, its place and the value.
pub(crate) type Entry<'a> = (&'a str, Span, &'a Node);

/// A Fuel version that a plugin names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fuel {
    /// The second half of `mitaka-9.0`.
    pub(crate) version: String,
    /// The first number: 9.
    pub(crate) major: u32,
}

impl Fuel {
    /// The Fuel of a release's version: what follows the dash.
    pub(crate) fn of_release(version: &str) -> Option<Self> {
        let (_, fuel) = version.split_once('-')?;
        let major = fuel.split('.').next()?.parse().ok()?;
        Some(Self {
            version: fuel.to_owned(),
            major,
        })
    }

    /// What it ships, if that is known.
    pub(crate) fn core(&self) -> Option<&'static Core> {
        Core::of_fuel(&self.version)
    }
}

impl<'a> Subject<'a> {
    pub(crate) fn new(format: &'static Format, files: &'a Files<'a>) -> Self {
        let mut subject = Self {
            directory: files.directory(),
            format,
            fuels: Vec::new(),
            files,
        };
        for release in subject.releases() {
            let fuel = release.get("version").and_then(Node::as_str).and_then(Fuel::of_release);
            if let Some(fuel) = fuel.filter(|fuel| !subject.fuels.contains(fuel)) {
                subject.fuels.push(fuel);
            }
        }
        subject
    }

    /// The entries of `releases`.
    pub(crate) fn releases(&self) -> &'a [Node] {
        let releases = self.tree("metadata.yaml").and_then(|(_, tree)| tree.get("releases"));
        releases.and_then(Node::as_sequence).unwrap_or_default()
    }

    /// What the named Fuel versions ship, each once, as far as it is known.
    pub(crate) fn cores(&self) -> Vec<&'static Core> {
        let mut cores: Vec<&'static Core> = Vec::new();
        for core in self.fuels.iter().filter_map(Fuel::core) {
            if !cores.iter().any(|known| known.version == core.version) {
                cores.push(core);
            }
        }
        cores
    }

    /// The items of a file that is a list.
    pub(crate) fn items(&self, name: &str) -> Option<(&'a File, &'a [Node])> {
        let (file, tree) = self.tree(name)?;
        Some((file, tree.as_sequence()?))
    }

    /// The entries of a file that is a mapping with text keys: each with the key, its place and the value.
    pub(crate) fn entries(&self, name: &str) -> Option<(&'a File, Vec<Entry<'a>>)> {
        let (file, tree) = self.tree(name)?;
        let entries = tree.as_mapping()?.iter();
        Some((
            file,
            entries
                .filter_map(|(key, value)| Some((key.as_str()?, key.span, value)))
                .collect(),
        ))
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
