use std::io::IsTerminal;

use super::{
    Report,
    details::{details, hidden, moved_on_its_own, rewritten, unseen},
    table::{Cell, Colour, Column, layout, plain},
    trials::trials,
};
use crate::verdict::{Call, TaskVerdict, Verdict};

/// How a report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Characters in a line.
    pub width: usize,
    /// Whether ANSI colours are used.
    pub colours: bool,
    /// How many differences of one task are shown.
    pub differences: usize,
    /// How many lines of one diff are shown.
    pub diff_lines: usize,
}

impl Style {
    /// Plain text of this width.
    pub fn plain(width: usize) -> Self {
        Self {
            width,
            colours: false,
            differences: 12,
            diff_lines: 24,
        }
    }

    /// What suits standard output: the terminal's width and, unless `NO_COLOR` is set, colours; else 120 plain columns.
    pub fn stdout() -> Self {
        let width = terminal_size::terminal_size().map_or(120, |(width, _)| usize::from(width.0));
        let terminal = std::io::stdout().is_terminal();
        let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colours,
            ..Self::plain(if terminal { width.max(40) } else { 120 })
        }
    }
}

/// The report for people, as suits standard output.
pub fn render(report: &Report) -> String {
    render_with(report, &Style::stdout())
}

/// The report for people: the table of tasks, what differs below it, and the outcome in the last line.
pub fn render_with(report: &Report, style: &Style) -> String {
    let mut lines = head(report, style);
    if let Some(verdict) = &report.verdict {
        lines.push(String::new());
        lines.extend(tasks(verdict, style));
        lines.extend(details(verdict, style));
        lines.extend(rewritten(verdict, style));
        lines.extend(moved_on_its_own(verdict, style));
        lines.extend(hidden(verdict, style));
        lines.extend(unseen(verdict, style));
    } else {
        lines.extend(failed_tasks(report, style));
    }
    lines.extend(checks(report, style));
    lines.extend(snapshots(report, style));
    lines.extend(trials(report, style));
    for warning in &report.warnings {
        lines.push(format!("{} {warning}", Colour::Yellow.paint("warning:", style.colours)));
    }
    lines.push(String::new());
    lines.push(outcome(report, style));
    lines.push(String::new());
    lines.join("\n")
}

fn head(report: &Report, style: &Style) -> Vec<String> {
    let mut about = vec![format!("Fuel {}", report.fuel)];
    about.extend(report.engine.clone());
    let mut lines = vec![
        String::new(),
        format!(
            "{}  {}",
            Colour::Bold.paint(&report.scenario, style.colours),
            about.join(", ")
        ),
    ];
    for plugin in &report.plugins {
        let sha256: String = plugin.sha256.chars().take(12).collect();
        lines.push(format!(
            "plugin {} {}  {}, {}, sha256 {sha256}…",
            plugin.name,
            plugin.version,
            plugin.package,
            size(plugin.size)
        ));
    }
    if let Some(began_at) = &report.began_at {
        lines.push(Colour::Bold.paint(&plain(began_at), style.colours));
    }
    let phases: Vec<String> = report
        .phases
        .iter()
        .filter(|phase| phase.seconds >= 0.1)
        .map(|phase| format!("{} {}", phase.phase, duration(phase.seconds)))
        .collect();
    lines.extend(wrap(&phases, "took ", style.width));
    lines
}

/// Items on as few lines as they need.
fn wrap(items: &[String], lead: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.chars().count() + item.chars().count() + 2 <= width => {
                line.push_str(", ");
                line.push_str(item);
            }
            Some(_) => lines.push(format!("{}{item}", " ".repeat(lead.len()))),
            None => lines.push(format!("{lead}{item}")),
        }
    }
    lines
}

/// A size for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// `1 task`, `2 tasks`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Seconds for people.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 10.0 => format!("{short:.1} s"),
        middle if middle < 120.0 => format!("{middle:.0} s"),
        long => format!("{:.0} min {:02.0} s", (long / 60.0).floor(), (long % 60.0).floor()),
    }
}

