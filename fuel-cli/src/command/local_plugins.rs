//! Plugins on the master's disk, in place of yum: the master's container has neither yum nor rpm.

use std::cmp::Ordering;

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{PackageKind, yaml};
use serde_json::Value;

use super::session::CommandError;
use crate::model::Plugin;
use crate::registration::{has_rpm_format, major_minor};
use crate::settings::compare;

/// What is done with a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// `--install`, with `--force` over what is there.
    Install {
        /// Whether the same version is installed again.
        force: bool,
    },
    /// `--update`.
    Update,
    /// `--downgrade`.
    Downgrade,
}

impl Change {
    /// For the sentence that says that it is done.
    pub(super) fn past(self) -> &'static str {
        match self {
            Self::Install { .. } => "installed",
            Self::Update => "updated",
            Self::Downgrade => "downgraded",
        }
    }

    /// The command that fuelclient would have run.
    fn yum(self, package: &Utf8Path) -> String {
        match self {
            Self::Install { force: false } => format!("yum -y install --disablerepo='*' {package}"),
            Self::Install { force: true } => {
                format!("yum -y install --disablerepo='*' {package} || yum -y reinstall --disablerepo='*' {package}")
            }
            Self::Update => format!("yum -y update {package}"),
            Self::Downgrade => format!("yum -y downgrade {package}"),
        }
    }

    /// Why it is not done, and what may be meant.
    fn refusal(self, plugin: &str, version: &str, installed: Option<&str>) -> String {
        let Some(installed) = installed else {
            return format!("`{plugin}` is not installed; --install does that");
        };
        match compare(version, installed) {
            Ordering::Equal if matches!(self, Self::Install { .. }) => {
                format!("`{plugin}` is installed in this version, {version}; add --force to install it again")
            }
            Ordering::Equal => format!("`{plugin}` is installed in this version, {version}"),
            Ordering::Less => {
                format!(
                    "`{plugin}` is installed in a newer version, {installed}; --downgrade takes it back to {version}"
                )
            }
            Ordering::Greater => {
                format!("`{plugin}` is installed in an older version, {installed}; --update takes it to {version}")
            }
        }
    }

    /// Whether yum would do it, by how the package's version compares to the installed one.
    fn is_done(self, package_against_installed: Option<Ordering>) -> bool {
        match (self, package_against_installed) {
            (Self::Install { .. }, None) => true,
            // yum's install takes a newer package as an update.
            (Self::Install { force }, Some(order)) => order == Ordering::Greater || (force && order.is_eq()),
            (Self::Update, order) => order == Some(Ordering::Greater),
            (Self::Downgrade, order) => order == Some(Ordering::Less),
        }
    }
}

/// Packages are unpacked in directories of this name and the process's id.
const WAITING: &str = ".install-";

/// Where the directory is kept that a package takes the place of.
const OLD: &str = "old";

/// A package that is unpacked beside the plugins; it is gone when this is dropped, unless it was moved to its place.
#[derive(Debug)]
pub(super) struct Waiting {
    root: Utf8PathBuf,
    waiting: Utf8PathBuf,
    directory: Utf8PathBuf,
    metadata: Value,
    is_old_format: bool,
}

impl Waiting {
    /// Its metadata.yaml.
    pub(super) fn metadata(&self) -> &Value {
        &self.metadata
    }

    /// Whether it came as `.fp`.
    pub(super) fn is_old_format(&self) -> bool {
        self.is_old_format
    }

    /// Moves it to its place, in one step.
    pub(super) fn place(self) -> Result<Placed, CommandError> {
        let name = self
            .directory
            .file_name()
            .ok_or_else(|| CommandError::Text(format!("{}: it has no name", self.directory)))?;
        let place = self.root.join(name);
        let old = self.waiting.join(OLD).join(name);
        if place.exists() {
            fs_err::create_dir_all(self.waiting.join(OLD))?;
            fs_err::rename(&place, &old)?;
        }
        let placed = Placed {
            waiting: self,
            place,
            old,
            is_kept: false,
        };
        fs_err::rename(&placed.waiting.directory, &placed.place)?;
        Ok(placed)
    }
}

