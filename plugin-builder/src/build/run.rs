//! The steps of a build.

use std::cell::Cell;
use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::stale::StalePackages;
use super::{BuildError, checksums, rpm, tar_package};
use crate::check::{StrictVersion, check};
use crate::finding::Report;
use crate::hook::{HOOK_FILE, HookRunner};
use crate::metadata::{Metadata, Release};
use crate::plugin::Plugin;
use crate::repository::{index_debian, index_yum};
use crate::tree::{Kind, Tree, read_plugin};

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
    /// Files are read and summed.
    Digest,
    /// How far summing or packing is.
    Bytes {
        /// So many bytes of the plugin's files are done.
        done: u64,
        /// So many there are.
        total: u64,
    },
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
/// The plugin's own files are left as they are (its hook may change them), and nothing is written beside the package.
/// A package that an earlier build made stays until the new one is whole.
///
/// # Errors
/// If the plugin is not valid, its hook fails, or a file cannot be read or written.
pub fn build(directory: &Utf8Path, options: &BuildOptions<'_>) -> Result<Built, BuildError> {
    // As in the original, the package's name and version are those from before the hook.
    let metadata = Plugin::load(directory)?.metadata;
    if StrictVersion::parse(&metadata.version).is_none() {
        return Err(BuildError::Version(metadata.version));
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

    let stale = StalePackages::of(&metadata);
    let (mut tree, newest) = read_plugin(directory, &|name| stale.includes(name))?;
    let time = options.source_date_epoch.unwrap_or(newest);
    let steps = Steps::new(options.progress, tree.size());
    (options.progress)(BuildProgress::Digest);
    tree.digest_all(&|bytes| steps.advance(bytes))?;
    index_repositories(&mut tree, &metadata, time, options.progress)?;
    checksums::write(&mut tree)?;

    (options.progress)(BuildProgress::Package);
    steps.restart();
    let packed = |bytes| steps.advance(bytes);
    let package = if metadata.package_version == "1.0.0" {
        tar_package::write(&tree, &metadata, time, directory, &packed)?
    } else {
        rpm::write(&tree, &metadata, time, directory, &packed)?
    };
    let package = package.finish()?;
    stale.remove_all_but(directory, &package)?;
    let size = fs_err::metadata(&package)?.len();
    Ok(Built {
        package,
        size,
        metadata,
        report,
    })
}

/// Tells of bytes that were read, now and then.
struct Steps<'a> {
    progress: &'a dyn Fn(BuildProgress),
    total: u64,
    done: Cell<u64>,
    told: Cell<u64>,
}

impl<'a> Steps<'a> {
    /// Often enough for a moving bar, too seldom to cost anything.
    const BYTES: u64 = 4 * 1024 * 1024;

    fn new(progress: &'a dyn Fn(BuildProgress), total: u64) -> Self {
        Self {
            progress,
            total,
            done: Cell::new(0),
            told: Cell::new(0),
        }
    }

    fn restart(&self) {
        self.done.set(0);
        self.told.set(0);
    }

    fn advance(&self, bytes: u64) {
        let done = self.done.get() + bytes;
        self.done.set(done);
        if done - self.told.get() >= Self::BYTES {
            self.told.set(done);
            (self.progress)(BuildProgress::Bytes {
                done,
                total: self.total,
            });
        }
    }
}

fn index_repositories(
    tree: &mut Tree,
    metadata: &Metadata,
    time: i64,
    progress: &dyn Fn(BuildProgress),
) -> Result<(), BuildError> {
    let mut done = BTreeSet::new();
    for Release {
        os, repository_path, ..
    } in &metadata.releases
    {
        let Some(written) = repository_path else { continue };
        let path = repository(tree, written)?;
        if !done.insert((os.clone(), path.clone())) {
            continue;
        }
        let packages = if os == "centos" {
            index_yum(tree, &path, time)?
        } else {
            index_debian(tree, &path, &metadata.name, &metadata.major_minor())?
        };
        progress(BuildProgress::Repository { path, packages });
    }
    Ok(())
}

/// Where a release's repository is in the tree, links followed.
fn repository(tree: &Tree, written: &str) -> Result<String, BuildError> {
    let path = inside(written)?;
    match tree.resolve(path.as_str()) {
        Some((place, Some(entry))) if entry.kind == Kind::Directory => Ok(place),
        Some((place, None)) if place.is_empty() => Ok(place),
        _ => Err(BuildError::NoDirectory(written.to_owned())),
    }
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

#[cfg(unix)]
fn is_executable(path: &Utf8Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Utf8Path) -> bool {
    path.is_file()
}
