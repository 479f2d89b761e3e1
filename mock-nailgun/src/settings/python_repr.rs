//! How Python 2 writes values into its messages.

use serde_json::Value;

/// A value as Python 2 writes it.
pub(crate) fn python_repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => format!("[{}]", items.iter().map(python_repr).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, member)| format!("{}: {}", python_repr(&Value::from(key.clone())), python_repr(member)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// In single quotes, unless there is one inside and no double one; what is not ASCII is written by number.
fn string(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut written = format!("u{quote}");
    for character in text.chars() {
        match character {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            _ if character == quote => written.extend(['\\', character]),
            ' '..='~' => written.push(character),
            _ => {
                let number = u32::from(character);
                written.push_str(&match number {
                    ..=0xff => format!("\\x{number:02x}"),
                    0x100..=0xffff => format!("\\u{number:04x}"),
                    _ => format!("\\U{number:08x}"),
                });
            }
        }
    }
    written.push(quote);
    written
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_look_as_python_2_writes_them() {
        assert_eq!(
            python_repr(&json!({"a": [1, "it's", true, null]})),
            "{u'a': [1, u\"it's\", True, None]}"
        );
        assert_eq!(python_repr(&json!("a'b\"c")), "u'a\\'b\"c'");
        assert_eq!(
            python_repr(&json!("é\tж😀\n\\")),
            "u'\\xe9\\t\\u0436\\U0001f600\\n\\\\'"
        );
    }
}
