//! What a caller may choose about a run.

use std::path::PathBuf;

use camino::Utf8PathBuf;

use crate::trial::TrialsPlan;

/// Whether containers stay after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// They stay if the run did not pass.
    OnFailure,
    /// They stay always.
    Always,
    /// They are removed always.
    Never,
}

/// What a caller may choose about a run.
#[derive(Debug, Clone)]
pub struct TestOptions {
    /// Whether containers stay.
    pub keep: Keep,
    /// Warnings (`noisy`) count as failures.
    pub strict: bool,
    /// Snapshots that differ are written anew.
    pub update_snapshots: bool,
    /// A snapshot that is missing is a failure and none is written: in CI.
    pub frozen_snapshots: bool,
    /// `pre_build_hook` runs on this host instead of in a container.
    pub build_on_host: bool,
    /// Directory in which each run gets a directory of its own for reports and logs.
    pub output: Utf8PathBuf,
    /// Directory of the snapshots; `snapshots` beside the scenario's directory if left out.
    pub snapshots: Option<Utf8PathBuf>,
    /// What is tried beyond two runs.
    pub trials: TrialsPlan,
    /// A statically linked `fuelrig` for the master's container; this process's own executable if left out.
    pub executable: Option<PathBuf>,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            keep: Keep::Never,
            strict: false,
            update_snapshots: false,
            frozen_snapshots: std::env::var_os("CI").is_some(),
            build_on_host: false,
            output: Utf8PathBuf::from(".fuelrig"),
            snapshots: None,
            trials: TrialsPlan::default(),
            executable: None,
        }
    }
}
