//! The scenario's checks: commands that must hold on nodes after each deployment.

use std::time::{Duration, Instant};

use mock_astute::{Command, Node, Output};
use regex::Regex;

use crate::event::VerifyResult;
use crate::scenario::Verify;

/// How long a single try may take, in seconds.
const TRY_TIMEOUT: u64 = 120;
/// How much of what the command printed is shown when it does not hold.
const SHOWN: usize = 2000;

/// Runs one check on one node, again and again until it holds or its time is over.
pub(crate) async fn verify(check: &Verify, run: u8, name: &str, node: &dyn Node) -> VerifyResult {
    let begun = Instant::now();
    let within = Duration::from_secs(check.within);
    loop {
        let mut command = Command::new(["/bin/bash", "-c", &check.run], Duration::from_secs(TRY_TIMEOUT));
        command.environment.push(("LC_ALL".to_owned(), "C.UTF-8".to_owned()));
        let failure = match node.run(command).await {
            Ok(output) => failure(check, &output),
            // A node that is gone will not come back: no second try.
            Err(error) => return result(check, run, name, Some(error.to_string()), begun),
        };
        let Some(failure) = failure else {
            return result(check, run, name, None, begun);
        };
        if begun.elapsed() >= within {
            return result(check, run, name, Some(failure), begun);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn result(check: &Verify, run: u8, node: &str, detail: Option<String>, begun: Instant) -> VerifyResult {
    VerifyResult {
        run,
        node: node.to_owned(),
        name: check.label().to_owned(),
        passed: detail.is_none(),
        detail,
        took: begun.elapsed(),
    }
}

/// Why the output does not satisfy the check.
fn failure(check: &Verify, output: &Output) -> Option<String> {
    let reason = if output.timed_out {
        format!("did not end within {TRY_TIMEOUT} s")
    } else if output.exit_code != check.exit_code {
        format!("exit code {} instead of {}", output.exit_code, check.exit_code)
    } else if let Some(text) = check
        .contains
        .as_ref()
        .filter(|text| !output.stdout.contains(text.as_str()))
    {
        format!("the output does not contain `{text}`")
    } else if let Some(pattern) = check
        .matches
        .as_ref()
        .filter(|pattern| !is_match(pattern, &output.stdout))
    {
        format!("the output does not match `{pattern}`")
    } else {
        return None;
    };
    Some(format!(
        "{reason}\n$ {}\n{}{}",
        check.run,
        tail(&output.stdout),
        tail(&output.stderr)
    ))
}

fn is_match(pattern: &str, text: &str) -> bool {
    // The pattern was compiled once when the scenario was read.
    Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
}

fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(SHOWN);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(extra: &str) -> Verify {
        serde_yaml::from_str(&format!("{{on: node-1, run: 'true'{extra}}}")).unwrap()
    }

    fn output(exit_code: i64, stdout: &str) -> Output {
        Output {
            exit_code,
            stdout: stdout.to_owned(),
            ..Output::default()
        }
    }

    #[test]
    fn the_exit_code_the_text_and_the_pattern_decide() {
        assert!(failure(&check(""), &output(0, "")).is_none());
        assert!(
            failure(&check(""), &output(1, ""))
                .unwrap()
                .contains("exit code 1 instead of 0")
        );
        assert!(failure(&check(", exit_code: 22"), &output(22, "")).is_none());
        assert!(failure(&check(", contains: v1.0"), &output(0, "x v1.0 y")).is_none());
        assert!(
            failure(&check(", contains: v1.0"), &output(0, "v2"))
                .unwrap()
                .contains("does not contain `v1.0`")
        );
        assert!(
            failure(&check(", matches: '^\\d+$'"), &output(0, "a"))
                .unwrap()
                .contains("does not match")
        );
    }

    #[test]
    fn only_the_end_of_a_long_output_is_shown() {
        let long = "ä".repeat(5000);
        assert!(failure(&check(""), &output(1, &long)).unwrap().len() < SHOWN + 200);
    }
}
