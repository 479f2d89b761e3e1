//! Tests that keep the nodes' states: `--watch`, a scenario that is tested again whenever something of it changes, and
//! `--checkpoints` with `--from`, where a later process goes on.

use camino::{Utf8Path, Utf8PathBuf};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use super::error::RunError;
use super::options::TestOptions;
use super::rig::{self, Anew, Base, Index};
use super::{cancelled_for_long, clean_up, post_mortem};
use crate::engine::{Engine, RunGuard, RunId};
use crate::event::Events;
use crate::scenario::LoadedScenario;

/// Who listens to the rounds of a watch and shows what came of each.
pub trait Rounds: Send + Sync {
    /// A round begins: the stream of its events, with those who listen to it.
    fn begin(&self) -> Events;
    /// The round that began last is over; its directory is for the report.
    fn finish(&self, directory: &Utf8Path);
    /// A line between two rounds.
    fn say(&self, line: &str);
}

/// Tests a scenario, and again from the first task that a change concerns, until `cancel`.
///
/// Whatever goes wrong in between, what is wrong is told and the next change is waited for. Everything that was started is
/// removed at the end.
///
/// # Errors
/// [`RunError::Interrupted`] at the normal end; no engine answers; a defect.
pub async fn watch(
    file: &Utf8Path,
    options: &TestOptions,
    rounds: &dyn Rounds,
    cancel: &CancellationToken,
) -> Result<(), RunError> {
    let engine = connect(rounds).await?;
    let mut changes = Changes::of(vec![file.to_owned()]);
    loop {
        let again = match LoadedScenario::load(file) {
            Ok(loaded) => {
                changes.also(plugins_of(&loaded));
                let changes = &mut changes;
                guarded(&engine, &loaded, options, rounds, cancel, async |base, master| {
                    rig::session(base, changes, master).await
                })
                .await
            }
            Err(error) => {
                rounds.say(&format!("error: {error}"));
                Err(RunError::Invalid(String::new()))
            }
        };
        match again {
            Ok(Anew(why)) => {
                rounds.say(&format!("{why}: the whole job begins anew"));
                continue;
            }
            Err(error @ (RunError::Interrupted | RunError::Defect(_))) => return Err(error),
            // It was told in its round.
            Err(_) => {}
        }
        rounds.say("waiting for changes; Ctrl-C ends it");
        tokio::select! {
            _ = changes.next() => {}
            () = cancel.cancelled() => return Err(RunError::Interrupted),
        }
    }
}

/// Tests a scenario and keeps the nodes' states for [`from`], in the engine and in a file below `options.output`.
///
/// # Errors
/// There is no verdict; what was kept stays where a task failed.
pub async fn keep(
    loaded: &LoadedScenario,
    options: &TestOptions,
    rounds: &dyn Rounds,
    cancel: &CancellationToken,
) -> Result<(), RunError> {
    let engine = connect(rounds).await?;
    let store = RunId::new(&loaded.name);
    let guard = RunGuard::new(&engine, &store);
    let file = index_of(loaded, options);
    let kept = guarded(&engine, loaded, options, rounds, cancel, async |base, master| {
        rig::keep(base, &store, master, &file).await
    })
    .await;
    let is_written = Index::read(&file, &loaded.file).is_ok_and(|index| index.store == store.id());
    let ended = if is_written {
        guard.keep().await
    } else {
        guard.clean_up().await.map(drop)
    };
    if let Err(error) = ended {
        rounds.say(&format!("warning: {error}"));
    }
    kept
}

/// Tests a scenario from one of its tasks on, with nodes from states that an earlier run kept.
///
/// # Errors
/// There are no such states, no such task, or there is no verdict.
pub async fn from(
    loaded: &LoadedScenario,
    task: &str,
    options: &TestOptions,
    rounds: &dyn Rounds,
    cancel: &CancellationToken,
) -> Result<(), RunError> {
    let index = Index::read(&index_of(loaded, options), &loaded.file)?;
    index.position(task)?;
    let engine = connect(rounds).await?;
    if !index.is_whole(&engine).await? {
        return Err(RunError::Usage(format!(
            "the checkpoints of {0} are not in this engine any more\n  hint: `fuelrig test --checkpoints {0}` makes them \
             anew",
            loaded.file
        )));
    }
    guarded(&engine, loaded, options, rounds, cancel, async |base, master| {
        rig::from(base, master, index, task).await
    })
    .await
}

/// Where the states of a scenario are written down.
fn index_of(loaded: &LoadedScenario, options: &TestOptions) -> Utf8PathBuf {
    options.output.join("checkpoints").join(format!("{}.json", loaded.name))
}

async fn connect(rounds: &dyn Rounds) -> Result<Engine, RunError> {
    let engine = Engine::connect()
        .await
        .map_err(|error| RunError::Infrastructure(error.to_string()))?;
    match engine.sweep().await {
        Ok(swept) => swept
            .problems
            .iter()
            .for_each(|problem| rounds.say(&format!("warning: {problem}"))),
        Err(error) => rounds.say(&format!("warning: cannot look for what killed runs left: {error}")),
    }
    Ok(engine)
}

/// A run with its clean-up.
async fn guarded<T>(
    engine: &Engine,
    loaded: &LoadedScenario,
    options: &TestOptions,
    rounds: &dyn Rounds,
    cancel: &CancellationToken,
    work: impl AsyncFnOnce(Base<'_>, &rig::MasterSlot) -> Result<T, RunError>,
) -> Result<T, RunError> {
    let run = RunId::new(&loaded.name);
    let directory = options.output.join(format!("{}-{run}", loaded.name));
    fs_err::create_dir_all(&directory)
        .map_err(|error| RunError::infrastructure("cannot make the run's directory", error))?;
    let guard = RunGuard::new(engine, &run);
    let master = rig::MasterSlot::default();
    let base = Base {
        engine,
        run: &run,
        loaded,
        options,
        rounds,
        cancel,
        directory: &directory,
    };
    let ended = tokio::select! {
        ended = engine.while_it_answers(work(base, &master)) => match ended {
            Ok(Err(error)) => Err(post_mortem::explained(engine, &run, &master, error).await),
            Ok(reached) => reached,
            Err(lost) => Err(RunError::EngineLost(lost.to_string())),
        },
        // What was under way is dropped here; its containers are removed below.
        () = cancelled_for_long(cancel) => Err(RunError::Interrupted),
    };
    for problem in clean_up(engine, &run, guard, &ended).await {
        rounds.say(&format!(
            "warning: clean-up: {problem}\n  hint: `fuelrig gc` tries again"
        ));
    }
    ended
}

/// Where a scenario's plugins lie.
fn plugins_of(loaded: &LoadedScenario) -> Vec<Utf8PathBuf> {
    let entries = loaded.scenario.plugins.iter();
    entries.map(|entry| loaded.plugin_path(&entry.path)).collect()
}
