//! Scenarios on real containers. Each check of the Trove scenario is a test of its own; further tests break a copy of
//! the plugin in one way each, deploy the bench of known faults, or kill something in the middle of a task.
//!
//! Without a Docker engine every test here shows itself as ignored.

mod broken;
mod busy;
mod chaos;
mod engine;
mod faults;
mod full_disk;
mod hooks;
mod killed;
mod moments;
mod older;
mod rig;
mod watch;
mod wire;

use std::process::ExitCode;

use camino::Utf8Path;
use fuelrig::run::TestOptions;
use fuelrig::testing::{container_trial, engine_reason, run_trials, scenario_trials};

fn main() -> ExitCode {
    let reason = engine_reason();
    let reason = reason.as_deref();
    let options = TestOptions {
        executable: Some(rig::EXECUTABLE.into()),
        output: rig::output("scenarios"),
        ..TestOptions::default()
    };
    let of = |tests: &'static [rig::Test]| {
        tests
            .iter()
            .map(|(name, test)| container_trial(*name, reason, move || test().map_err(Into::into)))
    };
    // The bench takes as long as all others together, so it begins first and they run beside it.
    let mut trials: Vec<_> = of(faults::TESTS).collect();
    trials.extend(scenario_trials(Utf8Path::new(rig::TROVE), options, reason));
    for tests in [
        engine::TESTS,
        hooks::TESTS,
        broken::TESTS,
        killed::TESTS,
        older::TESTS,
        watch::TESTS,
    ] {
        trials.extend(of(tests));
    }
    for (name, test) in chaos::tests() {
        let name = format!("chaos: {name}");
        trials.push(container_trial(name, reason, move || test().map_err(Into::into)));
    }
    // `--include-ignored` runs them too.
    trials.extend(of(watch::MORE).map(|trial| trial.with_ignored_flag(true)));
    run_trials(trials, reason)
}
