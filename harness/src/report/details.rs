//! What stands below the table: each difference with its place, its diff and who did it.

use super::{
    Style,
    render::{colour, counted, diff_lines},
    table::{Colour, plain},
};
use crate::verdict::{Background, Call, Difference, TaskVerdict, Verdict};

/// Differences, failures and noise, task by task; then what nobody can be blamed for.
pub(crate) fn details(verdict: &Verdict, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for task in &verdict.tasks {
        if matches!(task.called, Call::Idempotent | Call::Skipped) {
            continue;
        }
        lines.push(String::new());
        let title = format!("{} / {}: {}", task.node, task.task, task.called);
        lines.push(format!(
            "{} — {}",
            colour(task.called).paint(&plain(&title), style.colours),
            task.called.meaning()
        ));
        let error = task.error.as_deref().unwrap_or_default().trim().lines();
        lines.extend(error.map(|line| format!("  {}", plain(line))));
        for difference in task.differences.iter().take(style.differences) {
            lines.extend(difference_lines(difference, style));
        }
        lines.extend(more(task.differences.len(), style));
        if task.called == Call::Noisy {
            lines.extend(noise(task, style));
        }
    }
    if !verdict.unattributed.is_empty() {
        lines.push(String::new());
        let title = "not as it was, and no single task can be blamed";
        lines.push(Colour::Red.paint(title, style.colours));
        lines.extend(apart(&verdict.unattributed, style));
    }
    lines
}

pub(super) fn difference_lines(difference: &Difference, style: &Style) -> Vec<String> {
    let mut line = format!("  {}  {}", difference.kind, plain(&difference.subject));
    let short = |text: &str| plain(text).chars().take(160).collect::<String>();
    match (&difference.before, &difference.after) {
        // What an observer printed may differ in nothing but its text, which the diff shows.
        (Some(before), Some(after)) if short(before) == short(after) => {}
        (Some(before), Some(after)) => line.push_str(&format!(": {} → {}", short(before), short(after))),
        (None, Some(after)) => line.push_str(&format!(": {}", short(after))),
        (Some(before), None) => line.push_str(&format!(": was {}", short(before))),
        (None, None) => {}
    }
    let mut lines = vec![line];
    lines.extend(difference.note.iter().map(|note| format!("    {}", plain(note))));
    if let Some(resource) = &difference.resource {
        let place = match (&resource.file, resource.line) {
            (Some(file), Some(line)) => format!(" ({file}:{line})"),
            (Some(file), None) => format!(" ({file})"),
            _ => String::new(),
        };
        let how = if resource.certain { "by" } else { "probably by" };
        lines.push(format!("    {how} {}{}", plain(&resource.name), plain(&place)));
    }
    let remark = difference.blame.remark();
    lines.extend(remark.iter().map(|remark| format!("    {}", plain(remark))));
    lines.extend(difference.diff.iter().flat_map(|diff| diff_lines(diff, style)));
    lines
}

pub(super) fn more(count: usize, style: &Style) -> Option<String> {
    let left = count.saturating_sub(style.differences);
    (left > 0).then(|| format!("  … {left} more in report.json"))
}

fn noise(task: &TaskVerdict, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in task.changed_resources.iter().take(style.differences) {
        let event = resource
            .events
            .first()
            .map(|event| format!(": {}", plain(event)))
            .unwrap_or_default();
        lines.push(format!("  says that it changed {}{event}", plain(&resource.name)));
    }
    lines.extend(more(task.changed_resources.len(), style));
    lines
}

fn apart(entries: &[Background], style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in entries.iter().take(style.differences) {
        lines.push(format!("  on {}", plain(&entry.node)));
        lines.extend(
            difference_lines(&entry.difference, style)
                .into_iter()
                .map(|line| format!("  {line}")),
        );
    }
    lines.extend(more(entries.len(), style));
    lines
}

/// What the second run wrote anew without changing it.
pub(crate) fn rewritten(verdict: &Verdict, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for task in verdict.tasks.iter().filter(|task| !task.rewritten.is_empty()) {
        let shown: Vec<String> = task.rewritten.iter().take(3).map(|path| plain(path)).collect();
        let left = task.rewritten.len() - shown.len();
        let left = if left > 0 {
            format!(" and {left} more")
        } else {
            String::new()
        };
        lines.push(format!(
            "  {} / {}: {}{left}",
            plain(&task.node),
            plain(&task.task),
            shown.join(", ")
        ));
    }
    if lines.is_empty() {
        return lines;
    }
    let title = "rewritten with the same content (no difference)";
    [vec![String::new(), Colour::Dim.paint(title, style.colours)], lines].concat()
}

/// What moved while no task ran.
pub(crate) fn moved_on_its_own(verdict: &Verdict, style: &Style) -> Vec<String> {
    if verdict.background.is_empty() {
        return Vec::new();
    }
    let fails = if verdict.strict {
        "fails with --strict"
    } else {
        "fails nothing"
    };
    let title = format!("moved outside every task ({}; {fails})", verdict.background.len());
    let mut lines = vec![String::new(), Colour::Dim.paint(&title, style.colours)];
    for entry in verdict.background.iter().take(style.differences) {
        lines.push(format!(
            "  {}  {}  {}",
            plain(&entry.node),
            entry.difference.kind,
            plain(&entry.difference.subject)
        ));
    }
    lines.extend(more(verdict.background.len(), style));
    lines
}

/// What nobody looked at, once for all nodes that lack the tool.
pub(crate) fn unseen(verdict: &Verdict, style: &Style) -> Vec<String> {
    if verdict.unseen.is_empty() {
        return Vec::new();
    }
    let title = "not looked at: the node has no tool for it";
    let mut lines = vec![String::new(), Colour::Dim.paint(title, style.colours)];
    for entry in &verdict.unseen {
        lines.push(format!("  {}: {}", entry.nodes.join(", "), plain(&entry.what)));
    }
    lines
}

/// What the lists hid, with the reasons.
pub(crate) fn hidden(verdict: &Verdict, style: &Style) -> Vec<String> {
    if verdict.ignored.is_empty() {
        return Vec::new();
    }
    let total: usize = verdict.ignored.iter().map(|entry| entry.count).sum();
    let (scenario, noise): (Vec<_>, Vec<_>) = verdict.ignored.iter().partition(|entry| entry.scenario);
    let count: usize = noise.iter().map(|entry| entry.count).sum();
    let title = format!("hidden as known to move ({total})");
    let mut lines = vec![String::new(), Colour::Dim.paint(&title, style.colours)];
    for entry in scenario {
        lines.push(format!(
            "  {} × {}: {} (scenario)",
            entry.count,
            plain(&entry.what),
            plain(&entry.because)
        ));
    }
    if count > 0 {
        let rules = counted(noise.len(), "rule", "rules");
        lines.push(format!(
            "  {count} by {rules} of the noise list; report.json names each"
        ));
    }
    lines
}
