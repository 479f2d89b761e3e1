//! New plugins: the skeletons of each package format, and one that starts from the reference plugin's structure.

use camino::{Utf8Path, Utf8PathBuf};

use crate::check::Format;

/// A file of a new plugin. In its path and text `@name@` stands for the plugin's name, `@role@` for its role,
/// `@module@` for its Puppet module, `@line@` for a line as long as the name.
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

/// The manifest that the tasks of formats 3.0.0 and later name; the original never wrote it.
const MANIFEST: &[Template] = &[file(
    "deployment_scripts/deploy.pp",
    include_str!("../templates/puppet/deploy.pp"),
)];

/// The reference plugin's structure, without what only Trove needs.
const TROVE: &[Template] = &[
    file("LICENSE", include_str!("../../LICENSE")),
    file("README.md", include_str!("../templates/trove/README.md")),
    file(".gitignore", include_str!("../templates/trove/gitignore")),
    file("metadata.yaml", include_str!("../templates/trove/metadata.yaml")),
    file(
        "environment_config.yaml",
        include_str!("../templates/trove/environment_config.yaml"),
    ),
    file("node_roles.yaml", include_str!("../templates/trove/node_roles.yaml")),
    file("volumes.yaml", include_str!("../templates/trove/volumes.yaml")),
    file(
        "network_roles.yaml",
        include_str!("../templates/trove/network_roles.yaml"),
    ),
    file("components.yaml", include_str!("../templates/trove/components.yaml")),
    file("tasks.yaml", include_str!("../templates/trove/tasks.yaml")),
    file(
        "deployment_tasks.yaml",
        include_str!("../templates/trove/deployment_tasks.yaml"),
    ),
    program("pre_build_hook", include_str!("../templates/trove/pre_build_hook")),
    file(
        "deployment_scripts/puppet/manifests/hiera_override.pp",
        include_str!("../templates/trove/hiera_override.pp"),
    ),
    file(
        "deployment_scripts/puppet/manifests/service.pp",
        include_str!("../templates/trove/service.pp"),
    ),
    file(
        "deployment_scripts/puppet/modules/@module@/manifests/init.pp",
        include_str!("../templates/trove/modules/init.pp"),
    ),
    file(
        "deployment_scripts/puppet/modules/@module@/templates/service.conf.erb",
        include_str!("../templates/trove/modules/service.conf.erb"),
    ),
    file(
        "deployment_scripts/puppet/modules/@module@/metadata.json",
        include_str!("../templates/trove/modules/metadata.json"),
    ),
    file(
        "tests/scenarios/@role@.yaml",
        include_str!("../templates/trove/scenario.yaml"),
    ),
    file("repositories/ubuntu/.gitkeep", ""),
];

/// What a new plugin starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Start {
    /// Exactly the files that the original creates.
    #[default]
    Original,
    /// These, and the manifest that the tasks of formats 3.0.0 and later name.
    Skeleton,
    /// Roles, settings, a Puppet module and a scenario, laid out as the reference plugin is; format 4.0.0.
    Trove,
}

/// Why a plugin cannot be created. The texts are the original's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// No such package version.
    #[error("Wrong package version \"{0}\"")]
    PackageVersion(String),
    /// The start is there for another package version only.
    #[error("a plugin that starts from the reference plugin has package version {TROVE_PACKAGE_VERSION}, not {0}")]
    Start(String),
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

/// The package version of a plugin that starts from the reference plugin.
pub(crate) const TROVE_PACKAGE_VERSION: &str = "4.0.0";

/// Writes the skeleton of a plugin to `directory`, whose last component is the plugin's name: exactly the files that
/// the original creates.
///
/// # Errors
/// In the original's order: an unknown package version, a path that exists, a name that does not match
/// `^[a-z0-9_-]+$`, a file that cannot be written.
pub fn create(directory: &Utf8Path, package_version: &str) -> Result<(), CreateError> {
    create_from(Start::Original, directory, package_version)
}

/// As [`create`], from a start of the caller's choice.
///
/// # Errors
/// Those of [`create`], and a package version that the start is not made for.
pub fn create_from(start: Start, directory: &Utf8Path, package_version: &str) -> Result<(), CreateError> {
    let (format, layers) = LAYERS
        .iter()
        .find_map(|(version, layers)| (*version == package_version).then_some((Format::find(version)?, *layers)))
        .ok_or_else(|| CreateError::PackageVersion(package_version.to_owned()))?;
    if fs_err::symlink_metadata(directory).is_ok() {
        return Err(CreateError::Exists(directory.to_owned()));
    }
    let name = directory.file_name().unwrap_or_default();
    let allowed = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '_' | '-');
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(CreateError::Name);
    }
    match start {
        Start::Trove if package_version != TROVE_PACKAGE_VERSION => Err(CreateError::Start(package_version.to_owned())),
        Start::Trove => write(directory, name, TROVE),
        Start::Skeleton if format.number >= 3 => {
            layers.iter().try_for_each(|layer| write(directory, name, layer))?;
            write(directory, name, MANIFEST)
        }
        Start::Skeleton | Start::Original => layers.iter().try_for_each(|layer| write(directory, name, layer)),
    }
}

fn write(directory: &Utf8Path, name: &str, templates: &[Template]) -> Result<(), CreateError> {
    let plain = name.replace('-', "_");
    // A role is named without what all plugins' names begin with; a module is not named like somebody else's.
    let short = ["fuel-plugin-", "fuel_plugin_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    let role = short.filter(|rest| !rest.is_empty()).unwrap_or(name);
    let module = match plain.strip_prefix("fuel_plugin_") {
        Some(_) => plain,
        None => format!("fuel_plugin_{plain}"),
    };
    let fill = |text: &str| {
        text.replace("@name@", name)
            .replace("@role@", role)
            .replace("@module@", &module)
            .replace("@line@", &"=".repeat(name.len()))
    };
    for template in templates {
        let path = directory.join(fill(template.path));
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(&path, fill(template.text))?;
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
