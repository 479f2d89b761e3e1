//! What goes wrong with an expression.

/// A text that is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Syntax error in expression `{expression}`, column {column}: {found}, but {expected} was expected")]
pub struct SyntaxError {
    /// The text.
    pub expression: String,
    /// The column in characters, from 1; one behind the last where the text ends too early.
    pub column: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: &'static str,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It is not an expression.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A path begins with a model that there is not.
    #[error("'{0}'")]
    UnknownModel(String),
    /// A path leads nowhere, and the expression is strict.
    #[error("Value of {0} is undefined. Set options.strict to false to allow undefined values.")]
    Undefined(String),
    /// The right side of `in` holds nothing.
    #[error("the right side of `in` is {0}, which holds nothing")]
    NotAContainer(String),
}
