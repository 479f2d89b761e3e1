//! From HTTP to handlers and back.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::call::{Answer, Call, Reply, ReplyBody};
use super::error::ApiError;
use super::route::{self, Found};
use super::{authentication, rig};
use crate::config::Config;
use crate::environment;
use crate::pieces::Pieces;
use crate::profile::ProfileError;
use crate::store::{self, Access, Store};

/// nginx on a master lets that much through to `/api`.
const BODY_LIMIT: usize = 100 * 1024 * 1024;

/// How long `GET /mock/astute/messages` waits at most, whatever was asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// The configuration and the state behind the API.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) store: Store,
    message_queued: Notify,
}

impl Service {
    /// Fills an empty state with the profile's releases.
    pub(crate) fn new(config: Config, store: Store) -> Result<Self, StartProblem> {
        let seed = environment::Seed::read(&config.profile)?;
        store.transaction(
            Access::Write,
            |database| seed.plant(database).map_err(StartProblem::from),
            |_, _| Ok(()),
        )?;
        Ok(Self {
            config,
            store,
            message_queued: Notify::new(),
        })
    }

    /// Answers a request in one transaction: a success commits, an error rolls back.
    fn answer(&self, request: &Request) -> Answer {
        let found = route::find(self.config.profile.series, &request.method, &request.path)?;
        let queued = Cell::new(false);
        authentication::check(&self.config, &found, &request.headers)?;
        let Found {
            handler, parameters, ..
        } = found;
        let access = match request.method.as_str() {
            "GET" | "HEAD" => Access::Read,
            _ => Access::Write,
        };
        let reply = self.store.transaction(
            access,
            |database| {
                handler(&Call {
                    config: &self.config,
                    database,
                    parameters,
                    query: request.query.clone(),
                    headers: request.headers.clone(),
                    body: &request.body,
                    message_queued: &queued,
                })
            },
            |database, error: &ApiError| match error.burned {
                Some(table) => store::burn_id(database, table),
                None => Ok(()),
            },
        );
        if queued.get() && reply.is_ok() {
            self.message_queued.notify_waiters();
        }
        reply
    }
}

/// Why the state could not be filled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartProblem {
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

