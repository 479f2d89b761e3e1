//! What Nailgun sends: the `task_deploy` message.

use serde_json::{Map, Value};

use crate::subgraph::{self, Subgraph};

/// The pseudo node that holds stages and anchors; `null` in the message.
pub(crate) const SYNC_NODE: &str = "virtual_sync_node";
/// The Fuel master as a node.
pub(crate) const MASTER: &str = "master";

/// Where a task of this type and node is carried out: a `master_shell` on the master, whichever node has it.
#[must_use]
pub fn place<'node>(kind: &str, node: &'node str) -> &'node str {
    if kind == "master_shell" { MASTER } else { node }
}

/// A message that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub(crate) struct MessageError {
    /// Where in the message, as a path of keys: `args.tasks_graph.1[0].type`.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) problem: String,
}

impl MessageError {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

/// What every message has.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    /// `task_deploy`, …
    pub(crate) method: String,
    /// Method name of the replies; `None` where no reply is wanted.
    pub(crate) respond_to: Option<String>,
    /// Copied into every reply.
    pub(crate) task_uuid: Value,
}

impl Envelope {
    /// Reads the envelope of one message.
    pub(crate) fn read(message: &Value) -> Result<Self, MessageError> {
        let message = object(message, "message")?;
        let method = message
            .get("method")
            .and_then(Value::as_str)
            .ok_or_else(|| MessageError::new("method", "must be the name of a method"))?;
        Ok(Self {
            method: method.to_owned(),
            respond_to: message.get("respond_to").and_then(Value::as_str).map(str::to_owned),
            task_uuid: message
                .get("args")
                .and_then(|arguments| arguments.get("task_uuid"))
                .cloned()
                .unwrap_or(Value::Null),
        })
    }
}

/// The arguments of `task_deploy`.
#[derive(Debug, Clone)]
pub(crate) struct TaskDeploy {
    /// Nodes with their tasks, in the message's order; `null` has become [`SYNC_NODE`].
    pub(crate) nodes: Vec<(String, Vec<TaskMessage>)>,
    /// How many nodes of which groups may fail.
    pub(crate) groups: Vec<ToleranceGroup>,
    /// What a node is reported as when its tasks have ended.
    pub(crate) transitions: Transitions,
    /// Parts of the graph that alone are to run; all of it without any.
    pub(crate) subgraphs: Vec<Subgraph>,
    /// Only build the graph.
    pub(crate) dry_run: bool,
    /// Run Puppet with `--noop`, skip what cannot.
    pub(crate) noop_run: bool,
    /// Let Puppet tell everything.
    pub(crate) debug: bool,
}

/// One task on one node.
#[derive(Debug, Clone)]
pub(crate) struct TaskMessage {
    /// Task id, unique on its node.
    pub(crate) id: String,
    /// `puppet`, `shell`, …
    pub(crate) kind: String,
    /// Parameters by type.
    pub(crate) parameters: Map<String, Value>,
    /// Whether its failure fails the node.
    pub(crate) fail_on_error: bool,
    /// Tasks that must end before it.
    pub(crate) requires: Vec<Reference>,
    /// Tasks that must wait for it.
    pub(crate) required_for: Vec<Reference>,
}

/// A task named by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Task id.
    pub(crate) name: String,
    /// Its node.
    pub(crate) node: String,
}

/// Nodes of which some may fail.
#[derive(Debug, Clone)]
pub(crate) struct ToleranceGroup {
    /// Name of the group, a role as a rule.
    pub(crate) name: String,
    /// Its nodes.
    pub(crate) nodes: Vec<String>,
    /// How many of them may fail.
    pub(crate) tolerance: i64,
}

/// What a node becomes when its tasks have ended, merged into its report.
#[derive(Debug, Clone)]
pub(crate) struct Transitions {
    /// All went well.
    pub(crate) successful: Map<String, Value>,
    /// Something failed.
    pub(crate) failed: Map<String, Value>,
    /// The deployment stopped first.
    pub(crate) stopped: Map<String, Value>,
}

