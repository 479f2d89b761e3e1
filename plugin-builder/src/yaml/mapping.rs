//! Keys with values, in the order of the file.

use std::collections::HashMap;

use super::node::{Integer, Node, Span, Yaml};

/// A key that occurs again in the same mapping. The last value wins, silently, as in PyYAML.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// The key as it is written for the second time.
    pub key: Node,
    /// Where it was written before.
    pub first: Span,
}

/// An ordered mapping: a key keeps the place of its first occurrence and has the value of its last one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    entries: Vec<(Node, Node)>,
    /// Positions of text keys, which are nearly all keys.
    texts: HashMap<String, usize>,
    duplicates: Vec<Duplicate>,
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
        let (key, value) = self.entries.get(*self.texts.get(key)?)?;
        Some((key, value))
    }

    /// Keys that were written more than once.
    #[must_use]
    pub fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }

    /// Puts another mapping's entries over this one's.
    pub(crate) fn absorb(&mut self, other: Mapping) {
        for (key, value) in other.entries {
            self.insert(key, value, false);
        }
        self.duplicates.extend(other.duplicates);
    }

    /// Hands out every key and value, those of duplicates included, to be changed.
    pub(crate) fn each_node(&mut self, change: &mut impl FnMut(&mut Node)) {
        for (key, value) in &mut self.entries {
            change(key);
            change(value);
        }
        for duplicate in &mut self.duplicates {
            change(&mut duplicate.key);
        }
    }

    /// The entries themselves.
    pub(crate) fn into_entries(self) -> Vec<(Node, Node)> {
        self.entries
    }

    /// Sets a key. `own` says that it was written in this mapping, not merged into it (`<<`), so that a
    /// second one is worth remembering.
    pub(crate) fn insert(&mut self, key: Node, value: Node, own: bool) {
        let position = match key.as_str() {
            Some(text) => self.texts.get(text).copied(),
            None => self
                .entries
                .iter()
                .position(|(old, _)| same_key(&old.value, &key.value)),
        };
        let Some(position) = position else {
            if let Some(text) = key.as_str() {
                self.texts.insert(text.to_owned(), self.entries.len());
            }
            self.entries.push((key, value));
            return;
        };
        if let Some((old, old_value)) = self.entries.get_mut(position) {
            if own {
                self.duplicates.push(Duplicate {
                    key: key.clone(),
                    first: old.span,
                });
            }
            // Python keeps the key that was there and takes the new value.
            old.span = key.span;
            *old_value = value;
        }
    }
}

/// Python's equality of keys: `1`, `1.0` and `true` are one key.
fn same_key(left: &Yaml, right: &Yaml) -> bool {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left == right,
        (None, None) => left == right,
        _ => false,
    }
}

fn number(value: &Yaml) -> Option<f64> {
    match value {
        Yaml::Bool(value) => Some(f64::from(u8::from(*value))),
        // Keys beyond 2^53 would collide here; a plugin has none.
        #[expect(clippy::cast_precision_loss, reason = "only equality of small keys matters")]
        Yaml::Integer(Integer::Small(value)) => Some(*value as f64),
        Yaml::Float(value) => Some(*value),
        _ => None,
    }
}