impl From<StartProblem> for crate::server::StartError {
    fn from(problem: StartProblem) -> Self {
        match problem {
            StartProblem::Profile(error) => Self::Profile(error),
            StartProblem::Database(source) => Self::Store(store::StoreError::Open {
                place: "the new state".to_owned(),
                source,
            }),
        }
    }
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

/// The whole API as an axum application.
pub(crate) fn application(service: Arc<Service>) -> Router {
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(service)
}

async fn handle(
    State(service): State<Arc<Service>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request = Request {
        method: method.as_str().to_owned(),
        path: uri.path().to_owned(),
        query: parse_query(uri.query().unwrap_or_default()),
        headers: headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect(),
        body,
    };
    let accept = request.headers.get("accept").cloned();
    let is_api = request.path.starts_with("/api");
    let is_get = matches!(method, Method::GET | Method::HEAD);
    // Only GET takes a message out of the queue.
    let answer = if method == Method::GET && request.path.trim_end_matches('/') == rig::MESSAGES_PATH {
        next_message(&service, &request.query).await
    } else {
        let service = Arc::clone(&service);
        // SQLite and file reads block.
        tokio::task::spawn_blocking(move || service.answer(&request))
            .await
            .unwrap_or_else(|_| Err(ApiError::unexpected("Unexpected exception, please check logs")))
    };
    respond(answer, accept.as_deref(), is_get, is_api)
}

/// Waits for a message for Astute, `wait` seconds at most.
async fn next_message(service: &Arc<Service>, query: &BTreeMap<String, String>) -> Answer {
    let seconds = match query.get("wait").map(|value| value.parse::<f64>()) {
        None => 0.0,
        Some(Ok(seconds)) if seconds >= 0.0 => seconds,
        Some(_) => return Err(ApiError::bad_request("`wait` must be a number of seconds")),
    };
    let wait = Duration::try_from_secs_f64(seconds)
        .unwrap_or(LONGEST_WAIT)
        .min(LONGEST_WAIT);
    let end = Instant::now() + wait;
    loop {
        let notified = service.message_queued.notified();
        tokio::pin!(notified);
        // Registered before the look, so that a message queued between the look and the wait wakes us.
        notified.as_mut().enable();
        let state = Arc::clone(service);
        let taken = tokio::task::spawn_blocking(move || {
            let take = |database: &_| rig::take_message(database);
            state.store.transaction(Access::Write, take, |_, _| Ok(()))
        })
        .await
        .unwrap_or_else(|_| Err(ApiError::unexpected("Unexpected exception, please check logs")))?;
        if let Some(message) = taken {
            return Ok(Reply::written(written(&message)));
        }
        if tokio::time::timeout_at(end, notified).await.is_err() {
            return Ok(Reply::no_content());
        }
    }
}

fn respond(answer: Answer, accept: Option<&str>, is_get: bool, is_api: bool) -> Response<Body> {
    let mut response = Response::builder();
    if is_api {
        response = response
            .header(
                header::CACHE_CONTROL,
                "store, no-cache, must-revalidate, post-check=0, pre-check=0",
            )
            .header(header::PRAGMA, "no-cache")
            .header(header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT");
    }
    let (status, content_type, body) = match answer {
        Ok(reply) => {
            for (name, value) in &reply.headers {
                response = response.header(*name, value);
            }
            let shape = representation(accept, is_get && is_api);
            match (reply.body, shape) {
                (ReplyBody::Empty, _) => (reply.status, None, Pieces::default()),
                (ReplyBody::Text(text), _) => (reply.status, Some("text/plain"), written(&text)),
                (_, Representation::Refused) => (415, Some("text/html"), written("Unsupported Media Type")),
                (ReplyBody::Written(pieces), Representation::Json) => (reply.status, Some("application/json"), pieces),
                (ReplyBody::Json(value), Representation::Json) => {
                    let mut text = Pieces::default();
                    text.push_json(&value);
                    (reply.status, Some("application/json"), text)
                }
                (body, Representation::Yaml) => {
                    let value = match body {
                        ReplyBody::Json(value) => value,
                        ReplyBody::Written(pieces) => serde_json::from_str(&pieces.into_text()).unwrap_or_default(),
                        ReplyBody::Text(_) | ReplyBody::Empty => Value::Null,
                    };
                    let text = plugin_builder::yaml::to_text(&value);
                    (reply.status, Some("application/x-yaml"), written(&text))
                }
            }
        }
        // web.py sets text/html before Nailgun raises, so errors go out as that, JSON or not.
        Err(error) => {
            let text = written(&String::from_utf8_lossy(&error.bytes()));
            (error.status, Some("text/html"), text)
        }
    };
    let length = body.len();
    if let Some(content_type) = content_type.filter(|_| length > 0) {
        response = response.header(header::CONTENT_TYPE, content_type);
    }
    let mut parts = body.into_parts();
    let body = match parts.len() {
        0 => Body::empty(),
        1 => Body::from(parts.remove(0)),
        _ => {
            response = response.header(header::CONTENT_LENGTH, length);
            Body::from_stream(stream::iter(parts.into_iter().map(Ok::<_, Infallible>)))
        }
    };
    response
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .body(body)
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

fn written(text: &str) -> Pieces {
    let mut pieces = Pieces::default();
    pieces.push(text);
    pieces
}

enum Representation {
    Json,
    Yaml,
    Refused,
}

fn representation(accept: Option<&str>, negotiated: bool) -> Representation {
    let first = accept.and_then(|accept| accept.split([',', ';']).next()).map(str::trim);
    match first {
        _ if !negotiated => Representation::Json,
        None | Some("" | "application/json" | "*/*") => Representation::Json,
        Some("application/x-yaml") => Representation::Yaml,
        Some(_) => Representation::Refused,
    }
}

/// The query string of a path, decoded.
pub(super) fn parse_query(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escaped = (bytes[index] == b'%')
            .then(|| text.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                decoded.push(byte);
                index += 3;
            }
            None => {
                decoded.push(if bytes[index] == b'+' { b' ' } else { bytes[index] });
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod queries;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_is_decoded() {
        let query = parse_query("nodes=1%2C2&name=a+b&force");
        assert_eq!(query["nodes"], "1,2");
        assert_eq!(query["name"], "a b");
        assert_eq!(query["force"], "");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz"), "%zz");
    }
}
