//! "Did you mean …?"

/// The candidate that is nearest to what was typed, if one is near enough to be meant.
pub(crate) fn nearest<'candidate>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'candidate str>,
) -> Option<&'candidate str> {
    let limit = (typed.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (distance(typed, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped or changed (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in right.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("trove_pasword", Some("trove_password"))]
    #[case("metadta", Some("metadata"))]
    #[case("something_else", None)]
    fn only_a_near_name_is_suggested(#[case] typed: &str, #[case] expected: Option<&str>) {
        assert_eq!(nearest(typed, ["trove_password", "metadata"]), expected);
    }
}
