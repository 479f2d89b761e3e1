//! Changes of a plugin's settings, as bodies of `PUT /clusters/:id/attributes/`.
//!
//! Nailgun takes a plugin's section only as a whole, with `class`, `versions` and `chosen_id`; anything less is answered
//! with 200 and does nothing (facts 2.4). Before 8.0 there are no versions, and the section is flat.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plugin_builder::nearest;
use serde_json::{Map, Value, json};

use super::error::SettingsError;
use super::value;

/// What becomes of a plugin in an environment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'values> {
    /// It is enabled, and its fields get these values.
    Enable(&'values BTreeMap<String, Value>),
    /// It is disabled.
    Disable,
    /// It stays enabled, and its fields get what these texts mean.
    Configure(&'values BTreeMap<String, String>),
    /// It is enabled, and its fields get what these texts mean.
    EnableWith(&'values BTreeMap<String, String>),
}

impl Change<'_> {
    /// The body that makes the change.
    ///
    /// `version` is the plugin's full version; `None` is the newest where it is enabled, else the one that is. Values
    /// are by field, `field` and `field.value` being the same.
    pub(crate) fn body(self, attributes: &Value, plugin: &str, version: Option<&str>) -> Result<Value, SettingsError> {
        let mut section = section(attributes, plugin)?;
        let enables = matches!(self, Self::Enable(_) | Self::EnableWith(_));
        if matches!(self, Self::Disable) && section["metadata"]["enabled"] != true {
            return Err(SettingsError::NothingToDisable {
                plugin: plugin.to_owned(),
            });
        }
        if !enables {
            must_be_enabled(&section, plugin, version)?;
        }
        section["metadata"]["enabled"] = json!(!matches!(self, Self::Disable));
        let target = match section.pointer_mut("/metadata/versions").and_then(Value::as_array_mut) {
            None => &mut section,
            Some(versions) => {
                if versions.is_empty() {
                    // There is none to change: the same words as for one that is not there.
                    choose(plugin, versions, version)?;
                }
                let index = if enables {
                    choose(plugin, versions, version)?
                } else {
                    enabled_index(attributes, plugin).unwrap_or(0)
                };
                let id = versions[index]["metadata"]["plugin_id"].clone();
                section["metadata"]["chosen_id"] = id;
                &mut section["metadata"]["versions"][index]
            }
        };
        match self {
            Self::Enable(values) => set_fields(plugin, target, values, |_, value: &Value| Ok(value.clone()))?,
            Self::EnableWith(texts) | Self::Configure(texts) => {
                set_fields(plugin, target, texts, |field, text: &String| value::typed(field, text))?;
            }
            Self::Disable => {}
        }
        let mut editable = Map::new();
        editable.insert(plugin.to_owned(), section);
        Ok(json!({ "editable": editable }))
    }

    /// Whether the plugin is as it should be in what Nailgun answered.
    pub(crate) fn confirm(self, answer: &Value, plugin: &str) -> Result<(), SettingsError> {
        let enabled = answer["editable"][plugin]["metadata"]["enabled"] == true;
        if enabled == matches!(self, Self::Disable) {
            return Err(SettingsError::WithoutEffect {
                plugin: plugin.to_owned(),
                enabled,
            });
        }
        Ok(())
    }
}

fn is_plugin(section: &Value) -> bool {
    let metadata = &section["metadata"];
    metadata["class"] == "plugin"
        || metadata["versions"].is_array()
        || !metadata["plugin_version"].is_null()
        || !metadata["plugin_id"].is_null()
}

/// Names of the plugins that are enabled.
pub(crate) fn enabled_plugins(attributes: &Value) -> Vec<String> {
    attributes["editable"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, section)| is_plugin(section) && section["metadata"]["enabled"] == true)
        .map(|(name, _)| name.clone())
        .collect()
}

fn section(attributes: &Value, plugin: &str) -> Result<Value, SettingsError> {
    let section = attributes["editable"][plugin].clone();
    if is_plugin(&section) {
        return Ok(section);
    }
    let present: Vec<String> = attributes["editable"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, section)| is_plugin(section))
        .map(|(name, _)| name.clone())
        .collect();
    Err(SettingsError::AbsentPlugin {
        plugin: plugin.to_owned(),
        suggestion: nearest(plugin, present.iter().map(String::as_str)).map(str::to_owned),
        present,
    })
}

