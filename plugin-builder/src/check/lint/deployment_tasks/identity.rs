//! Ids of tasks: each once, and core ids only on purpose.

use std::collections::HashMap;

use super::tasks;
use crate::check::lint::Subject;
use crate::check::lint::topic::Topic;
use crate::finding::{Finding, Report, Rule, Severity};

pub(in crate::check::lint) const TOPIC: Topic = Topic {
    title: "Ids of deployment tasks",
    rules: &[&DUPLICATE_TASK, &CORE_TASK],
    run,
};

static DUPLICATE_TASK: Rule = Rule {
    code: "duplicate-task",
    severity: Severity::Warning,
    title: "Two deployment tasks have one id",
    concerns: "Fuel 7.0 and later (package version 3.0.0 and later)",
    why: "The graph is keyed by id, so one of the two tasks never runs.",
    fix: "Give each task an id of its own; ids that begin with the plugin's name cannot clash with other plugins' ones.",
    example: "- id: trove-database\n  type: puppet\n- id: trove-database\n  type: shell",
};

static CORE_TASK: Rule = Rule {
    code: "core-task",
    severity: Severity::Note,
    title: "A deployment task has the id of one of Fuel's own tasks",
    concerns: "Fuel 7.0 and later (package version 3.0.0 and later); the core task must exist in a release that the \
               plugin names; a task of type skipped is taken for meant",
    why: "The plugin's task takes the core task's place: 9.x replaces the whole task with its edges, 8.0 lays the \
          plugin's fields over the core's.",
    fix: "If replacing it is meant, repeat the core task's `requires`, `required_for` and cross-dependencies, and leave \
          the finding out with `--allow core-task`. Otherwise choose another id.",
    example: "- id: netconfig   # Fuel's own task that sets up the network\n  type: shell",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tasks)) = tasks(subject) else { return };
    let cores = subject.cores();
    let mut first = HashMap::new();
    for task in &tasks {
        if let Some(before) = first.insert(task.id, task.span) {
            let finding = Finding::of(&DUPLICATE_TASK, format!("task `{}` is defined twice", task.id))
                .relating("defined here before", &file.path, before, &file.text)
                .helping("give one of them another id");
            report.push(file.place(finding, task.span));
        }
        let owners: Vec<&str> = cores
            .iter()
            .filter(|core| core.task(task.id).is_some())
            .map(|core| core.version)
            .collect();
        // A group of a core role's name only adds to that group, and who skips a core task means it.
        if !owners.is_empty() && !matches!(task.kind, "group" | "skipped") {
            let message = format!("`{}` is a task of Fuel {} itself", task.id, owners.join(" and "));
            report.push(file.place(Finding::of(&CORE_TASK, message), task.span));
        }
    }
}
