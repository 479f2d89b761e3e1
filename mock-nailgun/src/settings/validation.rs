//! What settings may hold.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use plugin_builder::expression::{Models, is_true};
use plugin_builder::{RegexError, RegexSearch};
use serde_json::{Map, Value};

use super::python_repr::python_repr;
use super::restriction::{Action, Restriction};
use crate::profile::Attributes;

/// What the value of a type must be.
#[derive(Clone, Copy)]
enum Kind {
    Any,
    Boolean,
    /// A string; null only where the attribute says `nullable`, or where the type allows it anyway.
    Text,
    String,
    TextList,
    Number,
    List,
    Object,
}

/// Types of attributes; the ones marked came with 9.x.
const TYPES: &[(&str, Kind, bool)] = &[
    ("checkbox", Kind::Boolean, false),
    ("custom_repo_configuration", Kind::List, false),
    ("hidden", Kind::Any, false),
    ("password", Kind::Text, false),
    ("radio", Kind::String, false),
    ("select", Kind::String, false),
    ("text", Kind::Text, false),
    ("textarea", Kind::Text, false),
    ("file", Kind::Any, false),
    // Found among the settings of the 8.0 release.
    ("text_list", Kind::TextList, false),
    ("textarea_list", Kind::TextList, false),
    ("custom_hugepages", Kind::Object, true),
    ("number", Kind::Number, true),
    // Of interfaces and bonds.
    ("offloading_modes", Kind::Object, true),
];

/// Checks the schema and the regular expression of every field of a section.
///
/// # Errors
/// Nailgun's text; where the real one goes on with the schema, only its first line and the instance are given.
pub(crate) fn check_section(rules: Attributes, section: &Value) -> Result<(), String> {
    let Value::Object(fields) = section else { return Ok(()) };
    for (name, field) in fields.iter().filter(|(name, _)| *name != "metadata") {
        let Value::Object(attribute) = field else { continue };
        if attribute.contains_key("type") || attribute.contains_key("value") {
            check_attribute(rules, attribute).map_err(|text| {
                if rules.names_field {
                    format!("[{name}] {text}")
                } else {
                    text
                }
            })?;
            check_regex(name, attribute)?;
        }
    }
    Ok(())
}

fn check_attribute(rules: Attributes, attribute: &Map<String, Value>) -> Result<(), String> {
    let failed = |first_line: String| {
        Err(format!(
            "{first_line}\n\nFailed validating\n\nOn instance:\n    {}",
            python_repr(&Value::Object(attribute.clone()))
        ))
    };
    for required in ["type", "value"] {
        if !attribute.contains_key(required) {
            return failed(format!("'{required}' is a required property"));
        }
    }
    let mut types = TYPES.iter().filter(|(_, _, is_wide)| rules.wide_types || !is_wide);
    let Some(kind) = types
        .clone()
        .find(|(name, _, _)| attribute["type"] == *name)
        .map(|(_, kind, _)| *kind)
    else {
        let names: Vec<Value> = types.by_ref().map(|(name, _, _)| Value::from(*name)).collect();
        return failed(format!(
            "{} is not one of {}",
            python_repr(&attribute["type"]),
            python_repr(&Value::from(names))
        ));
    };
    if let Some(weight) = attribute.get("weight") {
        match weight.as_i64() {
            None => return failed(format!("{} is not of type 'integer'", python_repr(weight))),
            Some(number) if number < 0 => return failed(format!("{number} is less than the minimum of 0")),
            Some(_) => {}
        }
    }
    let value = &attribute["value"];
    let nullable = attribute.get("nullable").is_some_and(is_true);
    let (fits, expected) = match kind {
        Kind::Any => (true, ""),
        Kind::Boolean => (value.is_boolean(), "'boolean'"),
        Kind::Text if !rules.nullable_text => (value.is_string(), "'string'"),
        Kind::Text if nullable => (value.is_string() || value.is_null(), "'string', 'null'"),
        // The text names null although null is refused without `nullable`.
        Kind::Text => (value.is_string(), "'string', 'null'"),
        Kind::String => (value.is_string(), "'string'"),
        Kind::TextList => (value.is_array(), "'array'"),
        Kind::Number => (value.is_null() || value.is_i64() || value.is_u64(), "'integer', 'null'"),
        Kind::List => (value.is_array(), "'array'"),
        Kind::Object => (value.is_object(), "'object'"),
    };
    if !fits {
        return failed(format!("{} is not of type {expected}", python_repr(value)));
    }
    match (kind, value) {
        (Kind::TextList, Value::Array(items)) => {
            if let Some(other) = items.iter().find(|item| !item.is_string()) {
                return failed(format!("{} is not of type 'string'", python_repr(other)));
            }
            let bound = |name: &str| attribute.get(name).and_then(Value::as_u64);
            let length = items.len() as u64;
            if bound("min").is_some_and(|minimum| length < minimum) {
                return failed(format!("{} is too short", python_repr(value)));
            }
            if bound("max").is_some_and(|maximum| length > maximum) {
                return failed(format!("{} is too long", python_repr(value)));
            }
        }
        (Kind::Number, Value::Number(number)) => {
            let bound = |name: &str| attribute.get(name).and_then(Value::as_i64);
            let number = number.as_i64().unwrap_or(i64::MAX);
            let minimum = bound("min").unwrap_or(0);
            if number < minimum {
                return failed(format!("{number} is less than the minimum of {minimum}"));
            }
            if let Some(maximum) = bound("max").filter(|maximum| number > *maximum) {
                return failed(format!("{number} is greater than the maximum of {maximum}"));
            }
        }
        _ => {}
    }
    Ok(())
}

