//! YAQL tokens to terms.

use serde_json::Value;

use super::error::YaqlError;
use super::lexer::{Token, tokens};

/// Deeper expressions are refused, so that none runs out of stack.
pub(super) const DEEPEST: usize = 100;

/// An expression that has been read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Yaql {
    pub(super) root: Term,
}

/// A term and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) column: usize,
    pub(super) kind: Kind,
    /// Of the terms within each other here, the longest way down: what evaluates and drops a term goes it by recursion.
    height: usize,
}

impl Term {
    /// A term that is no deeper than what evaluates it can go. A chain (`1 + 1 + …`, `$.a.a…`) nests to the left without
    /// any bracket, so that only what has been built shows how deep it is.
    fn new(column: usize, kind: Kind) -> Result<Self, YaqlError> {
        let highest = |terms: &[Term]| terms.iter().map(|term| term.height).max().unwrap_or(0);
        let below = match &kind {
            Kind::Constant(_) | Kind::Current => 0,
            Kind::Member { of: inner, .. } | Kind::Not(inner) | Kind::Negative(inner) => inner.height,
            Kind::Index(left, right) | Kind::Binary(_, left, right) => left.height.max(right.height),
            Kind::Call {
                receiver, arguments, ..
            } => receiver
                .as_ref()
                .map_or(0, |receiver| receiver.height)
                .max(highest(arguments)),
            Kind::List(items) => highest(items),
            Kind::Dictionary(pairs) => pairs
                .iter()
                .map(|(key, value)| key.height.max(value.height))
                .max()
                .unwrap_or(0),
        };
        if below > DEEPEST {
            return Err(YaqlError::at(column, too_deep()));
        }
        Ok(Self {
            column,
            kind,
            height: below + 1,
        })
    }
}

fn too_deep() -> String {
    format!("the expression is more than {DEEPEST} levels deep")
}

/// What a term is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Constant(Value),
    /// `$`
    Current,
    /// `left.name`; `?.` gives null where the left side is null.
    Member {
        of: Box<Term>,
        name: String,
        or_null: bool,
    },
    /// `left[index]`
    Index(Box<Term>, Box<Term>),
    /// `name(…)`, or `left.name(…)`.
    Call {
        receiver: Option<Box<Term>>,
        name: String,
        arguments: Vec<Term>,
    },
    Not(Box<Term>),
    Negative(Box<Term>),
    Binary(Operator, Box<Term>, Box<Term>),
    List(Vec<Term>),
    /// `{key => value}`
    Dictionary(Vec<(Term, Term)>),
}

/// An operator between two terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    In,
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
    Matches,
    MatchesNot,
}

/// From loose to tight; `not` stands between `and` and comparisons.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[
        ("=", Operator::Equal),
        ("!=", Operator::NotEqual),
        (">", Operator::Greater),
        ("<", Operator::Less),
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("in", Operator::In),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[
        ("*", Operator::Times),
        ("/", Operator::Divided),
        ("mod", Operator::Modulo),
    ],
    &[("=~", Operator::Matches), ("!~", Operator::MatchesNot)],
];

/// The level on which `not` binds.
const COMPARISON: usize = 2;

impl Yaql {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`YaqlError`] with the column of what cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, YaqlError> {
        let mut parser = Parser {
            tokens: tokens(text)?,
            position: 0,
            depth: 0,
            end: text.chars().count() + 1,
        };
        let root = parser.binary(0)?;
        match parser.peek() {
            None => Ok(Self { root }),
            Some(token) => Err(parser.error(format!("{} is not expected here", shown(token)))),
        }
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    position: usize,
    depth: usize,
    end: usize,
}

