//! The tree that is packed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use crate::build::BuildError;
use crate::repository::sha1_of_file;

/// One thing of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// From the tree's root; the root itself is empty.
    pub(crate) path: Utf8PathBuf,
    /// Where it lies.
    pub(crate) source: Utf8PathBuf,
    /// Permission bits.
    pub(crate) mode: u32,
    /// What it is.
    pub(crate) kind: EntryKind,
}

/// What a thing of the tree is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Directory,
    File { size: u64 },
    Link { target: String },
}

/// Copies what the original takes: everything on the top level whose name does not begin with a dot, and
/// all below. A symbolic link on the top level is followed, one below is kept. Says the time of the
/// newest file, in seconds since 1970.
pub(crate) fn copy_plugin(
    plugin: &Utf8Path,
    target: &Utf8Path,
    leave_out: &dyn Fn(&str) -> bool,
) -> Result<i64, BuildError> {
    let mut newest = 0;
    for entry in plugin.as_std_path().read_dir().map_err(|error| named(plugin, &error))? {
        let path = utf8(entry?.path())?;
        let name = path.file_name().unwrap_or_default();
        if name.starts_with('.') || leave_out(name) {
            continue;
        }
        copy_all(&path, &target.join(name), &mut newest)?;
    }
    Ok(newest)
}

fn copy_all(from: &Utf8Path, to: &Utf8Path, newest: &mut i64) -> Result<(), BuildError> {
    for entry in WalkDir::new(from).sort_by_file_name() {
        let entry = entry.map_err(std::io::Error::other)?;
        let top = entry.depth() == 0;
        let path = utf8(entry.into_path())?;
        let relative = path.strip_prefix(from).unwrap_or(&path);
        let target = if relative.as_str().is_empty() {
            to.to_owned()
        } else {
            to.join(relative)
        };
        let metadata = if top {
            fs_err::metadata(&path)?
        } else {
            fs_err::symlink_metadata(&path)?
        };
        if metadata.is_dir() {
            fs_err::create_dir_all(&target)?;
            // A directory that cannot be written to would stop the copy of its own content.
            fs_err::set_permissions(&target, writable(metadata.permissions()))?;
        } else if metadata.is_file() {
            fs_err::copy(&path, &target)?;
            *newest = (*newest).max(seconds(metadata.modified()?));
        } else if metadata.is_symlink() {
            fs_err::os::unix::fs::symlink(fs_err::read_link(&path)?, &target)?;
        } else {
            return Err(BuildError::Special(path));
        }
    }
    Ok(())
}

/// Writes `checksums.sha1`: the SHA-1 and the path of every file, sorted by path, but its own.
pub(crate) fn write_checksums(root: &Utf8Path) -> Result<(), BuildError> {
    const NAME: &str = "checksums.sha1";
    let mut lines = Vec::new();
    for entry in entries(root)? {
        // A link to a file counts as the file, a dangling one not at all.
        if entry.path == NAME || !entry.source.is_file() {
            continue;
        }
        lines.push((entry.path.to_string(), sha1_of_file(&entry.source)?));
    }
    lines.sort();
    let text: String = lines
        .iter()
        .map(|(path, checksum)| format!("{checksum} {path}\n"))
        .collect();
    fs_err::write(root.join(NAME), text)?;
    Ok(())
}

/// Gives every file the same time of modification.
pub(crate) fn set_times(root: &Utf8Path, time: i64) -> Result<(), BuildError> {
    let moment = moment(time);
    for entry in entries(root)? {
        if matches!(entry.kind, EntryKind::File { .. }) {
            let permissions = fs_err::metadata(&entry.source)?.permissions();
            fs_err::set_permissions(&entry.source, writable(permissions.clone()))?;
            fs_err::OpenOptions::new()
                .write(true)
                .open(&entry.source)?
                .set_modified(moment)?;
            fs_err::set_permissions(&entry.source, permissions)?;
        }
    }
    Ok(())
}

/// Everything in the tree, the root included, each directory before its content.
pub(crate) fn entries(root: &Utf8Path) -> Result<Vec<Entry>, BuildError> {
    let mut entries = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(std::io::Error::other)?;
        let source = utf8(entry.into_path())?;
        let path = source.strip_prefix(root).unwrap_or(&source).to_owned();
        let metadata = fs_err::symlink_metadata(&source)?;
        let kind = if metadata.is_dir() {
            EntryKind::Directory
        } else if metadata.is_symlink() {
            EntryKind::Link {
                target: utf8(fs_err::read_link(&source)?)?.into_string(),
            }
        } else {
            EntryKind::File { size: metadata.len() }
        };
        entries.push(Entry {
            path,
            source,
            mode: mode(&metadata),
            kind,
        });
    }
    Ok(entries)
}

fn utf8(path: std::path::PathBuf) -> Result<Utf8PathBuf, BuildError> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| BuildError::FileName(path.to_string_lossy().into_owned()))
}

fn named(path: &Utf8Path, error: &std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{path}: {error}"))
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}

fn moment(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(unix)]
fn writable(permissions: std::fs::Permissions) -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(permissions.mode() | 0o200)
}
