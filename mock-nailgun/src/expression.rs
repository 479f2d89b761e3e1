//! The expression language of restrictions and of tasks' conditions.
//!
//! `==  !=  and  or  not  in  ( )`, integers, strings in single or double quotes, `true false null`, and paths into
//! models: `settings:common.debug.value`. From loose to tight: `or`, `and`, `==` and `!=`, `in` and `not`.
//! As in Nailgun `-` belongs to a path, keywords match as prefixes, and characters that mean nothing are skipped.

use std::collections::BTreeMap;

use serde_json::Value;

/// What paths of an expression lead into: model name to document.
pub type Models = BTreeMap<String, Value>;

/// An expression that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: Term,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It is not an expression.
    #[error("Syntax error in expression `{expression}`: {reason}")]
    Syntax {
        /// The text.
        expression: String,
        /// What is wrong.
        reason: String,
    },
    /// A path begins with a model that there is not.
    #[error("'{0}'")]
    UnknownModel(String),
    /// A path leads nowhere, and the expression is strict.
    #[error("Value of {0} is undefined. Set options.strict to false to allow undefined values.")]
    Undefined(String),
    /// The right side of `in` holds nothing.
    #[error("the right side of `in` is {0}, which holds nothing")]
    NotAContainer(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    Constant(Value),
    Path { model: String, path: String },
    Not(Box<Term>),
    Binary(Operator, Box<Term>, Box<Term>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    In,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ExpressionError::Syntax`] where it is none.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser {
            tokens: tokens(text),
            position: 0,
            text,
        };
        let root = parser.binary(0)?;
        match parser.peek() {
            None => Ok(Self { root }),
            Some(token) => Err(parser.error(&format!("{token:?} is one too many"))),
        }
    }

    /// Its value. A path that leads nowhere is an error when `strict`, else null.
    ///
    /// # Errors
    /// [`ExpressionError`] for a model or, when `strict`, a path that there is not.
    pub fn evaluate(&self, models: &Models, strict: bool) -> Result<Value, ExpressionError> {
        self.root.value(models, strict)
    }

    /// Whether its value is true as Python sees it.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn holds(&self, models: &Models, strict: bool) -> Result<bool, ExpressionError> {
        Ok(is_true(&self.evaluate(models, strict)?))
    }
}

/// Truth as Python sees it: null, false, zero and empty things are false.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

impl Term {
    fn value(&self, models: &Models, strict: bool) -> Result<Value, ExpressionError> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Path { model, path } => look_up(models, model, path, strict),
            Self::Not(term) => Ok(Value::Bool(!is_true(&term.value(models, strict)?))),
            Self::Binary(operator, left, right) => {
                let value = left.value(models, strict)?;
                match operator {
                    Operator::Or if is_true(&value) => Ok(value),
                    Operator::And if !is_true(&value) => Ok(value),
                    Operator::Or | Operator::And => right.value(models, strict),
                    Operator::Equal => Ok(Value::Bool(equal(&value, &right.value(models, strict)?))),
                    Operator::NotEqual => Ok(Value::Bool(!equal(&value, &right.value(models, strict)?))),
                    Operator::In => contains(&right.value(models, strict)?, &value).map(Value::Bool),
                }
            }
        }
    }
}

fn look_up(models: &Models, model: &str, path: &str, strict: bool) -> Result<Value, ExpressionError> {
    let mut value = models
        .get(model)
        .ok_or_else(|| ExpressionError::UnknownModel(model.to_owned()))?;
    for key in path.split('.').filter(|_| !path.is_empty()) {
        match value.get(key) {
            Some(next) => value = next,
            None if strict => return Err(ExpressionError::Undefined(format!("{model}:{path}"))),
            None => return Ok(Value::Null),
        }
    }
    Ok(value.clone())
}

/// Equality as Python sees it: `True == 1`, `1 == 1.0`.
fn equal(left: &Value, right: &Value) -> bool {
    match (as_number(left), as_number(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn contains(container: &Value, item: &Value) -> Result<bool, ExpressionError> {
    match (container, item) {
        (Value::Array(items), item) => Ok(items.iter().any(|candidate| equal(candidate, item))),
        (Value::Object(members), Value::String(key)) => Ok(members.contains_key(key)),
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        (other, _) => Err(ExpressionError::NotAContainer(other.to_string())),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Operator(Operator),
    Not,
    Open,
    Close,
    Constant(Value),
    Path { model: String, path: String },
}

/// Makes a token; a [`Value`] cannot be in a constant.
type MakeToken = fn() -> Token;

fn tokens(text: &str) -> Vec<Token> {
    const WORDS: &[(&str, MakeToken)] = &[
        ("==", || Token::Operator(Operator::Equal)),
        ("!=", || Token::Operator(Operator::NotEqual)),
        ("(", || Token::Open),
        (")", || Token::Close),
        ("and", || Token::Operator(Operator::And)),
        ("or", || Token::Operator(Operator::Or)),
        ("not", || Token::Not),
        ("in", || Token::Operator(Operator::In)),
        ("true", || Token::Constant(Value::Bool(true))),
        ("false", || Token::Constant(Value::Bool(false))),
        ("null", || Token::Constant(Value::Null)),
    ];
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((token, length)) = path(rest).or_else(|| number(rest)).or_else(|| string(rest)) {
            tokens.push(token);
            rest = &rest[length..];
        } else if let Some((word, token)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
            tokens.push(token());
            rest = &rest[word.len()..];
        } else {
            // Nailgun's lexer skips what it does not know.
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn path(text: &str) -> Option<(Token, usize)> {
    let model_length = text
        .find(|character| !is_word(character))
        .filter(|length| *length > 0)?;
    let rest = text[model_length..].strip_prefix(':')?;
    let path_length = rest
        .find(|character| !(is_word(character) || character == '.' || character == '-'))
        .unwrap_or(rest.len());
    let token = Token::Path {
        model: text[..model_length].to_owned(),
        path: rest[..path_length].to_owned(),
    };
    Some((token, model_length + 1 + path_length))
}

fn number(text: &str) -> Option<(Token, usize)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let count = digits
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(digits.len());
    let length = text.len() - digits.len() + count;
    let value: i64 = text[..length].parse().ok()?;
    Some((Token::Constant(Value::from(value)), length))
}

fn string(text: &str) -> Option<(Token, usize)> {
    let quote = text
        .chars()
        .next()
        .filter(|character| matches!(character, '\'' | '"'))?;
    let end = text[1..].find(quote)?;
    Some((Token::Constant(Value::from(&text[1..=end])), end + 2))
}

struct Parser<'a> {
    tokens: Vec<Token>,
    position: usize,
    text: &'a str,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.position).cloned();
        self.position += 1;
        token
    }

    fn error(&self, reason: &str) -> ExpressionError {
        ExpressionError::Syntax {
            expression: self.text.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn binary(&mut self, minimum: u8) -> Result<Term, ExpressionError> {
        let mut left = self.unary()?;
        while let Some(Token::Operator(operator)) = self.peek() {
            let operator = *operator;
            let strength = strength(operator);
            if strength < minimum {
                break;
            }
            self.position += 1;
            let right = self.binary(strength + 1)?;
            left = Term::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Term, ExpressionError> {
        match self.next() {
            // `not` binds as tightly as `in` and to the left: `not a in b` is `(not a) in b`.
            Some(Token::Not) => Ok(Term::Not(Box::new(self.unary()?))),
            Some(Token::Constant(value)) => Ok(Term::Constant(value)),
            Some(Token::Path { model, path }) => Ok(Term::Path { model, path }),
            Some(Token::Open) => {
                let inner = self.binary(0)?;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err(self.error("a `)` is missing")),
                }
            }
            Some(token) => Err(self.error(&format!("{token:?} where a value should be"))),
            None => Err(self.error("it ends where a value should be")),
        }
    }
}

fn strength(operator: Operator) -> u8 {
    match operator {
        Operator::Or => 0,
        Operator::And => 1,
        Operator::Equal | Operator::NotEqual => 2,
        Operator::In => 3,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn models() -> Models {
        Models::from([
            (
                "settings".to_owned(),
                json!({"common": {"debug": {"value": true}}, "trove-1": {"size": {"value": 3}}}),
            ),
            ("cluster".to_owned(), json!({"mode": "ha_compact"})),
            ("version".to_owned(), json!({"feature_groups": ["experimental"]})),
        ])
    }

    #[rstest]
    #[case("settings:common.debug.value == true", json!(true))]
    #[case("settings:common.debug.value != true", json!(false))]
    #[case("cluster:mode == 'ha_compact' and settings:trove-1.size.value == 3", json!(true))]
    #[case("cluster:mode == \"multinode\" or 'experimental' in version:feature_groups", json!(true))]
    #[case("not ('advanced' in version:feature_groups)", json!(true))]
    #[case("false or false and true or 7", json!(7))]
    #[case("true == 1", json!(true))]
    #[case("null or 'x'", json!("x"))]
    #[case("not false == true", json!(true))]
    #[case("'a' in 'cat'", json!(true))]
    #[case("§ true §", json!(true))]
    fn an_expression_has_the_value_python_gives_it(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(
            Expression::parse(text).unwrap().evaluate(&models(), true).unwrap(),
            expected
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_is_an_error_only_when_strict() {
        let expression = Expression::parse("settings:trove.on.value == true").unwrap();
        assert_eq!(
            expression.evaluate(&models(), true).unwrap_err().to_string(),
            "Value of settings:trove.on.value is undefined. Set options.strict to false to allow undefined values."
        );
        assert!(!expression.holds(&models(), false).unwrap());
        let unknown = Expression::parse("nothing:a").unwrap();
        assert_eq!(
            unknown.evaluate(&models(), false).unwrap_err(),
            ExpressionError::UnknownModel("nothing".to_owned())
        );
    }

    #[test]
    fn a_minus_after_a_path_belongs_to_the_path() {
        let expression = Expression::parse("settings:trove-1.size.value-1").unwrap();
        assert_eq!(expression.evaluate(&models(), false).unwrap(), Value::Null);
    }

    #[rstest]
    #[case("")]
    #[case("true ==")]
    #[case("(true")]
    #[case("true true")]
    fn a_text_that_is_no_expression_is_refused(#[case] text: &str) {
        assert!(matches!(Expression::parse(text), Err(ExpressionError::Syntax { .. })));
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,40}") {
            if let Ok(expression) = Expression::parse(&text) {
                let _ = expression.evaluate(&models(), false);
            }
        }
    }
}
