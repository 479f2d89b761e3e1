//! tasks.yaml and tasks without a version: what came before the task graph.

use super::deployment_tasks::tasks;
use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};
use crate::yaml::Node;

pub(super) const TOPIC: Topic = Topic {
    title: "Legacy tasks",
    rules: &[&EMPTY_TASKS, &LEGACY_TASKS_FILE, &LEGACY_TASK],
    run,
};

static EMPTY_TASKS: Rule = Rule {
    code: "empty-tasks",
    severity: Severity::Warning,
    title: "tasks.yaml holds nothing but comments",
    concerns: "Fuel 6.1, 7.0 and 8.0; package version 4.0.0 and later (older ones are refused by the builder)",
    why: "Deploying an environment with the plugin fails in Fuel 8.0 and before: `'NoneType' object is not iterable`. 9.x \
          tolerates it.",
    fix: "Write `[]`, or delete the file.",
    example: "# tasks.yaml\n# - role: ['controller']",
};

static LEGACY_TASKS_FILE: Rule = Rule {
    code: "legacy-tasks",
    severity: Severity::Warning,
    title: "tasks.yaml has tasks, and the plugin is for Fuel 9.x",
    concerns: "Fuel 9.0 and later",
    why: "9.x refuses to enable the plugin (\"Cannot enable plugin with legacy tasks unless propagate_task_deploy \
          attribute is set\").",
    fix: "Move the tasks to deployment_tasks.yaml with `version: 2.0.0`, and leave `[]` in tasks.yaml.",
    example: "# tasks.yaml of a plugin with a release mitaka-9.0\n- role: ['controller']\n  stage: post_deployment\n  \
              type: shell",
};

static LEGACY_TASK: Rule = Rule {
    code: "legacy-task",
    severity: Severity::Warning,
    title: "A deployment task has no version, or one below 2.0.0, and the plugin is for Fuel 9.x",
    concerns: "Fuel 9.0 and later; all types but group, stage and skipped",
    why: "9.x refuses to enable the plugin (\"Ensure tasks.yaml is empty and all tasks has version >= 2.0.0\") unless the \
          environment sets propagate_task_deploy.",
    fix: "Add `version: 2.0.0` (cross-dependencies) or `version: 2.1.0` (YAQL conditions too), and give edges to tasks of \
          other nodes as `cross-depends` and `cross-depended-by`.",
    example: "- id: trove-database\n  type: puppet\n  role: [controller]   # version: 2.0.0 is missing",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let fuel_9 = subject.fuels.iter().any(|fuel| fuel.major == 9);
    if let Some((file, tree)) = subject.tree("tasks.yaml") {
        if tree.is_null() && subject.format.number >= 4 {
            let before_9: Vec<&str> = subject
                .fuels
                .iter()
                .filter(|fuel| fuel.major < 9)
                .map(|fuel| fuel.version.as_str())
                .collect();
            if !before_9.is_empty() {
                let message = format!(
                    "tasks.yaml holds nothing; Fuel {} cannot deploy with it",
                    before_9.join(" and ")
                );
                let finding = Finding::of(&EMPTY_TASKS, message).in_file(&file.path);
                report.push(finding.helping("write `[]` into it, or delete it"));
            }
        }
        if let Some(first) = tree.as_sequence().unwrap_or_default().first().filter(|_| fuel_9) {
            let finding = Finding::of(&LEGACY_TASKS_FILE, "Fuel 9.x refuses a plugin with tasks in tasks.yaml")
                .helping("move them to deployment_tasks.yaml and leave `[]` here");
            report.push(file.place(finding, first.span));
        }
    }
    let Some((file, tasks)) = tasks(subject).filter(|_| fuel_9) else {
        return;
    };
    let old: Vec<_> = tasks.iter().filter(|task| is_old(task.node, task.kind)).collect();
    let Some(first) = old.first() else { return };
    let message = match old.len() {
        1 => format!("task `{}` has no `version` of 2.0.0 or more", first.id),
        count => format!(
            "{count} tasks have no `version` of 2.0.0 or more; `{}` is the first",
            first.id
        ),
    };
    let mut finding = Finding::of(&LEGACY_TASK, message).helping("add `version: 2.0.0`");
    for other in old.iter().skip(1).take(3) {
        finding = finding.relating(format!("`{}` too", other.id), &file.path, other.span, &file.text);
    }
    report.push(file.place(finding, first.span));
}

fn is_old(task: &Node, kind: &str) -> bool {
    if matches!(kind, "group" | "stage" | "skipped") {
        return false;
    }
    let version = task.get("version").and_then(Node::as_str).unwrap_or("0");
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_none_or(|major| major < 2)
}
