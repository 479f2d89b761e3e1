//! Where a pattern that both Python 2.7 and ECMAScript 5 compile means different things to them, or to its author.

/// One such place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Where, in characters from 0.
    pub(crate) offset: usize,
    /// Who reads what.
    pub(crate) message: String,
    /// What to write.
    pub(crate) help: &'static str,
    /// Both read the same, but hardly what was meant.
    pub(crate) is_foreign: bool,
}

/// An escape that the two read differently, or both otherwise than other languages.
struct Escape {
    letter: char,
    message: &'static str,
    help: &'static str,
    is_foreign: bool,
}

const ESCAPES: &[Escape] = &[
    Escape {
        letter: 'A',
        message: "`\\A` is the start to Python and the letter A to a browser",
        help: "write `^`",
        is_foreign: false,
    },
    Escape {
        letter: 'Z',
        message: "`\\Z` is the end to Python and the letter Z to a browser",
        help: "write `$`",
        is_foreign: false,
    },
    Escape {
        letter: 'a',
        message: "`\\a` is the bell character to Python and the letter a to a browser",
        help: "write `a`, or `\\x07`",
        is_foreign: false,
    },
    Escape {
        letter: 'u',
        message: "`\\u` begins a character's number to a browser and is the letter u to Python 2",
        help: "write the character itself",
        is_foreign: false,
    },
    Escape {
        letter: 'c',
        message: "`\\c` begins a control character to a browser and is the letter c to Python",
        help: "write the character as `\\x..`",
        is_foreign: false,
    },
    Escape {
        letter: 'z',
        message: "`\\z` is the letter z to both a browser and Python",
        help: "write `$` for the end",
        is_foreign: true,
    },
    Escape {
        letter: 'h',
        message: "`\\h` is the letter h to both a browser and Python",
        help: "write `[ \\t]`",
        is_foreign: true,
    },
];

/// All such places of a pattern that both compile.
pub(crate) fn differences(pattern: &str) -> Vec<Difference> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(character) = characters.get(index).copied() {
        let next = characters.get(index + 1).copied();
        match character {
            '\\' => {
                found.extend(next.and_then(|letter| escape(letter, &characters, index)));
                index += 1;
            }
            '[' => index = set(&characters, index, &mut found),
            '{' if next == Some(',') && is_bound(&characters, index) => found.push(Difference {
                offset: index,
                message: "`{,n}` is a repetition to Python and plain text to a browser".to_owned(),
                help: "write `{0,n}`",
                is_foreign: false,
            }),
            _ => {}
        }
        index += 1;
    }
    found.extend(slashes(pattern, &characters));
    found
}

fn escape(letter: char, characters: &[char], index: usize) -> Option<Difference> {
    if matches!(letter, 'p' | 'P') && characters.get(index + 2) == Some(&'{') {
        return Some(Difference {
            offset: index,
            message: format!("`\\{letter}{{…}}` is plain text to both a browser of Fuel's time and Python"),
            help: "write the characters as a set: `[A-Za-z]`",
            is_foreign: true,
        });
    }
    let known = ESCAPES.iter().find(|known| known.letter == letter)?;
    Some(Difference {
        offset: index,
        message: known.message.to_owned(),
        help: known.help,
        is_foreign: known.is_foreign,
    })
}

/// `{,3}`
fn is_bound(characters: &[char], index: usize) -> bool {
    let digits = characters
        .iter()
        .skip(index + 2)
        .take_while(|next| next.is_ascii_digit())
        .count();
    characters.get(index + 2 + digits) == Some(&'}')
}

/// A set, from its bracket to the one that ends it for a browser; where it ends.
fn set(characters: &[char], start: usize, found: &mut Vec<Difference>) -> usize {
    let mut index = start + 1;
    if characters.get(index) == Some(&'^') {
        index += 1;
    }
    if characters.get(index) == Some(&']') {
        found.push(Difference {
            offset: start,
            message: "a `]` that is first in a set belongs to it for Python and ends it for a browser".to_owned(),
            help: "write `\\]`",
            is_foreign: false,
        });
    }
    while let Some(character) = characters.get(index).copied() {
        match character {
            ']' => break,
            '\\' => {
                let letter = characters.get(index + 1).copied();
                // `\A`, `\Z` and the like are letters in a set for both.
                if let Some(letter @ ('u' | 'c' | 'a' | 'p' | 'P')) = letter {
                    found.extend(escape(letter, characters, index));
                }
                index += 1;
            }
            '[' if characters.get(index + 1) == Some(&':') => {
                let name: String = characters
                    .iter()
                    .skip(index + 2)
                    .take_while(|next| next.is_ascii_lowercase())
                    .collect();
                let end = index + 2 + name.len();
                if !name.is_empty() && characters.get(end) == Some(&':') && characters.get(end + 1) == Some(&']') {
                    found.push(Difference {
                        offset: index,
                        message: format!("neither a browser nor Python knows `[:{name}:]`"),
                        help: "write the characters out: `[A-Za-z]`, `[0-9]`, `\\s`",
                        is_foreign: true,
                    });
                }
            }
            _ => {}
        }
        index += 1;
    }
    index
}

/// `/^…$/i`: slashes and flags as JavaScript or Perl write them in a program.
fn slashes(pattern: &str, characters: &[char]) -> Option<Difference> {
    let inner = pattern.strip_prefix('/')?;
    let end = inner.rfind('/')?;
    let flags = &inner[end + 1..];
    let is_literal =
        flags.chars().all(|flag| "gimsuxy".contains(flag)) && (inner.starts_with('^') || inner[..end].ends_with('$'));
    (is_literal && characters.len() > 2).then(|| Difference {
        offset: 0,
        message: "the slashes belong to the expression, which can never match this way".to_owned(),
        help: "leave the slashes and flags away",
        is_foreign: true,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::differences;

    #[rstest]
    #[case(r"^\S+@\S+$", &[])]
    #[case(r"^[\S]{4,}$", &[])]
    #[case(r"[a-z0-9!#$%&*+/=?^_`{|}~-]+", &[])]
    #[case(r"^(/[a-z]+)*$", &[])]
    #[case(r"^\w+[:alpha]$", &[])]
    #[case(r"\\A\[a\]", &[])]
    #[case(r"[\Z]", &[])]
    #[case(r"\A\d+\Z", &[(0, false), (5, false)])]
    #[case("[]a]+", &[(0, false)])]
    #[case("[^]a]+", &[(0, false)])]
    #[case("a{,3}", &[(1, false)])]
    #[case(r"\u0041", &[(0, false)])]
    #[case(r"\p{L}+", &[(0, true)])]
    #[case("[[:digit:]]+", &[(1, true)])]
    #[case("/^[0-9]+$/i", &[(0, true)])]
    fn a_place_that_is_read_differently_is_found(#[case] pattern: &str, #[case] expected: &[(usize, bool)]) {
        let found: Vec<(usize, bool)> = differences(pattern)
            .iter()
            .map(|difference| (difference.offset, difference.is_foreign))
            .collect();
        assert_eq!(found, expected);
    }
}
