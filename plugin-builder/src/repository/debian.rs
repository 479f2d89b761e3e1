//! The index of a directory of Debian packages: `Packages.gz` and `Release`.

use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use flate2::{Compression, GzBuilder};
use walkdir::WalkDir;

use super::RepositoryError;
use super::control::{Fields, read_control};
use super::digest::digests_of_file;

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
pub(crate) fn index_debian(repository: &Utf8Path, label: &str, version: &str) -> Result<usize, RepositoryError> {
    let mut stanzas = Vec::new();
    for path in packages(repository)? {
        let relative = path.strip_prefix(repository).unwrap_or(&path);
        stanzas.push(stanza(&path, relative)?);
    }
    stanzas.sort();
    // No file name and no time, so that equal packages give equal bytes.
    let file = fs_err::File::create(repository.join("Packages.gz"))?;
    let mut writer = GzBuilder::new().mtime(0).write(file, Compression::best());
    for (_, _, text) in &stanzas {
        writer.write_all(text.as_bytes())?;
    }
    writer.finish()?.flush()?;
    fs_err::write(
        repository.join("Release"),
        format!("Label: {label}\nVersion: {version}\n"),
    )?;
    Ok(stanzas.len())
}

fn packages(repository: &Utf8Path) -> Result<Vec<Utf8PathBuf>, RepositoryError> {
    let mut found = Vec::new();
    for entry in WalkDir::new(repository).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(std::io::Error::other)?;
        let Ok(path) = Utf8PathBuf::from_path_buf(entry.into_path()) else {
            continue;
        };
        if path.extension() == Some("deb") && path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

/// Package, file, text.
fn stanza(path: &Utf8Path, relative: &Utf8Path) -> Result<(String, String, String), RepositoryError> {
    let control = read_control(path).map_err(|error| RepositoryError::package(path, error.to_string()))?;
    let digests = digests_of_file(path)?;
    let mut fields: Fields = control
        .into_iter()
        .filter(|(name, _)| !["Filename", "Size", "MD5sum", "SHA1", "SHA256", "Status"].contains(&name.as_str()))
        .collect();
    let Some((_, package)) = fields.iter().find(|(name, _)| name == "Package") else {
        return Err(RepositoryError::package(path, "its control file names no package"));
    };
    let package = package.clone();
    for (name, value) in [
        ("Filename", format!("./{relative}")),
        ("Size", digests.size.to_string()),
        ("MD5sum", digests.md5),
        ("SHA1", digests.sha1),
        ("SHA256", digests.sha256),
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
    Ok((package, relative.to_string(), text))
}

fn rank(name: &str) -> usize {
    match FIRST_FIELDS.iter().position(|known| known.eq_ignore_ascii_case(name)) {
        Some(position) => position,
        None if name == "Description" => FIRST_FIELDS.len() + 1,
        None => FIRST_FIELDS.len(),
    }
}
