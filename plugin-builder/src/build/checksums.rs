//! `checksums.sha1`: the SHA-1 and the path of every file but itself, sorted by path.

use camino::Utf8Path;

use crate::build::BuildError;
use crate::tree::{Entry, Kind, Tree, link_stays_inside};

/// Its name, at the top of the plugin.
pub(super) const CHECKSUMS: &str = "checksums.sha1";

/// Writes it. A link to a file counts as that file, a link to a directory not at all.
pub(super) fn write(tree: &mut Tree) -> Result<(), BuildError> {
    tree.remove(CHECKSUMS);
    let mut text = String::new();
    for (path, entry) in tree.iter() {
        let sha1 = match &entry.kind {
            Kind::Directory => continue,
            Kind::File { digests, .. } => digests.as_ref().map(|digests| digests.sha1.clone()),
            Kind::Link { target } => linked(tree, path, target)?,
        };
        if let Some(sha1) = sha1 {
            text.push_str(&format!("{sha1} {path}\n"));
        }
    }
    tree.write(CHECKSUMS.to_owned(), text.into_bytes());
    Ok(())
}

/// The checksum of the file that a link leads to.
fn linked(tree: &Tree, path: &str, target: &str) -> Result<Option<String>, BuildError> {
    let (path, target) = (path.to_owned(), target.to_owned());
    if !link_stays_inside(Utf8Path::new(&path), Utf8Path::new(&target)) {
        return Err(BuildError::LinkOut { path, target });
    }
    match tree.resolve(&path) {
        Some((_, Some(Entry { kind, .. }))) => Ok(match kind {
            Kind::File { digests, .. } => digests.as_ref().map(|digests| digests.sha1.clone()),
            _ => None,
        }),
        // The top itself.
        Some((place, None)) if place.is_empty() => Ok(None),
        _ => Err(BuildError::DanglingLink { path, target }),
    }
}
