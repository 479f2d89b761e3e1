//! Graphs as they are uploaded and shown, before an environment merges them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::task::{self, GraphTask, Origin};
use super::task_fields;
use crate::http::ApiError;
use crate::settings;

/// Stored tasks as the API shows them.
pub(crate) fn stored_shape(tasks: &[Value]) -> Value {
    tasks
        .iter()
        .filter_map(Value::as_object)
        .map(|fields| {
            task::api_shape(&GraphTask {
                origin: Origin::Cluster,
                fields: fields.clone(),
            })
        })
        .collect()
}

/// Checks an uploaded graph: what [`check_each`] does, and that no id comes twice.
///
/// # Errors
/// 400 with the first that is wrong.
pub(crate) fn check_tasks(tasks: &[Value]) -> Result<(), ApiError> {
    check_each(tasks)?;
    let mut ids = BTreeSet::new();
    for id in tasks.iter().filter_map(id_of) {
        if !ids.insert(id) {
            return Err(ApiError::bad_request(format!(
                "Tasks with the same id `{id}` are in the graph"
            )));
        }
    }
    Ok(())
}

/// Checks uploaded tasks: each has an id, in either spelling, a type that there is, and fields
/// that can be read.
///
/// # Errors
/// 400 with the first that is wrong, and which task that is.
pub(crate) fn check_each(tasks: &[Value]) -> Result<(), ApiError> {
    for (index, task) in tasks.iter().enumerate() {
        if !task.is_object() {
            return Err(ApiError::bad_request(format!(
                "{} is not of type 'object'",
                settings::python_repr(task)
            )));
        }
        let Some(id) = id_of(task) else {
            return Err(ApiError::bad_request(format!(
                "'id' is a required property\n\nOn task {} of {}",
                index + 1,
                tasks.len()
            )));
        };
        if let Some(problem) = task.as_object().and_then(task_fields::problem) {
            return Err(ApiError::bad_request(format!("{problem}\n\nOn task '{id}'")));
        }
    }
    Ok(())
}

fn id_of(task: &Value) -> Option<&str> {
    task.get("id").or_else(|| task.get("task_name")).and_then(Value::as_str)
}
