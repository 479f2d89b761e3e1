//! Values and refusals in the form in which `read.py` writes them.

use camino::Utf8Path;
use plugin_builder::yaml::{Integer, Node, Yaml, YamlError, YamlErrorKind, parse};
use serde_json::{Value, json};

/// What a reader makes of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Value(Value),
    /// Refused; the text is PyYAML's, where there is one.
    Refused(Option<String>),
    /// What the one side reads and the other has no word for: a value inside of itself, a document beyond a limit.
    Strange(String),
}

/// What our reader makes of a document.
pub(crate) fn ours(document: &[u8]) -> Outcome {
    match parse(document, Utf8Path::new("file.yaml")) {
        Ok(node) => Outcome::Value(typed(&node)),
        Err(YamlError {
            kind: kind @ (YamlErrorKind::Limit { .. } | YamlErrorKind::Recursion),
            ..
        }) => Outcome::Strange(kind.to_string()),
        Err(error) => Outcome::Refused(error.original),
    }
}

/// What PyYAML made of it.
pub(crate) fn theirs(line: &str) -> Outcome {
    let answer: Value = serde_json::from_str(line).expect("read.py writes JSON");
    if let Some(value) = answer.get("value") {
        return Outcome::Value(value.clone());
    }
    match answer.get("error") {
        Some(error) => Outcome::Refused(error.as_str().map(str::to_owned)),
        None => Outcome::Strange(answer["strange"].to_string()),
    }
}

fn typed(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Integer(Integer::Small(value)) => json!({"integer": value.to_string()}),
        Yaml::Integer(Integer::Big(digits)) => json!({"integer": digits}),
        Yaml::Float(value) if value.is_nan() => json!({"float": "nan"}),
        Yaml::Float(value) => json!({"float": format!("{:016x}", value.to_bits())}),
        Yaml::String(text) => json!(text),
        Yaml::Timestamp(value) if value.time.is_some() => json!({"time": value.to_string()}),
        Yaml::Timestamp(value) => json!({"date": value.to_string()}),
        Yaml::Binary(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.is_ascii() => json!(text),
            _ => json!({"bytes": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()}),
        },
        Yaml::Sequence(items) => items.iter().map(typed).collect(),
        Yaml::Set(items) => {
            let items: Vec<Value> = items.iter().map(typed).collect();
            json!({"set": sorted(items)})
        }
        Yaml::Mapping(mapping) => {
            let pairs = mapping.iter().map(|(key, value)| json!([typed(key), typed(value)]));
            json!({"mapping": sorted(pairs.collect())})
        }
    }
}

/// The order is only that both sides have the same one.
fn sorted(mut items: Vec<Value>) -> Vec<Value> {
    items.sort_by_cached_key(ToString::to_string);
    items
}

/// Sorts the sets and mappings of the other side in our way.
pub(crate) fn in_our_order(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(in_our_order).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, member)| match in_our_order(member) {
                Value::Array(items) => (name, Value::Array(sorted(items))),
                other => (name, other),
            });
            Value::Object(members.collect())
        }
        other => other,
    }
}
