//! A command of a hook: given to the node's shell as it is, without Puppet around it.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use crate::event::Attempt;
use crate::node::Command;
use crate::puppet::OUTPUT_LIMIT;
use crate::task::{Site, Task, TaskFailure};

/// A command with its retries.
pub(crate) struct RawShell {
    /// With the change of directory before it.
    pub(crate) command: String,
    /// Over all attempts together.
    pub(crate) timeout: Duration,
    /// Attempts after the first.
    pub(crate) retries: u32,
    /// Between two attempts.
    pub(crate) interval: Duration,
}

#[async_trait]
impl Task for RawShell {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        let deadline = Instant::now() + self.timeout;
        let mut retries = self.retries;
        loop {
            let started = SystemTime::now();
            let remaining = deadline.saturating_duration_since(Instant::now());
            let mut command = Command::new(["/bin/sh", "-c", &self.command], remaining);
            command.output_limit = OUTPUT_LIMIT;
            let output = site.node.run(command).await?;
            let problem = if output.timed_out {
                Some(format!(
                    "did not end within {} s and was stopped",
                    self.timeout.as_secs()
                ))
            } else if output.exit_code != 0 {
                Some(format!("returned {}", output.exit_code))
            } else {
                None
            };
            site.attempts.push(Attempt {
                started,
                finished: SystemTime::now(),
                exit_code: Some(output.exit_code),
                stdout: output.stdout,
                stderr: output.stderr,
                puppet: None,
                error: problem.clone(),
            });
            let Some(problem) = problem else { return Ok(()) };
            if retries == 0 || Instant::now() + self.interval >= deadline {
                return Err(TaskFailure::Failed(problem));
            }
            retries -= 1;
            sleep(self.interval).await;
        }
    }
}
