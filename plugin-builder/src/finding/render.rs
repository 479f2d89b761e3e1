//! A finding as people read it.
//!
//! ```text
//! warning[duplicate-key]: `role` is written twice; the last one counts
//!   --> trove/deployment_tasks.yaml:9:3
//! 9 |   role: [compute]
//!   |   ^^^^
//!   ::: trove/deployment_tasks.yaml:5:3: the first one
//! 5 |   role: [controller]
//!   |   ^^^^
//!   why: …
//!   fix: …
//! ```

use std::fmt::{self, Write};

use super::{Finding, Place, Severity};

/// Longer lines are cut round the place.
const LINE_WIDTH: usize = 110;

/// How text is set off on a terminal.
#[derive(Debug, Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn write(self, out: &mut String, code: &str, text: &str) {
        if self.colour {
            let _ = write!(out, "\x1b[{code}m{text}\x1b[0m");
        } else {
            out.push_str(text);
        }
    }
}

const BOLD: &str = "1";
const BLUE: &str = "1;34";

fn colour_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    }
}

/// How to show a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rendering {
    /// With the colours of a terminal.
    pub colour: bool,
    /// With the reason why it matters; a list of many need not repeat it.
    pub reason: bool,
}

impl Finding {
    /// The finding for people: what, where with the line, related places, why, and how to mend it.
    #[must_use]
    pub fn render(&self, rendering: &Rendering) -> String {
        let paint = Paint {
            colour: rendering.colour,
        };
        let mut out = String::new();
        let accent = colour_of(self.severity);
        paint.write(&mut out, accent, &format!("{}[{}]", self.severity, self.code));
        paint.write(&mut out, BOLD, &format!(": {}", self.message));
        let margin = self.margin();
        if let Some(place) = &self.place {
            arrow(&mut out, paint, margin, "-->", &place.to_string());
            quote(&mut out, paint, margin, place, self.source_line.as_deref(), accent);
        }
        for related in &self.related {
            let text = format!("{}: {}", related.place, related.message);
            arrow(&mut out, paint, margin, ":::", &text);
            quote(
                &mut out,
                paint,
                margin,
                &related.place,
                related.source_line.as_deref(),
                BLUE,
            );
        }
        let why = self.why.as_deref().filter(|_| rendering.reason);
        for (name, text) in [("why", why), ("fix", self.help.as_deref())] {
            if let Some(text) = text {
                let _ = write!(out, "\n{:margin$} ", "");
                paint.write(&mut out, BLUE, &format!("{name}:"));
                let _ = write!(out, " {text}");
            }
        }
        out
    }

    /// Digits of the largest line number.
    fn margin(&self) -> usize {
        let places = self
            .place
            .iter()
            .chain(self.related.iter().map(|related| &related.place));
        places.map(|place| place.line.to_string().len()).max().unwrap_or(1)
    }
}

fn arrow(out: &mut String, paint: Paint, margin: usize, sign: &str, text: &str) {
    let _ = write!(out, "\n{:margin$} ", "");
    paint.write(out, BLUE, sign);
    let _ = write!(out, " {text}");
}

fn quote(out: &mut String, paint: Paint, margin: usize, place: &Place, line: Option<&str>, accent: &str) {
    let Some(line) = line.filter(|_| place.line > 0) else {
        return;
    };
    let (line, column) = window(line, place.column);
    out.push('\n');
    paint.write(out, BLUE, &format!("{:margin$} |", place.line));
    let _ = writeln!(out, " {line}");
    paint.write(out, BLUE, &format!("{:margin$} |", ""));
    // A tab stays a tab, so that the marks stand below what they mean.
    let lead: String = line
        .chars()
        .take(column.saturating_sub(1))
        .map(|character| if character == '\t' { '\t' } else { ' ' })
        .collect();
    let _ = write!(out, " {lead}");
    paint.write(out, accent, &"^".repeat(width(&line, column)));
}

/// The part of a long line that shows the place, and the column in that part.
fn window(line: &str, column: usize) -> (String, usize) {
    let line = line.trim_end();
    if line.chars().count() <= LINE_WIDTH {
        return (line.to_owned(), column);
    }
    let skip = column.saturating_sub(LINE_WIDTH / 2);
    let mut text = String::new();
    if skip > 0 {
        text.push('…');
    }
    text.extend(line.chars().skip(skip).take(LINE_WIDTH));
    if line.chars().count() > skip + LINE_WIDTH {
        text.push('…');
    }
    (text, column - skip + usize::from(skip > 0))
}

/// How many characters to mark: a quoted text, or a word up to what ends it in YAML.
fn width(line: &str, column: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    let Some(first) = rest.first() else { return 1 };
    if matches!(first, '\'' | '"') {
        let end = rest.iter().skip(1).position(|character| character == first);
        return end.map_or(1, |end| end + 2);
    }
    let ends = |index: usize, character: &char| match character {
        ',' | ']' | '}' | '[' | '{' => true,
        ':' => rest.get(index + 1).is_none_or(|next| next.is_whitespace()),
        _ => character.is_whitespace(),
    };
    let end = rest
        .iter()
        .enumerate()
        .position(|(index, character)| ends(index, character));
    end.unwrap_or(rest.len()).max(1)
}

/// The finding without colour.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(&Rendering {
            colour: false,
            reason: true,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{width, window};
    use rstest::rstest;

    #[rstest]
    #[case("  role: [compute]", 3, 4)]
    #[case("  role: [compute]", 10, 7)]
    #[case("  role: 'a b'  # c", 9, 5)]
    #[case("a: http://b c", 4, 8)]
    #[case("x", 9, 1)]
    #[case("- {id: a}", 3, 1)]
    fn a_word_or_a_quoted_text_is_marked(#[case] line: &str, #[case] column: usize, #[case] marks: usize) {
        assert_eq!(width(line, column), marks);
    }

    #[test]
    fn a_long_line_is_cut_round_the_place() {
        let line = format!("{}HERE{}", "a".repeat(300), "b".repeat(300));
        let (text, column) = window(&line, 301);
        assert!(text.starts_with('…') && text.ends_with('…'));
        assert!(
            text.chars().skip(column - 1).collect::<String>().starts_with("HERE"),
            "{text}"
        );
    }
}
