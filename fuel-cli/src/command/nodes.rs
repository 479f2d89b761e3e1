//! `fuel node`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::{Map, Value, json};

use super::node_tasks::{self, TaskArguments};
use super::output::{number_list, python_list};
use super::session::{CommandError, Session};
use crate::table::{self, Cell};

const COLUMNS: [&str; 10] = [
    "id",
    "status",
    "name",
    "cluster",
    "ip",
    "mac",
    "roles",
    "pending_roles",
    "online",
    "group_id",
];

#[derive(Debug, Args)]
pub(super) struct NodeArguments {
    #[command(flatten)]
    action: NodeAction,
    /// Ids of nodes, or the ends of their MAC addresses (80:ac).
    #[arg(long, visible_alias = "node-id", value_delimiter = ',', num_args = 1.., overrides_with = "node")]
    node: Vec<String>,
    /// All nodes of the environment, for --delete.
    #[arg(long, requires = "delete")]
    all: bool,
    /// Roles, for --set.
    #[arg(long, short, alias = "roles", value_delimiter = ',', requires = "set")]
    role: Vec<String>,
    #[command(flatten)]
    pub(super) tasks: TaskArguments,
    /// Act whatever state the nodes are in; run tasks that need not run.
    #[arg(long, short)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct NodeAction {
    /// List nodes (also what happens without any flag).
    #[arg(long, short)]
    list: bool,
    /// Assign nodes to the environment that --env names.
    #[arg(long, short)]
    set: bool,
    /// Remove nodes from their environment.
    #[arg(long, alias = "remove")]
    delete: bool,
    /// Give a node another host name.
    #[arg(long)]
    hostname: Option<String>,
    /// Give a node another name.
    #[arg(long)]
    name: Option<String>,
    /// Delete nodes from Nailgun's database.
    #[arg(long)]
    delete_from_db: bool,
    /// Deploy nodes.
    #[arg(long)]
    deploy: bool,
    /// Provision nodes.
    #[arg(long)]
    provision: bool,
}

/// Does what the one flag says, or lists.
pub(super) async fn execute(session: &mut Session<'_>, arguments: NodeArguments) -> Result<(), CommandError> {
    let ids = resolve(session, &arguments.node).await?;
    let action = &arguments.action;
    if action.set {
        assign(session, &ids, &arguments.role).await
    } else if action.delete {
        remove(session, &ids, arguments.all).await
    } else if let Some(hostname) = &action.hostname {
        change(session, &ids, "hostname", "Hostname", hostname).await
    } else if let Some(name) = &action.name {
        change(session, &ids, "name", "Name", name).await
    } else if action.delete_from_db {
        delete(session, &ids, arguments.force).await
    } else if action.deploy {
        node_tasks::start(session, &ids, "deploy", "deploying").await
    } else if action.provision {
        node_tasks::start(session, &ids, "provision", "provisioning").await
    } else if arguments.tasks.is_given() {
        node_tasks::run(session, &ids, &arguments.tasks, arguments.force).await
    } else {
        list(session, &ids).await
    }
}

/// Ids of the nodes that were named, sorted.
async fn resolve(session: &Session<'_>, named: &[String]) -> Result<Vec<u64>, CommandError> {
    let mut ids = BTreeSet::new();
    let mut known = None;
    for name in named.iter().filter(|name| !name.is_empty()) {
        if let Ok(id) = name.parse() {
            ids.insert(id);
        } else if name.contains(':') {
            if known.is_none() {
                known = Some(session.client.nodes(None).await?);
            }
            let end = name.to_lowercase();
            let found = known.iter().flatten().find(|node| {
                node["mac"]
                    .as_str()
                    .is_some_and(|mac| mac.to_lowercase().ends_with(&end))
            });
            let id = found
                .and_then(|node| node["id"].as_u64())
                .ok_or_else(|| CommandError::Text(format!("Node with mac endfix \"{name}\" was not found.")))?;
            ids.insert(id);
        } else {
            return Err(CommandError::Text(format!("'{name}' is not valid node id.")));
        }
    }
    Ok(ids.into_iter().collect())
}

/// The nodes themselves, one call each as the real client makes them.
pub(super) async fn fetch(session: &Session<'_>, ids: &[u64]) -> Result<Vec<Value>, CommandError> {
    let mut nodes = Vec::new();
    for id in ids {
        nodes.push(session.client.get(&format!("nodes/{id}/")).await?);
    }
    Ok(nodes)
}

async fn list(session: &mut Session<'_>, ids: &[u64]) -> Result<(), CommandError> {
    let nodes = if ids.is_empty() {
        session.client.nodes(session.environment).await?
    } else {
        fetch(session, ids).await?
    };
    let nodes: Vec<Map<String, Value>> = Session::typed("nodes/", &Value::Array(nodes))?;
    let rows: Vec<Vec<Cell>> = nodes
        .iter()
        .map(|node| {
            COLUMNS
                .iter()
                .map(|column| cell(node.get(*column).unwrap_or(&Value::Null)))
                .collect()
        })
        .collect();
    let text = table::render(&COLUMNS, &rows);
    let nodes = nodes.into_iter().map(with_roles_as_text).collect();
    session.list(&Value::Array(nodes), &text)
}

