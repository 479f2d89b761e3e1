//! Texts that a regular expression of a setting lets through.
//!
//! proptest makes texts from a regular expression of Rust's kind, without anchors and assertions. A setting's is one of
//! Python's, which Nailgun searches for anywhere in the value. So the expression is read into pieces, what only looks
//! (anchors, `(?=…)`, `\b`) is left out, and the pieces are written down for proptest. Whether a text that was made so is
//! let through is asked of Python's own search; one that is not is thrown away.

use std::fmt::Write as _;

use plugin_builder::RegexSearch;
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::string::string_regex;

use super::values::{Maker, written_characters};

/// How many times more than it must a repetition without an end is repeated: one by itself, one within another, and any
/// deeper one, so that texts do not grow with every level.
const MORE: [u32; 3] = [8, 3, 1];
/// How many times more one by itself is in a text that is to be long.
const MUCH_MORE: u32 = 32;
/// How many times a bounded one is at most.
const MOST: u32 = 255;
/// How many characters a drawn text has at most.
const LONGEST: usize = 1000;
/// How many texts are made until one is let through.
const TRIES: usize = 300;
/// How deep groups may lie in one another.
const DEPTH: usize = 50;

/// What texts of an expression are made of.
#[derive(Debug, Clone)]
enum Piece {
    /// One of these characters.
    Set(Vec<(char, char)>),
    Sequence(Vec<Piece>),
    Either(Vec<Piece>),
    Repeat(Box<Piece>, u32, Option<u32>),
}

/// How long the texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Shortest,
    Any,
    Longest,
}

/// Texts that a regular expression lets through.
#[derive(Debug)]
pub(super) struct Pattern {
    search: RegexSearch,
    shortest: BoxedStrategy<String>,
    longest: BoxedStrategy<String>,
    any: BoxedStrategy<String>,
    /// With something before or after it, where nothing ties it to the begin or the end.
    padded: Option<BoxedStrategy<String>>,
}

impl Pattern {
    /// Reads an expression; `None` where it is more than can be made texts of.
    pub(super) fn new(source: &str) -> Option<Self> {
        let search = RegexSearch::new(source).ok()?;
        let mut reader = Reader {
            text: source.chars().collect(),
            position: 0,
            groups: Vec::new(),
            names: Vec::new(),
            depth: 0,
            tied: (false, false),
        };
        let piece = reader.alternatives()?;
        let made = |length| {
            let mut text = String::new();
            write_down(&piece, length, 0, &mut text);
            string_regex(&text).ok().map(|strategy| strategy.boxed())
        };
        let any = made(Length::Any)?;
        let free = || string_regex(&format!("{}{{0,6}}", class(&written()))).ok();
        let padded = match reader.tied {
            (true, true) => None,
            (begin, end) => Some(
                (free()?, any.clone(), free()?)
                    .prop_map(move |(before, text, after)| {
                        let before = if begin { "" } else { &before };
                        let after = if end { "" } else { &after };
                        format!("{before}{text}{after}")
                    })
                    .boxed(),
            ),
        };
        Some(Self {
            search,
            shortest: made(Length::Shortest)?,
            longest: made(Length::Longest)?,
            any,
            padded,
        })
    }

    /// Whether Nailgun lets a text through. It does not ask for the empty one, but its web page does.
    pub(super) fn lets_through(&self, text: &str) -> bool {
        self.search.finds(text) == Some(true)
    }

    /// The short and the long ones, and one with more around it than was meant, perhaps.
    pub(super) fn notable(&self, maker: &mut Maker) -> Vec<String> {
        let strategies = [Some(&self.shortest), Some(&self.longest), self.padded.as_ref()];
        let mut texts: Vec<String> = strategies
            .into_iter()
            .flatten()
            .filter_map(|strategy| self.one(strategy, maker))
            .collect();
        if self.lets_through("") {
            texts.push(String::new());
        }
        texts
    }

    /// Some text.
    pub(super) fn draw(&self, maker: &mut Maker) -> Option<String> {
        let strategy = match &self.padded {
            Some(padded) if maker.draw.below(2) == 0 => padded,
            _ => &self.any,
        };
        self.one(strategy, maker).or_else(|| self.one(&self.any, maker))
    }

