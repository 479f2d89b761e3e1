//! All that a package says about itself and its content.

use std::collections::BTreeMap;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use serde_json::Value;

use crate::metadata::Release;
use crate::package::checksums::{self, Expected};
use crate::package::error::UnpackError;
use crate::package::inspect::PackageKind;
use crate::package::limits::{Limits, read_error};
use crate::package::payload::{Opened, damaged, open};
use crate::package::unpack::load;
use crate::package::walk::{Receiver, refused, walk_fp, walk_rpm};

/// A package and what is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackageContents {
    /// The plugin's name: `trove`.
    pub name: String,
    /// The plugin's full version: `1.0.0`.
    pub version: String,
    /// What people see.
    pub title: String,
    /// The version of the plugin format: `4.0.0`.
    pub package_version: String,
    /// The kind of package.
    pub kind: PackageKind,
    /// Its directory on a master: `trove-1.0`.
    pub directory: String,
    /// The OpenStack releases that it supports.
    pub releases: Vec<Release>,
    /// The roles that it brings.
    pub roles: Vec<String>,
    /// The ids of its tasks, those of tasks.yaml by their types.
    pub tasks: Vec<String>,
    /// How many files it holds, links among them.
    pub files: u64,
    /// Their bytes.
    pub unpacked_size: u64,
    /// The package's bytes.
    pub size: u64,
    /// Checksums of the package's file: `sha256`, `sha1`, `md5`.
    pub digests: BTreeMap<String, String>,
}

/// Reads a whole package without unpacking it, and compares its checksums.
///
/// # Errors
/// If the file cannot be read, is damaged or no plugin's package, or unpacks to more than the limits.
pub fn describe(package: &Utf8Path, limits: &Limits) -> Result<PackageContents, UnpackError> {
    let opened = open(package, limits)?;
    let keep = tempfile::Builder::new().prefix("plugin-").tempdir()?;
    let Some(root) = Utf8Path::from_path(keep.path()) else {
        return Err(damaged(
            package,
            "the directory for temporary files is not UTF-8".to_owned(),
        ));
    };
    let mut survey = Survey {
        package,
        root: root.to_owned(),
        files: 0,
        size: 0,
    };
    let (kind, directory) = match opened {
        Opened::Rpm(content, name, expected) => {
            walk_rpm(package, &name, content, &expected, limits, &mut survey)?;
            (PackageKind::Rpm, name)
        }
        Opened::Fp(mut content) => (PackageKind::Fp, walk_fp(package, &mut content, limits, &mut survey)?),
    };
    let plugin = load(package, root)?;
    let mut file = fs_err::File::open(package)?;
    let digests = checksums::of_package(&mut file)?;
    let legacy = plugin.tasks.iter().map(|task| word(task, "type"));
    let tasks = plugin
        .deployment_tasks
        .iter()
        .map(|task| word(task, "id"))
        .chain(legacy);
    Ok(PackageContents {
        tasks: tasks.collect(),
        roles: plugin.node_roles.keys().cloned().collect(),
        name: plugin.metadata.name,
        version: plugin.metadata.version,
        title: plugin.metadata.title,
        package_version: plugin.metadata.package_version,
        kind,
        directory,
        releases: plugin.metadata.releases,
        files: survey.files,
        unpacked_size: survey.size,
        size: file.metadata()?.len(),
        digests: digests.map(|(name, digest)| (name.to_owned(), digest)).into(),
    })
}

fn word(task: &Value, key: &str) -> String {
    task.get(key).and_then(Value::as_str).unwrap_or("?").to_owned()
}

/// Counts, and keeps the few files that say what the plugin is.
struct Survey<'a> {
    package: &'a Utf8Path,
    root: Utf8PathBuf,
    files: u64,
    size: u64,
}

/// No such file comes near to it.
const LARGEST_YAML: u64 = 8 * 1024 * 1024;

impl Survey<'_> {
    fn read(&mut self, path: &Utf8Path, content: &mut dyn Read) -> Result<(), UnpackError> {
        self.files += 1;
        let fail = |error: io::Error| read_error(self.package, &error);
        let of_interest = path.components().count() == 1 && path.extension() == Some("yaml");
        if of_interest {
            let mut text = Vec::new();
            content.take(LARGEST_YAML + 1).read_to_end(&mut text).map_err(fail)?;
            if text.len() as u64 > LARGEST_YAML {
                return Err(refused(self.package, path.as_str(), "it is larger than 8 MiB"));
            }
            self.size += text.len() as u64;
            fs_err::write(self.root.join(path), text)?;
        }
        self.size += io::copy(content, &mut io::sink()).map_err(fail)?;
        Ok(())
    }
}

impl Receiver for Survey<'_> {
    fn begin(&mut self, _name: &str) {}

    fn directory(&mut self, _path: &Utf8Path, _mode: u32) -> Result<(), UnpackError> {
        Ok(())
    }

    fn file(
        &mut self,
        path: &Utf8Path,
        _mode: u32,
        _expected: Option<&Expected>,
        content: &mut dyn Read,
    ) -> Result<(), UnpackError> {
        self.read(path, content)
    }

    fn shared_file(
        &mut self,
        path: &Utf8Path,
        _mode: u32,
        _inode: u64,
        _expected: Option<&Expected>,
        content: Option<&mut dyn Read>,
    ) -> Result<(), UnpackError> {
        match content {
            Some(content) => self.read(path, content),
            None => {
                self.files += 1;
                Ok(())
            }
        }
    }

    fn link(&mut self, _path: &Utf8Path, _target: &str) -> Result<(), UnpackError> {
        self.files += 1;
        Ok(())
    }

    fn hard_link(&mut self, _path: &Utf8Path, _existing: &Utf8Path) -> Result<(), UnpackError> {
        self.files += 1;
        Ok(())
    }
}
