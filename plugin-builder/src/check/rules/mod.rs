//! The rules of each file, as data, by package format.

pub(crate) mod components;
pub(crate) mod deployment_tasks;
pub(crate) mod environment_config;
pub(crate) mod interfaces;
pub(crate) mod metadata;
pub(crate) mod roles;
pub(crate) mod tasks;
pub(crate) mod volumes;

use crate::check::pattern::Pattern;
use crate::check::schema::{Schema, any_of, object, string};

/// A name that may hold capitals: ids of tasks and roles.
pub(crate) fn name_pattern() -> Pattern {
    Pattern::new("^[0-9a-zA-Z_-]+$")
}

/// `restrictions` of a setting or a role: when it is hidden or disabled.
pub(crate) fn restrictions() -> Schema {
    let with_condition = object()
        .required(&["condition"])
        .property("action", string())
        .property("message", string())
        .property("condition", string());
    let one_key = object().keys_exactly(1);
    let restriction = any_of(vec![string(), with_condition, one_key]);
    crate::check::schema::array_of(restriction).minimum_items(1)
}