/// A regular expression, compiled once: a whole settings document has hundreds, and they come again with every save.
fn compiled(source: &str) -> Result<Arc<RegexSearch>, RegexError> {
    const CAPACITY: usize = 1000;
    static KNOWN: Mutex<BTreeMap<String, Arc<RegexSearch>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = known.get(source) {
        return Ok(Arc::clone(pattern));
    }
    let pattern = Arc::new(RegexSearch::new(source)?);
    if known.len() >= CAPACITY {
        known.clear();
    }
    known.insert(source.to_owned(), Arc::clone(&pattern));
    Ok(pattern)
}

/// Python's `re.search`: found anywhere, and only where the value is true; a list item by item.
fn check_regex(name: &str, attribute: &Map<String, Value>) -> Result<(), String> {
    let Some(regex) = attribute.get("regex").filter(|regex| regex.is_object()) else {
        return Ok(());
    };
    let (Some(source), value) = (regex["source"].as_str(), &attribute["value"]) else {
        return Ok(());
    };
    if !is_true(value) {
        return Ok(());
    }
    let pattern =
        compiled(source).map_err(|error| format!("[{name}] invalid regular expression `{source}`: {error}"))?;
    let values = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    for text in values.iter().filter_map(Value::as_str) {
        // A pattern that runs out of steps is taken as one that does not match.
        if !pattern.finds(text).unwrap_or(false) {
            return Err(format!("[{name}] {}", regex["error"].as_str().unwrap_or_default()));
        }
    }
    Ok(())
}

/// What restrictions say against the settings, one text each; empty when all is well.
///
/// # Errors
/// The text of a condition that has no value.
pub(crate) fn check_restrictions(settings: &Map<String, Value>, models: &Models) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    for section in settings.values() {
        let Value::Object(fields) = section else { continue };
        let metadata = fields.get("metadata").unwrap_or(&Value::Null);
        let is_toggleable = metadata["toggleable"].as_bool().unwrap_or(false);
        let is_on = metadata["enabled"].as_bool().unwrap_or(!is_toggleable);
        let group = Verdict::of(metadata, models)?;
        if group.hidden || !is_on {
            continue;
        }
        if is_toggleable {
            problems.extend(group.forbidden);
        }
        for (_, field) in fields
            .iter()
            .filter(|(name, field)| *name != "metadata" && field.is_object())
        {
            let verdict = Verdict::of(field, models)?;
            if !verdict.hidden && field["type"] == "checkbox" && field["value"] == true {
                problems.extend(verdict.forbidden);
            }
        }
    }
    Ok(problems)
}

struct Verdict {
    hidden: bool,
    forbidden: Vec<String>,
}

