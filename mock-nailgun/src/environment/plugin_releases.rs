//! Releases that plugins bring: entries of `releases` with `is_release: true`, from package version 5.0.0 on (9.x).

use std::sync::Arc;

use camino::Utf8Path;
use serde_json::{Map, Value, json};

use super::plugin_metadata::{expand_paths, points_at_files};
use crate::http::ApiError;
use crate::profile::Profile;
use crate::settings;
use crate::store::{self, GraphOwner, Plugin, Release, graphs};

/// What metadata.yaml calls the parts of a release, and what they are called in it.
const PARTS: &[(&str, &str)] = &[
    ("attributes", "attributes_metadata"),
    ("networks", "networks_metadata"),
    ("network_roles", "network_roles_metadata"),
    ("volumes", "volumes_metadata"),
    ("roles", "roles_metadata"),
    ("components", "components_metadata"),
    ("vmware_attributes", "vmware_attributes_metadata"),
    ("tags", "tags_metadata"),
];

/// Takes the releases that a plugin brings out of its `releases`, and registers them; one of the same name and version
/// is written over.
///
/// # Errors
/// 400 where a file that an entry names cannot be read.
pub(crate) fn register(
    profile: &Profile,
    database: &rusqlite::Connection,
    directory: &Utf8Path,
    plugin: &mut Plugin,
) -> Result<(), ApiError> {
    if !points_at_files(profile, &plugin.package_version) {
        return Ok(());
    }
    let entries = plugin
        .fields
        .get("releases")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let (brought, named): (Vec<Value>, Vec<Value>) = entries.into_iter().partition(|entry| entry["is_release"] == true);
    if brought.is_empty() {
        return Ok(());
    }
    for mut entry in brought {
        expand_paths(&mut entry, directory).map_err(ApiError::bad_request)?;
        save(database, plugin, &entry)?;
    }
    Arc::make_mut(&mut plugin.fields).insert("releases".to_owned(), Value::from(named));
    Ok(())
}

fn save(database: &rusqlite::Connection, plugin: &Plugin, entry: &Value) -> Result<(), ApiError> {
    // What the entry says goes over what it is based on.
    let mut whole = renamed(entry.get("base_release").unwrap_or(&Value::Null));
    settings::merge(&mut whole, &renamed(entry));
    let text = |key: &str| whole[key].as_str().map(str::to_owned);
    let mut metadata: Map<String, Value> = whole
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.ends_with("_metadata"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    metadata
        .entry("modes_metadata")
        .or_insert_with(|| json!({"ha_compact": {}}));
    let mut release = Release {
        id: 0,
        name: text("name").unwrap_or_else(|| plugin.title.clone()),
        version: text("version").unwrap_or_default(),
        operating_system: text("operating_system").or(text("os")).unwrap_or_default(),
        state: "available".to_owned(),
        metadata: Arc::new(metadata),
    };
    let known: Option<Release> = store::find(
        database,
        "document ->> 'name' = ?1 AND document ->> 'version' = ?2",
        [&release.name, &release.version],
    )?;
    match known {
        Some(known) => {
            release.id = known.id;
            store::replace(database, &release)?;
        }
        None => store::insert(database, &mut release)?,
    }
    let tasks = whole["deployment_tasks"].as_array().cloned().unwrap_or_default();
    Ok(graphs::set(
        database,
        GraphOwner::Release,
        release.id,
        crate::graph::DEFAULT,
        &tasks,
    )?)
}

/// An entry with the parts called as a release calls them.
fn renamed(entry: &Value) -> Value {
    let mut renamed = Map::new();
    for (key, value) in entry.as_object().into_iter().flatten() {
        let name = PARTS
            .iter()
            .find(|(short, _)| short == key)
            .map_or(key.as_str(), |(_, name)| *name);
        renamed.insert(name.to_owned(), value.clone());
    }
    Value::Object(renamed)
}
