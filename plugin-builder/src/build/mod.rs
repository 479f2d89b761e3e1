//! From a plugin's directory to its package.

mod error;

pub use error::BuildError;

use camino::{Utf8Path, Utf8PathBuf};

use crate::hook::HookRunner;
use crate::metadata::Metadata;

/// How to build.
pub struct BuildOptions<'a> {
    /// What runs the plugin's `pre_build_hook`.
    pub hook: &'a dyn HookRunner,
    /// The time that everything in the package carries, in seconds since 1970; without it, that of the
    /// newest file of the plugin. Equal trees give equal bytes.
    pub source_date_epoch: Option<i64>,
    /// Told about each step.
    pub progress: &'a dyn Fn(BuildProgress),
}

/// A step of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildProgress {
    /// The plugin's own `pre_build_hook` runs.
    Hook,
    /// The plugin is checked.
    Check,
    /// Files are copied.
    Copy,
    /// A repository's index is written.
    Repository {
        /// The repository, from the plugin's directory.
        path: String,
        /// How many packages it holds.
        packages: usize,
    },
    /// The package is written.
    Package,
}

/// A package that was built.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// The package's file, in the plugin's directory.
    pub package: Utf8PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// The plugin's metadata as the package has it.
    pub metadata: Metadata,
    /// What the check had to say; warnings only, or it would not have been built.
    pub report: crate::Report,
}

/// Builds the package of a plugin into the plugin's directory.
///
/// # Errors
/// If the plugin is not valid, its hook fails, or a file cannot be read or written.
pub fn build(directory: &Utf8Path, options: &BuildOptions<'_>) -> Result<Built, BuildError> {
    let _ = (directory, options);
    todo!()
}
