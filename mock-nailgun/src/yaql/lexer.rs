//! YAQL text to tokens.

use super::error::YaqlError;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Text(String),
    Integer(i64),
    Float(f64),
    /// A name, keyword or word operator.
    Word(String),
    /// `$` or `$name`; the name is empty for `$`.
    Variable(String),
    /// Brackets, commas and operators of signs.
    Sign(&'static str),
}

/// Longer signs come first.
const SIGNS: &[&str] = &[
    "=>", "!=", ">=", "<=", "=~", "!~", "->", "?.", "(", ")", "[", "]", "{", "}", ",", ".", "=", ">", "<", "+", "-",
    "*", "/",
];

/// The tokens with their columns.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, YaqlError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut index = 0;
    while let Some(character) = characters.get(index).copied() {
        let start = index;
        let column = index + 1;
        if character.is_whitespace() {
            index += 1;
        } else if matches!(character, '\'' | '"' | '`') {
            let (content, end) = quoted(&characters, index)?;
            tokens.push((column, Token::Text(content)));
            index = end;
        } else if character.is_ascii_digit() {
            index = end_of(&characters, index, |next| next.is_ascii_digit());
            let is_fraction =
                characters.get(index) == Some(&'.') && characters.get(index + 1).is_some_and(char::is_ascii_digit);
            if is_fraction {
                index = end_of(&characters, index + 1, |next| next.is_ascii_digit());
            }
            let digits: String = characters[start..index].iter().collect();
            let token = if is_fraction {
                digits.parse().map(Token::Float).ok()
            } else {
                digits.parse().map(Token::Integer).ok()
            };
            let token = token.ok_or_else(|| YaqlError::at(column, format!("`{digits}` is too large a number")))?;
            tokens.push((column, token));
        } else if character == '$' {
            index = end_of(&characters, index + 1, is_word);
            tokens.push((column, Token::Variable(characters[start + 1..index].iter().collect())));
        } else if is_word(character) {
            index = end_of(&characters, index, is_word);
            tokens.push((column, Token::Word(characters[start..index].iter().collect())));
        } else {
            let sign = SIGNS.iter().find(|sign| {
                sign.chars()
                    .enumerate()
                    .all(|(offset, wanted)| characters.get(index + offset) == Some(&wanted))
            });
            let sign = sign.ok_or_else(|| YaqlError::at(column, format!("`{character}` means nothing in YAQL")))?;
            tokens.push((column, Token::Sign(sign)));
            index += sign.len();
        }
    }
    Ok(tokens)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn end_of(characters: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    let rest = characters[from..].iter();
    from + rest.take_while(|character| belongs(**character)).count()
}

/// The content of a quoted string and where it ends. Backquoted ones know no escapes.
fn quoted(characters: &[char], start: usize) -> Result<(String, usize), YaqlError> {
    let quote = characters[start];
    let mut content = String::new();
    let mut index = start + 1;
    while let Some(character) = characters.get(index).copied() {
        index += 1;
        if character == quote {
            return Ok((content, index));
        }
        if character != '\\' || quote == '`' {
            content.push(character);
            continue;
        }
        match characters.get(index) {
            Some('n') => content.push('\n'),
            Some('t') => content.push('\t'),
            Some(escaped @ ('\\' | '\'' | '"')) => content.push(*escaped),
            // As in Python, a backslash before anything else stays: regular expressions need no doubled ones.
            Some(other) => content.extend(['\\', *other]),
            None => break,
        }
        index += 1;
    }
    Err(YaqlError::at(
        start + 1,
        format!("the string that begins with {quote} does not end"),
    ))
}
