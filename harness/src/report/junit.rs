//! `junit.xml`: tasks, checks and snapshots as test cases, for the servers that collect such files.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use super::orders::{missing_edges, order};
use crate::report::Report;
use crate::verdict::{Call, Difference, TaskVerdict};

/// How many differences of one task the text of its failure names.
const SHOWN: usize = 20;

/// The report as JUnit's XML.
///
/// # Errors
/// The text cannot be written as XML.
pub(crate) fn junit(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut whole = JunitReport::new(format!("fuelrig {}", report.scenario));
    let mut tasks = TestSuite::new(format!("{} tasks", report.scenario));
    match &report.verdict {
        Some(verdict) => {
            for task in &verdict.tasks {
                tasks.add_test_case(task_case(report, task));
            }
            for entry in &verdict.unattributed {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message("not as it was, and no single task can be blamed");
                status.set_description(difference_text(&entry.difference));
                let name = format!("{} {}", entry.difference.kind, entry.difference.subject);
                tasks.add_test_case(case(report, &entry.node, &name, status, None));
            }
        }
        None => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(first_line(report.failure.as_deref().unwrap_or("there is no verdict")));
            status.set_description(report.failure.clone().unwrap_or_default());
            tasks.add_test_case(case(report, "run", "the run has a verdict", status, None));
        }
    }
    whole.add_test_suite(tasks);

    let mut checks = TestSuite::new(format!("{} checks", report.scenario));
    for check in &report.verify {
        let status = passed_or(check.passed, check.detail.as_deref().unwrap_or("the check failed"));
        let name = format!("{} after deployment {}", check.name, check.run);
        checks.add_test_case(case(report, &check.node, &name, status, Some(check.seconds)));
    }
    for snapshot in &report.snapshots {
        let status = passed_or(snapshot.diff.is_none(), snapshot.diff.as_deref().unwrap_or_default());
        let name = format!("snapshot {}", snapshot.name);
        checks.add_test_case(case(report, "snapshots", &name, status, None));
    }
    whole.add_test_suite(checks);
    if !report.trials.is_empty() {
        let mut trials = TestSuite::new(format!("{} trials", report.scenario));
        for trial in &report.trials {
            let mut text: Vec<String> = trial.failure.iter().cloned().collect();
            text.extend(order(trial));
            text.extend(super::trials::settings(&trial.settings));
            text.extend(
                trial
                    .differences
                    .iter()
                    .take(SHOWN)
                    .map(|entry| difference_text(&entry.difference)),
            );
            text.extend(missing_edges(trial));
            text.push(format!("again: {}", trial.replay));
            let status = passed_or(trial.passed, &text.join("\n"));
            let node = trial.node.as_deref().unwrap_or("trials");
            trials.add_test_case(case(report, node, &trial.title(), status, Some(trial.seconds)));
        }
        whole.add_test_suite(trials);
    }
    whole.to_string()
}

fn task_case(report: &Report, task: &TaskVerdict) -> TestCase {
    let status = match task.called {
        Call::Skipped => TestCaseStatus::skipped(),
        _ if task.fails => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(format!("{}: {}", task.called, task.called.meaning()));
            status.set_type(task.called.to_string());
            let mut text: Vec<String> = task.error.iter().cloned().collect();
            text.extend(task.differences.iter().take(SHOWN).map(difference_text));
            let left = task.differences.len().saturating_sub(SHOWN);
            if left > 0 {
                text.push(format!("… {left} more in report.json"));
            }
            status.set_description(text.join("\n"));
            status
        }
        _ => TestCaseStatus::success(),
    };
    let mut case = case(report, &task.node, &task.task, status, task.second_seconds);
    if matches!(task.called, Call::Noisy | Call::FailsAlways) {
        case.set_system_out(format!("{}: {}", task.called, task.called.meaning()));
    }
    case
}

fn case(report: &Report, node: &str, name: &str, status: TestCaseStatus, seconds: Option<f64>) -> TestCase {
    let mut case = TestCase::new(name.to_owned(), status);
    case.set_classname(format!("{}.{node}", report.scenario));
    if let Some(time) = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        case.set_time(time);
    }
    case
}

fn passed_or(passed: bool, text: &str) -> TestCaseStatus {
    if passed {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(first_line(text));
    status.set_description(text.to_owned());
    status
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn difference_text(difference: &Difference) -> String {
    let mut text = format!("{} {}", difference.kind, difference.subject);
    match (&difference.before, &difference.after) {
        (Some(before), Some(after)) if before != after => text.push_str(&format!(": {before} → {after}")),
        (None, Some(after)) => text.push_str(&format!(": {after}")),
        (Some(before), None) => text.push_str(&format!(": was {before}")),
        _ => {}
    }
    if let Some(diff) = &difference.diff {
        text.push('\n');
        text.push_str(diff.trim_end());
    }
    text
}
