//! Documents as YAML text that every YAML 1.1 reader understands in the same way.
//!
//! Keys are sorted, as PyYAML sorts them. A string is written plain only where no reader can take it for something
//! else: `on`, `012` or `12:30:45` are quoted.

use std::fmt::Write as _;

use serde_json::Value;

/// Words that YAML 1.1 readers take for booleans or null.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// The document as YAML, with a line break at its end.
pub fn to_text(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => block(value, 0, &mut text),
        Value::Array(items) if !items.is_empty() => block(value, 0, &mut text),
        _ => {
            text.push_str(&scalar(value));
            text.push('\n');
        }
    }
    text
}

fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            for (index, (key, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    pad(indent, text);
                }
                text.push_str(&string(key));
                text.push(':');
                child(member, indent, text);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    pad(indent, text);
                }
                text.push('-');
                if is_block(item) {
                    text.push(' ');
                    block(item, indent + 2, text);
                } else {
                    text.push(' ');
                    text.push_str(&scalar(item));
                    text.push('\n');
                }
            }
        }
        _ => {}
    }
}

fn child(value: &Value, indent: usize, text: &mut String) {
    if is_block(value) {
        // Lists stand at the level of their key.
        let indent = if value.is_array() { indent } else { indent + 2 };
        text.push('\n');
        pad(indent, text);
        block(value, indent, text);
    } else {
        text.push(' ');
        text.push_str(&scalar(value));
        text.push('\n');
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(value) => string(value),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

/// YAML 1.1 wants a dot in a float and a sign in its exponent.
fn number_text(number: &serde_json::Number) -> String {
    let text = number.to_string();
    match text.split_once(['e', 'E']) {
        None => text,
        Some((mantissa, exponent)) => {
            let mantissa = if mantissa.contains('.') {
                mantissa.to_owned()
            } else {
                format!("{mantissa}.0")
            };
            let exponent = if exponent.starts_with(['+', '-']) {
                exponent.to_owned()
            } else {
                format!("+{exponent}")
            };
            format!("{mantissa}e{exponent}")
        }
    }
}

fn string(value: &str) -> String {
    if is_plain(value) {
        value.to_owned()
    } else if value.chars().all(|character| (' '..='~').contains(&character)) {
        format!("'{}'", value.replace('\'', "''"))
    } else {
        double_quoted(value)
    }
}

/// With escapes for all that some reader might not take as it is: control characters, the line breaks of Unicode,
/// the byte order mark, and what lies above U+FFFF.
fn double_quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            ' '..='~'
            | '\u{a0}'..='\u{2027}'
            | '\u{202a}'..='\u{d7ff}'
            | '\u{e000}'..='\u{fefe}'
            | '\u{ff00}'..='\u{fffd}' => {
                text.push(character);
            }
            other => {
                let _ = write!(text, "\\U{:08X}", u32::from(other));
            }
        }
    }
    text.push('"');
    text
}

/// Plain: begins with a letter or `/`, holds nothing that means something to YAML, and is no word for something else.
fn is_plain(value: &str) -> bool {
    let inner = |character: char| character.is_ascii_alphanumeric() || "_-./+@".contains(character);
    value.starts_with(|character: char| character.is_ascii_alphabetic() || character == '/')
        && value.chars().all(inner)
        && !WORDS.contains(&value.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_reads_as_pyyaml_would_write_it() {
        let document = json!({
            "nodes": [{"uid": "1", "roles": ["a", "b"]}, {"uid": "2", "roles": []}],
            "access": {"password": "on", "empty": {}},
            "text": "two\nlines",
            "debug": false,
            "nothing": null,
        });
        assert_eq!(
            to_text(&document),
            "access:\n  empty: {}\n  password: 'on'\ndebug: false\nnodes:\n- roles:\n  - a\n  - b\n  uid: '1'\n\
             - roles: []\n  uid: '2'\nnothing: null\ntext: \"two\\nlines\"\n"
        );
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~]{0,8}".prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from),
            "(yes|No|on|0x1f|012|1_000|12:30:45|1e3|~|- a|2016-01-02|a: b|#c|\\.5|\t|\u{85}x)".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ -~]{0,6}", inner, 0..4).prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_yaml_1_1_reader_gets_back_what_was_written(document in documents()) {
            let text = to_text(&document);
            let read = super::super::parse(text.as_bytes(), Utf8Path::new("astute.yaml")).map(|node| node.to_json());
            prop_assert_eq!(read.map_err(|error| error.to_string()), Ok(document), "{}", text);
        }
    }
}
