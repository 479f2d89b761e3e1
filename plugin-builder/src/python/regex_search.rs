//! Python's `re.search`.

use fancy_regex::{Regex, RegexBuilder};

use super::regex_syntax::check_regex;

/// Steps back that a search may take; a pattern that needs more has no answer.
const MAXIMUM_STEPS: usize = 100_000;
/// Bytes that a compiled pattern may take.
const MAXIMUM_SIZE: usize = 1 << 20;

/// A regular expression as Python 2 reads it: what Nailgun checks settings with.
///
/// ```
/// let version = plugin_builder::RegexSearch::new(r"^\d+(\.\d+){,2}$")?;
/// assert_eq!(version.finds("9.2"), Some(true));
/// assert_eq!(version.finds("9.2.0.1"), Some(false));
/// # Ok::<(), plugin_builder::RegexError>(())
/// ```
#[derive(Debug)]
pub struct RegexSearch {
    regex: Regex,
}

/// Why a regular expression cannot be searched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    /// Python does not compile it; the message is that of its `re.error`.
    #[error("{0}")]
    Python(String),
    /// Python compiles it, the library here does not.
    #[error("beyond what is searched for here: {0}")]
    Library(String),
}

impl RegexSearch {
    /// Compiles the pattern.
    ///
    /// # Errors
    /// [`RegexError`] where Python does not compile it, or the library here does not.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        check_regex(pattern).map_err(RegexError::Python)?;
        let regex = RegexBuilder::new(&translated(pattern))
            .backtrack_limit(MAXIMUM_STEPS)
            .delegate_size_limit(MAXIMUM_SIZE)
            .build()
            .map_err(|error| RegexError::Library(error.to_string()))?;
        Ok(Self { regex })
    }

    /// Whether the pattern is somewhere in the text; `None` where the search takes too many steps.
    pub fn finds(&self, text: &str) -> Option<bool> {
        self.regex.is_match(text).ok()
    }
}

/// The pattern in the library's language. Python reads as plain characters what is more to the library: `[`, `&&`, `--`
/// and `~~` in a set, escapes of letters that mean nothing; its classes are those of ASCII; `{,3}` begins at nothing.
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
                    // A set within a set is a part of it.
                    'd' => text.push_str("[0-9]"),
                    'D' => text.push_str("[^0-9]"),
                    's' => text.push_str(r"[ \t\n\r\x0b\x0c]"),
                    'S' => text.push_str(r"[^ \t\n\r\x0b\x0c]"),
                    'w' => text.push_str("[0-9A-Za-z_]"),
                    'W' => text.push_str("[^0-9A-Za-z_]"),
                    letter if letter.is_ascii_alphabetic() && !"AabBfnrtvx".contains(letter) => text.push(letter),
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
            '{' if set_start.is_none() && characters.get(index + 1) == Some(&',') => text.push_str("{0"),
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
    closed && !inside.is_empty() && digits(least) && digits(most)
}

fn ends_repetition(characters: &[char], end: usize) -> bool {
    let start = characters.iter().take(end).rposition(|before| *before == '{');
    start
        .is_some_and(|start| is_repetition(characters, start) && characters[start..end].iter().all(|next| *next != '}'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{RegexError, RegexSearch};

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
    #[case("^a{,2}$", "aaa", Some(false))]
    #[case("^a{,2}$", "", Some(true))]
    #[case("^a{}$", "a{}", Some(true))]
    #[case(r"^\d$", "٣", Some(false))]
    #[case(r"^\w+$", "é", Some(false))]
    #[case(r"^\s$", "\u{a0}", Some(false))]
    #[case(r"^[^\W\d]+$", "a1", Some(false))]
    #[case(r"^[\w.-]+$", "a.b-c", Some(true))]
    #[case(r"^[\S]+\Z", "a", Some(true))]
    #[case(r"^\p{L}$", "é", Some(false))]
    #[case(r"^(?P<quote>'|x).*(?P=quote)$", "'a'", Some(true))]
    fn a_search_ends_as_python_s_does_or_gives_up(
        #[case] pattern: &str,
        #[case] text: &str,
        #[case] expected: Option<bool>,
    ) {
        assert_eq!(RegexSearch::new(pattern).unwrap().finds(text), expected);
    }

    #[test]
    fn what_python_does_not_compile_is_refused_in_its_words() {
        assert_eq!(
            RegexSearch::new("a**").unwrap_err(),
            RegexError::Python("multiple repeat".to_owned())
        );
    }
}
