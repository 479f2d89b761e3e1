//! The characters of a file, as PyYAML's reader hands them out.

use std::cell::Cell;

use super::problem::Problem;

/// PyYAML reads so many bytes at a time, and looks at them only then: what is wrong further down the file is not said
/// when something above is wrong already.
const CHUNK: usize = 1024;

/// A place in the text; lines and columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    /// The number of characters before it.
    pub(super) index: usize,
    /// The number of lines before it.
    pub(super) line: usize,
    /// The number of characters before it in its line; byte order marks do not count.
    pub(super) column: usize,
}

/// The text with a position in it. It ends with `\0`, as PyYAML's buffer does; no other character of it is `\0`.
pub(super) struct Characters {
    text: Vec<char>,
    mark: Mark,
    /// What is wrong with the bytes after the text.
    failure: Option<Problem>,
    /// Whether somebody asked for what comes after the text, although the bytes there are wrong.
    starved: Cell<bool>,
}

impl Characters {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let (text, failure) = match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().all(is_printable) => (text.chars().chain(['\0']).collect(), None),
            _ => decode_in_chunks(bytes),
        };
        Self {
            text,
            mark: Mark::default(),
            failure,
            starved: Cell::new(false),
        }
    }

    /// The problem of the bytes, once something needed them.
    pub(super) fn failure(&mut self) -> Option<Problem> {
        if self.starved.get() { self.failure.take() } else { None }
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    pub(super) fn column(&self) -> usize {
        self.mark.column
    }

    /// The character at the position.
    pub(super) fn peek(&self) -> char {
        self.peek_at(0)
    }

    /// The character that stands so many characters after the position.
    pub(super) fn peek_at(&self, offset: usize) -> char {
        match self.text.get(self.mark.index + offset) {
            Some(character) => *character,
            None => {
                self.starved.set(true);
                '\0'
            }
        }
    }

    /// The next characters.
    pub(super) fn prefix(&self, length: usize) -> &[char] {
        let rest = self.text.get(self.mark.index..).unwrap_or_default();
        match rest.get(..length) {
            Some(prefix) => prefix,
            None => {
                self.starved.set(true);
                rest
            }
        }
    }

    /// How many of the next characters fulfil a condition, which `\0` must not.
    pub(super) fn count(&self, condition: impl Fn(char) -> bool) -> usize {
        let mut length = 0;
        while condition(self.peek_at(length)) {
            length += 1;
        }
        length
    }

    /// Moves on over so many characters.
    pub(super) fn forward(&mut self, length: usize) {
        for _ in 0..length {
            let Some(&character) = self.text.get(self.mark.index) else {
                break;
            };
            self.mark.index += 1;
            match character {
                '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.next_line(),
                '\r' if self.peek() != '\n' => self.next_line(),
                '\u{feff}' => {}
                _ => self.mark.column += 1,
            }
        }
        if self.mark.index >= self.text.len() {
            self.starved.set(true);
        }
    }

    /// Takes so many characters into `into` and moves on.
    pub(super) fn take(&mut self, length: usize, into: &mut String) {
        into.extend(self.prefix(length));
        self.forward(length);
    }

    /// Moves on over the characters that fulfil a condition.
    pub(super) fn skip(&mut self, condition: impl Fn(char) -> bool) {
        while condition(self.peek()) {
            self.forward(1);
        }
    }

    /// Takes a line break: `\n` for all of them but the two of Unicode, which stay what they are.
    pub(super) fn line_break(&mut self) -> Option<char> {
        match self.peek() {
            '\r' if self.peek_at(1) == '\n' => {
                self.forward(2);
                Some('\n')
            }
            '\r' | '\n' | '\u{85}' => {
                self.forward(1);
                Some('\n')
            }
            separator @ ('\u{2028}' | '\u{2029}') => {
                self.forward(1);
                Some(separator)
            }
            _ => None,
        }
    }

    /// Whether `---` or `...` with nothing behind it stands here.
    pub(super) fn at_document_separator(&self) -> bool {
        matches!(self.prefix(3), ['-', '-', '-'] | ['.', '.', '.']) && is_blank_or_break_or_end(self.peek_at(3))
    }

    fn next_line(&mut self) {
        self.mark.line += 1;
        self.mark.column = 0;
    }
}

/// A line break of YAML 1.1.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The lines of a text, as YAML 1.1 counts them: other signs than `\n` break lines too.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(is_break).unwrap_or(rest.len());
        let (line, behind) = rest.split_at(end);
        let mut behind_break = behind.chars();
        behind_break.next();
        rest = match behind.strip_prefix("\r\n") {
            Some(behind) => behind,
            None => behind_break.as_str(),
        };
        Some(line)
    })
}

/// A line break or the end of the text.
pub(super) fn is_break_or_end(character: char) -> bool {
    character == '\0' || is_break(character)
}

/// A space, a line break, or the end of the text.
pub(super) fn is_space_or_break_or_end(character: char) -> bool {
    character == ' ' || is_break_or_end(character)
}

