//! What was tried beyond two runs, as text.

use super::details::{difference_lines, more};
use super::orders::{is_known, missing_edges, order};
use super::table::{Colour, plain};
use super::{Report, Style};
use crate::trial::ChangedSetting;

/// How many trials held; then each that did not, with what differs and how to repeat it.
pub(crate) fn trials(report: &Report, style: &Style) -> Vec<String> {
    let notes = report.trial_notes.iter().map(|note| format!("  {}", plain(note)));
    let Some(first) = report.trials.first() else {
        let title = || "trials beyond two runs: none".to_owned();
        let lines = [String::new(), title()].into_iter().chain(notes).collect();
        return if report.trial_notes.is_empty() {
            Vec::new()
        } else {
            lines
        };
    };
    let held = report.trials.iter().filter(|trial| trial.passed).count();
    let mut lines = vec![
        String::new(),
        format!(
            "trials beyond two runs: {held} of {} held (seed {})",
            report.trials.len(),
            first.seed
        ),
    ];
    lines.extend(notes);
    for trial in report.trials.iter().filter(|trial| !trial.passed) {
        lines.push(String::new());
        lines.push(Colour::Red.paint(&plain(&trial.title()), style.colours));
        let failure = trial.failure.as_deref().unwrap_or_default().trim().lines();
        lines.extend(failure.map(|line| format!("  {}", plain(line))));
        lines.extend(order(trial).map(|line| format!("  {line}")));
        lines.extend(settings(&trial.settings));
        // What differs stands below the order that has shown it first.
        let differences = if is_known(trial) { &[] } else { &*trial.differences };
        for entry in differences.iter().take(style.differences) {
            let mut shown = difference_lines(&entry.difference, style);
            if let Some(line) = shown.first_mut() {
                line.push_str(&format!("  (on {})", plain(&entry.node)));
            }
            lines.extend(shown);
        }
        lines.extend(more(differences.len(), style));
        lines.extend(missing_edges(trial).into_iter().map(|line| format!("  {line}")));
        lines.push(format!("  again: {}", trial.replay));
    }
    lines
}

