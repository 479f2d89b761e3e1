//! What can be wrong with a YAML file.

use camino::{Utf8Path, Utf8PathBuf};

use super::limits::MAXIMUM_NODES;
use super::node::Span;

/// A YAML file that cannot be read. It displays as `file:line:column: what`.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {kind}", place(*span))]
pub struct YamlError {
    /// The file, as it was named to the reader.
    pub file: Utf8PathBuf,
    /// Where, if the error has a place.
    pub span: Option<Span>,
    /// What is wrong.
    #[source]
    pub kind: YamlErrorKind,
    /// What to do about it, where that can be said.
    pub help: Option<&'static str>,
    /// What PyYAML 3.10 says, on several lines, with the file as it was named to the reader. None where PyYAML reads
    /// the text, or dies of it.
    pub original: Option<String>,
}

/// What is wrong with a YAML file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum YamlErrorKind {
    /// The file cannot be read; the error of the system names the path.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// A byte that does not belong to UTF-8, or to UTF-16 after a byte order mark.
    #[error("the file is no UTF-8 text: byte 0x{0:02X}")]
    Encoding(u8),
    /// A control character, which PyYAML refuses.
    #[error("character U+{0:04X} is not allowed in YAML")]
    Character(u32),
    /// The text is no YAML.
    #[error("{0}")]
    Syntax(String),
    /// Two documents in one file.
    #[error("a second document starts here; the file must hold one")]
    SecondDocument,
    /// A tag that has no meaning here, or one that would run code.
    #[error("unknown tag `{0}`")]
    Tag(String),
    /// A list, a mapping or a set as a key.
    #[error("a {0} cannot be a key")]
    Key(&'static str),
    /// A value that its tag or its look does not allow.
    #[error("{0}")]
    Value(String),
    /// An alias inside of the value that it names.
    #[error("an alias to the value that holds it")]
    Recursion,
    /// `<<` with something else than a mapping or a list of mappings.
    #[error("`<<` takes a mapping or a list of mappings")]
    Merge,
    /// The document costs more than a plugin's file may.
    #[error("{what} (at most {limit})")]
    Limit {
        /// What is too much.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl YamlError {
    pub(crate) fn new(file: &Utf8Path, span: Option<Span>, kind: YamlErrorKind) -> Self {
        Self {
            file: file.to_owned(),
            span,
            kind,
            help: None,
            original: None,
        }
    }

    pub(super) fn helping(mut self, help: Option<&'static str>) -> Self {
        self.help = help;
        self
    }

    pub(super) fn said(mut self, original: Option<String>) -> Self {
        self.original = original;
        self
    }

    /// Whether the file is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(&self.kind, YamlErrorKind::Read(error) if error.kind() == std::io::ErrorKind::NotFound)
    }

    /// The system's number and text, if the file is there and cannot be read: `20`, `Not a directory`.
    pub(crate) fn system_error(&self) -> Option<(i32, &'static str)> {
        let YamlErrorKind::Read(error) = &self.kind else {
            return None;
        };
        // The error that names the path keeps the system's to itself.
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => Some((13, "Permission denied")),
            std::io::ErrorKind::NotADirectory => Some((20, "Not a directory")),
            std::io::ErrorKind::IsADirectory => Some((21, "Is a directory")),
            _ => None,
        }
    }
}

impl YamlErrorKind {
    pub(super) fn too_many_values() -> Self {
        Self::Limit {
            what: "too many values after aliases and merge keys",
            limit: MAXIMUM_NODES,
        }
    }
}

fn place(span: Option<Span>) -> String {
    span.map_or_else(String::new, |span| format!(":{}:{}", span.line, span.column))
}
