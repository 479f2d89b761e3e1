//! Why a run failed, where its tasks cannot know it.

use super::error::RunError;
use super::rig::MasterSlot;
use crate::engine::{Engine, RunId};

/// Adds to an error what has befallen the engine or the run's machines, and puts it down to them where they are to blame.
pub(super) async fn explained(engine: &Engine, run: &RunId, master: &MasterSlot, error: RunError) -> RunError {
    if matches!(
        error,
        RunError::Interrupted | RunError::EngineLost(_) | RunError::Defect(_)
    ) {
        return error;
    }
    // An engine that went away makes whatever asks it next fail, in words that speak of everything else.
    if let Some(lost) = engine.silence().await {
        // What to do stays at the end.
        let noticed = format!("\nit was noticed by this: {error}\nhint: ");
        return RunError::EngineLost(lost.to_string().replacen("\nhint: ", &noticed, 1));
    }
    if matches!(error, RunError::Invalid(_)) {
        return error;
    }
    let mut text = error.to_string();
    let mut of_the_machine = false;
    for trouble in engine.post_mortem(run, master.place().as_ref()).await {
        of_the_machine |= trouble.of_the_machine;
        // Who gave the error up may have asked already.
        if !text.contains(&trouble.text) {
            text.push('\n');
            text.push_str(&trouble.text);
        }
    }
    match error {
        RunError::Deployment(_) if !of_the_machine => RunError::Deployment(text),
        _ => RunError::Infrastructure(text),
    }
}
