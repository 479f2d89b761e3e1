//! Names of tasks that edges and groups point at.

use std::collections::HashSet;

use super::model::{Task, texts};
use super::tasks;
use crate::check::files::File;
use crate::check::lint::Subject;
use crate::check::lint::topic::Topic;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::fuel::Core;
use crate::suggestion::slip_of;
use crate::yaml::Span;

pub(in crate::check::lint) const TOPIC: Topic = Topic {
    title: "Names of tasks",
    rules: &[&MISTYPED_TASK, &UNKNOWN_TASK, &GROUP_TASK],
    run,
};

static MISTYPED_TASK: Rule = Rule {
    code: "mistyped-task",
    severity: Severity::Warning,
    title: "An edge names a task that does not exist, and one with nearly that name does",
    concerns: "Fuel 7.0 and later; tasks of the plugin and of the core graphs of the releases that it names",
    why: "An edge to a task that is not there orders nothing, so the task may run too early or too late.",
    fix: "Write the name of the task that is meant.",
    example: "requires: [deploy_strat]   # deploy_start",
};

static UNKNOWN_TASK: Rule = Rule {
    code: "unknown-task",
    severity: Severity::Note,
    title: "An edge names a task that is neither the plugin's nor Fuel's",
    concerns: "Fuel 7.0 and later; tasks of the plugin and of the core graphs of the releases that it names",
    why: "Unless another plugin brings that task, the edge orders nothing.",
    fix: "Look the name up in the core graph of the release, or leave the finding out with `--allow unknown-task` if \
          the task is another plugin's.",
    example: "requires: [openstack-trove]",
};

static GROUP_TASK: Rule = Rule {
    code: "group-task",
    severity: Severity::Warning,
    title: "A group lists a task that does not exist",
    concerns: "Fuel 8.0 and later",
    why: "Serialising the deployment fails: 8.0 answers 500 (KeyError), 9.x 400 \"Task … cannot be resolved\".",
    fix: "Remove the name from the group's `tasks`, or write the name that is meant.",
    example: "- id: trove\n  type: group\n  role: [trove]\n  tasks: [hiera, globals, no_such_task]",
};

struct Known<'a> {
    own: HashSet<&'a str>,
    cores: Vec<&'static Core>,
}

impl Known<'_> {
    fn has(&self, name: &str) -> bool {
        self.own.contains(name) || self.cores.iter().any(|core| core.task(name).is_some())
    }

    fn slip_of(&self, name: &str) -> Option<&str> {
        let core = self.cores.iter().flat_map(|core| core.tasks.iter().map(|task| task.id));
        slip_of(name, core.chain(self.own.iter().copied()))
    }

    /// `8.0 and 9.2`
    fn fuels(&self) -> String {
        let versions: Vec<&str> = self.cores.iter().map(|core| core.version).collect();
        versions.join(" and ")
    }
}

fn run(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tasks)) = tasks(subject) else { return };
    let known = Known {
        own: tasks.iter().map(|task| task.id).collect(),
        cores: subject.cores(),
    };
    if known.cores.is_empty() {
        return;
    }
    // A Fuel whose core tasks are not known, such as 10.0, may have any; a slip of the pen stays one.
    let all_known = subject.fuels.iter().all(|fuel| fuel.core().is_some());
    for task in &tasks {
        for edge in &task.edges {
            let plain = !edge.name.starts_with('/') && edge.name != "*" && !edge.name.is_empty();
            if plain && !known.has(edge.name) && (all_known || known.slip_of(edge.name).is_some()) {
                report.push(unknown(file, &known, edge.key, edge.name, edge.span));
            }
        }
        if task.kind == "group" {
            group(file, &known, task, report);
        }
    }
}

fn unknown(file: &File, known: &Known<'_>, key: &str, name: &str, span: Span) -> Finding {
    let message = format!(
        "`{key}` names `{name}`, which is no task of this plugin or of Fuel {}",
        known.fuels()
    );
    let finding = match known.slip_of(name) {
        Some(close) => Finding::of(&MISTYPED_TASK, message).helping(format!("did you mean `{close}`?")),
        None => Finding::of(&UNKNOWN_TASK, message),
    };
    file.place(finding, span)
}

fn group(file: &File, known: &Known<'_>, task: &Task<'_>, report: &mut Report) {
    for (name, span) in texts(task.node.get("tasks")) {
        if known.own.contains(name) || name == "*" || name.starts_with('/') {
            continue;
        }
        let lacking: Vec<&str> = known
            .cores
            .iter()
            // What 7.0 does with such a group is not established.
            .filter(|core| core.version > "7.0" && core.task(name).is_none())
            .map(|core| core.version)
            .collect();
        if lacking.is_empty() {
            continue;
        }
        let message = format!(
            "group `{}` lists `{name}`, which Fuel {} does not have",
            task.id,
            lacking.join(" and ")
        );
        let finding = Finding::of(&GROUP_TASK, message);
        let finding = match known.slip_of(name) {
            Some(close) => finding.helping(format!("did you mean `{close}`?")),
            None => finding.helping("remove it from the group's `tasks`"),
        };
        report.push(file.place(finding, span));
    }
}
