//! The document tree.

use serde_json::{Number, Value};

use super::{mapping::Mapping, timestamp::Timestamp};

/// Where something starts in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// An integer of any size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integer {
    /// It fits into 64 bits.
    Small(i64),
    /// It does not: its decimal digits, with a sign where it is negative.
    Big(String),
}

/// A value and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Yaml,
    /// Where it starts. An aliased value keeps the place at which it was written.
    pub span: Span,
}

/// A value of YAML 1.1, with PyYAML's types.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    /// `~`, `null`, nothing.
    Null,
    /// `true`, `yes`, `on`, `false`, `no`, `off`.
    Bool(bool),
    /// Decimal, octal (`0777`), hexadecimal, binary, or base 60 (`12:30:45`).
    Integer(Integer),
    /// A number with a dot; `1e3` is a string.
    Float(f64),
    /// Text.
    String(String),
    /// A date, with or without a time.
    Timestamp(Timestamp),
    /// `!!binary`: the decoded bytes.
    Binary(Vec<u8>),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the order of the file.
    Mapping(Mapping),
    /// `!!set`: keys without values.
    Set(Vec<Node>),
}

impl Node {
    /// A value with a place.
    #[must_use]
    pub fn new(value: Yaml, span: Span) -> Self {
        Self { value, span }
    }

    /// The value under a text key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.get(key)
    }

    /// The text, if this is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Yaml::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Yaml::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if this is an integer of 64 bits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.value {
            Yaml::Integer(Integer::Small(value)) => Some(value),
            _ => None,
        }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Yaml::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if this is a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Yaml::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// Whether this is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.value == Yaml::Null
    }

    /// Whether Python takes the value for false: null, `false`, zero, and everything empty.
    #[must_use]
    pub fn is_falsy(&self) -> bool {
        match &self.value {
            Yaml::Null => true,
            Yaml::Bool(value) => !value,
            Yaml::Integer(value) => *value == Integer::Small(0),
            Yaml::Float(value) => *value == 0.0,
            Yaml::String(value) => value.is_empty(),
            Yaml::Binary(value) => value.is_empty(),
            Yaml::Timestamp(_) => false,
            Yaml::Sequence(items) | Yaml::Set(items) => items.is_empty(),
            Yaml::Mapping(mapping) => mapping.is_empty(),
        }
    }

    /// The value as JSON, as Python's `json` writes it: keys become text (`1` → `"1"`, `true` → `"true"`).
    /// What JSON has no word for becomes text: dates in ISO 8601, infinities and NaN as Python spells
    /// them, `!!binary` as text with the replacement character for what is no UTF-8, a set as a list.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => Value::Bool(*value),
            Yaml::Integer(value) => value.to_json(),
            Yaml::Float(value) => {
                Number::from_f64(*value).map_or_else(|| Value::String(float_name(*value).to_owned()), Value::Number)
            }
            Yaml::String(value) => Value::String(value.clone()),
            Yaml::Timestamp(value) => Value::String(value.to_string()),
            Yaml::Binary(value) => Value::String(String::from_utf8_lossy(value).into_owned()),
            Yaml::Sequence(items) | Yaml::Set(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Yaml::Mapping(mapping) => Value::Object(
                mapping
                    .iter()
                    .map(|(key, value)| (key.json_key(), value.to_json()))
                    .collect(),
            ),
        }
    }

    fn json_key(&self) -> String {
        match self.to_json() {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}

impl Integer {
    fn to_json(&self) -> Value {
        match self {
            Self::Small(value) => Value::from(*value),
            Self::Big(digits) => digits
                .parse::<u64>()
                .map_or_else(|_| Value::String(digits.clone()), Value::from),
        }
    }
}

fn float_name(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
