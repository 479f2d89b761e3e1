//! Python's `re.search`, for patterns that Python compiles.

use fancy_regex::{Regex, RegexBuilder};

/// Steps back that a search may take; a pattern that needs more has no answer.
const MAXIMUM_STEPS: usize = 100_000;
/// Bytes that a compiled pattern may take.
const MAXIMUM_SIZE: usize = 1 << 20;

/// A pattern that can be searched for.
pub(crate) struct RegexSearch {
    regex: Regex,
}

impl RegexSearch {
    /// Compiles the pattern; nothing where it is beyond the library.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let regex = RegexBuilder::new(&translated(pattern))
            .backtrack_limit(MAXIMUM_STEPS)
            .delegate_size_limit(MAXIMUM_SIZE)
            .build()
            .ok()?;
        Some(Self { regex })
    }

    /// Whether the pattern is somewhere in the text; nothing where the search takes too long.
    pub(crate) fn finds(&self, text: &str) -> Option<bool> {
        self.regex.is_match(text).ok()
    }
}

/// What Python reads as plain characters and the library as something more: `[`, `&&`, `--` and `~~` in a set, and
/// escapes of letters that mean nothing.
fn translated(pattern: &str) -> String {
    let characters: Vec<char> = pattern.chars().collect();
    let mut text = String::with_capacity(pattern.len() + 8);
    let (mut index, mut set_start) = (0, None);
    while let Some(character) = characters.get(index).copied() {
        match character {
            '\\' => {
                let letter = characters.get(index + 1).copied().unwrap_or('\\');
                index += 1;
                match letter {
                    'Z' if set_start.is_none() => text.push_str("\\z"),
                    '"' | '\'' | '/' | ':' | ',' | ';' | '@' | '%' | '!' | '=' | '<' | '>' | '_' | '`' | ' ' => {
                        text.push(letter)
                    }
                    letter if letter.is_ascii_alphabetic() && !"AbBdDfnrsStvwWx".contains(letter) => text.push(letter),
                    letter => {
                        text.push('\\');
                        text.push(letter);
                    }
                }
            }
            '[' if set_start.is_none() => {
                text.push('[');
                if characters.get(index + 1) == Some(&'^') {
                    text.push('^');
                    index += 1;
                }
                set_start = Some(index);
            }
            ']' if set_start.is_some_and(|start| start + 1 == index) => text.push_str("\\]"),
            ']' if set_start.is_some() => {
                set_start = None;
                text.push(']');
            }
            '[' | '&' | '~' if set_start.is_some() => {
                text.push('\\');
                text.push(character);
            }
            // A `-` beside another or at an edge is itself.
            '-' if set_start.is_some()
                && (set_start.is_some_and(|start| start + 1 == index)
                    || matches!(characters.get(index + 1), Some(']' | '-'))
                    || characters.get(index - 1) == Some(&'-')) =>
            {
                text.push_str("\\-");
            }
            // Without bounds it is a character.
            '{' if set_start.is_none() && !is_repetition(&characters, index) => text.push_str("\\{"),
            '}' if set_start.is_none() && !ends_repetition(&characters, index) => text.push_str("\\}"),
            // Before a line feed at the end, too.
            '$' if set_start.is_none() => text.push_str("(?=\\n?\\z)"),
            character => text.push(character),
        }
        index += 1;
    }
    text
}

fn is_repetition(characters: &[char], start: usize) -> bool {
    let inside: String = characters
        .iter()
        .skip(start + 1)
        .take_while(|next| **next != '}')
        .collect();
    let closed = characters.get(start + 1 + inside.chars().count()) == Some(&'}');
    let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
    let digits = |text: &str| text.chars().all(|next| next.is_ascii_digit());
    closed && !inside.is_empty() && !least.is_empty() && digits(least) && digits(most)
}

fn ends_repetition(characters: &[char], end: usize) -> bool {
    let start = characters.iter().take(end).rposition(|before| *before == '{');
    start
        .is_some_and(|start| is_repetition(characters, start) && characters[start..end].iter().all(|next| *next != '}'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::RegexSearch;

    #[rstest]
    #[case(r"^\d+$", "12", Some(true))]
    #[case(r"^\d+$", "12\n", Some(true))]
    #[case(r"^\d+$", "12x", Some(false))]
    #[case(r"\S", "  a ", Some(true))]
    #[case("[[a]+]", "[]", Some(true))]
    #[case("^[a&&b]+$", "&a", Some(true))]
    #[case("^[-a-z-]+$", "a-b", Some(true))]
    #[case("^[]a]+$", "]a", Some(true))]
    #[case(r"^((?!root$)\S)", "root", Some(false))]
    #[case(r"^x{$", "x{", Some(true))]
    #[case(r"^\/a\:b$", "/a:b", Some(true))]
    #[case(r"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", Some(false))]
    #[case(r"^(a|a)*(?=b)\1c$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabd", None)]
    fn a_search_ends_as_python_s_does_or_gives_up(
        #[case] pattern: &str,
        #[case] text: &str,
        #[case] expected: Option<bool>,
    ) {
        assert_eq!(RegexSearch::new(pattern).unwrap().finds(text), expected);
    }
}
