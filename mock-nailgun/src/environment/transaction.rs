//! What becomes of a deployment: Astute's replies, task history, notifications.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::clock;
use super::context::Environment;
use super::progress;
use super::stop::finish_stop;
use crate::config::Config;
use crate::http::ApiError;
use crate::store::{self, Cluster, HistoryRecord, Node, Notification, Task, runs};

/// What a node can be.
const NODE_STATUSES: &[&str] = &[
    "discover",
    "provisioning",
    "provisioned",
    "deploying",
    "ready",
    "error",
    "stopped",
    "removing",
];

/// What a task of the graph can be on a node.
const TASK_STATUSES: &[&str] = &["pending", "running", "ready", "error", "skipped"];

/// Adds a notification.
pub(crate) fn notify(
    database: &Connection,
    topic: &str,
    message: &str,
    cluster: Option<i64>,
    node_id: Option<i64>,
    task_id: Option<i64>,
) -> Result<(), rusqlite::Error> {
    let (date, time) = clock::notification_date_time();
    store::insert(
        database,
        &mut Notification {
            id: 0,
            cluster,
            topic: topic.to_owned(),
            message: message.to_owned(),
            status: "unread".to_owned(),
            node_id,
            task_id,
            date,
            time,
        },
    )
}

/// A blank line and a line for each enabled plugin, as they stand at the end of a message of success.
pub(crate) fn plugin_lines(environment: &Environment<'_>) -> String {
    let lines: Vec<String> = environment
        .enabled_plugins()
        .iter()
        .map(|connected| {
            let description = connected
                .plugin
                .fields
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("Plugin {} is deployed. {description}", connected.plugin.name)
        })
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n\n{}", lines.join("\n"))
    }
}

/// Applies one reply of Astute: `{"method": …, "args": {"task_uuid": …, …}}`. Gives the run that is next, where the reply
/// ends one that others wait for.
///
/// # Errors
/// 404 for a task that there is not, 400 for a reply without a task or with a status that there is not.
pub(crate) fn apply_reply(config: &Config, database: &Connection, reply: &Value) -> Result<Option<Task>, ApiError> {
    let args = &reply["args"];
    let uuid = args["task_uuid"]
        .as_str()
        .ok_or_else(|| ApiError::bad_request("The reply has no `args.task_uuid`"))?;
    let mut task: Task = store::find(database, "document ->> 'uuid' = ?1", [uuid])?
        .ok_or_else(|| ApiError::new(404, format!("There is no task with uuid {uuid}")))?;
    let reports = args["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    for report in reports {
        check_statuses(report)?;
    }
    let was_over = is_over(&task.status);
    for report in reports {
        record(database, &task, report)?;
        // A reply that comes late says what has been: the run's end has set the nodes, and another may be using them.
        if !was_over {
            apply_node(database, &task, report)?;
        }
    }
    if !was_over {
        progress::take(&mut task, &args["nodes"]);
    }
    if let Some(progress) = args["progress"].as_i64() {
        task.progress = task.progress.max(progress.clamp(0, 100));
    }
    if let Some(status @ ("running" | "ready" | "error")) = args["status"].as_str()
        && !was_over
    {
        task.status = status.to_owned();
    }
    if let Some(message) = args["error"]
        .as_str()
        .or(args["msg"].as_str())
        .filter(|message| !message.is_empty() && !was_over)
    {
        task.message = Some(message.to_owned());
    }
    task.time_start.get_or_insert_with(clock::now_iso);
    let is_over_now = is_over(&task.status) && !was_over;
    if is_over_now {
        task.progress = 100;
        task.time_end = Some(clock::now_iso());
    }
    store::replace(database, &task)?;
    let mut next = None;
    if is_over_now && task.name == "stop_deployment" {
        finish_stop(database, &task)?;
    } else if is_over_now {
        next = finish_run(config, database, &mut task)?;
    }
    update_parent(database, &task)?;
    Ok(next)
}

/// Ends a run that could not begin.
pub(crate) fn fail_run(config: &Config, database: &Connection, mut task: Task, reason: &str) -> Result<(), ApiError> {
    task.status = "error".to_owned();
    task.progress = 100;
    task.message = Some(reason.to_owned());
    task.time_start = Some(clock::now_iso());
    task.time_end.clone_from(&task.time_start);
    store::replace(database, &task)?;
    finish_run(config, database, &mut task)?;
    update_parent(database, &task)
}

