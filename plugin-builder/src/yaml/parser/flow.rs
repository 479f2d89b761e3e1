//! Lists and mappings that are written with brackets.

use super::super::event::{Event, EventKind, Properties};
use super::super::problem::Outcome;
use super::super::token::TokenKind;
use super::Parser;
use super::node::Form;
use super::state::State;

const NEXT_ITEM: State = State::FlowSequenceEntry { first: false };
const NEXT_KEY: State = State::FlowMappingKey { first: false };

fn ends_item(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd)
}

fn ends_pair_key(kind: &TokenKind) -> bool {
    ends_item(kind) || *kind == TokenKind::Value
}

fn ends_entry(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd)
}

fn ends_key(kind: &TokenKind) -> bool {
    ends_entry(kind) || *kind == TokenKind::Value
}

impl Parser {
    /// The `,` that stands before every entry but the first.
    fn comma(&mut self, context: &str, words: &str) -> Outcome<()> {
        if self.next_is(|kind| *kind == TokenKind::FlowEntry)? {
            self.take()?;
            return Ok(());
        }
        let begin = self.begin();
        Err(self.unexpected(context, begin, words))
    }

    pub(super) fn flow_sequence_entry(&mut self, first: bool) -> Outcome<Event> {
        let is_end = |kind: &TokenKind| *kind == TokenKind::FlowSequenceEnd;
        if !self.next_is(is_end)? {
            if !first {
                self.comma("while parsing a flow sequence", "expected ',' or ']', but got")?;
            }
            if self.next_is(|kind| *kind == TokenKind::Key)? {
                let start = self.here()?;
                self.state = State::FlowSequencePairKey;
                let kind = EventKind::MappingStart(Properties::default());
                return Ok(Event { kind, start });
            }
            if !self.next_is(is_end)? {
                return self.node_then(Form::Flow, NEXT_ITEM);
            }
        }
        self.close(EventKind::SequenceEnd)
    }

    pub(super) fn flow_sequence_pair_key(&mut self) -> Outcome<Event> {
        self.entry(Form::Flow, State::FlowSequencePairValue, ends_pair_key)
    }

    pub(super) fn flow_sequence_pair_value(&mut self) -> Outcome<Event> {
        if self.next_is(|kind| *kind == TokenKind::Value)? {
            return self.entry(Form::Flow, State::FlowSequencePairEnd, ends_item);
        }
        self.empty_then(State::FlowSequencePairEnd)
    }

    pub(super) fn flow_sequence_pair_end(&mut self) -> Outcome<Event> {
        let start = self.here()?;
        self.state = NEXT_ITEM;
        Ok(Event {
            kind: EventKind::MappingEnd,
            start,
        })
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Outcome<Event> {
        let is_end = |kind: &TokenKind| *kind == TokenKind::FlowMappingEnd;
        if !self.next_is(is_end)? {
            if !first {
                self.comma("while parsing a flow mapping", "expected ',' or '}', but got")?;
            }
            if self.next_is(|kind| *kind == TokenKind::Key)? {
                return self.entry(Form::Flow, State::FlowMappingValue, ends_key);
            }
            if !self.next_is(is_end)? {
                return self.node_then(Form::Flow, State::FlowMappingEmptyValue);
            }
        }
        self.close(EventKind::MappingEnd)
    }

    pub(super) fn flow_mapping_value(&mut self) -> Outcome<Event> {
        if self.next_is(|kind| *kind == TokenKind::Value)? {
            return self.entry(Form::Flow, NEXT_KEY, ends_entry);
        }
        self.empty_then(NEXT_KEY)
    }
}
