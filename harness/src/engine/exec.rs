//! Running a command in a container: its output bounded, its end seen even when the container dies under it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::connect::Engine;
use super::containers::Condition;

/// How often a running command is looked at while it says nothing.
const LOOK: Duration = Duration::from_secs(1);
/// How long to wait for the engine to notice that a container has died, after its command was killed.
const DEATH_NOTICE: Duration = Duration::from_millis(1500);

/// A command for [`Engine::exec`].
#[derive(Debug, Clone, Default)]
pub(crate) struct ExecRequest {
    pub(crate) argv: Vec<String>,
    pub(crate) cwd: String,
    pub(crate) environment: Vec<(String, String)>,
    /// What it reads from standard input; the input stays open afterwards, so a reader must count.
    pub(crate) input: Option<Vec<u8>>,
    /// Bytes of each of stdout and stderr that are kept.
    pub(crate) output_limit: usize,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct ExecOutput {
    pub(crate) code: i64,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// What a command has said so far; kept outside the future, so that a timeout does not lose it.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) stdout: Bounded,
    pub(crate) stderr: Bounded,
}

impl Collected {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            stdout: Bounded::new(limit),
            stderr: Bounded::new(limit),
        }
    }
}

/// Why a command did not end by itself.
#[derive(Debug)]
pub(crate) enum ExecError {
    /// The container does not run (any more).
    Gone(String),
    /// The engine refused.
    Engine(Box<Error>),
}

