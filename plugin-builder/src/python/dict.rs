//! The order in which Python 2.7 walks a dictionary.
//!
//! Hashes are not randomised there, so the order follows from the keys and from the order in which they
//! were set: open addressing in a table of a power of two, grown when two thirds full.

use crate::yaml::{Integer, Mapping, Node, Yaml};

/// The entries in CPython 2.7's order (64 bits). Keys whose hash depends on the process (null, dates)
/// keep the file's order as far as that goes.
pub(crate) fn dict_order(mapping: &Mapping) -> Vec<(&Node, &Node)> {
    let entries: Vec<(&Node, &Node)> = mapping.iter().collect();
    let mut table = Table::new();
    for (index, (key, _)) in entries.iter().enumerate() {
        table.insert(hash(key), index);
    }
    // PyYAML fills one dictionary and then updates an empty one from it.
    let table = table.copied();
    table
        .slots
        .iter()
        .flatten()
        .filter_map(|(_, index)| entries.get(*index).copied())
        .collect()
}

struct Table {
    slots: Vec<Option<(i64, usize)>>,
    used: usize,
}

impl Table {
    fn new() -> Self {
        Self {
            slots: vec![None; 8],
            used: 0,
        }
    }

    fn insert(&mut self, hash: i64, index: usize) {
        self.place(hash, index);
        self.used += 1;
        if self.used * 3 >= self.slots.len() * 2 {
            self.grow();
        }
    }

    /// `{}.update(self)`: the room for all is made at once, and the order is that of the slots.
    fn copied(&self) -> Self {
        let mut copy = Self::new();
        if self.used * 3 >= copy.slots.len() * 2 {
            copy.slots = vec![None; Self::size_above(self.used * 2)];
        }
        for (hash, index) in self.slots.iter().flatten() {
            copy.place(*hash, *index);
        }
        copy.used = self.used;
        copy
    }

    fn size_above(wanted: usize) -> usize {
        let mut size = 8;
        while size <= wanted {
            size *= 2;
        }
        size
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "hashes wrap, as in C"
    )]
    fn place(&mut self, hash: i64, index: usize) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        let mut position = hash as usize;
        let mut perturb = hash as usize;
        while self.slots.get(slot).is_some_and(Option::is_some) {
            position = position.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1);
            slot = position & mask;
            perturb >>= 5;
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = Some((hash, index));
        }
    }

    fn grow(&mut self) {
        let wanted = self.used * if self.used > 50_000 { 2 } else { 4 };
        let size = Self::size_above(wanted);
        let old = std::mem::replace(&mut self.slots, vec![None; size]);
        for (hash, index) in old.into_iter().flatten() {
            self.place(hash, index);
        }
    }
}

fn hash(key: &Node) -> i64 {
    let hash = match &key.value {
        Yaml::String(text) if text.is_ascii() => text_hash(text.bytes().map(i64::from)),
        Yaml::String(text) => text_hash(text.chars().map(|character| i64::from(u32::from(character)))),
        Yaml::Binary(bytes) => text_hash(bytes.iter().map(|byte| i64::from(*byte))),
        Yaml::Bool(value) => i64::from(*value),
        Yaml::Integer(Integer::Small(value)) => *value,
        #[expect(clippy::cast_possible_truncation, reason = "only whole numbers hash as integers")]
        Yaml::Float(value) if value.fract() == 0.0 => *value as i64,
        _ => 0,
    };
    if hash == -1 { -2 } else { hash }
}

fn text_hash(units: impl Iterator<Item = i64>) -> i64 {
    let mut units = units.peekable();
    let Some(first) = units.peek().copied() else { return 0 };
    let mut hash = first << 7;
    let mut length = 0;
    for unit in units {
        hash = hash.wrapping_mul(1_000_003) ^ unit;
        length += 1;
    }
    hash ^ length
}