/// The runs that wait for this one, in turn. When it failed, none of them will be.
pub(super) fn waiting(database: &Connection, task: &Task) -> Result<Option<Task>, ApiError> {
    let Some(parent) = task.parent_id else { return Ok(None) };
    let waiting: Vec<Task> = store::find_all(
        database,
        "document ->> 'parent_id' = ?1 AND document ->> 'status' = 'pending' AND document -> 'order' IS NOT NULL",
        [parent],
    )?;
    if task.status == "ready" {
        return Ok(waiting.into_iter().next());
    }
    for mut other in waiting {
        other.status = "error".to_owned();
        other.progress = 100;
        other.order = None;
        other.message = Some("Not run: the graph before it failed".to_owned());
        other.time_end = Some(clock::now_iso());
        store::replace(database, &other)?;
    }
    Ok(None)
}

pub(super) fn is_over(status: &str) -> bool {
    matches!(status, "ready" | "error")
}

/// Only statuses that Nailgun knows: every other would be shown by it, and no client knows what it means.
fn check_statuses(report: &Value) -> Result<(), ApiError> {
    for (key, known) in [("status", NODE_STATUSES), ("task_status", TASK_STATUSES)] {
        let status = &report[key];
        if !status.is_null() && !status.as_str().is_some_and(|status| known.contains(&status)) {
            return Err(ApiError::bad_request(format!(
                "The reply's `{key}` of node {} is {status}; it must be one of {}",
                report["uid"],
                known.join(", ")
            )));
        }
    }
    Ok(())
}

/// The node that a report is of. The sync point has uid null, and its tasks are in the history as node `-`.
fn uid(report: &Value) -> String {
    report["uid"].as_str().map_or_else(
        || report["uid"].as_i64().map_or("-".to_owned(), |id| id.to_string()),
        str::to_owned,
    )
}

/// Writes into the history what a report says of a task.
fn record(database: &Connection, run: &Task, report: &Value) -> Result<(), ApiError> {
    if let (Some(name), Some(status)) = (
        report["deployment_graph_task_name"].as_str(),
        report["task_status"].as_str(),
    ) {
        let record: Option<HistoryRecord> = store::find(
            database,
            "document ->> 'task_id' = ?1 AND document ->> 'node_id' = ?2 AND document ->> 'task_name' = ?3",
            rusqlite::params![run.id, uid(report), name],
        )?;
        // Of a run that is over, only how a task ended that had not: nothing begins there any more.
        let is_end = |status: &str| matches!(status, "ready" | "error" | "skipped");
        let counts = |record: &HistoryRecord| !is_over(&run.status) || (is_end(status) && !is_end(&record.status));
        if let Some(mut record) = record.filter(counts) {
            record.status = status.to_owned();
            match status {
                "running" => {
                    record.time_start.get_or_insert_with(clock::now_iso);
                }
                "ready" | "error" | "skipped" => record.time_end = Some(clock::now_iso()),
                _ => {}
            }
            if report["summary"].is_object() {
                record.summary = report["summary"].clone();
            }
            if report["custom"].is_object() {
                record.custom = report["custom"].clone();
            }
            store::replace(database, &record)?;
        }
    }
    Ok(())
}

/// Gives a node the status and progress that a report tells of it.
fn apply_node(database: &Connection, task: &Task, report: &Value) -> Result<(), ApiError> {
    if task.dry_run || task.noop {
        return Ok(());
    }
    let node: Option<Node> = match uid(report).parse() {
        Ok(id) => store::get(database, id)?,
        Err(_) => None,
    };
    // A run says nothing of another environment's nodes, nor of those that have left its own.
    let Some(mut node) = node.filter(|node| node.cluster.is_some() && node.cluster == task.cluster) else {
        return Ok(());
    };
    if let Some(progress) = report["progress"].as_i64() {
        node.progress = progress.clamp(0, 100);
    }
    if let Some(status) = report["status"].as_str() {
        node.status = status.to_owned();
        node.error_type = report["error_type"]
            .as_str()
            .map(str::to_owned)
            .filter(|_| status == "error");
        node.error_msg = report["error_msg"]
            .as_str()
            .map(str::to_owned)
            .filter(|_| status == "error");
    }
    if let Some(online) = report["online"].as_bool() {
        node.online = online;
    }
    Ok(store::replace(database, &node)?)
}

