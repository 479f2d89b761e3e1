//! `fuel task`: what Nailgun does in the background.

use clap::Args;
use serde_json::Value;

use super::session::{CommandError, Session};
use crate::model::Task;
use crate::table;

#[derive(Debug, Args)]
pub(super) struct TaskArguments {
    /// List tasks (also what happens without any flag).
    #[arg(long, short, conflicts_with = "delete")]
    list: bool,
    /// Ids of the tasks that are meant.
    #[arg(long, visible_aliases = ["task-id", "tid"], value_delimiter = ',', num_args = 1..)]
    task: Vec<u64>,
    /// Delete the tasks that --task names.
    #[arg(long, requires = "task")]
    delete: bool,
    /// Delete even what still runs.
    #[arg(long, short)]
    force: bool,
}

/// Lists or deletes tasks.
pub(super) async fn execute(session: &mut Session<'_>, arguments: TaskArguments) -> Result<(), CommandError> {
    if arguments.delete {
        let force = if arguments.force { "?force=1" } else { "" };
        for id in &arguments.task {
            session.client.delete(&format!("tasks/{id}/{force}")).await?;
        }
        let ids: Vec<String> = arguments.task.iter().map(u64::to_string).collect();
        return session.say(&format!("Tasks with id's {} deleted.", ids.join(", ")));
    }
    let raw = if arguments.task.is_empty() {
        match session.environment {
            None => session.client.get("tasks/").await?,
            Some(environment) => session.client.get(&format!("tasks/?cluster_id={environment}")).await?,
        }
    } else {
        let mut tasks = Vec::new();
        for id in &arguments.task {
            tasks.push(session.client.get(&format!("tasks/{id}/")).await?);
        }
        Value::Array(tasks)
    };
    let tasks: Vec<Task> = Session::typed("tasks/", &raw)?;
    let rows: Vec<Vec<table::Cell>> = tasks
        .into_iter()
        .map(|task| {
            vec![
                task.id.to_string().into(),
                task.status.into(),
                task.name.into(),
                task.cluster.map(|id| id.to_string()).unwrap_or_default().into(),
                task.progress.to_string().into(),
                task.other["uuid"].as_str().unwrap_or_default().into(),
            ]
        })
        .collect();
    session.list(
        &raw,
        &table::render(&["id", "status", "name", "cluster", "progress", "uuid"], &rows),
    )
}
