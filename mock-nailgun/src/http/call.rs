//! One request as its handler sees it, and the answer.

use std::cell::Cell;
use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::json_schema;
use crate::config::Config;
use crate::pieces::Pieces;

/// How many values the JSON of a request may hold: a list of small numbers takes forty times its bytes in memory.
const MOST_VALUES: usize = 4_000_000;

/// How many values JSON holds, give or take the empty lists and objects.
fn values_in(json: &[u8]) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// A request inside its transaction.
pub(crate) struct Call<'a> {
    pub(crate) config: &'a Config,
    pub(crate) database: &'a Connection,
    /// What stood in the place of the route's `:names`.
    pub(crate) parameters: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: &'a [u8],
    /// Set when a message for Astute was queued, so that who waits for one is woken after the commit.
    pub(crate) message_queued: &'a Cell<bool>,
}

impl Call<'_> {
    /// The number in the place of the `index`th name.
    pub(crate) fn id(&self, index: usize) -> Result<i64, ApiError> {
        self.parameter(index).parse().map_err(|_| ApiError {
            status: 404,
            ..ApiError::deep("not found")
        })
    }

    /// The text in the place of the `index`th name.
    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, ApiError> {
        if self.body.is_empty() {
            return Err(ApiError::bad_request("Empty request received"));
        }
        // Each takes many times its bytes once it is read.
        if values_in(self.body) > MOST_VALUES {
            return Err(ApiError::new(
                413,
                format!("The request's JSON holds more than {MOST_VALUES} values; send it in parts"),
            ));
        }
        serde_json::from_slice(self.body).map_err(|_| ApiError::bad_request("Invalid json received"))
    }

    /// The body as a JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        match self.json()? {
            Value::Object(object) => Ok(object),
            other => Err(json_schema::wrong_type(&other, "'object'")),
        }
    }

    /// The body as a JSON list.
    pub(crate) fn list(&self) -> Result<Vec<Value>, ApiError> {
        match self.json()? {
            Value::Array(items) => Ok(items),
            other => Err(json_schema::wrong_type(&other, "'array'")),
        }
    }

    /// A boolean of the query string; false where it is not given.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.query.get(name).map(|value| value.to_lowercase()).as_deref() {
            None | Some("0" | "f" | "false") => Ok(false),
            Some("1" | "t" | "true") => Ok(true),
            Some(_) => Err(ApiError::bad_request(format!(
                "Invalid {name} value: it must be boolean"
            ))),
        }
    }

    /// A comma-separated list of the query string; `None` where it is not given.
    pub(crate) fn list_parameter(&self, name: &str) -> Option<Vec<String>> {
        let value = self.query.get(name)?;
        Some(
            value
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// As [`Call::list_parameter`], of numbers.
    pub(crate) fn id_list(&self, name: &str) -> Result<Option<Vec<i64>>, ApiError> {
        let Some(items) = self.list_parameter(name) else {
            return Ok(None);
        };
        let numbers: Result<Vec<i64>, _> = items.iter().map(|item| item.parse::<i64>()).collect();
        numbers
            .map(Some)
            .map_err(|_| ApiError::bad_request("ID is not integer"))
    }
}

/// A success.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: ReplyBody,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// The body of a success.
#[derive(Debug, Clone)]
pub(crate) enum ReplyBody {
    Json(Value),
    /// JSON that is written already.
    Written(Pieces),
    Text(String),
    Empty,
}

impl Reply {
    /// JSON with that status.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            body: ReplyBody::Json(body),
            headers: Vec::new(),
        }
    }

    /// 200 with JSON.
    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// 200 with JSON that is written already.
    pub(crate) fn written(body: Pieces) -> Self {
        Self {
            status: 200,
            body: ReplyBody::Written(body),
            headers: Vec::new(),
        }
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            body: ReplyBody::Empty,
            headers: Vec::new(),
        }
    }

    /// 200 with text.
    pub(crate) fn text(text: String) -> Self {
        Self {
            status: 200,
            body: ReplyBody::Text(text),
            headers: Vec::new(),
        }
    }
}

/// What a handler gives back.
pub(crate) type Answer = Result<Reply, ApiError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_json_are_counted_outside_its_texts() {
        assert_eq!(values_in(br#"5"#), 1);
        assert_eq!(values_in(br#"[1,2,{"a":3}]"#), 5);
        assert_eq!(values_in(br#"",,[\",{""#), 1);
        assert_eq!(values_in(br#"["\\",1]"#), 3);
    }
}