fn version_text(version: &Value) -> String {
    version["metadata"]["plugin_version"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Index of the version that `chosen_id` names.
fn enabled_index(attributes: &Value, plugin: &str) -> Option<usize> {
    let metadata = &attributes["editable"][plugin]["metadata"];
    metadata["versions"]
        .as_array()?
        .iter()
        .position(|version| version["metadata"]["plugin_id"] == metadata["chosen_id"])
}

fn must_be_enabled(section: &Value, plugin: &str, version: Option<&str>) -> Result<(), SettingsError> {
    let metadata = &section["metadata"];
    if metadata["enabled"] != true {
        return Err(SettingsError::NotEnabled {
            plugin: plugin.to_owned(),
        });
    }
    let Some(wanted) = version else { return Ok(()) };
    let versions = metadata["versions"].as_array();
    if let Some(versions) = versions {
        // One that is not there at all is another mistake.
        choose(plugin, versions, version)?;
    }
    let enabled = versions
        .into_iter()
        .flatten()
        .find(|version| version["metadata"]["plugin_id"] == metadata["chosen_id"])
        .map(version_text)
        .or_else(|| metadata["plugin_version"].as_str().map(str::to_owned));
    match enabled {
        Some(enabled) if enabled != wanted => Err(SettingsError::OtherVersion {
            plugin: plugin.to_owned(),
            version: wanted.to_owned(),
            enabled,
        }),
        _ => Ok(()),
    }
}

/// Index of the version that is asked for, or of the newest.
fn choose(plugin: &str, versions: &[Value], wanted: Option<&str>) -> Result<usize, SettingsError> {
    let found = match wanted {
        Some(wanted) => versions.iter().position(|version| version_text(version) == wanted),
        None => (0..versions.len())
            .max_by(|&left, &right| compare(&version_text(&versions[left]), &version_text(&versions[right]))),
    };
    found.ok_or_else(|| SettingsError::AbsentVersion {
        plugin: plugin.to_owned(),
        version: wanted.unwrap_or("(any)").to_owned(),
        present: versions.iter().map(version_text).collect(),
    })
}

/// Compares versions number by number: 10.0.0 is newer than 9.0.0.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let numbers = |version: &str| -> Vec<u64> { version.split('.').map(|part| part.parse().unwrap_or(0)).collect() };
    numbers(left).cmp(&numbers(right))
}

fn set_fields<T>(
    plugin: &str,
    target: &mut Value,
    values: &BTreeMap<String, T>,
    convert: impl Fn(&Value, &T) -> Result<Value, value::Mismatch>,
) -> Result<(), SettingsError> {
    for (path, given) in values {
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
        let value = convert(&target[name], given).map_err(|mismatch| SettingsError::WrongValue {
            plugin: plugin.to_owned(),
            field: name.to_owned(),
            value: mismatch.value,
            expected: mismatch.expected,
        })?;
        target[name]["value"] = value;
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
            let body = Change::Enable(&values(&[(path, json!("s3cret"))]))
                .body(&attributes(), "trove", Some("9.0.0"))
                .unwrap();
            assert_eq!(body, json!({"editable": {"trove": expected}}));
        }
    }

    #[test]
    fn without_a_version_the_newest_is_chosen_by_number() {
        let body = Change::Enable(&values(&[])).body(&attributes(), "trove", None).unwrap();
        assert_eq!(body["editable"]["trove"]["metadata"]["chosen_id"], 4);
    }

    #[test]
    fn a_flat_section_of_fuel_7_is_enabled_in_place() {
        let attributes = json!({"editable": {"trove": {
            "metadata": {"enabled": false, "plugin_id": 1}, "password": {"type": "text", "value": ""}}}});
        let body = Change::Enable(&values(&[("password", json!("x"))]))
            .body(&attributes, "trove", None)
            .unwrap();
        assert_eq!(
            body,
            json!({"editable": {"trove": {
                "metadata": {"enabled": true, "plugin_id": 1}, "password": {"type": "text", "value": "x"}}}})
        );
    }

    #[test]
    fn an_unknown_field_is_refused_with_the_fields_that_there_are() {
        let error = Change::Enable(&values(&[("pasword", json!("x"))]))
            .body(&attributes(), "trove", None)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "plugin `trove` has no setting `pasword`\n  hint: did you mean `password`? its settings are password"
        );
    }

    #[test]
    fn metadata_is_no_field() {
        let result = Change::Enable(&values(&[("metadata", json!({}))])).body(&attributes(), "trove", None);
        assert!(matches!(result, Err(SettingsError::UnknownField { .. })));
    }

    #[test]
    fn a_plugin_that_is_not_there_is_refused_and_a_core_section_is_none() {
        for name in ["trov", "common"] {
            let error = Change::Enable(&values(&[]))
                .body(&attributes(), name, None)
                .unwrap_err();
            assert!(matches!(error, SettingsError::AbsentPlugin { .. }), "{error}");
        }
    }

    #[test]
    fn a_version_that_is_not_there_is_refused() {
        let error = Change::Enable(&values(&[]))
            .body(&attributes(), "trove", Some("1.0.0"))
            .unwrap_err();
        assert!(error.to_string().ends_with("it has 10.0.0, 9.0.0"), "{error}");
    }

    fn enabled() -> Value {
        let mut attributes = attributes();
        attributes["editable"]["trove"]["metadata"]["enabled"] = json!(true);
        attributes["editable"]["trove"]["metadata"]["chosen_id"] = json!(3);
        attributes
    }

    #[test]
    fn configuring_changes_the_enabled_version_and_keeps_it_enabled() {
        let texts = BTreeMap::from([("password".to_owned(), "s3cret".to_owned())]);
        let body = Change::Configure(&texts).body(&enabled(), "trove", None).unwrap();
        let metadata = &body["editable"]["trove"]["metadata"];
        assert_eq!(
            (&metadata["enabled"], &metadata["chosen_id"]),
            (&json!(true), &json!(3))
        );
        assert_eq!(metadata["versions"][1]["password"]["value"], "s3cret");
        assert_eq!(metadata["versions"][0]["password"]["value"], "new");
    }

    #[test]
    fn disabling_keeps_everything_but_the_flag() {
        let body = Change::Disable.body(&enabled(), "trove", Some("9.0.0")).unwrap();
        let mut expected = enabled()["editable"]["trove"].clone();
        expected["metadata"]["enabled"] = json!(false);
        assert_eq!(body["editable"]["trove"], expected);
    }

    #[test]
    fn what_is_off_is_neither_configured_nor_disabled() {
        let texts = BTreeMap::from([("password".to_owned(), "x".to_owned())]);
        let error = Change::Configure(&texts)
            .body(&attributes(), "trove", None)
            .unwrap_err();
        assert!(matches!(error, SettingsError::NotEnabled { .. }), "{error}");
        let error = Change::Disable.body(&attributes(), "trove", None).unwrap_err();
        assert!(matches!(error, SettingsError::NothingToDisable { .. }), "{error}");
    }

    #[test]
    fn another_version_than_the_enabled_one_is_refused() {
        let error = Change::Disable.body(&enabled(), "trove", Some("10.0.0")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "version `10.0.0` of plugin `trove` is not enabled in the environment: `9.0.0` is"
        );
    }

    #[test]
    fn an_answer_that_does_not_show_the_change_is_an_error() {
        let none = BTreeMap::new();
        assert!(Change::Enable(&none).confirm(&attributes(), "trove").is_err());
        assert!(Change::Enable(&none).confirm(&enabled(), "trove").is_ok());
        assert!(Change::Disable.confirm(&enabled(), "trove").is_err());
    }

    #[test]
    fn a_plugin_without_any_version_is_told_as_such() {
        let attributes =
            json!({"editable": {"trove": {"metadata": {"class": "plugin", "enabled": true, "versions": []}}}});
        for change in [Change::Disable, Change::Configure(&BTreeMap::new())] {
            let error = change.body(&attributes, "trove", None).unwrap_err();
            assert!(matches!(error, SettingsError::AbsentVersion { .. }), "{error}");
        }
    }
}