    fn one(&self, strategy: &BoxedStrategy<String>, maker: &mut Maker) -> Option<String> {
        (0..TRIES)
            .filter_map(|_| maker.make(strategy))
            .find(|text| text.chars().count() <= LONGEST && self.lets_through(text))
    }
}

/// Every character that texts are written with.
fn written() -> Vec<(char, char)> {
    within(&|_| true)
}

/// The characters of that kind among those that texts are written with, as ranges.
fn within(is_member: &dyn Fn(char) -> bool) -> Vec<(char, char)> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    for member in written_characters().filter(|character| is_member(*character)) {
        match ranges.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(member) => *last = member,
            _ => ranges.push((member, member)),
        }
    }
    ranges
}

/// Braces only where an expression asks for them: Nailgun reads them as places to fill in.
fn without_braces(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut left = ranges.to_vec();
    for brace in ['{', '}'] {
        let (before, after) = (u32::from(brace) - 1, u32::from(brace) + 1);
        left = left
            .iter()
            .flat_map(|&(low, high)| {
                if !(low..=high).contains(&brace) {
                    return vec![(low, high)];
                }
                let ends = [(u32::from(low), before), (after, u32::from(high))];
                let ends = ends.into_iter().filter(|(low, high)| low <= high);
                ends.filter_map(|(low, high)| Some((char::from_u32(low)?, char::from_u32(high)?)))
                    .collect()
            })
            .collect();
    }
    left
}

fn class(ranges: &[(char, char)]) -> String {
    let mut text = String::from("[");
    for (low, high) in ranges {
        let _ = write!(text, "\\x{{{:x}}}-\\x{{{:x}}}", u32::from(*low), u32::from(*high));
    }
    text.push(']');
    text
}

fn write_down(piece: &Piece, length: Length, depth: usize, text: &mut String) {
    match piece {
        Piece::Set(ranges) => text.push_str(&class(ranges)),
        Piece::Sequence(pieces) => pieces.iter().for_each(|piece| write_down(piece, length, depth, text)),
        Piece::Either(pieces) => {
            text.push_str("(?:");
            for (index, piece) in pieces.iter().enumerate() {
                if index > 0 {
                    text.push('|');
                }
                write_down(piece, length, depth, text);
            }
            text.push(')');
        }
        Piece::Repeat(piece, least, most) => {
            let bound = match most {
                Some(most) => (*most).min(MOST.max(*least)),
                None if length == Length::Longest && depth == 0 => least.saturating_add(MUCH_MORE),
                None => least.saturating_add(MORE[depth.min(MORE.len() - 1)]),
            };
            let (least, most) = match length {
                Length::Shortest => (*least, *least),
                Length::Any => (*least, bound),
                Length::Longest => (bound, bound),
            };
            text.push_str("(?:");
            write_down(piece, length, depth + 1, text);
            let _ = write!(text, "){{{least},{most}}}");
        }
    }
}

