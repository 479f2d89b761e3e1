//! `POST /mock/load`: a situation, as the list of the requests that make it.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply, ReplyBody};
use super::error::ApiError;
use super::{route, service};

/// `POST /mock/load`: `[{"method": "POST", "path": "/api/v1/nodes/", "body": {…}}, …]`, all of them or none.
///
/// Each is answered as if it came alone; the answer is each one's status, and the id of what it made. The first that is
/// refused takes back those before it.
pub(crate) fn load(call: &Call<'_>) -> Answer {
    let mut answers = Vec::new();
    for (index, request) in call.list()?.iter().enumerate() {
        let answer = one(call, request).map_err(|error| {
            let text = error.text();
            ApiError::new(error.status, format!("request {index} of the situation: {text}"))
        })?;
        answers.push(answer);
    }
    Ok(Reply::ok(Value::from(answers)))
}

fn one(call: &Call<'_>, request: &Value) -> Result<Value, ApiError> {
    let text = |key: &str| {
        request[key]
            .as_str()
            .ok_or_else(|| ApiError::bad_request(format!("'{key}' is a required property, a text")))
    };
    let (path, query) = text("path")?.split_once('?').unwrap_or((text("path")?, ""));
    let found = route::find(call.config.profile.series, text("method")?, path)?;
    let body = match &request["body"] {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    let reply = (found.handler)(&Call {
        config: call.config,
        database: call.database,
        parameters: found.parameters,
        query: service::parse_query(query),
        headers: call.headers.clone(),
        body: &body,
        message_queued: call.message_queued,
    })?;
    let id = match &reply.body {
        ReplyBody::Json(body) => body["id"].clone(),
        _ => Value::Null,
    };
    Ok(json!({"status": reply.status, "id": id}))
}
