//! A finding and its parts.

use std::borrow::Cow;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::{Rule, SourceText};
use crate::yaml::Span;

/// How bad a finding is. Only errors make a plugin invalid; `fpb check --strict` counts warnings too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, and often meant.
    Note,
    /// The plugin builds with it, though hardly works as its author means it.
    Warning,
    /// The original builder refuses the plugin.
    Error,
}

/// The two headlines under which the original builder prints a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Header {
    /// `Validation failed`: a rule is broken.
    #[serde(rename = "Validation failed")]
    Validation,
    /// `Unexpected error`: everything else, such as a missing file.
    #[serde(rename = "Unexpected error")]
    Unexpected,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file, below the directory as it was given.
    pub file: Utf8PathBuf,
    /// The line, from 1; 0 means the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 means the file as a whole.
    pub column: usize,
}

/// Another place that belongs to a finding: the first of two equal keys, the next task of a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The line of the file at that place.
    pub source_line: Option<String>,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Finding {
    /// Whether the plugin is refused for it.
    pub severity: Severity,
    /// A short name of the rule, which does not change: `schema`, `file-missing`, `release-path`, …
    pub code: &'static str,
    /// What is wrong, in our words.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// The line of the file at that place.
    pub source_line: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// Why it matters, and on which Fuel version.
    pub why: Option<Cow<'static, str>>,
    /// What to do about it.
    pub help: Option<String>,
    /// The original builder's text, where it has one.
    pub builder_message: Option<String>,
    /// The original builder's headline over that text, where it stops the build.
    pub builder_header: Option<Header>,
}

impl Finding {
    /// An error that the original builder reports with this text under this headline.
    pub(crate) fn error(rule: &'static Rule, header: Header, builder_message: impl Into<String>) -> Self {
        let builder_message = builder_message.into();
        Self {
            severity: Severity::Error,
            message: builder_message.clone(),
            // Where nothing more exact is known of the place.
            help: Some(rule.fix.to_owned()),
            builder_message: Some(builder_message),
            builder_header: Some(header),
            ..Self::of(rule, String::new())
        }
    }

    /// What a rule of our own finds, with the rule's severity and its reason.
    pub(crate) fn of(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            severity: rule.severity,
            code: rule.code,
            message: message.into(),
            place: None,
            source_line: None,
            related: Vec::new(),
            why: Some(Cow::Borrowed(rule.why)),
            help: None,
            builder_message: None,
            builder_header: None,
        }
    }

    pub(crate) fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(crate) fn helping(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn in_file(mut self, file: &Utf8Path) -> Self {
        self.place = Some(Place::whole(file));
        self
    }

    pub(crate) fn at(self, file: &Utf8Path, span: Span, text: &SourceText) -> Self {
        self.quoting(file, span, text.line(span.line))
    }

    /// At a place whose line is at hand.
    pub(crate) fn quoting(mut self, file: &Utf8Path, span: Span, line: Option<&str>) -> Self {
        self.place = Some(Place::at(file, span));
        self.source_line = quotable(line);
        self
    }

    /// Adds another place, after those that are there.
    pub(crate) fn relating(
        mut self,
        message: impl Into<String>,
        file: &Utf8Path,
        span: Span,
        text: &SourceText,
    ) -> Self {
        self.related.push(Related {
            message: message.into(),
            place: Place::at(file, span),
            source_line: quotable(text.line(span.line)),
        });
        self
    }
}

/// A line, unless it is so long that nobody reads it.
fn quotable(line: Option<&str>) -> Option<String> {
    line.filter(|line| line.len() <= LONGEST_LINE).map(str::to_owned)
}

/// Bytes of a line that a finding keeps: many findings may stand in one line.
const LONGEST_LINE: usize = 4096;

impl Place {
    fn whole(file: &Utf8Path) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
        }
    }

    fn at(file: &Utf8Path, span: Span) -> Self {
        Self {
            file: file.to_owned(),
            line: span.line,
            column: span.column,
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Validation => "Validation failed",
            Self::Unexpected => "Unexpected error",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(formatter, "{}", self.file);
        }
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}
