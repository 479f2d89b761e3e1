//! `/tasks` and `/transactions`

use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use crate::environment::{self, DeploymentInfo};
use crate::profile::Profile;
use crate::store::runs::{self, Part};
use crate::store::{self, HistoryRecord, Task};

/// A task that has not begun.
pub(crate) fn new_task(name: &str, cluster: Option<i64>, parent_id: Option<i64>) -> Task {
    Task {
        id: 0,
        uuid: Uuid::new_v4().to_string(),
        cluster,
        name: name.to_owned(),
        status: "pending".to_owned(),
        progress: 0,
        message: None,
        result: json!({}),
        parent_id,
        dry_run: false,
        graph_type: None,
        time_start: None,
        time_end: None,
        weight: 1.0,
        noop: false,
        order: None,
        node_progress: Default::default(),
    }
}

/// A task as the API of that version shows it.
pub(crate) fn shown(profile: &Profile, task: &Task) -> Value {
    let mut shown = json!({
        "id": task.id,
        "cluster": task.cluster,
        "uuid": task.uuid,
        "name": task.name,
        "result": task.result,
        "message": task.message,
        "status": task.status,
        "progress": task.progress,
        "parent_id": task.parent_id,
        "dry_run": task.dry_run,
        "graph_type": task.graph_type,
        "time_start": task.time_start,
        "time_end": task.time_end,
    });
    if let Some(members) = shown.as_object_mut() {
        members.retain(|key, _| !profile.task_fields_absent.contains(&key.as_str()));
    }
    shown
}

/// 202 while it runs, 200 once it is over.
pub(crate) fn accepted(profile: &Profile, task: &Task) -> Reply {
    Reply::json(if is_over(task) { 200 } else { 202 }, shown(profile, task))
}

fn is_over(task: &Task) -> bool {
    matches!(task.status.as_str(), "ready" | "error")
}

fn find(call: &Call<'_>, what: &str) -> Result<Task, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found(what))
}

fn matching(call: &Call<'_>) -> Result<Vec<Task>, ApiError> {
    Ok(
        match call.query.get("cluster_id").and_then(|id| id.parse::<i64>().ok()) {
            Some(id) => store::find_all(call.database, "document ->> 'cluster' = ?1", [id])?,
            None => store::all(call.database)?,
        },
    )
}

/// `GET /tasks/`
pub(crate) fn list(call: &Call<'_>) -> Answer {
    let profile = &call.config.profile;
    Ok(Reply::ok(
        matching(call)?.iter().map(|task| shown(profile, task)).collect(),
    ))
}

/// `GET /tasks/:id/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&call.config.profile, &find(call, "Task")?)))
}

/// `DELETE /tasks/:id/`
pub(crate) fn remove(call: &Call<'_>) -> Answer {
    let task = find(call, "Task")?;
    let force = call.flag("force")?;
    if !is_over(&task) && !force {
        return Err(ApiError::bad_request("You cannot delete running task manually"));
    }
    environment::delete_task(call.database, &task)?;
    Ok(Reply::no_content())
}

fn as_transaction(profile: &Profile, task: &Task) -> Value {
    let mut shown = shown(profile, task);
    if let Some(members) = shown.as_object_mut() {
        members.shift_remove("parent_id");
    }
    shown
}

/// `GET /transactions/`, `?cluster_id=&statuses=`
pub(crate) fn transactions(call: &Call<'_>) -> Answer {
    let statuses = call.list_parameter("statuses");
    let wanted = |task: &&Task| statuses.as_ref().is_none_or(|statuses| statuses.contains(&task.status));
    Ok(Reply::ok(
        matching(call)?
            .iter()
            .filter(wanted)
            .map(|task| as_transaction(&call.config.profile, task))
            .collect(),
    ))
}

/// `GET /transactions/:id/`
pub(crate) fn transaction(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(as_transaction(
        &call.config.profile,
        &find(call, "Transaction")?,
    )))
}

/// The task itself, or the children that ran graphs, in turn: clients ask for the supertask they were given.
fn runs_of(call: &Call<'_>) -> Result<Vec<Task>, ApiError> {
    let task = find(call, "Transaction")?;
    if runs::is_one(call.database, task.id)? {
        return Ok(vec![task]);
    }
    let mut found = Vec::new();
    for child in store::find_all::<Task>(call.database, "document ->> 'parent_id' = ?1", [task.id])? {
        if runs::is_one(call.database, child.id)? {
            found.push(child);
        }
    }
    Ok(found)
}

/// `GET /transactions/:id/deployment_history/`, `?tasks_names=&nodes=&statuses=&include_summary=`
pub(crate) fn history(call: &Call<'_>) -> Answer {
    let runs = runs_of(call)?;
    let (names, nodes, statuses) = (
        call.list_parameter("tasks_names"),
        call.list_parameter("nodes"),
        call.list_parameter("statuses"),
    );
    let with_summary = call.flag("include_summary")?;
    let among = |list: &Option<Vec<String>>, value: &String| list.as_ref().is_none_or(|list| list.contains(value));
    let mut records: Vec<HistoryRecord> = Vec::new();
    for run in &runs {
        records.extend(store::find_all(call.database, "document ->> 'task_id' = ?1", [run.id])?);
    }
    let shown = records
        .iter()
        .filter(|record| {
            among(&names, &record.task_name) && among(&nodes, &record.node_id) && among(&statuses, &record.status)
        })
        .map(|record| {
            let mut shown = record.task.clone();
            if let Some(members) = shown.as_object_mut() {
                members.shift_remove("id");
            }
            shown["task_name"] = json!(record.task_name);
            shown["node_id"] = json!(record.node_id);
            shown["status"] = json!(record.status);
            shown["time_start"] = json!(record.time_start);
            shown["time_end"] = json!(record.time_end);
            shown["custom"] = record.custom.clone();
            if with_summary {
                shown["summary"] = record.summary.clone();
            }
            shown
        })
        .collect();
    Ok(Reply::ok(shown))
}

fn kept<T: serde::de::DeserializeOwned>(call: &Call<'_>, part: Part, what: &str) -> Result<T, ApiError> {
    // What was told last is what the last graph was run with.
    let found = match runs_of(call)?.last() {
        Some(run) => runs::get(call.database, run.id, part)?,
        None => None,
    };
    found.ok_or_else(|| ApiError::new(404, format!("There is no {what} of this transaction")))
}

/// `GET /transactions/:id/deployment_info/`: what each node was told, by uid.
pub(crate) fn deployment_info(call: &Call<'_>) -> Answer {
    let told: DeploymentInfo = kept(call, Part::DeploymentInfo, "deployment info")?;
    Ok(Reply::written(told.json_by_uid()))
}

/// `GET /transactions/:id/settings/`
pub(crate) fn settings(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(kept(call, Part::Settings, "settings")?))
}

/// `GET /transactions/:id/network_configuration/`
pub(crate) fn network_configuration(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(kept(
        call,
        Part::NetworkConfiguration,
        "network configuration",
    )?))
}