/// A space, a tab, a line break, or the end of the text.
pub(super) fn is_blank_or_break_or_end(character: char) -> bool {
    character == '\t' || is_space_or_break_or_end(character)
}

/// What names of anchors, directives and tag handles consist of.
pub(super) fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

/// YAML 1.1 without what PyYAML 3.10 does not know: characters beyond U+FFFF.
fn is_printable(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
}

/// The text up to the chunk that cannot be read, and why not.
fn decode_in_chunks(bytes: &[u8]) -> (Vec<char>, Option<Problem>) {
    let decode = match bytes {
        [0xff, 0xfe, ..] => |bytes: &[u8], last| decode_utf16(bytes, last, u16::from_le_bytes),
        [0xfe, 0xff, ..] => |bytes: &[u8], last| decode_utf16(bytes, last, u16::from_be_bytes),
        _ => decode_utf8,
    };
    let (mut text, mut decoded, mut read) = (Vec::new(), 0, CHUNK.min(bytes.len()));
    loop {
        let next = (read + CHUNK).min(bytes.len());
        let last = next == read;
        read = next;
        match decode(bytes.get(decoded..read).unwrap_or_default(), last) {
            Err(wrong) => return (text, Some(wrong.problem(bytes, decoded))),
            Ok((part, used)) => {
                if let Some(offset) = part.iter().position(|character| !is_printable(*character)) {
                    let character = part.get(offset).copied().unwrap_or_default();
                    let position = text.len() + offset;
                    let mark = mark_behind(text.iter().chain(part.iter().take(offset)));
                    return (text, Some(Problem::character(character, position, mark)));
                }
                text.extend(part);
                decoded += used;
            }
        }
        if last {
            text.push('\0');
            return (text, None);
        }
    }
}

/// Bytes that are no text: where in the given bytes, and Python's words for it.
struct Undecodable {
    codec: &'static str,
    offset: usize,
    reason: &'static str,
}

impl Undecodable {
    fn problem(&self, bytes: &[u8], decoded: usize) -> Problem {
        let position = decoded + self.offset;
        let byte = bytes.get(position).copied().unwrap_or_default();
        let line = bytes.iter().take(position).filter(|byte| **byte == b'\n').count();
        let column = bytes
            .iter()
            .take(position)
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count();
        let mark = Mark {
            index: position,
            line,
            column,
        };
        Problem::encoding(self.codec, byte, self.reason, position, mark)
    }
}

fn mark_behind<'a>(text: impl Iterator<Item = &'a char>) -> Mark {
    let mut characters = Characters {
        text: text.copied().collect(),
        mark: Mark::default(),
        failure: None,
        starved: Cell::new(false),
    };
    characters.forward(characters.text.len());
    characters.mark
}

fn decode_utf8(bytes: &[u8], last: bool) -> Result<(Vec<char>, usize), Undecodable> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((text.chars().collect(), bytes.len())),
        Err(error) => {
            let offset = error.valid_up_to();
            let length = match bytes.get(offset) {
                Some(0xc2..=0xdf) => 2,
                Some(0xe0..=0xef) => 3,
                Some(0xf0..=0xf4) => 4,
                _ => 0,
            };
            // Python counts the bytes that a character should have before it looks at them.
            let cut = offset + length > bytes.len();
            if cut && !last {
                let good = bytes.get(..offset).unwrap_or_default();
                return Ok((String::from_utf8_lossy(good).chars().collect(), offset));
            }
            let reason = match length {
                0 => "invalid start byte",
                _ if cut => "unexpected end of data",
                _ => "invalid continuation byte",
            };
            Err(Undecodable {
                codec: "utf8",
                offset,
                reason,
            })
        }
    }
}

fn decode_utf16(bytes: &[u8], last: bool, unit: fn([u8; 2]) -> u16) -> Result<(Vec<char>, usize), Undecodable> {
    let wrong = |offset, reason| Undecodable {
        codec: "utf16",
        offset,
        reason,
    };
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .filter_map(|pair| Some(unit(pair.try_into().ok()?)))
        .collect();
    let (mut text, mut used) = (Vec::with_capacity(units.len()), 0);
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(character) => {
                text.push(character);
                used += 2 * character.len_utf16();
            }
            // The other half of the pair may be in the next chunk.
            Err(half) if used + 2 == 2 * units.len() && half.unpaired_surrogate() < 0xdc00 => {
                if last {
                    return Err(wrong(used, "unexpected end of data"));
                }
                return Ok((text, used));
            }
            Err(half) if half.unpaired_surrogate() < 0xdc00 => return Err(wrong(used, "illegal UTF-16 surrogate")),
            Err(_) => return Err(wrong(used, "illegal encoding")),
        }
    }
    if last && used < bytes.len() {
        return Err(wrong(used, "truncated data"));
    }
    Ok((text, used))
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn every_line_break_of_yaml_ends_a_line() {
        let text = "\u{feff}a\nb\r\nc\rd\u{85}e\u{2028}\n\nf";
        let expected = ["a", "b", "c", "d", "e", "", "", "f"];
        assert_eq!(lines(text).collect::<Vec<_>>(), expected);
    }
}
