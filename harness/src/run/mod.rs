//! The way through a run: from a scenario to a verdict, told as events.

mod build;
mod changes;
mod checks;
mod deploy;
mod environment;
mod error;
mod merged;
mod options;
mod render;
mod rig;
mod watch;
mod watched;

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
    events.subscribe(Box::new(TaskLogs::new(&directory)));
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
    fs_err::create_dir_all(directory)
        .map_err(|error| RunError::infrastructure("cannot make the run's directory", error))?;
    events.emit(RunEvent::EngineFound(engine.description()));
    sweep(engine, events).await;
    let guard = RunGuard::new(engine, run);
    let master = rig::MasterSlot::default();
    let result = tokio::select! {
        result = rig::run(engine, run, loaded, options, events, cancel, directory, &master) => result,
        // What was under way is dropped here; its containers are removed below.
        () = cancelled_for_long(cancel) => Err(RunError::Interrupted),
    };
    // The clean-up by labels takes the master too, and faster than one container at a time.
    if let Some(master) = master.take() {
        master.keep();
    }
    let passed = matches!(result, Ok(true));
    let keep = match options.keep {
        Keep::Always => true,
        Keep::OnFailure => !passed && !matches!(result, Err(RunError::Interrupted)),
        Keep::Never => false,
    };
    if keep {
        match guard.keep().await {
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
        let problems = match guard.clean_up().await {
            Ok(swept) => swept.problems,
            Err(error) => vec![error.to_string()],
        };
        for problem in problems {
            events.emit(RunEvent::Warning(format!(
                "clean-up: {problem}\n  hint: `fuelrig gc` tries again"
            )));
        }
    })
    .await;
    result.map(|_| ())
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