/// The end of a deployment run: statuses of nodes and environment, message, notification. Gives the run that is next.
fn finish_run(config: &Config, database: &Connection, task: &mut Task) -> Result<Option<Task>, ApiError> {
    let Some(cluster_id) = task.cluster else {
        return Ok(None);
    };
    let next = waiting(database, task)?;
    let mut environment = Environment::read(config, database, cluster_id)?;
    if task.dry_run || task.noop {
        restore_status(&mut environment.cluster, &environment.nodes);
        store::replace(database, &environment.cluster)?;
        return Ok(next);
    }
    let succeeded = task.status == "ready";
    if succeeded {
        for node in environment.nodes.iter_mut().filter(|node| node.status == "deploying") {
            node.status = "ready".to_owned();
            node.progress = 100;
            store::replace(database, node)?;
        }
        environment.cluster.deployed = runs::get(database, task.id, runs::Part::Settings)?;
        environment.cluster.changes.clear();
        if let Some(before) = environment.cluster.generated.get_mut("deployed_before") {
            *before = json!({"value": true});
        }
    } else {
        for node in environment.nodes.iter_mut().filter(|node| node.status == "deploying") {
            node.status = "error".to_owned();
            node.error_type = Some("deploy".to_owned());
            store::replace(database, node)?;
        }
    }
    let all_ready = environment.nodes.iter().all(|node| node.status == "ready");
    environment.cluster.status = match (environment.cluster.status.as_str(), succeeded) {
        // Stopping ended the run; the environment's status is the stop's to set.
        ("stopped", _) => "stopped",
        (_, true) if all_ready => "operational",
        (_, true) => "partially_deployed",
        (_, false) => "error",
    }
    .to_owned();
    store::replace(database, &environment.cluster)?;
    let name = environment.cluster.name.clone();
    let (topic, message) = if succeeded {
        (
            "done",
            format!(
                "Deployment of environment '{name}' is done.{}",
                plugin_lines(&environment)
            ),
        )
    } else {
        let reason = task.message.clone().unwrap_or_default();
        ("error", format!("Deployment has failed. {reason}"))
    };
    task.message = Some(message.clone());
    store::replace(database, task)?;
    if next.is_some() {
        return Ok(next);
    }
    if let Some(mut parent) = parent_of(database, task)? {
        parent.message = Some(message.clone());
        store::replace(database, &parent)?;
    }
    notify(
        database,
        topic,
        &message,
        Some(cluster_id),
        None,
        Some(task.parent_id.unwrap_or(task.id)),
    )?;
    Ok(None)
}

/// The status an environment has by its nodes, after a run that changed nothing.
pub(super) fn restore_status(cluster: &mut Cluster, nodes: &[Node]) {
    cluster.status = if nodes.iter().any(|node| node.status == "error") {
        "error"
    } else if nodes.iter().all(|node| node.status == "ready") && !nodes.is_empty() {
        "operational"
    } else if nodes.iter().any(|node| node.status == "ready") {
        "partially_deployed"
    } else {
        "new"
    }
    .to_owned();
}

fn parent_of(database: &Connection, task: &Task) -> Result<Option<Task>, rusqlite::Error> {
    task.parent_id.map_or(Ok(None), |id| store::get(database, id))
}

/// Progress of a parent is the weighted mean of its children's; it is over when they all are.
pub(crate) fn update_parent(database: &Connection, task: &Task) -> Result<(), ApiError> {
    let Some(mut parent) = parent_of(database, task)? else {
        return Ok(());
    };
    let children: Vec<Task> = store::find_all(database, "document ->> 'parent_id' = ?1", [parent.id])?;
    let total: f64 = children.iter().map(|child| child.weight).sum();
    let done: f64 = children.iter().map(|child| child.weight * child.progress as f64).sum();
    if total > 0.0 {
        parent.progress = (done / total) as i64;
    }
    parent.time_start.get_or_insert_with(clock::now_iso);
    parent.status = if children.iter().any(|child| child.status == "error") {
        "error"
    } else if children.iter().all(|child| child.status == "ready") {
        "ready"
    } else {
        "running"
    }
    .to_owned();
    if is_over(&parent.status) {
        parent.progress = 100;
        parent.time_end = Some(clock::now_iso());
        if parent.message.is_none() {
            parent.message = children.iter().rev().find_map(|child| child.message.clone());
        }
    }
    Ok(store::replace(database, &parent)?)
}
