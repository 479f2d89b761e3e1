//! Roles that tasks name.

use super::tasks;
use crate::check::files::File;
use crate::check::lint::Subject;
use crate::check::lint::topic::Topic;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::fuel::Core;
use crate::suggestion::slip_of;
use crate::yaml::{Node, Span};

pub(in crate::check::lint) const TOPIC: Topic = Topic {
    title: "Roles of tasks",
    rules: &[&MISTYPED_ROLE, &UNKNOWN_ROLE, &NO_PRIMARY],
    run,
};

static MISTYPED_ROLE: Rule = Rule {
    code: "mistyped-role",
    severity: Severity::Warning,
    title: "A task names a role that does not exist, and one with nearly that name does",
    concerns: "every Fuel version; roles of the plugin and of the releases that it names",
    why: "No node has the role, so the task runs nowhere.",
    fix: "Write the name of the role that is meant.",
    example: "role: [primary-controler]",
};

static UNKNOWN_ROLE: Rule = Rule {
    code: "unknown-role",
    severity: Severity::Note,
    title: "A task names a role that is neither the plugin's nor Fuel's",
    concerns: "every Fuel version; roles of the plugin and of the releases that it names",
    why: "Unless another plugin brings that role, the task runs nowhere.",
    fix: "Define the role in node_roles.yaml, or leave the finding out with `--allow unknown-role` if it is another \
          plugin's.",
    example: "role: [trove-guest]",
};

static NO_PRIMARY: Rule = Rule {
    code: "no-primary",
    severity: Severity::Warning,
    title: "A task for `controller` leaves out the primary controller",
    concerns: "Fuel 6.1 and later; tasks.yaml of package version 2.0.0 and later, and deployment_tasks.yaml",
    why: "One controller has the role primary-controller instead of controller, so the task does not run there; with a \
          single controller it runs nowhere. Only package version 1.0.0 adds it by itself.",
    fix: "Write `role: [primary-controller, controller]`; if another task does the primary's part, leave the finding out \
          with `--allow no-primary`.",
    example: "role: [controller]",
};

/// The roles that the plugin itself brings, each with its primary.
pub(super) fn own(subject: &Subject<'_>) -> Vec<String> {
    let Some((_, entries)) = subject.entries("node_roles.yaml") else {
        return Vec::new();
    };
    let mut roles = Vec::new();
    for (name, _, role) in entries {
        roles.push(name.to_owned());
        if role.get("has_primary").and_then(Node::as_bool) == Some(true) {
            roles.push(format!("primary-{name}"));
        }
    }
    roles
}

struct Known {
    own: Vec<String>,
    groups: Vec<String>,
    cores: Vec<&'static Core>,
    /// Whether the roles of all Fuel versions that the plugin names are known.
    complete: bool,
}

fn run(subject: &Subject<'_>, report: &mut Report) {
    let mut known = Known {
        own: own(subject),
        groups: Vec::new(),
        cores: subject.cores(),
        complete: subject.fuels.iter().all(|fuel| fuel.core().is_some()),
    };
    // 6.0 knew no primary roles.
    let has_primaries = subject.fuels.iter().any(|fuel| fuel.version != "6.0");
    let deployment = tasks(subject);
    if let Some((file, tasks)) = &deployment {
        let groups = tasks.iter().filter(|task| task.kind == "group");
        known.groups = groups.map(|task| task.id.to_owned()).collect();
        let apart = !has_primaries || tells_primary_apart(tasks.iter().map(|task| task.roles.clone()));
        for task in tasks {
            let relations = task.edges.iter().filter_map(|edge| edge.relation.as_ref());
            for (role, span) in task.roles.iter().chain(relations.flat_map(|relation| &relation.roles)) {
                // A group makes no role: its own must be one that nodes have.
                let groups = if task.kind == "group" { &[][..] } else { &known.groups };
                report_unknown(file, &known, groups, role, *span, report);
            }
            // A group of that role says nothing about tasks.
            if apart || matches!(task.kind, "group" | "stage" | "skipped") {
                continue;
            }
            primary(file, &task.roles, report);
        }
    }
    if let Some((file, items)) = subject.items("tasks.yaml") {
        let all_roles = || items.iter().map(|task| super::texts(task.get("role")));
        let apart = !has_primaries || subject.format.number < 2 || tells_primary_apart(all_roles());
        for roles in all_roles() {
            for (role, span) in &roles {
                report_unknown(file, &known, &known.groups, role, *span, report);
            }
            if !apart {
                primary(file, &roles, report);
            }
        }
    }
}

/// Whether some task is for the primary controller and not for the others: the plugin knows the difference.
fn tells_primary_apart<'a>(roles: impl Iterator<Item = Vec<(&'a str, Span)>>) -> bool {
    roles.into_iter().any(|roles| {
        let names = |wanted| roles.iter().any(|(role, _)| *role == wanted);
        names("primary-controller") && !names("controller")
    })
}

fn primary(file: &File, roles: &[(&str, Span)], report: &mut Report) {
    let Some((_, span)) = roles.iter().find(|(role, _)| *role == "controller") else {
        return;
    };
    let covers = |role: &str| {
        role == "primary-controller"
            || role == "*"
            || super::patterns::pattern(role).is_some_and(|pattern| pattern.is_match("primary-controller"))
    };
    if !roles.iter().any(|(role, _)| covers(role)) {
        let message = "the task is for `controller`, but not for `primary-controller`";
        let finding = Finding::of(&NO_PRIMARY, message).helping("write `role: [primary-controller, controller]`");
        report.push(file.place(finding, *span));
    }
}

fn report_unknown(file: &File, known: &Known, groups: &[String], role: &str, span: Span, report: &mut Report) {
    if known.cores.is_empty() {
        return;
    }
    let general = matches!(role, "" | "*" | "master" | "self") || role.starts_with('/');
    let core = || known.cores.iter().flat_map(|core| core.node_roles.iter().copied());
    let own = || known.own.iter().chain(groups).map(String::as_str);
    if general || core().any(|name| name == role) || own().any(|name| name == role) {
        return;
    }
    let versions: Vec<&str> = known.cores.iter().map(|core| core.version).collect();
    let message = format!(
        "`{role}` is no role of this plugin or of Fuel {}",
        versions.join(" and ")
    );
    let finding = match slip_of(role, core().chain(own())) {
        Some(close) => Finding::of(&MISTYPED_ROLE, message).helping(format!("did you mean `{close}`?")),
        // A Fuel that is not known, such as 10.0, may have it.
        None if !known.complete => return,
        None => Finding::of(&UNKNOWN_ROLE, message),
    };
    report.push(file.place(finding, span));
}
