//! The value of a text that has a type.

use super::characters::Mark;
use super::error::YamlErrorKind;
use super::node::Yaml;
use super::number::{float, integer};
use super::problem::{Outcome, Problem};
use super::tag::Tag;
use super::timestamp::Timestamp;
use crate::python::{repr_unicode, str_error};

/// Makes a value of a type from its text.
pub(super) fn scalar(tag: &Tag, text: &str, mark: Mark) -> Outcome<Yaml> {
    // What is wrong in our words, and what Python says.
    let bad = |words: String, python: String| Problem::python(YamlErrorKind::Value(words), python, mark);
    let ascii = || match str_error(text) {
        None => Ok(text),
        Some(python) => Err(bad(format!("`{text}` is no number"), python)),
    };
    Ok(match tag {
        Tag::Null => Yaml::Null,
        Tag::Bool => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" => Yaml::Bool(true),
            "no" | "false" | "off" => Yaml::Bool(false),
            key => {
                return Err(bad(format!("`{text}` is no boolean"), repr_unicode(key)));
            }
        },
        Tag::Integer => Yaml::Integer(integer(ascii()?).map_err(|error| error.problem(text, mark))?),
        Tag::Float => Yaml::Float(float(ascii()?).map_err(|error| error.problem(text, mark))?),
        Tag::Timestamp => match Timestamp::read(text) {
            Ok(timestamp) => Yaml::Timestamp(timestamp),
            Err(python) => {
                let words = match python {
                    "'NoneType' object has no attribute 'groupdict'" => format!("`{text}` is no date"),
                    why => format!("`{text}` is no date: {why}"),
                };
                return Err(bad(words, python.to_owned()).helping("write 2016-01-31, or quote what is no date"));
            }
        },
        Tag::Binary => {
            let decoded = match str_error(text) {
                Some(error) => Err(error),
                None => base64(text).ok_or_else(|| "Incorrect padding".to_owned()),
            };
            let decoded = decoded.map_err(|why| {
                let problem = format!("failed to decode base64 data: {why}");
                Problem::syntax_at(None, problem, mark).of(YamlErrorKind::Value("no base64 text".to_owned()))
            });
            Yaml::Binary(decoded?)
        }
        _ => Yaml::String(text.to_owned()),
    })
}

/// Decodes base64 the way Python does: what is outside of the alphabet is skipped, and padding ends the data.
fn base64(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let (mut decoded, mut bits, mut count, mut quad) = (Vec::new(), 0_u32, 0_u32, 0_u32);
    for (index, byte) in bytes.iter().enumerate() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if quad == 3 || (quad == 2 && next_is_padding(bytes, index + 1)) => return Some(decoded),
            _ => continue,
        };
        quad = (quad + 1) % 4;
        bits = ((bits << 6) | u32::from(digit)) & 0x3fff;
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    (count == 0).then_some(decoded)
}

/// Whether the next byte that counts is a `=`.
fn next_is_padding(bytes: &[u8], from: usize) -> bool {
    let counts = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    bytes.iter().skip(from).find(counts) == Some(&b'=')
}
