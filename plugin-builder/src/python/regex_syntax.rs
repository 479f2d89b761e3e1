//! Whether Python 2.7's `re` compiles a pattern, and what it says if not.
//!
//! Only the syntax is read; nothing is matched. Patterns come from plugins, where a role may be one.

mod group;

use super::repr::repr_text;

/// The message of Python's `re.error`, if the pattern does not compile.
pub(crate) fn check_regex(pattern: &str) -> Result<(), String> {
    let mut reader = Reader {
        text: pattern.chars().collect(),
        position: 0,
        groups: Vec::new(),
        depth: 0,
        is_unicode: !pattern.is_ascii(),
    };
    let result = reader.alternatives().and_then(|_| match reader.next() {
        Some(')') => fail("unbalanced parenthesis"),
        Some(_) => fail("bogus characters at end of regular expression"),
        None => Ok(()),
    });
    // Python looks one token ahead, so it stumbles over a lone backslash at the end before what stands in front of it.
    match lone_backslash(&reader.text) {
        Some(index) if reader.position >= index => fail("bogus escape (end of line)"),
        _ => result,
    }
}

/// Where a backslash stands that has nothing behind it.
fn lone_backslash(text: &[char]) -> Option<usize> {
    let count = text.iter().rev().take_while(|character| **character == '\\').count();
    (count % 2 == 1).then(|| text.len() - 1)
}

fn fail<T>(message: &str) -> Result<T, String> {
    Err(message.to_owned())
}

/// A group by its place in the list; whether it is closed, and its name.
struct Group {
    name: Option<String>,
    open: bool,
}

/// What an item of a sequence is to the repetition after it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    Single,
    Position,
    Repeat,
}

/// Widths that a piece of a pattern can match: the least and, unless unbounded, the most.
#[derive(Clone, Copy)]
struct Width {
    least: u64,
    most: u64,
}

const UNBOUNDED: u64 = u64::MAX;
const MAXIMUM_REPEAT: u64 = 4_294_967_295;
/// Python itself gives up on deeper nesting.
const MAXIMUM_DEPTH: usize = 100;

impl Width {
    const NONE: Self = Self { least: 0, most: 0 };
    const ONE: Self = Self { least: 1, most: 1 };

