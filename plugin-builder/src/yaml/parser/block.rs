//! Lists and mappings that are written with indentation.

use super::super::event::{Event, EventKind};
use super::super::problem::Outcome;
use super::super::token::TokenKind;
use super::Parser;
use super::node::Form;
use super::state::State;

const EXPECTED: &str = "expected <block end>, but found";

fn is_end(kind: &TokenKind) -> bool {
    *kind == TokenKind::BlockEnd
}

fn ends_item(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::BlockEntry | TokenKind::BlockEnd)
}

fn ends_entry(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd)
}

fn ends_indentless_item(kind: &TokenKind) -> bool {
    ends_item(kind) || ends_entry(kind)
}

impl Parser {
    pub(super) fn block_sequence_entry(&mut self) -> Outcome<Event> {
        if self.next_is(|kind| *kind == TokenKind::BlockEntry)? {
            return self.entry(Form::Block, State::BlockSequenceEntry, ends_item);
        }
        if !self.next_is(is_end)? {
            let begin = self.begin();
            return Err(self.unexpected("while parsing a block collection", begin, EXPECTED));
        }
        self.close(EventKind::SequenceEnd)
    }

    pub(super) fn indentless_sequence_entry(&mut self) -> Outcome<Event> {
        if self.next_is(|kind| *kind == TokenKind::BlockEntry)? {
            return self.entry(Form::Block, State::IndentlessSequenceEntry, ends_indentless_item);
        }
        let start = self.here()?;
        self.back();
        Ok(Event {
            kind: EventKind::SequenceEnd,
            start,
        })
    }

    pub(super) fn block_mapping_key(&mut self) -> Outcome<Event> {
        if self.next_is(|kind| *kind == TokenKind::Key)? {
            return self.entry(Form::BlockOrIndentlessSequence, State::BlockMappingValue, ends_entry);
        }
        if !self.next_is(is_end)? {
            let begin = self.begin();
            return Err(self.unexpected("while parsing a block mapping", begin, EXPECTED));
        }
        self.close(EventKind::MappingEnd)
    }

    pub(super) fn block_mapping_value(&mut self) -> Outcome<Event> {
        if self.next_is(|kind| *kind == TokenKind::Value)? {
            return self.entry(Form::BlockOrIndentlessSequence, State::BlockMappingKey, ends_entry);
        }
        self.empty_then(State::BlockMappingKey)
    }
}
