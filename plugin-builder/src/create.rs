//! New plugins.

use camino::{Utf8Path, Utf8PathBuf};

use crate::check::Format;

/// A file of a new plugin. In its text `@name@` stands for the plugin's name.
struct Template {
    path: &'static str,
    text: &'static str,
    executable: bool,
}

const fn file(path: &'static str, text: &'static str) -> Template {
    Template {
        path,
        text,
        executable: false,
    }
}

const fn program(path: &'static str, text: &'static str) -> Template {
    Template {
        path,
        text,
        executable: true,
    }
}

const BASE: &[Template] = &[
    file(".gitignore", include_str!("../templates/base/gitignore")),
    file("LICENSE", include_str!("../../LICENSE")),
    file("README.md", include_str!("../templates/base/README.md")),
    program(
        "deployment_scripts/deploy.sh",
        include_str!("../templates/base/deploy.sh"),
    ),
    program("pre_build_hook", include_str!("../templates/base/pre_build_hook")),
    file("repositories/centos/.gitkeep", ""),
    file("repositories/ubuntu/.gitkeep", ""),
    file(
        "environment_config.yaml",
        include_str!("../templates/base/environment_config.yaml"),
    ),
];
const FORMAT_1: &[Template] = &[
    file("metadata.yaml", include_str!("../templates/v1/metadata.yaml")),
    file("tasks.yaml", include_str!("../templates/v1/tasks.yaml")),
];
const FORMAT_2: &[Template] = &[
    file("metadata.yaml", include_str!("../templates/v2/metadata.yaml")),
    file("tasks.yaml", include_str!("../templates/v2/tasks.yaml")),
];
const FORMAT_3: &[Template] = &[
    file("metadata.yaml", include_str!("../templates/v3/metadata.yaml")),
    file(
        "deployment_tasks.yaml",
        include_str!("../templates/v3/deployment_tasks.yaml"),
    ),
    file("network_roles.yaml", include_str!("../templates/v3/network_roles.yaml")),
    file("node_roles.yaml", include_str!("../templates/v3/node_roles.yaml")),
    file("volumes.yaml", include_str!("../templates/v3/volumes.yaml")),
];
const FORMAT_4: &[Template] = &[
    file("metadata.yaml", include_str!("../templates/v4/metadata.yaml")),
    file(
        "environment_config.yaml",
        include_str!("../templates/v4/environment_config.yaml"),
    ),
    file("tasks.yaml", include_str!("../templates/v4/tasks.yaml")),
    file(
        "deployment_tasks.yaml",
        include_str!("../templates/v4/deployment_tasks.yaml"),
    ),
    file("node_roles.yaml", include_str!("../templates/v4/node_roles.yaml")),
    file("volumes.yaml", include_str!("../templates/v4/volumes.yaml")),
    file("components.yaml", include_str!("../templates/v4/components.yaml")),
];
const FORMAT_5: &[Template] = &[
    file("metadata.yaml", include_str!("../templates/v5/metadata.yaml")),
    file("node_config.yaml", include_str!("../templates/v5/node_config.yaml")),
    file("nic_config.yaml", include_str!("../templates/v5/nic_config.yaml")),
    file("bond_config.yaml", include_str!("../templates/v5/bond_config.yaml")),
];

/// Layers by package version; a later one replaces files of an earlier one.
const LAYERS: &[(&str, &[&[Template]])] = &[
    ("1.0.0", &[BASE, FORMAT_1]),
    ("2.0.0", &[BASE, FORMAT_2]),
    ("3.0.0", &[BASE, FORMAT_3]),
    ("4.0.0", &[BASE, FORMAT_3, FORMAT_4]),
    ("5.0.0", &[BASE, FORMAT_3, FORMAT_4, FORMAT_5]),
];

/// Why a plugin cannot be created. The texts are the original's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// No such package version.
    #[error("Wrong package version \"{0}\"")]
    PackageVersion(String),
    /// Something is at that path.
    #[error("Plugins directory {0} already exists, choose another name")]
    Exists(Utf8PathBuf),
    /// The name has other characters than it may.
    #[error("Plugin name is invalid, use only lower case letters, numbers, '_', '-' symbols")]
    Name,
    /// A file cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The package version of a new plugin, if none is asked for: the latest.
pub const LATEST_PACKAGE_VERSION: &str = "5.0.0";

/// Writes the skeleton of a plugin to `directory`, whose last component is the plugin's name.
///
/// # Errors
/// In the original's order: an unknown package version, a path that exists, a name that does not match
/// `^[a-z0-9_-]+$`, a file that cannot be written.
pub fn create(directory: &Utf8Path, package_version: &str) -> Result<(), CreateError> {
    let layers = LAYERS
        .iter()
        .find(|(version, _)| Format::find(package_version).is_some_and(|format| format.version == *version))
        .map(|(_, layers)| *layers)
        .ok_or_else(|| CreateError::PackageVersion(package_version.to_owned()))?;
    if fs_err::symlink_metadata(directory).is_ok() {
        return Err(CreateError::Exists(directory.to_owned()));
    }
    let name = directory.file_name().unwrap_or_default();
    let allowed = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '_' | '-');
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(CreateError::Name);
    }
    for template in layers.iter().copied().flatten() {
        let path = directory.join(template.path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(&path, template.text.replace("@name@", name))?;
        if template.executable {
            make_executable(&path)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Utf8Path) -> Result<(), CreateError> {
    use std::os::unix::fs::PermissionsExt as _;
    let readable = fs_err::metadata(path)?.permissions().mode();
    // Executable for whoever may read it, so the user's umask is kept.
    let mode = readable | ((readable & 0o444) >> 2);
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(_path: &Utf8Path) -> Result<(), CreateError> {
    Ok(())
}
