//! Entries of the tree, by their paths.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::ops::Bound;

use camino::Utf8PathBuf;

use super::digest::Digests;

/// Paths from the tree's root, without a leading `/`, to what is there. The root itself is not among them.
/// They are in the order of their bytes, in which RPM and the checksums have them too.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tree {
    entries: BTreeMap<String, Entry>,
}

/// One thing of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Permission bits.
    pub(crate) mode: u32,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a thing of the tree is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Directory,
    Link {
        target: String,
    },
    File {
        content: Content,
        /// Its checksums, once they are known.
        digests: Option<Digests>,
    },
}

/// A file's bytes, or where they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// A file of the plugin.
    Disk { path: Utf8PathBuf, size: u64 },
    /// Made by the build.
    Made(Vec<u8>),
}

impl Content {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Disk { size, .. } => *size,
            Self::Made(bytes) => bytes.len() as u64,
        }
    }

    /// Opens it for reading.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Disk { path, .. } => Box::new(fs_err::File::open(path)?),
            Self::Made(bytes) => Box::new(Cursor::new(bytes)),
        })
    }

    /// What to say when it is not as it was when the tree was read.
    pub(crate) fn changed(&self) -> io::Error {
        let path = match self {
            Self::Disk { path, .. } => path.as_str(),
            Self::Made(_) => "a file of the build",
        };
        io::Error::other(format!("{path}: changed while the package was built; build it again"))
    }

    /// The first bytes, at most `length`.
    pub(crate) fn start(&self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Entry {
    /// The content, if it is a file.
    pub(crate) fn content(&self) -> Option<&Content> {
        match &self.kind {
            Kind::File { content, .. } => Some(content),
            _ => None,
        }
    }
}

/// A directory that the build makes.
const DIRECTORY_MODE: u32 = 0o755;
/// A file that the build makes.
const FILE_MODE: u32 = 0o644;

impl Tree {
    pub(crate) fn insert(&mut self, path: String, entry: Entry) {
        self.entries.insert(path, entry);
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Everything, each directory before its content.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.values_mut()
    }

    /// Everything below a directory, with the path from there; the root is the empty path.
    pub(crate) fn below(&self, directory: &str) -> impl Iterator<Item = (&str, &Entry)> {
        let prefix = prefix(directory);
        self.entries
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .map_while(move |(path, entry)| path.strip_prefix(&prefix).map(|rest| (rest, entry)))
    }

    /// A file that the build makes; one that is there already is replaced.
    pub(crate) fn write(&mut self, path: String, bytes: Vec<u8>) {
        let digests = Some(Digests::of(&bytes));
        let kind = Kind::File {
            content: Content::Made(bytes),
            digests,
        };
        self.insert(path, Entry { mode: FILE_MODE, kind });
    }

    /// A directory, unless there is something already.
    pub(crate) fn make_directory(&mut self, path: String) -> &Entry {
        self.entries.entry(path).or_insert(Entry {
            mode: DIRECTORY_MODE,
            kind: Kind::Directory,
        })
    }

    /// Gives something another path; what was there is replaced.
    pub(crate) fn rename(&mut self, from: &str, to: String) {
        if let Some(entry) = self.entries.remove(from) {
            self.entries.insert(to, entry);
        }
    }

    /// Removes a thing and all below it.
    pub(crate) fn remove(&mut self, path: &str) {
        let below = prefix(path);
        self.entries
            .retain(|other, _| other != path && !other.starts_with(&below));
    }

    /// The sum of all files' sizes.
    pub(crate) fn size(&self) -> u64 {
        self.entries
            .values()
            .filter_map(Entry::content)
            .map(Content::size)
            .sum()
    }
}

fn prefix(directory: &str) -> String {
    if directory.is_empty() {
        String::new()
    } else {
        format!("{directory}/")
    }
}
