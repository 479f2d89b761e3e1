//! Going through a package's content, of either kind.

use std::collections::HashMap;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};

use crate::package::checksums::Expected;
use crate::package::cpio::CpioReader;
use crate::package::error::UnpackError;
use crate::package::limits::{EntryCount, Limits, read_error};
use crate::package::payload::{Content, damaged};

/// What takes a package's content. Paths are from the plugin's directory, and not looked at yet.
pub(super) trait Receiver {
    /// The plugin's directory-to-be; called once, first.
    fn begin(&mut self, name: &str);
    /// A directory; the plugin's own has the empty path.
    fn directory(&mut self, path: &Utf8Path, mode: u32) -> Result<(), UnpackError>;
    /// A file, with its checksum if the package has one.
    fn file(
        &mut self,
        path: &Utf8Path,
        mode: u32,
        expected: Option<&Expected>,
        content: &mut dyn Read,
    ) -> Result<(), UnpackError>;
    /// One name of a file that has several; its content comes with the last one.
    fn shared_file(
        &mut self,
        path: &Utf8Path,
        mode: u32,
        inode: u64,
        expected: Option<&Expected>,
        content: Option<&mut dyn Read>,
    ) -> Result<(), UnpackError>;
    /// A symbolic link.
    fn link(&mut self, path: &Utf8Path, target: &str) -> Result<(), UnpackError>;
    /// Another name for a file that came before.
    fn hard_link(&mut self, path: &Utf8Path, existing: &Utf8Path) -> Result<(), UnpackError>;
}

/// Where an RPM's files belong.
pub(super) const PLUGINS: &str = "var/www/nailgun/plugins";
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
/// A path, or a link's target, is not longer.
const LONGEST_PATH: u64 = 4096;
/// Zeros that end a tar.
const TAR_END: u64 = 1024;

/// Goes through an RPM's payload.
pub(super) fn walk_rpm(
    package: &Utf8Path,
    name: &str,
    mut content: Content,
    expected: &HashMap<String, Expected>,
    limits: &Limits,
    receiver: &mut dyn Receiver,
) -> Result<(), UnpackError> {
    let fail = |error: io::Error| read_error(package, &error);
    directory_name(package, name)?;
    receiver.begin(name);
    let directory = Utf8Path::new(PLUGINS).join(name);
    let mut count = EntryCount::new(limits, &content);
    let mut archive = CpioReader::new(&mut content);
    while let Some(entry) = archive.next_entry().map_err(fail)? {
        count.next(entry.size).map_err(fail)?;
        let path = Utf8Path::new(&entry.path);
        let path = path
            .strip_prefix(".")
            .or_else(|_| path.strip_prefix("/"))
            .unwrap_or(path);
        let expected = expected.get(&format!("/{path}"));
        let Ok(path) = path.strip_prefix(&directory) else {
            // A package may own the directories above.
            if entry.mode & FILE_TYPE == DIRECTORY && directory.starts_with(path) {
                continue;
            }
            return Err(refused(
                package,
                &entry.path,
                "it lies outside of the plugin's directory",
            ));
        };
        match entry.mode & FILE_TYPE {
            DIRECTORY => receiver.directory(path, entry.mode)?,
            REGULAR if entry.links > 1 => {
                let mut content = archive.content();
                let content: Option<&mut dyn Read> = (entry.size > 0).then_some(&mut content);
                receiver.shared_file(path, entry.mode, entry.inode, expected, content)?;
            }
            REGULAR => receiver.file(path, entry.mode, expected, &mut archive.content())?,
            LINK => {
                let mut target = String::new();
                let mut content = archive.content().take(LONGEST_PATH);
                content.read_to_string(&mut target).map_err(fail)?;
                receiver.link(path, &target)?;
            }
            _ => return Err(refused(package, &entry.path, NEITHER)),
        }
    }
    content.drain().map_err(fail)?;
    Ok(())
}

