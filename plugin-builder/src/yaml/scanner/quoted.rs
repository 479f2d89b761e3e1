//! Text in single or double quotes.

use super::super::characters::{Mark, is_blank_or_break_or_end, is_break};
use super::super::error::YamlErrorKind;
use super::super::event::Style;
use super::super::problem::{Outcome, Problem};
use super::super::token::{Token, TokenKind};
use super::Scanner;
use super::plain::fold;
use crate::python::repr_character;

/// What a letter behind a backslash stands for. YAML 1.2's `\/` is not among them.
const ESCAPES: &[(char, char)] = &[
    ('0', '\0'),
    ('a', '\u{7}'),
    ('b', '\u{8}'),
    ('t', '\t'),
    ('\t', '\t'),
    ('n', '\n'),
    ('v', '\u{b}'),
    ('f', '\u{c}'),
    ('r', '\r'),
    ('e', '\u{1b}'),
    (' ', ' '),
    ('"', '"'),
    ('\\', '\\'),
    ('N', '\u{85}'),
    ('_', '\u{a0}'),
    ('L', '\u{2028}'),
    ('P', '\u{2029}'),
];

/// How many hexadecimal digits follow a letter.
const ESCAPE_DIGITS: &[(char, usize)] = &[('x', 2), ('u', 4), ('U', 8)];

const DOUBLE: &str = "while scanning a double-quoted scalar";
const EITHER: &str = "while scanning a quoted scalar";

fn find<T: Copy>(table: &[(char, T)], letter: char) -> Option<T> {
    let entry = table.iter().find(|(known, _)| *known == letter);
    entry.map(|(_, value)| *value)
}

impl Scanner {
    pub(super) fn quoted_scalar(&mut self, quote: char) -> Outcome<Token> {
        let start = self.characters.mark();
        let mut text = String::new();
        self.characters.forward(1);
        self.quoted_words(quote, start, &mut text)?;
        while self.characters.peek() != quote {
            self.quoted_spaces(start, &mut text)?;
            self.quoted_words(quote, start, &mut text)?;
        }
        self.characters.forward(1);
        Ok(Token {
            kind: TokenKind::Scalar(text, Style::Quoted),
            start,
            end: self.characters.mark(),
        })
    }

    /// Text up to white space or the closing quote.
    fn quoted_words(&mut self, quote: char, start: Mark, text: &mut String) -> Outcome<()> {
        loop {
            let ordinary =
                |character: char| !matches!(character, '\'' | '"' | '\\') && !is_blank_or_break_or_end(character);
            let length = self.characters.count(ordinary);
            self.characters.take(length, text);
            match (quote, self.characters.peek()) {
                ('\'', '\'') if self.characters.peek_at(1) == '\'' => {
                    text.push('\'');
                    self.characters.forward(2);
                }
                ('"', '\\') => self.escape(start, text)?,
                ('"', '\'') | ('\'', '"' | '\\') => self.characters.take(1, text),
                _ => return Ok(()),
            }
        }
    }

    fn escape(&mut self, start: Mark, text: &mut String) -> Outcome<()> {
        self.characters.forward(1);
        let letter = self.characters.peek();
        if let Some(character) = find(ESCAPES, letter) {
            text.push(character);
            self.characters.forward(1);
            return Ok(());
        }
        if let Some(digits) = find(ESCAPE_DIGITS, letter) {
            self.characters.forward(1);
            text.push(self.escape_code(digits, start)?);
            return Ok(());
        }
        if is_break(letter) {
            self.characters.line_break();
            return self.quoted_breaks(start, text);
        }
        let problem = format!("found unknown escape character {}", repr_character(letter));
        Err(Problem::syntax(DOUBLE, start, problem, self.characters.mark())
            .helping("write `\\\\` for a backslash, or use single quotes"))
    }

    fn escape_code(&mut self, digits: usize, start: Mark) -> Outcome<char> {
        let mark = self.characters.mark();
        let length = self
            .characters
            .count(|character| character.is_ascii_hexdigit())
            .min(digits);
        if length < digits {
            let found = repr_character(self.characters.peek_at(length));
            // "hexdecimal" is what PyYAML says.
            let problem = format!("expected escape sequence of {digits} hexdecimal numbers, but found {found}");
            return Err(Problem::syntax(DOUBLE, start, problem, mark));
        }
        let code = self
            .characters
            .prefix(digits)
            .iter()
            .fold(0, |code, digit| (code << 4) | digit.to_digit(16).unwrap_or_default());
        self.characters.forward(digits);
        if let Some(character) = char::from_u32(code) {
            return Ok(character);
        }
        let kind = YamlErrorKind::Value(format!("U+{code:04X} is no character"));
        let python = match code {
            0xd800..=0xdfff => {
                // Python takes half of a pair for a character; what else is wrong comes first.
                self.half_character.get_or_insert_with(|| Problem::ours(kind, mark));
                return Ok(char::REPLACEMENT_CHARACTER);
            }
            0x8000_0000.. => "signed integer is greater than maximum",
            _ => "unichr() arg not in range(0x110000) (wide Python build)",
        };
        Err(Problem::python(kind, python, mark))
    }

    /// White space between words: a single line break is a space.
    fn quoted_spaces(&mut self, start: Mark, text: &mut String) -> Outcome<()> {
        let blanks = self.characters.count(|character| matches!(character, ' ' | '\t'));
        let next = self.characters.peek_at(blanks);
        if next == '\0' {
            self.characters.forward(blanks);
            let problem = Problem::syntax(EITHER, start, "found unexpected end of stream", self.characters.mark());
            return Err(problem.helping("close the quotes"));
        }
        if !is_break(next) {
            self.characters.take(blanks, text);
            return Ok(());
        }
        self.characters.forward(blanks);
        let first = self.characters.line_break();
        let mut breaks = String::new();
        self.quoted_breaks(start, &mut breaks)?;
        fold(first, &breaks, text);
        Ok(())
    }

    fn quoted_breaks(&mut self, start: Mark, breaks: &mut String) -> Outcome<()> {
        loop {
            if self.characters.at_document_separator() {
                let mark = self.characters.mark();
                let problem = Problem::syntax(EITHER, start, "found unexpected document separator", mark);
                return Err(problem.helping("close the quotes"));
            }
            self.characters.skip(|character| matches!(character, ' ' | '\t'));
            match self.characters.line_break() {
                Some(line_break) => breaks.push(line_break),
                None => return Ok(()),
            }
        }
    }
}
