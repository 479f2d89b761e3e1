//! Tables as the `fuel` command prints them.

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// At the left of its column.
    Text(String),
    /// At the right of its column.
    Number(String),
}

impl Cell {
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
    for row in rows {
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
}
