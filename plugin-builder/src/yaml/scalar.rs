//! What a scalar means: the implicit types and the tags of YAML 1.1, as PyYAML has them.

use std::sync::LazyLock;

use regex::Regex;

use super::error::YamlErrorKind;
use super::node::{Integer, Yaml};
use super::timestamp::{TimeOfDay, Timestamp};

/// A scalar's meaning. Two signs mean something only as a key.
#[derive(Debug, Clone)]
pub(crate) enum Resolved {
    /// An ordinary value.
    Value(Yaml),
    /// `<<`: merge what follows into the mapping.
    Merge,
    /// `=`: a plain key; as a value PyYAML has no constructor for it.
    DefaultValue,
}

impl Resolved {
    pub(crate) fn into_value(self) -> Result<Yaml, YamlErrorKind> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Merge => Err(YamlErrorKind::Tag("tag:yaml.org,2002:merge".to_owned())),
            Self::DefaultValue => Err(YamlErrorKind::Tag("tag:yaml.org,2002:value".to_owned())),
        }
    }
}

const FLOAT: &str = r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$";
const INTEGER: &str = r"^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$";
const TIMESTAMP: &str = r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(?:Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$";
/// A date without a time needs all its digits; with a time it does not.
const SHORT_DATE: &str = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$";

static FLOAT_PATTERN: LazyLock<Regex> = LazyLock::new(|| compile(FLOAT));
static INTEGER_PATTERN: LazyLock<Regex> = LazyLock::new(|| compile(INTEGER));
static TIMESTAMP_PATTERN: LazyLock<Regex> = LazyLock::new(|| compile(TIMESTAMP));
static SHORT_DATE_PATTERN: LazyLock<Regex> = LazyLock::new(|| compile(SHORT_DATE));

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and every test compiles them"
)]
fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}

/// A plain scalar without a tag.
pub(crate) fn resolve_plain(text: &str) -> Result<Resolved, YamlErrorKind> {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Yaml::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Yaml::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Yaml::Bool(false),
        "<<" => return Ok(Resolved::Merge),
        "=" => return Ok(Resolved::DefaultValue),
        _ if FLOAT_PATTERN.is_match(text) => Yaml::Float(float(text)?),
        _ if INTEGER_PATTERN.is_match(text) => Yaml::Integer(integer(text)?),
        _ if is_timestamp(text) => Yaml::Timestamp(timestamp(text)?),
        _ => Yaml::String(text.to_owned()),
    };
    Ok(Resolved::Value(value))
}

/// A scalar with a tag (`tag:yaml.org,2002:int`).
pub(crate) fn construct(tag: &str, text: &str) -> Result<Resolved, YamlErrorKind> {
    let value = match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("str") => Yaml::String(text.to_owned()),
        Some("null") => Yaml::Null,
        Some("bool") => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" => Yaml::Bool(true),
            "no" | "false" | "off" => Yaml::Bool(false),
            _ => return Err(YamlErrorKind::Value(format!("`{text}` is no boolean"))),
        },
        Some("int") => Yaml::Integer(integer(text)?),
        Some("float") => Yaml::Float(float(text)?),
        Some("timestamp") => Yaml::Timestamp(timestamp(text)?),
        Some("binary") => Yaml::Binary(base64(text).ok_or_else(|| YamlErrorKind::Value("no base64 text".to_owned()))?),
        Some("merge") => return Ok(Resolved::Merge),
        Some("value") => return Ok(Resolved::DefaultValue),
        _ => return Err(YamlErrorKind::Tag(tag.to_owned())),
    };
    Ok(Resolved::Value(value))
}

fn is_timestamp(text: &str) -> bool {
    TIMESTAMP_PATTERN.is_match(text) && (text.len() == 10 || !SHORT_DATE_PATTERN.is_match(text))
}

fn integer(written: &str) -> Result<Integer, YamlErrorKind> {
    let bad = || YamlErrorKind::Value(format!("`{written}` is no integer"));
    let text = written.replace('_', "");
    let (negative, digits) = sign(&text);
    let magnitude = if digits == "0" {
        Some(0)
    } else if let Some(digits) = digits.strip_prefix("0b") {
        i128::from_str_radix(digits, 2).ok()
    } else if let Some(digits) = digits.strip_prefix("0x") {
        i128::from_str_radix(digits, 16).ok()
    } else if digits.starts_with('0') {
        i128::from_str_radix(digits, 8).ok()
    } else if digits.contains(':') {
        digits
            .split(':')
            .try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))
    } else {
        match digits.parse::<i128>() {
            Ok(value) => Some(value),
            // More than 38 digits: nothing counts with it, but the text can be shown.
            Err(_) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Ok(Integer::Big(format!("{}{digits}", if negative { "-" } else { "" })));
            }
            Err(_) => None,
        }
    };
    let value = magnitude.ok_or_else(bad)?;
    let value = if negative { -value } else { value };
    Ok(i64::try_from(value).map_or_else(|_| Integer::Big(value.to_string()), Integer::Small))
}

fn float(written: &str) -> Result<f64, YamlErrorKind> {
    let text = written.replace('_', "").to_lowercase();
    let (negative, digits) = sign(&text);
    let magnitude = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        _ if digits.contains(':') => digits
            .split(':')
            .try_fold(0.0, |sum: f64, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))
            .ok_or_else(|| YamlErrorKind::Value(format!("`{written}` is no number")))?,
        _ => digits
            .parse()
            .map_err(|_| YamlErrorKind::Value(format!("`{written}` is no number")))?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn timestamp(text: &str) -> Result<Timestamp, YamlErrorKind> {
    let bad = |why: &str| YamlErrorKind::Value(format!("`{text}` is no date: {why}"));
    let captures = TIMESTAMP_PATTERN
        .captures(text)
        .ok_or_else(|| bad("write 2016-01-31"))?;
    let number = |group: usize| {
        captures
            .get(group)
            .and_then(|found| found.as_str().parse::<u32>().ok())
            .unwrap_or_default()
    };
    let time = captures.get(4).map(|_| TimeOfDay {
        hour: number(4),
        minute: number(5),
        second: number(6),
        microsecond: captures.get(7).map_or(0, |found| microseconds(found.as_str())),
    });
    let offset = i64::from(number(9)) * 60 + i64::from(number(10));
    let offset = if captures.get(8).is_some_and(|found| found.as_str() == "-") {
        -offset
    } else {
        offset
    };
    let year = i32::try_from(number(1)).unwrap_or_default();
    Timestamp::new((year, number(2), number(3)), time, offset).map_err(bad)
}

fn microseconds(fraction: &str) -> u32 {
    format!("{fraction:0<6}")
        .get(..6)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}

/// Decodes base64 the way Python does: whatever is outside of the alphabet is skipped.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count, mut digits) = (0_u32, 0_u32, 0_usize);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        digits += 1;
        bits = (bits << 6 | u32::from(digit)) & 0x00ff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    let padding = text.bytes().filter(|byte| *byte == b'=').count();
    ((digits + padding) % 4 == 0 || digits % 4 == 0).then_some(bytes)
}
