//! Keys with values, in the order of the file.

use std::collections::HashMap;

use super::node::{Integer, Node, Span, Yaml};
use super::timestamp::Timestamp;

/// Up to so many keys are compared one by one, which is faster than an index.
const SMALL: usize = 8;

/// A key that occurs again in the same mapping. The last value wins, silently, as in PyYAML.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// The key as it is written for the second time.
    pub key: Node,
    /// Where it was written before.
    pub first: Span,
}

/// An ordered mapping: a key keeps the place of its first occurrence and has the value of its last one.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    entries: Vec<(Node, Node)>,
    /// Positions of the keys, once there are more than [`SMALL`].
    index: Option<HashMap<Identity, usize>>,
    duplicates: Vec<Duplicate>,
}

impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries && self.duplicates == other.duplicates
    }
}

impl Mapping {
    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Node, &Node)> + DoubleEndedIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The value under a text key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A text key, as a node with its place, and its value.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        let position = match &self.index {
            Some(index) => *index.get(&Identity::Text(key.to_owned()))?,
            None => self.entries.iter().position(|(known, _)| is_text(known, key))?,
        };
        let (key, value) = self.entries.get(position)?;
        Some((key, value))
    }

    /// Keys that were written more than once.
    #[must_use]
    pub fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }

    /// The keys alone.
    pub(super) fn into_keys(self) -> Vec<Node> {
        self.entries.into_iter().map(|(key, _)| key).collect()
    }

    fn position(&self, key: &Node) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.get(&Identity::of(&key.value)?).copied();
        }
        if let Some(text) = key.as_str() {
            return self.entries.iter().position(|(known, _)| is_text(known, text));
        }
        let identity = Identity::of(&key.value)?;
        self.entries
            .iter()
            .position(|(known, _)| Identity::of(&known.value).as_ref() == Some(&identity))
    }

    fn push(&mut self, key: Node, value: Node) {
        let position = self.entries.len();
        if let Some(index) = &mut self.index {
            index.extend(Identity::of(&key.value).map(|identity| (identity, position)));
        }
        self.entries.push((key, value));
        if position == SMALL {
            let identities = self.entries.iter().enumerate();
            let index = identities.filter_map(|(position, (key, _))| Some((Identity::of(&key.value)?, position)));
            self.index = Some(index.collect());
        }
    }
}

/// Fills a mapping as Python fills a dictionary.
pub(super) struct MappingBuilder {
    mapping: Mapping,
    /// Whether each entry was written in this mapping, not merged into it (`<<`).
    own: Vec<bool>,
}

impl MappingBuilder {
    pub(super) fn new(size: usize) -> Self {
        Self {
            mapping: Mapping {
                entries: Vec::with_capacity(size),
                ..Mapping::default()
            },
            own: Vec::with_capacity(size),
        }
    }

    /// Sets a key. One that was written in this mapping before is worth remembering.
    pub(super) fn insert(&mut self, key: Node, value: Node, own: bool) {
        let Some(position) = self.mapping.position(&key) else {
            self.mapping.push(key, value);
            self.own.push(own);
            return;
        };
        if let (Some((known, known_value)), Some(known_own)) =
            (self.mapping.entries.get_mut(position), self.own.get_mut(position))
        {
            if own && *known_own {
                self.mapping.duplicates.push(Duplicate {
                    key: key.clone(),
                    first: known.span,
                });
            }
            // Python keeps the key that was there and takes the new value.
            known.span = key.span;
            *known_value = value;
            *known_own |= own;
        }
    }

    pub(super) fn finish(self) -> Mapping {
        self.mapping
    }
}

/// Whether a key is this text; bytes are texts in Python 2.
fn is_text(key: &Node, text: &str) -> bool {
    match &key.value {
        Yaml::String(known) => known == text,
        Yaml::Binary(bytes) => bytes == text.as_bytes() && text.is_ascii(),
        _ => false,
    }
}

/// What makes a key the same for Python: `1`, `1.0` and `true` are one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Identity {
    Null,
    Text(String),
    Integer(i64),
    Big(String),
    /// The bits of a number that is no integer.
    Float(u64),
    Timestamp(Timestamp),
    Binary(Vec<u8>),
}

impl Identity {
    /// None for what is no key.
    fn of(value: &Yaml) -> Option<Self> {
        Some(match value {
            Yaml::Null => Self::Null,
            Yaml::Bool(value) => Self::Integer(i64::from(*value)),
            Yaml::Integer(Integer::Small(value)) => Self::Integer(*value),
            Yaml::Integer(Integer::Big(digits)) => Self::Big(digits.clone()),
            // There is one NaN in PyYAML, and Python finds it again.
            Yaml::Float(value) if value.is_nan() => Self::Float(f64::NAN.to_bits()),
            Yaml::Float(value) => float_identity(*value),
            Yaml::String(text) => Self::Text(text.clone()),
            Yaml::Timestamp(timestamp) => Self::Timestamp(*timestamp),
            Yaml::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if text.is_ascii() => Self::Text(text.to_owned()),
                _ => Self::Binary(bytes.clone()),
            },
            Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Set(_) => return None,
        })
    }
}

fn float_identity(value: f64) -> Identity {
    let exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    if !exact {
        return Identity::Float(value.to_bits());
    }
    #[expect(clippy::cast_possible_truncation, reason = "integers below 2^53 are exact")]
    let integer = value as i64;
    Identity::Integer(integer)
}
