//! What the scanner makes of characters.

use super::characters::Mark;
use super::event::Style;

/// A token and where it stands; the end includes white space behind a text.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

/// The handle (`!`, `!!`, `!name!`; none in `!<uri>`) and the rest of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TagToken {
    pub(super) handle: Option<String>,
    pub(super) suffix: String,
}

/// `%YAML 1.1`, `%TAG ! tag:example,2000:`, or another word, which means nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Directive {
    /// The digits of the first number; the second means nothing.
    Yaml {
        major: String,
    },
    Tag {
        handle: String,
        prefix: String,
    },
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Directive(Directive),
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowMappingStart,
    FlowSequenceEnd,
    FlowMappingEnd,
    Key,
    Value,
    BlockEntry,
    FlowEntry,
    Alias(String),
    Anchor(String),
    Tag(TagToken),
    Scalar(String, Style),
}

impl TokenKind {
    /// PyYAML's name for it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Directive(_) => "<directive>",
            Self::DocumentStart => "<document start>",
            Self::DocumentEnd => "<document end>",
            Self::StreamEnd => "<stream end>",
            Self::BlockSequenceStart => "<block sequence start>",
            Self::BlockMappingStart => "<block mapping start>",
            Self::BlockEnd => "<block end>",
            Self::FlowSequenceStart => "[",
            Self::FlowMappingStart => "{",
            Self::FlowSequenceEnd => "]",
            Self::FlowMappingEnd => "}",
            Self::Key => "?",
            Self::Value => ":",
            Self::BlockEntry => "-",
            Self::FlowEntry => ",",
            Self::Alias(_) => "<alias>",
            Self::Anchor(_) => "<anchor>",
            Self::Tag(_) => "<tag>",
            Self::Scalar(..) => "<scalar>",
        }
    }
}
