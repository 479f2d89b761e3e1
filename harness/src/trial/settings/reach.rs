//! What a person can reach on the settings tab: restrictions hide and disable fields and choices, depending on what other
//! fields hold.

use plugin_builder::expression::{Expression, Models};
use serde_json::{Map, Value, json};

use super::field::{Field, chosen, chosen_mut};

/// What restrictions look at: the settings of an environment, and what lies around them.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// `editable` of Nailgun's answer.
    editable: Value,
    /// `settings`, whose sections have the chosen version's fields beside `metadata`, and what else there is.
    models: Models,
}

impl Surroundings {
    /// Of an environment: its settings as Nailgun shows them, and the other models of restrictions by name.
    pub(crate) fn new(editable: Value, mut models: Models) -> Self {
        let lifted = |(name, section): (&String, &Value)| {
            let mut section = section.clone();
            if section["metadata"]["versions"].is_array()
                && let Some(members) = section.as_object_mut()
            {
                let version = chosen(&editable, name).into_iter().flatten();
                members.extend(
                    version
                        .filter(|(field, _)| *field != "metadata")
                        .map(|(field, value)| (field.clone(), value.clone())),
                );
            }
            (name.clone(), section)
        };
        let settings: Map<String, Value> = editable.as_object().into_iter().flatten().map(lifted).collect();
        models.insert("settings".to_owned(), Value::Object(settings));
        Self { editable, models }
    }

    /// `editable` of Nailgun's answer.
    pub(super) fn editable(&self) -> &Value {
        &self.editable
    }

    /// The nearest settings that a person can reach: what is hidden or disabled under them holds what the scenario says,
    /// a choice that cannot be made is another one. `None` where restrictions go round in a circle.
    pub(crate) fn reachable(&mut self, fields: &[Field], mut values: Vec<Value>) -> Option<Vec<Value>> {
        // A field that is put back twice goes round.
        for _ in 0..=2 * fields.len() {
            if let Some(settings) = self.models.get_mut("settings") {
                for (field, value) in fields.iter().zip(&values) {
                    settings[&field.plugin][&field.name]["value"] = value.clone();
                }
            }
            let mut changed = false;
            for (field, value) in fields.iter().zip(values.iter_mut()) {
                if let Some(better) = mended(field, value, &self.models) {
                    *value = better;
                    changed = true;
                }
            }
            if !changed {
                return Some(values);
            }
        }
        None
    }
}

/// The sections of the fields' plugins with these values, as Nailgun takes them; `editable` are an environment's settings.
pub(super) fn sections(editable: &Value, fields: &[Field], values: &[Value]) -> Value {
    let mut sections = Map::new();
    for field in fields {
        if !sections.contains_key(&field.plugin) {
            sections.insert(field.plugin.clone(), editable[&field.plugin].clone());
        }
    }
    let mut sections = Value::Object(sections);
    for (field, value) in fields.iter().zip(values) {
        if let Some(attributes) = chosen_mut(&mut sections, &field.plugin) {
            attributes[&field.name]["value"] = value.clone();
        }
    }
    sections
}

/// What the field must hold instead; `None` where it may hold what it does.
fn mended(field: &Field, value: &Value, models: &Models) -> Option<Value> {
    let kind = field.attribute.get("type").and_then(Value::as_str).unwrap_or_default();
    let reach = Reach::of(field.attribute.get("restrictions"), models);
    // Nailgun refuses a checkbox that is on though it is disabled.
    let own = if kind == "checkbox" && reach == Reach::Disabled {
        json!(false)
    } else {
        field.own.clone()
    };
    if reach != Reach::Open {
        return (own != *value).then_some(own);
    }
    let choices = field.attribute.get("values").and_then(Value::as_array)?;
    let is_open = |choice: &Value| Reach::of(choice.get("restrictions"), models) == Reach::Open;
    let chosen = choices.iter().find(|choice| choice["data"] == *value)?;
    if is_open(chosen) {
        return None;
    }
    let open = || {
        choices
            .iter()
            .filter(|choice| is_open(choice))
            .map(|choice| &choice["data"])
    };
    let better = open()
        .find(|data| **data == own)
        .or_else(|| open().find(|data| data.is_string()));
    better.filter(|better| *better != value).cloned()
}

