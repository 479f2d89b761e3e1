//! The way through a run: from a scenario to a verdict, told as events.

mod build;
mod changes;
mod checks;
mod deploy;
mod environment;
mod error;
mod merged;
mod options;
mod post_mortem;
mod render;
mod rig;
mod watch;
mod watched;

use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8PathBuf;
use tokio_util::sync::CancellationToken;

pub use error::RunError;
pub use options::{Keep, TestOptions};
pub use render::{RenderedNode, render};
pub use watch::{Rounds, from, keep, watch};

use crate::engine::{Engine, RunGuard, RunId};
use crate::event::{Events, Phase, RunEvent};
use crate::report::TaskLogs;
use crate::scenario::LoadedScenario;

/// How often nothing may be found, this far apart, until nothing more is expected of an engine that was left in the
/// middle of something.
const LATECOMERS: u32 = 3;
const LATE: std::time::Duration = std::time::Duration::from_millis(300);

/// How a run ended. What was found is in the events.
#[derive(Debug)]
pub struct Outcome {
    /// The run's own directory under [`TestOptions::output`].
    pub directory: Utf8PathBuf,
    /// `Ok` when a verdict was reached, good or bad.
    pub result: Result<(), RunError>,
}

/// Deploys a scenario twice and judges it. Everything is told to `events`; containers are gone afterwards unless
/// `options.keep` says otherwise.
pub async fn test(
    loaded: &LoadedScenario,
    options: &TestOptions,
    events: &Events,
    cancel: &CancellationToken,
) -> Outcome {
    let run = RunId::new(&loaded.name);
    let directory = options.output.join(format!("{}-{run}", loaded.name));
    let logs = Arc::new(Mutex::new(TaskLogs::new(&directory)));
    events.subscribe(Box::new(Arc::clone(&logs)));
    events.emit(RunEvent::Started {
        scenario: loaded.name.clone(),
        file: loaded.file.to_string(),
        run: run.to_string(),
        fuel: loaded.scenario.fuel.clone(),
        at: std::time::SystemTime::now(),
    });
    let result = match Engine::connect().await {
        Ok(engine) => on_engine(&engine, &run, loaded, options, events, cancel, &directory).await,
        Err(error) => Err(RunError::Infrastructure(error.to_string())),
    };
    if let Err(error) = &result {
        events.emit(RunEvent::Failed(error.to_string()));
    }
    let lost = logs.lock().unwrap_or_else(PoisonError::into_inner).problem();
    if let Some(problem) = lost {
        events.emit(RunEvent::Warning(problem));
    }
    events.emit(RunEvent::Finished {
        at: std::time::SystemTime::now(),
    });
    Outcome { directory, result }
}

async fn on_engine(
    engine: &Engine,
    run: &RunId,
    loaded: &LoadedScenario,
    options: &TestOptions,
    events: &Events,
    cancel: &CancellationToken,
    directory: &Utf8PathBuf,
) -> Result<(), RunError> {
    fs_err::create_dir_all(directory).map_err(|error| {
        RunError::infrastructure(
            "cannot make the run's directory",
            format!("{error}\nhint: make room there, or name another directory with `--output`"),
        )
    })?;
    events.emit(RunEvent::EngineFound(engine.description()));
    let guard = RunGuard::new(engine, run);
    let master = rig::MasterSlot::default();
    let work = async {
        sweep(engine, events).await;
        rig::run(engine, run, loaded, options, events, cancel, directory, &master).await
    };
    let result = tokio::select! {
        result = engine.while_it_answers(work) => match result {
            Ok(Err(error)) => Err(post_mortem::explained(engine, run, &master, error).await),
            Ok(reached) => reached,
            Err(lost) => Err(RunError::EngineLost(lost.to_string())),
        },
        // What was under way is dropped here; its containers are removed below.
        () = cancelled_for_long(cancel) => Err(RunError::Interrupted),
    };
    let passed = matches!(result, Ok(true));
    let keep = match options.keep {
        Keep::Always => true,
        Keep::OnFailure => !passed && !matches!(result, Err(RunError::Interrupted)),
        Keep::Never => false,
    };
    if keep {
        match engine.while_it_answers(guard.keep()).await.and_then(|kept| kept) {
            Ok(()) => events.emit(RunEvent::Note(format!(
                "containers are kept: `fuelrig shell {run}/{}` enters one, `fuelrig gc {run}` removes them",
                loaded
                    .scenario
                    .nodes
                    .first()
                    .map_or("node-1", |node| node.name.as_str())
            ))),
            Err(error) => events.emit(RunEvent::Warning(format!("the run cannot be marked as kept: {error}"))),
        }
        return result.map(|_| ());
    }
    phase(events, Phase::CleanUp, async {
        for problem in clean_up(engine, run, guard, &result).await {
            events.emit(RunEvent::Warning(format!(
                "clean-up: {problem}\n  hint: the next run tries again, and so does `fuelrig gc`"
            )));
        }
    })
    .await;
    result.map(|_| ())
}

/// Removes the run; what could not be removed, and why. In a run that was cut short the engine may still be making what
/// it was asked for last.
async fn clean_up<T>(engine: &Engine, run: &RunId, guard: RunGuard, result: &Result<T, RunError>) -> Vec<String> {
    let cut_short = matches!(result, Err(RunError::Interrupted));
    let is_lost = matches!(result, Err(RunError::EngineLost(_)));
    // An engine that does not answer would be waited for by every single removal.
    if is_lost || engine.silence().await.is_some() {
        guard.leave();
        return vec!["nothing is removed, since the engine does not answer".to_owned()];
    }
    let removal = async {
        let mut swept = guard.clean_up().await?;
        let mut quiet = if cut_short { 0 } else { LATECOMERS };
        while quiet < LATECOMERS {
            tokio::time::sleep(LATE).await;
            let late = engine.remove_run(run.id()).await?;
            quiet = if late.runs.is_empty() { quiet + 1 } else { 0 };
            // What could not go while the engine was busy with it may be gone by now.
            swept = late;
        }
        Ok(swept.problems)
    };
    match engine.while_it_answers(removal).await.and_then(|problems| problems) {
        Ok(problems) => problems,
        Err(error) => vec![error.to_string()],
    }
}

/// Removes what killed runs left. A failure here is worth a warning, not the run.
async fn sweep(engine: &Engine, events: &Events) {
    match engine.sweep().await {
        Ok(swept) => {
            if !swept.runs.is_empty() {
                events.emit(RunEvent::Note(format!(
                    "removed what {} killed run(s) had left: {} containers, {} networks, {} volumes",
                    swept.runs.len(),
                    swept.containers,
                    swept.networks,
                    swept.volumes
                )));
            }
            for problem in swept.problems {
                events.emit(RunEvent::Warning(problem));
            }
        }
        Err(error) => events.emit(RunEvent::Warning(format!(
            "cannot look for what killed runs left: {error}"
        ))),
    }
}

/// Ends some time after the cancellation: a deployment looks at the token itself and ends in an orderly way; every other
/// phase, and a deployment that hangs, must not keep a person waiting.
async fn cancelled_for_long(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

/// Runs a phase and tells when it began and ended.
async fn phase<T>(events: &Events, phase: Phase, work: impl Future<Output = T>) -> T {
    let begun = std::time::Instant::now();
    events.emit(RunEvent::PhaseStarted(phase));
    let result = work.await;
    events.emit(RunEvent::PhaseFinished(phase, begun.elapsed()));
    result
}
