//! A plugin's section in the settings of an environment.
//!
//! All versions of a plugin share one container, named as the plugin: `metadata.versions` holds each version's fields,
//! `metadata.chosen_id` and `metadata.enabled` say which is on (8.0 and later).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::profile::{PluginSettings, Profile};
use crate::store::{ClusterPlugin, Plugin};

/// What a version's `metadata` says: environment_config's own block and who the plugin is.
pub(super) fn version_metadata(profile: &Profile, plugin: &Plugin) -> Map<String, Value> {
    let mut metadata = match plugin.files.attributes_metadata.get("metadata") {
        Some(Value::Object(metadata)) => metadata.clone(),
        _ => Map::new(),
    };
    metadata.insert("plugin_id".to_owned(), Value::from(plugin.id));
    metadata.insert("plugin_version".to_owned(), Value::from(plugin.version.clone()));
    let hot_pluggable = plugin
        .fields
        .get("is_hotpluggable")
        .cloned()
        .unwrap_or(Value::Bool(false));
    metadata.insert(profile.hot_pluggable_key.to_owned(), hot_pluggable);
    metadata
}

/// Containers of the plugins of an environment, by name. `plugins` are sorted by name and version.
pub(crate) fn section(profile: &Profile, plugins: &[ClusterPlugin]) -> Map<String, Value> {
    match profile.plugin_settings {
        PluginSettings::Versions => containers(profile, plugins, false),
        // They are among the environment's own settings.
        PluginSettings::InEnvironment => Map::new(),
    }
}

/// The sections that a new environment takes among its own settings (to 7.0): flat and switched off. The four defaults
/// go over what environment_config says of `metadata`.
pub(crate) fn environment_sections(profile: &Profile, plugins: &[ClusterPlugin]) -> Map<String, Value> {
    if profile.plugin_settings != PluginSettings::InEnvironment {
        return Map::new();
    }
    plugins
        .iter()
        .map(|connected| {
            let plugin = &connected.plugin;
            let mut section = plugin.files.attributes_metadata.clone();
            let mut metadata = match section.shift_remove("metadata") {
                Some(Value::Object(metadata)) => metadata,
                _ => Map::new(),
            };
            metadata.extend([
                ("enabled".to_owned(), Value::Bool(false)),
                ("toggleable".to_owned(), Value::Bool(true)),
                ("weight".to_owned(), Value::from(70)),
                ("label".to_owned(), Value::from(plugin.title.clone())),
                ("plugin_id".to_owned(), Value::from(plugin.id)),
            ]);
            section.insert("metadata".to_owned(), Value::Object(metadata));
            (plugin.name.clone(), Value::Object(section))
        })
        .collect()
}

/// The same as they are before anything was set: nothing enabled, environment_config's own values.
pub(crate) fn defaults_section(profile: &Profile, plugins: &[ClusterPlugin]) -> Map<String, Value> {
    if profile.plugin_settings == PluginSettings::InEnvironment {
        return environment_sections(profile, plugins);
    }
    let defaults: Vec<ClusterPlugin> = plugins
        .iter()
        .map(|connected| ClusterPlugin {
            plugin: connected.plugin.clone(),
            enabled: false,
            attributes: Arc::new(default_attributes(&connected.plugin)),
        })
        .collect();
    containers(profile, &defaults, true)
}

/// What a plugin's settings in an environment begin as: environment_config without `metadata`.
fn default_attributes(plugin: &Plugin) -> Map<String, Value> {
    let mut attributes = plugin.files.attributes_metadata.clone();
    attributes.shift_remove("metadata");
    attributes
}

impl ClusterPlugin {
    /// What `cluster_plugins.attributes` begins as.
    pub(crate) fn initial_attributes(plugin: &Plugin) -> Map<String, Value> {
        default_attributes(plugin)
    }
}

