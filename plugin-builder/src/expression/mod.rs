//! The expression language of restrictions, role limits and tasks' conditions.
//!
//! `==  !=  and  or  not  in  ( )`, integers, strings in single or double quotes, `true false null`, and paths into
//! models: `settings:common.debug.value`. From loose to tight: `or`, `and`, `==` and `!=`, `in` and `not`.
//! As in Nailgun `-` belongs to a path, keywords match as prefixes, and characters that mean nothing are skipped;
//! [`Expression::skipped`] tells them.
//!
//! ```
//! use plugin_builder::expression::{Expression, Models};
//! use serde_json::json;
//!
//! let expression = Expression::parse("settings:common.debug.value == true and cluster:mode != 'multinode'")?;
//! let models = Models::from([
//!     ("settings".to_owned(), json!({"common": {"debug": {"value": true}}})),
//!     ("cluster".to_owned(), json!({"mode": "ha_compact"})),
//! ]);
//! assert!(expression.holds(&models, true)?);
//! # Ok::<(), plugin_builder::expression::ExpressionError>(())
//! ```

mod error;
mod evaluate;
mod lexer;
mod parser;
mod term;

pub use error::{ExpressionError, SyntaxError};
pub use evaluate::{Models, is_true};
pub use parser::Expression;
pub use term::{Operator, Path, Skipped, Term, TermKind};