const COLUMNS: [Column; 9] = [
    Column {
        title: "node",
        right: false,
        expendable: 0,
        flexible: true,
    },
    Column {
        title: "task",
        right: false,
        expendable: 0,
        flexible: true,
    },
    Column {
        title: "type",
        right: false,
        expendable: 4,
        flexible: false,
    },
    Column {
        title: "run 1",
        right: true,
        expendable: 3,
        flexible: false,
    },
    Column {
        title: "moved",
        right: true,
        expendable: 5,
        flexible: false,
    },
    Column {
        title: "run 2",
        right: true,
        expendable: 2,
        flexible: false,
    },
    Column {
        title: "said",
        right: false,
        expendable: 1,
        flexible: false,
    },
    Column {
        title: "differs",
        right: true,
        expendable: 0,
        flexible: false,
    },
    Column {
        title: "verdict",
        right: false,
        expendable: 0,
        flexible: false,
    },
];

fn tasks(verdict: &Verdict, style: &Style) -> Vec<String> {
    let shown: Vec<&TaskVerdict> = verdict
        .tasks
        .iter()
        .filter(|task| task.called != Call::Skipped)
        .collect();
    if shown.is_empty() {
        return vec!["no task ran in the second deployment".to_owned()];
    }
    let rows: Vec<Vec<Cell>> = shown.iter().map(|task| row(task)).collect();
    let mut lines = layout(&COLUMNS, &rows, style.width, style.colours);
    let skipped = verdict.tasks.len() - shown.len();
    if skipped > 0 {
        lines.push(Colour::Dim.paint(
            &format!("and {} with nothing to run", counted(skipped, "task", "tasks")),
            style.colours,
        ));
    }
    lines
}

pub(crate) fn colour(called: Call) -> Colour {
    match called {
        Call::NotRerunnable | Call::NotIdempotent | Call::SilentChange => Colour::Red,
        Call::Noisy | Call::FailsAlways | Call::NotReached => Colour::Yellow,
        Call::Idempotent => Colour::Green,
        Call::Skipped => Colour::Dim,
    }
}

fn row(task: &TaskVerdict) -> Vec<Cell> {
    let took = |seconds: Option<f64>, attempts: usize| match (seconds, attempts) {
        (None, _) => "-".to_owned(),
        (Some(seconds), 0 | 1) => duration(seconds),
        (Some(seconds), tries) => format!("{} ({tries} tries)", duration(seconds)),
    };
    let count = |count: usize| if count == 0 { "-".to_owned() } else { count.to_string() };
    vec![
        (plain(&task.node), None),
        (plain(&task.task), None),
        (task.kind.clone(), Some(Colour::Dim)),
        (took(task.first_seconds, task.first_attempts), None),
        (count(task.first_run_changes), Some(Colour::Dim)),
        (took(task.second_seconds, task.second_attempts), None),
        (task.said.to_string(), None),
        (count(task.differences.len()), None),
        match task.earlier {
            true => (format!("{}, as judged before", task.called), Some(Colour::Dim)),
            false => (task.called.to_string(), Some(colour(task.called))),
        },
    ]
}

/// Without a verdict the tasks that failed are what a person looks for.
fn failed_tasks(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for deployment in &report.deployments {
        for task in deployment.tasks.iter().filter(|task| task.status == "failed") {
            lines.push(String::new());
            let title = format!("{} / {} failed in deployment {}", task.node, task.task, deployment.run);
            lines.push(Colour::Red.paint(&plain(&title), style.colours));
            let error = task.error.as_deref().unwrap_or_default().trim().lines();
            lines.extend(error.map(|line| format!("  {}", plain(line))));
            lines.extend(
                task.puppet_errors
                    .iter()
                    .take(10)
                    .map(|error| format!("  {}", plain(error))),
            );
            if let Some(output) = task.output.as_ref().filter(|_| task.puppet_errors.is_empty()) {
                let count = output.lines().count();
                let last = output.lines().skip(count.saturating_sub(style.diff_lines));
                lines.extend(last.map(|line| format!("  | {}", plain(line))));
            }
        }
    }
    lines
}

