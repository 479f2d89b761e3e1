//! RPM's header format: an index of tags, and the data that it points into.
//!
//! ```text
//! 8e ad e8 01  00 00 00 00  entries  bytes of data      (numbers are big-endian)
//! per entry:   tag  type  offset into the data  count
//! data
//! ```
//! The first entry is the region: it says that the header is as it was built. Its data, the last of all, is an entry
//! itself, whose offset is minus the size of the index.

use std::collections::BTreeMap;

/// The region of the signature's header.
pub(super) const SIGNATURE_REGION: u32 = 62;
/// The region of the package's header.
pub(super) const HEADER_REGION: u32 = 63;

const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
const ENTRY: usize = 16;
const BINARY: u32 = 7;

/// A tag's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Int16(Vec<u16>),
    Int32(Vec<u32>),
    Int64(Vec<u64>),
    Text(String),
    Binary(Vec<u8>),
    Texts(Vec<String>),
    /// A text that may have translations, of which there are none.
    Translatable(String),
}

impl Value {
    fn kind(&self) -> u32 {
        match self {
            Self::Int16(_) => 3,
            Self::Int32(_) => 4,
            Self::Int64(_) => 5,
            Self::Text(_) => 6,
            Self::Binary(_) => BINARY,
            Self::Texts(_) => 8,
            Self::Translatable(_) => 9,
        }
    }

    fn alignment(&self) -> usize {
        match self {
            Self::Int16(_) => 2,
            Self::Int32(_) => 4,
            Self::Int64(_) => 8,
            _ => 1,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Int16(numbers) => numbers.len(),
            Self::Int32(numbers) => numbers.len(),
            Self::Int64(numbers) => numbers.len(),
            Self::Text(_) | Self::Translatable(_) => 1,
            Self::Binary(bytes) => bytes.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    fn write(&self, data: &mut Vec<u8>) {
        match self {
            Self::Int16(numbers) => numbers.iter().for_each(|number| data.extend(number.to_be_bytes())),
            Self::Int32(numbers) => numbers.iter().for_each(|number| data.extend(number.to_be_bytes())),
            Self::Int64(numbers) => numbers.iter().for_each(|number| data.extend(number.to_be_bytes())),
            Self::Text(text) | Self::Translatable(text) => write_text(text, data),
            Self::Binary(bytes) => data.extend(bytes),
            Self::Texts(texts) => texts.iter().for_each(|text| write_text(text, data)),
        }
    }
}

/// Texts end with a zero, so one in the middle would end it too early.
fn write_text(text: &str, data: &mut Vec<u8>) {
    data.extend(text.bytes().filter(|byte| *byte != 0));
    data.push(0);
}

/// A header in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    tags: BTreeMap<u32, Value>,
}

impl Header {
    /// Sets a tag. An empty list is no tag.
    pub(super) fn set(&mut self, tag: u32, value: Value) {
        if value.count() > 0 {
            self.tags.insert(tag, value);
        }
    }

    pub(super) fn text(&mut self, tag: u32, text: impl Into<String>) {
        self.set(tag, Value::Text(text.into()));
    }

    pub(super) fn number(&mut self, tag: u32, number: u32) {
        self.set(tag, Value::Int32(vec![number]));
    }

    /// The header's bytes, within its region.
    pub(super) fn to_bytes(&self, region: u32) -> Vec<u8> {
        let entries = self.tags.len() + 1;
        let mut data = Vec::new();
        let mut index = Vec::new();
        for (tag, value) in &self.tags {
            while !data.len().is_multiple_of(value.alignment()) {
                data.push(0);
            }
            index.push(entry(*tag, value.kind(), word(data.len()), value.count()));
            value.write(&mut data);
        }
        let trailer = word(entries * ENTRY).wrapping_neg();
        let region_entry = entry(region, BINARY, word(data.len()), ENTRY);
        data.extend(entry(region, BINARY, trailer, ENTRY));

        let mut bytes = MAGIC.to_vec();
        bytes.extend(word(entries).to_be_bytes());
        bytes.extend(word(data.len()).to_be_bytes());
        bytes.extend(region_entry);
        bytes.extend(index.concat());
        bytes.extend(data);
        bytes
    }
}

fn entry(tag: u32, kind: u32, offset: u32, count: usize) -> [u8; ENTRY] {
    let mut bytes = [0; ENTRY];
    let words = [tag, kind, offset, word(count)];
    for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// Headers are far below four gigabytes.
fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{HEADER_REGION, Header, Value};

    #[test]
    fn a_header_is_an_index_and_aligned_data_in_the_order_of_tags() {
        let mut header = Header::default();
        header.set(1030, Value::Int16(vec![0o755]));
        header.text(1000, "ab");
        header.set(1037, Value::Int32(Vec::new()));
        let bytes = header.to_bytes(HEADER_REGION);
        assert_eq!(bytes[8..16], [0, 0, 0, 3, 0, 0, 0, 22]);
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let entry = |number: usize| [0, 4, 8, 12].map(|field| word(16 + number * 16 + field));
        assert_eq!(entry(0), [63, 7, 6, 16]);
        assert_eq!(entry(1), [1000, 6, 0, 1]);
        assert_eq!(entry(2), [1030, 3, 4, 1]);
        let data = &bytes[64..];
        assert_eq!(data[..6], [b'a', b'b', 0, 0, 1, 0o355]);
        assert_eq!(data[14..18], (-48_i32).to_be_bytes());
    }
}
