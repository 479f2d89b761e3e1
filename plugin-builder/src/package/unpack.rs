//! Unpacking a package, all or nothing.

use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::metadata::Metadata;
use crate::package::cpio::CpioReader;
use crate::package::error::UnpackError;
use crate::package::inspect::inspect;
use crate::package::payload::{Opened, damaged, open};
use crate::package::writer::TreeWriter;
use crate::plugin::Plugin;

/// A package that was unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The plugin's name.
    pub name: String,
    /// The plugin's full version.
    pub version: String,
    /// Where it lies now.
    pub directory: Utf8PathBuf,
}

/// Where an RPM's files belong.
const PLUGINS: &str = "var/www/nailgun/plugins";
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
/// A link's target is a path.
const LONGEST_TARGET: u64 = 4096;

/// Unpacks a plugin's package below `destination` (a master's `/var/www/nailgun/plugins`), into the
/// directory that the package names: `trove-1.0`. One that exists is replaced.
///
/// Files come to lie there at once, when the whole package is unpacked beside it. Paths and links out of
/// the plugin's directory, devices and files outside of `/var/www/nailgun/plugins` are refused. An RPM's
/// scripts are not run, and its owners are not kept.
///
/// # Errors
/// If the package cannot be read, holds no plugin, or holds what has no place in one; `destination` is
/// then as it was.
pub fn unpack(package: &Utf8Path, destination: &Utf8Path) -> Result<Unpacked, UnpackError> {
    unpack_beside(package, destination).map_err(|error| match error {
        // The system's words name a file of the moment: the package's name tells where it came from.
        UnpackError::Io(error) if !error.to_string().contains(package.as_str()) => {
            std::io::Error::new(error.kind(), format!("{package}: {error}")).into()
        }
        other => other,
    })
}

fn unpack_beside(package: &Utf8Path, destination: &Utf8Path) -> Result<Unpacked, UnpackError> {
    let info = inspect(package)?;
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | '+');
    if info.name.starts_with('.') || info.name.is_empty() || !info.name.chars().all(plain) {
        return Err(UnpackError::NoPlugin {
            package: package.to_owned(),
            why: format!("`{}` is no name for a directory", info.name),
        });
    }
    fs_err::create_dir_all(destination)?;
    let beside = tempfile::Builder::new().prefix(".unpacking-").tempdir_in(destination)?;
    let Ok(beside_path) = Utf8PathBuf::from_path_buf(beside.path().to_owned()) else {
        return Err(damaged(package, format!("`{destination}` is not UTF-8")));
    };
    let root = beside_path.join("new");
    fs_err::create_dir(&root)?;

    let intended = Utf8Path::new("/").join(PLUGINS).join(&info.name);
    let mut writer = TreeWriter::new(package, &root, intended);
    match open(package)? {
        Opened::Rpm(_, payload) => unpack_rpm(package, &info.name, CpioReader::new(payload), &mut writer)?,
        Opened::Fp(mut archive) => unpack_fp(package, &info.name, &mut archive, &mut writer)?,
    }
    writer.finish()?;
    let metadata = metadata(package, &root)?;

    let directory = destination.join(&info.name);
    if fs_err::symlink_metadata(&directory).is_ok() {
        fs_err::rename(&directory, beside_path.join("old"))?;
    }
    fs_err::rename(&root, &directory)?;
    Ok(Unpacked {
        name: metadata.name,
        version: metadata.version,
        directory,
    })
}

fn metadata(package: &Utf8Path, root: &Utf8Path) -> Result<Metadata, UnpackError> {
    if !root.join("metadata.yaml").is_file() {
        return Err(UnpackError::NoPlugin {
            package: package.to_owned(),
            why: "there is no metadata.yaml".to_owned(),
        });
    }
    match Plugin::load(root) {
        Ok(plugin) => Ok(plugin.metadata),
        Err(error) => Err(UnpackError::NoPlugin {
            package: package.to_owned(),
            // Where it lies at the moment is nobody's concern.
            why: error.to_string().replace(&format!("{root}/"), ""),
        }),
    }
}

fn unpack_rpm(
    package: &Utf8Path,
    name: &str,
    mut archive: CpioReader<impl std::io::Read>,
    writer: &mut TreeWriter<'_>,
) -> Result<(), UnpackError> {
    let fail = |error: std::io::Error| damaged(package, format!("its payload is damaged: {error}"));
    let directory = Utf8Path::new(PLUGINS).join(name);
    while let Some(entry) = archive.next_entry().map_err(fail)? {
        let path = Utf8Path::new(&entry.path);
        let path = path
            .strip_prefix(".")
            .or_else(|_| path.strip_prefix("/"))
            .unwrap_or(path);
        let Ok(path) = path.strip_prefix(&directory) else {
            // A package may own the directories above.
            if entry.mode & FILE_TYPE == DIRECTORY && directory.starts_with(path) {
                continue;
            }
            return Err(writer.refuse(&entry.path, "it lies outside of the plugin's directory"));
        };
        match entry.mode & FILE_TYPE {
            DIRECTORY => writer.directory(path, entry.mode)?,
            REGULAR if entry.links > 1 => {
                writer.shared_file(path, entry.mode, entry.inode, entry.size, &mut archive.content())?;
            }
            REGULAR => writer.file(path, entry.mode, &mut archive.content())?,
            LINK => {
                let mut target = String::new();
                archive
                    .content()
                    .take(LONGEST_TARGET)
                    .read_to_string(&mut target)
                    .map_err(fail)?;
                writer.link(path, &target)?;
            }
            _ => return Err(writer.refuse(&entry.path, "it is neither a file, a directory nor a link")),
        }
    }
    Ok(())
}

fn unpack_fp(
    package: &Utf8Path,
    name: &str,
    archive: &mut tar::Archive<Box<dyn std::io::Read>>,
    writer: &mut TreeWriter<'_>,
) -> Result<(), UnpackError> {
    let fail = |error: std::io::Error| damaged(package, format!("it is damaged: {error}"));
    let text = |bytes: &[u8]| {
        String::from_utf8(bytes.to_vec()).map_err(|_| damaged(package, "a path is not UTF-8".to_owned()))
    };
    for entry in archive.entries().map_err(fail)? {
        let mut entry = entry.map_err(fail)?;
        let written = text(&entry.path_bytes())?;
        let path = Utf8Path::new(&written);
        let path = path.strip_prefix(".").unwrap_or(path);
        let Ok(path) = path.strip_prefix(name) else {
            return Err(writer.refuse(&written, "it lies outside of the plugin's directory"));
        };
        let mode = entry.header().mode().map_err(fail)?;
        let target = entry
            .link_name_bytes()
            .map(|bytes| text(&bytes))
            .transpose()?
            .unwrap_or_default();
        match entry.header().entry_type() {
            tar::EntryType::Directory => writer.directory(path, mode)?,
            tar::EntryType::Regular | tar::EntryType::Continuous => writer.file(path, mode, &mut entry)?,
            tar::EntryType::Symlink => writer.link(path, &target)?,
            tar::EntryType::Link => {
                let target = Utf8Path::new(&target);
                let existing = target.strip_prefix(name).unwrap_or(target);
                writer.hard_link(path, existing)?;
            }
            tar::EntryType::XGlobalHeader => {}
            _ => return Err(writer.refuse(&written, "it is neither a file, a directory nor a link")),
        }
    }
    Ok(())
}
