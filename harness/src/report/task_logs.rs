//! What every task printed, as files in the run's directory.

use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use mock_astute::TaskRecord;

use crate::event::{Consumer, RunEvent};

/// Consumer that writes `tasks/<deployment>-<node>-<task>.log` for each task that ran.
#[derive(Debug)]
pub struct TaskLogs {
    directory: Utf8PathBuf,
    /// How many logs could not be written, and why the first could not.
    lost: Option<(usize, String)>,
}

impl TaskLogs {
    /// Writes into `directory`, the run's own.
    pub fn new(directory: &Utf8Path) -> Self {
        Self {
            directory: directory.join("tasks"),
            lost: None,
        }
    }

    /// What could not be written, in a sentence; a full disk must not end the run: the verdict is still wanted.
    pub fn problem(&self) -> Option<String> {
        let (count, reason) = self.lost.as_ref()?;
        Some(format!("the logs of {count} tasks are not kept: {reason}"))
    }
}

impl Consumer for TaskLogs {
    fn consume(&mut self, event: &RunEvent) {
        let RunEvent::TaskFinished { run, node, record } = event else {
            return;
        };
        let file = self.directory.join(file_name(*run, node, &record.task));
        let written = fs_err::create_dir_all(&self.directory).and_then(|()| fs_err::write(&file, text(record)));
        if let Err(error) = written {
            let (count, _) = self.lost.get_or_insert_with(|| (0, error.to_string()));
            *count += 1;
        }
    }
}

/// The name of a task's log in `tasks/`.
pub(crate) fn file_name(run: u8, node: &str, task: &str) -> String {
    let task: String = task
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("{run}-{node}-{task}.log")
}

fn text(record: &TaskRecord) -> String {
    let mut text = String::new();
    for (number, attempt) in record.attempts.iter().enumerate() {
        let took = attempt.finished.duration_since(attempt.started).unwrap_or_default();
        let _ = writeln!(text, "=== attempt {} ({:.1} s)", number + 1, took.as_secs_f64());
        if let Some(code) = attempt.exit_code {
            let _ = writeln!(text, "exit code: {code}");
        }
        if let Some(error) = &attempt.error {
            let _ = writeln!(text, "error: {error}");
        }
        for (name, output) in [("stdout", &attempt.stdout), ("stderr", &attempt.stderr)] {
            if !output.is_empty() {
                let _ = writeln!(text, "--- {name}\n{}", output.trim_end());
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_id_makes_a_safe_file_name() {
        assert_eq!(
            file_name(2, "node-1", "../../etc/passwd"),
            "2-node-1-.._.._etc_passwd.log"
        );
    }
}
