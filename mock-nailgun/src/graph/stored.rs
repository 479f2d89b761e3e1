//! Graphs as they are uploaded and shown, before an environment merges them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::task::{self, GraphTask, Origin};
use crate::http::ApiError;

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

/// Checks uploaded tasks: each has an id (in either spelling) and a type, and no id comes twice.
///
/// # Errors
/// 400 with the first that is wrong.
pub(crate) fn check_tasks(tasks: &[Value]) -> Result<(), ApiError> {
    let mut ids = BTreeSet::new();
    for task in tasks {
        let id = task.get("id").or_else(|| task.get("task_name")).and_then(Value::as_str);
        let id = id.ok_or_else(|| ApiError::bad_request("'id' is a required property"))?;
        if task.get("type").is_none() {
            return Err(ApiError::bad_request("'type' is a required property"));
        }
        if !ids.insert(id) {
            return Err(ApiError::bad_request(format!(
                "Tasks with the same id `{id}` are in the graph"
            )));
        }
    }
    Ok(())
}
