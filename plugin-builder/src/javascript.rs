//! Whether a browser of Fuel's time compiles a regular expression, and what it says if not.
//!
//! Fuel's settings page tests values with the regular expressions of their settings. Browsers of 2014 to 2017 read
//! ECMAScript 5 with its web extensions; look-behind and named groups came later.

use regress::{Flags, Regex};

/// What is wrong with the pattern, and where (in characters from 0) if that is known.
pub(crate) fn check_regex(pattern: &str) -> Result<(), (String, Option<usize>)> {
    later_syntax(pattern)?;
    match Regex::with_flags(pattern, Flags::default()) {
        Ok(_) => Ok(()),
        Err(error) => Err((error.text.trim_end_matches('.').to_owned(), None)),
    }
}

/// What ECMAScript 5 refuses and the library allows.
fn later_syntax(pattern: &str) -> Result<(), (String, Option<usize>)> {
    let characters: Vec<char> = pattern.chars().collect();
    let at = |index: usize| characters.get(index).copied();
    let (mut index, mut in_set) = (0, false);
    while let Some(character) = at(index) {
        match character {
            '\\' => {
                let is_boundary = !in_set && matches!(at(index + 1), Some('b' | 'B'));
                if is_boundary && repeats(&characters, index + 2) {
                    return Err(("Nothing to repeat".to_owned(), Some(index + 2)));
                }
                index += 1;
            }
            '[' => in_set = true,
            ']' => in_set = false,
            '(' if !in_set && at(index + 1) == Some('?') && at(index + 2) == Some('<') => {
                return Err(("Invalid group".to_owned(), Some(index)));
            }
            _ => {}
        }
        index += 1;
    }
    Ok(())
}

/// Whether a repetition stands there; a `{` that does not begin one is a character.
fn repeats(characters: &[char], index: usize) -> bool {
    match characters.get(index) {
        Some('*' | '+' | '?') => true,
        Some('{') => {
            let inside: String = characters
                .iter()
                .skip(index + 1)
                .take_while(|character| **character != '}')
                .collect();
            let closed = characters.get(index + 1 + inside.chars().count()) == Some(&'}');
            let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
            let digits = |text: &str| text.chars().all(|character| character.is_ascii_digit());
            closed && !least.is_empty() && digits(least) && digits(most)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::Value;

    use super::check_regex;
    use crate::python::generated_patterns;

    #[rstest]
    #[case(r"^\S+@\S+$")]
    #[case("[]a]")]
    #[case("a{,3}{")]
    #[case(r"\Aabc\Z")]
    #[case(r"(?=a)(?!b)\b\u0041")]
    #[case(r"\b{x[\b+(?<a]")]
    fn patterns_that_a_browser_compiles_are_accepted(#[case] pattern: &str) {
        assert_eq!(check_regex(pattern), Ok(()));
    }

    #[rstest]
    #[case("(?<=a)b")]
    #[case("(?<!a)b")]
    #[case("(?P<a>b)")]
    #[case("(?<a>b)")]
    #[case("(?i)a")]
    #[case("(?#a)")]
    #[case("a**")]
    #[case("a++")]
    #[case("[z-a]")]
    #[case("a)")]
    #[case(r"\b{2}")]
    #[case("a{3,2}")]
    fn patterns_that_a_browser_refuses_are_refused(#[case] pattern: &str) {
        assert!(check_regex(pattern).is_err());
    }

    #[test]
    fn the_verdict_on_generated_patterns_is_that_of_a_real_engine() {
        // Look-behind and named groups came after Fuel; an engine of today has them.
        let patterns: Vec<String> = generated_patterns(5_000)
            .into_iter()
            .filter(|pattern| !pattern.contains("(?<"))
            .collect();
        let script = "const l = JSON.parse(require('fs').readFileSync(0, 'utf8'));\
             console.log(JSON.stringify(l.map(p => { try { new RegExp(p); return true } catch (e) { return false } })))";
        let Some(answer) = crate::python::ask_peer("node", &["-e", script], &patterns) else {
            println!("skipped: no `node` here to compare with");
            return;
        };
        let verdicts: Vec<Value> = serde_json::from_str(&answer).unwrap();
        assert_eq!(verdicts.len(), patterns.len());
        let (mut compiled, mut wrong) = (0, Vec::new());
        for (pattern, verdict) in patterns.iter().zip(&verdicts) {
            compiled += usize::from(*verdict == true);
            if check_regex(pattern).is_ok() != (*verdict == true) {
                wrong.push(format!("{pattern:?}: the engine compiles it: {verdict}"));
            }
        }
        println!("{} patterns, {compiled} of which compile", patterns.len());
        assert!(
            compiled > 500 && patterns.len() - compiled > 500,
            "too one-sided: {compiled}"
        );
        assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    }
}
