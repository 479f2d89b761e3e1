//! What a package is.

use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::metadata::Metadata;
use crate::package::error::UnpackError;
use crate::package::payload::{Opened, damaged, open};
use crate::plugin::LoadError;
use crate::yaml;

/// Which kind of package it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageKind {
    /// `.fp`: a compressed tar (format 1.0.0).
    Fp,
    /// `.rpm` (format 2.0.0 and later).
    Rpm,
}

/// What a package says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageInfo {
    /// The package's own name, which is the directory on the master: `trove-1.0`.
    pub name: String,
    /// The plugin's name: `trove`.
    pub plugin_name: String,
    /// The plugin's full version: `1.0.0`.
    pub version: String,
    /// The kind.
    pub kind: PackageKind,
}

/// No metadata.yaml comes near to it.
const LARGEST_METADATA: u64 = 1024 * 1024;

/// Says what a package is without unpacking it. An RPM's header says it, a `.fp`'s metadata.yaml.
///
/// # Errors
/// If the file cannot be read or is no plugin's package.
pub fn inspect(package: &Utf8Path) -> Result<PackageInfo, UnpackError> {
    match open(package)? {
        Opened::Rpm(metadata, _) => {
            let fail = |error: rpm::Error| damaged(package, error.to_string());
            let name = metadata.get_name().map_err(fail)?;
            let version = metadata.get_version().map_err(fail)?;
            rpm_info(package, name, version)
        }
        Opened::Fp(mut archive) => {
            let fail = |error: std::io::Error| damaged(package, format!("it is damaged: {error}"));
            for entry in archive.entries().map_err(fail)? {
                let entry = entry.map_err(fail)?;
                let path = entry.path_bytes().into_owned();
                let Ok(path) = String::from_utf8(path).map(Utf8PathBuf::from) else {
                    continue;
                };
                let path = path.strip_prefix(".").unwrap_or(&path);
                if path.file_name() == Some("metadata.yaml") && path.components().count() == 2 {
                    let directory = path.parent().map(Utf8Path::to_string).unwrap_or_default();
                    let mut text = Vec::new();
                    entry.take(LARGEST_METADATA).read_to_end(&mut text).map_err(fail)?;
                    return fp_info(package, &directory, &text);
                }
            }
            Err(UnpackError::NoPlugin {
                package: package.to_owned(),
                why: "there is no metadata.yaml".to_owned(),
            })
        }
    }
}

fn rpm_info(package: &Utf8Path, name: &str, version: &str) -> Result<PackageInfo, UnpackError> {
    // `<plugin>-<major.minor>`
    let (plugin_name, _) = name.rsplit_once('-').ok_or_else(|| UnpackError::NoPlugin {
        package: package.to_owned(),
        why: format!("the package's name `{name}` is not of the form `<plugin>-<major.minor>`"),
    })?;
    Ok(PackageInfo {
        name: name.to_owned(),
        plugin_name: plugin_name.to_owned(),
        version: version.to_owned(),
        kind: PackageKind::Rpm,
    })
}

fn fp_info(package: &Utf8Path, directory: &str, text: &[u8]) -> Result<PackageInfo, UnpackError> {
    let file = package.join(directory).join("metadata.yaml");
    let document = yaml::parse(text, &file).map_err(LoadError::from)?;
    let metadata = Metadata::from_node(&document).map_err(|key| LoadError::Key {
        file,
        span: document.span,
        key,
    })?;
    Ok(PackageInfo {
        name: directory.to_owned(),
        plugin_name: metadata.name,
        version: metadata.version,
        kind: PackageKind::Fp,
    })
}
