//! `fuelrig test` with states that are kept: `--watch`, `--checkpoints`, `--from`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use camino::Utf8Path;
use tokio_util::sync::CancellationToken;

use super::arguments::{Format, TestArguments};
use super::commands::{complain, out};
use super::exit::Exit;
use super::test::{options, shown, verbosity};
use crate::console::{Progress, Verbosity};
use crate::event::Events;
use crate::report::{Aggregator, render, write_all};
use crate::run::{self, Rounds};
use crate::scenario::LoadedScenario;

pub(super) async fn watch(arguments: &TestArguments, cancel: &CancellationToken) -> Exit {
    let [file] = arguments.scenarios.as_slice() else {
        complain(&"`--watch` takes one scenario\n  hint: watch each in a terminal of its own");
        return Exit::Usage;
    };
    let console = Console::new(arguments);
    match run::watch(file, &options(arguments), &console, cancel).await {
        Ok(()) => Exit::Passed,
        Err(error) => {
            if !matches!(error, run::RunError::Interrupted) {
                complain(&error);
            }
            error.exit()
        }
    }
}

/// `--checkpoints` and `--from`: each scenario once.
pub(super) async fn once(arguments: &TestArguments, scenarios: &[LoadedScenario], cancel: &CancellationToken) -> Exit {
    let mut exit = Exit::Passed;
    let options = options(arguments);
    for loaded in scenarios {
        if cancel.is_cancelled() {
            break;
        }
        let console = Console::new(arguments);
        let ended = match &arguments.from {
            Some(task) => run::from(loaded, task, &options, &console, cancel).await,
            None => run::keep(loaded, &options, &console, cancel).await,
        };
        exit = exit.worse(match ended {
            Ok(()) if console.passed.load(Ordering::Relaxed) => Exit::Passed,
            Ok(()) => Exit::Negative,
            Err(error) => {
                if !console.told.load(Ordering::Relaxed) {
                    complain(&error);
                }
                error.exit()
            }
        });
    }
    exit
}

/// Shows each round as `fuelrig test` shows its run.
struct Console {
    format: Format,
    verbosity: Verbosity,
    /// What makes the report of the round that began last, and when that was.
    round: Mutex<Option<(Arc<Mutex<Aggregator>>, Instant)>>,
    /// Whether a round has ended, and so its errors were shown.
    told: AtomicBool,
    /// Whether the last one passed.
    passed: AtomicBool,
}

impl Console {
    fn new(arguments: &TestArguments) -> Self {
        Self {
            format: arguments.format,
            verbosity: verbosity(arguments),
            round: Mutex::default(),
            told: AtomicBool::new(false),
            passed: AtomicBool::new(false),
        }
    }

    fn round(&self) -> MutexGuard<'_, Option<(Arc<Mutex<Aggregator>>, Instant)>> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rounds for Console {
    fn begin(&self) -> Events {
        let events = Events::new();
        let aggregator = Arc::new(Mutex::new(Aggregator::new()));
        events.subscribe(Box::new(Arc::clone(&aggregator)));
        events.subscribe(Box::new(Progress::stderr(self.verbosity)));
        *self.round() = Some((aggregator, Instant::now()));
        events
    }

    fn finish(&self, directory: &Utf8Path) {
        let Some((aggregator, begun)) = self.round().take() else {
            return;
        };
        let report = aggregator.lock().unwrap_or_else(PoisonError::into_inner).report();
        self.told.store(true, Ordering::Relaxed);
        self.passed.store(report.passed, Ordering::Relaxed);
        if self.format == Format::Json {
            // A document a line: whoever reads along has a whole one at each line's end.
            out(&serde_json::to_string(&report).unwrap_or_default());
        } else {
            out(&render(&report));
        }
        let took = begun.elapsed().as_secs_f64();
        match write_all(&report, directory) {
            Ok(files) if self.format == Format::Human => {
                out(&format!("report: {}; it took {took:.1} s", shown(&files.html)));
            }
            Ok(_) => {}
            Err(error) => complain(&format!("cannot write the report: {error}")),
        }
    }

    fn say(&self, line: &str) {
        if self.verbosity > Verbosity::Quiet || line.starts_with("error") {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}
