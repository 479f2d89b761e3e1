//! What a task runs on.

use std::time::Duration;

use async_trait::async_trait;

/// A machine that tasks run on: in the rig a container, in tests a fake.
///
/// It has the abilities that MCollective's agents give Astute on a real node: run a command, put a file,
/// read a file, reboot.
#[async_trait]
pub trait Node: Send + Sync {
    /// Runs a command as root to its end or to its timeout.
    ///
    /// At the timeout the whole process tree that the command started is ended, and the output so far is returned
    /// with [`Output::timed_out`] set. A future that is dropped ends the process tree too.
    async fn run(&self, command: Command) -> Result<Output, NodeError>;

    /// Writes a file in one step (a reader sees the old file or the new one).
    async fn write_file(&self, file: FileUpload) -> Result<(), NodeError>;

    /// The content of a regular file, `None` where there is none.
    async fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, NodeError>;

    /// Removes a file; one that is not there is no error.
    async fn remove_file(&self, path: &str) -> Result<(), NodeError>;

    /// Restarts the machine and waits until it is up again.
    async fn reboot(&self, timeout: Duration) -> Result<(), NodeError>;

    /// Whether the machine answers.
    async fn is_online(&self) -> bool;

    /// This task is about to begin here, and does when this returns.
    ///
    /// For who wants to keep the machine's state before it. The time does not count as the task's.
    async fn task_begins(&self, _task: &str) {}

    /// A task of this type has ended here, well or not; the next one begins when this returns.
    ///
    /// For who wants to look at the machine between two tasks. The time does not count as the task's.
    async fn task_ended(&self, _kind: &str) {}
}

/// A command for [`Node::run`].
#[derive(Debug, Clone)]
pub struct Command {
    /// Program and arguments; no shell is put between.
    pub argv: Vec<String>,
    /// Working directory.
    pub cwd: String,
    /// Environment variables added to the node's own.
    pub environment: Vec<(String, String)>,
    /// How long it may take.
    pub timeout: Duration,
    /// How many bytes of each of stdout and stderr are kept; the middle is left out of longer ones.
    pub output_limit: usize,
    /// The command is Puppet, and should write to its standard output what its `exec` resources print, while they print
    /// it. Puppet itself keeps that until the command has ended, so what was printed before a timeout would be lost.
    pub tells_exec_output: bool,
}

impl Command {
    /// What [`Command::output_limit`] is unless it is set: 1 MiB.
    pub const OUTPUT_LIMIT: usize = 1024 * 1024;

    /// A command that runs in `/` for at most `timeout`.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>, timeout: Duration) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            cwd: "/".to_owned(),
            environment: Vec::new(),
            timeout,
            output_limit: Self::OUTPUT_LIMIT,
            tells_exec_output: false,
        }
    }
}

/// What a command left behind.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Exit code as the kernel gives it (128 + signal for a killed shell child); −1 where the timeout ended it.
    pub exit_code: i64,
    /// Standard output, cut to the command's limit.
    pub stdout: String,
    /// Standard error, cut to the command's limit.
    pub stderr: String,
    /// The timeout ended it.
    pub timed_out: bool,
}

/// A file for [`Node::write_file`].
#[derive(Debug, Clone)]
pub struct FileUpload {
    /// Absolute path.
    pub path: String,
    /// Content.
    pub content: Vec<u8>,
    /// Permission bits of the file.
    pub mode: u32,
    /// Permission bits of its directory, whether that is made anew or was there: MCollective's agent sets them at every
    /// upload, so a file that is put into `/tmp` takes the sticky bit away.
    pub directory_mode: u32,
    /// Owner by name or number.
    pub owner: String,
    /// Group by name or number.
    pub group: String,
}

/// Why a node could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NodeError {
    /// The machine is not there any more: killed, stopped, removed.
    #[error("{node} is gone: {reason}")]
    Gone {
        /// The node's name.
        node: String,
        /// What the engine says of it.
        reason: String,
    },
    /// The machine is there and refused.
    #[error("{node}: cannot {action}: {reason}")]
    Refused {
        /// The node's name.
        node: String,
        /// What was tried.
        action: String,
        /// Why it failed.
        reason: String,
    },
    /// It did not answer in time.
    #[error("{node}: {action} did not finish within {seconds} s")]
    Timeout {
        /// The node's name.
        node: String,
        /// What was tried.
        action: String,
        /// The limit in seconds.
        seconds: u64,
    },
}
