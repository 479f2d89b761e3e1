//! From words to a tree.

use std::fmt;
use std::ops::Range;

use super::error::SyntaxError;
use super::lexer::{Token, Word, words};
use super::term::{Path, Skipped, Term, TermKind};

/// How many operators and parentheses an expression may have, and how many may stand in one another. Nailgun evaluates
/// recursively, and Python gives up near 1,000 calls.
const MAXIMUM_SIZE: usize = 500;
const MAXIMUM_DEPTH: usize = 100;

/// An expression that has been read. Two are equal if they mean the same.
#[derive(Debug, Clone)]
pub struct Expression {
    root: Term,
    skipped: Vec<Skipped>,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`SyntaxError`] where it is none.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (words, skipped) = words(text);
        let mut parser = Parser {
            words: &words,
            position: 0,
            size: 0,
            depth: 0,
            text,
        };
        let root = parser.binary(0)?;
        match parser.peek() {
            None => Ok(Self { root, skipped }),
            Some(word) => Err(parser.error(Some(word), "an operator or the end")),
        }
    }

    /// The tree.
    #[must_use]
    pub fn root(&self) -> &Term {
        &self.root
    }

    /// What Nailgun drops without a word, in the order of the text.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// What Nailgun would drop of a text, whether it is an expression or not.
    #[must_use]
    pub fn skipped_in(text: &str) -> Vec<Skipped> {
        words(text).1
    }

    /// All paths, with the characters that they are made of.
    #[must_use]
    pub fn paths(&self) -> Vec<(&Path, Range<usize>)> {
        let mut paths = Vec::new();
        self.root.walk(&mut |term| {
            if let TermKind::Path(path) = &term.kind {
                paths.push((path, term.span.clone()));
            }
        });
        paths
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

/// The text in one way of writing; reading it gives the same expression.
impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(formatter)
    }
}

