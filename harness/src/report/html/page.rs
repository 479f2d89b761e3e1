//! The page as a whole.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::difference::{apart, unified};
use super::task::{self, Logs};
use super::timeline::timelines;
use super::trials::trials;
use crate::report::render::{counted, duration, size};
use crate::report::{Report, TaskReport};
use crate::verdict::{Call, Verdict};

const STYLE: &str = include_str!("style.css");

/// The whole page as HTML text.
pub(crate) fn page(report: &Report, logs: Logs<'_>) -> String {
    let (outcome, tone) = outcome(report);
    let failed: Vec<(u8, &TaskReport)> = report
        .deployments
        .iter()
        .flat_map(|deployment| deployment.tasks.iter().map(|task| (deployment.run, task)))
        .filter(|(_, task)| task.status == "failed")
        .collect();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.scenario) ": " (outcome) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header.page {
                        h1 { (report.scenario) }
                        span class={ "badge outcome " (tone) } { (outcome) }
                    }
                    (tiles(report))
                    @if let Some(failure) = &report.failure { div.card.reason { (failure) } }
                    @if let Some(began_at) = &report.began_at { div.card.notice { "Began " (began_at) } }
                    @for warning in &report.warnings { div.card.notice { (warning) } }
                    (about(report))
                    (timelines(report))
                    @match &report.verdict {
                        Some(verdict) => { (task::tasks(verdict, logs)) (beside(verdict)) }
                        None => { (task::failures(&failed, logs)) }
                    }
                    (checks(report))
                    (snapshots(report))
                    (trials(report))
                    (phases(report))
                    footer {
                        "Written by fuelrig. Everything on this page, and more, is in "
                        a href="report.json" { "report.json" } "."
                    }
                }
            }
        }
    };
    markup.into_string()
}

fn outcome(report: &Report) -> (&'static str, &'static str) {
    match (&report.verdict, report.passed) {
        (_, true) => ("passed", "good"),
        (Some(_), false) => ("failed", "bad"),
        (None, false) => ("no verdict", "bad"),
    }
}

fn tiles(report: &Report) -> Markup {
    let count = |called: &dyn Fn(Call) -> bool| {
        report
            .verdict
            .iter()
            .flat_map(|verdict| &verdict.tasks)
            .filter(|task| called(task.called))
            .count()
    };
    let idempotent = count(&|called| called == Call::Idempotent);
    let noisy = count(&|called| called == Call::Noisy);
    let failing = report
        .verdict
        .iter()
        .flat_map(|verdict| &verdict.tasks)
        .filter(|task| task.fails)
        .count();
    let held = report.verify.iter().filter(|check| check.passed).count();
    let snapshots = report
        .snapshots
        .iter()
        .filter(|snapshot| snapshot.diff.is_none())
        .count();
    html! {
        div.tiles {
            @if report.verdict.is_some() {
                (tile(&idempotent.to_string(), "tasks idempotent", "good"))
                (tile(&failing.to_string(), "tasks that fail the verdict", if failing > 0 { "bad" } else { "good" }))
                @if noisy > 0 { (tile(&noisy.to_string(), "noisy tasks", "warn")) }
            }
            @if !report.verify.is_empty() {
                (tile(&format!("{held} of {}", report.verify.len()), "checks held",
                    if held == report.verify.len() { "good" } else { "bad" }))
            }
            @if !report.snapshots.is_empty() {
                (tile(&format!("{snapshots} of {}", report.snapshots.len()), "snapshots as committed",
                    if snapshots == report.snapshots.len() { "good" } else { "bad" }))
            }
            @if !report.trials.is_empty() {
                @let held = report.trials.iter().filter(|trial| trial.passed).count();
                (tile(&format!("{held} of {}", report.trials.len()), "trials beyond two runs held",
                    if held == report.trials.len() { "good" } else { "bad" }))
            }
            (tile(&duration(report.phases.iter().map(|phase| phase.seconds).fold(0.0, |sum, seconds| sum + seconds)), "whole run", ""))
        }
    }
}

fn tile(number: &str, label: &str, tone: &str) -> Markup {
    html! { div.card.tile { div class={ "number " (tone) } { (number) } div.quiet { (label) } } }
}

