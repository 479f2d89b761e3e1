//! Getting at the containers of runs that live or were kept: a shell, and what they logged.

use std::io::IsTerminal;

use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use bollard::query_parameters::{ListContainersOptionsBuilder, LogsOptionsBuilder};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connect::Engine;
use super::error::EngineError;
use super::labels::{NAME, RUN, filter};

/// How many log lines of a container are shown.
const LOG_LINES: usize = 1000;

/// A container of some run.
struct Found {
    id: String,
    run: String,
    name: String,
    created: i64,
}

impl Engine {
    /// Whether a run has a container of that name.
    pub async fn has(&self, run: Option<&str>, name: &str) -> bool {
        self.find(run, name).await.is_ok()
    }

    /// Runs a shell, or `command`, in a container of a run with this process's terminal, and gives its exit code.
    ///
    /// `name` is the container's name in its run (`node-1`); `run` says which run, where several have such a container.
    ///
    /// # Errors
    /// There is no such container, or the engine refuses.
    pub async fn enter(&self, run: Option<&str>, name: &str, command: &[String]) -> Result<i64, EngineError> {
        let container = self.find(run, name).await?;
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let argv = if command.is_empty() {
            vec![
                "/bin/sh".to_owned(),
                "-c".to_owned(),
                "exec $(command -v bash || echo sh)".to_owned(),
            ]
        } else {
            command.to_vec()
        };
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(terminal),
            env: Some(vec![format!(
                "TERM={}",
                std::env::var("TERM").unwrap_or_else(|_| "xterm".to_owned())
            )]),
            cmd: Some(argv),
            ..CreateExecOptions::default()
        };
        let refused = EngineError::request(format!("enter {name}"));
        let exec = match self.docker.create_exec(&container.id, options).await {
            Ok(exec) => exec.id,
            Err(error) => return Err(refused(error)),
        };
        let start = StartExecOptions {
            detach: false,
            tty: terminal,
            output_capacity: None,
        };
        let attached = match self.docker.start_exec(&exec, Some(start)).await {
            Ok(attached) => attached,
            Err(error) => return Err(refused(error)),
        };
        let StartExecResults::Attached { mut output, mut input } = attached else {
            return Ok(0);
        };
        let raw = if terminal { RawTerminal::enter().await } else { None };
        if let Some(raw) = &raw {
            let size = ResizeExecOptions {
                height: raw.rows,
                width: raw.columns,
            };
            if let Err(error) = self.docker.resize_exec(&exec, size).await {
                tracing::debug!(%error, "the terminal in the container keeps its size");
            }
        }
        let typing = tokio::spawn(async move {
            let mut stdin = tokio::io::stdin();
            let mut buffer = [0_u8; 4096];
            while let Ok(read) = stdin.read(&mut buffer).await {
                if read == 0 || input.write_all(&buffer[..read]).await.is_err() || input.flush().await.is_err() {
                    break;
                }
            }
            let _ = input.shutdown().await;
        });
        let (mut stdout, mut stderr) = (tokio::io::stdout(), tokio::io::stderr());
        while let Some(Ok(chunk)) = output.next().await {
            // A reader that went away ends the session, not with an error.
            let written = match chunk {
                bollard::container::LogOutput::StdErr { message } => stderr.write_all(&message).await,
                other => stdout.write_all(&other.into_bytes()).await,
            };
            if written.is_err() || stdout.flush().await.is_err() {
                break;
            }
        }
        typing.abort();
        if let Some(raw) = raw {
            raw.leave().await;
        }
        let ended = self
            .docker
            .inspect_exec(&exec)
            .await
            .map_err(EngineError::request(format!("ask how {name} ended")))?;
        Ok(ended.exit_code.unwrap_or(0))
    }

    /// What the containers of the newest run have logged, or one of them: container name and text.
    ///
    /// # Errors
    /// There is no such container, or the engine refuses.
    pub async fn logs(&self, run: Option<&str>, name: Option<&str>) -> Result<Vec<(String, String)>, EngineError> {
        let mut containers = match name {
            Some(name) => vec![self.find(run, name).await?],
            None => {
                let all = self.all_containers().await?;
                let newest = all
                    .iter()
                    .max_by_key(|found| found.created)
                    .map(|found| found.run.clone());
                all.into_iter()
                    .filter(|found| Some(&found.run) == newest.as_ref())
                    .collect()
            }
        };
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        if containers.is_empty() {
            return Err(EngineError::NoContainer {
                wanted: "a run".to_owned(),
                known: "none".to_owned(),
            });
        }
        let mut logs = Vec::new();
        for container in containers {
            let options = LogsOptionsBuilder::new()
                .stdout(true)
                .stderr(true)
                .tail(&LOG_LINES.to_string())
                .build();
            let mut stream = self.docker.logs(&container.id, Some(options));
            let mut text = Vec::new();
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(EngineError::request(format!("read the log of {}", container.name)))?;
                text.extend_from_slice(&chunk.into_bytes());
            }
            logs.push((container.name, String::from_utf8_lossy(&text).into_owned()));
        }
        Ok(logs)
    }

    async fn find(&self, run: Option<&str>, name: &str) -> Result<Found, EngineError> {
        let all = self.all_containers().await?;
        let list = |found: &[Found]| {
            let names: Vec<String> = found
                .iter()
                .map(|found| format!("{}/{}", found.run, found.name))
                .collect();
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        };
        let known = list(&all);
        let mut fitting: Vec<Found> = all
            .into_iter()
            .filter(|found| found.name == name && run.is_none_or(|run| found.run == run))
            .collect();
        if fitting.len() > 1 {
            return Err(EngineError::SeveralContainers {
                wanted: name.to_owned(),
                known: list(&fitting),
            });
        }
        fitting.pop().ok_or_else(|| EngineError::NoContainer {
            wanted: name.to_owned(),
            known,
        })
    }

    async fn all_containers(&self) -> Result<Vec<Found>, EngineError> {
        let options = ListContainersOptionsBuilder::new().filters(&filter(RUN)).build();
        let containers = self
            .docker
            .list_containers(Some(options))
            .await
            .map_err(EngineError::request("list the containers"))?;
        Ok(containers
            .into_iter()
            .filter_map(|container| {
                let mut labels = container.labels?;
                Some(Found {
                    id: container.id?,
                    run: labels.remove(RUN)?,
                    name: labels.remove(NAME)?,
                    created: container.created.unwrap_or_default(),
                })
            })
            .collect())
    }
}

/// This process's terminal in raw mode, by the system's own `stty`.
struct RawTerminal {
    saved: String,
    rows: u16,
    columns: u16,
}

impl RawTerminal {
    async fn enter() -> Option<Self> {
        let saved = stty(&["-g"]).await?;
        let size = stty(&["size"]).await.unwrap_or_default();
        let mut size = size.split_whitespace().filter_map(|number| number.parse().ok());
        let (rows, columns) = (size.next().unwrap_or(24), size.next().unwrap_or(80));
        stty(&["raw", "-echo"]).await?;
        Some(Self { saved, rows, columns })
    }

    async fn leave(self) {
        let _ = stty(&[self.saved.trim()]).await;
    }
}

async fn stty(arguments: &[&str]) -> Option<String> {
    let output = tokio::process::Command::new("stty")
        .args(arguments)
        .stdin(std::process::Stdio::inherit())
        .output()
        .await
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
