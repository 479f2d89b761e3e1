//! When which task ran on which node, in both deployments, on one scale.

use std::collections::BTreeMap;

use maud::{Markup, html};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::report::render::duration;
use crate::report::{Report, TaskReport};
use crate::verdict::{Call, Verdict};

/// Units of the pictures' width: thousandths of the scale.
const WIDTH: f64 = 1000.0;
/// A task is never thinner than this, or nobody would find it.
const THINNEST: f64 = 1.5;
/// Height of a lane.
const HEIGHT: u32 = 26;

/// One bar.
struct Bar<'a> {
    from: f64,
    took: f64,
    task: &'a TaskReport,
}

/// The timelines of all nodes; nothing where no task ran.
pub(super) fn timelines(report: &Report) -> Markup {
    let mut nodes: BTreeMap<&str, Vec<(u8, Vec<Bar<'_>>)>> = BTreeMap::new();
    let mut longest: f64 = 0.0;
    for deployment in &report.deployments {
        let begins = deployment.tasks.iter().filter_map(started).min();
        for task in &deployment.tasks {
            let (Some(begins), Some(from), Some(took)) = (begins, started(task), task.seconds) else {
                continue;
            };
            let from = (from - begins).as_seconds_f64();
            longest = longest.max(from + took);
            let lanes = nodes.entry(&task.node).or_default();
            if lanes.last().is_none_or(|(run, _)| *run != deployment.run) {
                lanes.push((deployment.run, Vec::new()));
            }
            if let Some((_, bars)) = lanes.last_mut() {
                bars.push(Bar { from, took, task });
            }
        }
    }
    if nodes.is_empty() || longest <= 0.0 {
        return html! {};
    }
    let scale = WIDTH / longest;
    html! {
        h2 { "Timeline" }
        div.card {
            @for (node, lanes) in &nodes {
                div.node-row {
                    div.name { (node) }
                    @for (run, bars) in lanes {
                        div.lane {
                            span.label { "deployment " (run) }
                            (lane(*run, bars, scale, report.verdict.as_ref()))
                        }
                    }
                }
            }
            div.axis {
                span.nothing {}
                span.ticks {
                    @for quarter in 0..=4 { span { (duration(longest * f64::from(quarter) / 4.0)) } }
                }
            }
            p.legend {
                span { i.good {} "fine" }
                span { i.warn {} "noisy" }
                span { i.bad {} "failed, or not idempotent" }
                span { "a bar's title names its task" }
            }
        }
    }
}

fn lane(run: u8, bars: &[Bar<'_>], scale: f64, verdict: Option<&Verdict>) -> Markup {
    let label = format!("tasks of deployment {run}");
    html! {
        svg role="img" aria-label=(label) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" {
            @for bar in bars {
                rect class=(class(run, bar.task, verdict)) x={ (rounded(bar.from * scale)) } y="3"
                    width={ (rounded((bar.took * scale).max(THINNEST))) } height=(HEIGHT - 6) {
                    title { (bar.task.task) " (" (bar.task.kind) "), " (duration(bar.took)) ", " (bar.task.status) }
                }
            }
        }
    }
}

/// The second deployment is what is judged; of the first only failures show.
fn class(run: u8, task: &TaskReport, verdict: Option<&Verdict>) -> &'static str {
    if task.status == "failed" {
        return "fails";
    }
    let judged = verdict.filter(|_| run == 2).and_then(|verdict| {
        verdict
            .tasks
            .iter()
            .find(|one| one.node == task.node && one.task == task.task)
    });
    match judged {
        Some(judged) if judged.fails => "fails",
        Some(judged) if matches!(judged.called, Call::Noisy | Call::FailsAlways) => "noisy",
        Some(_) => "idempotent",
        None => "successful",
    }
}

fn started(task: &TaskReport) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(task.started.as_deref()?, &Rfc3339).ok()
}

fn rounded(number: f64) -> String {
    format!("{number:.2}")
}
