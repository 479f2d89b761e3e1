use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::trial::{ChangedSetting, OrderTrial, TrialKind};
use crate::verdict::{Background, Verdict};

/// Everything about one run of one scenario, as `report.json` holds it.
///
/// Times are RFC 3339 in UTC, durations are seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this format: 1.
    pub format: u32,
    /// Whether the verdict is positive, every check held and every snapshot is as committed.
    pub passed: bool,
    /// The scenario's name.
    pub scenario: String,
    /// The scenario file as it was given.
    pub file: String,
    /// The run's id, as in the labels of its containers.
    pub run: String,
    /// Fuel version.
    pub fuel: String,
    /// The container engine.
    pub engine: Option<String>,
    /// When the run began.
    pub started: Option<String>,
    /// When it was over and cleaned up.
    pub finished: Option<String>,
    /// The task at which the deployments began, and why; `None` for a run of the whole job. What the tasks before it
    /// amount to was found earlier.
    #[serde(default)]
    pub began_at: Option<String>,
    /// Packages that were installed on the master.
    pub plugins: Vec<PluginReport>,
    /// How long each phase took, in the order in which they ended.
    pub phases: Vec<PhaseReport>,
    /// Both deployments with all their tasks.
    pub deployments: Vec<DeploymentReport>,
    /// Looks at the nodes.
    pub captures: Vec<CaptureReport>,
    /// The scenario's checks after each deployment.
    pub verify: Vec<VerifyReport>,
    /// Snapshots of merged attributes and tasks.
    pub snapshots: Vec<SnapshotReport>,
    /// What was tried beyond two runs.
    #[serde(default)]
    pub trials: Vec<TrialReport>,
    /// What is to be known of the trials beside how each of them ended: how many there are, and what they cover.
    #[serde(default)]
    pub trial_notes: Vec<String>,
    /// What the two runs amount to; `None` for a run that did not get so far.
    pub verdict: Option<Verdict>,
    /// Why the run ended without a verdict.
    pub failure: Option<String>,
    /// What was not as it should be.
    pub warnings: Vec<String>,
    /// What else was worth saying.
    pub notes: Vec<String>,
}

impl Report {
    /// The format that this code writes.
    pub const FORMAT: u32 = 1;

    /// 0 for a run that passed, 1 for a negative verdict. A run without a verdict has the code of its cause, which a
    /// report does not know.
    pub fn exit_code(&self) -> i32 {
        i32::from(!self.passed)
    }

    /// Whether everything that decides holds.
    pub(crate) fn holds(&self) -> bool {
        self.failure.is_none()
            && self.verdict.as_ref().is_some_and(|verdict| verdict.passed)
            && self.verify.iter().all(|check| check.passed)
            && self.trials.iter().all(|trial| trial.passed)
            && self.snapshots.iter().all(|snapshot| snapshot.diff.is_none())
    }
}

/// The report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct ReportError {
    /// The file.
    pub path: Utf8PathBuf,
    /// Why.
    pub reason: String,
}

impl ReportError {
    pub(crate) fn new(path: &Utf8Path, reason: &dyn std::fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// One error of several: the first, which names the others too.
    pub(crate) fn of_all(errors: Vec<Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        for error in errors {
            first.reason.push_str(&format!("\n{error}"));
        }
        Some(first)
    }
}

/// A package that was installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PluginReport {
    /// Plugin name.
    pub name: String,
    /// Plugin version.
    pub version: String,
    /// File name of the package.
    pub package: String,
    /// SHA-256 of the package in hexadecimal.
    pub sha256: String,
    /// Size of the package in bytes.
    pub size: u64,
}

/// How long a phase took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseReport {
    /// What a person reads: `deployment 1`.
    pub phase: String,
    /// Seconds.
    pub seconds: f64,
}

/// One of the two deployments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentReport {
    /// 1 or 2.
    pub run: u8,
    /// Its tasks in the order in which they ended.
    pub tasks: Vec<TaskReport>,
}

/// One task on one node in one deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskReport {
    /// Node name.
    pub node: String,
    /// Task id.
    pub task: String,
    /// Task type.
    pub kind: String,
    /// `successful`, `failed`, `skipped`, `dependency_failed` or `not_reached`.
    pub status: String,
    /// When the first attempt began.
    pub started: Option<String>,
    /// From the first attempt's begin to the last one's end.
    pub seconds: Option<f64>,
    /// How many attempts it took.
    pub attempts: usize,
    /// Exit code of the last attempt's process.
    pub exit_code: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The end of what a failed task printed.
    pub output: Option<String>,
    /// Puppet's own errors, for a failed task.
    pub puppet_errors: Vec<String>,
}

/// A look at a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaptureReport {
    /// Node name.
    pub node: String,
    /// How many entries its file systems hold.
    pub files: usize,
    /// How long the look took.
    pub seconds: f64,
}

/// A check of the scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerifyReport {
    /// After which deployment: 1 or 2.
    pub run: u8,
    /// Node name.
    pub node: String,
    /// The check's name.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// Why it did not.
    pub detail: Option<String>,
    /// How long it took, repeats included.
    pub seconds: f64,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotReport {
    /// What it is of.
    pub name: String,
    /// Its file.
    pub file: String,
    /// `same`, `new`, `updated` or `differs`.
    pub outcome: String,
    /// Unified diff from the committed one, where it differs.
    pub diff: Option<String>,
}

/// A trial beyond two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialReport {
    /// What it did.
    pub kind: TrialKind,
    /// Its number, from 1.
    pub number: usize,
    /// How many of its kind were drawn.
    pub of: usize,
    /// What all of them were drawn from.
    pub seed: u64,
    /// What was done, in a few words: `power cut at 41 %`.
    pub what: String,
    /// Node that it was done to, where it was one.
    pub node: Option<String>,
    /// Task that it was done to, where it was one.
    pub task: Option<String>,
    /// Settings of plugins that it changed.
    #[serde(default)]
    pub settings: Vec<ChangedSetting>,
    /// Whether it ended as it must: the nodes as an undisturbed deployment leaves them, or two deployments with a
    /// positive verdict.
    pub passed: bool,
    /// Why it failed, in a sentence.
    pub failure: Option<String>,
    /// What is not as it should be: `before` of a difference is how it should be, `after` how it is.
    pub differences: Vec<Background>,
    /// In which order the tasks ran, and which pairs of them lack an edge, where an order was tried.
    #[serde(default)]
    pub order: Option<OrderTrial>,
    /// The command that repeats this trial and no other.
    pub replay: String,
    /// How long it took.
    pub seconds: f64,
}

impl TrialReport {
    /// `crash 3 of 20: node-1: configure, power cut at 41 %`.
    pub(crate) fn title(&self) -> String {
        let place = match (&self.node, &self.task) {
            // What other settings were to blame for is told below.
            _ if self.kind == TrialKind::Settings => String::new(),
            (Some(node), Some(task)) => format!("{node}: {task}, "),
            _ => String::new(),
        };
        format!("{} {} of {}: {place}{}", self.kind, self.number, self.of, self.what)
    }
}
