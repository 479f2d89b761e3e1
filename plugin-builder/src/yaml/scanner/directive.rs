//! Lines that begin with `%`.

use super::super::characters::{Mark, is_break_or_end, is_space_or_break_or_end};
use super::super::problem::Outcome;
use super::super::token::{Directive, Token, TokenKind};
use super::Scanner;

const CONTEXT: &str = "while scanning a directive";

impl Scanner {
    pub(super) fn scan_directive(&mut self) -> Outcome<Token> {
        let start = self.characters.mark();
        self.characters.forward(1);
        let name = self.word(CONTEXT, start)?;
        if !is_space_or_break_or_end(self.characters.peek()) {
            return Err(self.no_word(CONTEXT, start));
        }
        let directive = match name.as_str() {
            "YAML" => self.version(start)?,
            "TAG" => self.tag_directive(start)?,
            _ => {
                self.characters.skip(|character| !is_break_or_end(character));
                Directive::Unknown
            }
        };
        let end = self.characters.mark();
        self.ignored_line(CONTEXT, start)?;
        Ok(Token {
            kind: TokenKind::Directive(directive),
            start,
            end,
        })
    }

    fn version(&mut self, start: Mark) -> Outcome<Directive> {
        self.characters.skip(|character| character == ' ');
        let major = self.number(start)?;
        if self.characters.peek() != '.' {
            return Err(self.unexpected(CONTEXT, start, "a digit or '.'"));
        }
        self.characters.forward(1);
        self.number(start)?;
        if !is_space_or_break_or_end(self.characters.peek()) {
            return Err(self.unexpected(CONTEXT, start, "a digit or ' '"));
        }
        Ok(Directive::Yaml { major })
    }

    fn number(&mut self, start: Mark) -> Outcome<String> {
        let length = self.characters.count(|character| character.is_ascii_digit());
        if length == 0 {
            return Err(self.unexpected(CONTEXT, start, "a digit"));
        }
        let mut digits = String::new();
        self.characters.take(length, &mut digits);
        Ok(digits)
    }

    fn tag_directive(&mut self, start: Mark) -> Outcome<Directive> {
        self.characters.skip(|character| character == ' ');
        let handle = self.tag_handle("directive", start)?;
        if self.characters.peek() != ' ' {
            return Err(self.unexpected(CONTEXT, start, "' '"));
        }
        self.characters.skip(|character| character == ' ');
        let prefix = self.uri("directive", start)?;
        if !is_space_or_break_or_end(self.characters.peek()) {
            return Err(self.unexpected(CONTEXT, start, "' '"));
        }
        Ok(Directive::Tag { handle, prefix })
    }
}
