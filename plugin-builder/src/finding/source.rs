//! A file's text, of which findings quote lines.

use std::ops::{Deref, Range};
use std::sync::OnceLock;

/// A text whose lines can be had by number, however many findings ask for one.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceText {
    text: String,
    /// Where each line is; found when the first one is asked for, since most files have no finding.
    lines: OnceLock<Vec<Range<usize>>>,
}

impl SourceText {
    pub(crate) fn new(text: String) -> Self {
        Self {
            text,
            lines: OnceLock::new(),
        }
    }

    /// A line, from 1, as YAML counts them, without its break.
    pub(crate) fn line(&self, number: usize) -> Option<&str> {
        let lines = self.lines.get_or_init(|| {
            let start = self.text.as_ptr() as usize;
            let place = |line: &str| {
                let from = line.as_ptr() as usize - start;
                from..from + line.len()
            };
            crate::yaml::lines(&self.text).map(place).collect()
        });
        self.text.get(lines.get(number.checked_sub(1)?)?.clone())
    }
}

impl Deref for SourceText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::SourceText;
    use rstest::rstest;

    #[rstest]
    #[case("a\nb\r\nc\rd\u{85}e", 1, Some("a"))]
    #[case("a\nb\r\nc\rd\u{85}e", 2, Some("b"))]
    #[case("a\nb\r\nc\rd\u{85}e", 3, Some("c"))]
    #[case("a\nb\r\nc\rd\u{85}e", 5, Some("e"))]
    #[case("a\nb\r\nc\rd\u{85}e", 6, None)]
    #[case("\u{feff}a\n\nb", 1, Some("a"))]
    #[case("\u{feff}a\n\nb", 2, Some(""))]
    #[case("a", 0, None)]
    #[case("", 1, None)]
    fn a_line_is_had_by_its_number(#[case] text: &str, #[case] number: usize, #[case] expected: Option<&str>) {
        assert_eq!(SourceText::new(text.to_owned()).line(number), expected);
    }
}
