//! Words of the expression language, as Nailgun's lexer takes a text apart.

use std::ops::Range;

use serde_json::Value;

use super::term::{Operator, Path, Skipped};

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Operator(Operator),
    Not,
    Open,
    Close,
    Constant(Value),
    Path(Path),
}

/// A word and the characters that it is made of, counted from 0.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) token: Token,
    pub(super) span: Range<usize>,
}

/// The words of a text, and what lay between them and is no space.
pub(super) fn words(text: &str) -> (Vec<Word>, Vec<Skipped>) {
    let (mut words, mut skipped) = (Vec::new(), Vec::<Skipped>::new());
    let (mut rest, mut position, mut skipping) = (text, 0, false);
    while let Some(first) = rest.chars().next() {
        if let Some((token, length)) = word(rest) {
            let characters = rest[..length].chars().count();
            words.push(Word {
                token,
                span: position..position + characters,
            });
            rest = &rest[length..];
            position += characters;
            skipping = false;
            continue;
        }
        // Nailgun's lexer skips what it does not know.
        if first.is_whitespace() {
            skipping = false;
        } else {
            match skipped.last_mut().filter(|_| skipping) {
                Some(last) => last.text.push(first),
                None => skipped.push(Skipped {
                    text: first.to_string(),
                    column: position + 1,
                }),
            }
            skipping = true;
        }
        rest = &rest[first.len_utf8()..];
        position += 1;
    }
    (words, skipped)
}

/// The word at the start of a text, and its length in bytes.
fn word(text: &str) -> Option<(Token, usize)> {
    path(text)
        .or_else(|| number(text))
        .or_else(|| string(text))
        .or_else(|| fixed(text))
}

/// Words that are always the same. One counts as soon as a text begins with it: `orange` is `or` and five characters
/// that mean nothing.
fn fixed(text: &str) -> Option<(Token, usize)> {
    const OPERATORS: &[(&str, Operator)] = &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("and", Operator::And),
        ("or", Operator::Or),
        ("in", Operator::In),
    ];
    if let Some((word, operator)) = OPERATORS.iter().find(|(word, _)| text.starts_with(word)) {
        return Some((Token::Operator(*operator), word.len()));
    }
    let tokens = [
        ("(", Token::Open),
        (")", Token::Close),
        ("not", Token::Not),
        ("true", Token::Constant(Value::Bool(true))),
        ("false", Token::Constant(Value::Bool(false))),
        ("null", Token::Constant(Value::Null)),
    ];
    let (word, token) = tokens.into_iter().find(|(word, _)| text.starts_with(word))?;
    Some((token, word.len()))
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn path(text: &str) -> Option<(Token, usize)> {
    let model_length = text
        .find(|character| !is_word_character(character))
        .filter(|length| *length > 0)?;
    let rest = text[model_length..].strip_prefix(':')?;
    let keys_length = rest
        .find(|character| !(is_word_character(character) || character == '.' || character == '-'))
        .unwrap_or(rest.len());
    let path = Path {
        model: text[..model_length].to_owned(),
        keys: rest[..keys_length].to_owned(),
    };
    Some((Token::Path(path), model_length + 1 + keys_length))
}

fn number(text: &str) -> Option<(Token, usize)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let count = digits
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(digits.len());
    if count == 0 {
        return None;
    }
    let length = text.len() - digits.len() + count;
    let text = &text[..length];
    // Python's integers have no end; beyond 64 bits the nearest float stands for it, and beyond those the greatest.
    let value = match text.parse::<i64>() {
        Ok(value) => Value::from(value),
        Err(_) => Value::from(text.parse::<f64>().ok()?.clamp(f64::MIN, f64::MAX)),
    };
    Some((Token::Constant(value), length))
}

fn string(text: &str) -> Option<(Token, usize)> {
    let quote = text
        .chars()
        .next()
        .filter(|character| matches!(character, '\'' | '"'))?;
    let end = text[1..].find(quote)?;
    Some((Token::Constant(Value::from(&text[1..=end])), end + 2))
}
