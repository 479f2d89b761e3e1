//! Where a character of a text stands in its file.

use crate::check::files::File;
use crate::yaml::{Node, Span};

/// The place of the character at `offset` (from 0) of a text, where the text stands in one line as it is: plain, or
/// quoted without escapes. Else the place of the text.
pub(super) fn inside(file: &File, node: &Node, offset: usize) -> Span {
    let start = node.span;
    let found = node
        .as_str()
        .zip(file.text.line(start.line))
        .and_then(|(text, line)| column(text, line, start.column, offset));
    Span {
        column: found.unwrap_or(start.column),
        ..start
    }
}

fn column(text: &str, line: &str, start: usize, offset: usize) -> Option<usize> {
    let written: Vec<char> = line.chars().skip(start.checked_sub(1)?).collect();
    let quote = match written.first()? {
        quote @ ('\'' | '"') => Some(*quote),
        _ => None,
    };
    let mut position = usize::from(quote.is_some());
    let mut wanted = None;
    for (index, character) in text.chars().enumerate() {
        if index == offset {
            wanted = Some(position);
        }
        if *written.get(position)? != character {
            return None;
        }
        // In single quotes an apostrophe is written twice.
        let doubled = quote == Some('\'') && character == '\'';
        position += if doubled { 2 } else { 1 };
    }
    let wanted = wanted.unwrap_or(position);
    Some(start + wanted)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::column;

    #[rstest]
    #[case("abc == d", "- condition: abc == d", 14, 4, Some(18))]
    #[case("abc == d", "- condition: 'abc == d'", 14, 4, Some(19))]
    #[case("a == 'd' x", "- condition: 'a == ''d'' x'", 14, 9, Some(26))]
    #[case("a == 'd' x", "- condition: \"a == 'd' x\"", 14, 9, Some(24))]
    #[case("abc", "- condition: abc", 14, 3, Some(17))]
    #[case("a b", "- condition: \"a\\x20b\"", 14, 2, None)]
    #[case("a b", "- condition: >", 14, 2, None)]
    fn a_character_is_found_where_the_text_stands_as_it_is(
        #[case] text: &str,
        #[case] line: &str,
        #[case] start: usize,
        #[case] offset: usize,
        #[case] expected: Option<usize>,
    ) {
        assert_eq!(column(text, line, start, offset), expected);
    }
}
