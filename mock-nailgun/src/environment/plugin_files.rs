//! Reading plugins from the master's disk.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use super::plugin_metadata;
use crate::profile::Profile;
use crate::settings;
use crate::store::PluginFiles;

/// The file with a plugin's settings.
const SETTINGS: &str = "environment_config.yaml";

/// Which file is kept in which field, from which package version on.
const FILES: &[(&str, Field, u32)] = &[
    (SETTINGS, Field::Attributes, 1),
    ("tasks.yaml", Field::Tasks, 1),
    ("deployment_tasks.yaml", Field::DeploymentTasks, 3),
    ("network_roles.yaml", Field::NetworkRoles, 3),
    ("node_roles.yaml", Field::Roles, 3),
    ("volumes.yaml", Field::Volumes, 3),
    ("components.yaml", Field::Components, 4),
    ("nic_config.yaml", Field::NicAttributes, 5),
    ("bond_config.yaml", Field::BondAttributes, 5),
    ("node_config.yaml", Field::NodeAttributes, 5),
    ("node_tags.yaml", Field::Tags, 6),
];

#[derive(Clone, Copy)]
enum Field {
    Attributes,
    Tasks,
    DeploymentTasks,
    NetworkRoles,
    Roles,
    Volumes,
    Components,
    NicAttributes,
    BondAttributes,
    NodeAttributes,
    Tags,
}

/// The prefix that picks the adapter of a package version (`4.0.`), `None` for one that the profile does not take.
pub(crate) fn adapter_prefix(profile: &Profile, package_version: &str) -> Option<&'static str> {
    profile
        .package_versions
        .iter()
        .find(|prefix| package_version.starts_with(**prefix))
        .copied()
}

/// Reads the files of a plugin that this Fuel keeps from registration and sync on. A missing file leaves what `files`
/// holds already of it: what metadata says, or nothing.
///
/// # Errors
/// Nailgun's text for a file that is no YAML, with its path, and what is wrong on the next line; the path of settings
/// with a generator that is asked for too much.
pub(crate) fn read_plugin_files(
    profile: &Profile,
    directory: &Utf8Path,
    package_version: &str,
    mut files: PluginFiles,
) -> Result<PluginFiles, String> {
    let major = plugin_metadata::major(package_version);
    if profile.file_reading.is_when_needed(major) {
        // Not even looked at: a broken one is told by what needs it.
        return Ok(files);
    }
    for (name, field, _) in FILES.iter().filter(|(_, _, since)| *since <= major) {
        if matches!(field, Field::Attributes) && major < 3 && !profile.reads_settings_of_early_packages {
            continue;
        }
        let Some(document) = load(&directory.join(name))? else {
            continue;
        };
        match field {
            Field::Attributes => files.attributes_metadata = attributes(&document),
            Field::Tasks => files.tasks = list(document),
            Field::DeploymentTasks => files.deployment_tasks = list(document),
            Field::NetworkRoles => files.network_roles_metadata = list(document),
            Field::Roles => files.roles_metadata = object(Some(document)),
            Field::Volumes => files.volumes_metadata = object(Some(document)),
            Field::Components => files.components_metadata = list(document),
            Field::NicAttributes => files.nic_attributes_metadata = object(Some(document)),
            Field::BondAttributes => files.bond_attributes_metadata = object(Some(document)),
            Field::NodeAttributes => files.node_attributes_metadata = object(Some(document)),
            Field::Tags => files.tags_metadata = object(Some(document)),
        }
    }
    if major == 1 {
        files.tasks.iter_mut().for_each(add_primary_controller);
    }
    check_generators(directory, &files.attributes_metadata)?;
    Ok(files)
}

/// The settings of an environment_config.yaml as it is on disk now, where this Fuel reads it when an environment takes
/// them; `None` where they are kept from registration on.
///
/// # Errors
/// As [`read_plugin_files`].
pub(super) fn settings_on_disk(
    profile: &Profile,
    directory: &Utf8Path,
    package_version: &str,
) -> Result<Option<Map<String, Value>>, String> {
    if !profile
        .file_reading
        .is_when_needed(plugin_metadata::major(package_version))
    {
        return Ok(None);
    }
    let document = load(&directory.join(SETTINGS))?;
    let settings = document.as_ref().map(attributes).unwrap_or_default();
    check_generators(directory, &settings)?;
    Ok(Some(settings))
}

fn check_generators(directory: &Utf8Path, attributes: &Map<String, Value>) -> Result<(), String> {
    attributes
        .iter()
        .try_for_each(|(name, field)| settings::check_generators(field).map_err(|problem| format!("{name}.{problem}")))
        .map_err(|problem| format!("{}: {problem}", directory.join(SETTINGS)))
}

/// What environment_config.yaml says: the one file whose content sits below a key.
fn attributes(document: &Value) -> Map<String, Value> {
    object(document.get("attributes").cloned())
}

/// The tasks of a tasks.yaml as it is on disk now; `None` where the file holds nothing, none where there is no file.
pub(crate) fn tasks_on_disk(directory: &Utf8Path, package_version: &str) -> Result<Option<Vec<Value>>, String> {
    let mut tasks = match load(&directory.join("tasks.yaml"))? {
        None => Vec::new(),
        Some(Value::Null) => return Ok(None),
        Some(document) => list(document),
    };
    if package_version.starts_with("1.") {
        tasks.iter_mut().for_each(add_primary_controller);
    }
    Ok(Some(tasks))
}

/// Version 1 packages know no primary roles: `controller` means both.
fn add_primary_controller(task: &mut Value) {
    if let Some(Value::Array(roles)) = task.get_mut("role")
        && roles.iter().any(|role| role == "controller")
    {
        roles.push(Value::from("primary-controller"));
    }
}

/// Directories below the plugins directory that hold a plugin, by name.
pub(crate) fn directories_on_disk(plugins_directory: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    let Ok(entries) = plugins_directory.read_dir_utf8() else {
        return BTreeSet::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.into_path()))
        .filter(|path| plugin_metadata::is_plugin(path))
        .collect()
}

pub(super) fn load(path: &Utf8Path) -> Result<Option<Value>, String> {
    if !path.is_file() {
        return Ok(None);
    }
    let problem = |error: &dyn std::fmt::Display| format!("Problem with loading YAML file {path}\n{error}");
    if matches!(path.extension(), Some("json" | "txt")) {
        let text = fs_err::read_to_string(path).map_err(|error| problem(&error))?;
        return match path.extension() {
            Some("json") => serde_json::from_str(&text).map(Some).map_err(|error| problem(&error)),
            _ => Ok(Some(Value::String(text))),
        };
    }
    plugin_builder::yaml::load(path)
        .map(|node| Some(node.to_json()))
        .map_err(|error| problem(&error))
}

/// A list, or an empty one for null: 9.x takes a tasks.yaml whose every line is a comment.
fn list(document: Value) -> Vec<Value> {
    match document {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

pub(super) fn object(document: Option<Value>) -> Map<String, Value> {
    match document {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
