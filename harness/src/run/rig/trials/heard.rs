//! What is wrong with a run, from its events.

use std::collections::BTreeSet;

use mock_astute::{TaskRecord, TaskStatus};

use crate::event::{Consumer, RunEvent, VerifyResult};
use crate::run::environment::DeployedEnvironment;
use crate::verdict::{Background, Call, TaskVerdict, Verdict};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(in crate::run::rig) struct Mark {
    /// What it is of: the same in another run where the same task, check or place is concerned in the same way.
    pub(super) key: String,
    /// A sentence, perhaps of several lines.
    pub(super) line: String,
    /// Node and task, where it was one.
    pub(super) task: Option<(String, String)>,
    /// Whether it is a check of the scenario.
    pub(super) is_check: bool,
    pub(super) differences: Vec<Background>,
}

impl Mark {
    /// A deployment that failed, and no task did.
    pub(super) fn deployment(line: String) -> Self {
        Self {
            key: "deployment".to_owned(),
            line,
            task: None,
            is_check: false,
            differences: Vec::new(),
        }
    }

    fn task(node: &str, task: &str, way: &str, what: &str) -> Self {
        Self {
            key: format!("{way}: task {node} {task}"),
            line: format!("{node}: task `{task}`: {what}"),
            task: Some((node.to_owned(), task.to_owned())),
            is_check: false,
            differences: Vec::new(),
        }
    }

    fn judged(task: &TaskVerdict) -> Self {
        let mut mark = Self::task(
            &task.node,
            &task.task,
            &task.called.to_string(),
            &format!("{}: {}", task.called, task.called.meaning()),
        );
        if let Some(error) = &task.error {
            mark.line.push_str(&format!("\n{}", error.trim()));
        }
        mark.differences = task
            .differences
            .iter()
            .map(|difference| Background {
                node: task.node.clone(),
                difference: difference.clone(),
            })
            .collect();
        mark
    }

    fn check(check: &VerifyResult) -> Self {
        Self {
            key: format!("check {} {}", check.node, check.name),
            line: format!(
                "{}: check `{}` does not hold after deployment {}: {}",
                check.node,
                check.name,
                check.run,
                check.detail.as_deref().unwrap_or("no reason is known").trim()
            ),
            task: None,
            is_check: true,
            differences: Vec::new(),
        }
    }

    fn place(entry: &Background, why: &str) -> Self {
        Self {
            key: format!("place {} {}", entry.node, entry.difference.subject),
            line: format!("{}: {why}", entry.node),
            task: None,
            is_check: false,
            differences: vec![entry.clone()],
        }
    }
}

/// The verdict of a run and its checks that did not hold.
#[derive(Debug, Default)]
pub(in crate::run::rig) struct Heard {
    verdict: Option<Verdict>,
    checks: Vec<VerifyResult>,
}

impl Consumer for Heard {
    fn consume(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Judged(verdict) => self.verdict = Some(verdict.as_ref().clone()),
            RunEvent::Verified(check) if !check.passed => self.checks.push(check.clone()),
            _ => {}
        }
    }
}

impl Heard {
    /// All that is wrong, each thing once.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mut marks = Vec::new();
        if let Some(verdict) = self.verdict.as_ref().filter(|verdict| !verdict.passed) {
            let failing = verdict.tasks.iter().filter(|task| task.fails);
            // What was not reached fails for another one's sake.
            let (waiting, failed): (Vec<_>, Vec<_>) = failing.partition(|task| task.called == Call::NotReached);
            let named = if failed.is_empty() { waiting } else { failed };
            marks.extend(named.into_iter().map(Mark::judged));
            let unattributed = "it is not as it was, and no single task can be blamed";
            marks.extend(
                verdict
                    .unattributed
                    .iter()
                    .map(|entry| Mark::place(entry, unattributed)),
            );
            if verdict.strict {
                let background = "it moved while no task ran";
                marks.extend(verdict.background.iter().map(|entry| Mark::place(entry, background)));
            }
        }
        let mut keys = BTreeSet::new();
        marks.extend(self.checks.iter().map(Mark::check));
        marks.retain(|mark| keys.insert(mark.key.clone()));
        marks
    }
}

/// The tasks that a first deployment failed of; the deployment itself where there is none.
pub(super) fn failing_records(records: &[TaskRecord], environment: &DeployedEnvironment, text: &str) -> Vec<Mark> {
    let failed = records.iter().filter(|record| record.status == TaskStatus::Failed);
    let marks: Vec<Mark> = failed
        .map(|record| {
            let mut machines = environment.machines();
            let node = machines
                .find(|node| node.uid == record.node_id)
                .map_or(record.node_id.as_str(), |node| node.name.as_str());
            let why = record.error.as_deref().unwrap_or("no reason is known").trim();
            Mark::task(node, &record.task, "fails", &format!("it fails: {why}"))
        })
        .collect();
    if marks.is_empty() {
        return vec![Mark::deployment(text.to_owned())];
    }
    marks
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(run: u8, name: &str, passed: bool) -> RunEvent {
        RunEvent::Verified(VerifyResult {
            run,
            node: "node-1".to_owned(),
            name: name.to_owned(),
            passed,
            detail: Some("exit code 1 instead of 0".to_owned()),
            took: Duration::ZERO,
        })
    }

    #[test]
    fn a_check_that_fails_after_both_deployments_is_one_mark() {
        let mut heard = Heard::default();
        for event in [check(1, "a", false), check(1, "b", true), check(2, "a", false)] {
            heard.consume(&event);
        }
        let marks = heard.marks();
        let lines: Vec<&str> = marks.iter().map(|mark| mark.line.as_str()).collect();
        assert_eq!(
            lines,
            ["node-1: check `a` does not hold after deployment 1: exit code 1 instead of 0"]
        );
    }

    #[test]
    fn a_task_that_fails_in_another_way_is_another_mark() {
        let fails = Mark::task("node-1", "greet", "fails", "it fails");
        let changes = Mark::task("node-1", "greet", "silent change", "it changes");
        assert_ne!(fails.key, changes.key);
        assert_eq!(fails.task, changes.task);
    }

    #[test]
    fn a_deployment_that_fails_without_a_task_is_told_itself() {
        let environment = DeployedEnvironment {
            id: 1,
            astute: mock_astute::Profile::fuel_9_2(),
            graphs: Vec::new(),
            nodes: Vec::new(),
            master: None,
        };
        let marks = failing_records(&[], &environment, "Nailgun refuses");
        assert_eq!((marks.len(), marks[0].line.as_str()), (1, "Nailgun refuses"));
    }
}
