//! A table that fits a width.

/// How a column behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) right: bool,
    /// Columns with a lower rank go first where the width does not suffice; 0 stays.
    pub(crate) expendable: u8,
    /// Whether its texts may be cut.
    pub(crate) flexible: bool,
}

/// A cell's text and its colour, if it has one.
pub(crate) type Cell = (String, Option<Colour>);

/// Colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Red,
    Green,
    Yellow,
    Cyan,
    Dim,
    Bold,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Dim => "2",
            Self::Bold => "1",
        }
    }

    /// The text in this colour, if there are colours.
    pub(crate) fn paint(self, text: &str, colours: bool) -> String {
        if colours && !text.is_empty() {
            format!("\x1b[{}m{text}\x1b[0m", self.code())
        } else {
            text.to_owned()
        }
    }
}

/// Lines of the table, without the last one's newline.
pub(crate) fn layout(columns: &[Column], rows: &[Vec<Cell>], width: usize, colours: bool) -> Vec<String> {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let natural = |column: usize| {
        let texts = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|(text, _)| length(text));
        texts.max().unwrap_or_default().max(length(columns[column].title))
    };
    let total = |kept: &[usize], flexible: Option<usize>| -> usize {
        kept.iter()
            .map(|&column| match flexible {
                Some(least) if columns[column].flexible => natural(column).min(least),
                _ => natural(column),
            })
            .sum::<usize>()
            + 2 * kept.len().saturating_sub(1)
    };
    // First columns that matter least go, and only what still does not fit is cut.
    while total(&kept, Some(16)) > width {
        let Some(&victim) = kept
            .iter()
            .filter(|&&column| columns[column].expendable > 0)
            .max_by_key(|&&column| columns[column].expendable)
        else {
            break;
        };
        kept.retain(|&column| column != victim);
    }
    let mut excess = total(&kept, None).saturating_sub(width);
    let mut widths: Vec<usize> = kept.iter().map(|&column| natural(column)).collect();
    while excess > 0 {
        let widest = (0..kept.len())
            .filter(|&place| columns[kept[place]].flexible && widths[place] > 8)
            .max_by_key(|&place| widths[place]);
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
        excess -= 1;
    }
    let line = |cells: Vec<Cell>| {
        let mut line = String::new();
        for (place, (text, colour)) in cells.iter().enumerate() {
            let text = cut(text, widths[place]);
            let padding = " ".repeat(widths[place].saturating_sub(length(&text)));
            let text = colour.map_or_else(|| text.clone(), |colour| colour.paint(&text, colours));
            let last = place + 1 == cells.len();
            line.push_str(&match (columns[kept[place]].right, last) {
                (true, _) => format!("{padding}{text}"),
                (false, true) => text,
                (false, false) => format!("{text}{padding}"),
            });
            if !last {
                line.push_str("  ");
            }
        }
        line
    };
    let mut lines = vec![line(
        kept.iter()
            .map(|&column| (columns[column].title.to_owned(), Some(Colour::Dim)))
            .collect(),
    )];
    for row in rows {
        lines.push(line(
            kept.iter()
                .map(|&column| row.get(column).cloned().unwrap_or_default())
                .collect(),
        ));
    }
    lines
}

/// How many columns a text takes. Node and task names are ASCII; anything else is counted by characters.
pub(crate) fn length(text: &str) -> usize {
    text.chars().count()
}

/// A text of at most this many characters; a longer one loses its middle.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let count = length(text);
    if count <= width || width == 0 {
        return text.to_owned();
    }
    let tail = (width - 1) / 2;
    let head = width - 1 - tail;
    let first: String = text.chars().take(head).collect();
    let last: String = text.chars().skip(count - tail).collect();
    format!("{first}…{last}")
}

/// A text on one line that cannot confuse a terminal.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' => plain.push_str("    "),
            letter if letter.is_control() => plain.extend(letter.escape_default()),
            letter => plain.push(letter),
        }
    }
    plain
}
