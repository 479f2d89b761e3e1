//! One place of a machine that is not as it was.

use maud::{Markup, html};

use crate::report::table::plain;
use crate::verdict::{Background, Difference};

/// How many differences of one task the page shows; `report.json` has all.
pub(super) const SHOWN: usize = 100;

/// A difference with its diff and who did it.
pub(super) fn difference(difference: &Difference, node: Option<&str>) -> Markup {
    html! {
        div.difference.apart[node.is_some()] {
            p.break {
                @if let Some(node) = node { (node) " · " }
                span.quiet { (difference.kind) } " " code { (plain(&difference.subject)) }
                @match (&difference.before, &difference.after) {
                    (Some(before), Some(after)) if before == after => {}
                    (Some(before), Some(after)) => { ": " (before) " → " strong { (after) } }
                    (None, Some(after)) => { ": " strong { (after) } }
                    (Some(before), None) => { ": was " (before) }
                    (None, None) => {}
                }
            }
            @if let Some(note) = &difference.note { p.quiet { (note) } }
            @if let Some(resource) = &difference.resource {
                p.break {
                    @if resource.certain { "by " } @else { "probably by " }
                    code { (resource.name) }
                    @if let Some(file) = &resource.file {
                        span.quiet { " (" (file) @if let Some(line) = resource.line { ":" (line) } ")" }
                    }
                }
            }
            @if let Some(remark) = difference.blame.remark() { p.quiet.break { (plain(&remark)) } }
            @if let Some(diff) = &difference.diff { (unified(diff)) }
        }
    }
}

/// What belongs to no task.
pub(super) fn apart(entries: &[Background]) -> Markup {
    html! {
        @for entry in entries.iter().take(SHOWN) { (difference(&entry.difference, Some(&entry.node))) }
        (more(entries.len()))
    }
}

/// How many are left out.
pub(super) fn more(count: usize) -> Markup {
    let left = count.saturating_sub(SHOWN);
    html! { @if left > 0 { p.quiet { (left) " more in " a href="report.json" { "report.json" } "." } } }
}

fn class(line: &str) -> Option<&'static str> {
    match line.as_bytes().first() {
        Some(b'+') => Some("add"),
        Some(b'-') => Some("del"),
        Some(b'@') => Some("at"),
        _ => None,
    }
}

/// A unified diff with its lines coloured.
pub(super) fn unified(diff: &str) -> Markup {
    html! {
        pre {
            @for line in diff.lines() {
                span class=[class(line)] { (line) }
                "\n"
            }
        }
    }
}
