//! What a check says: findings, each with its place.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::yaml::Span;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The plugin works with it, though hardly as its author means it.
    Warning,
    /// The original builder refuses the plugin.
    Error,
}

/// The two headlines under which the original builder prints a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Header {
    /// `Validation failed`: a rule is broken.
    #[serde(rename = "Validation failed")]
    Validation,
    /// `Unexpected error`: everything else, such as a missing file.
    #[serde(rename = "Unexpected error")]
    Unexpected,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, below the directory as it was given.
    pub file: Utf8PathBuf,
    /// The line, from 1; 0 means the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 means the file as a whole.
    pub column: usize,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// What to do about it.
    pub help: Option<String>,
    /// The original builder's text, where it has one.
    pub builder_message: Option<String>,
    /// The original builder's headline over that text, where it stops the build.
    pub builder_header: Option<Header>,
}

/// All that a check found, errors in the original builder's order: it would have shown only the first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether the original builder would refuse the plugin.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The errors, in the original builder's order.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }

    /// The warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Warning)
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

impl Finding {
    /// An error that the original builder reports with this text under this headline.
    pub(crate) fn error(code: &'static str, header: Header, builder_message: impl Into<String>) -> Self {
        let builder_message = builder_message.into();
        Self {
            severity: Severity::Error,
            code,
            message: builder_message.clone(),
            place: None,
            source_line: None,
            help: None,
            builder_message: Some(builder_message),
            builder_header: Some(header),
        }
    }

    /// A warning of our own.
    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            code,
            message: message.into(),
            place: None,
            source_line: None,
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
        self.place = Some(Place {
            file: file.to_owned(),
            line: 0,
            column: 0,
        });
        self
    }

    pub(crate) fn at(mut self, file: &Utf8Path, span: Span, text: &str) -> Self {
        self.place = Some(Place {
            file: file.to_owned(),
            line: span.line,
            column: span.column,
        });
        self.source_line = text.lines().nth(span.line.saturating_sub(1)).map(str::to_owned);
        self
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

/// `place: severity[code]: message`, then the line with a mark under the column, then the help.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(formatter, "{place}: ")?;
        }
        write!(formatter, "{}[{}]: {}", self.severity, self.code, self.message)?;
        if let (Some(place), Some(line)) = (&self.place, &self.source_line) {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            let lead = " ".repeat(place.column.saturating_sub(1));
            write!(formatter, "\n{number} | {line}\n{margin} | {lead}^")?;
        }
        if let Some(help) = &self.help {
            write!(formatter, "\nhelp: {help}")?;
        }
        Ok(())
    }
}