    fn then(self, next: Self) -> Self {
        Self {
            least: self.least.saturating_add(next.least),
            most: self.most.saturating_add(next.most),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    fn times(self, least: u64, most: u64) -> Self {
        Self {
            least: self.least.saturating_mul(least),
            most: self.most.saturating_mul(most),
        }
    }
}

struct Reader {
    text: Vec<char>,
    position: usize,
    groups: Vec<Group>,
    depth: usize,
    /// PyYAML gives text beyond ASCII as `unicode`, which messages show.
    is_unicode: bool,
}

impl Reader {
    /// A piece of the pattern as Python 2 shows it.
    fn shown(&self, piece: &str) -> String {
        let shown = repr_text(piece);
        if self.is_unicode && !shown.starts_with('u') {
            format!("u{shown}")
        } else {
            shown
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek();
        self.position += usize::from(character.is_some());
        character
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.position += usize::from(found);
        found
    }

    fn alternatives(&mut self) -> Result<Width, String> {
        self.depth += 1;
        if self.depth > MAXIMUM_DEPTH {
            return fail("maximum recursion depth exceeded");
        }
        let mut width = self.sequence()?;
        while self.take('|') {
            width = width.or(self.sequence()?);
        }
        self.depth -= 1;
        Ok(width)
    }

    fn sequence(&mut self) -> Result<Width, String> {
        let mut total = Width::NONE;
        let mut last: Option<(Item, Width)> = None;
        while let Some(character) = self.peek() {
            if matches!(character, '|' | ')') {
                break;
            }
            self.position += 1;
            let item = match character {
                '*' | '+' | '?' | '{' => {
                    let Some((least, most)) = self.repetition(character)? else {
                        total = total.then(last.map_or(Width::NONE, |(_, width)| width));
                        last = Some((Item::Single, Width::ONE));
                        continue;
                    };
                    let (item, width) = match last {
                        None | Some((Item::Position, _)) => return fail("nothing to repeat"),
                        Some(last) => last,
                    };
                    if item == Item::Repeat {
                        return fail("multiple repeat");
                    }
                    self.take('?');
                    last = Some((Item::Repeat, width.times(least, most)));
                    continue;
                }
                '^' | '$' => (Item::Position, Width::NONE),
                '.' => (Item::Single, Width::ONE),
                '[' => {
                    self.set()?;
                    (Item::Single, Width::ONE)
                }
                '(' => match self.group()? {
                    Some(item) => item,
                    None => continue,
                },
                '\\' => self.escape()?,
                _ => (Item::Single, Width::ONE),
            };
            total = total.then(last.map_or(Width::NONE, |(_, width)| width));
            last = Some(item);
        }
        Ok(total.then(last.map_or(Width::NONE, |(_, width)| width)))
    }

    /// The bounds of a repetition; nothing where `{` is only a brace.
    fn repetition(&mut self, sign: char) -> Result<Option<(u64, u64)>, String> {
        match sign {
            '*' => return Ok(Some((0, UNBOUNDED))),
            '+' => return Ok(Some((1, UNBOUNDED))),
            '?' => return Ok(Some((0, 1))),
            _ => {}
        }
        if self.peek() == Some('}') {
            return Ok(None);
        }
        let start = self.position;
        let least = self.digits();
        let most = if self.take(',') { self.digits() } else { least.clone() };
        if !self.take('}') {
            self.position = start;
            return Ok(None);
        }
        let bound = |digits: &str| digits.parse::<u64>().ok().filter(|value| *value < MAXIMUM_REPEAT);
        let too_large = || "the repetition number is too large".to_owned();
        let lower = if least.is_empty() {
            0
        } else {
            bound(&least).ok_or_else(too_large)?
        };
        let upper = if most.is_empty() {
            UNBOUNDED
        } else {
            bound(&most).ok_or_else(too_large)?
        };
        if upper < lower {
            return fail("bad repeat interval");
        }
        Ok(Some((lower, upper)))
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.position += 1;
        }
        digits
    }

    /// `[…]`, after the bracket.
    fn set(&mut self) -> Result<(), String> {
        const UNEXPECTED: &str = "unexpected end of regular expression";
        self.take('^');
        let mut first = true;
        loop {
            let Some(character) = self.next() else {
                return fail(UNEXPECTED);
            };
            if character == ']' && !first {
                return Ok(());
            }
            first = false;
            let low = self.set_member(character)?;
            if !self.take('-') {
                continue;
            }
            let Some(character) = self.next() else {
                return fail(UNEXPECTED);
            };
            if character == ']' {
                return Ok(());
            }
            let high = self.set_member(character)?;
            match (low, high) {
                (Some(low), Some(high)) if low <= high => {}
                _ => return fail("bad character range"),
            }
        }
    }

    /// A member's code; nothing for a class such as `\d`.
    fn set_member(&mut self, character: char) -> Result<Option<u32>, String> {
        if character != '\\' {
            return Ok(Some(u32::from(character)));
        }
        let Some(escaped) = self.next() else {
            return fail("bogus escape (end of line)");
        };
        match escaped {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Ok(None),
            'x' => self.hexadecimal("").map(Some),
            '0'..='7' => {
                let mut code = escaped.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|next| next.to_digit(8)) else {
                        break;
                    };
                    code = code * 8 + digit;
                    self.position += 1;
                }
                Ok(Some(code & 0xff))
            }
            '8' | '9' => Err(format!("bogus escape: {}", self.shown(&format!("\\{escaped}")))),
            _ => Ok(Some(control_character(escaped))),
        }
    }

