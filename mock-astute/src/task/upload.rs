//! Putting a file on a node, for every type that does.

use std::time::{Duration, SystemTime};

use super::{Attempts, TaskFailure};
use crate::event::Attempt;
use crate::node::{Command, FileUpload, Node, NodeError};

/// The longest path that MCollective's agent takes, in characters.
const LONGEST_PATH: usize = 256;

/// What to put where.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) file: FileUpload,
    pub(super) timeout: Duration,
    /// Attempts after the first; there is no pause between them.
    pub(super) retries: u32,
    /// Whether a file that is there may be replaced.
    pub(super) overwrite: bool,
    /// Whether missing directories are made.
    pub(super) parents: bool,
}

impl Upload {
    /// A root-owned file that replaces what is there.
    pub(super) fn new(path: &str, content: Vec<u8>, mode: u32, directory_mode: u32) -> Self {
        Self {
            file: FileUpload {
                path: path.to_owned(),
                content,
                mode,
                directory_mode,
                owner: "root".to_owned(),
                group: "root".to_owned(),
            },
            timeout: Duration::from_secs(60),
            retries: 0,
            overwrite: true,
            parents: true,
        }
    }

    /// Puts the file on the node.
    pub(super) async fn put(&self, node: &dyn Node, attempts: &Attempts) -> Result<(), TaskFailure> {
        let mut retries = self.retries;
        loop {
            let started = SystemTime::now();
            let result = self.put_once(node).await;
            attempts.push(Attempt {
                started,
                finished: SystemTime::now(),
                exit_code: None,
                stdout: String::new(),
                stderr: String::new(),
                puppet: None,
                error: result.as_ref().err().map(ToString::to_string),
            });
            match result {
                Err(TaskFailure::Failed(_)) if retries > 0 => retries -= 1,
                other => return other,
            }
        }
    }

    async fn put_once(&self, node: &dyn Node) -> Result<(), TaskFailure> {
        let path = &self.file.path;
        if path.chars().count() > LONGEST_PATH {
            return Err(TaskFailure::Failed(format!(
                "{path}: the path is longer than {LONGEST_PATH} characters"
            )));
        }
        if !self.overwrite && node.read_file(path).await?.is_some() {
            return Err(TaskFailure::Failed(format!(
                "{path} exists and parameters.overwrite is false"
            )));
        }
        if !self.parents {
            let directory = match path.rsplit_once('/') {
                Some(("", _)) | None => "/",
                Some((directory, _)) => directory,
            };
            let test = Command::new(["test", "-d", directory], self.timeout);
            if node.run(test).await?.exit_code != 0 {
                return Err(TaskFailure::Failed(format!(
                    "{directory} does not exist and parameters.parents is false"
                )));
            }
        }
        write(node, self.file.clone(), self.timeout).await
    }
}

/// Writes one file in bounded time.
pub(crate) async fn write(node: &dyn Node, file: FileUpload, timeout: Duration) -> Result<(), TaskFailure> {
    let action = format!("upload of {}", file.path);
    match tokio::time::timeout(timeout, node.write_file(file)).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(TaskFailure::from(NodeError::Timeout {
            node: "the node".to_owned(),
            action,
            seconds: timeout.as_secs(),
        })),
    }
}
