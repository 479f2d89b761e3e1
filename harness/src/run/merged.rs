//! What Nailgun merged and ordered for each node, for snapshots and `render`.

use std::collections::BTreeMap;

use fuel_cli::{Client, ClientError};
use serde_json::{Map, Value};

use super::environment::{DeployedEnvironment, refused};
use super::error::RunError;

/// What one node gets.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    /// Everything that becomes `astute.yaml`. A node with several roles has one of it for each before 9.0; then they
    /// stand by role.
    pub(crate) attributes: Value,
    /// The node's tasks as Astute gets them; before 9.0 the plugins' hooks around the tasks of the roles.
    pub(crate) tasks: Vec<Value>,
}

/// Asks Nailgun for what every node of an environment gets, in the order of the scenario.
pub(crate) async fn merged(client: &Client, environment: &DeployedEnvironment) -> Result<Vec<Merged>, RunError> {
    let info = client
        .deployment_info(environment.id)
        .await
        .map_err(|error| refused("cannot read the deployment info", &error))?;
    let (before, mut graph, after) = match serialized(client, environment).await {
        Ok(graph) => (Vec::new(), graph, Vec::new()),
        // There is no graph before 9.0.
        Err(error) if error.status() == Some(404) => (
            hooks(client, environment.id, "pre").await?,
            BTreeMap::new(),
            hooks(client, environment.id, "post").await?,
        ),
        Err(error) => return Err(refused("cannot read the serialised tasks", &error)),
    };
    environment
        .nodes
        .iter()
        .map(|node| {
            let own: Vec<&Value> = info
                .iter()
                .filter(|element| element["uid"] == node.uid.as_str())
                .collect();
            if own.is_empty() {
                return Err(RunError::Defect(format!("no deployment info for {}", node.name)));
            }
            let mut tasks = of_node(&before, &node.uid);
            tasks.extend(graph.remove(&node.uid).unwrap_or_default());
            tasks.extend(own.iter().flat_map(|element| list(&element["tasks"])));
            tasks.extend(of_node(&after, &node.uid));
            Ok(Merged {
                attributes: attributes(&own),
                tasks,
            })
        })
        .collect()
}

/// Every node's tasks, of one graph after the other.
async fn serialized(
    client: &Client,
    environment: &DeployedEnvironment,
) -> Result<BTreeMap<String, Vec<Value>>, ClientError> {
    if environment.graphs.is_empty() {
        return Ok(by_node(&client.serialized_tasks(environment.id).await?["tasks_graph"]));
    }
    let mut tasks: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for graph in &environment.graphs {
        let serialized = client.serialized_tasks_of(environment.id, graph).await?;
        for (uid, own) in by_node(&serialized["tasks_graph"]) {
            tasks.entry(uid).or_default().extend(own);
        }
    }
    Ok(tasks)
}

async fn hooks(client: &Client, environment: u64, stage: &str) -> Result<Vec<Value>, RunError> {
    let path = format!("clusters/{environment}/orchestrator/plugins_{stage}_hooks/");
    let hooks = client
        .get(&path)
        .await
        .map_err(|error| refused(&format!("cannot read the plugins' {stage}-deployment hooks"), &error))?;
    Ok(list(&hooks))
}

fn of_node(hooks: &[Value], uid: &str) -> Vec<Value> {
    let of_this = |hook: &&Value| {
        hook["uids"]
            .as_array()
            .is_some_and(|uids| uids.iter().any(|own| own == uid))
    };
    hooks.iter().filter(of_this).cloned().collect()
}

fn by_node(graph: &Value) -> BTreeMap<String, Vec<Value>> {
    let nodes = graph.as_object().into_iter().flatten();
    nodes.map(|(uid, tasks)| (uid.clone(), list(tasks))).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// One element as it is, several by their roles; the tasks in them are told apart.
fn attributes(elements: &[&Value]) -> Value {
    let without_tasks = |element: &Value| {
        let mut element = element.clone();
        if let Some(fields) = element.as_object_mut() {
            fields.shift_remove("tasks");
        }
        element
    };
    match elements {
        [only] => without_tasks(only),
        several => {
            let by_role: Map<String, Value> = several
                .iter()
                .map(|element| {
                    let role = element["role"].as_str().unwrap_or_default().to_owned();
                    (role, without_tasks(element))
                })
                .collect();
            Value::Object(by_role)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_attributes_of_two_roles_stand_by_role_and_without_their_tasks() {
        let controller = json!({"uid": "1", "role": "primary-controller", "tasks": [{"id": "a"}], "debug": true});
        let cinder = json!({"uid": "1", "role": "cinder", "tasks": [], "debug": true});
        assert_eq!(
            attributes(&[&controller]),
            json!({"uid": "1", "role": "primary-controller", "debug": true})
        );
        assert_eq!(
            attributes(&[&controller, &cinder]),
            json!({
                "primary-controller": {"uid": "1", "role": "primary-controller", "debug": true},
                "cinder": {"uid": "1", "role": "cinder", "debug": true},
            })
        );
    }

    #[test]
    fn a_hook_belongs_to_the_nodes_that_it_names() {
        let hooks = [
            json!({"type": "shell", "uids": ["1", "2"]}),
            json!({"type": "sync", "uids": ["12"]}),
        ];
        assert_eq!(of_node(&hooks, "1").len(), 1);
        assert_eq!(of_node(&hooks, "12")[0]["type"], "sync");
        assert!(of_node(&hooks, "3").is_empty());
    }
}
