//! A scenario's whole run with those who listen to it: the way that `fuelrig test` and `cargo test` share.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use crate::console::{Progress, Verbosity};
use crate::event::Events;
use crate::report::{Aggregator, Report, ReportFiles, write_all};
use crate::run::{self, TestOptions};
use crate::scenario::LoadedScenario;

/// A run that is over.
#[derive(Debug)]
pub struct Finished {
    /// Everything that was found.
    pub report: Report,
    /// Where the report was written, or why it could not be.
    pub report_files: Result<ReportFiles, String>,
    /// What `fuelrig test` ends with.
    pub exit: Exit,
    /// Why there is no verdict, or no report.
    pub error: Option<String>,
}

impl Finished {
    /// A run that could not begin.
    pub(crate) fn without_run(error: String) -> Self {
        Self {
            report: Aggregator::new().report(),
            report_files: Err(error.clone()),
            exit: Exit::Infrastructure,
            error: Some(error),
        }
    }
}

/// Runs a scenario, shows its progress on standard error and writes its report.
pub(crate) async fn finish(
    loaded: &LoadedScenario,
    options: &TestOptions,
    verbosity: Verbosity,
    cancel: &CancellationToken,
) -> Finished {
    let events = Events::new();
    let aggregator = Arc::new(Mutex::new(Aggregator::new()));
    events.subscribe(Box::new(Arc::clone(&aggregator)));
    events.subscribe(Box::new(Progress::stderr(verbosity)));
    let outcome = run::test(loaded, options, &events, cancel).await;
    let report = aggregator.lock().unwrap_or_else(PoisonError::into_inner).report();
    let mut error = outcome.result.as_ref().err().map(ToString::to_string);
    let mut exit = match outcome.result {
        Ok(()) if report.passed => Exit::Passed,
        Ok(()) => Exit::Negative,
        Err(error) => error.exit(),
    };
    let report_files = match write_all(&report, &outcome.directory) {
        Ok(files) => Ok(files),
        Err(failed) => {
            // A verdict that nobody can read is none.
            exit = exit.worse(Exit::Infrastructure);
            let failed = format!(
                "cannot write the report: {failed}\nhint: make room there, or name another directory with `--output`"
            );
            error.get_or_insert_with(|| failed.clone());
            Err(failed)
        }
    };
    Finished {
        report,
        report_files,
        exit,
        error,
    }
}