struct Parser<'a> {
    words: &'a [Word],
    position: usize,
    /// Operators and parentheses so far.
    size: usize,
    /// Parentheses and operators that are open.
    depth: usize,
    text: &'a str,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.position)
    }

    fn next(&mut self) -> Option<&'a Word> {
        let word = self.words.get(self.position);
        self.position += 1;
        word
    }

    fn error(&self, word: Option<&Word>, expected: &'static str) -> SyntaxError {
        let (column, found) = match word {
            Some(word) => {
                let text: String = self.text.chars().skip(word.span.start).take(word.span.len()).collect();
                (word.span.start + 1, format!("there is `{text}`"))
            }
            None => (self.text.chars().count() + 1, "it ends".to_owned()),
        };
        SyntaxError {
            expression: self.text.to_owned(),
            column,
            found,
            expected,
        }
    }

    /// Reads what stands inside of something, in bounds: neither this nor what walks the tree may run out of stack.
    fn inside(
        &mut self,
        word: &Word,
        read: impl FnOnce(&mut Self) -> Result<Term, SyntaxError>,
    ) -> Result<Term, SyntaxError> {
        self.size += 1;
        self.depth += 1;
        if self.size > MAXIMUM_SIZE || self.depth > MAXIMUM_DEPTH {
            return Err(self.error(Some(word), "something simpler (at most 500 operators, 100 levels deep)"));
        }
        let term = read(self)?;
        self.depth -= 1;
        Ok(term)
    }

    fn binary(&mut self, minimum: u8) -> Result<Term, SyntaxError> {
        let mut left = self.unary()?;
        while let Some(word) = self.peek() {
            let Token::Operator(operator) = &word.token else { break };
            let strength = operator.strength();
            if strength < minimum {
                break;
            }
            self.position += 1;
            let right = self.inside(word, |parser| parser.binary(strength + 1))?;
            left = Term {
                span: left.span.start..right.span.end,
                kind: TermKind::Binary(*operator, Box::new(left), Box::new(right)),
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Term, SyntaxError> {
        const VALUE: &str = "a value";
        let Some(word) = self.next() else {
            return Err(self.error(None, VALUE));
        };
        let span = word.span.clone();
        let kind = match &word.token {
            Token::Constant(value) => TermKind::Constant(value.clone()),
            Token::Path(path) => TermKind::Path(path.clone()),
            // `not` binds as tightly as `in` and to the left: `not a in b` is `(not a) in b`.
            Token::Not => {
                let inner = self.inside(word, Self::unary)?;
                return Ok(Term {
                    span: span.start..inner.span.end,
                    kind: TermKind::Not(Box::new(inner)),
                });
            }
            Token::Open => {
                let inner = self.inside(word, |parser| parser.binary(0))?;
                return match self.next() {
                    Some(close) if close.token == Token::Close => Ok(Term {
                        span: span.start..close.span.end,
                        kind: inner.kind,
                    }),
                    other => Err(self.error(other, "an operator or `)`")),
                };
            }
            Token::Close | Token::Operator(_) => return Err(self.error(Some(word), VALUE)),
        };
        Ok(Term { kind, span })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::super::term::Operator;
    use super::*;

    #[rstest]
    #[case("", 1, "it ends", "a value")]
    #[case("true ==", 8, "it ends", "a value")]
    #[case("(true", 6, "it ends", "an operator or `)`")]
    #[case("true true", 6, "there is `true`", "an operator or the end")]
    #[case("'ä' == == 1", 8, "there is `==`", "a value")]
    #[case("(true false)", 7, "there is `false`", "an operator or `)`")]
    #[case("true)", 5, "there is `)`", "an operator or the end")]
    fn a_text_that_is_no_expression_is_refused_with_the_column_and_what_was_expected(
        #[case] text: &str,
        #[case] column: usize,
        #[case] found: &str,
        #[case] expected: &str,
    ) {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!(
            (error.column, error.found.as_str(), error.expected),
            (column, found, expected)
        );
    }

    #[rstest]
    #[case("true && false", &[("&&", 6)])]
    #[case("§ true", &[("§", 1)])]
    #[case("true = # 1", &[("=", 6), ("#", 8)])]
    #[case("settings:a.b.value == true", &[])]
    fn characters_that_nailgun_skips_are_told(#[case] text: &str, #[case] expected: &[(&str, usize)]) {
        let (_, skipped) = words(text);
        let skipped: Vec<(&str, usize)> = skipped.iter().map(|item| (item.text.as_str(), item.column)).collect();
        assert_eq!(skipped, expected);
    }

    #[test]
    fn a_path_is_told_with_its_place() {
        let expression = Expression::parse("not (settings:a-b.c.value in cluster:mode)").unwrap();
        let paths: Vec<_> = expression
            .paths()
            .into_iter()
            .map(|(path, span)| (path.to_string(), span))
            .collect();
        assert_eq!(
            paths,
            [
                ("settings:a-b.c.value".to_owned(), 5..25),
                ("cluster:mode".to_owned(), 29..41)
            ]
        );
    }

    #[rstest]
    #[case("(", 100_000)]
    #[case("not ", 100_000)]
    #[case("1 or ", 100_000)]
    #[case("(1) and ", 100_000)]
    fn an_endless_expression_is_refused_without_running_out_of_stack(#[case] piece: &str, #[case] times: usize) {
        let error = Expression::parse(&(piece.repeat(times) + "1")).unwrap_err();
        assert!(error.expected.contains("simpler"), "{}", error.expected);
    }

    fn term() -> impl Strategy<Value = Term> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(|number| TermKind::Constant(json!(number))),
            any::<bool>().prop_map(|value| TermKind::Constant(json!(value))),
            Just(TermKind::Constant(json!(null))),
            "[^']{0,6}".prop_map(|text| TermKind::Constant(json!(text))),
            "[^\"]{0,6}".prop_map(|text| TermKind::Constant(json!(text))),
            ("[a-z_][a-z0-9_]{0,5}", "[a-z0-9_.-]{0,12}")
                .prop_map(|(model, keys)| TermKind::Path(Path { model, keys })),
        ]
        .prop_map(|kind| Term { kind, span: 0..0 });
        let operator = prop_oneof![
            Just(Operator::Or),
            Just(Operator::And),
            Just(Operator::Equal),
            Just(Operator::NotEqual),
            Just(Operator::In),
        ];
        leaf.prop_recursive(6, 40, 2, move |inner| {
            let binary = (operator.clone(), inner.clone(), inner.clone())
                .prop_map(|(operator, left, right)| TermKind::Binary(operator, Box::new(left), Box::new(right)));
            prop_oneof![inner.prop_map(|term| TermKind::Not(Box::new(term))), binary]
                .prop_map(|kind| Term { kind, span: 0..0 })
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same_expression(term in term()) {
            // No text of the language holds both kinds of quotes.
            let mut both = false;
            term.walk(&mut |part| if let TermKind::Constant(serde_json::Value::String(text)) = &part.kind {
                both |= text.contains('\'') && text.contains('"');
            });
            prop_assume!(!both);
            let text = term.to_string();
            let expression = Expression::parse(&text).unwrap();
            prop_assert_eq!(expression.root(), &term, "{}", text);
            prop_assert_eq!(expression.to_string(), text);
            prop_assert!(expression.skipped().is_empty());
        }

        #[test]
        fn what_is_read_prints_and_reads_again(text in "([ ()'\"a-c:.=!&-]|and|or|not|in|true|null|[0-9]{1,25}|ß){0,12}") {
            if let Ok(expression) = Expression::parse(&text) {
                let again = Expression::parse(&expression.to_string()).unwrap();
                prop_assert_eq!(again, expression);
            }
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}") {
            let _ = Expression::parse(&text);
        }
    }
}
