//! `fuel node`.

use serde_json::Value;

use super::arguments::NodeArguments;
use super::session::{CommandError, Session};
use crate::table;

const COLUMNS: [&str; 9] = [
    "id",
    "status",
    "name",
    "cluster",
    "ip",
    "mac",
    "roles",
    "pending_roles",
    "online",
];

/// Lists nodes or assigns them.
pub(super) async fn execute(session: &mut Session<'_>, arguments: NodeArguments) -> Result<(), CommandError> {
    if arguments.set {
        let environment = session.environment()?;
        let nodes: Vec<(u64, Vec<String>)> = arguments
            .node
            .iter()
            .map(|node| (*node, arguments.role.clone()))
            .collect();
        session.client.assign(environment, &nodes).await?;
        let ids: Vec<String> = arguments.node.iter().map(u64::to_string).collect();
        return session.say(&format!(
            "Nodes [{}] with roles {:?} were added to environment {environment}",
            ids.join(", "),
            arguments.role
        ));
    }
    let environment = session.environment;
    let mut nodes = session.client.nodes(environment).await?;
    if !arguments.node.is_empty() {
        nodes.retain(|node| node["id"].as_u64().is_some_and(|id| arguments.node.contains(&id)));
    }
    let rows: Vec<Vec<String>> = nodes
        .iter()
        .map(|node| COLUMNS.iter().map(|column| cell(&node[*column])).collect())
        .collect();
    let text = table::render(&COLUMNS, &rows);
    session.list(&Value::Array(nodes), &text)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
