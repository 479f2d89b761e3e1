//! `fuel deploy-changes`, `redeploy-changes` and `deployment-tasks`.

use clap::Args;
use serde_json::{Value, json};

use super::session::{CommandError, Session};
use crate::model::HistoryRecord;
use crate::table::{self, Cell};

#[derive(Debug, Args)]
pub(super) struct DeployArguments {
    /// Make the graph and run nothing of it.
    #[arg(long)]
    dry_run: bool,
}

/// Starts a deployment; `action` is `changes` or `changes/redeploy`.
pub(super) async fn deploy(
    session: &mut Session<'_>,
    action: &str,
    arguments: &DeployArguments,
) -> Result<(), CommandError> {
    let environment = session.required_environment()?;
    let path = format!(
        "clusters/{environment}/{action}?dry_run={}&noop_run=0",
        u8::from(arguments.dry_run)
    );
    let task = session.client.put(&path, &json!({})).await?;
    let id = task["id"]
        .as_u64()
        .ok_or_else(|| CommandError::Text(format!("{path}: the answer is no task: it has no `id`")))?;
    session.say(&format!(
        "Deployment task with id {id} for the environment {environment} has been started."
    ))
}

#[derive(Debug, Args)]
pub(super) struct HistoryArguments {
    /// List deployment tasks (what happens anyway).
    #[arg(long, short)]
    list: bool,
    /// Id of the deployment's task.
    #[arg(long, visible_aliases = ["task-id", "tid"])]
    task: u64,
    /// Only those of these nodes.
    #[arg(long, visible_alias = "node-id", value_delimiter = ',')]
    node: Vec<String>,
    /// Only those with these statuses: pending, running, ready, error, skipped.
    #[arg(long, value_delimiter = ',')]
    status: Vec<String>,
    /// Only those of these names.
    #[arg(long, short = 'd', value_delimiter = ',')]
    task_name: Vec<String>,
    /// Show what Puppet said of its run too.
    #[arg(long)]
    include_summary: bool,
}

/// Shows the history of a deployment.
pub(super) async fn history(session: &mut Session<'_>, arguments: &HistoryArguments) -> Result<(), CommandError> {
    let mut path = format!(
        "transactions/{}/deployment_history/?include_summary={}",
        arguments.task,
        u8::from(arguments.include_summary)
    );
    for (key, values) in [
        ("nodes", &arguments.node),
        ("statuses", &arguments.status),
        ("tasks_names", &arguments.task_name),
    ] {
        if !values.is_empty() {
            path.push_str(&format!("&{key}={}", values.join(",")));
        }
    }
    let (raw, records) = session.fetch::<HistoryRecord>(&path).await?;
    let mut head = vec!["task_name", "node_id", "status", "time_start", "time_end"];
    if arguments.include_summary {
        head.push("summary");
    }
    let rows: Vec<Vec<Cell>> = records
        .into_iter()
        .map(|record| {
            let mut row = vec![
                record.task_name.into(),
                match record.node_id {
                    Some(Value::String(id)) => id.into(),
                    Some(Value::Number(id)) => id.to_string().into(),
                    _ => "-".into(),
                },
                record.status.into(),
                record.time_start.unwrap_or_default().into(),
                record.time_end.unwrap_or_default().into(),
            ];
            if arguments.include_summary {
                let summary = record.other.get("summary").filter(|summary| !summary.is_null());
                row.push(summary.map(Value::to_string).unwrap_or_default().into());
            }
            row
        })
        .collect();
    session.list(&raw, &table::render(&head, &rows))
}
