//! The tree of an expression, with the place of each part, and its text.

use std::fmt;
use std::ops::Range;

use serde_json::Value;

/// A part of an expression. Two are equal if they mean the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// The characters that it is made of, counted from 0.
    pub span: Range<usize>,
}

/// What a part of an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum TermKind {
    /// `true`, `false`, `null`, an integer or a string.
    Constant(Value),
    /// A path into a model.
    Path(Path),
    /// `not …`
    Not(Box<Term>),
    /// Two parts with an operator between them.
    Binary(Operator, Box<Term>, Box<Term>),
}

/// `model:path`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// The model: `settings`, `cluster`, …
    pub model: String,
    /// The keys, with dots between them; may be empty.
    pub keys: String,
}

/// An operator between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `or`: the first operand that is true, else the last.
    Or,
    /// `and`: the first operand that is false, else the last.
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `in`: an item of a list, a key of a mapping, a part of a text.
    In,
}

/// Characters that mean nothing to Nailgun and that it drops without a word: `&&`, `=`, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The characters.
    pub text: String,
    /// The column of the first of them, from 1.
    pub column: usize,
}

impl Term {
    /// A constant by itself.
    pub(crate) fn constant(value: &Value) -> Self {
        Self {
            kind: TermKind::Constant(value.clone()),
            span: 0..0,
        }
    }

    /// This part and all parts of it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Term)) {
        visit(self);
        match &self.kind {
            TermKind::Constant(_) | TermKind::Path(_) => {}
            TermKind::Not(inner) => inner.walk(visit),
            TermKind::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
        }
    }
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Operator {
    /// How tightly it binds.
    pub(crate) fn strength(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual => 2,
            Self::In => 3,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::In => "in",
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.model, self.keys)
    }
}

/// The text in one way of writing; reading it gives the same tree.
impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TermKind::Constant(Value::String(text)) => {
                // The language has no escapes, so a text that was read holds at most one kind of quote.
                let quote = if text.contains('\'') { '"' } else { '\'' };
                write!(formatter, "{quote}{text}{quote}")
            }
            TermKind::Constant(Value::Number(number)) => match number.as_i64() {
                Some(number) => write!(formatter, "{number}"),
                None => write!(formatter, "{:.0}", number.as_f64().unwrap_or_default()),
            },
            TermKind::Constant(value) => write!(formatter, "{value}"),
            TermKind::Path(path) => write!(formatter, "{path}"),
            TermKind::Not(inner) => {
                formatter.write_str("not ")?;
                operand(formatter, inner, u8::MAX)
            }
            TermKind::Binary(operator, left, right) => {
                operand(formatter, left, operator.strength())?;
                write!(formatter, " {operator} ")?;
                operand(formatter, right, operator.strength() + 1)
            }
        }
    }
}

/// A part inside of another; in parentheses where it binds more loosely than `minimum`.
fn operand(formatter: &mut fmt::Formatter<'_>, term: &Term, minimum: u8) -> fmt::Result {
    match &term.kind {
        TermKind::Binary(operator, ..) if operator.strength() < minimum => write!(formatter, "({term})"),
        _ => write!(formatter, "{term}"),
    }
}
