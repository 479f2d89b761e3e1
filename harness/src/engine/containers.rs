//! What is asked of any container: whether it lives, how it died, what it said last.

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::ContainerState;
use bollard::query_parameters::{InspectContainerOptions, LogsOptionsBuilder};
use futures_util::StreamExt as _;

use super::connect::Engine;
use super::error::EngineError;

/// How many log lines an error carries.
pub(crate) const LOG_LINES: usize = 20;

/// A container's state in a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It runs.
    Running,
    /// It does not, for this reason.
    Gone(String),
}

impl Engine {
    /// Whether the container runs, and if not, why.
    pub(crate) async fn condition(&self, container: &str) -> Result<Condition, EngineError> {
        match self
            .docker
            .inspect_container(container, None::<InspectContainerOptions>)
            .await
        {
            Ok(inspected) => Ok(condition(&inspected.state.unwrap_or_default())),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                Ok(Condition::Gone("container was removed".to_owned()))
            }
            Err(error) => Err(EngineError::request(format!("inspect container {container}"))(error)),
        }
    }

    /// The last lines of a container's log, standard output and error together; empty where there is none.
    pub(crate) async fn last_log_lines(&self, container: &str, lines: usize) -> Vec<String> {
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .tail(&lines.to_string())
            .build();
        let mut stream = self.docker.logs(container, Some(options));
        let mut text = Vec::new();
        while let Some(Ok(chunk)) = stream.next().await {
            text.extend_from_slice(log_bytes(&chunk));
        }
        last_lines(&String::from_utf8_lossy(&text), lines)
    }
}

pub(crate) fn log_bytes(chunk: &LogOutput) -> &[u8] {
    chunk.as_ref()
}

/// The last `count` lines of `text` without terminal colours and empty lines.
pub(crate) fn last_lines(text: &str, count: usize) -> Vec<String> {
    let lines: Vec<String> = text.lines().map(plain).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].to_vec()
}

/// The line without escape sequences and with what a carriage return left visible.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut characters = line.trim_end().chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' if characters.peek() == Some(&'[') => {
                characters.next();
                for next in characters.by_ref() {
                    if ('@'..='~').contains(&next) {
                        break;
                    }
                }
            }
            '\r' => text.clear(),
            character if character.is_control() && character != '\t' => {}
            character => text.push(character),
        }
    }
    text.trim_end().to_owned()
}

fn condition(state: &ContainerState) -> Condition {
    if state.running == Some(true) {
        return Condition::Running;
    }
    let never_started = state.started_at.as_deref().is_none_or(|time| time.starts_with("0001-"));
    let error = state.error.as_deref().unwrap_or_default();
    if never_started {
        let why = if error.is_empty() {
            String::new()
        } else {
            format!(": {error}")
        };
        return Condition::Gone(format!("container was not started{why}"));
    }
    let mut sentence = exit_sentence(state.exit_code.unwrap_or_default(), state.oom_killed == Some(true));
    if !error.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(error);
    }
    Condition::Gone(sentence)
}

/// What an exit code says, in words.
pub(crate) fn exit_sentence(code: i64, out_of_memory: bool) -> String {
    let meaning = match code {
        _ if out_of_memory => " (killed: out of memory)",
        0 => " (shut down)",
        126 => " (its command cannot be executed)",
        127 => " (its command was not found)",
        130 => " (interrupted)",
        137 => " (killed)",
        139 => " (crashed: segmentation fault)",
        143 => " (terminated)",
        _ => "",
    };
    format!("container exited with code {code}{meaning}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(137, false, "container exited with code 137 (killed)")]
    #[case(137, true, "container exited with code 137 (killed: out of memory)")]
    #[case(0, false, "container exited with code 0 (shut down)")]
    #[case(3, false, "container exited with code 3")]
    fn an_exit_code_is_said_in_words(#[case] code: i64, #[case] out_of_memory: bool, #[case] expected: &str) {
        assert_eq!(exit_sentence(code, out_of_memory), expected);
    }

    #[test]
    fn a_container_that_never_started_says_why() {
        let state = ContainerState {
            running: Some(false),
            started_at: Some("0001-01-01T00:00:00Z".into()),
            error: Some("Address already in use".into()),
            ..ContainerState::default()
        };
        assert_eq!(
            condition(&state),
            Condition::Gone("container was not started: Address already in use".into())
        );
    }

    #[test]
    fn log_lines_lose_colours_and_what_was_overwritten() {
        let text = "\u{1b}[0;32mOK\u{1b}[0m done\r\n\n 10%\r 90%\r100%\nlast\n";
        assert_eq!(last_lines(text, 2), ["100%", "last"]);
        assert_eq!(last_lines(text, 9), ["OK done", "100%", "last"]);
    }
}
