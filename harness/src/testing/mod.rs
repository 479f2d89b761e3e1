//! Scenarios as tests of `cargo test`: each check of a scenario is a test of its own.
//!
//! In a plugin's repository, `tests/scenarios.rs` with `harness = false` is one line:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     fuelrig::testing::main(&["scenarios/mine.yaml"])
//! }
//! ```

mod shared;
mod trials;

pub use shared::ScenarioRun;

pub use crate::cli::Finished;
pub use trials::{container_trial, engine_reason, main, run_trials, scenario_trials};
