//! Lines inside of brackets and quotes that are indented less than YAML 1.2 wants.
//!
//! PyYAML takes them, the parser does not. The parser says at which line it stumbles; that line is then
//! indented, which changes nothing of its meaning, and the text is read again.

use super::error::{YamlError, YamlErrorKind};
use super::node::{Node, Span, Yaml};

/// Deeper than any block around such a line.
const INDENTATION: usize = 200;
/// The text that may be read in all attempts together, in bytes.
const EFFORT: usize = 64 * 1024 * 1024;

/// A text whose lines may have been indented.
pub(super) struct Reindented {
    lines: Vec<String>,
    /// Whether each line was indented.
    indented: Vec<bool>,
    read: usize,
}

impl Reindented {
    pub(super) fn new(text: &str) -> Self {
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let indented = vec![false; lines.len()];
        Self {
            lines,
            indented,
            read: 0,
        }
    }

    pub(super) fn text(&mut self) -> String {
        let text = self.lines.concat();
        self.read += text.len();
        text
    }

    /// Indents what the error complains about; false if it complains about something else.
    pub(super) fn repair(&mut self, error: &YamlError) -> bool {
        let (YamlErrorKind::Syntax(what), Some(span)) = (&error.kind, error.span) else {
            return false;
        };
        if self.read > EFFORT {
            return false;
        }
        match what.as_str() {
            "invalid indentation" | "invalid indentation in flow construct" => self.indent(span.line),
            "invalid indentation in quoted scalar" => self.indent_quoted(span),
            _ => false,
        }
    }

    fn indent(&mut self, line: usize) -> bool {
        let index = line.saturating_sub(1);
        match (self.lines.get_mut(index), self.indented.get_mut(index)) {
            (Some(text), Some(indented)) if !*indented => {
                text.insert_str(0, &" ".repeat(INDENTATION));
                *indented = true;
                true
            }
            _ => false,
        }
    }

    /// The parser names the start of the quoted text; the lines up to its end are indented.
    fn indent_quoted(&mut self, start: Span) -> bool {
        let mut changed = false;
        let mut quote = None;
        let mut escaped = false;
        for line in start.line..=self.lines.len() {
            let skipped = if line == start.line { start.column - 1 } else { 0 };
            if line > start.line {
                changed |= self.indent(line);
            }
            let Some(text) = self.lines.get(line - 1) else { break };
            for character in text.chars().skip(skipped) {
                match quote {
                    None => quote = Some(character),
                    Some('"') if escaped => escaped = false,
                    Some('"') if character == '\\' => escaped = true,
                    // A doubled single quote opens again at once, which comes to the same.
                    Some(open) if character == open => return changed,
                    Some(_) => {}
                }
            }
        }
        changed
    }

    /// Takes the indentation off the places again.
    pub(super) fn restore(&self, node: &mut Node) {
        if !self.indented.contains(&true) {
            return;
        }
        self.restore_span(&mut node.span);
        match &mut node.value {
            Yaml::Sequence(items) => items.iter_mut().for_each(|item| self.restore(item)),
            Yaml::Mapping(mapping) => mapping.each_node(&mut |node| self.restore(node)),
            _ => {}
        }
    }

    /// The same for an error's place.
    pub(super) fn restore_error(&self, mut error: YamlError) -> YamlError {
        if let Some(span) = &mut error.span {
            self.restore_span(span);
        }
        error
    }

    fn restore_span(&self, span: &mut Span) {
        if self.indented.get(span.line.saturating_sub(1)) == Some(&true) {
            span.column = span.column.saturating_sub(INDENTATION).max(1);
        }
    }
}
