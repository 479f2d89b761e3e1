//! Python's `str.format`, as far as settings and tasks use it: `{settings.MASTER_IP}`, `{cluster[id]}`, `{{`.

use serde_json::Value;

/// The text with its fields filled in from `models`; `None` where Python's `format` would raise, so that the caller
/// can leave the text alone.
pub(crate) fn python_format(text: &str, models: &Value) -> Option<String> {
    let mut formatted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(index) = rest.find(['{', '}']) {
        formatted.push_str(&rest[..index]);
        let brace = &rest[index..];
        if let Some(after) = brace.strip_prefix("{{") {
            formatted.push('{');
            rest = after;
        } else if let Some(after) = brace.strip_prefix("}}") {
            formatted.push('}');
            rest = after;
        } else {
            let inside = brace.strip_prefix('{')?;
            let end = inside.find('}')?;
            formatted.push_str(&field(&inside[..end], models)?);
            rest = &inside[end + 1..];
        }
    }
    formatted.push_str(rest);
    Some(formatted)
}

fn field(field: &str, models: &Value) -> Option<String> {
    // A format specification or a conversion changes nothing about strings; others are not used.
    let name = field.split(['!', ':']).next()?;
    if name.is_empty() || name.contains('{') {
        return None;
    }
    let mut value = models;
    for part in name.split(['.', '[']) {
        value = value.get(part.strip_suffix(']').unwrap_or(part))?;
    }
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    })
}

/// Formats every string in `value`, but not below a key `regex`. A string that cannot be formatted stays as it is
/// (9.x; 8.0 raises).
pub(crate) fn format_strings(value: &mut Value, models: &Value) {
    match value {
        Value::String(text) => {
            if text.bytes().any(|byte| matches!(byte, b'{' | b'}'))
                && let Some(formatted) = python_format(text, models)
            {
                *text = formatted;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| format_strings(item, models)),
        Value::Object(members) => {
            for (key, member) in members {
                if key != "regex" {
                    format_strings(member, models);
                }
            }
        }
        _ => {}
    }
}

/// The first text in `value` that [`format_strings`] leaves alone because it cannot be formatted.
pub(crate) fn unformattable<'a>(value: &'a Value, models: &Value) -> Option<&'a str> {
    match value {
        Value::String(text) => python_format(text, models).is_none().then_some(text),
        Value::Array(items) => items.iter().find_map(|item| unformattable(item, models)),
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| *key != "regex")
            .find_map(|(_, member)| unformattable(member, models)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(
        "http://{settings.MASTER_IP}:8080/{cluster.release.version}",
        Some("http://10.20.0.2:8080/mitaka-9.0")
    )]
    #[case("{cluster[id]} {{x}}", Some("7 {x}"))]
    #[case("no fields", Some("no fields"))]
    #[case("{settings.MASTER_IP} {nope}", None)]
    #[case("awk '{print $1}'", None)]
    #[case("{}", None)]
    #[case("{", None)]
    #[case("}", None)]
    fn a_text_is_filled_in_or_left_alone(#[case] text: &str, #[case] expected: Option<&str>) {
        let models = json!({
            "settings": {"MASTER_IP": "10.20.0.2"},
            "cluster": {"id": 7, "release": {"version": "mitaka-9.0"}},
        });
        assert_eq!(python_format(text, &models).as_deref(), expected);
    }

    #[test]
    fn a_regex_is_not_formatted() {
        let mut value = json!({"regex": {"source": "a{x}"}, "value": "{x}", "list": ["{x}", "{y}"]});
        format_strings(&mut value, &json!({"x": "1"}));
        assert_eq!(
            value,
            json!({"regex": {"source": "a{x}"}, "value": "1", "list": ["1", "{y}"]})
        );
    }

    proptest::proptest! {
        #[test]
        fn a_text_without_braces_stays(text in "[^{}]*") {
            proptest::prop_assert_eq!(python_format(&text, &json!({})), Some(text));
        }
    }
}
