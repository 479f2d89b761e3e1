use std::{process::Stdio, time::Duration};

use async_trait::async_trait;
use mock_astute::{Command, FileUpload, Node, NodeError, Output};

/// This machine as a node: it runs commands and nothing else.
pub(crate) struct LocalNode;

#[async_trait]
impl Node for LocalNode {
    async fn run(&self, command: Command) -> Result<Output, NodeError> {
        let output = tokio::process::Command::new(&command.argv[0])
            .args(&command.argv[1..])
            .current_dir(&command.cwd)
            .envs(command.environment)
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|error| NodeError::Gone {
                node: "local".to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Output {
            exit_code: i64::from(output.status.code().unwrap_or(-1)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            timed_out: false,
        })
    }

    async fn write_file(&self, _: FileUpload) -> Result<(), NodeError> {
        unreachable!("a capture writes no file")
    }

    async fn read_file(&self, _: &str) -> Result<Option<Vec<u8>>, NodeError> {
        unreachable!("a capture reads through its script")
    }

    async fn remove_file(&self, _: &str) -> Result<(), NodeError> {
        unreachable!("a capture removes no file")
    }

    async fn reboot(&self, _: Duration) -> Result<(), NodeError> {
        unreachable!("a capture does not restart the machine")
    }

    async fn is_online(&self) -> bool {
        true
    }
}
