//! Blocks of text: `|` and `>`.

use super::super::characters::{Mark, is_break, is_break_or_end, is_space_or_break_or_end};
use super::super::event::Style;
use super::super::problem::{Outcome, Problem};
use super::super::token::{Token, TokenKind};
use super::Scanner;
use crate::python::repr_character;

const CONTEXT: &str = "while scanning a block scalar";

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, PartialEq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

impl Scanner {
    pub(super) fn block_scalar(&mut self, folded: bool) -> Outcome<Token> {
        let start = self.characters.mark();
        self.characters.forward(1);
        let (chomping, increment) = self.block_indicators(start)?;
        self.ignored_line(CONTEXT, start)?;
        let minimum = self.indent.map_or(1, |indent| indent + 1);
        let mut breaks = String::new();
        let indent = match increment {
            Some(increment) => {
                let indent = minimum + increment - 1;
                self.block_breaks(indent, &mut breaks);
                indent
            }
            None => minimum.max(self.block_indentation(&mut breaks)),
        };
        let mut text = String::new();
        let mut line_break = None;
        while self.characters.column() == indent && self.characters.peek() != '\0' {
            text.push_str(&breaks);
            let begins_with_space = matches!(self.characters.peek(), ' ' | '\t');
            let length = self.characters.count(|character| !is_break_or_end(character));
            self.characters.take(length, &mut text);
            line_break = self.characters.line_break();
            breaks.clear();
            self.block_breaks(indent, &mut breaks);
            if self.characters.column() != indent || self.characters.peek() == '\0' {
                break;
            }
            let next_begins_with_space = matches!(self.characters.peek(), ' ' | '\t');
            if folded && line_break == Some('\n') && !begins_with_space && !next_begins_with_space {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.extend(line_break);
            }
        }
        if chomping != Chomping::Strip {
            text.extend(line_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        Ok(Token {
            kind: TokenKind::Scalar(text, Style::Quoted),
            start,
            end: self.characters.mark(),
        })
    }

    /// `-` or `+`, and a number that says how far the block is indented, in any order.
    fn block_indicators(&mut self, start: Mark) -> Outcome<(Chomping, Option<usize>)> {
        let mut chomping = self.chomping();
        let increment = self.characters.peek().to_digit(10);
        if increment == Some(0) {
            let problem = "expected indentation indicator in the range 1-9, but found 0";
            return Err(Problem::syntax(CONTEXT, start, problem, self.characters.mark()));
        }
        if increment.is_some() {
            self.characters.forward(1);
            if chomping.is_none() {
                chomping = self.chomping();
            }
        }
        let next = self.characters.peek();
        if !is_space_or_break_or_end(next) {
            let found = repr_character(next);
            let problem = format!("expected chomping or indentation indicators, but found {found}");
            let problem = Problem::syntax(CONTEXT, start, problem, self.characters.mark());
            return Err(problem.helping("the text begins in the next line; quote a value that begins with `|` or `>`"));
        }
        let increment = increment.and_then(|increment| usize::try_from(increment).ok());
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.characters.peek() {
            '+' => Chomping::Keep,
            '-' => Chomping::Strip,
            _ => return None,
        };
        self.characters.forward(1);
        Some(chomping)
    }

    /// The rest of a line, in which only a comment may stand.
    pub(super) fn ignored_line(&mut self, context: &str, start: Mark) -> Outcome<()> {
        self.characters.skip(|character| character == ' ');
        if self.characters.peek() == '#' {
            self.characters.skip(|character| !is_break_or_end(character));
        }
        let next = self.characters.peek();
        if !is_break_or_end(next) {
            let problem = format!("expected a comment or a line break, but found {}", repr_character(next));
            return Err(Problem::syntax(context, start, problem, self.characters.mark()));
        }
        self.characters.line_break();
        Ok(())
    }

    /// Empty lines before the text, and the deepest indentation among them and the first line of the text.
    fn block_indentation(&mut self, breaks: &mut String) -> usize {
        let mut deepest = 0;
        loop {
            match self.characters.peek() {
                ' ' => {
                    self.characters.forward(1);
                    deepest = deepest.max(self.characters.column());
                }
                character if is_break(character) => {
                    breaks.extend(self.characters.line_break());
                }
                _ => return deepest,
            }
        }
    }

    /// Empty lines, and the indentation of the line behind them.
    fn block_breaks(&mut self, indent: usize, breaks: &mut String) {
        loop {
            while self.characters.column() < indent && self.characters.peek() == ' ' {
                self.characters.forward(1);
            }
            let Some(line_break) = self.characters.line_break() else {
                return;
            };
            breaks.push(line_break);
        }
    }
}