impl From<Error> for ExecError {
    fn from(error: Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl Engine {
    /// Runs a command in a container to its end.
    pub(crate) async fn exec(&self, container: &str, request: ExecRequest) -> Result<ExecOutput, ExecError> {
        let mut collected = Collected::new(request.output_limit);
        let code = self.exec_into(container, request, &mut collected).await?;
        Ok(ExecOutput {
            code,
            stdout: collected.stdout.into_bytes(),
            stderr: collected.stderr.into_bytes(),
        })
    }

    /// Runs a command in a container to its end and collects what it says; returns its exit code.
    pub(crate) async fn exec_into(
        &self,
        container: &str,
        request: ExecRequest,
        collected: &mut Collected,
    ) -> Result<i64, ExecError> {
        match self.exec_attached(container, request, collected).await {
            Ok(code) if code < 128 => Ok(code),
            Ok(code) => match self
                .death(container, if is_kill(code) { DEATH_NOTICE } else { Duration::ZERO })
                .await
            {
                Some(reason) => Err(ExecError::Gone(reason)),
                None => Ok(code),
            },
            Err(error) => match self.death(container, DEATH_NOTICE).await {
                Some(reason) => Err(ExecError::Gone(reason)),
                None => Err(error),
            },
        }
    }

    async fn exec_attached(
        &self,
        container: &str,
        request: ExecRequest,
        collected: &mut Collected,
    ) -> Result<i64, ExecError> {
        let options = CreateExecOptions {
            attach_stdin: Some(request.input.is_some()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            env: Some(
                request
                    .environment
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect(),
            ),
            cmd: Some(request.argv),
            working_dir: (!request.cwd.is_empty()).then_some(request.cwd),
            ..CreateExecOptions::<String>::default()
        };
        let exec = self.docker.create_exec(container, options).await?.id;
        let started = self.docker.start_exec(&exec, None::<StartExecOptions>).await?;
        let StartExecResults::Attached { mut output, input } = started else {
            // Only asked for with `detach`.
            return Ok(0);
        };
        let feed = feed(input, request.input.unwrap_or_default());
        tokio::pin!(feed);
        let mut fed = false;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.tick().await;
        let mut ended_at_last_look = false;
        // Kept until the end: dropping it would close the command's standard input.
        let mut _input = None;
        loop {
            tokio::select! {
                chunk = output.next() => match chunk {
                    Some(Ok(LogOutput::StdErr { message })) => collected.stderr.push(&message),
                    Some(Ok(chunk)) => collected.stdout.push(chunk.as_ref()),
                    Some(Err(error)) => return Err(error.into()),
                    None => break,
                },
                result = &mut feed, if !fed => {
                    fed = true;
                    // A command may end without reading all: its exit code tells, not the broken pipe.
                    _input = result.ok();
                }
                _ = look.tick() => {
                    // Something that the command started may hold its output open; the command itself is what counts.
                    let running = self.docker.inspect_exec(&exec).await?.running == Some(true);
                    if !running && ended_at_last_look {
                        break;
                    }
                    ended_at_last_look = !running;
                    if running && let Ok(Condition::Gone(reason)) = self.condition(container).await {
                        return Err(ExecError::Gone(reason));
                    }
                }
            }
        }
        // The output may end a moment before the engine has the exit code.
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let inspected = self.docker.inspect_exec(&exec).await?;
            if inspected.running != Some(true)
                && let Some(code) = inspected.exit_code
            {
                return Ok(code);
            }
            if Instant::now() > deadline {
                // A command may close its output and go on.
                if let Ok(Condition::Gone(reason)) = self.condition(container).await {
                    return Err(ExecError::Gone(reason));
                }
                tokio::time::sleep(LOOK).await;
            } else {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Why the container died, `None` where it lives after `patience`.
    async fn death(&self, container: &str, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            if let Ok(Condition::Gone(reason)) = self.condition(container).await {
                return Some(reason);
            }
            if Instant::now() >= deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// What commands end with when their container is killed or shut down under them.
fn is_kill(code: i64) -> bool {
    // 128 + SIGHUP, SIGKILL, SIGTERM
    matches!(code, 129 | 137 | 143)
}

type Input = Pin<Box<dyn AsyncWrite + Send>>;

async fn feed(mut input: Input, content: Vec<u8>) -> std::io::Result<Input> {
    input.write_all(&content).await?;
    input.flush().await?;
    Ok(input)
}

/// Bytes up to a limit: the first half and the last half are kept, the middle is left out.
#[derive(Debug)]
pub(crate) struct Bounded {
    limit: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Bounded {
    fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(2),
            head: Vec::new(),
            tail: VecDeque::new(),
            left_out: 0,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = (self.limit / 2).saturating_sub(self.head.len()).min(bytes.len());
        let (head, rest) = bytes.split_at(room);
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let too_many = self.tail.len().saturating_sub(self.limit - self.limit / 2);
        self.tail.drain(..too_many);
        self.left_out += too_many as u64;
    }

    /// Everything that was kept, with a note where something is missing.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        if self.left_out > 0 {
            self.head
                .extend_from_slice(format!("\n[… {} bytes left out …]\n", self.left_out).as_bytes());
        }
        self.head.extend(self.tail);
        self.head
    }

    /// As [`Bounded::into_bytes`], as text.
    pub(crate) fn into_text(self) -> String {
        String::from_utf8_lossy(&self.into_bytes()).into_owned()
    }

    /// Whether something was left out.
    pub(crate) fn is_cut(&self) -> bool {
        self.left_out > 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn output_over_the_limit_keeps_its_beginning_and_its_end() {
        let mut bounded = Bounded::new(8);
        for chunk in ["0123", "4567", "89ab", "cdef"] {
            bounded.push(chunk.as_bytes());
        }
        assert_eq!(bounded.into_text(), "0123\n[… 8 bytes left out …]\ncdef");
    }

    proptest! {
        #[test]
        fn output_within_the_limit_is_kept_as_it_is(chunks: Vec<Vec<u8>>) {
            let all: Vec<u8> = chunks.concat();
            let mut bounded = Bounded::new(all.len() + 1);
            for chunk in &chunks {
                bounded.push(chunk);
            }
            prop_assert_eq!(bounded.into_bytes(), all);
        }
    }
}