/// The paths that stand in entries of their own, for the entry that follows.
#[derive(Default)]
struct Long {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

/// Goes through a `.fp`. Nothing names the plugin's directory but the paths, so the first one does.
pub(super) fn walk_fp(
    package: &Utf8Path,
    content: &mut Content,
    limits: &Limits,
    receiver: &mut dyn Receiver,
) -> Result<String, UnpackError> {
    let fail = |error: io::Error| read_error(package, &error);
    let mut count = EntryCount::new(limits, content);
    let mut top: Option<String> = None;
    let mut long = Long::default();
    let mut archive = tar::Archive::new(&mut *content);
    // Raw, since otherwise a long name of any length would be read into memory.
    for entry in archive.entries().map_err(fail)?.raw(true) {
        let mut entry = entry.map_err(fail)?;
        count.next(entry.size()).map_err(fail)?;
        let kind = entry.header().entry_type();
        if read_long(package, kind, &mut entry, &mut long)? {
            continue;
        }
        let Long { path, target } = std::mem::take(&mut long);
        let written = text(
            package,
            &path.unwrap_or_else(|| entry.header().path_bytes().into_owned()),
        )?;
        let target = target.or_else(|| entry.header().link_name_bytes().map(Into::into));
        let target = text(package, &target.unwrap_or_default())?;
        let path = Utf8Path::new(&written);
        let path = path.strip_prefix(".").unwrap_or(path);
        if path.as_str().is_empty() {
            continue;
        }
        let top = match &top {
            Some(top) => top,
            None => {
                let first = path
                    .components()
                    .next()
                    .map(|part| part.to_string())
                    .unwrap_or_default();
                directory_name(package, &first)?;
                receiver.begin(&first);
                top.insert(first)
            }
        };
        let Ok(path) = path.strip_prefix(top.as_str()) else {
            return Err(refused(package, &written, "it lies outside of the plugin's directory"));
        };
        let mode = entry.header().mode().map_err(fail)?;
        match kind {
            tar::EntryType::Directory => receiver.directory(path, mode)?,
            // Old archives mark a directory by its name only.
            tar::EntryType::Regular if written.ends_with('/') => receiver.directory(path, mode)?,
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let rest = entry.size();
                receiver.file(path, mode, None, &mut Whole { entry, rest })?;
            }
            tar::EntryType::Symlink => receiver.link(path, &target)?,
            tar::EntryType::Link => {
                let target = Utf8PathBuf::from(target);
                let target = target.strip_prefix(".").unwrap_or(&target);
                let existing = target.strip_prefix(top.as_str()).unwrap_or(target);
                receiver.hard_link(path, existing)?;
            }
            _ => return Err(refused(package, &written, NEITHER)),
        }
    }
    if content.drain().map_err(fail)? < TAR_END {
        return Err(damaged(package, "it is damaged: it ends too early".to_owned()));
    }
    top.ok_or_else(|| UnpackError::NoPlugin {
        package: package.to_owned(),
        why: "it is empty".to_owned(),
    })
}

/// Reads an entry that only says something of the next one.
fn read_long(
    package: &Utf8Path,
    kind: tar::EntryType,
    entry: &mut impl Read,
    long: &mut Long,
) -> Result<bool, UnpackError> {
    let mut content = || {
        let mut bytes = Vec::new();
        let read = entry.take(4 * LONGEST_PATH + 1).read_to_end(&mut bytes);
        match read.map_err(|error| read_error(package, &error))? {
            length if length as u64 > 4 * LONGEST_PATH => {
                Err(damaged(package, "it holds a path of absurd length".to_owned()))
            }
            _ => Ok(bytes),
        }
    };
    let without_end = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
        bytes
    };
    match kind {
        tar::EntryType::GNULongName => long.path = Some(without_end(content()?)),
        tar::EntryType::GNULongLink => long.target = Some(without_end(content()?)),
        tar::EntryType::XHeader => {
            for extension in tar::PaxExtensions::new(&content()?) {
                let extension = extension.map_err(|error| read_error(package, &error))?;
                match extension.key_bytes() {
                    b"path" => long.path = Some(extension.value_bytes().to_vec()),
                    b"linkpath" => long.target = Some(extension.value_bytes().to_vec()),
                    b"size" => return Err(damaged(package, "it holds a file of more than 8 GB".to_owned())),
                    _ => {}
                }
            }
        }
        tar::EntryType::XGlobalHeader => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// An entry's content; an archive that ends in it is an error and not the content's end.
struct Whole<R> {
    entry: R,
    rest: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.entry.read(buffer)?;
        self.rest = self.rest.saturating_sub(length as u64);
        if length == 0 && !buffer.is_empty() && self.rest > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(length)
    }
}

/// Whether the plugin's directory can have this name.
fn directory_name(package: &Utf8Path, name: &str) -> Result<(), UnpackError> {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | '+');
    if name.starts_with('.') || name.is_empty() || !name.chars().all(plain) {
        return Err(UnpackError::NoPlugin {
            package: package.to_owned(),
            why: format!("`{}` is no name for a plugin's directory", name.escape_debug()),
        });
    }
    Ok(())
}

const NEITHER: &str = "it is neither a file, a directory nor a link";

fn text(package: &Utf8Path, bytes: &[u8]) -> Result<String, UnpackError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged(package, "a path is not UTF-8".to_owned()))
}

pub(super) fn refused(package: &Utf8Path, path: &str, why: &'static str) -> UnpackError {
    UnpackError::Refused {
        package: package.to_owned(),
        path: path.escape_debug().to_string(),
        why,
    }
}
