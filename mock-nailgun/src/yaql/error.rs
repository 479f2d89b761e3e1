//! What can be wrong with a YAQL expression.

/// An expression that cannot be read, or has no value here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {reason}")]
pub(crate) struct YaqlError {
    /// Of the expression, from 1 on, in characters.
    pub(crate) column: usize,
    pub(crate) reason: String,
}

impl YaqlError {
    /// An error at a column.
    pub(crate) fn at(column: usize, reason: impl Into<String>) -> Self {
        Self {
            column,
            reason: reason.into(),
        }
    }
}