fn about(report: &Report) -> Markup {
    html! {
        div.card {
            dl.facts {
                @for plugin in &report.plugins {
                    dt { "plugin" }
                    dd.break {
                        strong { (plugin.name) " " (plugin.version) } " · " (plugin.package) ", " (size(plugin.size))
                        div.quiet.mono { "sha256 " (plugin.sha256) }
                    }
                }
                dt { "Fuel" } dd { (report.fuel) }
                @if let Some(engine) = &report.engine { dt { "engine" } dd { (engine) } }
                dt { "scenario" } dd.break { (report.file) }
                dt { "run" } dd.mono { (report.run) }
                @if let Some(started) = &report.started { dt { "started" } dd { (started) } }
                @if let Some(finished) = &report.finished { dt { "finished" } dd { (finished) } }
            }
        }
    }
}

/// What moved and belongs to no task, and what the lists hid.
fn beside(verdict: &Verdict) -> Markup {
    let hidden: usize = verdict.ignored.iter().map(|entry| entry.count).sum();
    html! {
        @if !verdict.unattributed.is_empty() {
            h2 { "Not as it was, and no single task can be blamed" }
            div.card { (apart(&verdict.unattributed)) }
        }
        @if !verdict.background.is_empty() {
            h2 { "Moved outside every task" }
            details.row {
                summary { span.arrow {} (counted(verdict.background.len(), "place", "places"))
                    @if verdict.strict { ", which fail with --strict" } @else { ", which fail nothing" } }
                div.inside { (apart(&verdict.background)) }
            }
        }
        @if hidden > 0 {
            h2 { "Hidden as known to move" }
            details.row {
                summary { span.arrow {} (hidden) " by " (counted(verdict.ignored.len(), "rule", "rules")) }
                div.inside.scroll {
                    table {
                        tr { th { "rule" } th { "because" } th { "from" } th { "hidden" } th { "for example" } }
                        @for entry in &verdict.ignored {
                            tr {
                                td.break { code { (entry.what) } }
                                td { (entry.because) }
                                td { @if entry.scenario { "scenario" } @else { "noise list" } }
                                td.right { (entry.count) }
                                td.break { code { (entry.example) } }
                            }
                        }
                    }
                }
            }
        }
        @if !verdict.unseen.is_empty() {
            h2 { "Not looked at" }
            div.card {
                ul { @for entry in &verdict.unseen { li { (entry.nodes.join(", ")) ": " (entry.what) } } }
            }
        }
    }
}

fn checks(report: &Report) -> Markup {
    html! {
        @if !report.verify.is_empty() {
            h2 { "Checks" }
            div.scroll {
                table {
                    tr { th { "after" } th { "node" } th { "check" } th { "took" } th { "" } }
                    @for check in &report.verify {
                        tr {
                            td { "deployment " (check.run) }
                            td { (check.node) }
                            td.break {
                                (check.name)
                                @if let Some(detail) = &check.detail { pre { (detail) } }
                            }
                            td { (duration(check.seconds)) }
                            td {
                                @if check.passed { span.badge.good { "held" } } @else { span.badge.bad { "failed" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn snapshots(report: &Report) -> Markup {
    html! {
        @if !report.snapshots.is_empty() {
            h2 { "Snapshots of the merged attributes" }
            @for snapshot in &report.snapshots {
                details.row open[snapshot.diff.is_some()] {
                    summary {
                        span.arrow {}
                        span class={ "badge " (if snapshot.diff.is_none() { "good" } else { "bad" }) } { (snapshot.outcome) }
                        " " (snapshot.name) " " span.quiet.break { (snapshot.file) }
                    }
                    @if let Some(diff) = &snapshot.diff { div.inside { (unified(diff)) } }
                }
            }
        }
    }
}

fn phases(report: &Report) -> Markup {
    html! {
        @if !report.phases.is_empty() {
            h2 { "Phases" }
            div.scroll {
                table {
                    tr { th { "phase" } th { "took" } }
                    @for phase in &report.phases { tr { td { (phase.phase) } td { (duration(phase.seconds)) } } }
                }
            }
        }
    }
}
