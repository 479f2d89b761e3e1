//! The rig's own endpoints, below `/mock/`.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::run;
use crate::environment;
use crate::store::messages;

/// `GET /mock/astute/messages?wait=SECONDS`: the oldest message for Astute, or 204 when none comes in time.
pub(crate) const MESSAGES_PATH: &str = "/mock/astute/messages";

/// `GET /mock/health`
pub(crate) fn health(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(
        json!({"status": "ok", "fuel_version": call.config.profile.name}),
    ))
}

/// Takes the oldest message out of the queue, as JSON.
pub(crate) fn take_message(database: &Connection) -> Result<Option<String>, ApiError> {
    Ok(messages::take(database)?)
}

/// Queues a message for Astute, which is JSON.
pub(crate) fn queue_message(call: &Call<'_>, message: &str) -> Result<(), ApiError> {
    messages::push(call.database, message)?;
    call.message_queued.set(true);
    Ok(())
}

/// `POST /mock/astute/replies`: one reply of Astute, or a list of them.
pub(crate) fn reply(call: &Call<'_>) -> Answer {
    let replies = match call.json()? {
        Value::Array(replies) => replies,
        single => vec![single],
    };
    for reply in &replies {
        if let Some(next) = environment::apply_reply(call.config, call.database, reply)? {
            run::resume(call, next)?;
        }
    }
    Ok(Reply::ok(json!({})))
}

/// `POST /mock/reset`: everything as on a fresh master.
pub(crate) fn reset(call: &Call<'_>) -> Answer {
    let seed =
        environment::Seed::read(&call.config.profile).map_err(|error| ApiError::unexpected(error.to_string()))?;
    seed.replant(call.database)?;
    Ok(Reply::ok(json!({})))
}
