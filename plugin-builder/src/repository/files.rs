//! The packages of a repository.

use camino::Utf8Path;

use crate::tree::{Content, Digests, Kind, Tree};

/// The system that an index says it was compressed on, whatever it was: as `gzip` on Linux has it.
pub(super) const UNIX: u8 = 3;

/// A package's file.
pub(crate) struct PackageFile<'a> {
    /// From the repository's directory.
    pub(crate) location: String,
    /// Where it lies on disk.
    pub(crate) disk: &'a Utf8Path,
    pub(crate) size: u64,
    pub(crate) digests: &'a Digests,
}

/// All files with this ending below a repository, links to such files included.
pub(crate) fn packages<'a>(tree: &'a Tree, repository: &str, ending: &str) -> Vec<PackageFile<'a>> {
    let mut found = Vec::new();
    for (location, entry) in tree.below(repository) {
        if Utf8Path::new(location).extension() != Some(ending) {
            continue;
        }
        let file = match &entry.kind {
            Kind::Link { .. } => tree.resolve(&inside(repository, location)).and_then(|(_, entry)| entry),
            _ => Some(entry),
        };
        if let Some(Kind::File {
            content: Content::Disk { path, size },
            digests: Some(digests),
        }) = file.map(|file| &file.kind)
        {
            found.push(PackageFile {
                location: location.to_owned(),
                disk: path,
                size: *size,
                digests,
            });
        }
    }
    found
}

/// The path of something in a directory of the tree, whose root is the empty path.
pub(crate) fn inside(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}
