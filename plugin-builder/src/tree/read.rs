//! From a plugin's directory to its tree.

use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use super::entry::{Content, Entry, Kind, Tree};
use crate::build::BuildError;

/// With the directory on the master before it, a path must stay below Linux' 4096 bytes.
const LONGEST_PATH: usize = 3900;

/// Reads what the original takes: everything on the top level whose name does not begin with a dot, and all below. A
/// symbolic link on the top level is followed, one below is kept. Says the time of the newest file, too, in seconds
/// since 1970.
pub(crate) fn read_plugin(plugin: &Utf8Path, leave_out: &dyn Fn(&str) -> bool) -> Result<(Tree, i64), BuildError> {
    let mut tree = Tree::default();
    let mut newest = 0;
    for entry in fs_err::read_dir(plugin.as_std_path())? {
        let path = utf8(entry?.path())?;
        let name = path.file_name().unwrap_or_default().to_owned();
        if !name.starts_with('.') && !leave_out(&name) {
            read_all(&path, &name, &mut tree, &mut newest)?;
        }
    }
    Ok((tree, newest))
}

fn read_all(from: &Utf8Path, name: &str, tree: &mut Tree, newest: &mut i64) -> Result<(), BuildError> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(walk_error)?;
        let top = entry.depth() == 0;
        let path = utf8(entry.into_path())?;
        let relative = path.strip_prefix(from).unwrap_or(&path);
        let place = if relative.as_str().is_empty() {
            name.to_owned()
        } else {
            format!("{name}/{relative}")
        };
        refuse_odd_names(&path, &place)?;
        let metadata = if top {
            fs_err::metadata(&path)?
        } else {
            fs_err::symlink_metadata(&path)?
        };
        let kind = if metadata.is_dir() {
            Kind::Directory
        } else if metadata.is_file() {
            *newest = (*newest).max(seconds(metadata.modified()?));
            let content = Content::Disk {
                path,
                size: metadata.len(),
            };
            Kind::File { content, digests: None }
        } else if metadata.is_symlink() {
            let target = utf8(fs_err::read_link(&path)?)?.into_string();
            Kind::Link { target }
        } else {
            return Err(BuildError::Special(path));
        };
        let mode = mode(&metadata);
        tree.insert(place, Entry { mode, kind });
    }
    Ok(())
}

/// `checksums.sha1` has a line for each file, and neither RPM nor tar can hold every path.
fn refuse_odd_names(path: &Utf8Path, place: &str) -> Result<(), BuildError> {
    let why = if place.contains(['\n', '\r']) {
        "holds a line break, which the package's lists of files cannot"
    } else if place.len() > LONGEST_PATH {
        "is longer than a path on a master may be"
    } else {
        return Ok(());
    };
    Err(BuildError::OddName {
        path: path.as_str().escape_debug().to_string(),
        why,
    })
}

/// The walk's own error names the path in front.
fn walk_error(error: walkdir::Error) -> std::io::Error {
    let kind = error.io_error().map_or(std::io::ErrorKind::Other, std::io::Error::kind);
    std::io::Error::new(kind, error.to_string())
}

fn utf8(path: std::path::PathBuf) -> Result<Utf8PathBuf, BuildError> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| BuildError::FileName(path.to_string_lossy().into_owned()))
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    if metadata.is_dir() { 0o755 } else { 0o644 }
}
