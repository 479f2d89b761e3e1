//! Tasks that leave their timeout to the orchestrator.

use super::deployment_tasks::tasks;
use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};

pub(super) const TOPIC: Topic = Topic {
    title: "Timeouts",
    rules: &[&NO_TIMEOUT],
    run,
};

static NO_TIMEOUT: Rule = Rule {
    code: "no-timeout",
    severity: Severity::Note,
    title: "A task has no timeout, so the orchestrator's short one holds",
    concerns: "deployment_tasks.yaml, Fuel 7.0 and later; tasks of type shell, sync and reboot (the builder asks for the \
               timeout of the others that have one)",
    why: "The orchestrator ends shell and sync tasks after 300 s, all retries together, and reboot tasks after 240 s in \
          Fuel 8.0 and 9.0 and 900 s in 9.2; the task then counts as failed.",
    fix: "Give `timeout` in seconds, enough for the slowest node and all retries.",
    example: "type: shell\nparameters:\n  cmd: bash deploy.sh   # timeout: 1800",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tasks)) = tasks(subject) else { return };
    for task in tasks {
        let seconds = match task.kind {
            "shell" | "sync" => "300 s",
            "reboot" => "240 s (900 s in Fuel 9.2)",
            _ => continue,
        };
        let parameters = task.node.get("parameters");
        // A shell task without parameters does nothing that could take long: it fails.
        if task.kind != "reboot" && parameters.is_none() {
            continue;
        }
        if parameters.is_none_or(|parameters| parameters.get("timeout").is_none()) {
            let message = format!("task `{}` has no timeout, so it is ended after {seconds}", task.id);
            let finding = Finding::of(&NO_TIMEOUT, message).helping("add `timeout: …` (seconds) below `parameters`");
            report.push(file.place(finding, task.span));
        }
    }
}
