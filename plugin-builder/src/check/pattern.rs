//! The regular expressions of the rules, with Python's meaning.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex_lite::Regex;

static KNOWN: LazyLock<Mutex<HashMap<&'static str, Pattern>>> = LazyLock::new(Mutex::default);

/// A pattern: its text as the messages show it, and what it matches.
#[derive(Clone)]
pub(crate) struct Pattern {
    text: &'static str,
    compiled: Regex,
    /// What must not stand at the start: the only look-ahead that the rules have.
    excluded_start: Option<&'static str>,
}

impl Pattern {
    /// A pattern in Python's notation, of which the rules use little. Each is compiled once.
    pub(crate) fn new(text: &'static str) -> Self {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(text).or_insert_with(|| Self::compile(text)).clone()
    }

    #[expect(
        clippy::expect_used,
        reason = "the patterns are constants, and every test compiles them"
    )]
    fn compile(text: &'static str) -> Self {
        let (rest, excluded_start) = match text.strip_prefix("^(?!").and_then(|rest| rest.split_once(')')) {
            Some((excluded, rest)) => (format!("^{rest}"), Some(excluded)),
            None => (text.to_owned(), None),
        };
        // Python's `$` also matches before a final line break, and its `\d` is ASCII here.
        let rest = rest.replace('$', "\\n?$").replace("\\d", "[0-9]");
        let compiled = Regex::new(&rest).expect("a constant pattern compiles");
        Self {
            text,
            compiled,
            excluded_start,
        }
    }

    pub(crate) fn text(&self) -> &'static str {
        self.text
    }

    /// Whether the pattern occurs in the text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.excluded_start.is_none_or(|start| !text.starts_with(start)) && self.compiled.is_match(text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pattern").field(&self.text).finish()
    }
}
