//! A run that several tests look at: it happens once, when the first of them needs it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::cli::Exit;
use crate::console::{Progress, Verbosity};
use crate::event::Events;
use crate::report::{Aggregator, Report};
use crate::run::{self, TestOptions};
use crate::scenario::LoadedScenario;

/// A run that is over.
#[derive(Debug)]
pub struct Finished {
    /// Everything that was found.
    pub report: Report,
    /// What `fuelrig test` would have ended with.
    pub exit: Exit,
    /// Why there is no verdict.
    pub error: Option<String>,
}

/// A scenario that is run at most once.
#[derive(Clone)]
pub struct ScenarioRun {
    loaded: Arc<LoadedScenario>,
    options: Arc<TestOptions>,
    finished: Arc<OnceLock<Finished>>,
}

impl ScenarioRun {
    /// A run that has not begun.
    pub fn new(loaded: LoadedScenario, options: TestOptions) -> Self {
        Self {
            loaded: Arc::new(loaded),
            options: Arc::new(options),
            finished: Arc::default(),
        }
    }

    /// The scenario.
    pub fn loaded(&self) -> &LoadedScenario {
        &self.loaded
    }

    /// The finished run; the first caller waits while it happens, and so do the others.
    pub fn finished(&self) -> &Finished {
        self.finished.get_or_init(|| {
            let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    return Finished {
                        report: Aggregator::new().report(),
                        exit: Exit::Infrastructure,
                        error: Some(format!("cannot start threads: {error}")),
                    };
                }
            };
            runtime.block_on(run_once(&self.loaded, &self.options))
        })
    }
}

async fn run_once(loaded: &LoadedScenario, options: &TestOptions) -> Finished {
    let events = Events::new();
    let aggregator = Arc::new(Mutex::new(Aggregator::new()));
    events.subscribe(Box::new(Arc::clone(&aggregator)));
    events.subscribe(Box::new(Progress::stderr(Verbosity::Quiet)));
    let outcome = run::test(loaded, options, &events, &CancellationToken::new()).await;
    let report = aggregator.lock().unwrap_or_else(PoisonError::into_inner).report();
    let mut error = outcome.result.as_ref().err().map(ToString::to_string);
    if let Err(failed) = report.write_json(&outcome.directory.join("report.json")) {
        error.get_or_insert(format!("cannot write the report: {failed}"));
    }
    let exit = match outcome.result {
        Ok(()) if report.passed => Exit::Passed,
        Ok(()) => Exit::Negative,
        Err(error) => error.exit(),
    };
    Finished { report, exit, error }
}