/// A package that is in its place. What was there before comes back when this is dropped, unless it is kept: a plugin
/// that Nailgun does not take is not half installed.
#[derive(Debug)]
pub(super) struct Placed {
    waiting: Waiting,
    place: Utf8PathBuf,
    old: Utf8PathBuf,
    is_kept: bool,
}

impl Placed {
    /// Its metadata.yaml.
    pub(super) fn metadata(&self) -> &Value {
        self.waiting.metadata()
    }

    /// It stays.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // Back to where it waited, from where it goes with everything else there.
        let _ = fs_err::rename(&self.place, &self.waiting.directory);
        let _ = fs_err::rename(&self.old, &self.place);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = fs_err::remove_dir_all(&self.waiting);
    }
}

/// `/var/www/nailgun/plugins`.
#[derive(Debug, Clone)]
pub(super) struct LocalPlugins {
    root: Utf8PathBuf,
}

impl LocalPlugins {
    /// Plugins below this directory.
    pub(super) fn new(root: Utf8PathBuf) -> Self {
        Self { root }
    }

    /// Where fuelclient asks for the package `fuel`, the directory of plugins must be there.
    pub(super) fn must_be_the_master(&self) -> Result<(), CommandError> {
        if self.root.is_dir() {
            return Ok(());
        }
        Err(CommandError::Text(format!(
            "Package \"fuel\" is not installed. Action can be performed from Fuel master node only.\n  hint: a master has \
             the directory {}; FUELRIG_PLUGINS_DIR can name another one",
            self.root
        )))
    }

    /// Unpacks a package that is to be installed, updated to or downgraded to.
    ///
    /// It is unpacked beside the plugins, so that a broken one leaves what was there.
    pub(super) fn unpack(&self, package: &Utf8Path, change: Change) -> Result<Waiting, CommandError> {
        if package.is_dir() {
            return Err(CommandError::Text(format!(
                "{package} is a directory, not a package\n  hint: `fpb build {package}` makes a package of a plugin's \
                 directory"
            )));
        }
        if !package.is_file() {
            return Err(CommandError::Text(format!("File \"{package}\" does not exists")));
        }
        let is_old_format = match package.extension() {
            Some("fp") => true,
            Some("rpm") => false,
            other => {
                let extension = other.map_or_else(String::new, |other| format!(".{other}"));
                return Err(CommandError::Text(format!(
                    "Plugin {package} has unsupported format {extension}"
                )));
            }
        };
        self.must_be_the_master()?;
        if is_old_format && !matches!(change, Change::Install { .. }) {
            let action = if change == Change::Update {
                "Update"
            } else {
                "Downgrade"
            };
            return Err(CommandError::Text(format!(
                "{action} action is not supported for old plugins with package version \"1.0.0\", you can install \
                 your plugin or use newer plugin format."
            )));
        }
        let unreadable = |error: plugin_builder::UnpackError| CommandError::Text(error.to_string());
        let info = plugin_builder::inspect(package).map_err(unreadable)?;
        let place = self.root.join(&info.name);
        let installed = if place.join("metadata.yaml").is_file() {
            let metadata = read_metadata(&place)?;
            Some(metadata["version"].as_str().unwrap_or_default().to_owned())
        } else {
            None
        };
        let order = installed.as_deref().map(|installed| compare(&info.version, installed));
        if info.kind == PackageKind::Rpm && !change.is_done(order) {
            return Err(CommandError::Text(format!(
                "Shell command executed with \"1\" exit code: {} \n  hint: {}",
                change.yum(package),
                change.refusal(&info.name, &info.version, installed.as_deref())
            )));
        }
        self.sweep()?;
        let waiting = self.root.join(format!("{WAITING}{}", std::process::id()));
        let mut unpacked = Waiting {
            root: self.root.clone(),
            waiting: waiting.clone(),
            directory: Utf8PathBuf::new(),
            metadata: Value::Null,
            is_old_format,
        };
        fs_err::create_dir_all(&waiting)?;
        unpacked.directory = plugin_builder::unpack(package, &waiting)
            .map_err(|error| CommandError::Text(error.to_string()))?
            .directory;
        unpacked.metadata = read_metadata(&unpacked.directory)?;
        check_directory(package, &unpacked)?;
        Ok(unpacked)
    }