fn checks(report: &Report, style: &Style) -> Vec<String> {
    if report.verify.is_empty() {
        return Vec::new();
    }
    let held = report.verify.iter().filter(|check| check.passed).count();
    let mut lines = vec![String::new(), format!("checks: {held} of {} held", report.verify.len())];
    for check in report.verify.iter().filter(|check| !check.passed) {
        let title = format!("  {} on {} after deployment {}", check.name, check.node, check.run);
        lines.push(Colour::Red.paint(&plain(&title), style.colours));
        lines.extend(
            check
                .detail
                .iter()
                .flat_map(|detail| detail.lines())
                .map(|line| format!("    {}", plain(line))),
        );
    }
    lines
}

fn snapshots(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for snapshot in &report.snapshots {
        match &snapshot.diff {
            Some(diff) => {
                lines.push(String::new());
                let title = format!("snapshot {} differs: {}", snapshot.name, snapshot.file);
                lines.push(Colour::Red.paint(&plain(&title), style.colours));
                lines.extend(diff_lines(diff, style));
            }
            None if snapshot.outcome != "same" => {
                lines.push(format!(
                    "snapshot {} is {}: {}",
                    snapshot.name, snapshot.outcome, snapshot.file
                ));
            }
            None => {}
        }
    }
    lines
}

/// A unified diff, indented and bounded.
pub(crate) fn diff_lines(diff: &str, style: &Style) -> Vec<String> {
    let mut lines: Vec<String> = diff
        .lines()
        .take(style.diff_lines)
        .map(|line| {
            let text = plain(line);
            let painted = match line.as_bytes().first() {
                Some(b'+') => Colour::Green.paint(&text, style.colours),
                Some(b'-') => Colour::Red.paint(&text, style.colours),
                Some(b'@') => Colour::Cyan.paint(&text, style.colours),
                _ => text,
            };
            format!("      {painted}")
        })
        .collect();
    let left = diff.lines().count().saturating_sub(style.diff_lines);
    if left > 0 {
        lines.push(format!("      … {left} more lines in report.json"));
    }
    lines
}

fn outcome(report: &Report, style: &Style) -> String {
    if let Some(failure) = &report.failure {
        let failure = failure.replace('\n', "\n  ");
        return format!("{} {failure}", Colour::Red.paint("NO VERDICT:", style.colours));
    }
    let Some(verdict) = &report.verdict else {
        return Colour::Red.paint("NO VERDICT: the run did not get that far", style.colours);
    };
    let mut reasons: Vec<String> = Vec::new();
    let calls = [
        Call::NotRerunnable,
        Call::NotIdempotent,
        Call::SilentChange,
        Call::NotReached,
        Call::FailsAlways,
        Call::Noisy,
    ];
    let called = |call| verdict.tasks.iter().filter(|task| task.called == call).count();
    for call in calls {
        if called(call) > 0 {
            reasons.push(format!("{} {call}", called(call)));
        }
    }
    let mut add = |count: usize, one: &str, many: &str| {
        if count > 0 {
            reasons.push(counted(count, one, many));
        }
    };
    add(
        verdict.unattributed.len(),
        "difference of unknown origin",
        "differences of unknown origin",
    );
    if verdict.strict {
        add(
            verdict.background.len(),
            "difference outside every task",
            "differences outside every task",
        );
    }
    add(
        report.verify.iter().filter(|check| !check.passed).count(),
        "check failed",
        "checks failed",
    );
    add(
        report.snapshots.iter().filter(|one| one.diff.is_some()).count(),
        "snapshot differs",
        "snapshots differ",
    );
    add(
        report.trials.iter().filter(|trial| !trial.passed).count(),
        "trial failed",
        "trials failed",
    );
    // What is well comes last.
    if called(Call::Idempotent) > 0 || reasons.is_empty() {
        reasons.push(format!("{} {}", called(Call::Idempotent), Call::Idempotent));
    }
    let (word, colour) = if report.passed {
        ("PASSED", Colour::Green)
    } else {
        ("FAILED", Colour::Red)
    };
    format!(
        "{} {}: {}",
        Colour::paint(colour, word, style.colours),
        report.scenario,
        reasons.join(", ")
    )
}
