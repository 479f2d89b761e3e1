//! The abilities that the orchestrator needs of a node, over the engine.

use std::time::Duration;

use async_trait::async_trait;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::InspectContainerOptions;
use mock_astute::{Command, FileUpload, Node, NodeError, Output};
use uuid::Uuid;

use super::containers::last_lines;
use super::error::EngineError;
use super::exec::{Collected, ExecError, ExecOutput, ExecRequest};
use super::node::TargetNode;
use super::tell::telling;
use super::warm_puppet::through_server;

/// Environment variable by which everything is found that a command started, even what forked away from it.
const MARK: &str = "FUELRIG_EXEC";
/// How long a look at or a write of a file may take.
const FILE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long ending a process tree may take.
const END_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest file that is read: 64 MiB.
const FILE_LIMIT: usize = 64 << 20;
/// Exit code of [`READ`] where there is no regular file.
const NO_FILE: i64 = 44;
/// Exit code of [`READ`] where the file is larger than it may be.
const TOO_LARGE: i64 = 45;

/// Arguments: path, largest size.
const READ: &str = r#"
[ -f "$1" ] || exit 44
[ "$(stat -L -c %s -- "$1")" -le "$2" ] || exit 45
exec cat -- "$1""#;

/// Arguments: path, size, mode, mode of the directory, owner, group. A link is written through, and a directory that was
/// there is given the mode too, as a real node does.
const WRITE: &str = r#"
set -e
umask 077
path=$(readlink -m -- "$1")
directory=${path%/*}
[ -z "$directory" ] || [ -d "$directory" ] || mkdir -p -m 0755 -- "$directory"
if [ -d "$path" ]; then echo "$path is a directory" >&2; exit 1; fi
given=${1%/*}
[ -n "$given" ] || given=/
[ "$(stat -L -c %a -- "$given")" = "${4#0}" ] || chmod -- "$4" "$given"
temporary=$(mktemp -- "$directory/.fuelrig.XXXXXXXX")
trap 'rm -f -- "$temporary"' EXIT
head -c "$2" >"$temporary"
[ "$(stat -c %s -- "$temporary")" = "$2" ] || { echo "the content was cut off" >&2; exit 1; }
chown -- "$5:$6" "$temporary"
chmod -- "$3" "$temporary"
mv -fT -- "$temporary" "$path"
trap - EXIT
"#;

/// Ends all that carries the mark ($1) and all that descends from it: asked first, then killed. Services that systemd
/// started for a command carry no mark and do not descend from it.
const END: &str = r#"
victims() {
    seeds=$(grep -lzx -- "FUELRIG_EXEC=$1" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n' | tr '\n' ' ')
    [ -n "$seeds" ] || return 0
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v seeds="$seeds" '
        { pid = $1; sub(/^.*\) /, ""); if ($1 != "Z") parent[pid] = $2 }
        END {
            count = split(seeds, list, " "); for (i = 1; i <= count; i++) hit[list[i]] = 1
            do { more = 0
                for (pid in parent) if (!(pid in hit) && (parent[pid] in hit)) { hit[pid] = 1; more = 1 }
            } while (more)
            for (pid in hit) if (pid in parent) print pid
        }'
}
signal=TERM
round=0
while [ $round -lt 60 ]; do
    found=$(victims "$1" | grep -vx "$$")
    [ -n "$found" ] || exit 0
    if [ $round -eq 0 ] || [ $round -ge 20 ]; then kill -"$signal" $found 2>/dev/null; fi
    round=$((round + 1))
    [ $round -lt 20 ] || signal=KILL
    sleep 0.1
done
echo $found
exit 1
"#;

#[async_trait]
impl Node for TargetNode {
    async fn run(&self, command: Command) -> Result<Output, NodeError> {
        let mark = Uuid::new_v4().simple().to_string();
        let mut environment = command.environment;
        environment.push((MARK.to_owned(), mark.clone()));
        let line = command.argv.join(" ");
        let mut argv = through_server(command.argv);
        if command.tells_exec_output {
            argv = telling(argv);
        }
        let request = ExecRequest {
            argv,
            cwd: command.cwd,
            environment,
            input: None,
            output_limit: command.output_limit,
        };
        let mut ender = Ender {
            node: Some(self.clone()),
            mark,
        };
        let mut collected = Collected::new(command.output_limit);
        let result = tokio::time::timeout(
            command.timeout,
            self.engine.exec_into(&self.id, request, &mut collected),
        )
        .await;
        let (exit_code, timed_out) = match result {
            Ok(Ok(code)) => (code, false),
            Ok(Err(error)) => {
                ender.disarm();
                return Err(self.exec_error(&format!("run `{}`", shortened(&line)), error));
            }
            Err(_) => {
                ender.end_now().await?;
                (-1, true)
            }
        };
        ender.disarm();
        Ok(Output {
            exit_code,
            stdout: collected.stdout.into_text(),
            stderr: collected.stderr.into_text(),
            timed_out,
        })
    }

    async fn write_file(&self, file: FileUpload) -> Result<(), NodeError> {
        let action = format!("write {}", file.path);
        if !file.path.starts_with('/') {
            return Err(self.refused(&action, "its path is not absolute"));
        }
        let arguments = [
            file.path,
            file.content.len().to_string(),
            format!("{:04o}", file.mode),
            format!("{:04o}", file.directory_mode),
            file.owner,
            file.group,
        ];
        let output = self
            .script(&action, WRITE, &arguments, Some(file.content), FILE_TIMEOUT)
            .await?;
        if output.code == 0 {
            return Ok(());
        }
        Err(self.refused(&action, &complaint(&output)))
    }

    async fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, NodeError> {
        let action = format!("read {path}");
        let request = ExecRequest {
            argv: ["sh", "-c", READ, "sh", path, &FILE_LIMIT.to_string()]
                .map(str::to_owned)
                .to_vec(),
            output_limit: FILE_LIMIT * 2,
            ..ExecRequest::default()
        };
        let mut collected = Collected::new(request.output_limit);
        let code = self
            .in_time(
                &action,
                FILE_TIMEOUT,
                self.engine.exec_into(&self.id, request, &mut collected),
            )
            .await?;
        // A file may grow while it is read.
        if code == TOO_LARGE || collected.stdout.is_cut() {
            return Err(self.refused(&action, &format!("it is larger than {} MiB", FILE_LIMIT >> 20)));
        }
        match code {
            0 => Ok(Some(collected.stdout.into_bytes())),
            NO_FILE => Ok(None),
            _ => Err(self.refused(&action, collected.stderr.into_text().trim())),
        }
    }

    async fn remove_file(&self, path: &str) -> Result<(), NodeError> {
        let action = format!("remove {path}");
        let output = self
            .script(&action, r#"exec rm -f -- "$1""#, &[path.to_owned()], None, FILE_TIMEOUT)
            .await?;
        if output.code == 0 {
            return Ok(());
        }
        Err(self.refused(&action, &complaint(&output)))
    }

    async fn reboot(&self, timeout: Duration) -> Result<(), NodeError> {
        match tokio::time::timeout(timeout, self.restart(timeout)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(EngineError::Gone { reason, .. })) => Err(self.gone(reason)),
            Ok(Err(EngineError::NotReady { .. })) | Err(_) => Err(self.timeout("reboot", timeout)),
            Ok(Err(error)) => Err(self.refused("reboot", &error.to_string())),
        }
    }

    async fn is_online(&self) -> bool {
        let inspected = self
            .engine
            .docker
            .inspect_container(&self.id, None::<InspectContainerOptions>)
            .await;
        inspected.is_ok_and(|inspected| self.can_answer(&inspected))
    }
}

impl TargetNode {
    /// Whether its agent could be reached by the master of a real Fuel: it runs, and stands in every network in which it
    /// was started.
    fn can_answer(&self, inspected: &ContainerInspectResponse) -> bool {
        let state = inspected.state.clone().unwrap_or_default();
        let networks = inspected
            .network_settings
            .as_ref()
            .and_then(|settings| settings.networks.as_ref());
        let mut legs = self.hardware_addresses.keys();
        state.running == Some(true)
            && state.paused != Some(true)
            && legs.all(|leg| networks.is_some_and(|networks| networks.contains_key(leg)))
    }

    async fn script(
        &self,
        action: &str,
        script: &str,
        arguments: &[String],
        input: Option<Vec<u8>>,
        timeout: Duration,
    ) -> Result<ExecOutput, NodeError> {
        let mut argv = ["sh", "-c", script, "sh"].map(str::to_owned).to_vec();
        argv.extend_from_slice(arguments);
        let request = ExecRequest {
            argv,
            input,
            output_limit: 64 * 1024,
            ..ExecRequest::default()
        };
        self.in_time(action, timeout, self.engine.exec(&self.id, request)).await
    }

    async fn in_time<T>(
        &self,
        action: &str,
        timeout: Duration,
        work: impl Future<Output = Result<T, ExecError>>,
    ) -> Result<T, NodeError> {
        match tokio::time::timeout(timeout, work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.exec_error(action, error)),
            Err(_) => Err(self.timeout(action, timeout)),
        }
    }

    fn exec_error(&self, action: &str, error: ExecError) -> NodeError {
        match error {
            ExecError::Gone(reason) => self.gone(reason),
            ExecError::Engine(error) => self.refused(action, &error.to_string()),
        }
    }

    fn gone(&self, reason: String) -> NodeError {
        NodeError::Gone {
            node: self.spec.name.clone(),
            reason,
        }
    }

    fn refused(&self, action: &str, reason: &str) -> NodeError {
        NodeError::Refused {
            node: self.spec.name.clone(),
            action: action.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn timeout(&self, action: &str, timeout: Duration) -> NodeError {
        NodeError::Timeout {
            node: self.spec.name.clone(),
            action: action.to_owned(),
            seconds: timeout.as_secs(),
        }
    }

    async fn end_marked(&self, mark: &str) -> Result<(), NodeError> {
        let output = self
            .script("end the process tree", END, &[mark.to_owned()], None, END_TIMEOUT)
            .await?;
        if output.code == 0 {
            return Ok(());
        }
        let left = String::from_utf8_lossy(&output.stdout).trim().replace('\n', " ");
        if left.is_empty() {
            // The script itself did not get far: in a node that is full of processes it has no room for its own.
            return Err(self.refused("end the process tree", &complaint(&output)));
        }
        Err(self.refused("end the process tree", &format!("processes {left} survive SIGKILL")))
    }
}

/// Ends a command's process tree when the future that runs it is dropped half-way.
struct Ender {
    node: Option<TargetNode>,
    mark: String,
}

impl Ender {
    async fn end_now(&mut self) -> Result<(), NodeError> {
        match self.node.take() {
            Some(node) => node.end_marked(&self.mark).await,
            None => Ok(()),
        }
    }

    fn disarm(&mut self) {
        self.node = None;
    }
}

impl Drop for Ender {
    fn drop(&mut self) {
        let Some(node) = self.node.take() else { return };
        let mark = std::mem::take(&mut self.mark);
        // Without a runtime the whole rig is going down, and the node with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = node.end_marked(&mark).await {
                    tracing::warn!(%error, "a stopped command may still run");
                }
            });
        }
    }
}

fn complaint(output: &ExecOutput) -> String {
    let mut lines = last_lines(&String::from_utf8_lossy(&output.stderr), 3);
    lines.extend(last_lines(&String::from_utf8_lossy(&output.stdout), 3));
    if lines.is_empty() {
        format!("exit code {}", output.code)
    } else {
        lines.join("; ")
    }
}

fn shortened(line: &str) -> String {
    const LENGTH: usize = 120;
    if line.chars().count() <= LENGTH {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(LENGTH).collect();
    short.push('…');
    short
}
