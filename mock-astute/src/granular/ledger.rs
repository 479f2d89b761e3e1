//! What became of every task of a message, whether it ran or not.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tokio::sync::mpsc::UnboundedSender;

use crate::event::{Event, TaskRecord, TaskStatus};
use crate::task::{Attempts, TaskFailure};

/// One line: a task on a node.
struct Line {
    node: String,
    task: String,
    kind: String,
    begun: Option<(SystemTime, Attempts)>,
    record: Option<TaskRecord>,
}

/// All lines, in the order in which the tasks should run.
pub(crate) struct Ledger {
    lines: Mutex<Vec<Line>>,
    events: UnboundedSender<Event>,
}

impl Ledger {
    /// An empty one that tells `events` of everything.
    pub(crate) fn new(events: UnboundedSender<Event>) -> Self {
        Self {
            lines: Mutex::new(Vec::new()),
            events,
        }
    }

    /// Adds a task that should run; gives its line.
    pub(crate) fn plan(&self, node: &str, task: &str, kind: &str) -> usize {
        let mut lines = self.lines();
        lines.push(Line {
            node: node.to_owned(),
            task: task.to_owned(),
            kind: kind.to_owned(),
            begun: None,
            record: None,
        });
        lines.len() - 1
    }

    /// The task begins; gives where its attempts are noted.
    pub(crate) fn begin(&self, line: usize) -> Attempts {
        let at = SystemTime::now();
        let attempts = Attempts::default();
        let mut lines = self.lines();
        let line = &mut lines[line];
        line.begun = Some((at, attempts.clone()));
        let _ = self.events.send(Event::TaskStarted {
            node_id: line.node.clone(),
            task: line.task.clone(),
            kind: line.kind.clone(),
            at,
        });
        attempts
    }

    /// The task ended.
    pub(crate) fn end(&self, line: usize, result: &Result<(), TaskFailure>) {
        let (status, error) = match result {
            Ok(()) => (TaskStatus::Successful, None),
            Err(error) => (TaskStatus::Failed, Some(error.to_string())),
        };
        self.close(line, status, error);
    }

    /// The task will not run: something that comes first failed.
    pub(crate) fn give_up(&self, line: usize, reason: &str) {
        self.close(line, TaskStatus::DependencyFailed, Some(format!("not run: {reason}")));
    }

    /// What each task that failed said.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.lines()
            .iter()
            .filter_map(|line| line.record.as_ref())
            .filter(|record| record.status == TaskStatus::Failed)
            .map(|record| {
                let error = record.error.as_deref().unwrap_or_default();
                format!("Task[{}/{}]: {error}", record.task, record.node_id)
            })
            .collect()
    }

    /// Ends what still runs and what never began, and gives all records.
    pub(crate) fn take_records(&self, reason: &str) -> Vec<TaskRecord> {
        let open: Vec<(usize, bool)> = self
            .lines()
            .iter()
            .enumerate()
            .filter(|(_, line)| line.record.is_none())
            .map(|(index, line)| (index, line.begun.is_some()))
            .collect();
        for (index, begun) in open {
            if begun {
                self.close(
                    index,
                    TaskStatus::Failed,
                    Some("cut off, because the deployment ended before it did".to_owned()),
                );
            } else {
                self.close(index, TaskStatus::NotReached, Some(format!("not run: {reason}")));
            }
        }
        std::mem::take(&mut *self.lines())
            .into_iter()
            .filter_map(|line| line.record)
            .collect()
    }

    fn close(&self, line: usize, status: TaskStatus, error: Option<String>) {
        let mut lines = self.lines();
        let line = &mut lines[line];
        if line.record.is_some() {
            return;
        }
        let begun = line.begun.take();
        if let (Some(error), Some(_)) = (&error, &begun) {
            tracing::warn!(task = %line.task, node = %line.node, %error, "task failed");
        }
        let record = TaskRecord {
            node_id: line.node.clone(),
            task: line.task.clone(),
            kind: line.kind.clone(),
            status,
            started: begun.as_ref().map(|(started, _)| *started),
            finished: begun.as_ref().map(|_| SystemTime::now()),
            attempts: begun.map(|(_, attempts)| attempts.take()).unwrap_or_default(),
            error,
        };
        let _ = self.events.send(Event::TaskFinished(Box::new(record.clone())));
        line.record = Some(record);
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
