//! Anchors, aliases and tags.

use super::super::characters::{Mark, is_blank_or_break_or_end, is_space_or_break_or_end, is_word};
use super::super::problem::{Outcome, Problem};
use super::super::token::{TagToken, Token, TokenKind};
use super::Scanner;
use crate::python::repr_character;

impl Scanner {
    /// `&name` or `*name`.
    pub(super) fn anchor_or_alias(&mut self) -> Outcome<Token> {
        let start = self.characters.mark();
        let is_alias = self.characters.peek() == '*';
        let context = match is_alias {
            true => "while scanning an alias",
            false => "while scanning an anchor",
        };
        self.characters.forward(1);
        let name = self.word(context, start)?;
        let next = self.characters.peek();
        let ends = is_blank_or_break_or_end(next) || matches!(next, '?' | ':' | ',' | ']' | '}' | '%' | '@' | '`');
        if !ends {
            return Err(self.no_word(context, start));
        }
        let kind = match is_alias {
            true => TokenKind::Alias(name),
            false => TokenKind::Anchor(name),
        };
        let end = self.characters.mark();
        Ok(Token { kind, start, end })
    }

    /// A name of letters, digits, `-` and `_`.
    pub(super) fn word(&mut self, context: &str, start: Mark) -> Outcome<String> {
        let length = self.characters.count(is_word);
        if length == 0 {
            return Err(self.no_word(context, start));
        }
        let mut name = String::new();
        self.characters.take(length, &mut name);
        Ok(name)
    }

    pub(super) fn no_word(&self, context: &str, start: Mark) -> Box<Problem> {
        let problem = self.unexpected(context, start, "alphabetic or numeric character");
        match context {
            "while scanning an alias" => problem.helping("quote a text that begins with `*`"),
            "while scanning an anchor" => problem.helping("quote a text that begins with `&`"),
            _ => problem,
        }
    }

    /// `expected …, but found …` about the character at the position.
    pub(super) fn unexpected(&self, context: &str, start: Mark, expected: &str) -> Box<Problem> {
        let found = repr_character(self.characters.peek());
        let problem = format!("expected {expected}, but found {found}");
        Problem::syntax(context, start, problem, self.characters.mark())
    }

    /// `!suffix`, `!!suffix`, `!handle!suffix`, `!<uri>`, or `!` alone.
    pub(super) fn tag(&mut self) -> Outcome<Token> {
        let start = self.characters.mark();
        let next = self.characters.peek_at(1);
        let tag = if next == '<' {
            self.characters.forward(2);
            let suffix = self.uri("tag", start)?;
            if self.characters.peek() != '>' {
                return Err(self.unexpected("while parsing a tag", start, "'>'"));
            }
            self.characters.forward(1);
            TagToken { handle: None, suffix }
        } else if is_blank_or_break_or_end(next) {
            self.characters.forward(1);
            TagToken {
                handle: None,
                suffix: "!".to_owned(),
            }
        } else {
            let handle = if self.tag_has_handle() {
                self.tag_handle("tag", start)?
            } else {
                self.characters.forward(1);
                "!".to_owned()
            };
            let suffix = self.uri("tag", start)?;
            TagToken {
                handle: Some(handle),
                suffix,
            }
        };
        if !is_space_or_break_or_end(self.characters.peek()) {
            let problem = self.unexpected("while scanning a tag", start, "' '");
            return Err(problem.helping("quote a text that begins with `!`"));
        }
        let end = self.characters.mark();
        Ok(Token {
            kind: TokenKind::Tag(tag),
            start,
            end,
        })
    }

    /// Whether a second `!` follows before white space.
    fn tag_has_handle(&self) -> bool {
        let mut offset = 1;
        loop {
            match self.characters.peek_at(offset) {
                '!' => return true,
                character if is_space_or_break_or_end(character) => return false,
                _ => offset += 1,
            }
        }
    }

    /// `!`, `!!` or `!name!`.
    pub(super) fn tag_handle(&mut self, what: &str, start: Mark) -> Outcome<String> {
        let context = format!("while scanning a {what}");
        if self.characters.peek() != '!' {
            return Err(self.unexpected(&context, start, "'!'"));
        }
        let mut length = 1;
        if self.characters.peek_at(length) != ' ' {
            while is_word(self.characters.peek_at(length)) {
                length += 1;
            }
            if self.characters.peek_at(length) != '!' {
                self.characters.forward(length);
                return Err(self.unexpected(&context, start, "'!'"));
            }
            length += 1;
        }
        let mut handle = String::new();
        self.characters.take(length, &mut handle);
        Ok(handle)
    }

    /// The characters of a URI, with `%C3%A9` decoded.
    pub(super) fn uri(&mut self, what: &str, start: Mark) -> Outcome<String> {
        let mut uri = String::new();
        let first = self.characters.mark();
        loop {
            let length = self.characters.count(is_uri);
            self.characters.take(length, &mut uri);
            if self.characters.peek() != '%' {
                break;
            }
            self.uri_escapes(what, start, &mut uri)?;
        }
        if self.characters.mark() == first {
            return Err(self.unexpected(&format!("while parsing a {what}"), start, "URI"));
        }
        Ok(uri)
    }

    fn uri_escapes(&mut self, what: &str, start: Mark, uri: &mut String) -> Outcome<()> {
        let context = format!("while scanning a {what}");
        let first = self.characters.mark();
        let mut bytes = Vec::new();
        while self.characters.peek() == '%' {
            self.characters.forward(1);
            let mut byte = 0;
            for offset in 0..2 {
                let character = self.characters.peek_at(offset);
                let Some(digit) = character.to_digit(16) else {
                    let found = repr_character(character);
                    let problem = format!("expected URI escape sequence of 2 hexdecimal numbers, but found {found}");
                    return Err(Problem::syntax(&context, start, problem, self.characters.mark()));
                };
                byte = (byte << 4) | digit;
            }
            bytes.push(u8::try_from(byte).unwrap_or_default());
            self.characters.forward(2);
        }
        match String::from_utf8(bytes) {
            Ok(text) => uri.push_str(&text),
            Err(error) => return Err(Problem::syntax(&context, start, undecodable(&error), first)),
        }
        Ok(())
    }
}

fn is_uri(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-;/?:@&=+$,_.!~*'()[]".contains(character)
}

/// Python's words for bytes that are no UTF-8.
fn undecodable(error: &std::string::FromUtf8Error) -> String {
    let (bytes, wrong) = (error.as_bytes(), error.utf8_error());
    let position = wrong.valid_up_to();
    let first = bytes.get(position).copied().unwrap_or_default();
    match wrong.error_len() {
        None if bytes.len() - position > 1 => {
            let last = bytes.len() - 1;
            format!("'utf8' codec can't decode bytes in position {position}-{last}: unexpected end of data")
        }
        None => format!("'utf8' codec can't decode byte 0x{first:02x} in position {position}: unexpected end of data"),
        Some(length) => {
            let reason = match first {
                0xc2..=0xf4 => "invalid continuation byte",
                _ => "invalid start byte",
            };
            if length > 1 {
                let last = position + length - 1;
                format!("'utf8' codec can't decode bytes in position {position}-{last}: {reason}")
            } else {
                format!("'utf8' codec can't decode byte 0x{first:02x} in position {position}: {reason}")
            }
        }
    }
}
