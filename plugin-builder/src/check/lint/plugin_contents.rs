//! The files of a plugin that are no YAML of the format: scripts, packages, images.

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::{DirEntry, WalkDir};

/// What a file is, as far as the constraints on plugins care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `.py` and the like, or a script that Python runs.
    Python,
    /// `.deb`, `.rpm`
    Package,
    /// A part of a bootstrap image.
    BootImage,
    /// A script or manifest.
    Script,
}

/// A file of the plugin.
pub(super) struct Content {
    /// Its path, below the directory as it was given.
    pub(super) path: Utf8PathBuf,
    pub(super) kind: Kind,
    /// Its text, if it is a script.
    pub(super) text: String,
}

/// A longer file is no script.
const MAXIMUM_SIZE: u64 = 256 * 1024;
/// What is left by tools and does not go into a package.
const LEFT_OUT: &[&str] = &[".git", ".build", ".tox", "__pycache__"];
/// Scripts and manifests by extension.
const SCRIPTS: &[&str] = &["sh", "bash", "pp", "rb"];
const BOOT_IMAGES: &[&str] = &["initramfs.img", "root.squashfs", "vmlinuz", "bootstrap.iso"];

/// The files of a plugin that a constraint may be about, in the order of their names.
pub(super) fn of(directory: &Utf8Path) -> impl Iterator<Item = Content> {
    WalkDir::new(directory)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !entry.file_name().to_str().is_some_and(|name| LEFT_OUT.contains(&name)))
        .filter_map(|entry| content(&entry.ok()?))
}

fn content(entry: &DirEntry) -> Option<Content> {
    if !entry.file_type().is_file() {
        return None;
    }
    let path = Utf8PathBuf::from_path_buf(entry.path().to_owned()).ok()?;
    let name = path.file_name()?;
    let (kind, text) = match path.extension() {
        Some("py" | "pyc" | "pyo") => (Kind::Python, String::new()),
        Some("deb" | "rpm") => (Kind::Package, String::new()),
        _ if BOOT_IMAGES.contains(&name) => (Kind::BootImage, String::new()),
        Some(extension) if SCRIPTS.contains(&extension) => (Kind::Script, text(entry, &path)?),
        None if is_executable(entry) => (Kind::Script, text(entry, &path)?),
        _ => return None,
    };
    let is_python = text
        .lines()
        .next()
        .is_some_and(|line| line.starts_with("#!") && line.contains("python"));
    Some(Content {
        kind: if is_python { Kind::Python } else { kind },
        path,
        text,
    })
}

fn text(entry: &DirEntry, path: &Utf8Path) -> Option<String> {
    (entry.metadata().ok()?.len() <= MAXIMUM_SIZE).then_some(())?;
    Some(String::from_utf8_lossy(&fs_err::read(path).ok()?).into_owned())
}

#[cfg(unix)]
fn is_executable(entry: &DirEntry) -> bool {
    use std::os::unix::fs::PermissionsExt;
    entry
        .metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &DirEntry) -> bool {
    true
}
