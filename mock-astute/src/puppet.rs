//! How Puppet is run on a node, and when a run counts as good.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::event::{Attempt, PuppetRun};
use crate::node::{Command, Node, NodeError, Output};
use crate::profile::PuppetProfile;
use crate::report::{self, Account};
use crate::task::{Site, TaskFailure};

/// Puppet's log on a node, which Fuel's users read.
const LOG: &str = "/var/log/puppet.log";
/// Bytes kept of each of stdout and stderr of an attempt, half of them its beginning and half its end; a task may have
/// many attempts, a deployment many tasks.
pub(crate) const OUTPUT_LIMIT: usize = 64 * 1024;
/// How long a file of the last run may take to be deleted or read.
const FILE_TIMEOUT: Duration = Duration::from_secs(60);

/// A manifest to apply, with all its retries.
#[derive(Debug, Clone)]
pub(crate) struct PuppetJob {
    /// As given: a relative path is looked up in `cwd`.
    pub(crate) manifest: String,
    /// Directories with colons between, relative ones looked up in `cwd`.
    pub(crate) modules: String,
    /// Working directory.
    pub(crate) cwd: String,
    /// Words before the program.
    pub(crate) command_prefix: Vec<String>,
    /// Over all runs together.
    pub(crate) timeout: Duration,
    /// How often a failed run is repeated.
    pub(crate) retries: u32,
    /// How often a good run is repeated.
    pub(crate) succeed_retries: u32,
    /// Whether Puppet tells everything.
    pub(crate) debug: bool,
    /// Whether Puppet only tells what it would do.
    pub(crate) noop: bool,
    /// Whether the report goes into the task history; that of a noop run always does.
    pub(crate) raw_report: bool,
    /// Whether what the manifest's `exec` printed stands for the output of the attempt.
    pub(crate) shows_exec_output: bool,
}

impl PuppetJob {
    /// Applies the manifest until a run is good or nothing more may be tried.
    ///
    /// Astute starts Puppet through `daemonize` and asks every two seconds whether it has ended; here the process is
    /// waited for, so there is no lock file and no state "undefined". A run that the timeout ends is killed, where
    /// Astute lets it go on unobserved.
    pub(crate) async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        let deadline = Instant::now() + self.timeout;
        let mut retries = self.retries;
        let mut succeed_retries = self.succeed_retries;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let started = SystemTime::now();
            let tried = self.apply(site, remaining).await;
            let (mut attempt, result) = match tried {
                Ok((mut output, account)) => {
                    let mut problem = problem(&output, &account.run);
                    let printed = account.exec_output.last().map(String::as_str);
                    let printed = printed.or_else(|| output.stdout.lines().rev().find(|line| !line.trim().is_empty()));
                    if let (true, Some(problem), Some(last)) = (self.shows_exec_output, &mut problem, printed) {
                        problem.push_str(&format!("; the last it printed: {}", report::cut(last)));
                    }
                    // A shell task's command speaks through Puppet's log, where it cannot be heard while it runs.
                    if self.shows_exec_output && output.stdout.trim().is_empty() {
                        output.stdout = account.exec_output.join("\n");
                    }
                    (filled(started, output, account.run), problem)
                }
                Err(error) => {
                    let problem = error.to_string();
                    let mut attempt = filled(started, Output::default(), PuppetRun::default());
                    attempt.exit_code = None;
                    attempt.puppet = None;
                    attempt.error = Some(problem.clone());
                    if let TaskFailure::Gone(_) = error {
                        site.attempts.push(attempt);
                        return Err(error);
                    }
                    (attempt, Some(problem))
                }
            };
            attempt.error.clone_from(&result);
            site.attempts.push(attempt);

