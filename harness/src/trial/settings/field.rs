//! The fields of plugins on the settings tab, as Nailgun shows them for an environment.

use std::collections::BTreeMap;

use plugin_builder::nearest;
use serde_json::{Map, Value};

use super::values::{Domain, Maker};

/// A field that is drawn.
#[derive(Debug)]
pub(crate) struct Field {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Name of the field.
    pub(crate) name: String,
    /// What it holds in the scenario.
    pub(crate) own: Value,
    /// The field as Nailgun describes it.
    pub(super) attribute: Map<String, Value>,
    pub(super) domain: Domain,
}

impl Field {
    /// Whether nothing says which texts it takes.
    pub(crate) fn takes_any_text(&self) -> bool {
        matches!(
            self.attribute.get("type").and_then(Value::as_str),
            Some("text" | "textarea" | "password")
        ) && !self.attribute.contains_key("regex")
    }
}

/// The fields of an environment's plugins, and those that are left as they are.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) drawn: Vec<Field>,
    /// `plugin.field` by the reason.
    pub(crate) left: BTreeMap<String, Vec<String>>,
}

/// A plugin whose settings are drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Its name.
    pub(crate) plugin: &'a str,
    /// Fields that stay as they are.
    pub(crate) fixed: &'a [String],
}

/// The fields of the plugin that count: of the chosen version, or before 8.0 of the only one.
pub(crate) fn chosen<'a>(editable: &'a Value, plugin: &str) -> Option<&'a Map<String, Value>> {
    let section = editable.get(plugin)?;
    match section["metadata"]["versions"].as_array() {
        None => section.as_object(),
        Some(versions) => {
            let chosen = &section["metadata"]["chosen_id"];
            let mut versions = versions.iter();
            versions
                .find(|version| version["metadata"]["plugin_id"] == *chosen)?
                .as_object()
        }
    }
}

/// As [`chosen`], to be changed.
pub(crate) fn chosen_mut<'a>(editable: &'a mut Value, plugin: &str) -> Option<&'a mut Map<String, Value>> {
    let section = editable.get_mut(plugin)?;
    if !section["metadata"]["versions"].is_array() {
        return section.as_object_mut();
    }
    let chosen = section["metadata"]["chosen_id"].clone();
    let mut versions = section["metadata"]["versions"].as_array_mut()?.iter_mut();
    versions
        .find(|version| version["metadata"]["plugin_id"] == chosen)?
        .as_object_mut()
}

impl Fields {
    /// Reads the fields of these plugins; `editable` are an environment's settings.
    ///
    /// # Errors
    /// A field that is to stay as it is, and that the plugin does not have.
    pub(crate) fn read(editable: &Value, subjects: &[Subject<'_>], maker: &mut Maker) -> Result<Self, String> {
        let mut fields = Self::default();
        for subject in subjects {
            let none = Map::new();
            let attributes = chosen(editable, subject.plugin).unwrap_or(&none);
            let present = || {
                attributes
                    .iter()
                    .filter(|(name, attribute)| *name != "metadata" && attribute["type"].is_string())
            };
            for name in subject.fixed {
                if !present().any(|(known, _)| known == name) {
                    let known: Vec<&str> = present().map(|(name, _)| name.as_str()).collect();
                    let hint = nearest(name, known.iter().copied()).map_or_else(
                        || format!("its fields are: {}", known.join(", ")),
                        |best| format!("did you mean `{best}`?"),
                    );
                    return Err(format!(
                        "`fixed`: plugin `{}` has no field `{name}`\n  hint: {hint}",
                        subject.plugin
                    ));
                }
            }
            for (name, attribute) in present() {
                let Some(attribute) = attribute.as_object() else {
                    continue;
                };
                let own = attribute.get("value").cloned().unwrap_or_default();
                let domain = if subject.fixed.contains(name) {
                    Err("`fixed` in the scenario".to_owned())
                } else {
                    Domain::of(attribute, &own, maker)
                };
                match domain {
                    Ok(domain) => fields.drawn.push(Field {
                        plugin: subject.plugin.to_owned(),
                        name: name.clone(),
                        own,
                        attribute: attribute.clone(),
                        domain,
                    }),
                    Err(why) => {
                        let left = fields.left.entry(why).or_default();
                        left.push(format!("{}.{name}", subject.plugin));
                    }
                }
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn editable() -> Value {
        json!({"greeter": {"metadata": {"class": "plugin", "chosen_id": 4, "versions": [
            {"metadata": {"plugin_id": 3}, "old": {"type": "text", "value": ""}},
            {"metadata": {"plugin_id": 4}, "greeting": {"type": "text", "value": "hi"},
                "loud": {"type": "checkbox", "value": false}, "secret": {"type": "hidden", "value": 1}},
        ]}}, "flat": {"metadata": {"plugin_id": 7}, "on": {"type": "checkbox", "value": true}}})
    }

    fn read(fixed: &[String]) -> Result<Fields, String> {
        let subjects = [("greeter", fixed), ("flat", &[])].map(|(plugin, fixed)| Subject { plugin, fixed });
        Fields::read(&editable(), &subjects, &mut Maker::new(1))
    }

    #[test]
    fn the_chosen_version_counts_and_what_is_left_says_why() {
        let fields = read(&["greeting".to_owned()]).unwrap();
        let drawn: Vec<_> = fields.drawn.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(drawn, ["loud", "on"]);
        let left = BTreeMap::from([
            (
                "`fixed` in the scenario".to_owned(),
                vec!["greeter.greeting".to_owned()],
            ),
            ("type `hidden`".to_owned(), vec!["greeter.secret".to_owned()]),
        ]);
        assert_eq!(fields.left, left);
    }

    #[test]
    fn a_fixed_field_that_there_is_not_is_named_with_the_nearest() {
        let message = read(&["greting".to_owned()]).unwrap_err();
        assert!(
            message.contains("`greting`") && message.contains("did you mean `greeting`?"),
            "{message}"
        );
    }
}
