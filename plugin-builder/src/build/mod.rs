//! From a plugin's directory to its package.

mod archive;
mod error;
mod rpm_package;
mod scripts;
mod tree;

pub use error::BuildError;

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::check::{StrictVersion, check};
use crate::finding::Report;
use crate::hook::{HOOK_FILE, HookRunner};
use crate::metadata::{Metadata, Release};
use crate::plugin::Plugin;
use crate::repository::{index_debian, index_yum};

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
    /// A repository's index was written.
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
    pub report: Report,
}

/// Builds the package of a plugin into the plugin's directory: `<name>-<M.m>-<version>-<release>.noarch.rpm`,
/// or `<name>-<version>.fp` for package format 1.0.0.
///
/// The plugin's own files are left as they are (its hook may change them); the work is done in `.build`
/// below it. A package that an earlier build made stays until the new one is whole.
///
/// # Errors
/// If the plugin is not valid, its hook fails, or a file cannot be read or written.
pub fn build(directory: &Utf8Path, options: &BuildOptions<'_>) -> Result<Built, BuildError> {
    // As in the original, the package's name and version are those from before the hook.
    let metadata = Plugin::load(directory)?.metadata;
    if StrictVersion::parse(&metadata.version).is_none() {
        return Err(BuildError::Version(metadata.version));
    }
    let work = directory.join(".build");
    if fs_err::symlink_metadata(&work).is_ok() {
        fs_err::remove_dir_all(&work)?;
    }
    if is_executable(&directory.join(HOOK_FILE)) {
        (options.progress)(BuildProgress::Hook);
        options.hook.run(directory)?;
    }
    (options.progress)(BuildProgress::Check);
    let report = check(directory);
    if report.has_errors() {
        return Err(BuildError::Invalid(report));
    }
    // The name is checked by now, if the hook did not exchange the file behind our back.
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if metadata.name.is_empty() || !metadata.name.chars().all(plain) {
        return Err(BuildError::Name(metadata.name));
    }

    (options.progress)(BuildProgress::Copy);
    let source = work.join("src");
    fs_err::create_dir_all(&source)?;
    let stale = StalePackages::of(&metadata);
    let newest = tree::copy_plugin(directory, &source, &|name| stale.includes(name))?;
    let time = options.source_date_epoch.unwrap_or(newest);
    index_repositories(&source, &metadata, time, options.progress)?;
    tree::write_checksums(&source)?;
    tree::set_times(&source, time)?;

    (options.progress)(BuildProgress::Package);
    let entries = tree::entries(&source)?;
    let unfinished = work.join("package");
    let name = if metadata.package_version == "1.0.0" {
        archive::write(&entries, &metadata, time, &unfinished)?
    } else {
        rpm_package::write(&source, &entries, &metadata, time, &unfinished)?
    };
    let package = directory.join(&name);
    fs_err::rename(&unfinished, &package)?;
    stale.remove_all_but(directory, &name)?;
    let size = fs_err::metadata(&package)?.len();
    Ok(Built {
        package,
        size,
        metadata,
        report,
    })
}

fn index_repositories(
    source: &Utf8Path,
    metadata: &Metadata,
    time: i64,
    progress: &dyn Fn(BuildProgress),
) -> Result<(), BuildError> {
    let mut done = BTreeSet::new();
    for Release {
        os, repository_path, ..
    } in &metadata.releases
    {
        let Some(path) = repository_path else { continue };
        let path = inside(path)?;
        if !done.insert((os.clone(), path.clone())) {
            continue;
        }
        let repository = source.join(&path);
        let packages = if os == "centos" {
            index_yum(&repository, time)?
        } else {
            index_debian(&repository, &metadata.name, &metadata.major_minor())?
        };
        progress(BuildProgress::Repository {
            path: path.into_string(),
            packages,
        });
    }
    Ok(())
}

/// A path of a release, which must not lead out of the plugin: the original would write there.
fn inside(path: &str) -> Result<Utf8PathBuf, BuildError> {
    let mut clean = Utf8PathBuf::new();
    for component in Utf8Path::new(path).components() {
        match component {
            Utf8Component::Normal(name) => clean.push(name),
            Utf8Component::CurDir => {}
            _ => return Err(BuildError::Outside(path.to_owned())),
        }
    }
    Ok(clean)
}

/// Packages in the plugin's directory that earlier builds made: never packed, and replaced by a new one.
struct StalePackages {
    prefix: String,
    suffix: &'static str,
}

impl StalePackages {
    fn of(metadata: &Metadata) -> Self {
        let suffix = if metadata.package_version == "1.0.0" {
            ".fp"
        } else {
            ".noarch.rpm"
        };
        Self {
            prefix: format!("{}-", metadata.name),
            suffix,
        }
    }

    fn includes(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix)
            .is_some_and(|rest| rest.ends_with(self.suffix))
    }

    fn remove_all_but(&self, directory: &Utf8Path, keep: &str) -> Result<(), BuildError> {
        for entry in directory.read_dir_utf8()? {
            let entry = entry?;
            if entry.file_name() != keep && self.includes(entry.file_name()) && !entry.path().is_dir() {
                fs_err::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_executable(path: &Utf8Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Utf8Path) -> bool {
    path.is_file()
}
