//! metadata.yaml as 9.x reads it for packages from 5.0.0 on: together with the other `metadata.*`, and with the content
//! of the files that a key `foo_path` names in place of it, as `foo`.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use super::plugin_files::{self, load};
use crate::profile::Profile;
use crate::settings;
use crate::store::PluginFiles;

/// The first package version that may point at files.
const FIRST_MAJOR: u32 = 5;

/// Files that a plugin's metadata is read from. A `metadata.txt` holds no keys, so there is nothing in it to merge.
const FILES: &[&str] = &["metadata.yaml", "metadata.yml", "metadata.json"];

/// Keys that end in `_path` and name no content.
const PLAIN_PATHS: &[&str] = &["repository_path", "deployment_scripts_path"];

/// The number before the first dot of a package version; 1 where there is none.
pub(super) fn major(package_version: &str) -> u32 {
    package_version
        .split('.')
        .next()
        .and_then(|part| part.parse().ok())
        .unwrap_or(1)
}

/// Whether a package of that version may point at files.
pub(crate) fn points_at_files(profile: &Profile, package_version: &str) -> bool {
    profile.plugin_releases && major(package_version) >= FIRST_MAJOR
}

/// The metadata of a plugin's directory, whole; `None` where there is none.
///
/// # Errors
/// Nailgun's text for a file that cannot be read, with its path, and what is wrong on the next line.
pub(crate) fn read_metadata(profile: &Profile, directory: &Utf8Path) -> Result<Option<Map<String, Value>>, String> {
    let Some(Value::Object(mut metadata)) = load(&directory.join(FILES[0]))? else {
        // 9.x reads every `metadata.*`; which package it is has to be read first.
        let mut whole = None;
        for name in FILES.iter().filter(|_| profile.plugin_releases) {
            if let Some(more) = load(&directory.join(name))? {
                join(&mut whole, more);
            }
        }
        return match whole {
            Some(Value::Object(metadata)) => expanded(profile, directory, metadata).map(Some),
            _ => Ok(None),
        };
    };
    if points_at_files(profile, package_version(&metadata)) {
        let mut whole = Some(Value::Object(metadata));
        for name in &FILES[1..] {
            if let Some(more) = load(&directory.join(name))? {
                join(&mut whole, more);
            }
        }
        metadata = plugin_files::object(whole);
    }
    expanded(profile, directory, metadata).map(Some)
}

/// Metadata with the content of the files that it points at.
///
/// # Errors
/// As [`read_metadata`], and for a path out of the directory.
pub(crate) fn expanded(
    profile: &Profile,
    directory: &Utf8Path,
    metadata: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    if !points_at_files(profile, package_version(&metadata)) {
        return Ok(metadata);
    }
    let mut metadata = Value::Object(metadata);
    expand_paths(&mut metadata, directory)?;
    Ok(plugin_files::object(Some(metadata)))
}

fn package_version(metadata: &Map<String, Value>) -> &str {
    metadata
        .get("package_version")
        .and_then(Value::as_str)
        .unwrap_or("1.0.0")
}

/// Whether a directory holds a plugin.
pub(super) fn is_plugin(directory: &Utf8Path) -> bool {
    FILES.iter().any(|name| directory.join(name).is_file())
}

/// Puts what metadata itself says of roles, settings, tasks and the like into `files`. Of packages before 5.0.0 such keys
/// are dropped.
pub(crate) fn keep(profile: &Profile, files: &mut PluginFiles, metadata: &Map<String, Value>) {
    if !points_at_files(profile, package_version(metadata)) {
        return;
    }
    let objects: [(&str, &mut Map<String, Value>); 7] = [
        ("attributes_metadata", &mut files.attributes_metadata),
        ("roles_metadata", &mut files.roles_metadata),
        ("volumes_metadata", &mut files.volumes_metadata),
        ("tags_metadata", &mut files.tags_metadata),
        ("nic_attributes_metadata", &mut files.nic_attributes_metadata),
        ("bond_attributes_metadata", &mut files.bond_attributes_metadata),
        ("node_attributes_metadata", &mut files.node_attributes_metadata),
    ];
    for (key, field) in objects {
        if let Some(Value::Object(content)) = metadata.get(key) {
            *field = content.clone();
        }
    }
    // A path that names environment_config.yaml brings its one key along.
    if files.attributes_metadata.len() == 1
        && let Some(Value::Object(inner)) = files.attributes_metadata.get("attributes").cloned()
        && !inner.contains_key("type")
    {
        files.attributes_metadata = inner;
    }
    let lists: [(&str, &mut Vec<Value>); 4] = [
        ("tasks", &mut files.tasks),
        ("deployment_tasks", &mut files.deployment_tasks),
        ("network_roles_metadata", &mut files.network_roles_metadata),
        ("components_metadata", &mut files.components_metadata),
    ];
    for (key, field) in lists {
        if let Some(Value::Array(content)) = metadata.get(key) {
            *field = content.clone();
        }
    }
}

/// Puts the content of the files that `foo_path` names in place of it, as `foo`. A path may end in a file name with `*`;
/// the contents of several files are merged, lists joined. What names a directory or nothing stays as it is.
///
/// # Errors
/// As [`read_metadata`], and for a path out of the directory: the file would be the master's own.
pub(super) fn expand_paths(value: &mut Value, directory: &Utf8Path) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| expand_paths(item, directory)),
        Value::Object(members) => {
            let keys: Vec<String> = members.keys().cloned().collect();
            for key in keys {
                let named = key
                    .strip_suffix("_path")
                    .filter(|_| !PLAIN_PATHS.contains(&key.as_str()))
                    .zip(members.get(&key).and_then(Value::as_str));
                if let Some((name, path)) = named {
                    let mut content: Option<Value> = None;
                    for file in files(directory, path) {
                        if !is_inside(directory, &file) {
                            return Err(format!(
                                "`{key}: {path}` leads out of the plugin's directory {directory}; name a file inside of it"
                            ));
                        }
                        join(&mut content, load(&file)?.unwrap_or(Value::Null));
                    }
                    if let Some(content) = content {
                        members.insert(name.to_owned(), content);
                        members.shift_remove(&key);
                    }
                }
            }
            members
                .values_mut()
                .try_for_each(|member| expand_paths(member, directory))
        }
        _ => Ok(()),
    }
}

fn is_inside(directory: &Utf8Path, file: &Utf8Path) -> bool {
    match (directory.canonicalize_utf8(), file.canonicalize_utf8()) {
        (Ok(directory), Ok(file)) => file.starts_with(directory),
        _ => false,
    }
}

fn join(content: &mut Option<Value>, more: Value) {
    match (content, more) {
        (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
        (Some(Value::String(text)), Value::String(more)) => text.push_str(&more),
        (Some(content), more) => settings::merge(content, &more),
        (content, more) => *content = Some(more),
    }
}

fn files(directory: &Utf8Path, path: &str) -> Vec<Utf8PathBuf> {
    let whole = directory.join(path);
    let Some((before, after)) = whole.file_name().and_then(|name| name.split_once('*')) else {
        return if whole.is_file() { vec![whole] } else { Vec::new() };
    };
    let mut found: Vec<Utf8PathBuf> = whole
        .parent()
        .and_then(|parent| parent.read_dir_utf8().ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.into_path()))
        .filter(|file| {
            file.is_file()
                && file.file_name().is_some_and(|name| {
                    name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
                })
        })
        .collect();
    found.sort();
    found
}