/// Whether a person can change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Open,
    Disabled,
    Hidden,
}

impl Reach {
    fn of(restrictions: Option<&Value>, models: &Models) -> Self {
        let restrictions = restrictions.and_then(Value::as_array);
        let mut reach = Self::Open;
        for restriction in restrictions.into_iter().flatten() {
            let (condition, action, strict) = read(restriction);
            // Nailgun refuses what it cannot tell, and says so itself.
            if action == Self::Open || !holds(condition, strict, models) {
                continue;
            }
            if reach != Self::Hidden {
                reach = action;
            }
        }
        reach
    }
}

/// `"condition"`, `{"condition": "message"}` or `{condition, message, action, strict}`.
fn read(restriction: &Value) -> (Value, Reach, bool) {
    let Some(members) = restriction.as_object() else {
        return (restriction.clone(), Reach::Disabled, true);
    };
    let Some(condition) = members.get("condition") else {
        let condition = members.keys().next().cloned().unwrap_or_default();
        return (Value::from(condition), Reach::Disabled, true);
    };
    let action = match members.get("action").and_then(Value::as_str) {
        Some("hide") => Reach::Hidden,
        Some("none") => Reach::Open,
        _ => Reach::Disabled,
    };
    let strict = members.get("strict").and_then(Value::as_bool).unwrap_or(true);
    (condition.clone(), action, strict)
}

fn holds(condition: Value, strict: bool, models: &Models) -> bool {
    match condition {
        Value::Bool(always) => always,
        Value::String(text) => {
            Expression::parse(&text).is_ok_and(|expression| expression.holds(models, strict).unwrap_or(false))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::{Fields, Subject};
    use super::super::values::Maker;
    use super::*;

    fn reach(section: &Value, drawn: &[Value]) -> Vec<Value> {
        let mut section = section.clone();
        section["metadata"] = json!({"plugin_id": 1, "enabled": true});
        let editable = json!({"p": section, "common": {"debug": {"type": "checkbox", "value": true}}});
        let subject = Subject {
            plugin: "p",
            fixed: &[],
        };
        let fields = Fields::read(&editable, &[subject], &mut Maker::new(1)).unwrap().drawn;
        let models = Models::from([("cluster".to_owned(), json!({"mode": "ha_compact"}))]);
        Surroundings::new(editable, models)
            .reachable(&fields, drawn.to_vec())
            .unwrap()
    }

    #[test]
    fn a_field_that_is_hidden_or_disabled_holds_what_the_scenario_says() {
        let section = json!({
            "tls": {"type": "checkbox", "value": true},
            "key": {"type": "text", "value": "own", "restrictions": [{"condition": "settings:p.tls.value == false", "action": "hide"}]},
            "port": {"type": "text", "value": "1", "restrictions": ["settings:p.key.value == 'own' and cluster:mode == 'ha_compact'"]},
            "note": {"type": "text", "value": "", "restrictions": [{"condition": "true", "action": "none"}]},
        });
        let drawn = [json!(false), json!("x"), json!("2"), json!("n")];
        assert_eq!(
            reach(&section, &drawn),
            [json!(false), json!("own"), json!("1"), json!("n")]
        );
        let drawn = [json!(true), json!("x"), json!("2"), json!("n")];
        assert_eq!(reach(&section, &drawn), drawn);
    }

    #[test]
    fn a_checkbox_that_is_disabled_is_off() {
        let section = json!({
            "a": {"type": "checkbox", "value": false},
            "b": {"type": "checkbox", "value": true, "restrictions": [{"settings:p.a.value == true": "not both"}]},
        });
        assert_eq!(
            reach(&section, &[json!(true), json!(true)]),
            [json!(true), json!(false)]
        );
    }

    #[test]
    fn a_choice_that_cannot_be_made_is_another_one() {
        let hidden = json!([{"condition": "settings:common.debug.value == true", "action": "hide"}]);
        let section = json!({"mode": {"type": "radio", "value": "a", "values": [
            {"data": "a"}, {"data": "b", "restrictions": hidden}, {"data": "c"},
        ]}});
        assert_eq!(reach(&section, &[json!("b")]), [json!("a")]);
        assert_eq!(reach(&section, &[json!("c")]), [json!("c")]);
    }
}
