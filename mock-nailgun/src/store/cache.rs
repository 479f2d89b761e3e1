//! Parsed documents, kept for as long as their text stays the same.
//!
//! Releases and plugins are large and change rarely, but nearly every request needs them. What is kept is compared with
//! the text in the database each time, so nothing has to be thrown away when a transaction changes it or rolls back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// More rows than this are not kept at once.
const CAPACITY: usize = 1000;

/// Parsed documents of one table, by row.
pub(crate) struct Cache<T> {
    rows: Mutex<BTreeMap<i64, (String, Arc<T>)>>,
}

impl<T> Cache<T> {
    pub(super) const fn new() -> Self {
        Self {
            rows: Mutex::new(BTreeMap::new()),
        }
    }

    /// The document of a row whose text is `text`.
    pub(super) fn get<E>(&self, row: i64, text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, document)) = rows.get(&row).filter(|(known, _)| known == text) {
            return Ok(Arc::clone(document));
        }
        let document = Arc::new(parse(text)?);
        if rows.len() >= CAPACITY {
            rows.clear();
        }
        rows.insert(row, (text.to_owned(), Arc::clone(&document)));
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_parsed_again_only_when_its_text_changed() {
        let cache: Cache<i64> = Cache::new();
        let parse = |text: &str| text.parse::<i64>();
        let first = cache.get(1, "7", parse).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.get(1, "7", parse).unwrap()));
        assert_eq!(*cache.get(1, "8", parse).unwrap(), 8);
        assert_eq!(*cache.get(1, "7", parse).unwrap(), 7);
        assert!(cache.get(1, "x", parse).is_err());
        assert_eq!(*cache.get(1, "7", parse).unwrap(), 7);
    }
}
