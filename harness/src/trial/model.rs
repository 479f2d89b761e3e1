use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChangedSetting, OrderTrial};
use crate::verdict::Background;

/// What a caller wants beyond two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrialsPlan {
    /// How many times the deployment is cut off at a point and repeated.
    pub crash: usize,
    /// In how many other orders the tasks are run.
    pub order: usize,
    /// How many times the job is repeated with other settings of the plugins.
    pub settings: usize,
    /// What all trials are drawn from; a seed of the rig's own choice, which is printed, if left out.
    pub seed: Option<u64>,
    /// Only the trial with this number, from 1, of each kind.
    pub only: Option<usize>,
}

impl TrialsPlan {
    /// What kinds of trials are wanted.
    pub fn kinds(&self) -> impl Iterator<Item = TrialKind> {
        let counts = [
            (TrialKind::Crash, self.crash),
            (TrialKind::Order, self.order),
            (TrialKind::Settings, self.settings),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0).map(|(kind, _)| kind)
    }

    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.kinds().next().is_none()
    }

    /// Whether anything starts from the kept state of the nodes.
    pub(crate) fn keeps_state(&self) -> bool {
        self.kinds().any(TrialKind::starts_from_kept_state)
    }

    /// The same with a seed of the rig's choice, where none was given: all kinds are drawn from one.
    pub(crate) fn seeded(mut self) -> Self {
        // Short enough to be typed again.
        let choice = || uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000;
        self.seed.get_or_insert_with(choice);
        self
    }
}

/// What a trial does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialKind {
    /// The deployment is cut off at a point, and repeated.
    Crash,
    /// The tasks run in another order that their graph allows.
    Order,
    /// The job is repeated with other settings of the plugins.
    Settings,
}

impl TrialKind {
    /// Whether its trials start from the kept state of the nodes, rather than from nothing.
    pub(crate) fn starts_from_kept_state(self) -> bool {
        self != Self::Settings
    }

    /// The option of `fuelrig test` that asks for it, without dashes.
    pub fn option(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Order => "order",
            Self::Settings => "settings",
        }
    }

    /// What a person reads above its trials.
    pub fn title(self) -> &'static str {
        match self {
            Self::Crash => "cut off and deployed again",
            Self::Order => "other orders of the tasks",
            Self::Settings => "deployed twice with other settings",
        }
    }
}

impl fmt::Display for TrialKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.option())
    }
}

/// How a trial ended.
#[derive(Debug, Clone)]
pub struct TrialResult {
    /// What it did.
    pub kind: TrialKind,
    /// Its number, from 1.
    pub number: usize,
    /// How many of its kind were drawn.
    pub of: usize,
    /// What all of them were drawn from.
    pub seed: u64,
    /// What was done, in a few words.
    pub what: String,
    /// Node and task that it was done to, where it was one.
    pub task: Option<(String, String)>,
    /// Settings that it changed.
    pub settings: Vec<ChangedSetting>,
    /// Why it failed, in a sentence; `None` if it passed.
    pub failure: Option<String>,
    /// What is not as the undisturbed deployment left it: `before` is how it should be.
    pub differences: Vec<Background>,
    /// In which order the tasks ran and what that has shown, where that is what was tried.
    pub order: Option<OrderTrial>,
    /// The command that repeats this trial and no other.
    pub replay: String,
    /// How long it took.
    pub took: Duration,
}

impl TrialResult {
    /// Whether the end state was as it should be.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}
