//! What was tried beyond two runs.

use maud::{Markup, html};

use super::difference::apart;
use crate::report::orders::{effect, is_known};
use crate::report::render::duration;
use crate::report::table::plain;
use crate::report::{Report, TrialReport};
use crate::trial::{ChangedSetting, OrderTrial, TrialKind};

/// All trials, those that failed open.
pub(super) fn trials(report: &Report) -> Markup {
    html! {
        @if !report.trials.is_empty() || !report.trial_notes.is_empty() {
            h2 { "Beyond running twice" }
            @if let Some(first) = report.trials.first() {
                p.quiet {
                    "A trial that disturbs the deployment starts from the state that the nodes had before, and must end as an \
                     undisturbed deployment does; one with other settings begins with new nodes and must be judged well. All \
                     are drawn from seed " (first.seed) "."
                }
            }
            @for note in &report.trial_notes { p.quiet { (note) } }
            div.trials { @for trial in &report.trials { (row(trial)) } }
        }
    }
}

fn row(trial: &TrialReport) -> Markup {
    html! {
        // What only repeats an earlier one is closed.
        details.row open[!trial.passed && !is_known(trial)] {
            summary.trial {
                span.arrow {}
                @if trial.passed { span.badge.good { "held" } } @else { span.badge.bad { "failed" } }
                span.break { (trial.title()) }
                span.quiet { (duration(trial.seconds)) }
            }
            div.inside {
                @if let Some(failure) = &trial.failure { p.failure { (failure) } }
                @if let Some(order) = &trial.order { (edges(trial, order)) }
                (settings(&trial.settings))
                (apart(&trial.differences))
                @if let Some(order) = &trial.order {
                    h3 { "The order in which the tasks ran" }
                    (tasks(order))
                }
                h3 { "To repeat it alone" }
                pre.command { (trial.replay) }
            }
        }
    }
}

/// What was changed, and what of it the failure needs.
fn settings(changed: &[ChangedSetting]) -> Markup {
    html! {
        @if !changed.is_empty() {
            div.scroll {
                table {
                    thead { tr { th { "setting" } th { "in this trial" } th { "in the scenario" } th { "the failure" } } }
                    tbody {
                        @for setting in changed {
                            tr {
                                td.break { (setting.plugin) "." (setting.field) }
                                td.break { code { (plain(&setting.value)) } }
                                td.break { code { (plain(&setting.own)) } }
                                td {
                                    @match setting.needed {
                                        Some(true) => strong { "needs it" },
                                        Some(false) => span.quiet { "does not need it" },
                                        None => "",
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The pairs of tasks that lack an edge.
fn edges(trial: &TrialReport, order: &OrderTrial) -> Markup {
    html! {
        @for edge in &order.missing_edges {
            div.edge {
                p.break {
                    "No edge makes " code { (edge.second.task) } " wait for " code { (edge.first.task) }
                    @if edge.first.node == edge.second.node { ", both on " (edge.first.node) "." }
                    @else { ": the one is on " (edge.second.node) ", the other on " (edge.first.node) "." }
                }
                @if edge.found_by == trial.number {
                    p.break { "These two alone turned round: " (effect(edge)) "." }
                    p.remedy.break { (with_code(&edge.remedy)) }
                } @else {
                    p.quiet { (TrialKind::Order) " " (edge.found_by) " has shown it." }
                }
            }
        }
        @if let Some(reason) = &order.unexplained { p.break { (reason) } }
    }
}

/// A sentence in which what stands between backticks is code.
fn with_code(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// The tasks one behind the other.
fn tasks(order: &OrderTrial) -> Markup {
    let nodes = order.tasks.iter().any(|place| place.node != order.tasks[0].node);
    html! {
        ol.order {
            @for place in &order.tasks {
                li { code.break { (place.task) } @if nodes { span.quiet { " " (place.node) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::page;
    use crate::report::orders::tests::failed_order;

    #[test]
    fn the_page_names_the_pair_once_with_what_to_write_and_opens_what_says_something_new() {
        let held = TrialReport {
            passed: true,
            failure: None,
            ..failed_order(3)
        };
        let report = Report {
            trials: vec![failed_order(1), failed_order(2), held],
            trial_notes: vec!["3 tasks of plugins".to_owned()],
            ..Report::default()
        };
        let page = page(&report, &|_, _, _| None);
        assert!(page.contains("No edge makes <code>start</code> wait for <code>configure</code>, both on node-1."));
        assert_eq!(page.matches("<code>requires: [configure]</code>").count(), 1);
        assert!(page.contains("3 tasks of plugins") && page.contains("order 1 has shown it."));
        assert_eq!(page.matches("<details class=\"row\" open>").count(), 1);
    }
}