fn containers(profile: &Profile, plugins: &[ClusterPlugin], default: bool) -> Map<String, Value> {
    let mut containers: Map<String, Value> = Map::new();
    for connected in plugins {
        let plugin = &connected.plugin;
        let container = containers.entry(plugin.name.clone()).or_insert_with(|| {
            json!({"metadata": {
                "class": "plugin", "toggleable": true, "weight": 70, "enabled": false, "default": default,
                "chosen_id": plugin.id, "versions": [],
            }})
        });
        let metadata = &mut container["metadata"];
        // The last version's title is the container's label.
        metadata["label"] = Value::from(plugin.title.clone());
        if connected.enabled {
            metadata["enabled"] = Value::Bool(true);
            metadata["chosen_id"] = Value::from(plugin.id);
        }
        let mut version = Map::clone(&connected.attributes);
        version.insert("metadata".to_owned(), Value::Object(version_metadata(profile, plugin)));
        if let Some(versions) = metadata["versions"].as_array_mut() {
            versions.push(Value::Object(version));
        }
    }
    containers
}

/// The sections of enabled plugins as nodes get them: one version's fields beside `metadata`.
pub(crate) fn flat_sections(profile: &Profile, plugins: &[ClusterPlugin]) -> Map<String, Value> {
    plugins
        .iter()
        .filter(|connected| connected.enabled && profile.plugin_settings == PluginSettings::Versions)
        .map(|connected| {
            let plugin = &connected.plugin;
            let mut metadata = Map::from_iter([
                ("class".to_owned(), Value::from("plugin")),
                ("toggleable".to_owned(), Value::Bool(true)),
                ("weight".to_owned(), Value::from(70)),
                ("label".to_owned(), Value::from(plugin.title.clone())),
                ("enabled".to_owned(), Value::Bool(true)),
            ]);
            metadata.extend(version_metadata(profile, plugin));
            let mut section = Map::from_iter([("metadata".to_owned(), Value::Object(metadata))]);
            section.extend(Map::clone(&connected.attributes));
            (plugin.name.clone(), Value::Object(section))
        })
        .collect()
}

/// A container with the chosen version's fields and metadata beside the container's own `metadata`: what conditions
/// see as `settings:<plugin>.<field>.value` and `settings:<plugin>.metadata.enabled`, enabled or not.
pub(crate) fn lifted(mut container: Value) -> Value {
    // A core section has metadata too, but no versions.
    let Some(metadata) = container.get_mut("metadata").and_then(Value::as_object_mut) else {
        return container;
    };
    let Some(versions) = metadata.shift_remove("versions") else {
        return container;
    };
    let mut own = std::mem::take(metadata);
    let chosen = own.get("chosen_id").unwrap_or(&Value::Null);
    let versions = match versions {
        Value::Array(versions) => versions,
        _ => Vec::new(),
    };
    let version = versions
        .into_iter()
        .find(|version| &version["metadata"]["plugin_id"] == chosen);
    let mut lifted = match version {
        Some(Value::Object(version)) => version,
        _ => Map::new(),
    };
    if let Some(Value::Object(version_metadata)) = lifted.shift_remove("metadata") {
        own.extend(version_metadata);
    }
    lifted.insert("metadata".to_owned(), Value::Object(own));
    Value::Object(lifted)
}

/// What a request says of one plugin container.
#[derive(Debug, Clone)]
pub(crate) struct SentSection {
    pub(crate) enabled: bool,
    pub(crate) default: bool,
    pub(crate) chosen_id: Option<i64>,
    /// Each version's id and fields, `metadata` taken out.
    pub(crate) versions: Vec<(i64, Map<String, Value>)>,
}

/// Reads a section of a request; `None` where it is not a plugin's: only `metadata.class` decides that, and up to 7.0 no
/// section is one.
pub(crate) fn sent_section(profile: &Profile, section: &Value) -> Option<SentSection> {
    if profile.plugin_settings == PluginSettings::InEnvironment {
        return None;
    }
    let metadata = section.get("metadata")?;
    if metadata.get("class").and_then(Value::as_str) != Some("plugin") {
        return None;
    }
    let versions = metadata
        .get("versions")
        .and_then(Value::as_array)
        .map(|versions| {
            versions
                .iter()
                .filter_map(|version| {
                    let mut fields = version.as_object()?.clone();
                    let id = fields.shift_remove("metadata")?.get("plugin_id")?.as_i64()?;
                    Some((id, fields))
                })
                .collect()
        })
        .unwrap_or_default();
    let flag = |name| metadata.get(name).and_then(Value::as_bool).unwrap_or(false);
    Some(SentSection {
        enabled: flag("enabled"),
        default: flag("default"),
        chosen_id: metadata.get("chosen_id").and_then(Value::as_i64),
        versions,
    })
}
