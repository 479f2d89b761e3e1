//! What was tried beyond two runs.

use maud::{Markup, html};

use super::difference::apart;
use crate::report::Report;
use crate::report::render::duration;

/// All trials, those that failed open.
pub(super) fn trials(report: &Report) -> Markup {
    html! {
        @if let Some(first) = report.trials.first() {
            h2 { "Beyond running twice" }
            p.quiet {
                "Each trial starts from the state that the nodes had before the first deployment, and must end as an \
                 undisturbed deployment does. All are drawn from seed " (first.seed) "."
            }
            @for trial in &report.trials {
                details.row open[!trial.passed] {
                    summary {
                        span.arrow {}
                        @if trial.passed { span.badge.good { "held" } } @else { span.badge.bad { "failed" } }
                        " " span.break { (trial.title()) } " " span.quiet { (duration(trial.seconds)) }
                    }
                    div.inside {
                        @if let Some(failure) = &trial.failure { p.break { (failure) } }
                        (apart(&trial.differences))
                        p.quiet { "To repeat it alone:" }
                        pre { (trial.replay) }
                    }
                }
            }
        }
    }
}
