use mock_astute::NodeError;

/// Why the state of a node could not be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The node did not do what was asked.
    #[error("cannot capture the state: {0}")]
    Node(#[from] NodeError),
    /// The node did not come to the end in time.
    #[error(
        "the capture did not end within {seconds} s; a slow storage driver or an observer that hangs may be the cause"
    )]
    TimedOut {
        /// The limit in seconds.
        seconds: u64,
    },
    /// The script broke off: its last words are in `stderr`.
    #[error("the capture broke off with exit code {exit_code}: {stderr}")]
    BrokeOff {
        /// Exit code of the script.
        exit_code: i64,
        /// What it wrote to standard error, its end.
        stderr: String,
    },
    /// The node's `find` refused the walk.
    #[error("the node's `find` cannot walk the file system: {0}; GNU findutils 4.5 or newer is needed")]
    Walk(String),
    /// The answer cannot be read.
    #[error("the node's answer cannot be read: {0}")]
    Unreadable(String),
}