impl TaskDeploy {
    /// Reads `message.args`.
    ///
    /// `tasks_directory` is left alone: Astute merges it into a copy that it throws away, so tasks have to carry
    /// their own type and parameters.
    pub(crate) fn read(message: &Value) -> Result<Self, MessageError> {
        let arguments = object(message.get("args").unwrap_or(&Value::Null), "args")?;
        let graph = object(arguments.get("tasks_graph").unwrap_or(&Value::Null), "args.tasks_graph")?;
        let mut nodes = Vec::with_capacity(graph.len());
        for (key, tasks) in graph {
            let place = format!("args.tasks_graph.{key}");
            let node = if key == "null" { SYNC_NODE } else { key };
            let tasks = list(tasks, &place)?
                .iter()
                .enumerate()
                .map(|(index, task)| TaskMessage::read(task, &format!("{place}[{index}]")))
                .collect::<Result<Vec<_>, _>>()?;
            nodes.push((node.to_owned(), tasks));
        }
        if !nodes.iter().any(|(node, _)| node == SYNC_NODE) {
            return Err(MessageError::new(
                "args.tasks_graph",
                "has no key `null`: Nailgun always sends one, even if its list is empty",
            ));
        }
        let empty = Value::Object(Map::new());
        let metadata = match arguments.get("tasks_metadata") {
            None | Some(Value::Null) => &empty,
            Some(metadata) => metadata,
        };
        let metadata = object(metadata, "args.tasks_metadata")?;
        Ok(Self {
            nodes,
            groups: read_groups(metadata)?,
            transitions: Transitions::read(metadata)?,
            subgraphs: subgraph::read(metadata)?,
            dry_run: flag(arguments, "dry_run", false, "args")?,
            noop_run: flag(arguments, "noop_run", false, "args")?,
            debug: flag(arguments, "debug", false, "args")?,
        })
    }
}

impl TaskMessage {
    fn read(task: &Value, place: &str) -> Result<Self, MessageError> {
        let task = object(task, place)?;
        let text = |key: &str| {
            task.get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| MessageError::new(format!("{place}.{key}"), "must be a text that is not empty"))
        };
        Ok(Self {
            id: text("id")?,
            kind: text("type")?,
            parameters: parameters(task, place)?,
            fail_on_error: flag(task, "fail_on_error", true, place)?,
            requires: read_references(task.get("requires"), &format!("{place}.requires"))?,
            required_for: read_references(task.get("required_for"), &format!("{place}.required_for"))?,
        })
    }
}

impl TaskMessage {
    /// Where a task of this node is carried out.
    pub(crate) fn place<'node>(&self, node: &'node str) -> &'node str {
        place(&self.kind, node)
    }

    /// A task that stands alone, as the hooks and roles of 6.1 to 8.0 have them.
    pub(crate) fn alone(id: &str, kind: &str, parameters: Map<String, Value>) -> Self {
        Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            parameters,
            fail_on_error: true,
            requires: Vec::new(),
            required_for: Vec::new(),
        }
    }
}

impl Transitions {
    fn read(metadata: &Map<String, Value>) -> Result<Self, MessageError> {
        let place = "args.tasks_metadata.node_statuses_transitions";
        let given = match metadata.get("node_statuses_transitions") {
            None | Some(Value::Null) => None,
            Some(given) => Some(object(given, place)?),
        };
        let one = |key: &str, default: Value| -> Result<Map<String, Value>, MessageError> {
            match given.and_then(|given| given.get(key)) {
                None | Some(Value::Null) => object(&default, place).cloned(),
                Some(given) => Ok(object(given, &format!("{place}.{key}"))?.clone()),
            }
        };
        Ok(Self {
            successful: one("successful", serde_json::json!({"status": "ready"}))?,
            failed: one("failed", serde_json::json!({"status": "error", "error_type": "deploy"}))?,
            stopped: one("stopped", serde_json::json!({"status": "stopped"}))?,
        })
    }
}

/// `parameters` of a task or a hook at `place`; absent ones are empty.
pub(crate) fn parameters(from: &Map<String, Value>, place: &str) -> Result<Map<String, Value>, MessageError> {
    match from.get("parameters") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(parameters) => Ok(object(parameters, &format!("{place}.parameters"))?.clone()),
    }
}

fn read_references(value: Option<&Value>, place: &str) -> Result<Vec<Reference>, MessageError> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    list(value, place)?
        .iter()
        .enumerate()
        .map(|(index, reference)| {
            let place = format!("{place}[{index}]");
            let name = reference
                .get("name")
                .and_then(Value::as_str)
                .ok_or_else(|| MessageError::new(format!("{place}.name"), "must be a task's id"))?;
            let node = match reference.get("node_id") {
                None | Some(Value::Null) => SYNC_NODE.to_owned(),
                Some(node) => node_id(node, &format!("{place}.node_id"))?,
            };
            Ok(Reference {
                name: name.to_owned(),
                node,
            })
        })
        .collect()
}