/// fuelclient makes the texts of these columns before it looks at the format.
fn with_roles_as_text(mut node: Map<String, Value>) -> Value {
    for key in ["roles", "pending_roles"] {
        if let Cell::Text(text) = cell(node.get(key).unwrap_or(&Value::Null)) {
            node.insert(key.to_owned(), Value::from(text));
        }
    }
    Value::Object(node)
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::from(""),
        Value::String(text) => Cell::from(text.as_str()),
        Value::Array(items) => {
            let mut texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            texts.sort_unstable();
            Cell::from(texts.join(", "))
        }
        // Python counts booleans among the numbers, and what is false is nothing.
        Value::Bool(true) => Cell::Number("1".to_owned()),
        Value::Bool(false) => Cell::from(""),
        other => Cell::Number(other.to_string()),
    }
}

async fn assign(session: &mut Session<'_>, ids: &[u64], roles: &[String]) -> Result<(), CommandError> {
    let (Some(environment), false, false) = (session.environment, ids.is_empty(), roles.is_empty()) else {
        return Err(CommandError::Text(
            "\"--node\", \"--role\" and \"--env\" required!".to_owned(),
        ));
    };
    let roles: BTreeSet<&str> = roles.iter().map(String::as_str).collect();
    let assignment: Vec<(u64, Vec<String>)> = ids
        .iter()
        .map(|id| (*id, roles.iter().map(|role| (*role).to_owned()).collect()))
        .collect();
    session.client.assign(environment, &assignment).await?;
    session.say(&format!(
        "Nodes {} with roles {} were added to environment {environment}",
        number_list(ids),
        python_list(roles)
    ))
}

async fn remove(session: &mut Session<'_>, ids: &[u64], all: bool) -> Result<(), CommandError> {
    if !ids.is_empty() {
        let mut by_environment: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for node in fetch(session, ids).await? {
            if let (Some(environment), Some(id)) = (node["cluster"].as_u64(), node["id"].as_u64()) {
                by_environment.entry(environment).or_default().push(id);
            }
        }
        if by_environment.is_empty() {
            return Err(CommandError::Text(format!(
                "Nodes with ids {} are in no environment.",
                number_list(ids)
            )));
        }
        for (environment, ids) in by_environment {
            session.client.unassign(environment, &ids).await?;
            session.say(&format!(
                "Nodes with ids {} were removed from environment with id {environment}.",
                number_list(&ids)
            ))?;
        }
        return Ok(());
    }
    let Some(environment) = session.environment else {
        return Err(CommandError::Text("\"--node\" and \"--env\" required!".to_owned()));
    };
    if !all {
        return Err(CommandError::Text(
            "You have to select which nodes to remove with --node-id. Try --all for removing all nodes.".to_owned(),
        ));
    }
    let nodes = session.client.nodes(Some(environment)).await?;
    let ids: Vec<u64> = nodes.iter().filter_map(|node| node["id"].as_u64()).collect();
    session.client.unassign(environment, &ids).await?;
    session.say(&format!(
        "All nodes from environment with id {environment} were removed."
    ))
}

async fn change(
    session: &mut Session<'_>,
    ids: &[u64],
    key: &str,
    title: &str,
    value: &str,
) -> Result<(), CommandError> {
    match ids {
        [] => Err(CommandError::Text(format!("\"--node\" and \"--{key}\" required!"))),
        [id] => {
            session
                .client
                .put(&format!("nodes/{id}/"), &json!({ key: value }))
                .await?;
            session.say(&format!("{title} for node with id {id} has been changed to {value}."))
        }
        _ => Err(CommandError::Text(
            "You should select only one node to change.".to_owned(),
        )),
    }
}

async fn delete(session: &mut Session<'_>, ids: &[u64], force: bool) -> Result<(), CommandError> {
    if ids.is_empty() {
        return Err(CommandError::Text("\"--node\" required!".to_owned()));
    }
    if !force {
        let online: Vec<u64> = fetch(session, ids)
            .await?
            .iter()
            .filter(|node| node["online"] == true)
            .filter_map(|node| node["id"].as_u64())
            .collect();
        if !online.is_empty() {
            return Err(CommandError::Text(format!(
                "Nodes with ids {} cannot be deleted from cluster because they are online. You might want to use the \
                 --force option.",
                number_list(&online)
            )));
        }
    }
    let list: Vec<String> = ids.iter().map(u64::to_string).collect();
    session.client.delete(&format!("nodes/?ids={}", list.join(","))).await?;
    session.say(&format!(
        "Nodes with ids {} have been deleted from Fuel db.",
        number_list(ids)
    ))
}
