//! What a package is.

use camino::Utf8Path;
use serde::Serialize;

use crate::package::describe::describe;
use crate::package::error::UnpackError;
use crate::package::limits::Limits;
use crate::package::payload::{damaged, rpm_header};

/// Which kind of package it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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

/// Says what a package is without unpacking it. An RPM's header says it, a `.fp`'s metadata.yaml.
///
/// # Errors
/// If the file cannot be read or is no plugin's package.
pub fn inspect(package: &Utf8Path) -> Result<PackageInfo, UnpackError> {
    if let Some(metadata) = rpm_header(package)? {
        let fail = |error: rpm::Error| damaged(package, error.to_string());
        let name = metadata.get_name().map_err(fail)?;
        let version = metadata.get_version().map_err(fail)?;
        return rpm_info(package, name, version);
    }
    let contents = describe(package, &Limits::default())?;
    Ok(PackageInfo {
        name: contents.directory,
        plugin_name: contents.name,
        version: contents.version,
        kind: contents.kind,
    })
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
