//! Enabling a plugin: from what Nailgun shows of its settings to what it must be sent.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plugin_builder::nearest;
use serde_json::{Map, Value, json};

/// Settings that the environment does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The plugin is not in the environment's settings.
    #[error(
        "plugin `{plugin}` is not in the settings of the environment\n  hint: {}",
        absent_hint(present, suggestion.as_deref())
    )]
    AbsentPlugin {
        /// The plugin.
        plugin: String,
        /// Plugins that are.
        present: Vec<String>,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// The plugin is there, in other versions.
    #[error("plugin `{plugin}` has no version `{version}` in the environment\n  hint: it has {}", present.join(", "))]
    AbsentVersion {
        /// The plugin.
        plugin: String,
        /// The version.
        version: String,
        /// Versions that it has.
        present: Vec<String>,
    },
    /// The plugin has no such field.
    #[error(
        "plugin `{plugin}` has no setting `{field}`\n  hint: {}",
        field_hint(present, suggestion.as_deref())
    )]
    UnknownField {
        /// The plugin.
        plugin: String,
        /// The field.
        field: String,
        /// Fields that it has.
        present: Vec<String>,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
}

fn absent_hint(present: &[String], suggestion: Option<&str>) -> String {
    match (suggestion, present) {
        (Some(suggestion), _) => format!("did you mean `{suggestion}`?"),
        (None, []) => "no plugin is; is it installed, and do its `releases` name the environment's release?".to_owned(),
        (None, present) => format!(
            "these are: {}; is it installed, and do its `releases` name the environment's release?",
            present.join(", ")
        ),
    }
}

fn field_hint(present: &[String], suggestion: Option<&str>) -> String {
    let known = match present {
        [] => "it has no settings at all".to_owned(),
        present => format!("its settings are {}", present.join(", ")),
    };
    match suggestion {
        Some(suggestion) => format!("did you mean `{suggestion}`? {known}"),
        None => known,
    }
}

/// The body of `PUT /clusters/:id/attributes/` that enables a plugin and sets its fields.
///
/// Nailgun takes a plugin's section only as a whole, with `class`, `versions` and `chosen_id`; anything less is
/// answered with 200 and does nothing (facts 2.4). Before 8.0 there are no versions, and the section is flat. `version`
/// is the plugin's full version, `None` for the newest; `values` are by field, `field` and `field.value` being the same.
pub(crate) fn enabling_body(
    attributes: &Value,
    plugin: &str,
    version: Option<&str>,
    values: &BTreeMap<String, Value>,
) -> Result<Value, SettingsError> {
    let mut section = attributes["editable"][plugin].clone();
    let is_plugin = |section: &Value| {
        let metadata = &section["metadata"];
        metadata["class"] == "plugin"
            || metadata["versions"].is_array()
            || !metadata["plugin_version"].is_null()
            || !metadata["plugin_id"].is_null()
    };
    if !is_plugin(&section) {
        let present: Vec<String> = attributes["editable"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, section)| is_plugin(section))
            .map(|(name, _)| name.clone())
            .collect();
        return Err(SettingsError::AbsentPlugin {
            plugin: plugin.to_owned(),
            suggestion: nearest(plugin, present.iter().map(String::as_str)).map(str::to_owned),
            present,
        });
    }
    section["metadata"]["enabled"] = json!(true);
    if let Some(versions) = section.pointer_mut("/metadata/versions").and_then(Value::as_array_mut) {
        let index = choose(plugin, versions, version)?;
        set_fields(plugin, &mut versions[index], values)?;
        let id = versions[index]["metadata"]["plugin_id"].clone();
        section["metadata"]["chosen_id"] = id;
    } else {
        set_fields(plugin, &mut section, values)?;
    }
    let mut editable = Map::new();
    editable.insert(plugin.to_owned(), section);
    Ok(json!({ "editable": editable }))
}

