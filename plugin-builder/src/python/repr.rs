//! `repr()` of Python 2.

use crate::yaml::{Integer, Node, Timestamp, Yaml};

use super::dict::dict_order;

/// A value as Python 2 shows it: `'x'`, `u'\xe9'`, `True`, `None`, `['a']`, `{'k': 1}`.
pub(crate) fn repr(node: &Node) -> String {
    match &node.value {
        Yaml::Null => "None".to_owned(),
        Yaml::Bool(true) => "True".to_owned(),
        Yaml::Bool(false) => "False".to_owned(),
        Yaml::Integer(Integer::Small(value)) => value.to_string(),
        Yaml::Integer(Integer::Big(digits)) => format!("{digits}L"),
        Yaml::Float(value) => float_repr(*value),
        Yaml::String(text) => repr_text(text),
        Yaml::Timestamp(value) => timestamp(value),
        Yaml::Binary(bytes) => repr_bytes(bytes),
        Yaml::Sequence(items) => {
            format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", "))
        }
        Yaml::Set(items) => {
            format!("set([{}])", items.iter().map(repr).collect::<Vec<_>>().join(", "))
        }
        Yaml::Mapping(mapping) => {
            let items: Vec<String> = dict_order(mapping)
                .into_iter()
                .map(|(key, value)| format!("{}: {}", repr(key), repr(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// Text: ASCII is a `str` in PyYAML under Python 2, anything else a `unicode`.
pub(crate) fn repr_text(text: &str) -> String {
    if text.is_ascii() {
        return repr_bytes(text.as_bytes());
    }
    let quote = quote(text.contains('\''), text.contains('"'));
    let mut shown = format!("u{quote}");
    for character in text.chars() {
        let code = u32::from(character);
        match character {
            _ if character == quote => push_escaped(&mut shown, character),
            '\\' => shown.push_str("\\\\"),
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            ' '..='~' => shown.push(character),
            _ if code < 0x100 => shown.push_str(&format!("\\x{code:02x}")),
            _ if code < 0x1_0000 => shown.push_str(&format!("\\u{code:04x}")),
            _ => shown.push_str(&format!("\\U{code:08x}")),
        }
    }
    shown.push(quote);
    shown
}

/// A `unicode`, also where it is ASCII: paths, which the original decodes.
pub(crate) fn repr_unicode(text: &str) -> String {
    let shown = repr_text(text);
    if text.is_ascii() { format!("u{shown}") } else { shown }
}

/// A character as a `str`: its UTF-8 bytes.
pub(crate) fn repr_character(character: char) -> String {
    repr_bytes(character.encode_utf8(&mut [0; 4]).as_bytes())
}

/// What `str()` says to a text that is no ASCII.
pub(crate) fn str_error(text: &str) -> Option<String> {
    let first = text.chars().position(|character| !character.is_ascii())?;
    let wrong: Vec<char> = text
        .chars()
        .skip(first)
        .take_while(|character| !character.is_ascii())
        .collect();
    let what = match wrong[..] {
        [character] => {
            let shown = repr_text(character.encode_utf8(&mut [0; 4]));
            format!("character {shown} in position {first}")
        }
        _ => format!("characters in position {first}-{}", first + wrong.len() - 1),
    };
    Some(format!("'ascii' codec can't encode {what}: ordinal not in range(128)"))
}

/// Bytes as a `str` of Python 2.
pub(crate) fn repr_bytes(bytes: &[u8]) -> String {
    let quote = quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut shown = String::from(quote);
    for &byte in bytes {
        let character = char::from(byte);
        match byte {
            _ if character == quote => push_escaped(&mut shown, character),
            b'\\' => shown.push_str("\\\\"),
            b'\t' => shown.push_str("\\t"),
            b'\n' => shown.push_str("\\n"),
            b'\r' => shown.push_str("\\r"),
            b' '..=b'~' => shown.push(character),
            _ => shown.push_str(&format!("\\x{byte:02x}")),
        }
    }
    shown.push(quote);
    shown
}

fn quote(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}

fn push_escaped(shown: &mut String, character: char) {
    shown.push('\\');
    shown.push(character);
}

fn timestamp(value: &Timestamp) -> String {
    let Timestamp { year, month, day, time } = value;
    let Some(time) = time else {
        return format!("datetime.date({year}, {month}, {day})");
    };
    let mut parts = format!("{year}, {month}, {day}, {}, {}", time.hour, time.minute);
    if time.second > 0 || time.microsecond > 0 {
        parts.push_str(&format!(", {}", time.second));
    }
    if time.microsecond > 0 {
        parts.push_str(&format!(", {}", time.microsecond));
    }
    format!("datetime.datetime({parts})")
}

/// The shortest text that reads back as the same number, with an exponent from 1e16 on and below 1e-4.
pub(crate) fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e16).contains(&magnitude) {
        return format!("{value:?}");
    }
    let shown = format!("{value:e}");
    match shown.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => shown,
    }
}