fn read_groups(metadata: &Map<String, Value>) -> Result<Vec<ToleranceGroup>, MessageError> {
    let place = "args.tasks_metadata.fault_tolerance_groups";
    let Some(groups) = metadata
        .get("fault_tolerance_groups")
        .filter(|groups| !groups.is_null())
    else {
        return Ok(Vec::new());
    };
    list(groups, place)?
        .iter()
        .enumerate()
        .map(|(index, group)| {
            let place = format!("{place}[{index}]");
            let nodes = group.get("node_ids").unwrap_or(&Value::Null);
            let nodes_place = format!("{place}.node_ids");
            Ok(ToleranceGroup {
                name: group.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                nodes: list(nodes, &nodes_place)?
                    .iter()
                    .map(|node| node_id(node, &nodes_place))
                    .collect::<Result<_, _>>()?,
                tolerance: group
                    .get("fault_tolerance")
                    .and_then(Value::as_i64)
                    .ok_or_else(|| MessageError::new(format!("{place}.fault_tolerance"), "must be a whole number"))?,
            })
        })
        .collect()
}

pub(crate) fn node_id(value: &Value, place: &str) -> Result<String, MessageError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(MessageError::new(
            place,
            format!("must be a node's id, not {}", name_of(other)),
        )),
    }
}

pub(crate) fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, MessageError> {
    value
        .as_object()
        .ok_or_else(|| MessageError::new(place, format!("must be an object, not {}", name_of(value))))
}

pub(crate) fn list<'a>(value: &'a Value, place: &str) -> Result<&'a [Value], MessageError> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| MessageError::new(place, format!("must be a list, not {}", name_of(value))))
}

pub(crate) fn flag(from: &Map<String, Value>, key: &str, default: bool, place: &str) -> Result<bool, MessageError> {
    match from.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(MessageError::new(
            format!("{place}.{key}"),
            format!("must be true or false, not {}", name_of(other)),
        )),
    }
}

/// What JSON calls a value, for people.
fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_key_null_and_a_node_id_of_null_mean_the_sync_node() {
        let message = json!({"method": "task_deploy", "args": {"tasks_graph": {
            "null": [{"id": "deploy_start", "type": "stage"}],
            "1": [{"id": "a", "type": "shell", "requires": [{"name": "deploy_start", "node_id": null}]}],
        }}});
        let deploy = TaskDeploy::read(&message).unwrap();
        assert_eq!(deploy.nodes[0].0, SYNC_NODE);
        assert_eq!(
            deploy.nodes[1].1[0].requires,
            [Reference {
                name: "deploy_start".into(),
                node: SYNC_NODE.into()
            }]
        );
        assert!(deploy.nodes[1].1[0].fail_on_error);
    }

    #[rstest]
    #[case::no_arguments(json!({}), "args: must be an object, not nothing")]
    #[case::no_sync_node(json!({"args": {"tasks_graph": {}}}), "args.tasks_graph: has no key `null`: Nailgun always sends one, even if its list is empty")]
    #[case::task_without_type(
        json!({"args": {"tasks_graph": {"null": [], "1": [{"id": "a"}]}}}),
        "args.tasks_graph.1[0].type: must be a text that is not empty"
    )]
    #[case::reference_without_name(
        json!({"args": {"tasks_graph": {"null": [], "1": [{"id": "a", "type": "shell", "requires": [{}]}]}}}),
        "args.tasks_graph.1[0].requires[0].name: must be a task's id"
    )]
    #[case::tolerance_without_number(
        json!({"args": {"tasks_graph": {"null": []}, "tasks_metadata": {"fault_tolerance_groups": [{"node_ids": []}]}}}),
        "args.tasks_metadata.fault_tolerance_groups[0].fault_tolerance: must be a whole number"
    )]
    fn a_broken_message_is_refused_with_its_place(#[case] message: Value, #[case] text: &str) {
        assert_eq!(TaskDeploy::read(&message).unwrap_err().to_string(), text);
    }
}
