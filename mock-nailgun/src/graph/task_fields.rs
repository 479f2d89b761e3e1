//! What the fields of a task may hold. What passes here is what Astute can run.

use serde_json::{Map, Value};

use super::resolver::pattern_problem;
use crate::settings;

/// The types that a task may have.
const TYPES: &[&str] = &[
    "puppet",
    "shell",
    "sync",
    "upload_file",
    "group",
    "stage",
    "skipped",
    "reboot",
    "copy_files",
    "role",
    "master_shell",
    "move_to_bootstrap",
    "erase_node",
];

/// Fields that hold a name, a pattern, or a list of them.
const NAMES: &[&str] = &[
    "role",
    "roles",
    "groups",
    "tags",
    "tasks",
    "requires",
    "required_for",
    "reexecute_on",
    "refresh_on",
];

/// Fields that hold dependencies on tasks of other nodes.
const CROSS: &[&str] = &[
    "cross-depends",
    "cross_depends",
    "cross-depended-by",
    "cross_depended_by",
];

/// What is wrong with the fields of a task, its id aside.
pub(super) fn problem(fields: &Map<String, Value>) -> Option<String> {
    type_problem(fields.get("type").unwrap_or(&Value::Null)).or_else(|| {
        fields.iter().find_map(|(name, value)| match name.as_str() {
            // YAQL computes it on each node.
            _ if value.is_null() || value.get("yaql_exp").is_some() => None,
            name if NAMES.contains(&name) => names_problem(name, value),
            name if CROSS.contains(&name) => cross_problem(name, value),
            "parameters" => (!value.is_object()).then(|| format!("'parameters' is {value}; it must be a mapping")),
            _ => None,
        })
    })
}

fn type_problem(kind: &Value) -> Option<String> {
    match kind {
        Value::Null => Some("'type' is a required property".to_owned()),
        Value::String(kind) if TYPES.contains(&kind.as_str()) => None,
        kind => Some(format!(
            "{} is not one of ['{}']",
            settings::python_repr(kind),
            TYPES.join("', '")
        )),
    }
}

fn names_problem(field: &str, value: &Value) -> Option<String> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    items.iter().find_map(|item| match item {
        Value::String(name) => {
            pattern_problem(name).map(|error| format!("'{field}': invalid regular expression `{name}`: {error}"))
        }
        // A list may be put together from what YAQL computes.
        item if item.get("yaql_exp").is_some() => None,
        other => Some(format!("'{field}' holds {other}; it must be a name or a list of names")),
    })
}

fn cross_problem(field: &str, value: &Value) -> Option<String> {
    let Value::Array(items) = value else {
        return Some(format!(
            "'{field}' is {value}; it must be a list of mappings with `name`"
        ));
    };
    items.iter().find_map(|item| {
        if item.get("yaql_exp").is_some() {
            return None;
        }
        let name = &item["name"];
        if name.get("yaql_exp").is_none() && !name.is_string() {
            return Some(format!(
                "'{field}' holds {item}; it must be a mapping with `name`, a task's id"
            ));
        }
        let role = &item["role"];
        let is_computed = |value: &Value| value.is_null() || value.get("yaql_exp").is_some();
        (!is_computed(name))
            .then(|| names_problem(field, name))
            .flatten()
            .or_else(|| (!is_computed(role)).then(|| names_problem(field, role)).flatten())
    })
}
