//! Unpacking a package, all or nothing.

use camino::{Utf8Path, Utf8PathBuf};

use crate::package::error::UnpackError;
use crate::package::limits::Limits;
use crate::package::payload::{Opened, damaged, open};
use crate::package::walk::{walk_fp, walk_rpm};
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

/// Unpacks a plugin's package below `destination` (a master's `/var/www/nailgun/plugins`), into the
/// directory that the package names: `trove-1.0`. One that exists is replaced.
///
/// Files come to lie there at once, when the whole package is unpacked beside it. Paths and links out of
/// the plugin's directory, devices, set-user-ID files, names that come twice and files outside of
/// `/var/www/nailgun/plugins` are refused, and so is what does not agree with the package's own checksums or unpacks
/// to more than the default [`Limits`]. An RPM's scripts are not run, and its owners are not kept.
///
/// # Errors
/// If the package cannot be read, holds no plugin, or holds what has no place in one; `destination` is
/// then as it was.
pub fn unpack(package: &Utf8Path, destination: &Utf8Path) -> Result<Unpacked, UnpackError> {
    unpack_within(package, destination, &Limits::default())
}

/// As [`unpack`], with limits of one's own.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_within(package: &Utf8Path, destination: &Utf8Path, limits: &Limits) -> Result<Unpacked, UnpackError> {
    unpack_beside(package, destination, limits).map_err(|error| match error {
        // The system's words name a file of the moment: the package's name tells where it came from.
        UnpackError::Io(error) if !error.to_string().contains(package.as_str()) => {
            std::io::Error::new(error.kind(), format!("{package}: {error}")).into()
        }
        other => other,
    })
}

fn unpack_beside(package: &Utf8Path, destination: &Utf8Path, limits: &Limits) -> Result<Unpacked, UnpackError> {
    let opened = open(package, limits)?;
    fs_err::create_dir_all(destination)?;
    let beside = tempfile::Builder::new().prefix(".unpacking-").tempdir_in(destination)?;
    let Ok(beside_path) = Utf8PathBuf::from_path_buf(beside.path().to_owned()) else {
        return Err(damaged(package, format!("`{destination}` is not UTF-8")));
    };
    let root = beside_path.join("new");
    fs_err::create_dir(&root)?;

    let mut writer = TreeWriter::new(package, &root);
    let name = match opened {
        Opened::Rpm(content, name, expected) => {
            walk_rpm(package, &name, content, &expected, limits, &mut writer)?;
            name
        }
        Opened::Fp(mut content) => {
            let name = walk_fp(package, &mut content, limits, &mut writer)?;
            writer.check_sums()?;
            name
        }
    };
    writer.finish()?;
    let metadata = load(package, &root)?.metadata;

    let directory = destination.join(&name);
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

/// Reads the plugin that a package unpacked to.
pub(super) fn load(package: &Utf8Path, root: &Utf8Path) -> Result<Plugin, UnpackError> {
    let why = if root.join("metadata.yaml").is_file() {
        match Plugin::load(root) {
            Ok(plugin) => return Ok(plugin),
            // Where it lies at the moment is nobody's concern.
            Err(error) => error.to_string().replace(&format!("{root}/"), ""),
        }
    } else {
        "there is no metadata.yaml".to_owned()
    };
    Err(UnpackError::NoPlugin {
        package: package.to_owned(),
        why,
    })
}
