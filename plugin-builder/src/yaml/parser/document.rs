//! Where documents begin and end, and their directives.

use std::collections::BTreeMap;

use super::super::event::{Event, EventKind};
use super::super::problem::{Outcome, Problem};
use super::super::tag::CORE;
use super::super::token::{Directive, TokenKind};
use super::Parser;
use super::state::State;
use crate::python::repr_text;

/// The handles that every document knows.
pub(super) fn default_handles() -> BTreeMap<String, String> {
    [("!", "!"), ("!!", CORE)]
        .map(|(handle, prefix)| (handle.to_owned(), prefix.to_owned()))
        .into()
}

impl Parser {
    pub(super) fn implicit_document_start(&mut self) -> Outcome<Event> {
        let explicit = |kind: &TokenKind| {
            matches!(
                kind,
                TokenKind::Directive(_) | TokenKind::DocumentStart | TokenKind::StreamEnd
            )
        };
        if self.next_is(explicit)? {
            return self.document_start();
        }
        let start = self.here()?;
        self.states.push(State::DocumentEnd);
        self.state = State::BlockNode;
        Ok(Event {
            kind: EventKind::DocumentStart,
            start,
        })
    }

    pub(super) fn document_start(&mut self) -> Outcome<Event> {
        while self.next_is(|kind| *kind == TokenKind::DocumentEnd)? {
            self.take()?;
        }
        if self.next_is(|kind| *kind == TokenKind::StreamEnd)? {
            return self.stream_end();
        }
        let start = self.here()?;
        self.directives()?;
        if !self.next_is(|kind| *kind == TokenKind::DocumentStart)? {
            let mark = self.here()?;
            let name = self.scanner.peek()?.map_or("", |token| token.kind.name());
            let problem = format!("expected '<document start>', but found '{name}'");
            let help = "this does not belong to what stands above; mend the indentation";
            return Err(Problem::syntax_at(None, problem, mark).helping(help));
        }
        self.take()?;
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(Event {
            kind: EventKind::DocumentStart,
            start,
        })
    }

    pub(super) fn document_content(&mut self) -> Outcome<Event> {
        let empty = |kind: &TokenKind| {
            matches!(
                kind,
                TokenKind::Directive(_) | TokenKind::DocumentStart | TokenKind::DocumentEnd | TokenKind::StreamEnd
            )
        };
        if self.next_is(empty)? {
            let mark = self.here()?;
            self.back();
            return Ok(self.empty(mark));
        }
        self.state = State::BlockNode;
        self.next()
    }

    pub(super) fn document_end(&mut self) -> Outcome<Event> {
        let start = self.here()?;
        if self.next_is(|kind| *kind == TokenKind::DocumentEnd)? {
            self.take()?;
        }
        self.state = State::DocumentStart;
        Ok(Event {
            kind: EventKind::DocumentEnd,
            start,
        })
    }

    pub(super) fn stream_end(&mut self) -> Outcome<Event> {
        let start = self.here()?;
        self.state = State::End;
        Ok(Event {
            kind: EventKind::StreamEnd,
            start,
        })
    }

    fn directives(&mut self) -> Outcome<()> {
        let (mut handles, mut version) = (BTreeMap::new(), false);
        while self.next_is(|kind| matches!(kind, TokenKind::Directive(_)))? {
            let token = self.take()?;
            let wrong = |what: String| Err(Problem::syntax_at(None, what, token.start));
            match token.kind {
                TokenKind::Directive(Directive::Yaml { .. }) if version => {
                    return wrong("found duplicate YAML directive".to_owned());
                }
                TokenKind::Directive(Directive::Yaml { major }) => {
                    if major.trim_start_matches('0') != "1" {
                        return wrong("found incompatible YAML document (version 1.* is required)".to_owned());
                    }
                    version = true;
                }
                TokenKind::Directive(Directive::Tag { handle, prefix }) => {
                    if handles.contains_key(&handle) {
                        return wrong(format!("duplicate tag handle {}", repr_text(&handle)));
                    }
                    handles.insert(handle, prefix);
                }
                _ => {}
            }
        }
        self.handles = default_handles();
        self.handles.append(&mut handles);
        Ok(())
    }
}
