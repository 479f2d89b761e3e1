//! The one stream of events that a run emits. Console progress and reports are consumers of it; the engine calls none
//! of them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mock_astute::TaskRecord;

use crate::trial::{TrialKind, TrialResult};
use crate::verdict::Verdict;

/// What a run is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Building the images that are missing.
    Images,
    /// Building the plugins' packages.
    Build,
    /// Starting nginx, rsync and the mock Nailgun.
    Master,
    /// Installing the plugins with `fuel plugins --install`.
    Install,
    /// Creating the environment, registering nodes, assigning roles, saving settings.
    Environment,
    /// Booting the target nodes.
    Nodes,
    /// A look at every node before anything is deployed.
    CaptureBefore,
    /// A deployment: 1 or 2.
    Deploy(u8),
    /// The scenario's checks after a deployment: 1 or 2.
    Verify(u8),
    /// A look at every node after a deployment: 1 or 2.
    CaptureAfter(u8),
    /// Comparing the merged attributes with the committed snapshots.
    Snapshots,
    /// Judging.
    Judge,
    /// Keeping the nodes' states, for what is tried beyond two runs.
    Keep,
    /// Starting the nodes from states that were kept.
    Restore,
    /// A deployment from the kept state that the trials are compared with.
    Undisturbed,
    /// Trials of a kind.
    Trials(TrialKind),
    /// Removing containers, networks and volumes.
    CleanUp,
}

impl Phase {
    /// What a person reads.
    pub fn title(self) -> String {
        match self {
            Self::Images => "images".to_owned(),
            Self::Build => "build plugins".to_owned(),
            Self::Master => "start master".to_owned(),
            Self::Install => "install plugins".to_owned(),
            Self::Environment => "create environment".to_owned(),
            Self::Nodes => "boot nodes".to_owned(),
            Self::CaptureBefore => "look at the nodes".to_owned(),
            Self::Deploy(run) => format!("deployment {run}"),
            Self::Verify(run) => format!("checks after deployment {run}"),
            Self::CaptureAfter(run) => format!("look at the nodes after deployment {run}"),
            Self::Snapshots => "compare snapshots".to_owned(),
            Self::Judge => "judge".to_owned(),
            Self::Keep => "keep the nodes' states".to_owned(),
            Self::Restore => "restore the nodes".to_owned(),
            Self::Undisturbed => "deploy undisturbed from them".to_owned(),
            Self::Trials(kind) => kind.title().to_owned(),
            Self::CleanUp => "clean up".to_owned(),
        }
    }
}

/// A package that was installed on the master.
#[derive(Debug, Clone)]
pub struct InstalledPlugin {
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

/// How a check of the scenario ended on one node after one deployment.
#[derive(Debug, Clone)]
pub struct VerifyResult {
    /// Deployment: 1 or 2.
    pub run: u8,
    /// Node name.
    pub node: String,
    /// The check's name.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// Why it did not hold, with the end of what the command printed.
    pub detail: Option<String>,
    /// How long it took, repeats included.
    pub took: Duration,
}

/// How a snapshot compares with what is committed.
#[derive(Debug, Clone)]
pub struct SnapshotResult {
    /// What it is of: `trove node-1`.
    pub name: String,
    /// The snapshot file.
    pub file: String,
    /// How it compares.
    pub outcome: SnapshotOutcome,
}

/// See [`SnapshotResult`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotOutcome {
    /// Equal to the committed one.
    Same,
    /// There was none; it was written.
    New,
    /// It differed and was written anew, as asked for.
    Updated,
    /// It differs; the unified diff from the committed one to this run's.
    Differs(String),
}

/// One event of a run.
#[derive(Debug, Clone)]
pub enum RunEvent {
    /// A run begins.
    Started {
        /// The scenario's name.
        scenario: String,
        /// The scenario file as given.
        file: String,
        /// The run's id, as in labels.
        run: String,
        /// Fuel version.
        fuel: String,
        /// When.
        at: SystemTime,
    },
    /// Which engine it runs on: `Docker Engine 20.10.24, overlay2`.
    EngineFound(String),
    /// A phase begins.
    PhaseStarted(Phase),
    /// A phase ended, well or not.
    PhaseFinished(Phase, Duration),
    /// The deployments begin at a task in their midst, and why: those before it have run earlier.
    BeganAt(String),
    /// Something a person wants to read at once: what was swept, installed or left out.
    Note(String),
    /// Something is not as it should be, but the run goes on.
    Warning(String),
    /// A line of detail of the phase that runs: a build step, a hook's output.
    Detail(Phase, String),
    /// A plugin was installed.
    PluginInstalled(InstalledPlugin),
    /// A deployment begins.
    DeploymentStarted {
        /// 1 or 2.
        run: u8,
        /// How many tasks of the message do something.
        tasks: usize,
    },
    /// A task begins on a node.
    TaskStarted {
        /// 1 or 2.
        run: u8,
        /// Node name.
        node: String,
        /// Task id.
        task: String,
    },
    /// A task ended on a node.
    TaskFinished {
        /// 1 or 2.
        run: u8,
        /// Node name.
        node: String,
        /// Everything about it.
        record: Box<TaskRecord>,
    },
    /// A node was looked at.
    Captured {
        /// Node name.
        node: String,
        /// How many files there are.
        files: usize,
        /// How long the look took.
        took: Duration,
    },
    /// A check of the scenario ended.
    Verified(VerifyResult),
    /// A snapshot was compared.
    Snapshot(SnapshotResult),
    /// The verdict was found.
    Judged(Box<Verdict>),
    /// What is to be known of the trials of a kind beside how each of them ended.
    TrialsNote(TrialKind, String),
    /// A trial beyond two runs ended.
    TrialFinished(Box<TrialResult>),
    /// The run ended without a verdict.
    Failed(String),
    /// The run is over and cleaned up.
    Finished {
        /// When.
        at: SystemTime,
    },
}

/// Takes the events of a run.
pub trait Consumer: Send {
    /// One event; called in order, from one thread at a time.
    fn consume(&mut self, event: &RunEvent);
}

/// Where the engine puts its events; cheap to clone.
#[derive(Clone, Default)]
pub struct Events {
    consumers: Arc<Mutex<Vec<Box<dyn Consumer>>>>,
}

impl Events {
    /// A stream that nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a consumer.
    pub fn subscribe(&self, consumer: Box<dyn Consumer>) {
        self.lock().push(consumer);
    }

    /// Hands an event to every consumer.
    pub fn emit(&self, event: RunEvent) {
        for consumer in self.lock().iter_mut() {
            consumer.consume(&event);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn Consumer>>> {
        // A consumer that panicked has nothing to say any more, the others have.
        self.consumers.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl<T: Consumer + ?Sized> Consumer for Arc<Mutex<T>> {
    fn consume(&mut self, event: &RunEvent) {
        self.lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .consume(event);
    }
}
