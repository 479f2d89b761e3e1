use std::collections::BTreeMap;

use mock_astute::{TaskRecord, TaskStatus};

use super::{
    Background, Blame, Call, Difference, DifferenceKind, Ignore, ResourceRef, Said, TaskVerdict, Unseen, Verdict,
    blame::{Owner, Windows},
    compare::{Finding, compare_files},
    noise::{Field, Hidden, NoiseList},
    said::{reference, resource_of, rfc3339, said},
    steps::{Removal, Steps},
    system::compare_system,
};
use crate::capture::State;

/// What is known of one node.
#[derive(Debug, Clone, Copy)]
pub struct NodeRuns<'a> {
    /// The node's name.
    pub name: &'a str,
    /// Before anything was deployed.
    pub before: &'a State,
    /// After the first run.
    pub after_first: &'a State,
    /// After the second run.
    pub after_second: &'a State,
    /// This node's tasks of the first run.
    pub first: &'a [TaskRecord],
    /// This node's tasks of the second run.
    pub second: &'a [TaskRecord],
    /// Glances at the node between the tasks of the second run, in order; none where nobody glanced.
    pub glances: &'a [State],
}

/// Finds what the second run moved on every node, and what each task is called for it.
///
/// `noise` and the scenario's `ignore` hide what is known to move; with `strict` warnings fail too: noisy tasks, those
/// that fail always, and what moved outside every task. The records' times are the rig's; how far a node's clock is from
/// it, the states know.
pub fn judge(nodes: &[NodeRuns<'_>], noise: &NoiseList, ignore: &[Ignore], strict: bool) -> Verdict {
    let noise = &noise.with_scenario(ignore);
    let mut verdict = Verdict {
        strict,
        ..Verdict::default()
    };
    let mut hidden = Hidden::default();
    for node in nodes {
        judge_node(node, noise, strict, &mut hidden, &mut verdict);
    }
    verdict.ignored = noise.account(&hidden);
    verdict.unseen = unseen(nodes);
    // A machine lives: what moved while no task ran is nobody's fault, but certification asks for a quiet one.
    verdict.passed = verdict.unattributed.is_empty()
        && verdict.tasks.iter().all(|task| !task.fails)
        && (verdict.background.is_empty() || !strict);
    verdict
}

fn judge_node(node: &NodeRuns<'_>, noise: &NoiseList, strict: bool, hidden: &mut Hidden, verdict: &mut Verdict) {
    let first_changes = count_first_run(node, noise);
    let windows = Windows::new(node.second, node.after_second.clock_offset_ns());
    let told: Vec<(Said, Vec<_>)> = node.second.iter().map(|record| said(record, noise, hidden)).collect();
    let mut differences: Vec<Vec<Difference>> = vec![Vec::new(); node.second.len()];
    let mut rewritten: Vec<Vec<String>> = vec![Vec::new(); node.second.len()];

    let steps = Steps::new(node.after_first, node.glances, node.after_second);
    let (mut findings, same) = compare_files(&node.after_first.files, &node.after_second.files);
    findings.extend(compare_system(node.after_first, node.after_second));
    for mut finding in findings {
        if let Some(rule) = noise.hides(Field::of(finding.kind), &finding.subject) {
            hidden.add(rule, &finding.subject);
            continue;
        }
        if let Some(removal) = removal(&finding, &steps) {
            finding.time_ns = Some(removal.at_ns);
            if windows.count_between(removal.from_ns, removal.to_ns) <= 1 {
                finding.note = None;
            }
        }
        let denies = |task: usize| told[task].0 == Said::Unchanged;
        for (finding, owner) in owners(finding, &windows, &steps, denies) {
            let (task, blame) = match owner {
                Owner::Window(task) => (task, Blame::Window),
                Owner::Seen(task) => (task, Blame::Seen),
                Owner::Only(task) => (task, Blame::Only),
                Owner::Likely(task) => (task, Blame::Likely),
                Owner::Candidates(tasks) => {
                    let names = tasks.iter().map(|&task| node.second[task].task.clone()).collect();
                    verdict.unattributed.push(Background {
                        node: node.name.to_owned(),
                        difference: difference(finding, Blame::Candidates(names), None),
                    });
                    continue;
                }
                Owner::Outside => {
                    verdict.background.push(Background {
                        node: node.name.to_owned(),
                        difference: difference(finding, Blame::Outside, None),
                    });
                    continue;
                }
            };
            let resource = resource_of(&finding, &told[task].1);
            differences[task].push(difference(finding, blame, resource));
        }
    }
    for file in same {
        if let Some(rule) = noise.hides(Field::Path, &file.path) {
            hidden.add(rule, &file.path);
        } else if let Owner::Window(task) = windows.owner_at(file.time_ns) {
            rewritten[task].push(file.path);
        }
    }

    let first_by_task: BTreeMap<&str, &TaskRecord> =
        node.first.iter().map(|record| (record.task.as_str(), record)).collect();
    let parts = node.second.iter().zip(told).zip(differences.into_iter().zip(rewritten));
    for ((record, (said, changed)), (differences, rewritten)) in parts {
        let first = first_by_task.get(record.task.as_str()).copied();
        let differences = fold(differences);
        let called = match (is_tolerated_failure(record), first.is_some_and(is_tolerated_failure)) {
            (true, false) => Call::NotRerunnable,
            // What it moves before it fails is a difference like any other.
            (true, true) if differences.is_empty() => Call::FailsAlways,
            _ => call(record, said, !differences.is_empty()),
        };
        verdict.tasks.push(TaskVerdict {
            node: node.name.to_owned(),
            task: record.task.clone(),
            kind: record.kind.clone(),
            called,
            fails: called.fails(strict),
            said,
            differences,
            rewritten,
            changed_resources: changed.into_iter().map(|resource| reference(resource, true)).collect(),
            first_run_changes: first_changes.get(record.task.as_str()).copied().unwrap_or_default(),
            first_seconds: first.and_then(seconds),
            second_seconds: seconds(record),
            first_attempts: first.map_or(0, TaskRecord::tries),
            second_attempts: record.tries(),
            error: record.error.clone(),
            earlier: false,
        });
    }
}

fn call(record: &TaskRecord, said: Said, differs: bool) -> Call {
    match (record.status, record.started.is_some()) {
        (TaskStatus::Failed, _) => Call::NotRerunnable,
        // A stage or a skipped task that was not reached would have done nothing either.
        (TaskStatus::DependencyFailed | TaskStatus::NotReached, _) if does_nothing(&record.kind) => Call::Skipped,
        (TaskStatus::DependencyFailed | TaskStatus::NotReached, _) => Call::NotReached,
        (TaskStatus::Skipped | TaskStatus::Successful, false) => Call::Skipped,
        (TaskStatus::Skipped | TaskStatus::Successful, true) => match (said, differs) {
            (Said::Changed, true) => Call::NotIdempotent,
            (Said::Unchanged | Said::Nothing, true) => Call::SilentChange,
            (Said::Changed, false) => Call::Noisy,
            (Said::Unchanged | Said::Nothing, false) => Call::Idempotent,
        },
    }
}

/// Whether a task failed and, by its `fail_on_error: false`, counts as skipped: Nailgun does not mind, but one that did
/// its work the first time must do it the second time too, and one that never did is not idempotent.
fn is_tolerated_failure(record: &TaskRecord) -> bool {
    record.status == TaskStatus::Skipped && record.started.is_some() && record.error.is_some()
}

/// Whether tasks of this type do nothing on a node.
pub(crate) fn does_nothing(kind: &str) -> bool {
    matches!(kind, "skipped" | "stage" | "noop")
}

/// When something was removed that is not there any more, as far as glances tell.
fn removal(finding: &Finding, steps: &Steps<'_>) -> Option<Removal> {
    (finding.kind == DifferenceKind::Removed).then(|| steps.removal(&finding.subject))?
}

fn owner(finding: &Finding, windows: &Windows, denies: impl Fn(usize) -> bool) -> Owner {
    match finding.time_ns {
        Some(time) => windows.owner_at(time),
        None => windows.owner_without_time(denies),
    }
}

/// A finding with its owner; one without a time that several tasks moved, one after the other, comes apart into what
/// each of them did.
fn owners(
    finding: Finding,
    windows: &Windows,
    steps: &Steps<'_>,
    denies: impl Fn(usize) -> bool,
) -> Vec<(Finding, Owner)> {
    // A socket's time is only that of the program that holds it now.
    let glanced = steps.is_known() && (finding.time_ns.is_none() || finding.kind == DifferenceKind::Socket);
    let stretches = if glanced { steps.of(&finding) } else { Vec::new() };
    if stretches.is_empty() {
        let owner = owner(&finding, windows, denies);
        return vec![(finding, owner)];
    }
    stretches
        .into_iter()
        .map(|stretch| {
            let owner = windows.owner_between(stretch.from_ns, stretch.to_ns, &denies);
            (stretch.finding, owner)
        })
        .collect()
}

/// What could not be seen, with the nodes that lack the tool for it.
fn unseen(nodes: &[NodeRuns<'_>]) -> Vec<Unseen> {
    let mut by_what: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for node in nodes {
        for what in &node.after_second.unseen {
            by_what.entry(what).or_default().push(node.name.to_owned());
        }
    }
    by_what
        .into_iter()
        .map(|(what, nodes)| Unseen {
            nodes,
            what: what.to_owned(),
        })
        .collect()
}

fn difference(finding: Finding, blame: Blame, resource: Option<ResourceRef>) -> Difference {
    Difference {
        kind: finding.kind,
        subject: finding.subject,
        before: finding.before,
        after: finding.after,
        diff: finding.diff,
        note: finding.note,
        at: finding.time_ns.and_then(rfc3339),
        blame,
        resource,
    }
}

/// How many places the first run moved, by task.
fn count_first_run<'a>(node: &NodeRuns<'a>, noise: &NoiseList) -> BTreeMap<&'a str, usize> {
    let windows = Windows::new(node.first, node.after_first.clock_offset_ns());
    let (mut findings, _) = compare_files(&node.before.files, &node.after_first.files);
    findings.extend(compare_system(node.before, node.after_first));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings
        .iter()
        .filter(|finding| noise.hides(Field::of(finding.kind), &finding.subject).is_none())
    {
        // In the first run hardly a task says that it changed nothing.
        if let Owner::Window(task) | Owner::Only(task) = owner(finding, &windows, |_| false) {
            *counts.entry(node.first[task].task.as_str()).or_default() += 1;
        }
    }
    counts
}

fn seconds(record: &TaskRecord) -> Option<f64> {
    let took = record.finished?.duration_since(record.started?).ok()?;
    Some((took.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// A tree that came or went is one difference: what lies below a created or removed directory is counted in its note.
pub(super) fn fold(differences: Vec<Difference>) -> Vec<Difference> {
    let mut folded: Vec<Difference> = Vec::new();
    let mut below: BTreeMap<usize, usize> = BTreeMap::new();
    for difference in differences {
        let is_tree = |kind| matches!(kind, DifferenceKind::Created | DifferenceKind::Removed);
        // Paths are sorted by bytes: `/a`, `/a-b` and `/a/c` in this order, so the tree need not be the last one.
        let tree = folded.iter().rposition(|above| {
            above.kind == difference.kind
                && is_tree(above.kind)
                && difference
                    .subject
                    .strip_prefix(above.subject.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        match tree {
            Some(tree) => *below.entry(tree).or_default() += 1,
            None => folded.push(difference),
        }
    }
    for (tree, count) in below {
        let entries = if count == 1 { "entry" } else { "entries" };
        folded[tree].note = Some(format!("with {count} {entries} below it"));
    }
    folded
}
