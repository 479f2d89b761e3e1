//! Long texts that share parts.
//!
//! What 300 nodes are told is 300 times nearly the same half megabyte. A text of pieces holds such a part once, and the
//! server sends it from there as often as it stands in the answer.

use axum::body::Bytes;
use serde_json::Value;

/// Below this many bytes a part is copied: a piece of its own costs more.
const WORTH_SHARING: usize = 4096;

/// A text whose large parts are shared, not copied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces {
    done: Vec<Bytes>,
    open: Vec<u8>,
    length: usize,
}

impl Pieces {
    /// Adds a short text.
    pub(crate) fn push(&mut self, text: &str) {
        self.open.extend_from_slice(text.as_bytes());
        self.length += text.len();
    }

    /// Adds a value as JSON.
    pub(crate) fn push_json(&mut self, value: &Value) {
        let before = self.open.len();
        // Writing into memory cannot fail.
        let _ = serde_json::to_writer(&mut self.open, value);
        self.length += self.open.len() - before;
    }

    /// Adds a string as JSON.
    pub(crate) fn push_json_string(&mut self, text: &str) {
        let before = self.open.len();
        let _ = serde_json::to_writer(&mut self.open, text);
        self.length += self.open.len() - before;
    }

    /// Adds a part that others hold too.
    pub(crate) fn push_shared(&mut self, part: &Bytes) {
        self.length += part.len();
        if part.len() < WORTH_SHARING {
            self.open.extend_from_slice(part);
        } else {
            self.close();
            self.done.push(part.clone());
        }
    }

    /// Adds another text of pieces.
    pub(crate) fn append(&mut self, other: Self) {
        for part in &other.done {
            self.push_shared(part);
        }
        self.length += other.open.len();
        self.open.extend_from_slice(&other.open);
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.done.push(Bytes::from(std::mem::take(&mut self.open)));
        }
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The pieces in their order.
    pub(crate) fn into_parts(mut self) -> Vec<Bytes> {
        self.close();
        self.done
    }

    /// The whole as one string.
    pub(crate) fn into_text(self) -> String {
        let mut text = Vec::with_capacity(self.length);
        for part in self.into_parts() {
            text.extend_from_slice(&part);
        }
        // All that goes in is text.
        String::from_utf8(text).unwrap_or_default()
    }
}

/// A value as JSON, to be shared.
pub(crate) fn shared_json(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_reads_as_if_its_pieces_had_been_copied() {
        let long = Bytes::from("x".repeat(WORTH_SHARING));
        let short = Bytes::from_static(b"short");
        let mut inner = Pieces::default();
        inner.push("<");
        inner.push_shared(&long);
        inner.push(">");
        let mut text = Pieces::default();
        text.push_json(&json!({"a": [1]}));
        text.push_shared(&short);
        text.append(inner);
        text.push_json_string("\"");
        let length = text.len();
        let parts = text.clone().into_parts();
        assert_eq!(parts.len(), 3, "the long part is a piece of its own");
        assert!(std::ptr::eq(parts[1].as_ptr(), long.as_ptr()), "and is not copied");
        let whole = text.into_text();
        assert_eq!(
            whole,
            format!("{{\"a\":[1]}}short<{}>\"\\\"\"", "x".repeat(WORTH_SHARING))
        );
        assert_eq!(whole.len(), length);
    }
}