impl Verdict {
    /// Of a field or of a section's metadata.
    fn of(item: &Value, models: &Models) -> Result<Self, String> {
        let mut verdict = Self {
            hidden: false,
            forbidden: Vec::new(),
        };
        for restriction in Restriction::list(&item["restrictions"]) {
            let holds = restriction.holds(models).map_err(|error| error.to_string())?;
            match (holds, restriction.action) {
                (true, Action::Hide) => verdict.hidden = true,
                (true, Action::Disable) => verdict.forbidden.push(match &restriction.message {
                    Some(message) => {
                        format!(
                            "Validation failed for attribute '{}': {message}",
                            item["label"].as_str().unwrap_or_default()
                        )
                    }
                    None => format!(
                        "Validation failed for attribute '{}': restriction with action='disable' and condition='{}' \
                         failed due to attribute value='True'",
                        item["label"].as_str().unwrap_or_default(),
                        restriction.condition
                    ),
                }),
                _ => {}
            }
        }
        Ok(verdict)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::profile::Profile;

    fn nine() -> Attributes {
        Profile::named("9.2").unwrap().attributes
    }

    #[test]
    fn fuel_8_0_names_the_field_and_knows_neither_null_nor_numbers() {
        let eight = Profile::named("8.0").unwrap().attributes;
        let refusal = |field: Value| check_section(eight, &json!({"field": field})).unwrap_err();
        assert!(refusal(json!({"type": "text", "value": 5})).starts_with("[field] 5 is not of type 'string'\n"));
        assert!(refusal(json!({"type": "text", "value": null, "nullable": true})).starts_with("[field] None is not"));
        assert!(refusal(json!({"type": "number", "value": 1})).starts_with("[field] u'number' is not one of"));
    }

    #[rstest]
    #[case(json!({"value": "x"}), "'type' is a required property")]
    #[case(json!({"type": "text"}), "'value' is a required property")]
    #[case(json!({"type": "text", "value": 5}), "5 is not of type 'string', 'null'")]
    #[case(json!({"type": "text", "value": null}), "None is not of type 'string', 'null'")]
    #[case(json!({"type": "checkbox", "value": "yes"}), "u'yes' is not of type 'boolean'")]
    #[case(json!({"type": "number", "value": -1}), "-1 is less than the minimum of 0")]
    #[case(json!({"type": "text_list", "value": ["a"], "min": 2}), "[u'a'] is too short")]
    #[case(json!({"type": "text", "value": "", "weight": -1}), "-1 is less than the minimum of 0")]
    fn a_field_of_the_wrong_kind_is_refused(#[case] field: Value, #[case] first_line: &str) {
        let error = check_section(nine(), &json!({"metadata": {}, "field": field})).unwrap_err();
        assert_eq!(error.lines().next().unwrap(), first_line);
    }

    #[rstest]
    #[case(json!({"type": "text", "value": null, "nullable": true}))]
    #[case(json!({"type": "hidden", "value": {"any": 1}}))]
    #[case(json!({"type": "select", "value": "not among them", "values": [{"data": "a", "label": "A"}]}))]
    #[case(json!({"type": "text", "value": "", "regex": {"source": "\\S", "error": "empty"}}))]
    #[case(json!({"type": "text", "value": "xx8779xx", "regex": {"source": "\\d+", "error": "no number"}}))]
    #[case(json!({"type": "text", "value": "admin", "regex": {"source": "^(?!services$).+", "error": "reserved"}}))]
    #[case(json!({"type": "text", "value": "x{", "regex": {"source": "^x{$", "error": "Python reads the brace as itself"}}))]
    #[case(json!({"type": "text", "value": "[&]", "regex": {"source": "^[[a&&b]+]$", "error": "a set has no sets"}}))]
    #[case(json!({"type": "text", "value": "line\n", "regex": {"source": "^line$", "error": "before a line feed, too"}}))]
    #[case(json!("no attribute"))]
    fn a_field_that_nailgun_takes_is_taken(#[case] field: Value) {
        assert_eq!(check_section(nine(), &json!({"field": field})), Ok(()));
    }

    #[test]
    fn a_regex_that_is_not_found_gives_its_own_error_with_the_field() {
        let section =
            json!({"port": {"type": "text", "value": "abc", "regex": {"source": "^\\d+$", "error": "Not a port"}}});
        assert_eq!(check_section(nine(), &section), Err("[port] Not a port".to_owned()));
    }

    #[test]
    fn a_regex_that_python_does_not_compile_is_named_with_its_field() {
        let section = json!({"port": {"type": "text", "value": "abc", "regex": {"source": "a**", "error": "No"}}});
        assert_eq!(
            check_section(nine(), &section),
            Err("[port] invalid regular expression `a**`: multiple repeat".to_owned())
        );
    }

    #[test]
    fn digits_are_those_of_ascii_as_in_python() {
        let section =
            json!({"port": {"type": "text", "value": "٣", "regex": {"source": "^\\d+$", "error": "No port"}}});
        assert_eq!(check_section(nine(), &section), Err("[port] No port".to_owned()));
    }

    #[test]
    fn a_checkbox_that_is_on_against_its_restriction_is_a_problem() {
        let settings = json!({"storage": {
            "lvm": {"type": "checkbox", "label": "LVM", "value": true, "restrictions": [{"settings:storage.ceph.value == true": "One only"}]},
            "ceph": {"type": "checkbox", "label": "Ceph", "value": true, "restrictions": []},
        }});
        let models = Models::from([("settings".to_owned(), settings.clone())]);
        let problems = check_restrictions(settings.as_object().unwrap(), &models).unwrap();
        assert_eq!(problems, ["Validation failed for attribute 'LVM': One only"]);
    }
}
