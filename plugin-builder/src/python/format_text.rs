//! Python's `str.format`: whether a text can be formatted, and which fields it has.

/// What `str.format` finds in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FormatText {
    /// Fields, as they are written between their braces, and where (in characters from 0).
    pub(crate) fields: Vec<(String, usize)>,
    /// Where two braces stand for one.
    pub(crate) doubled: Vec<usize>,
}

/// A text that `str.format` refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormatFault {
    /// Where the brace stands, in characters from 0.
    pub(crate) offset: usize,
    /// What is wrong with it.
    pub(crate) why: &'static str,
}

/// Takes a text apart as `str.format` does.
pub(crate) fn parse_format(text: &str) -> Result<FormatText, FormatFault> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = FormatText::default();
    let mut index = 0;
    while let Some(character) = characters.get(index).copied() {
        let is_doubled = characters.get(index + 1) == Some(&character);
        match character {
            '{' | '}' if is_doubled => {
                found.doubled.push(index);
                index += 1;
            }
            '}' => {
                return Err(FormatFault {
                    offset: index,
                    why: "a lone `}`",
                });
            }
            '{' => {
                let mut depth = 1_usize;
                let mut end = index + 1;
                while depth > 0 {
                    match characters.get(end) {
                        None => {
                            return Err(FormatFault {
                                offset: index,
                                why: "a `{` without its `}`",
                            });
                        }
                        Some('{') => depth += 1,
                        Some('}') => depth -= 1,
                        Some(_) => {}
                    }
                    end += 1;
                }
                found
                    .fields
                    .push((characters[index + 1..end - 1].iter().collect(), index));
                index = end - 1;
            }
            _ => {}
        }
        index += 1;
    }
    Ok(found)
}

/// The name that a field begins with: `settings` of `settings.MASTER_IP!r:>10`.
pub(crate) fn field_root(field: &str) -> &str {
    field.split(['.', '[', '!', ':']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{field_root, parse_format};

    #[rstest]
    #[case("no braces", &[], 0)]
    #[case("http://{settings.MASTER_IP}:8080/{cluster[id]}", &[("settings.MASTER_IP", 7), ("cluster[id]", 33)], 0)]
    #[case("{{ x }}", &[], 2)]
    #[case("{}", &[("", 0)], 0)]
    #[case("{a:{b}}", &[("a:{b}", 0)], 0)]
    fn fields_and_doubled_braces_are_found(
        #[case] text: &str,
        #[case] fields: &[(&str, usize)],
        #[case] doubled: usize,
    ) {
        let found = parse_format(text).unwrap();
        let found_fields: Vec<(&str, usize)> = found.fields.iter().map(|(name, at)| (name.as_str(), *at)).collect();
        assert_eq!((found_fields.as_slice(), found.doubled.len()), (fields, doubled));
    }

    #[rstest]
    #[case("a } b", 2)]
    #[case("a { b", 2)]
    #[case("{a} {", 4)]
    fn a_lone_brace_is_refused_with_its_place(#[case] text: &str, #[case] offset: usize) {
        assert_eq!(parse_format(text).unwrap_err().offset, offset);
    }

    #[rstest]
    #[case("settings.MASTER_IP!r:>10", "settings")]
    #[case("cluster[id]", "cluster")]
    #[case("", "")]
    fn a_field_begins_with_a_name(#[case] field: &str, #[case] root: &str) {
        assert_eq!(field_root(field), root);
    }

    proptest::proptest! {
        #[test]
        fn a_text_of_any_braces_is_read_without_panic(text in "[{}a!:.\\[\\]é]{0,20}") {
            let _ = parse_format(&text);
        }
    }
}
