//! Numbers as PyYAML makes them with Python's `int()` and `float()`.

use super::characters::Mark;
use super::error::YamlErrorKind;
use super::limits::MAXIMUM_DIGITS;
use super::node::Integer;
use super::problem::Problem;
use crate::python::repr_text;

/// Why a text is no number.
#[derive(Debug)]
pub(super) enum NumberError {
    /// What Python says.
    Python(String),
    /// It has more digits than [`MAXIMUM_DIGITS`].
    TooLong,
}

impl NumberError {
    pub(super) fn problem(self, text: &str, mark: Mark) -> Box<Problem> {
        match self {
            Self::Python(python) => {
                let kind = YamlErrorKind::Value(format!("`{text}` is no number"));
                Problem::python(kind, python, mark).helping("quote what is no number")
            }
            Self::TooLong => {
                let kind = YamlErrorKind::Limit {
                    what: "a number with too many digits",
                    limit: MAXIMUM_DIGITS,
                };
                Problem::ours(kind, mark)
            }
        }
    }

    fn empty() -> Self {
        Self::Python("string index out of range".to_owned())
    }
}

/// Takes off `_` and the sign.
fn prepare(written: &str) -> Result<(bool, String), NumberError> {
    let mut text = written.replace('_', "");
    let negative = match text.bytes().next() {
        None => return Err(NumberError::empty()),
        Some(sign @ (b'-' | b'+')) => {
            text.remove(0);
            sign == b'-'
        }
        Some(_) => false,
    };
    Ok((negative, text))
}

/// An integer: decimal, `0x`, `0b`, octal with a `0`, or sixtieths with `:`.
pub(super) fn integer(written: &str) -> Result<Integer, NumberError> {
    if written.len() > MAXIMUM_DIGITS {
        return Err(NumberError::TooLong);
    }
    let (negative, text) = prepare(written)?;
    let (sign, magnitude) = if let Some(digits) = text.strip_prefix("0b") {
        python_int(digits, 2)?
    } else if let Some(digits) = text.strip_prefix("0x") {
        python_int(digits, 16)?
    } else if text.is_empty() {
        return Err(NumberError::empty());
    } else if text == "0" {
        (false, Magnitude::default())
    } else if text.starts_with('0') {
        python_int(&text, 8)?
    } else if text.contains(':') {
        let mut sum = Magnitude::default();
        for part in text.split(':') {
            let (_, part) = python_int(part, 10)?;
            sum.multiply_and_add(60, 0);
            sum.add(&part);
        }
        (false, sum)
    } else {
        python_int(&text, 10)?
    };
    Ok(magnitude.signed(negative != sign))
}

/// A floating point number, or sixtieths with `:`.
pub(super) fn float(written: &str) -> Result<f64, NumberError> {
    let (negative, text) = prepare(&written.to_lowercase())?;
    let magnitude = match text.as_str() {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        text if text.contains(':') => {
            let (mut sum, mut base) = (0.0, 1.0);
            let parts: Result<Vec<f64>, _> = text.split(':').map(python_float).collect();
            // From the lowest up, as PyYAML adds them: the order decides on the last digits.
            for part in parts?.into_iter().rev() {
                sum += part * base;
                base *= 60.0;
            }
            sum
        }
        text => python_float(text)?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

fn python_float(text: &str) -> Result<f64, NumberError> {
    let trimmed = text.trim_matches(is_python_space);
    trimmed.parse().map_err(|_| {
        let text = shown(text);
        // Python says it in another way where a number begins well.
        let begins = trimmed.trim_start_matches(['-', '+']).trim_start_matches('.');
        NumberError::Python(match begins.bytes().next() {
            Some(byte) if byte.is_ascii_digit() => format!("invalid literal for float(): {text}"),
            _ => format!("could not convert string to float: {text}"),
        })
    })
}

/// What Python shows of a text that is no number; it is ASCII here.
fn shown(text: &str) -> &str {
    let text = text.trim_start_matches(is_python_space);
    text.get(..200).unwrap_or(text)
}

fn is_python_space(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// `int(text, base)` of Python 2: the sign and the digits.
fn python_int(text: &str, base: u32) -> Result<(bool, Magnitude), NumberError> {
    let bad = || {
        let shown = repr_text(shown(text));
        NumberError::Python(format!("invalid literal for int() with base {base}: {shown}"))
    };
    if text.contains('\0') {
        return Err(NumberError::Python("null byte in argument for int()".to_owned()));
    }
    let trimmed = text.trim_matches(is_python_space);
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let digits = digits.trim_start_matches(is_python_space);
    let prefixes: [&str; 2] = match base {
        2 => ["0b", "0B"],
        8 => ["0o", "0O"],
        16 => ["0x", "0X"],
        _ => ["", ""],
    };
    let digits = prefixes
        .iter()
        .find_map(|prefix| digits.strip_prefix(prefix))
        .unwrap_or(digits);
    if digits.is_empty() {
        return Err(bad());
    }
    let mut magnitude = Magnitude::default();
    for digit in digits.chars() {
        magnitude.multiply_and_add(base, digit.to_digit(base).ok_or_else(bad)?);
    }
    Ok((negative, magnitude))
}

/// A number of any size: groups of nine decimal digits, the lowest first.
#[derive(Debug, Default)]
struct Magnitude {
    groups: Vec<u32>,
}

const GROUP: u64 = 1_000_000_000;

impl Magnitude {
    fn multiply_and_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for group in &mut self.groups {
            carry += u64::from(*group) * u64::from(factor);
            *group = u32::try_from(carry % GROUP).unwrap_or_default();
            carry /= GROUP;
        }
        if carry > 0 {
            self.groups.push(u32::try_from(carry).unwrap_or_default());
        }
    }

    fn add(&mut self, other: &Self) {
        let mut carry = 0;
        for index in 0..self.groups.len().max(other.groups.len()) {
            let summand = other.groups.get(index).copied().unwrap_or_default();
            if index == self.groups.len() {
                self.groups.push(0);
            }
            if let Some(group) = self.groups.get_mut(index) {
                carry += u64::from(*group) + u64::from(summand);
                *group = u32::try_from(carry % GROUP).unwrap_or_default();
                carry /= GROUP;
            }
        }
        if carry > 0 {
            self.groups.push(u32::try_from(carry).unwrap_or_default());
        }
    }

    fn signed(&self, negative: bool) -> Integer {
        let mut digits = String::new();
        for group in self.groups.iter().rev() {
            if digits.is_empty() {
                digits = group.to_string();
            } else {
                digits.push_str(&format!("{group:09}"));
            }
        }
        if digits.is_empty() {
            return Integer::Small(0);
        }
        if negative {
            digits.insert(0, '-');
        }
        digits.parse().map_or_else(|_| Integer::Big(digits), Integer::Small)
    }
}
