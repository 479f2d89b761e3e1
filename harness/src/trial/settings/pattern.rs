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

use super::pieces::{Piece, read, written};
use super::values::Maker;

/// How many times more than it must a repetition without an end is repeated: one by itself, one within another, and any
/// deeper one, so that texts do not grow with every level.
const MORE: [u32; 3] = [8, 3, 1];
/// How many times more one by itself is in a text that is to be long.
const MUCH_MORE: u32 = 32;
/// How many times a bounded one is at most by itself,
const MOST: u32 = 255;
/// and how many times more than it must within another.
const MOST_WITHIN: u32 = 16;
/// How many characters a drawn text has at most.
const LONGEST: usize = 1000;
/// How many texts are made until one is let through.
const TRIES: usize = 300;

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
        let (piece, tied) = read(source)?;
        if piece.least() > LONGEST as u64 {
            return None;
        }
        let made = |length| {
            let mut text = String::new();
            write_down(&piece, length, 0, &mut text);
            string_regex(&text).ok().map(|strategy| strategy.boxed())
        };
        let any = made(Length::Any)?;
        let free = || string_regex(&format!("{}{{0,6}}", class(&written()))).ok();
        let padded = match tied {
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
                Some(most) if depth == 0 => (*most).min(MOST.max(*least)),
                Some(most) => (*most).min(least.saturating_add(MOST_WITHIN)),
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
    #[case(r"^((x{900}){900}){900}$")]
    fn what_cannot_be_made_texts_of_is_none(#[case] source: &str) {
        assert!(Pattern::new(source).is_none());
    }
}