/// The settings that a failure needs, or may need, with what the scenario has; those that it does not need by name.
pub(super) fn settings(changed: &[ChangedSetting]) -> Vec<String> {
    let mut lines = Vec::new();
    let (idle, relevant): (Vec<_>, Vec<_>) = changed.iter().partition(|setting| setting.needed == Some(false));
    for setting in relevant {
        let how = if setting.needed.is_some() { "needs" } else { "with " };
        let line = format!("  {how}  {} instead of {}", setting.text(), setting.own);
        lines.push(plain(&line));
    }
    if !idle.is_empty() {
        let names: Vec<String> = idle
            .iter()
            .map(|setting| format!("{}.{}", setting.plugin, setting.field))
            .collect();
        let line = format!(
            "  it fails without the other settings that were changed, too: {}",
            names.join(", ")
        );
        lines.push(plain(&line));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::TrialReport;
    use crate::report::orders::tests::failed_order;
    use crate::trial::TrialKind;
    use crate::verdict::{Background, Blame, Difference, DifferenceKind};

    fn trial(number: usize, failure: Option<&str>) -> TrialReport {
        let difference = Difference {
            kind: DifferenceKind::Content,
            subject: "/etc/half.conf".to_owned(),
            before: Some("6 bytes".to_owned()),
            after: Some("3 bytes".to_owned()),
            diff: Some("-whole\n+who\n".to_owned()),
            note: None,
            at: None,
            blame: Blame::Outside,
            resource: None,
        };
        TrialReport {
            kind: TrialKind::Crash,
            number,
            of: 2,
            seed: 7,
            what: "power cut at 41 %".to_owned(),
            node: Some("node-1".to_owned()),
            task: Some("configure".to_owned()),
            settings: Vec::new(),
            passed: failure.is_none(),
            failure: failure.map(str::to_owned),
            differences: failure
                .iter()
                .map(|_| Background {
                    node: "node-1".to_owned(),
                    difference: difference.clone(),
                })
                .collect(),
            order: None,
            replay: format!("fuelrig test mine.yaml --crash 2 --seed 7 --trial {number}"),
            seconds: 1.0,
        }
    }

    #[test]
    fn a_trial_that_failed_says_where_what_differs_and_how_to_repeat_it() {
        let report = Report {
            trials: vec![trial(1, None), trial(2, Some("the machine is not as it should be"))],
            ..Report::default()
        };
        let shown = trials(&report, &Style::plain(100)).join("\n");
        let expected = "
trials beyond two runs: 1 of 2 held (seed 7)

crash 2 of 2: node-1: configure, power cut at 41 %
  the machine is not as it should be
  content  /etc/half.conf: 6 bytes → 3 bytes  (on node-1)
      -whole
      +who
  again: fuelrig test mine.yaml --crash 2 --seed 7 --trial 2";
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn an_order_that_failed_says_which_pair_lacks_an_edge_and_one_after_it_that_it_is_known() {
        let report = Report {
            trials: vec![failed_order(1), failed_order(2)],
            trial_notes: vec!["3 tasks of plugins".to_owned()],
            ..Report::default()
        };
        let shown = trials(&report, &Style::plain(100)).join("\n");
        let known = "
order 2 of 5: 3 of 3 pairs turned round
  the machine is not as an undisturbed deployment leaves it
  order: node-1: start, users, configure
  no edge makes `start` wait for `configure` (both on node-1), as order 1 has shown
  again: fuelrig test mine.yaml --order 20 --seed 7 --trial 2";
        assert!(
            shown.starts_with("\ntrials beyond two runs: 0 of 2 held (seed 7)\n  3 tasks of plugins\n"),
            "{shown}"
        );
        assert!(shown.ends_with(known), "{shown}");
        let xml = crate::report::junit::junit(&report).unwrap();
        assert!(
            xml.contains("requires: [configure]") && xml.contains("as order 1 has shown"),
            "{xml}"
        );
    }

    #[test]
    fn where_there_is_no_trial_the_reason_is_said() {
        let report = Report {
            trial_notes: vec!["there is only one order".to_owned()],
            ..Report::default()
        };
        let shown = trials(&report, &Style::plain(100));
        assert_eq!(shown, ["", "trials beyond two runs: none", "  there is only one order"]);
        assert!(trials(&Report::default(), &Style::plain(100)).is_empty());
    }

    #[test]
    fn a_trial_of_other_settings_says_which_of_them_it_needs() {
        let setting = |field: &str, needed| ChangedSetting {
            plugin: "greeter".to_owned(),
            field: field.to_owned(),
            value: "\"it's\"".to_owned(),
            own: "\"hi\"".to_owned(),
            needed,
        };
        let trial = TrialReport {
            kind: TrialKind::Settings,
            what: "greeter.greeting = \"it's\"".to_owned(),
            settings: vec![
                setting("greeting", Some(true)),
                setting("banner", Some(false)),
                setting("name", None),
            ],
            differences: Vec::new(),
            ..trial(1, Some("node-1: task `greet`: it fails"))
        };
        let report = Report {
            trials: vec![trial],
            ..Report::default()
        };
        let shown = trials(&report, &Style::plain(100)).join("\n");
        let expected = "
trials beyond two runs: 0 of 1 held (seed 7)

settings 1 of 2: greeter.greeting = \"it's\"
  node-1: task `greet`: it fails
  needs  greeter.greeting = \"it's\" instead of \"hi\"
  with   greeter.name = \"it's\" instead of \"hi\"
  it fails without the other settings that were changed, too: greeter.banner
  again: fuelrig test mine.yaml --crash 2 --seed 7 --trial 1";
        assert_eq!(shown, expected, "\n{shown}");
        let xml = crate::report::junit::junit(&report).unwrap();
        assert!(xml.contains("needs  greeter.greeting = "), "{xml}");
        let page = crate::report::html::page(&report, &|_, _, _| None);
        assert!(
            page.contains("greeter.banner") && page.contains("does not need it"),
            "{page}"
        );
    }

    #[test]
    fn a_trial_that_failed_fails_the_run_and_is_a_failure_in_junit_s_terms() {
        let mut report = Report {
            verdict: Some(crate::verdict::Verdict {
                passed: true,
                ..Default::default()
            }),
            trials: vec![trial(1, None)],
            ..Report::default()
        };
        assert!(report.holds());
        report.trials.push(trial(2, Some("it is not")));
        assert!(!report.holds());
        let xml = crate::report::junit::junit(&report).unwrap();
        assert!(
            xml.contains("failures=\"1\"") && xml.contains("--seed 7 --trial 2"),
            "{xml}"
        );
    }
}
