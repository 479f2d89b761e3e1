//! Where PyYAML refuses what the parser, which reads YAML 1.2, accepts.

use camino::Utf8Path;
use saphyr_parser::{Event, ScalarStyle};

use super::error::{YamlError, YamlErrorKind};
use super::node::Span;

/// A place and what PyYAML says about it.
#[derive(Debug)]
pub(crate) struct Problem {
    span: Span,
    kind: YamlErrorKind,
}

impl Problem {
    pub(crate) fn into_error(self, file: &Utf8Path) -> YamlError {
        YamlError::new(file, Some(self.span), self.kind)
    }
}

/// Watches the events and the text behind them.
pub(crate) struct Strictness {
    text: Vec<char>,
    /// Ranges of scalars in the text, in order: start, end, whether plain.
    scalars: Vec<(usize, usize, bool)>,
    /// For each open collection, whether it is written with brackets.
    flow: Vec<bool>,
}

impl Strictness {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.chars().collect(),
            scalars: Vec::new(),
            flow: Vec::new(),
        }
    }

    /// Characters that YAML 1.1 does not print.
    pub(crate) fn characters(&self) -> Result<(), Problem> {
        let allowed = |character: char| {
            matches!(character,
                '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        };
        match self.text.iter().position(|character| !allowed(*character)) {
            None => Ok(()),
            Some(index) => {
                let character = self.text.get(index).copied().unwrap_or_default();
                Err(self.problem(index, YamlErrorKind::Character(u32::from(character))))
            }
        }
    }

    pub(crate) fn event(&mut self, event: &Event<'_>, span: saphyr_parser::Span) -> Result<(), Problem> {
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                // An anchor or a tag may stand before the bracket, and the event then starts with it.
                let end = span.end.index();
                let bracket = self
                    .text
                    .get(end.saturating_sub(1))
                    .is_some_and(|last| matches!(last, '[' | '{'));
                let inside = self.flow.last().copied().unwrap_or(false);
                self.flow.push(inside || (bracket && end > span.start.index()));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.flow.pop();
            }
            Event::Scalar(_, style, _, _) => self.scalar(*style, span)?,
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, style: ScalarStyle, span: saphyr_parser::Span) -> Result<(), Problem> {
        let (start, end) = (span.start.index(), span.end.index().min(self.text.len()));
        if start >= end {
            return Ok(());
        }
        let start = self.after_properties(start, end);
        let plain = style == ScalarStyle::Plain;
        self.scalars.push((start, end, plain));
        let raw = self.text.get(start..end).unwrap_or_default();
        if plain
            && self.flow.last() == Some(&true)
            && let Some(offset) = raw.iter().position(|character| matches!(character, ':' | '?'))
        {
            let what = "a plain text between brackets cannot hold `:` or `?`; quote it";
            return Err(self.problem(start + offset, YamlErrorKind::Syntax(what.to_owned())));
        }
        if style == ScalarStyle::DoubleQuoted {
            let mut escaped = false;
            for (offset, character) in raw.iter().enumerate() {
                if escaped && *character == '/' {
                    let what = "unknown escape `\\/`";
                    return Err(self.problem(start + offset, YamlErrorKind::Syntax(what.to_owned())));
                }
                escaped = !escaped && *character == '\\';
            }
        }
        Ok(())
    }

    /// Where a scalar itself starts: its event starts with its anchor and its tag.
    fn after_properties(&self, mut start: usize, end: usize) -> usize {
        while start < end && matches!(self.text.get(start), Some('&' | '!')) {
            let property = self.text.get(start..end).unwrap_or_default();
            let Some(length) = property.iter().position(|character| character.is_whitespace()) else {
                return end;
            };
            let rest = property.get(length..).unwrap_or_default();
            start += length + rest.iter().take_while(|character| character.is_whitespace()).count();
        }
        start
    }

    /// Looks at what lies between the scalars: tabs and anchors.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        let mut anchors: Vec<&[char]> = Vec::new();
        let mut scalars = self.scalars.iter().peekable();
        let (mut index, mut comment) = (0, false);
        while let Some(&character) = self.text.get(index) {
            if let Some(&&(start, end, plain)) = scalars.peek() {
                if index == start {
                    scalars.next();
                    if plain && let Some(offset) = self.text.get(start..end).and_then(tab) {
                        return Err(self.tab(start + offset));
                    }
                    index = end;
                    comment = false;
                    continue;
                }
                if index > start {
                    scalars.next();
                    continue;
                }
            }
            let before = index
                .checked_sub(1)
                .and_then(|at| self.text.get(at))
                .copied()
                .unwrap_or('\n');
            match character {
                '\n' | '\r' => comment = false,
                '#' if before.is_whitespace() => comment = true,
                '\t' if !comment => return Err(self.tab(index)),
                '&' if !comment => {
                    let rest = self.text.get(index + 1..).unwrap_or_default();
                    let length = rest
                        .iter()
                        .position(|next| !(next.is_ascii_alphanumeric() || matches!(next, '-' | '_')))
                        .unwrap_or(rest.len());
                    let name = rest.get(..length).unwrap_or_default();
                    if anchors.contains(&name) {
                        let name: String = name.iter().collect();
                        let what = format!("the anchor `{name}` exists already");
                        return Err(self.problem(index, YamlErrorKind::Syntax(what)));
                    }
                    anchors.push(name);
                }
                _ => {}
            }
            index += 1;
        }
        Ok(())
    }

    fn tab(&self, index: usize) -> Problem {
        self.problem(
            index,
            YamlErrorKind::Syntax("a tab; YAML is indented and separated with blanks".to_owned()),
        )
    }

    fn problem(&self, index: usize, kind: YamlErrorKind) -> Problem {
        let before = self.text.get(..index).unwrap_or_default();
        let line = before.iter().filter(|character| **character == '\n').count() + 1;
        let column = before.iter().rev().take_while(|character| **character != '\n').count() + 1;
        Problem {
            span: Span { line, column },
            kind,
        }
    }
}

fn tab(raw: &[char]) -> Option<usize> {
    raw.iter().position(|character| *character == '\t')
}
