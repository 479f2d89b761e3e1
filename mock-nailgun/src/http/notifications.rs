//! `/notifications`

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use crate::environment;
use crate::store::{self, Notification};

/// What a notification may be about.
const TOPICS: [&str; 5] = ["discover", "done", "error", "warning", "release"];

fn shown(notification: &Notification) -> Value {
    json!({
        "id": notification.id,
        "cluster": notification.cluster,
        "topic": notification.topic,
        "message": notification.message,
        "status": notification.status,
        "node_id": notification.node_id,
        "task_id": notification.task_id,
        "time": notification.time,
        "date": notification.date,
    })
}

fn find(call: &Call<'_>, id: i64) -> Result<Notification, ApiError> {
    store::get(call.database, id)?.ok_or_else(|| ApiError::not_found("Notification"))
}

/// `GET /notifications/`
pub(crate) fn list(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(
        store::all::<Notification>(call.database)?.iter().map(shown).collect(),
    ))
}

/// `POST /notifications/`: what `fuel notify` sends.
pub(crate) fn create(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    let text = |key: &str| {
        body.get(key)
            .and_then(Value::as_str)
            .ok_or_else(|| ApiError::bad_request(format!("'{key}' is a required property")))
    };
    let (topic, message) = (text("topic")?, text("message")?);
    if !TOPICS.contains(&topic) {
        return Err(ApiError::bad_request("Notification topic is not found or invalid"));
    }
    environment::notify(call.database, topic, message, None, None, None)?;
    let created = store::all::<Notification>(call.database)?.pop();
    Ok(Reply::json(201, created.as_ref().map_or(Value::Null, shown)))
}

/// `GET /notifications/:id/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&find(call, call.id(0)?)?)))
}

fn mark(call: &Call<'_>, id: i64, body: &Value) -> Result<Value, ApiError> {
    let mut notification = find(call, id)?;
    match body["status"].as_str() {
        Some(status @ ("read" | "unread")) => notification.status = status.to_owned(),
        _ => return Err(ApiError::bad_request("Invalid status: it must be read or unread")),
    }
    store::replace(call.database, &notification)?;
    Ok(shown(&notification))
}

/// `PUT /notifications/:id/`
pub(crate) fn update(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(mark(call, call.id(0)?, &call.json()?)?))
}

/// `PUT /notifications/`: a list of `{"id", "status"}`.
pub(crate) fn update_many(call: &Call<'_>) -> Answer {
    let mut marked = Vec::new();
    for item in call.list()? {
        let id = item["id"]
            .as_i64()
            .ok_or_else(|| ApiError::bad_request("'id' is a required property"))?;
        marked.push(mark(call, id, &item)?);
    }
    Ok(Reply::ok(Value::from(marked)))
}
