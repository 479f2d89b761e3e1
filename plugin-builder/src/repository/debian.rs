//! The index of a directory of Debian packages: `Packages.gz` and `Release`.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

use super::RepositoryError;
use super::control::{Fields, read_control};
use super::files::{PackageFile, UNIX, inside, packages};
use crate::tree::Tree;

/// The order of fields in an index; others follow after them, the description comes last.
const FIRST_FIELDS: &[&str] = &[
    "Package",
    "Package-Type",
    "Source",
    "Version",
    "Built-Using",
    "Architecture",
    "Build-Essential",
    "Essential",
    "Protected",
    "Origin",
    "Bugs",
    "Maintainer",
    "Installed-Size",
    "Provides",
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Conflicts",
    "Breaks",
    "Replaces",
    "Filename",
    "Size",
    "MD5sum",
    "SHA1",
    "SHA256",
    "Section",
    "Priority",
    "Multi-Arch",
    "Homepage",
];

/// Writes `Packages.gz`, which lists all versions of all `*.deb` below the repository, and a `Release` of
/// two lines, label and version. Says how many packages there are.
pub(crate) fn index_debian(
    tree: &mut Tree,
    repository: &str,
    label: &str,
    version: &str,
) -> Result<usize, RepositoryError> {
    let mut stanzas = Vec::new();
    for package in packages(tree, repository, "deb") {
        stanzas.push(stanza(&package)?);
    }
    stanzas.sort();
    // No file name and no time, so that equal packages give equal bytes.
    let mut writer = GzBuilder::new()
        .mtime(0)
        .operating_system(UNIX)
        .write(Vec::new(), Compression::best());
    for (_, _, text) in &stanzas {
        writer.write_all(text.as_bytes())?;
    }
    let index = writer.finish()?;
    tree.write(inside(repository, "Packages.gz"), index);
    let release = format!("Label: {label}\nVersion: {version}\n");
    tree.write(inside(repository, "Release"), release.into_bytes());
    Ok(stanzas.len())
}

/// Package, file, text.
fn stanza(package: &PackageFile<'_>) -> Result<(String, String, String), RepositoryError> {
    let path = package.disk;
    let control = read_control(path).map_err(|error| RepositoryError::package(path, error.to_string()))?;
    let mut fields: Fields = control
        .into_iter()
        .filter(|(name, _)| !["Filename", "Size", "MD5sum", "SHA1", "SHA256", "Status"].contains(&name.as_str()))
        .collect();
    let Some((_, name)) = fields.iter().find(|(name, _)| name == "Package") else {
        return Err(RepositoryError::package(path, "its control file names no package"));
    };
    let name = name.clone();
    let digests = package.digests;
    for (name, value) in [
        ("Filename", format!("./{}", package.location)),
        ("Size", package.size.to_string()),
        ("MD5sum", digests.md5.clone().unwrap_or_default()),
        ("SHA1", digests.sha1.clone()),
        ("SHA256", digests.sha256.clone()),
    ] {
        fields.push((name.to_owned(), value));
    }
    fields.sort_by_key(|(name, _)| rank(name));
    let mut text = String::new();
    for (name, value) in fields {
        let blank = if value.is_empty() || value.starts_with('\n') {
            ""
        } else {
            " "
        };
        text.push_str(&format!("{name}:{blank}{value}\n"));
    }
    text.push('\n');
    Ok((name, package.location.clone(), text))
}

fn rank(name: &str) -> usize {
    match FIRST_FIELDS.iter().position(|known| known.eq_ignore_ascii_case(name)) {
        Some(position) => position,
        None if name == "Description" => FIRST_FIELDS.len() + 1,
        None => FIRST_FIELDS.len(),
    }
}
