//! How a subcommand answers: text, or one JSON document on standard output, and an exit code.

use std::io::BufRead as _;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::Streams;
use super::arguments::Format;

/// A plugin or a package is not as it must be.
pub(super) const INVALID: i32 = 3;

/// Why a command did not do what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The words of the command line.
    Usage,
    /// The plugin or package.
    Invalid,
    /// A file that cannot be read or written.
    Infrastructure,
}

impl Kind {
    pub(super) fn exit_code(self) -> i32 {
        match self {
            Self::Usage => 2,
            Self::Invalid => INVALID,
            Self::Infrastructure => 4,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Invalid => "invalid",
            Self::Infrastructure => "infrastructure",
        }
    }
}

/// An error as it is told: what and, where there is more to say, what to do.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    message: String,
    help: Option<String>,
}

impl Refusal {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn helping(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error as JSON.
    pub(super) fn to_json(&self) -> Value {
        let mut value = json!({"kind": self.kind.name(), "message": self.message});
        if let (Some(help), Some(object)) = (&self.help, value.as_object_mut()) {
            object.insert("help".to_owned(), json!(help));
        }
        value
    }

    /// The error for people, on standard error.
    pub(super) fn print(&self, streams: &mut Streams<'_>) {
        streams.error(&format!("error: {}", self.message));
        if let Some(help) = &self.help {
            streams.error(&format!("help: {help}"));
        }
    }

    /// Tells the error as the only answer and gives its exit code.
    pub(super) fn tell(&self, format: Format, streams: &mut Streams<'_>) -> i32 {
        match format {
            Format::Human => self.print(streams),
            Format::Json => print_json(&json!({"error": self.to_json()}), streams),
        }
        self.kind.exit_code()
    }
}

pub(super) fn print_json(document: &Value, streams: &mut Streams<'_>) {
    streams.out(&format!("{document:#}"));
}

/// The paths that are meant: `-` stands for the lines of standard input.
pub(super) fn named(paths: &[Utf8PathBuf]) -> Result<Vec<Utf8PathBuf>, Refusal> {
    let mut all = Vec::with_capacity(paths.len());
    for path in paths {
        if path != Utf8Path::new("-") {
            all.push(path.clone());
            continue;
        }
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| Refusal::new(Kind::Infrastructure, format!("standard input: {error}")))?;
            if !line.is_empty() {
                all.push(Utf8PathBuf::from(line));
            }
        }
    }
    Ok(all)
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}
