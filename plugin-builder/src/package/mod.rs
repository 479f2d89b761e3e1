//! Reading packages: what they are, and unpacking them.

use camino::{Utf8Path, Utf8PathBuf};

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

/// Why a package cannot be read or unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// Neither of the two kinds.
    #[error("neither an RPM nor a `.fp` package")]
    Unknown,
}

/// Says what a package is without unpacking it.
///
/// # Errors
/// If the file cannot be read or is no plugin package.
pub fn inspect(package: &Utf8Path) -> Result<PackageInfo, UnpackError> {
    let _ = package;
    todo!()
}

/// Unpacks a plugin's package below `destination` (a master's `/var/www/nailgun/plugins`).
///
/// # Errors
/// If the package cannot be read, or holds what has no place in one.
pub fn unpack(package: &Utf8Path, destination: &Utf8Path) -> Result<Unpacked, UnpackError> {
    let _ = (package, destination);
    todo!()
}