    /// Two digits. `before` is what Python's message has in front of them, which in a set is nothing.
    fn hexadecimal(&mut self, before: &str) -> Result<u32, String> {
        let mut digits = String::new();
        while digits.len() < 2
            && let Some(digit) = self.peek().filter(char::is_ascii_hexdigit)
        {
            digits.push(digit);
            self.position += 1;
        }
        if digits.len() != 2 {
            return Err(format!("bogus escape: {}", self.shown(&format!("\\{before}{digits}"))));
        }
        Ok(u32::from_str_radix(&digits, 16).unwrap_or(0))
    }

    /// An escape outside of a set.
    fn escape(&mut self) -> Result<(Item, Width), String> {
        let Some(escaped) = self.next() else {
            return fail("bogus escape (end of line)");
        };
        match escaped {
            'A' | 'b' | 'B' | 'Z' => Ok((Item::Position, Width::NONE)),
            'x' => self.hexadecimal("x").map(|_| (Item::Single, Width::ONE)),
            '0' => {
                for _ in 0..2 {
                    if self.peek().is_some_and(|next| next.is_digit(8)) {
                        self.position += 1;
                    }
                }
                Ok((Item::Single, Width::ONE))
            }
            '1'..='9' => self.reference(escaped),
            _ => Ok((Item::Single, Width::ONE)),
        }
    }

    /// `\1` to `\99`, or an octal number of three digits.
    fn reference(&mut self, first: char) -> Result<(Item, Width), String> {
        let mut digits = String::from(first);
        if let Some(second) = self.peek().filter(char::is_ascii_digit) {
            self.position += 1;
            digits.push(second);
            let octal = first.is_digit(8) && second.is_digit(8);
            if octal && self.peek().is_some_and(|third| third.is_digit(8)) {
                self.position += 1;
                return Ok((Item::Single, Width::ONE));
            }
        }
        let number = digits.parse::<usize>().unwrap_or(0);
        match self.groups.get(number.wrapping_sub(1)) {
            Some(group) if group.open => fail("cannot refer to open group"),
            Some(_) => Ok((
                Item::Single,
                Width {
                    least: 0,
                    most: UNBOUNDED,
                },
            )),
            None => Err(format!("bogus escape: {}", self.shown(&format!("\\{digits}")))),
        }
    }
}

fn control_character(escaped: char) -> u32 {
    match escaped {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        other => u32::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::check_regex;
    use rstest::rstest;

    #[rstest]
    #[case("controller|compute")]
    #[case("^(primary-)?controller$")]
    #[case("[]a-]")]
    #[case("a{2,3}?b{,4}c{x")]
    #[case("(?P<role>a)(?P=role)\\1")]
    #[case("(?i)ceph-.*(?!osd)")]
    #[case("(?<=ab|cd)e")]
    #[case("a??")]
    fn patterns_that_python_compiles_are_accepted(#[case] pattern: &str) {
        assert_eq!(check_regex(pattern), Ok(()));
    }

    #[rstest]
    #[case("[0-9]++", "multiple repeat")]
    #[case("(", "unbalanced parenthesis")]
    #[case("a)", "unbalanced parenthesis")]
    #[case("*a", "nothing to repeat")]
    #[case("^*", "nothing to repeat")]
    #[case("[a", "unexpected end of regular expression")]
    #[case("[z-a]", "bad character range")]
    #[case("a\\", "bogus escape (end of line)")]
    #[case("(?P<a>x)(?P<a>y)", "redefinition of group name 'a' as group 2; was group 1")]
    #[case("(?<=a*)b", "look-behind requires fixed-width pattern")]
    #[case("a{3,2}", "bad repeat interval")]
    #[case("\\1", "bogus escape: '\\\\1'")]
    fn python_s_message_is_given_for_what_it_refuses(#[case] pattern: &str, #[case] message: &str) {
        assert_eq!(check_regex(pattern), Err(message.to_owned()));
    }
}
