//! Tables as the `fuel` command prints them.

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// At the left of its column.
    Text(String),
    /// At the right of its column.
    Number(String),
}

/// A text on one line and without what a terminal would obey: names come from whoever gave them. Everything else stays
/// as it is, so that ordinary tables are those of fuelclient.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let breaks = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
            let escaped = breaks.then(|| character.escape_default());
            let plain = (!breaks).then_some(character);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

impl Cell {
    fn visible(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(visible(text)),
            Self::Number(text) => Self::Number(visible(text)),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }

    fn padded(&self, width: usize) -> String {
        let missing = " ".repeat(width.saturating_sub(self.text().chars().count()));
        match self {
            Self::Text(text) => format!("{text}{missing}"),
            Self::Number(text) => format!("{missing}{text}"),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Columns with ` | ` between, a line of dashes below the head; every line is padded to its full width, as fuelclient
/// prints them.
pub(crate) fn render(head: &[&str], rows: &[Vec<Cell>]) -> String {
    let rows: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(Cell::visible).collect()).collect();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.text().chars().count())
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[Cell]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| cell.padded(*width))
            .collect();
        format!("{}\n", padded.join(" | "))
    };
    let mut text = line(&head.iter().map(|name| Cell::from(*name)).collect::<Vec<_>>());
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    text.push_str(&dashes.join("-+-"));
    text.push('\n');
    for row in &rows {
        text.push_str(&line(row));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_numbers_stand_at_the_right() {
        let rows = [vec![Cell::Number("1".to_owned()), "trove".into(), "1.0".into()]];
        assert_eq!(
            render(&["id", "name", "version"], &rows),
            "id | name  | version\n---+-------+--------\n 1 | trove | 1.0    \n"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown_escaped_and_a_row_is_one_line() {
        let rows = [
            vec!["\u{1b}[31mred\nline\t\u{2028}".into(), "1".into()],
            vec!["naïve \\n 名".into(), "2".into()],
        ];
        assert_eq!(
            render(&["name", "id"], &rows),
            "name                          | id\n\
             ------------------------------+---\n\
             \\u{1b}[31mred\\nline\\t\\u{2028} | 1 \n\
             naïve \\n 名                    | 2 \n"
        );
    }
}