/// Index of the version that is asked for, or of the newest.
fn choose(plugin: &str, versions: &[Value], wanted: Option<&str>) -> Result<usize, SettingsError> {
    let text = |version: &Value| {
        version["metadata"]["plugin_version"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let found = match wanted {
        Some(wanted) => versions.iter().position(|version| text(version) == wanted),
        None => (0..versions.len()).max_by(|&left, &right| compare(&text(&versions[left]), &text(&versions[right]))),
    };
    found.ok_or_else(|| SettingsError::AbsentVersion {
        plugin: plugin.to_owned(),
        version: wanted.unwrap_or("(any)").to_owned(),
        present: versions.iter().map(text).collect(),
    })
}

/// Compares versions number by number: 10.0.0 is newer than 9.0.0.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let numbers = |version: &str| -> Vec<u64> { version.split('.').map(|part| part.parse().unwrap_or(0)).collect() };
    numbers(left).cmp(&numbers(right))
}

fn set_fields(plugin: &str, target: &mut Value, values: &BTreeMap<String, Value>) -> Result<(), SettingsError> {
    for (path, value) in values {
        let is_field = |name: &str| name != "metadata" && target[name]["type"].is_string();
        let name = match path.strip_suffix(".value") {
            Some(name) if !is_field(path) => name,
            _ => path,
        };
        if !is_field(name) {
            let present: Vec<String> = target
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, field)| *name != "metadata" && field["type"].is_string())
                .map(|(name, _)| name.clone())
                .collect();
            return Err(SettingsError::UnknownField {
                plugin: plugin.to_owned(),
                field: path.clone(),
                suggestion: nearest(name, present.iter().map(String::as_str)).map(str::to_owned),
                present,
            });
        }
        target[name]["value"] = value.clone();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Value {
        let field = |value: &str| json!({"type": "text", "label": "l", "value": value, "weight": 10});
        json!({"editable": {
            "common": {"metadata": {"label": "Common"}, "debug": {"type": "checkbox", "value": false}},
            "trove": {"metadata": {"class": "plugin", "toggleable": true, "weight": 70, "label": "Trove",
                "enabled": false, "default": false, "chosen_id": 4, "versions": [
                    {"metadata": {"plugin_id": 4, "plugin_version": "10.0.0"}, "password": field("new")},
                    {"metadata": {"plugin_id": 3, "plugin_version": "9.0.0"}, "password": field("old")},
                ]}},
        }})
    }

    fn values(pairs: &[(&str, Value)]) -> BTreeMap<String, Value> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn the_whole_section_is_sent_with_the_value_in_the_chosen_version() {
        let mut expected = attributes()["editable"]["trove"].clone();
        expected["metadata"]["enabled"] = json!(true);
        expected["metadata"]["chosen_id"] = json!(3);
        expected["metadata"]["versions"][1]["password"]["value"] = json!("s3cret");
        for path in ["password", "password.value"] {
            let body = enabling_body(
                &attributes(),
                "trove",
                Some("9.0.0"),
                &values(&[(path, json!("s3cret"))]),
            )
            .unwrap();
            assert_eq!(body, json!({"editable": {"trove": expected}}));
        }
    }

    #[test]
    fn without_a_version_the_newest_is_chosen_by_number() {
        let body = enabling_body(&attributes(), "trove", None, &values(&[])).unwrap();
        assert_eq!(body["editable"]["trove"]["metadata"]["chosen_id"], 4);
    }

    #[test]
    fn a_flat_section_of_fuel_7_is_enabled_in_place() {
        let attributes = json!({"editable": {"trove": {
            "metadata": {"enabled": false, "plugin_id": 1}, "password": {"type": "text", "value": ""}}}});
        let body = enabling_body(&attributes, "trove", None, &values(&[("password", json!("x"))])).unwrap();
        assert_eq!(
            body,
            json!({"editable": {"trove": {
                "metadata": {"enabled": true, "plugin_id": 1}, "password": {"type": "text", "value": "x"}}}})
        );
    }

    #[test]
    fn an_unknown_field_is_refused_with_the_fields_that_there_are() {
        let error = enabling_body(&attributes(), "trove", None, &values(&[("pasword", json!("x"))])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "plugin `trove` has no setting `pasword`\n  hint: did you mean `password`? its settings are password"
        );
    }

    #[test]
    fn metadata_is_no_field() {
        let result = enabling_body(&attributes(), "trove", None, &values(&[("metadata", json!({}))]));
        assert!(matches!(result, Err(SettingsError::UnknownField { .. })));
    }

    #[test]
    fn a_plugin_that_is_not_there_is_refused_and_a_core_section_is_none() {
        for name in ["trov", "common"] {
            let error = enabling_body(&attributes(), name, None, &values(&[])).unwrap_err();
            assert!(matches!(error, SettingsError::AbsentPlugin { .. }), "{error}");
        }
    }

    #[test]
    fn a_version_that_is_not_there_is_refused() {
        let error = enabling_body(&attributes(), "trove", Some("1.0.0"), &values(&[])).unwrap_err();
        assert!(error.to_string().ends_with("it has 10.0.0, 9.0.0"), "{error}");
    }
}