    /// Removes what processes have left that were killed in the middle of an installation, and puts back what they had
    /// moved out of the way.
    fn sweep(&self) -> Result<(), CommandError> {
        for entry in self.root.read_dir_utf8()? {
            let left = entry?.into_path();
            let process = left.file_name().and_then(|name| name.strip_prefix(WAITING));
            let Some(process) = process.filter(|process| process.parse::<u32>().is_ok()) else {
                continue;
            };
            if Utf8Path::new("/proc").join(process).exists() {
                continue;
            }
            for old in left.join(OLD).read_dir_utf8().into_iter().flatten() {
                let old = old?;
                let place = self.root.join(old.file_name());
                if !place.exists() {
                    fs_err::rename(old.path(), place)?;
                }
            }
            fs_err::remove_dir_all(&left)?;
        }
        Ok(())
    }

    /// The metadata of an installed plugin of exactly this name and version.
    pub(super) fn metadata(&self, name: &str, version: &str) -> Result<Value, CommandError> {
        let mut directories: Vec<Utf8PathBuf> = match self.root.read_dir_utf8() {
            Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.into_path())).collect(),
            Err(_) => Vec::new(),
        };
        directories.sort();
        directories
            .iter()
            // Another plugin's broken file is no reason to refuse this one.
            .filter_map(|directory| read_metadata(directory).ok())
            .find(|metadata| metadata["name"] == name && metadata["version"] == version)
            .ok_or_else(|| {
                CommandError::Text(format!(
                    "Plugin {name} with version {version} does not exist, install it and try again"
                ))
            })
    }

    /// Removes a plugin's directory; one that is not there is no error.
    pub(super) fn remove(&self, plugin: &Plugin) -> Result<(), CommandError> {
        self.remove_directory(&directory_of(&plugin.name, &plugin.version, &plugin.package_version))
    }

    /// Removes the directory of this name; one that is not there is no error.
    pub(super) fn remove_directory(&self, name: &str) -> Result<(), CommandError> {
        if name.contains('/') || name.starts_with('.') {
            return Err(CommandError::Text(format!(
                "`{name}` is no name of a plugin's directory"
            )));
        }
        match fs_err::remove_dir_all(self.root.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CommandError::Text(error.to_string())),
            _ => Ok(()),
        }
    }
}

/// The directory of a plugin: RPMs of versions that differ in the third number alone share one.
fn directory_of(name: &str, version: &str, package_version: &str) -> String {
    let version = if has_rpm_format(package_version) {
        major_minor(version)
    } else {
        version
    };
    format!("{name}-{version}")
}

/// A plugin that lies elsewhere than where Nailgun looks for it has no files there, and could not be removed.
fn check_directory(package: &Utf8Path, unpacked: &Waiting) -> Result<(), CommandError> {
    let text = |key: &str| unpacked.metadata[key].as_str().unwrap_or_default();
    let wanted = directory_of(text("name"), text("version"), text("package_version"));
    let found = unpacked.directory.file_name().unwrap_or_default();
    if found == wanted {
        return Ok(());
    }
    Err(CommandError::Text(format!(
        "{package}: its directory is `{found}`, but the name and version in its metadata.yaml make `{wanted}`\n  hint: \
         build the package anew with `fpb build`, which names the directory after them"
    )))
}

fn read_metadata(directory: &Utf8Path) -> Result<Value, CommandError> {
    yaml::load(&directory.join("metadata.yaml"))
        .map(|node| node.to_json())
        .map_err(|error| CommandError::Text(error.to_string()))
}
