//! Which type a plain text has by its look: PyYAML's patterns, in its order.

use super::tag::Tag;

/// The type of a plain text.
pub(super) fn implied(text: &str) -> Tag {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Tag::Null,
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE" | "on"
        | "On" | "ON" | "off" | "Off" | "OFF" => Tag::Bool,
        "<<" => Tag::Merge,
        "=" => Tag::DefaultValue,
        _ if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) => Tag::Text,
        _ if is_float(text) => Tag::Float,
        _ if is_integer(text) => Tag::Integer,
        _ if is_timestamp(text) => Tag::Timestamp,
        _ => Tag::Text,
    }
}

/// The rest of a text that is matched from left to right.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Takes a byte that fulfils the condition.
    fn one(&mut self, condition: impl Fn(u8) -> bool) -> bool {
        match self.0 {
            [first, rest @ ..] if condition(*first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn byte(&mut self, byte: u8) -> bool {
        self.one(|found| found == byte)
    }

    /// Takes all bytes that fulfil the condition and says how many.
    fn many(&mut self, condition: impl Fn(u8) -> bool) -> usize {
        let length = self.0.iter().take_while(|byte| condition(**byte)).count();
        self.0 = self.0.get(length..).unwrap_or_default();
        length
    }

    fn digits(&mut self, least: usize, most: usize) -> bool {
        let length = self
            .0
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.0 = self.0.get(length..).unwrap_or_default();
        length >= least
    }

    fn sign(&mut self) -> bool {
        self.one(|byte| matches!(byte, b'-' | b'+'))
    }

    /// `(:[0-5]?[0-9])+`
    fn sixtieths(&mut self) -> bool {
        let mut found = false;
        while self.byte(b':') {
            let tens = matches!(self.0, [b'0'..=b'5', b'0'..=b'9', ..]);
            found = self.digits(1, if tens { 2 } else { 1 });
            if !found {
                return false;
            }
        }
        found
    }

    /// `([eE][-+][0-9]+)?` and the end.
    fn exponent_and_end(mut self) -> bool {
        if self.one(|byte| matches!(byte, b'e' | b'E')) {
            return self.sign() && self.digits(1, usize::MAX) && self.is_empty();
        }
        self.is_empty()
    }
}

fn is_digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let mut rest = Rest(text.as_bytes());
    let signed = rest.sign();
    if matches!(rest.0, b".inf" | b".Inf" | b".INF") {
        return true;
    }
    if rest.byte(b'.') {
        // `._` is one, and no number then. A sign before the dot is not allowed.
        return !signed && rest.many(is_digit_or_underscore) > 0 && rest.exponent_and_end();
    }
    if !rest.one(|byte| byte.is_ascii_digit()) {
        return false;
    }
    rest.many(is_digit_or_underscore);
    let sixtieths = matches!(rest.0, [b':', ..]);
    if sixtieths && !rest.sixtieths() {
        return false;
    }
    if !rest.byte(b'.') {
        return false;
    }
    rest.many(is_digit_or_underscore);
    if sixtieths {
        rest.is_empty()
    } else {
        rest.exponent_and_end()
    }
}

fn is_integer(text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    rest.sign();
    match rest.0 {
        [b'0'] => true,
        [b'0', b'b', digits @ ..] => !digits.is_empty() && digits.iter().all(|byte| matches!(byte, b'0' | b'1' | b'_')),
        [b'0', b'x', digits @ ..] => {
            !digits.is_empty() && digits.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'_')
        }
        [b'0', digits @ ..] => digits.iter().all(|byte| matches!(byte, b'0'..=b'7' | b'_')),
        [b'1'..=b'9', ..] => {
            rest.many(is_digit_or_underscore);
            rest.is_empty() || (rest.sixtieths() && rest.is_empty())
        }
        _ => false,
    }
}

fn is_timestamp(text: &str) -> bool {
    let mut date = Rest(text.as_bytes());
    if date.digits(4, 4)
        && date.byte(b'-')
        && date.digits(2, 2)
        && date.byte(b'-')
        && date.digits(2, 2)
        && date.is_empty()
    {
        return true;
    }
    super::timestamp::Parts::read(text).is_some_and(|parts| parts.time.is_some())
}
