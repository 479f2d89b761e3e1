//! What is wrong in a text, in PyYAML's words and in ours, before the file has a name.

use camino::Utf8Path;

use super::characters::Mark;
use super::error::{YamlError, YamlErrorKind};
use super::node::Span;

/// The outcome of reading a part of a text.
pub(super) type Outcome<T> = Result<T, Box<Problem>>;

/// What PyYAML says: `context` and its place, then `problem` and its place, then a note.
#[derive(Debug)]
pub(super) struct Problem {
    kind: YamlErrorKind,
    mark: Mark,
    original: Original,
    help: Option<&'static str>,
}

#[derive(Debug)]
enum Original {
    /// An error with places, which are left out where there are none.
    Marked {
        context: Option<(String, Option<Mark>)>,
        problem: String,
        mark: Option<Mark>,
        note: Option<&'static str>,
    },
    /// An error of the reader, which counts bytes or characters.
    Position(String, usize),
    /// An error of Python itself, which has no place.
    Plain(String),
    /// The original has nothing against it.
    Nothing,
}

impl Problem {
    /// An error of the syntax: what is wrong at a place, and while what was read that began where.
    pub(super) fn syntax(context: &str, begin: Mark, problem: impl Into<String>, mark: Mark) -> Box<Self> {
        let problem = problem.into();
        let words = format!(
            "{problem} ({context} that starts in line {}, column {})",
            begin.line + 1,
            begin.column + 1
        );
        Box::new(Self {
            kind: YamlErrorKind::Syntax(words),
            mark,
            original: Original::Marked {
                context: Some((context.to_owned(), Some(begin))),
                problem,
                mark: Some(mark),
                note: None,
            },
            help: None,
        })
    }

    /// An error of the syntax that has one place only.
    pub(super) fn syntax_at(context: Option<&str>, problem: impl Into<String>, mark: Mark) -> Box<Self> {
        let problem = problem.into();
        Box::new(Self {
            kind: YamlErrorKind::Syntax(problem.clone()),
            mark,
            original: Original::Marked {
                context: context.map(|context| (context.to_owned(), None)),
                problem,
                mark: Some(mark),
                note: None,
            },
            help: None,
        })
    }

    /// An error of Python itself, such as that of `int('x')`: the original shows its text alone.
    pub(super) fn python(kind: YamlErrorKind, text: impl Into<String>, mark: Mark) -> Box<Self> {
        Box::new(Self {
            kind,
            mark,
            original: Original::Plain(text.into()),
            help: None,
        })
    }

    /// What the original reads, or dies of in its own way, and this does not read.
    pub(super) fn ours(kind: YamlErrorKind, mark: Mark) -> Box<Self> {
        Box::new(Self {
            kind,
            mark,
            original: Original::Nothing,
            help: None,
        })
    }

    /// Bytes that are no text.
    pub(super) fn encoding(codec: &str, byte: u8, reason: &str, position: usize, mark: Mark) -> Self {
        let text = format!("'{codec}' codec can't decode byte #x{byte:02x}: {reason}");
        Self {
            kind: YamlErrorKind::Encoding(byte),
            mark,
            original: Original::Position(text, position),
            help: Some("save the file as UTF-8"),
        }
    }

    /// A character that YAML does not have.
    pub(super) fn character(character: char, position: usize, mark: Mark) -> Self {
        let code = u32::from(character);
        let text = format!("unacceptable character #x{code:04x}: special characters are not allowed");
        Self {
            kind: YamlErrorKind::Character(code),
            mark,
            original: Original::Position(text, position),
            help: Some("delete it, or write it as an escape between double quotes (`\"\\x07\"`)"),
        }
    }

    /// Whether the document costs too much.
    pub(super) fn is_limit(&self) -> bool {
        matches!(self.kind, YamlErrorKind::Limit { .. })
    }

    /// With another kind than a plain error of the syntax.
    pub(super) fn of(mut self: Box<Self>, kind: YamlErrorKind) -> Box<Self> {
        self.kind = kind;
        self
    }

    /// With a remedy.
    pub(super) fn helping(mut self: Box<Self>, help: &'static str) -> Box<Self> {
        self.help = Some(help);
        self
    }

    /// With the last line that PyYAML adds.
    pub(super) fn noting(mut self: Box<Self>, text: &'static str) -> Box<Self> {
        if let Original::Marked { note, .. } = &mut self.original {
            *note = Some(text);
        }
        self
    }

    /// The error of a file.
    pub(super) fn into_error(self, file: &Utf8Path) -> YamlError {
        let original = self.original(file);
        YamlError::new(file, Some(Span::from(self.mark)), self.kind)
            .helping(self.help)
            .said(original)
    }

    /// PyYAML's text for a file of this name.
    fn original(&self, file: &Utf8Path) -> Option<String> {
        let place = |mark: Mark| format!("  in \"{file}\", line {}, column {}", mark.line + 1, mark.column + 1);
        match &self.original {
            Original::Nothing => None,
            Original::Plain(text) => Some(text.clone()),
            Original::Position(text, position) => Some(format!("{text}\n  in \"{file}\", position {position}")),
            Original::Marked {
                context,
                problem,
                mark,
                note,
            } => {
                let mut lines = Vec::new();
                if let Some((context, begin)) = context {
                    lines.push(context.clone());
                    // A place that both have is said once.
                    let begin = begin
                        .filter(|begin| mark.is_none_or(|mark| (mark.line, mark.column) != (begin.line, begin.column)));
                    lines.extend(begin.map(place));
                }
                lines.push(problem.clone());
                lines.extend(mark.map(place));
                lines.extend(note.map(str::to_owned));
                Some(lines.join("\n"))
            }
        }
    }
}

impl From<Mark> for Span {
    fn from(mark: Mark) -> Self {
        Self {
            line: mark.line + 1,
            column: mark.column + 1,
        }
    }
}
