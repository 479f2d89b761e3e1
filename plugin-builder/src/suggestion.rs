//! "Did you mean …?", for every crate that refuses a name.

/// The candidate that is nearest to what was typed, if any is near enough to be meant.
///
/// Near is a third of the longer name's letters added, dropped, changed or swapped, and one more.
pub fn nearest<'candidate>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'candidate str>,
) -> Option<&'candidate str> {
    let letters = |name: &str| name.chars().count();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(typed, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= letters(candidate).max(letters(typed)) / 3 + 1)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The candidate of which the word is a slip of the pen: for names that may be right, where a wrong guess annoys.
///
/// One slip in four letters is forgiven, at most three; a swap of neighbours is one slip.
pub(crate) fn slip_of<'candidate>(
    word: &str,
    candidates: impl IntoIterator<Item = &'candidate str>,
) -> Option<&'candidate str> {
    let allowed = (word.chars().count() / 4).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| (1..=allowed).contains(distance))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("trove_pasword", Some("trove_password"))]
    #[case("trove_passwrod", Some("trove_password"))]
    #[case("metadta", Some("metadata"))]
    #[case("something_else", None)]
    fn only_a_near_name_is_suggested(#[case] typed: &str, #[case] expected: Option<&str>) {
        assert_eq!(nearest(typed, ["trove_password", "metadata"]), expected);
    }

    #[rstest]
    #[case("requried_for", Some("required_for"))]
    #[case("deploy_strat", Some("deploy_start"))]
    #[case("role", None)]
    #[case("rolling", None)]
    fn a_slip_is_closer_than_a_near_name(#[case] word: &str, #[case] expected: Option<&str>) {
        assert_eq!(slip_of(word, ["required_for", "deploy_start", "role"]), expected);
    }
}
