//! A node: what stands before it, and what it is.

use super::super::event::{Event, EventKind, Properties, Style};
use super::super::problem::{Outcome, Problem};
use super::super::token::TokenKind;
use super::Parser;
use super::state::State;
use crate::python::repr_text;

/// Which forms of a node may stand somewhere.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// Between brackets.
    Flow,
    /// Anywhere else.
    Block,
    /// Anywhere else, and a list may stand at the column of its key.
    BlockOrIndentlessSequence,
}

impl Parser {
    pub(super) fn node(&mut self, form: Form) -> Outcome<Event> {
        let start = self.here()?;
        if self.next_is(|kind| matches!(kind, TokenKind::Alias(_)))? {
            let token = self.take()?;
            self.back();
            let kind = match token.kind {
                TokenKind::Alias(name) => EventKind::Alias(name),
                _ => EventKind::StreamEnd,
            };
            return Ok(Event { kind, start });
        }
        let properties = self.properties()?;
        let has_properties = properties.anchor.is_some() || properties.tag.is_some();
        let block = form != Form::Flow;
        let next = self.scanner.peek()?.map(|token| &token.kind);
        let kind = match next {
            Some(TokenKind::BlockEntry) if form == Form::BlockOrIndentlessSequence => {
                self.state = State::IndentlessSequenceEntry;
                EventKind::SequenceStart(properties)
            }
            Some(TokenKind::Scalar(..)) => self.scalar(properties)?,
            Some(TokenKind::FlowSequenceStart) => {
                self.open(State::FlowSequenceEntry { first: true })?;
                EventKind::SequenceStart(properties)
            }
            Some(TokenKind::FlowMappingStart) => {
                self.open(State::FlowMappingKey { first: true })?;
                EventKind::MappingStart(properties)
            }
            Some(TokenKind::BlockSequenceStart) if block => {
                self.open(State::BlockSequenceEntry)?;
                EventKind::SequenceStart(properties)
            }
            Some(TokenKind::BlockMappingStart) if block => {
                self.open(State::BlockMappingKey)?;
                EventKind::MappingStart(properties)
            }
            _ if has_properties => {
                self.back();
                EventKind::Scalar {
                    properties,
                    text: String::new(),
                    style: Style::Plain,
                }
            }
            _ => {
                let kind = if block { "block" } else { "flow" };
                let context = format!("while parsing a {kind} node");
                return Err(self.unexpected(&context, start, "expected the node content, but found"));
            }
        };
        Ok(Event { kind, start })
    }

    fn scalar(&mut self, properties: Properties) -> Outcome<EventKind> {
        let token = self.take()?;
        self.back();
        Ok(match token.kind {
            TokenKind::Scalar(text, style) => EventKind::Scalar {
                properties,
                text,
                style,
            },
            _ => EventKind::StreamEnd,
        })
    }

    /// Takes the token that opens a collection.
    fn open(&mut self, state: State) -> Outcome<()> {
        let start = self.take()?.start;
        self.marks.push(start);
        self.state = state;
        Ok(())
    }

    /// An anchor and a tag, in any order.
    fn properties(&mut self) -> Outcome<Properties> {
        let start = self.here()?;
        let mut properties = Properties::default();
        let mut tag = None;
        for _ in 0..2 {
            let next = self.scanner.peek()?.map(|token| &token.kind);
            let more = match next {
                Some(TokenKind::Anchor(_)) => properties.anchor.is_none(),
                Some(TokenKind::Tag(_)) => tag.is_none(),
                _ => false,
            };
            if !more {
                break;
            }
            let token = self.take()?;
            match token.kind {
                TokenKind::Anchor(name) => properties.anchor = Some(name),
                TokenKind::Tag(found) => tag = Some((found, token.start)),
                _ => {}
            }
        }
        if let Some((tag, mark)) = tag {
            let Some(handle) = &tag.handle else {
                properties.tag = Some(tag.suffix);
                return Ok(properties);
            };
            let Some(prefix) = self.handles.get(handle) else {
                let problem = format!("found undefined tag handle {}", repr_text(handle));
                return Err(Problem::syntax("while parsing a node", start, problem, mark));
            };
            properties.tag = Some(format!("{prefix}{}", tag.suffix));
        }
        Ok(properties)
    }
}
