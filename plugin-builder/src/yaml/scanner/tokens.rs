//! Which token comes next.

use super::super::characters::{is_blank_or_break_or_end, is_break_or_end};
use super::super::problem::{Outcome, Problem};
use super::super::token::{Token, TokenKind};
use super::Scanner;
use crate::python::repr_character;

impl Scanner {
    /// Reads on by at least one token, or by some white space.
    pub(super) fn fetch(&mut self) -> Outcome<()> {
        self.skip_to_next_token();
        self.drop_stale_keys()?;
        let column = self.characters.column();
        self.unwind(Some(column));
        let first = self.characters.peek();
        let alone = || is_blank_or_break_or_end(self.characters.peek_at(1));
        match first {
            '\0' => self.stream_end(),
            '%' if column == 0 => self.directive(),
            '-' | '.' if column == 0 && self.characters.at_document_separator() => self.document_separator(first),
            '[' => self.flow_start(TokenKind::FlowSequenceStart),
            '{' => self.flow_start(TokenKind::FlowMappingStart),
            ']' => self.flow_end(TokenKind::FlowSequenceEnd),
            '}' => self.flow_end(TokenKind::FlowMappingEnd),
            ',' => self.flow_entry(),
            '-' if alone() => self.block_entry(),
            '?' if self.level != 0 || alone() => self.key(),
            ':' if self.level != 0 || alone() => self.value(),
            '*' | '&' => {
                self.begin_node()?;
                let token = self.anchor_or_alias()?;
                self.push(token)
            }
            '!' => {
                self.begin_node()?;
                let token = self.tag()?;
                self.push(token)
            }
            '|' | '>' if self.level == 0 => {
                self.key_allowed = true;
                self.remove_possible_key()?;
                let token = self.block_scalar(first == '>')?;
                self.push(token)
            }
            '\'' | '"' => {
                self.begin_node()?;
                let token = self.quoted_scalar(first)?;
                self.push(token)
            }
            _ if self.begins_plain(first) => {
                self.begin_node()?;
                let token = self.plain_scalar()?;
                self.push(token)
            }
            _ => Err(self.no_token(first)),
        }
    }

    fn no_token(&self, first: char) -> Box<Problem> {
        let problem = Problem::syntax_at(
            Some("while scanning for the next token"),
            format!("found character {} that cannot start any token", repr_character(first)),
            self.characters.mark(),
        );
        problem.helping(match first {
            '\t' => "YAML is indented with spaces; replace the tab",
            '%' | '@' | '`' => "quote a value that begins with this character",
            _ => "quote the value",
        })
    }

    fn push(&mut self, token: Token) -> Outcome<()> {
        self.tokens.push_back(token);
        Ok(())
    }

    /// A node begins, which may be a key; right behind it no other key can begin.
    fn begin_node(&mut self) -> Outcome<()> {
        self.save_possible_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn begins_plain(&self, first: char) -> bool {
        match first {
            '\0' | ' ' | '\t' | '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => false,
            ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => false,
            '-' => !is_blank_or_break_or_end(self.characters.peek_at(1)),
            '?' | ':' => self.level == 0 && !is_blank_or_break_or_end(self.characters.peek_at(1)),
            _ => true,
        }
    }

    fn skip_to_next_token(&mut self) {
        if self.characters.mark().index == 0 && self.characters.peek() == '\u{feff}' {
            self.characters.forward(1);
        }
        loop {
            self.characters.skip(|character| character == ' ');
            if self.characters.peek() == '#' {
                self.characters.skip(|character| !is_break_or_end(character));
            }
            if self.characters.line_break().is_none() {
                return;
            }
            if self.level == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// Closes the block collections that are indented more than the column.
    fn unwind(&mut self, column: Option<usize>) {
        if self.level != 0 {
            return;
        }
        while self.indent > column {
            self.indent = self.indents.pop().flatten();
            self.push_empty(TokenKind::BlockEnd);
        }
    }

    /// Opens a block collection, if none is open in this column.
    fn indent_to(&mut self, column: usize) -> bool {
        let deeper = self.indent < Some(column);
        if deeper {
            self.indents.push(self.indent);
            self.indent = Some(column);
        }
        deeper
    }

    fn stream_end(&mut self) -> Outcome<()> {
        self.unwind(None);
        self.remove_possible_key()?;
        self.key_allowed = false;
        self.simple_keys.clear();
        self.push_empty(TokenKind::StreamEnd);
        self.done = true;
        Ok(())
    }

    fn directive(&mut self) -> Outcome<()> {
        self.unwind(None);
        self.remove_possible_key()?;
        self.key_allowed = false;
        let token = self.scan_directive()?;
        self.push(token)
    }

    fn document_separator(&mut self, first: char) -> Outcome<()> {
        self.unwind(None);
        self.remove_possible_key()?;
        self.key_allowed = false;
        let kind = match first {
            '-' => TokenKind::DocumentStart,
            _ => TokenKind::DocumentEnd,
        };
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn flow_start(&mut self, kind: TokenKind) -> Outcome<()> {
        self.save_possible_key()?;
        self.level += 1;
        self.key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn flow_end(&mut self, kind: TokenKind) -> Outcome<()> {
        self.remove_possible_key()?;
        self.level -= 1;
        self.key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Outcome<()> {
        self.key_allowed = true;
        self.remove_possible_key()?;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    /// Opens a block collection of this kind here, if need be and if it may stand here.
    fn open_block(&mut self, kind: TokenKind, what: &str) -> Outcome<()> {
        if self.level != 0 {
            return Ok(());
        }
        if !self.key_allowed {
            let mark = self.characters.mark();
            let problem = Problem::syntax_at(None, format!("{what} are not allowed here"), mark);
            return Err(problem.helping("quote a text that holds `: `, or begin a new line with the right indentation"));
        }
        if self.indent_to(self.characters.column()) {
            self.push_empty(kind);
        }
        Ok(())
    }

    fn block_entry(&mut self) -> Outcome<()> {
        self.open_block(TokenKind::BlockSequenceStart, "sequence entries")?;
        self.key_allowed = true;
        self.remove_possible_key()?;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Outcome<()> {
        self.open_block(TokenKind::BlockMappingStart, "mapping keys")?;
        self.key_allowed = self.level == 0;
        self.remove_possible_key()?;
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Outcome<()> {
        if let Some(key) = self.take_possible_key() {
            let at = key.token - self.taken;
            let empty = |kind| Token {
                kind,
                start: key.mark,
                end: key.mark,
            };
            self.tokens.insert(at, empty(TokenKind::Key));
            if self.level == 0 && self.indent_to(key.mark.column) {
                self.tokens.insert(at, empty(TokenKind::BlockMappingStart));
            }
            self.key_allowed = false;
        } else {
            self.open_block(TokenKind::BlockMappingStart, "mapping values")?;
            self.key_allowed = self.level == 0;
            self.remove_possible_key()?;
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }
}