fn shown(token: &Token) -> String {
    match token {
        Token::Text(text) => format!("the string '{text}'"),
        Token::Integer(number) => format!("`{number}`"),
        Token::Float(number) => format!("`{number}`"),
        Token::Word(word) => format!("`{word}`"),
        Token::Variable(name) => format!("`${name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position).map(|(_, token)| token)
    }

    fn column(&self) -> usize {
        self.tokens.get(self.position).map_or(self.end, |(column, _)| *column)
    }

    fn error(&self, reason: impl Into<String>) -> YaqlError {
        YaqlError::at(self.column(), reason)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.position += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), YaqlError> {
        if self.take(sign) {
            return Ok(());
        }
        let found = self.peek().map_or("the end".to_owned(), shown);
        Err(self.error(format!("`{sign}` is expected, not {found}")))
    }

    /// The operator that comes next and its level, where it binds at least as tight as `loosest`.
    fn operator(&self, loosest: usize) -> Option<(usize, Operator)> {
        let text = match self.peek()? {
            Token::Sign(sign) => sign,
            Token::Word(word) => word.as_str(),
            _ => return None,
        };
        LEVELS.iter().enumerate().skip(loosest).find_map(|(level, operators)| {
            let (_, operator) = operators.iter().find(|(name, _)| *name == text)?;
            Some((level, *operator))
        })
    }

    /// Terms between operators that bind at least as tight as `loosest`. One call for all levels: a call for each would
    /// take the stack of six for every bracket.
    fn binary(&mut self, loosest: usize) -> Result<Term, YaqlError> {
        let is_not = loosest <= COMPARISON && matches!(self.peek(), Some(Token::Word(word)) if word == "not");
        let mut left = if is_not {
            let column = self.column();
            self.position += 1;
            let inner = self.deeper(|parser| parser.binary(COMPARISON))?;
            Term::new(column, Kind::Not(Box::new(inner)))?
        } else {
            self.unary()?
        };
        while let Some((level, operator)) = self.operator(loosest) {
            let column = self.column();
            self.position += 1;
            let right = self.deeper(|parser| parser.binary(level + 1))?;
            left = Term::new(column, Kind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, YaqlError>) -> Result<T, YaqlError> {
        if self.depth == DEEPEST {
            return Err(self.error(too_deep()));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn unary(&mut self) -> Result<Term, YaqlError> {
        let column = self.column();
        if self.take("-") {
            let inner = self.deeper(Self::unary)?;
            return Term::new(column, Kind::Negative(Box::new(inner)));
        }
        let mut term = self.primary()?;
        loop {
            let column = self.column();
            let or_null = matches!(self.peek(), Some(Token::Sign("?.")));
            if self.take(".") || self.take("?.") {
                let Some(Token::Word(name)) = self.peek().cloned() else {
                    return Err(self.error("a name is expected after the dot"));
                };
                self.position += 1;
                let of = Box::new(term);
                let kind = if self.take("(") {
                    Kind::Call {
                        receiver: Some(of),
                        name,
                        arguments: self.list(")")?,
                    }
                } else {
                    Kind::Member { of, name, or_null }
                };
                term = Term::new(column, kind)?;
            } else if self.take("[") {
                let index = self.deeper(|parser| parser.binary(0))?;
                self.expect("]")?;
                term = Term::new(column, Kind::Index(Box::new(term), Box::new(index)))?;
            } else {
                return Ok(term);
            }
        }
    }

    /// Terms between commas up to a closing bracket.
    fn list(&mut self, end: &str) -> Result<Vec<Term>, YaqlError> {
        let mut items = Vec::new();
        if self.take(end) {
            return Ok(items);
        }
        loop {
            items.push(self.deeper(|parser| parser.binary(0))?);
            if self.take(end) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    fn primary(&mut self) -> Result<Term, YaqlError> {
        let column = self.column();
        let Some(token) = self.peek().cloned() else {
            return Err(self.error("a value is expected, not the end"));
        };
        self.position += 1;
        let kind = match token {
            Token::Text(text) => Kind::Constant(Value::from(text)),
            Token::Integer(number) => Kind::Constant(Value::from(number)),
            Token::Float(number) => Kind::Constant(Value::from(number)),
            Token::Variable(name) if name.is_empty() => Kind::Current,
            Token::Variable(name) => {
                return Err(YaqlError::at(
                    column,
                    format!("the variable `${name}` is not known here"),
                ));
            }
            Token::Word(word) => match word.as_str() {
                "true" => Kind::Constant(Value::Bool(true)),
                "false" => Kind::Constant(Value::Bool(false)),
                "null" => Kind::Constant(Value::Null),
                _ if self.take("(") => Kind::Call {
                    receiver: None,
                    name: word,
                    arguments: self.list(")")?,
                },
                // A bare word is a string in YAQL: a keyword.
                _ => Kind::Constant(Value::from(word)),
            },
            Token::Sign("(") => {
                let inner = self.deeper(|parser| parser.binary(0))?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => Kind::List(self.list("]")?),
            Token::Sign("{") => Kind::Dictionary(self.pairs()?),
            Token::Sign(_) => {
                self.position -= 1;
                return Err(self.error(format!("a value is expected, not {}", shown(&token))));
            }
        };
        Term::new(column, kind)
    }

    fn pairs(&mut self) -> Result<Vec<(Term, Term)>, YaqlError> {
        let mut pairs = Vec::new();
        if self.take("}") {
            return Ok(pairs);
        }
        loop {
            let key = self.deeper(|parser| parser.binary(0))?;
            self.expect("=>")?;
            pairs.push((key, self.deeper(|parser| parser.binary(0))?));
            if self.take("}") {
                return Ok(pairs);
            }
            self.expect(",")?;
        }
    }
}
