use std::time::{Duration, SystemTime};

use mock_astute::{TaskRecord, TaskStatus};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    CaptureReport, DeploymentReport, PhaseReport, PluginReport, Report, SnapshotReport, TaskReport, TrialReport,
    VerifyReport,
};
use crate::event::{Consumer, RunEvent, SnapshotOutcome};

/// Makes a report of a run's events.
#[derive(Debug, Clone, Default)]
pub struct Aggregator {
    report: Report,
}

impl Aggregator {
    /// An aggregator that has heard nothing yet.
    pub fn new() -> Self {
        Self {
            report: Report {
                format: Report::FORMAT,
                ..Report::default()
            },
        }
    }

    /// The report of what was heard so far.
    pub fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.passed = report.holds();
        report
    }

    fn deployment(&mut self, run: u8) -> &mut DeploymentReport {
        let deployments = &mut self.report.deployments;
        let place = deployments
            .iter()
            .position(|deployment| deployment.run == run)
            .unwrap_or_else(|| {
                deployments.push(DeploymentReport { run, tasks: Vec::new() });
                deployments.len() - 1
            });
        &mut deployments[place]
    }
}

impl Consumer for Aggregator {
    fn consume(&mut self, event: &RunEvent) {
        let report = &mut self.report;
        match event {
            RunEvent::Started {
                scenario,
                file,
                run,
                fuel,
                at,
            } => {
                report.scenario.clone_from(scenario);
                report.file.clone_from(file);
                report.run.clone_from(run);
                report.fuel.clone_from(fuel);
                report.started = rfc3339(*at);
            }
            RunEvent::EngineFound(engine) => report.engine = Some(engine.clone()),
            RunEvent::PhaseFinished(phase, took) => {
                report.phases.push(PhaseReport {
                    phase: phase.title(),
                    seconds: seconds(*took),
                });
            }
            RunEvent::BeganAt(text) => report.began_at = Some(text.clone()),
            RunEvent::Note(text) => report.notes.push(text.clone()),
            RunEvent::Warning(text) => report.warnings.push(text.clone()),
            RunEvent::PluginInstalled(plugin) => report.plugins.push(PluginReport {
                name: plugin.name.clone(),
                version: plugin.version.clone(),
                package: plugin.package.clone(),
                sha256: plugin.sha256.clone(),
                size: plugin.size,
            }),
            RunEvent::DeploymentStarted { run, .. } => {
                self.deployment(*run);
            }
            RunEvent::TaskFinished { run, node, record } => {
                let task = task_report(node, record);
                self.deployment(*run).tasks.push(task);
            }
            RunEvent::Captured { node, files, took } => {
                report.captures.push(CaptureReport {
                    node: node.clone(),
                    files: *files,
                    seconds: seconds(*took),
                });
            }
            RunEvent::Verified(check) => report.verify.push(VerifyReport {
                run: check.run,
                node: check.node.clone(),
                name: check.name.clone(),
                passed: check.passed,
                detail: check.detail.clone(),
                seconds: seconds(check.took),
            }),
            RunEvent::Snapshot(snapshot) => {
                let (outcome, diff) = match &snapshot.outcome {
                    SnapshotOutcome::Same => ("same", None),
                    SnapshotOutcome::New => ("new", None),
                    SnapshotOutcome::Updated => ("updated", None),
                    SnapshotOutcome::Differs(diff) => ("differs", Some(diff.clone())),
                };
                report.snapshots.push(SnapshotReport {
                    name: snapshot.name.clone(),
                    file: snapshot.file.clone(),
                    outcome: outcome.to_owned(),
                    diff,
                });
            }
            RunEvent::TrialFinished(trial) => report.trials.push(TrialReport {
                kind: trial.kind,
                number: trial.number,
                of: trial.of,
                seed: trial.seed,
                what: trial.what.clone(),
                node: trial.task.as_ref().map(|(node, _)| node.clone()),
                task: trial.task.as_ref().map(|(_, task)| task.clone()),
                settings: trial.settings.clone(),
                passed: trial.passed(),
                failure: trial.failure.clone(),
                differences: trial.differences.clone(),
                order: trial.order.clone(),
                replay: trial.replay.clone(),
                seconds: seconds(trial.took),
            }),
            RunEvent::TrialsNote(_, note) => report.trial_notes.push(note.clone()),
            RunEvent::Judged(verdict) => report.verdict = Some(verdict.as_ref().clone()),
            RunEvent::Failed(reason) => report.failure = Some(reason.clone()),
            RunEvent::Finished { at } => report.finished = rfc3339(*at),
            RunEvent::PhaseStarted(_) | RunEvent::Detail(..) | RunEvent::TaskStarted { .. } => {}
        }
    }
}

fn rfc3339(time: SystemTime) -> Option<String> {
    let time = OffsetDateTime::from(time);
    // Milliseconds: tasks follow one another faster than seconds.
    let whole = time.replace_millisecond(time.millisecond()).ok()?;
    whole.format(&Rfc3339).ok()
}

fn seconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}

/// How much of a failed task's output a report keeps.
const OUTPUT: usize = 8000;

fn task_report(node: &str, record: &TaskRecord) -> TaskReport {
    let failed = record.status == TaskStatus::Failed;
    let last = record.attempts.last();
    let output = last.filter(|_| failed).map(|attempt| {
        let mut output = attempt.stdout.trim_end().to_owned();
        if !attempt.stderr.trim().is_empty() {
            if !output.is_empty() {
                output.push('\n');
            }
            output.push_str(attempt.stderr.trim_end());
        }
        match output.char_indices().rev().nth(OUTPUT) {
            Some((at, _)) => format!("…{}", &output[at..]),
            None => output,
        }
    });
    let status = match record.status {
        TaskStatus::Successful => "successful",
        TaskStatus::Failed => "failed",
        TaskStatus::Skipped => "skipped",
        TaskStatus::DependencyFailed => "dependency_failed",
        TaskStatus::NotReached => "not_reached",
    };
    TaskReport {
        node: node.to_owned(),
        task: record.task.clone(),
        kind: record.kind.clone(),
        status: status.to_owned(),
        started: record.started.and_then(rfc3339),
        seconds: record
            .started
            .zip(record.finished)
            .and_then(|(from, to)| to.duration_since(from).ok())
            .map(seconds),
        attempts: record.tries(),
        exit_code: last.and_then(|attempt| attempt.exit_code),
        error: record.error.clone(),
        output: output.filter(|output| !output.is_empty()),
        puppet_errors: last
            .filter(|_| failed)
            .and_then(|attempt| attempt.puppet.as_ref())
            .map(|run| run.errors.clone())
            .unwrap_or_default(),
    }
}
