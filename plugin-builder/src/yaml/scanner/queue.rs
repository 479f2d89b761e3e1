//! The tokens that were read and not yet taken.

use std::collections::VecDeque;

use super::super::characters::Characters;
use super::super::problem::{Outcome, Problem};
use super::super::token::{Token, TokenKind};
use super::simple_key::SimpleKey;

/// Reads tokens, a few ahead of who takes them: what a `:` means depends on what stands before it.
pub(in super::super) struct Scanner {
    pub(super) characters: Characters,
    pub(super) tokens: VecDeque<Token>,
    /// How many tokens were taken.
    pub(super) taken: usize,
    /// How many brackets are open; a bracket that closes nothing makes it negative.
    pub(super) level: i32,
    /// The column of the innermost block collection.
    pub(super) indent: Option<usize>,
    /// The columns of the block collections around it.
    pub(super) indents: Vec<Option<usize>>,
    /// Whether a key without a `?` can stand here.
    pub(super) key_allowed: bool,
    pub(super) simple_keys: Vec<SimpleKey>,
    pub(super) done: bool,
    /// The first escape that is half of a character.
    pub(super) half_character: Option<Box<Problem>>,
}

impl Scanner {
    pub(in super::super) fn new(text: &[u8]) -> Self {
        Self {
            characters: Characters::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            level: 0,
            indent: None,
            indents: Vec::new(),
            key_allowed: true,
            simple_keys: Vec::new(),
            done: false,
            half_character: None,
        }
    }

    /// What is wrong with a text that is otherwise right.
    pub(in super::super) fn take_half_character(&mut self) -> Option<Box<Problem>> {
        self.half_character.take()
    }

    /// The next token, which stays; none at the end.
    pub(in super::super) fn peek(&mut self) -> Outcome<Option<&Token>> {
        while self.needs_more()? {
            let fetched = self.fetch();
            // What was read beyond the readable text is worth nothing.
            if let Some(failure) = self.characters.failure() {
                return Err(Box::new(failure));
            }
            fetched?;
        }
        Ok(self.tokens.front())
    }

    /// Takes the next token.
    pub(in super::super) fn take(&mut self) -> Outcome<Option<Token>> {
        self.peek()?;
        self.taken += 1;
        Ok(self.tokens.pop_front())
    }

    fn needs_more(&mut self) -> Outcome<bool> {
        if self.done {
            return Ok(false);
        }
        if self.tokens.is_empty() {
            return Ok(true);
        }
        self.drop_stale_keys()?;
        Ok(self.first_possible_key() == Some(self.taken))
    }

    /// Adds a token of so many characters, which stand here.
    pub(super) fn push_indicator(&mut self, kind: TokenKind, length: usize) {
        let start = self.characters.mark();
        self.characters.forward(length);
        let end = self.characters.mark();
        self.tokens.push_back(Token { kind, start, end });
    }

    /// Adds a token that has no characters of its own.
    pub(super) fn push_empty(&mut self, kind: TokenKind) {
        self.push_indicator(kind, 0);
    }
}
