//! Runs that end before they are done: stopped by a user, or deleted while they run.

use rusqlite::Connection;

use super::clock;
use super::transaction::{is_over, notify, restore_status, update_parent, waiting};
use crate::http::ApiError;
use crate::store::{self, Cluster, Node, Task, messages};

/// The names of what a stop stops. Another stop is none of it.
const STOPPABLE: &[&str] = &["deploy", "deployment", "provision"];

fn is_stoppable(task: &Task) -> bool {
    STOPPABLE.contains(&task.name.as_str())
}

/// The end of a stop: what ran is over, its nodes are stopped.
pub(super) fn finish_stop(database: &Connection, stop: &Task) -> Result<(), ApiError> {
    let Some(cluster_id) = stop.cluster else { return Ok(()) };
    let running: Vec<Task> = store::find_all(
        database,
        "document ->> 'cluster' = ?1 AND document ->> 'status' IN ('pending', 'running')",
        [cluster_id],
    )?;
    for mut task in running.into_iter().filter(is_stoppable) {
        task.status = "error".to_owned();
        task.progress = 100;
        task.message = Some("Deployment was stopped by user".to_owned());
        task.time_end = Some(clock::now_iso());
        store::replace(database, &task)?;
    }
    stop_nodes(database, cluster_id)?;
    if let Some(mut cluster) = store::get::<Cluster>(database, cluster_id)? {
        cluster.status = "stopped".to_owned();
        store::replace(database, &cluster)?;
        let message = format!("Deployment of environment '{}' was successfully stopped.", cluster.name);
        notify(database, "done", &message, Some(cluster_id), None, Some(stop.id))?;
    }
    Ok(())
}

fn stop_nodes(database: &Connection, cluster_id: i64) -> Result<(), ApiError> {
    for mut node in store::find_all::<Node>(database, "document ->> 'cluster' = ?1", [cluster_id])? {
        if matches!(node.status.as_str(), "deploying" | "provisioning") {
            node.status = "stopped".to_owned();
            store::replace(database, &node)?;
        }
    }
    Ok(())
}

/// Deletes a task with its children, their histories and what waits for Astute of them. Where one of them still ran, the
/// environment and its nodes are what a stop would make them: nobody else would take them out of the deployment.
pub(crate) fn delete_task(database: &Connection, task: &Task) -> Result<(), ApiError> {
    let mut doomed: Vec<Task> = store::find_all(database, "document ->> 'parent_id' = ?1", [task.id])?;
    doomed.push(task.clone());
    let interrupted: Vec<&Task> = doomed
        .iter()
        // What waits for the run before it runs not yet; that one goes on.
        .filter(|task| is_stoppable(task) && !is_over(&task.status) && task.order.is_none())
        .collect();
    if !interrupted.is_empty() {
        // A supertask, and the graphs that waited for this one, would never end.
        let mut ended = task.clone();
        ended.status = "error".to_owned();
        ended.progress = 100;
        ended.message = Some("Deleted while it ran".to_owned());
        store::replace(database, &ended)?;
        waiting(database, &ended)?;
        update_parent(database, &ended)?;
        let is_quiet = interrupted.iter().any(|task| task.dry_run || task.noop);
        if let Some(cluster_id) = task.cluster {
            leave_deployment(database, cluster_id, is_quiet)?;
        }
    }
    for task in doomed {
        messages::remove_of(database, &task.uuid)?;
        database.execute("DELETE FROM history WHERE document ->> 'task_id' = ?1", [task.id])?;
        store::delete::<Task>(database, task.id)?;
    }
    Ok(())
}

/// A rehearsal has changed no node, so that they tell what the environment is.
fn leave_deployment(database: &Connection, cluster_id: i64, was_quiet: bool) -> Result<(), ApiError> {
    let Some(mut cluster) = store::get::<Cluster>(database, cluster_id)? else {
        return Ok(());
    };
    if cluster.status != "deployment" {
        return Ok(());
    }
    if was_quiet {
        let nodes: Vec<Node> = store::find_all(database, "document ->> 'cluster' = ?1", [cluster_id])?;
        restore_status(&mut cluster, &nodes);
    } else {
        stop_nodes(database, cluster_id)?;
        cluster.status = "stopped".to_owned();
    }
    Ok(store::replace(database, &cluster)?)
}
