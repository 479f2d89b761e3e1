//! A run that several tests look at: it happens once, when the first of them needs it.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::cli::{Finished, finish};
use crate::console::Verbosity;
use crate::run::TestOptions;
use crate::scenario::LoadedScenario;

/// Stack of the thread on which a run goes: 16 MiB.
const STACK: usize = 16 << 20;

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
                    return Finished::without_run(format!("cannot start threads: {error}"));
                }
            };
            let whole = || {
                runtime.block_on(finish(
                    &self.loaded,
                    &self.options,
                    Verbosity::Quiet,
                    &CancellationToken::new(),
                ))
            };
            // Threads of tests have 2 MiB, which a run of an unoptimised build does not do with.
            std::thread::scope(|scope| {
                let thread = std::thread::Builder::new().stack_size(STACK);
                match thread.spawn_scoped(scope, whole) {
                    Ok(run) => run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                    Err(error) => Finished::without_run(format!("cannot start a thread: {error}")),
                }
            })
        })
    }
}
