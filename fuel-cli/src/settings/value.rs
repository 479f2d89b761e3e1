//! Values that people type, as the fields that they are for want them.

use camino::Utf8Path;
use plugin_builder::yaml;
use serde_json::{Value, json};

/// A text that a field cannot take.
#[derive(Debug)]
pub(super) struct Mismatch {
    /// The text.
    pub(super) value: String,
    /// What the field takes, as a sentence.
    pub(super) expected: String,
}

/// What a text means for a field: `true` is a boolean for a checkbox and a word for a text.
pub(super) fn typed(field: &Value, text: &str) -> Result<Value, Mismatch> {
    let mismatch = |expected: &str| Mismatch {
        value: text.to_owned(),
        expected: expected.to_owned(),
    };
    match field["type"].as_str().unwrap_or_default() {
        "checkbox" => match text {
            "true" => Ok(json!(true)),
            "false" => Ok(json!(false)),
            _ => Err(mismatch("it is a checkbox: write true or false")),
        },
        "number" => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| mismatch("it is a number: write digits")),
        "select" | "radio" => {
            let choices: Vec<&str> = field["values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|choice| choice["data"].as_str())
                .collect();
            if choices.is_empty() || choices.contains(&text) {
                Ok(json!(text))
            } else {
                Err(mismatch(&format!("it is one of {}", choices.join(", "))))
            }
        }
        "text_list" | "textarea_list" => document(text)
            .filter(|value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string)))
            .ok_or_else(|| mismatch("it is a list of texts: write [first, second]")),
        _ if field["value"].is_array() || field["value"].is_object() => document(text)
            .filter(|value| {
                value.is_array() == field["value"].is_array() && value.is_object() == field["value"].is_object()
            })
            .ok_or_else(|| mismatch("it is a list or a mapping: write it as JSON or in YAML's flow style")),
        _ => Ok(json!(text)),
    }
}

fn document(text: &str) -> Option<Value> {
    yaml::parse(text.as_bytes(), Utf8Path::new("--configure"))
        .ok()
        .map(|node| node.to_json())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({"type": "checkbox", "value": false}), "true", json!(true))]
    #[case(json!({"type": "text", "value": ""}), "true", json!("true"))]
    #[case(json!({"type": "password", "value": ""}), "a=b", json!("a=b"))]
    #[case(json!({"type": "number", "value": 1}), "42", json!(42))]
    #[case(json!({"type": "select", "value": "a", "values": [{"data": "a"}, {"data": "b"}]}), "b", json!("b"))]
    #[case(json!({"type": "text_list", "value": []}), "[a, b]", json!(["a", "b"]))]
    #[case(json!({"type": "custom", "value": [{}]}), "[{a: 1}]", json!([{"a": 1}]))]
    fn a_text_becomes_what_its_field_wants(#[case] field: Value, #[case] text: &str, #[case] expected: Value) {
        assert_eq!(typed(&field, text).unwrap(), expected);
    }

    #[rstest]
    #[case(json!({"type": "checkbox", "value": false}), "yes please", "it is a checkbox: write true or false")]
    #[case(json!({"type": "number", "value": 1}), "many", "it is a number: write digits")]
    #[case(json!({"type": "radio", "value": "a", "values": [{"data": "a"}, {"data": "b"}]}), "c", "it is one of a, b")]
    #[case(json!({"type": "text_list", "value": []}), "a", "it is a list of texts: write [first, second]")]
    fn a_text_that_its_field_cannot_take_is_refused_with_what_it_takes(
        #[case] field: Value,
        #[case] text: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(typed(&field, text).unwrap_err().expected, expected);
    }
}
