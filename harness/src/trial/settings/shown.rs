//! Drawn settings as people read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field::Field;
use crate::snapshot::is_secret;

/// How many characters of a value are shown.
const SHOWN: usize = 60;

/// A setting that a trial changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedSetting {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the field.
    pub field: String,
    /// What it holds in the trial: as JSON, cut short where it is long. A secret is only described.
    pub value: String,
    /// What it holds in the scenario.
    pub own: String,
    /// Whether the failure needs it, as far as was found out.
    pub needed: Option<bool>,
}

impl ChangedSetting {
    /// A field that holds this value instead of its own.
    pub(crate) fn new(field: &Field, value: &Value) -> Self {
        let is_secret = field.attribute["type"] == "password" || is_secret(&field.name);
        Self {
            plugin: field.plugin.clone(),
            field: field.name.clone(),
            value: if is_secret { described(value) } else { shown(value) },
            own: if is_secret {
                "[secret]".to_owned()
            } else {
                shown(&field.own)
            },
            needed: None,
        }
    }

    /// `greeter.greeting = "it's"`.
    pub(crate) fn text(&self) -> String {
        format!("{}.{} = {}", self.plugin, self.field, self.value)
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let count = text.chars().count();
    if count <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    match value {
        Value::String(value) => format!("{start}… ({} characters)", value.chars().count()),
        _ => format!("{start}…"),
    }
}

/// What a secret is like, without what it is: as much as whoever looks for the fault needs.
fn described(value: &Value) -> String {
    let Some(text) = value.as_str() else {
        return "[secret]".to_owned();
    };
    let mut marks: Vec<char> = Vec::new();
    for mark in text.chars().filter(|character| !character.is_ascii_alphanumeric()) {
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    let length = match text.chars().count() {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    };
    if marks.is_empty() {
        return format!("[secret, {length}]");
    }
    let mut named: Vec<String> = Vec::new();
    let visible: Vec<char> = marks.iter().copied().filter(|mark| !mark.is_whitespace()).collect();
    if marks.len() > visible.len() {
        named.push("a space".to_owned());
    }
    if !visible.is_empty() {
        named.push(visible.into_iter().map(String::from).collect::<Vec<_>>().join(" "));
    }
    format!("[secret, {length}, among them {}]", named.join(" and "))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("abc"), "[secret, 3 characters]")]
    #[case(json!("a b$$'"), "[secret, 6 characters, among them a space and $ ']")]
    #[case(json!(""), "[secret, 0 characters]")]
    fn a_secret_is_described_and_not_shown(#[case] value: Value, #[case] expected: &str) {
        assert_eq!(described(&value), expected);
    }

    #[test]
    fn a_long_value_is_cut_short() {
        let text = shown(&json!("x".repeat(255)));
        assert!(
            text.ends_with("… (255 characters)") && text.chars().count() < 90,
            "{text}"
        );
    }
}
