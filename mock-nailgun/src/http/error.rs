//! What goes wrong, as Nailgun answers it.

use plugin_builder::expression::{ExpressionError, SyntaxError};
use serde_json::{Value, json};

/// How many characters of a refusal go out: what was sent is in many of them.
const LONGEST_MESSAGE: usize = 20_000;

/// An answer that is no success. The request's transaction is rolled back.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) body: ErrorBody,
    /// A table whose next id is used up although nothing was inserted.
    pub(crate) burned: Option<&'static str>,
}

/// The body of an error.
#[derive(Debug, Clone)]
pub(crate) enum ErrorBody {
    /// `{"message": …, "errors": []}`
    Message(String),
    /// A JSON string: an exception in a handler whose answers are serialised.
    JsonString(String),
    /// Plain text: what Nailgun's deep code raises and no handler catches.
    Text(String),
    /// Nothing: a missing token.
    Empty,
}

impl ApiError {
    /// An error with Nailgun's JSON body.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            body: ErrorBody::Message(message.into()),
            burned: None,
        }
    }

    /// 400 with Nailgun's JSON body. Whoever sent a hundred megabytes does not get them back.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
            message.truncate(end);
            message.push_str("... (cut)");
        }
        Self::new(400, message)
    }

    /// 404 `<what> not found`.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, format!("{what} not found"))
    }

    /// 400 with plain text.
    pub(crate) fn deep(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            body: ErrorBody::Text(message.into()),
            burned: None,
        }
    }

    /// 500: what is an unhandled exception in Nailgun. The message is the exception's, where Nailgun in development
    /// mode gives a whole traceback.
    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(500, message)
    }

    /// As [`ApiError::unexpected`], from a handler that answers with a JSON string.
    pub(crate) fn unexpected_string(message: impl Into<String>) -> Self {
        Self {
            status: 500,
            body: ErrorBody::JsonString(message.into()),
            burned: None,
        }
    }

    /// 401 with an empty body.
    pub(crate) fn unauthorized() -> Self {
        Self {
            status: 401,
            body: ErrorBody::Empty,
            burned: None,
        }
    }

    /// The same error, but the table's next id is used up.
    pub(crate) fn burning(mut self, table: &'static str) -> Self {
        self.burned = Some(table);
        self
    }

    /// The message or text.
    pub(crate) fn text(&self) -> String {
        match &self.body {
            ErrorBody::Message(text) | ErrorBody::JsonString(text) | ErrorBody::Text(text) => text.clone(),
            ErrorBody::Empty => String::new(),
        }
    }

    /// The body as it goes out.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.body {
            ErrorBody::Message(message) => {
                let body: Value = json!({"message": message, "errors": []});
                body.to_string().into_bytes()
            }
            ErrorBody::JsonString(text) => Value::from(text.clone()).to_string().into_bytes(),
            ErrorBody::Text(text) => text.clone().into_bytes(),
            ErrorBody::Empty => Vec::new(),
        }
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Self::bad_request(error.to_string()),
            _ => {
                tracing::error!(%error, "the database refused");
                Self::unexpected(format!(
                    "the database refused, and nothing of this request was saved: {error}"
                ))
            }
        }
    }
}

impl From<ExpressionError> for ApiError {
    fn from(error: ExpressionError) -> Self {
        match error {
            ExpressionError::UnknownModel(_) => Self::unexpected(format!("KeyError: {error}")),
            other => Self::bad_request(other.to_string()),
        }
    }
}

impl From<SyntaxError> for ApiError {
    fn from(error: SyntaxError) -> Self {
        ExpressionError::from(error).into()
    }
}
