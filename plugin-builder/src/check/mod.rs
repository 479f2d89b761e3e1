//! Checking a plugin: the original builder's rules, all of them at once and each with its place.

mod descriptions;
mod files;
mod format;
mod json_schema;
mod lint;
mod pattern;
mod releases;
mod role;
mod rules;
mod run;
mod schema;
mod validate;
mod version;

pub(crate) use format::Format;
pub(crate) use json_schema::{json_schema, schema_files};
pub(crate) use lint::rules;
pub use run::check;
pub(crate) use run::check_in_steps;
pub(crate) use version::StrictVersion;
