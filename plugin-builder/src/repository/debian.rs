//! The index of a directory of Debian packages: `Packages.gz` and `Release`.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

use super::RepositoryError;
use super::control::{Fields, read_control};
use super::files::{PackageFile, UNIX, inside, packages};
use crate::tree::Tree;

/// The order of fields in an index, as `dpkg-scanpackages` has it; others follow as they come.
const FIELDS: &[&str] = &[
    "Package",
    "Package-Type",
    "Source",
    "Version",
    "Kernel-Version",
    "Built-For-Profiles",
    "Auto-Built-Package",
    "Architecture",
    "Subarchitecture",
    "Installer-Menu-Item",
    "Build-Essential",
    "Essential",
    "Protected",
    "Origin",
    "Bugs",
    "Maintainer",
    "Installed-Size",
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Conflicts",
    "Breaks",
    "Replaces",
    "Provides",
    "Built-Using",
    "Static-Built-Using",
    "Filename",
    "Size",
    "MD5sum",
    "SHA1",
    "SHA256",
    "Section",
    "Priority",
    "Multi-Arch",
    "Homepage",
    "Description",
    "Tag",
    "Task",
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
    for (_, text) in &stanzas {
        writer.write_all(text.as_bytes())?;
    }
    let index = writer.finish()?;
    tree.write(inside(repository, "Packages.gz"), index);
    let release = format!("Label: {label}\nVersion: {version}\n");
    tree.write(inside(repository, "Release"), release.into_bytes());
    Ok(stanzas.len())
}

/// A package's place among the others, which is by name and version as texts, and its text.
fn stanza(package: &PackageFile<'_>) -> Result<([String; 3], String), RepositoryError> {
    let path = package.disk;
    let control = read_control(path).map_err(|error| RepositoryError::package(path, error.to_string()))?;
    let mut fields: Fields = control
        .into_iter()
        .filter(|(name, _)| !["Filename", "Size", "MD5sum", "SHA1", "SHA256", "Status"].contains(&name.as_str()))
        .collect();
    let Some((_, name)) = fields.iter().find(|(name, _)| name == "Package") else {
        return Err(RepositoryError::package(path, "its control file names no package"));
    };
    let version = fields.iter().find(|(name, _)| name == "Version");
    let version = version.map(|(_, version)| version.clone()).unwrap_or_default();
    let place = [name.clone(), version, package.location.clone()];
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
    Ok((place, text))
}

fn rank(name: &str) -> usize {
    let position = FIELDS.iter().position(|known| known.eq_ignore_ascii_case(name));
    position.unwrap_or(FIELDS.len())
}