            let out_of_time = Instant::now() >= deadline;
            match result {
                None if succeed_retries == 0 || out_of_time => return Ok(()),
                None => succeed_retries -= 1,
                Some(problem) if out_of_time => {
                    return Err(TaskFailure::Failed(format!(
                        "{problem} (the task's timeout of {} s covers all its retries)",
                        self.timeout.as_secs()
                    )));
                }
                Some(problem) if retries == 0 => return Err(TaskFailure::Failed(problem)),
                Some(_) => retries -= 1,
            }
        }
    }

    /// One run, from deleting the last one's account to reading its own.
    async fn apply(&self, site: &Site, timeout: Duration) -> Result<(Output, Account), TaskFailure> {
        let node = site.node.as_ref();
        let profile = &site.profile.puppet;
        let summary = format!("{}/last_run_summary.yaml", profile.state_directory);
        let report = format!("{}/last_run_report.yaml", profile.state_directory);
        if profile.forgets_last_run {
            let (of_summary, of_report) = tokio::join!(
                bounded("deleting the last run's summary", node.remove_file(&summary)),
                bounded("deleting the last run's report", node.remove_file(&report)),
            );
            of_summary?;
            of_report?;
        }
        let output = node.run(self.command(profile, timeout)).await?;
        let (summary, report) = tokio::join!(read(node, &summary), read(node, &report));
        // The summary alone decides: a report that cannot be read (a task may print more than any report should hold)
        // only leaves the run without its explanation.
        let (report, unread) = match report {
            Ok(report) => (report, None),
            Err(TaskFailure::Failed(problem)) => (None, Some(problem)),
            Err(gone) => return Err(gone),
        };
        let summary = summary?;
        let mut account = report::read(summary.as_deref(), report.as_deref());
        account.run.errors.extend(unread);
        if let (true, Some(report)) = (self.raw_report || self.noop, &report) {
            let raw = report::raw_report(report, self.noop);
            account.run.summary.insert("raw_report".to_owned(), raw);
        }
        if account.run.errors.is_empty() && account.run.failed > 0 && !output.timed_out {
            // A manifest that does not compile leaves neither file, and says why only in the log.
            account.run.errors.extend(last_logged_error(node).await);
        }
        Ok((output, account))
    }

    fn command(&self, profile: &PuppetProfile, timeout: Duration) -> Command {
        let mut words = self.command_prefix.clone();
        words.extend([profile.program.to_owned(), "apply".to_owned(), self.manifest.clone()]);
        words.extend(
            profile
                .arguments
                .iter()
                .map(|argument| argument.replace("{modules}", &self.modules)),
        );
        if self.noop {
            words.push("--noop".to_owned());
        } else if self.debug {
            words.extend(["--debug".to_owned(), "--evaltrace".to_owned()]);
        }
        words.extend(["--logdest".to_owned(), LOG.to_owned()]);
        let mut command = Command::new(words, timeout);
        command.cwd.clone_from(&self.cwd);
        command
            .environment
            .push(("LC_ALL".to_owned(), "en_US.UTF-8".to_owned()));
        command.output_limit = OUTPUT_LIMIT;
        command.tells_exec_output = true;
        command
    }
}

/// Why a run is no good, by Puppet's own summary alone: Astute never looks at the exit code.
fn problem(output: &Output, puppet: &PuppetRun) -> Option<String> {
    if output.timed_out {
        return Some("Puppet did not end in time and was stopped".to_owned());
    }
    if puppet.failed == 0 && puppet.failed_to_restart == 0 {
        return None;
    }
    let mut problem = if puppet.failed_resources.is_empty() && puppet.failed_to_restart == 0 {
        format!(
            "Puppet left no summary without failures (exit code {}){}",
            output.exit_code,
            last_words(output)
        )
    } else {
        format!(
            "Puppet failed: {} failed, {} failed to restart",
            puppet.failed, puppet.failed_to_restart
        )
    };
    let resources: Vec<&str> = puppet
        .failed_resources
        .iter()
        .take(5)
        .map(|resource| resource.name.as_str())
        .collect();
    if !resources.is_empty() {
        problem.push_str(": ");
        problem.push_str(&resources.join(", "));
    }
    if let Some(error) = puppet.errors.first() {
        problem.push_str(": ");
        problem.push_str(&error.replace('\n', " "));
    }
    Some(problem)
}

/// The last line that is not empty of what the process printed.
fn last_words(output: &Output) -> String {
    output
        .stderr
        .lines()
        .rev()
        .chain(output.stdout.lines().rev())
        .find(|line| !line.trim().is_empty())
        .map_or_else(String::new, |line| format!(": {}", line.trim()))
}

fn filled(started: SystemTime, output: Output, puppet: PuppetRun) -> Attempt {
    Attempt {
        started,
        finished: SystemTime::now(),
        exit_code: Some(output.exit_code),
        stdout: output.stdout,
        stderr: output.stderr,
        puppet: Some(puppet),
        error: None,
    }
}

/// The last error in Puppet's log on the node.
async fn last_logged_error(node: &dyn Node) -> Option<String> {
    let command = Command::new(["tail", "-n", "200", LOG], FILE_TIMEOUT);
    let output = node.run(command).await.ok()?;
    let line = output.stdout.lines().rev().find(|line| line.contains(" (err): "))?;
    line.split_once(" (err): ").map(|(_, message)| message.to_owned())
}

async fn read(node: &dyn Node, path: &str) -> Result<Option<Vec<u8>>, TaskFailure> {
    bounded("reading Puppet's account of the run", node.read_file(path)).await
}

async fn bounded<T>(action: &str, work: impl Future<Output = Result<T, NodeError>>) -> Result<T, TaskFailure> {
    match tokio::time::timeout(FILE_TIMEOUT, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(TaskFailure::Failed(format!(
            "{action} did not finish within {} s",
            FILE_TIMEOUT.as_secs()
        ))),
    }
}