/// Reads an expression that Python compiles.
struct Reader {
    text: Vec<char>,
    position: usize,
    /// What each numbered group is made of, once it is closed.
    groups: Vec<Option<Piece>>,
    names: Vec<(String, usize)>,
    depth: usize,
    /// Whether something ties it to the begin or the end of the text.
    tied: (bool, bool),
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek();
        self.position += usize::from(character.is_some());
        character
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.text[self.position..]
            .iter()
            .copied()
            .take(wanted.chars().count())
            .eq(wanted.chars());
        if found {
            self.position += wanted.chars().count();
        }
        found
    }

    fn alternatives(&mut self) -> Option<Piece> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut pieces = vec![self.sequence()?];
        while self.take("|") {
            pieces.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(Piece::Either(pieces))
    }

    fn sequence(&mut self) -> Option<Piece> {
        let mut pieces = Vec::new();
        while let Some(character) = self.peek() {
            if matches!(character, '|' | ')') {
                break;
            }
            self.position += 1;
            let piece = match character {
                '^' => {
                    self.tied.0 = true;
                    continue;
                }
                '$' => {
                    self.tied.1 = true;
                    continue;
                }
                '.' => Piece::Set(written()),
                '[' => Piece::Set(self.set()?),
                '(' => match self.group()? {
                    Some(piece) => piece,
                    None => continue,
                },
                '\\' => match self.escape()? {
                    Some(piece) => piece,
                    None => continue,
                },
                plain => Piece::Set(vec![(plain, plain)]),
            };
            pieces.push(self.repeated(piece));
        }
        Some(Piece::Sequence(pieces))
    }

    /// With the repetition that stands behind it; a `{` that is none is a character.
    fn repeated(&mut self, piece: Piece) -> Piece {
        let start = self.position;
        let (least, most) = match self.next() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') if self.peek() != Some('}') => {
                let least = self.digits();
                let most = if self.take(",") { self.digits() } else { least.clone() };
                if !self.take("}") {
                    self.position = start;
                    return piece;
                }
                (least.parse().unwrap_or(0), most.parse().ok())
            }
            _ => {
                self.position = start;
                return piece;
            }
        };
        self.take("?");
        Piece::Repeat(Box::new(piece), least, most)
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.position += 1;
        }
        digits
    }

    /// After `(`. Nothing for what only looks, or is a remark.
    fn group(&mut self) -> Option<Option<Piece>> {
        if self.take("?:") {
            return self.inside().map(Some);
        }
        if ["?=", "?!", "?<=", "?<!"].iter().any(|kind| self.take(kind)) {
            // What ties there ties nothing here.
            let tied = self.tied;
            self.inside()?;
            self.tied = tied;
            return Some(None);
        }
        if self.take("?#") {
            while self.next()? != ')' {}
            return Some(None);
        }
        if self.take("?P=") {
            let name = self.until(')')?;
            let number = self.names.iter().find(|(known, _)| *known == name)?.1;
            return self.groups.get(number)?.clone().map(Some);
        }
        let name = if self.take("?P<") { Some(self.until('>')?) } else { None };
        if name.is_none() && self.take("?") {
            // Flags; `(?(1)a|b)` is more than is made texts of.
            let flags = self.until(')')?;
            return flags.chars().all(char::is_alphabetic).then_some(None);
        }
        let number = self.groups.len();
        self.groups.push(None);
        self.names.extend(name.map(|name| (name, number)));
        let piece = self.inside()?;
        self.groups[number] = Some(piece.clone());
        Some(Some(piece))
    }

    fn inside(&mut self) -> Option<Piece> {
        let piece = self.alternatives()?;
        self.take(")").then_some(piece)
    }

    fn until(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.next()? {
                character if character == end => return Some(text),
                character => text.push(character),
            }
        }
    }

    /// After a backslash outside of a set.
    fn escape(&mut self) -> Option<Option<Piece>> {
        let letter = self.next()?;
        match letter {
            'A' => self.tied.0 = true,
            'Z' => self.tied.1 = true,
            'b' | 'B' => {}
            '1'..='9' => {
                let mut digits = String::from(letter);
                if let Some(second) = self.peek().filter(char::is_ascii_digit) {
                    self.position += 1;
                    digits.push(second);
                }
                let number: usize = digits.parse().ok()?;
                return self.groups.get(number.checked_sub(1)?)?.clone().map(Some);
            }
            letter => return self.member(letter).map(|ranges| Some(Piece::Set(ranges))),
        }
        Some(None)
    }

    /// What an escape stands for, in a set or outside.
    fn member(&mut self, letter: char) -> Option<Vec<(char, char)>> {
        let one = |character| Some(vec![(character, character)]);
        let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        match letter {
            'd' => Some(vec![('0', '9')]),
            'D' => Some(within(&|character| !character.is_ascii_digit())),
            // No line of a web page holds a line feed.
            's' => one(' '),
            'S' => Some(within(&|character| !character.is_whitespace())),
            'w' => Some(vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
            'W' => Some(within(&|character| !is_word(character))),
            'a' => one('\u{7}'),
            'b' => one('\u{8}'),
            'f' => one('\u{c}'),
            'n' => one('\n'),
            'r' => one('\r'),
            't' => one('\t'),
            'v' => one('\u{b}'),
            'x' => {
                let digits: String = [self.next()?, self.next()?].iter().collect();
                one(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?)
            }
            '0'..='7' => {
                let mut code = letter.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|next| next.to_digit(8)) else {
                        break;
                    };
                    code = code * 8 + digit;
                    self.position += 1;
                }
                one(char::from_u32(code & 0xff)?)
            }
            other => one(other),
        }
    }

    /// After `[`.
    fn set(&mut self) -> Option<Vec<(char, char)>> {
        let negated = self.take("^");
        let mut ranges = Vec::new();
        let mut is_first = true;
        loop {
            let character = self.next()?;
            if character == ']' && !is_first {
                break;
            }
            is_first = false;
            let low = self.set_member(character)?;
            let from = match low.as_slice() {
                [(low, high)] if low == high => Some(*low),
                _ => None,
            };
            let is_range =
                self.peek() == Some('-') && self.text.get(self.position + 1).is_some_and(|next| *next != ']');
            match from {
                Some(from) if is_range => {
                    self.position += 1;
                    let next = self.next()?;
                    let to = self.set_member(next)?.first()?.0;
                    ranges.push((from, to));
                }
                _ => ranges.extend(low),
            }
        }
        if !negated {
            let plain = without_braces(&ranges);
            return (!ranges.is_empty()).then_some(if plain.is_empty() { ranges } else { plain });
        }
        let others = within(&|character| !ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)));
        (!others.is_empty()).then_some(others)
    }

    fn set_member(&mut self, character: char) -> Option<Vec<(char, char)>> {
        if character != '\\' {
            return Some(vec![(character, character)]);
        }
        let letter = self.next()?;
        self.member(letter)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    fn drawn(source: &str) -> BTreeSet<String> {
        let pattern = Pattern::new(source).unwrap();
        let mut maker = Maker::new(5);
        let mut texts: BTreeSet<String> = pattern.notable(&mut maker).into_iter().collect();
        texts.extend((0..40).filter_map(|_| pattern.draw(&mut maker)));
        texts
    }

    /// Those that stand in plugins most often, and the hard ones.
    #[rstest]
    #[case(r"\S")]
    #[case(r"^[\S]{4,}$")]
    #[case(r"^((?:\d|1?\d\d|2[0-4]\d|25[0-5])(?:\.(?:\d|1?\d\d|2[0-4]\d|25[0-5])){3})|(?:^)$")]
    #[case(r"^[a-zA-Z\d][a-zA-Z\d_\-.]+$")]
    #[case(r"^(\w+){1}((,){1}(?=\w+))*")]
    #[case(r"[a-z0-9!#$%&*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?)+")]
    #[case(r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,15}$")]
    #[case(r"^(?!services$)(?!nova$)(?!-)\S+(?<!-)$")]
    #[case(r"^(/[a-zA-Z0-9:-_]+)+(,(/[a-zA-Z0-9:-_]+)+)*$")]
    #[case(r"^((?!root$)\S)")]
    #[case(r"^(a|b)-\1$")]
    #[case(r"(?P<name>[x-z]+)=(?P=name)")]
    #[case(r"(?i)\Aabc{1}\Z")]
    #[case(r"^[^,]*(,[^,]*){,3}$")]
    #[case(r"^[]a-]+x{$")]
    #[case(r"^\x41[\x42-\x44]\.$")]
    fn what_is_drawn_is_found_by_python_s_search(#[case] source: &str) {
        let search = RegexSearch::new(source).unwrap();
        let texts = drawn(source);
        assert!(
            texts.len() > 1 || source.contains("abc") || source.contains('{'),
            "{texts:?}"
        );
        for text in texts {
            assert_eq!(search.finds(&text), Some(true), "{text:?}");
        }
    }

    #[test]
    fn lengths_reach_from_the_least_to_the_most() {
        let lengths: BTreeSet<usize> = drawn(r"^[a-z]{3,12}$").iter().map(String::len).collect();
        assert_eq!(lengths.first().zip(lengths.last()), Some((&3, &12)));
    }

    #[test]
    fn an_expression_that_is_not_tied_to_the_ends_gets_more_around_it() {
        assert!(
            drawn(r"\d+")
                .iter()
                .any(|text| text.contains(|letter: char| !letter.is_ascii_digit()))
        );
        assert!(
            drawn(r"^\d+$")
                .iter()
                .all(|text| text.chars().all(|letter| letter.is_ascii_digit()))
        );
    }

    #[test]
    fn braces_come_only_where_nothing_else_may() {
        assert!(drawn(r"^[a-z{|}~]{3,}$").iter().all(|text| !text.contains(['{', '}'])));
        assert!(drawn(r"^[{}]x[}]$").iter().all(|text| text.contains('}')));
    }

    #[rstest]
    #[case("a**")]
    #[case(r"(a)?(?(1)b|c)")]
    fn what_cannot_be_made_texts_of_is_none(#[case] source: &str) {
        assert!(Pattern::new(source).is_none());
    }
}
