//! How far a run is. Astute tells it of each node; the task's own is the mean of its nodes'.

use serde_json::Value;

use crate::store::Task;

/// Takes what a reply says of nodes. What is no node of the run (the master, the sync point) says nothing of it, and a
/// task never goes back.
pub(super) fn take(task: &mut Task, reports: &Value) {
    let mut is_told = false;
    for report in reports.as_array().into_iter().flatten() {
        let uid = match &report["uid"] {
            Value::String(uid) => uid.clone(),
            Value::Number(id) => id.to_string(),
            _ => continue,
        };
        let told = match report["progress"].as_i64() {
            Some(progress) => progress.clamp(0, 100),
            // A node that is done may be told by its status alone.
            None if report["status"] == "ready" => 100,
            None => continue,
        };
        if let Some(progress) = task.node_progress.get_mut(&uid) {
            *progress = told;
            is_told = true;
        }
    }
    if !is_told {
        return;
    }
    let total: i64 = task.node_progress.values().sum();
    let mean = total / i64::try_from(task.node_progress.len()).unwrap_or(i64::MAX);
    task.progress = task.progress.max(mean);
    if task.status == "pending" {
        task.status = "running".to_owned();
    }
}
