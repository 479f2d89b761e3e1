//! What is read next, and what after that.

use std::collections::BTreeMap;

use super::super::characters::Mark;
use super::super::event::{Event, EventKind, Properties, Style};
use super::super::problem::{Outcome, Problem};
use super::super::scanner::Scanner;
use super::super::token::{Token, TokenKind};
use super::document::default_handles;
use super::node::Form;

/// What is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The first document, which needs no `---`.
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceEntry,
    /// `- a` at the column of the key above.
    IndentlessSequenceEntry,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceEntry {
        first: bool,
    },
    /// `[key: value]`: a mapping of one entry.
    FlowSequencePairKey,
    FlowSequencePairValue,
    FlowSequencePairEnd,
    FlowMappingKey {
        first: bool,
    },
    FlowMappingValue,
    /// `{key}`.
    FlowMappingEmptyValue,
    End,
}

/// Reads events one by one.
pub(in super::super) struct Parser {
    pub(super) scanner: Scanner,
    pub(super) state: State,
    /// The states to go back to.
    pub(super) states: Vec<State>,
    /// Where the open collections begin.
    pub(super) marks: Vec<Mark>,
    /// What a tag's handle stands for.
    pub(super) handles: BTreeMap<String, String>,
}

impl Parser {
    pub(in super::super) fn new(text: &[u8]) -> Self {
        Self {
            scanner: Scanner::new(text),
            state: State::ImplicitDocumentStart,
            states: Vec::new(),
            marks: Vec::new(),
            handles: default_handles(),
        }
    }

    /// See [`Scanner::take_half_character`].
    pub(in super::super) fn take_half_character(&mut self) -> Option<Box<Problem>> {
        self.scanner.take_half_character()
    }

    /// The next event; after the end of the stream always that.
    pub(in super::super) fn next(&mut self) -> Outcome<Event> {
        match self.state {
            State::ImplicitDocumentStart => self.implicit_document_start(),
            State::DocumentStart => self.document_start(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(Form::Block),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceEntry { first } => self.flow_sequence_entry(first),
            State::FlowSequencePairKey => self.flow_sequence_pair_key(),
            State::FlowSequencePairValue => self.flow_sequence_pair_value(),
            State::FlowSequencePairEnd => self.flow_sequence_pair_end(),
            State::FlowMappingKey { first } => self.flow_mapping_key(first),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => self.empty_then(State::FlowMappingKey { first: false }),
            State::End => self.stream_end(),
        }
    }

    /// Whether the next token is one of those that a condition names.
    pub(super) fn next_is(&mut self, condition: impl Fn(&TokenKind) -> bool) -> Outcome<bool> {
        Ok(self.scanner.peek()?.is_some_and(|token| condition(&token.kind)))
    }

    /// Where the next token begins.
    pub(super) fn here(&mut self) -> Outcome<Mark> {
        Ok(self.scanner.peek()?.map_or_else(Mark::default, |token| token.start))
    }

    /// Takes a token that was seen to be there.
    pub(super) fn take(&mut self) -> Outcome<Token> {
        Ok(self.scanner.take()?.unwrap_or(Token {
            kind: TokenKind::StreamEnd,
            start: Mark::default(),
            end: Mark::default(),
        }))
    }

    /// The next token is not what must stand here.
    pub(super) fn unexpected(&mut self, context: &str, begin: Mark, words: &str) -> Box<Problem> {
        match self.scanner.peek() {
            Err(problem) => problem,
            Ok(token) => {
                let name = token.map_or("<stream end>", |token| token.kind.name());
                let mark = token.map_or(begin, |token| token.start);
                let problem = Problem::syntax(context, begin, format!("{words} '{name}'"), mark);
                problem.helping(match name {
                    "<block mapping start>" | "<block sequence start>" => {
                        "indent this line like its neighbours, or write the `:` that is missing before it"
                    }
                    "<stream end>" => "close what was opened",
                    "<scalar>" | ":" => "quote a text that holds quotes, `,` or `: `, or mend the indentation",
                    _ => "mend the indentation, or quote a text that begins with a sign of YAML",
                })
            }
        }
    }

    pub(super) fn back(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Reads a node and then goes on in a state.
    pub(super) fn node_then(&mut self, form: Form, state: State) -> Outcome<Event> {
        self.states.push(state);
        self.node(form)
    }

    /// Nothing stands where a node may stand: null.
    pub(super) fn empty(&mut self, mark: Mark) -> Event {
        let kind = EventKind::Scalar {
            properties: Properties::default(),
            text: String::new(),
            style: Style::Plain,
        };
        Event { kind, start: mark }
    }

    pub(super) fn empty_then(&mut self, state: State) -> Outcome<Event> {
        let mark = self.here()?;
        self.state = state;
        Ok(self.empty(mark))
    }

    /// After `-`, `?` or `:`: a node, unless what comes next ends the entry.
    pub(super) fn entry(&mut self, form: Form, state: State, ends: fn(&TokenKind) -> bool) -> Outcome<Event> {
        let indicator = self.take()?;
        if self.next_is(ends)? {
            self.state = state;
            return Ok(self.empty(indicator.end));
        }
        self.node_then(form, state)
    }

    /// The end of a collection that was opened by a token.
    pub(super) fn close(&mut self, kind: EventKind) -> Outcome<Event> {
        let start = self.take()?.start;
        self.back();
        self.marks.pop();
        Ok(Event { kind, start })
    }

    pub(super) fn begin(&self) -> Mark {
        self.marks.last().copied().unwrap_or_default()
    }
}
