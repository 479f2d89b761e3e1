//! Text without quotes.

use super::super::characters::{Mark, is_blank_or_break_or_end, is_break};
use super::super::event::Style;
use super::super::problem::{Outcome, Problem};
use super::super::token::{Token, TokenKind};
use super::Scanner;

impl Scanner {
    pub(super) fn plain_scalar(&mut self) -> Outcome<Token> {
        let start = self.characters.mark();
        let (mut text, mut spaces) = (String::new(), String::new());
        let indent = self.indent.map_or(0, |indent| indent + 1);
        while self.characters.peek() != '#' {
            let length = self.plain_length();
            self.check_colon(length, start)?;
            if length == 0 {
                break;
            }
            self.key_allowed = false;
            text.push_str(&spaces);
            self.characters.take(length, &mut text);
            spaces.clear();
            let goes_on = self.plain_spaces(&mut spaces);
            let dedented = self.level == 0 && self.characters.column() < indent;
            if !goes_on || spaces.is_empty() || dedented {
                break;
            }
        }
        Ok(Token {
            kind: TokenKind::Scalar(text, Style::Plain),
            start,
            end: self.characters.mark(),
        })
    }

    /// The number of characters up to where a plain text may end.
    fn plain_length(&self) -> usize {
        let mut length = 0;
        loop {
            let ends = match self.characters.peek_at(length) {
                ',' | ':' | '?' | '[' | ']' | '{' | '}' if self.level != 0 => true,
                ':' => is_blank_or_break_or_end(self.characters.peek_at(length + 1)),
                character => is_blank_or_break_or_end(character),
            };
            if ends {
                return length;
            }
            length += 1;
        }
    }

    /// Between brackets PyYAML 3.10 takes no `:` inside of a text; later ones do.
    fn check_colon(&mut self, length: usize, start: Mark) -> Outcome<()> {
        if self.level == 0 || self.characters.peek_at(length) != ':' {
            return Ok(());
        }
        let next = self.characters.peek_at(length + 1);
        if is_blank_or_break_or_end(next) || matches!(next, ',' | '[' | ']' | '{' | '}') {
            return Ok(());
        }
        self.characters.forward(length);
        let here = self.characters.mark();
        let problem = Problem::syntax("while scanning a plain scalar", start, "found unexpected ':'", here);
        Err(problem
            .noting("Please check http://pyyaml.org/wiki/YAMLColonInFlowContext for details.")
            .helping("quote a text that holds `:` between brackets, or write a space behind the `:` of a key"))
    }

    /// White space behind a part of the text, as it counts if the text goes on; false if a document ends there.
    fn plain_spaces(&mut self, spaces: &mut String) -> bool {
        let blanks = self.characters.count(|character| character == ' ');
        if !is_break(self.characters.peek_at(blanks)) {
            self.characters.take(blanks, spaces);
            return true;
        }
        self.characters.forward(blanks);
        let first = self.characters.line_break();
        self.key_allowed = true;
        if self.characters.at_document_separator() {
            return false;
        }
        let mut breaks = String::new();
        loop {
            self.characters.skip(|character| character == ' ');
            let Some(line_break) = self.characters.line_break() else {
                break;
            };
            breaks.push(line_break);
            if self.characters.at_document_separator() {
                return false;
            }
        }
        fold(first, &breaks, spaces);
        true
    }
}

/// One line break is a space; of several the first is dropped.
pub(super) fn fold(first: Option<char>, breaks: &str, into: &mut String) {
    match first {
        Some('\n') if breaks.is_empty() => into.push(' '),
        Some('\n') | None => {}
        Some(separator) => into.push(separator),
    }
    into.push_str(breaks);
}
