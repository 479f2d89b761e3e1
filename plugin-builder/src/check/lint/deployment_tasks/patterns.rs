//! `/regular expressions/` as names.

use regex::Regex;

use super::tasks;
use crate::check::lint::Subject;
use crate::check::lint::topic::Topic;
use crate::finding::{Finding, Report, Rule, Severity};

pub(in crate::check::lint) const TOPIC: Topic = Topic {
    title: "Regular expressions as names",
    rules: &[&PATTERN_WITHOUT_MATCH],
    run,
};

static PATTERN_WITHOUT_MATCH: Rule = Rule {
    code: "pattern-without-match",
    severity: Severity::Warning,
    title: "A regular expression names no task or role",
    concerns: "Fuel 8.0 and later (package version 4.0.0 and later)",
    why: "A cross-dependency that matches no task orders nothing, and a task whose role matches no role runs nowhere.",
    fix: "Mend the expression; it stands between slashes and must match from the name's beginning on, not the whole name.",
    example: "role: ['/^primry-/']",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tasks)) = tasks(subject) else { return };
    let cores = subject.cores();
    if cores.is_empty() || subject.fuels.iter().any(|fuel| fuel.core().is_none()) {
        return;
    }
    let own_roles = super::roles::own(subject);
    let matches_task = |pattern: &Regex| {
        tasks.iter().any(|task| pattern.is_match(task.id))
            || cores
                .iter()
                .any(|core| core.tasks.iter().any(|task| pattern.is_match(task.id)))
    };
    let matches_role = |pattern: &Regex| {
        own_roles.iter().any(|role| pattern.is_match(role))
            || cores
                .iter()
                .any(|core| core.node_roles.iter().any(|role| pattern.is_match(role)))
    };
    for task in &tasks {
        for (role, span) in &task.roles {
            if pattern(role).is_some_and(|pattern| !matches_role(&pattern)) {
                let message = format!("`{role}` matches no role of this plugin or of the Fuel versions it names");
                report.push(file.place(Finding::of(&PATTERN_WITHOUT_MATCH, message), *span));
            }
        }
        for edge in &task.edges {
            if pattern(edge.name).is_some_and(|pattern| !matches_task(&pattern)) {
                let message = format!(
                    "`{}` matches no task of this plugin or of the Fuel versions it names",
                    edge.name
                );
                report.push(file.place(Finding::of(&PATTERN_WITHOUT_MATCH, message), edge.span));
            }
        }
    }
}

/// The expression between slashes; it matches from the name's beginning on. One that only Python reads is left alone.
pub(super) fn pattern(name: &str) -> Option<Regex> {
    let inner = name.strip_prefix('/')?.strip_suffix('/')?;
    Regex::new(&format!("^(?:{inner})")).ok()
}
