//! The table of the verdict: a line for each task on each node, with everything about it inside.

use maud::{Markup, html};

use super::difference::{SHOWN, difference, more};
use crate::report::TaskReport;
use crate::report::render::{counted, duration};
use crate::verdict::{Call, TaskVerdict, Verdict};

/// How much of a log the page holds; the rest is in the run's directory.
const LOG: usize = 16 * 1024;

/// Gives what a task printed in a deployment, by deployment, node and task, and the name of the file that has it all.
pub(crate) type Logs<'a> = &'a dyn Fn(u8, &str, &str) -> Option<(String, String)>;

/// All tasks, those that fail first.
pub(super) fn tasks(verdict: &Verdict, logs: Logs<'_>) -> Markup {
    let mut tasks: Vec<&TaskVerdict> = verdict
        .tasks
        .iter()
        .filter(|task| task.called != Call::Skipped)
        .collect();
    tasks.sort_by_key(|task| (!task.fails, !matches!(task.called, Call::Noisy | Call::FailsAlways)));
    let skipped = verdict.tasks.len() - tasks.len();
    html! {
        h2 { "Verdict" }
        div.table-head {
            span {} span { "node" } span { "task" } span { "type" } span.right { "run 1" } span.right { "run 2" }
            span { "said" } span { "called" }
        }
        @for task in tasks { (row(task, logs)) }
        @if skipped > 0 { p.quiet { (counted(skipped, "task", "tasks")) " of the graph with nothing to run, not judged." } }
    }
}

fn row(task: &TaskVerdict, logs: Logs<'_>) -> Markup {
    html! {
        details.row.tasks open[task.fails] {
            summary.columns {
                span.arrow {}
                span.break { (task.node) }
                span.task.break { (task.task) }
                span.kind.quiet { (task.kind) }
                span.right.mono { (seconds(task.first_seconds)) }
                span.right.mono { (seconds(task.second_seconds)) }
                span.said.quiet { (task.said) }
                span { span class={ "badge " (tone(task)) } { (task.called) } }
            }
            div.inside {
                p { (sentence(task.called)) @if task.earlier { " It did not run this time: so it was judged before." } }
                @if let Some(error) = &task.error { pre { (error.trim_end()) } }
                @for one in task.differences.iter().take(SHOWN) { (difference(one, None)) }
                (more(task.differences.len()))
                @if !task.changed_resources.is_empty() {
                    h3 { "What Puppet says it changed in run 2" }
                    @for resource in task.changed_resources.iter().take(SHOWN) {
                        p.break { code { (resource.name) }
                            @if let Some(event) = resource.events.first() { span.quiet { ": " (event) } } }
                    }
                    (more(task.changed_resources.len()))
                }
                @if !task.rewritten.is_empty() {
                    h3 { "Rewritten with the same content (no difference)" }
                    p.break { (task.rewritten.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ")) }
                    (more(task.rewritten.len()))
                }
                p.quiet {
                    "Run 1 moved " (task.first_run_changes) " places of the machine. Attempts: "
                    (task.first_attempts) " and " (task.second_attempts) "."
                }
                @for run in [1, 2] { (log(run, &task.node, &task.task, logs)) }
            }
        }
    }
}

/// What a task printed, behind a click.
fn log(run: u8, node: &str, task: &str, logs: Logs<'_>) -> Markup {
    let Some((text, file)) = logs(run, node, task).filter(|(text, _)| !text.trim().is_empty()) else {
        return html! {};
    };
    let start = text.char_indices().rev().nth(LOG).map_or(0, |(at, _)| at);
    html! {
        details {
            summary { "Log of run " (run) }
            pre { @if start > 0 { "…" } (&text[start..]) }
            @if start > 0 { p.quiet { "The whole log is " a href=(file) { (file) } "." } }
        }
    }
}

/// The tasks of a run without a verdict.
pub(super) fn failures(tasks: &[(u8, &TaskReport)], logs: Logs<'_>) -> Markup {
    html! {
        @if !tasks.is_empty() {
            h2 { "Tasks that failed" }
            @for (run, task) in tasks {
                details.row open {
                    summary { span.arrow {} span.badge.bad { "failed" } " deployment " (run) " · " (task.node) " · " strong { (task.task) } }
                    div.inside {
                        @if let Some(error) = &task.error { pre { (error) } }
                        @for error in &task.puppet_errors { pre { (error) } }
                        @if let Some(output) = &task.output { h3 { "The end of what it printed" } pre { (output) } }
                        (log(*run, &task.node, &task.task, logs))
                    }
                }
            }
        }
    }
}

fn sentence(call: Call) -> String {
    let meaning = call.meaning();
    let mut letters = meaning.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

fn tone(task: &TaskVerdict) -> &'static str {
    match task.called {
        _ if task.fails => "bad",
        Call::Noisy | Call::FailsAlways => "warn",
        Call::Idempotent => "good",
        _ => "",
    }
}

fn seconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), duration)
}
