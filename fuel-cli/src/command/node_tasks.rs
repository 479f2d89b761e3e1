//! Provisioning, deploying, and running chosen tasks on chosen nodes.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};

use super::nodes;
use super::output::{number_list, python_list};
use super::session::{CommandError, Session};

/// Which tasks of the graph are meant.
#[derive(Debug, Args)]
pub(super) struct TaskArguments {
    /// Tasks to leave out.
    #[arg(long, value_name = "TASK", value_delimiter = ',', num_args = 1.., conflicts_with = "tasks")]
    pub(super) skip: Vec<String>,
    /// Tasks to run.
    #[arg(long, value_name = "TASK", value_delimiter = ',', num_args = 1..)]
    pub(super) tasks: Vec<String>,
    /// Begin at this task.
    #[arg(long, value_name = "TASK")]
    pub(super) start: Option<String>,
    /// End at this task.
    #[arg(long, value_name = "TASK")]
    pub(super) end: Option<String>,
    /// Have Puppet and shell tasks only say what they would do (9.2).
    #[arg(long)]
    pub(super) noop: bool,
}

impl TaskArguments {
    /// Whether any task is chosen.
    pub(super) fn is_given(&self) -> bool {
        !self.skip.is_empty() || !self.tasks.is_empty() || self.start.is_some() || self.end.is_some()
    }
}

/// Ids of the chosen tasks in the order of the graph; `None` for all of it.
pub(super) async fn chosen(
    session: &Session<'_>,
    environment: u64,
    skip: &[String],
    tasks: &[String],
    start: Option<&str>,
    end: Option<&str>,
) -> Result<Option<Vec<String>>, CommandError> {
    if !tasks.is_empty() && start.is_none() && end.is_none() {
        return Ok(Some(tasks.to_vec()));
    }
    if skip.is_empty() && start.is_none() && end.is_none() {
        return Ok(None);
    }
    let mut query: Vec<String> = Vec::new();
    for (key, value) in [("start", start), ("end", end)] {
        if let Some(value) = value {
            query.push(format!("{key}={value}"));
        }
    }
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let graph = session
        .client
        .get(&format!("clusters/{environment}/deployment_tasks{query}"))
        .await?;
    let skip: BTreeSet<&str> = skip.iter().map(String::as_str).collect();
    let ids = graph
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|task| task["id"].as_str())
        .filter(|id| !skip.contains(id))
        .map(str::to_owned)
        .collect();
    Ok(Some(ids))
}

/// The environment of nodes: the one that `--env` names, or the one that they are in.
async fn environment_of(session: &Session<'_>, ids: &[u64]) -> Result<u64, CommandError> {
    if ids.is_empty() {
        return Err(CommandError::Text("\"--node\" required!".to_owned()));
    }
    let nodes = nodes::fetch(session, ids).await?;
    let environments: BTreeSet<Option<u64>> = nodes.iter().map(|node| node["cluster"].as_u64()).collect();
    match environments.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(environment)] if session.environment.is_none_or(|named| named == *environment) => Ok(*environment),
        [Some(environment)] => Err(CommandError::Text(format!(
            "Nodes {} are in environment {environment}, not in the one that --env names.",
            number_list(ids)
        ))),
        environments if environments.contains(&None) => Err(CommandError::Text(
            "Input nodes are not assigned to any environment!".to_owned(),
        )),
        _ => Err(CommandError::Text(format!(
            "Nodes {} are in more than one environment; name those of one.",
            number_list(ids)
        ))),
    }
}

/// Provisions or deploys nodes.
pub(super) async fn start(
    session: &mut Session<'_>,
    ids: &[u64],
    action: &str,
    doing: &str,
) -> Result<(), CommandError> {
    let environment = environment_of(session, ids).await?;
    let path = format!("clusters/{environment}/{action}/?nodes={}", joined(ids));
    session.client.put(&path, &json!({})).await?;
    session.say(&format!("Started {doing} nodes {}.", number_list(ids)))
}

/// Runs the chosen tasks on nodes.
pub(super) async fn run(
    session: &mut Session<'_>,
    ids: &[u64],
    arguments: &TaskArguments,
    force: bool,
) -> Result<(), CommandError> {
    let environment = environment_of(session, ids).await?;
    let tasks = chosen(
        session,
        environment,
        &arguments.skip,
        &arguments.tasks,
        arguments.start.as_deref(),
        arguments.end.as_deref(),
    )
    .await?
    .unwrap_or_default();
    let mut path = format!("clusters/{environment}/deploy_tasks/?nodes={}", joined(ids));
    if force {
        path.push_str("&force=1");
    }
    if arguments.noop {
        path.push_str("&noop_run=1");
    }
    let body: Vec<Value> = tasks.iter().map(|task| json!(task)).collect();
    session.client.put(&path, &Value::Array(body)).await?;
    // fuelclient says "nodes" twice.
    session.say(&format!(
        "Started tasks {} for nodes nodes {}.",
        python_list(tasks.iter().map(String::as_str)),
        number_list(ids)
    ))
}

fn joined(ids: &[u64]) -> String {
    let texts: Vec<String> = ids.iter().map(u64::to_string).collect();
    texts.join(",")
}
