//! The tasks of a deployment and what waits for what.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::Value;

use crate::message::{Reference, SYNC_NODE, TaskMessage};
use crate::subgraph::{self, Subgraph};

/// A graph that cannot be deployed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GraphError {
    /// A dependency names a task that is not there.
    #[error(
        "Task[{task}] {relation} Task[{absent}], which the graph does not have: check the id and the role of that task"
    )]
    AbsentTask {
        /// The task that names it.
        task: String,
        /// `requires` or `is required for`.
        relation: &'static str,
        /// The one that is missing.
        absent: String,
    },
    /// Tasks wait for each other.
    #[error("Loop detected! Path: {}", path.join(" -> "))]
    Loop {
        /// Tasks of the loop in order; the first is repeated at the end.
        path: Vec<String>,
    },
    /// Two tasks of a node have one id.
    #[error("Task[{task}] is twice in the graph")]
    Duplicate {
        /// The task.
        task: String,
    },
    /// `strategy` makes no sense.
    #[error("Task[{task}]: strategy.amount is {amount}, it must not be negative")]
    NegativeAmount {
        /// The task.
        task: String,
        /// What it says.
        amount: i64,
    },
}

/// One task on one node.
#[derive(Debug, Clone)]
pub(crate) struct GraphTask {
    /// Index into [`Graph::nodes`].
    pub(crate) node: usize,
    /// The task as sent.
    pub(crate) message: Arc<TaskMessage>,
    /// How many tasks of this id may run at once on all nodes.
    pub(crate) limit: Option<usize>,
}

/// A task graph without loops.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    /// Node ids in the message's order.
    pub(crate) nodes: Vec<String>,
    /// All tasks, node by node.
    pub(crate) tasks: Vec<GraphTask>,
    /// For each task, what it waits for.
    pub(crate) requires: Vec<Vec<usize>>,
    /// For each task, what waits for it.
    pub(crate) dependants: Vec<Vec<usize>>,
    /// For each task, how much waits for it: see [`weights`].
    pub(crate) weights: Vec<u128>,
}

impl Graph {
    /// Builds the graph, of which only some parts are to run: what lies outside of them is skipped. All of it runs where
    /// no parts are given.
    pub(crate) fn build_parts(nodes: Vec<(String, Vec<TaskMessage>)>, parts: &[Subgraph]) -> Result<Self, GraphError> {
        let mut graph = Self::build(nodes)?;
        if !parts.is_empty() {
            let inside = subgraph::inside(&graph, parts);
            for (number, task) in graph.tasks.iter_mut().enumerate() {
                if !inside.contains(&number) {
                    Arc::make_mut(&mut task.message).kind = "skipped".to_owned();
                }
            }
        }
        Ok(graph)
    }

    /// Builds the graph, resolves every dependency and looks for loops.
    pub(crate) fn build(nodes: Vec<(String, Vec<TaskMessage>)>) -> Result<Self, GraphError> {
        let mut names = Vec::with_capacity(nodes.len());
        let mut tasks = Vec::new();
        let mut index: HashMap<(String, String), usize> = HashMap::new();
        for (node, messages) in nodes {
            for message in messages {
                let name = task_name(&message.id, &node);
                if index.insert((node.clone(), message.id.clone()), tasks.len()).is_some() {
                    return Err(GraphError::Duplicate { task: name });
                }
                tasks.push(GraphTask {
                    node: names.len(),
                    limit: concurrency_limit(&message, &name)?,
                    message: Arc::new(message),
                });
            }
            names.push(node);
        }

        let mut edges = BTreeSet::new();
        for (current, task) in tasks.iter().enumerate() {
            let resolve = |reference: &Reference, relation| {
                index
                    .get(&(reference.node.clone(), reference.name.clone()))
                    .copied()
                    .ok_or_else(|| GraphError::AbsentTask {
                        task: task_name(&task.message.id, &names[task.node]),
                        relation,
                        absent: task_name(&reference.name, &reference.node),
                    })
            };
            for reference in &task.message.requires {
                edges.insert((resolve(reference, "requires")?, current));
            }
            for reference in &task.message.required_for {
                edges.insert((current, resolve(reference, "is required for")?));
            }
        }
        // Astute ignores a dependency of a task on itself.
        edges.retain(|(from, to)| from != to);

        let order = order(&tasks, &names, &edges)?;
        let mut requires = vec![Vec::new(); tasks.len()];
        let mut dependants = vec![Vec::new(); tasks.len()];
        for (from, to) in edges {
            dependants[from].push(to);
            requires[to].push(from);
        }
        let weights = weights(&tasks, &dependants, &order);
        Ok(Self {
            nodes: names,
            tasks,
            requires,
            dependants,
            weights,
        })
    }

    /// Whether the task sits on the node of stages.
    pub(crate) fn is_sync_point(&self, task: usize) -> bool {
        self.nodes[self.tasks[task].node] == SYNC_NODE
    }

    /// `<id>/<node>`, as Astute writes tasks.
    pub(crate) fn name(&self, task: usize) -> String {
        let task = &self.tasks[task];
        task_name(&task.message.id, &self.nodes[task.node])
    }
}

fn task_name(id: &str, node: &str) -> String {
    format!("{id}/{node}")
}

/// `parameters.strategy`: one by one, or a number at a time; zero or nothing means no limit.
fn concurrency_limit(task: &TaskMessage, name: &str) -> Result<Option<usize>, GraphError> {
    let Some(strategy) = task.parameters.get("strategy") else {
        return Ok(None);
    };
    match strategy.get("type").and_then(Value::as_str) {
        Some("one_by_one") => Ok(Some(1)),
        Some("parallel") => {
            let amount = strategy.get("amount").and_then(Value::as_i64).unwrap_or(0);
            let limit = usize::try_from(amount).map_err(|_| GraphError::NegativeAmount {
                task: name.to_owned(),
                amount,
            })?;
            Ok((limit > 0).then_some(limit))
        }
        _ => Ok(None),
    }
}

/// Tasks so that each comes after what it requires.
fn order(tasks: &[GraphTask], names: &[String], edges: &BTreeSet<(usize, usize)>) -> Result<Vec<usize>, GraphError> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(tasks.len(), edges.len());
    for _ in tasks {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.add_edge(NodeIndex::new(*from), NodeIndex::new(*to), ());
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().map(NodeIndex::index).collect()),
        Err(_) => Err(GraphError::Loop {
            path: loop_path(&graph)
                .into_iter()
                .map(|task| {
                    let task = &tasks[task];
                    format!("Task[{}]", task_name(&task.message.id, &names[task.node]))
                })
                .collect(),
        }),
    }
}

/// One loop as a walk from a task back to itself.
fn loop_path(graph: &DiGraph<(), ()>) -> Vec<usize> {
    let Some(mut component) = tarjan_scc(graph).into_iter().find(|component| component.len() > 1) else {
        return Vec::new();
    };
    component.sort_unstable();
    let members: BTreeSet<NodeIndex> = component.iter().copied().collect();
    let mut path = vec![component[0]];
    loop {
        let last = path[path.len() - 1];
        // Every member of a strongly connected component has a successor in it.
        let Some(next) = graph.neighbors(last).filter(|next| members.contains(next)).min() else {
            return path.into_iter().map(NodeIndex::index).collect();
        };
        if let Some(start) = path.iter().position(|seen| *seen == next) {
            path.drain(..start);
            path.push(next);
            return path.into_iter().map(NodeIndex::index).collect();
        }
        path.push(next);
    }
}

/// 1 for each dependant on the same node, 10 for each on another, and their own weights; the heavier goes first.
fn weights(tasks: &[GraphTask], dependants: &[Vec<usize>], order: &[usize]) -> Vec<u128> {
    let mut weights = vec![0_u128; tasks.len()];
    for &task in order.iter().rev() {
        weights[task] = dependants[task].iter().fold(0, |sum: u128, &dependant| {
            let step = if tasks[dependant].node == tasks[task].node {
                1
            } else {
                10
            };
            // A task is counted once per path to it, so big graphs reach numbers that do not fit.
            sum.saturating_add(step).saturating_add(weights[dependant])
        });
    }
    weights
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::TaskDeploy;

    fn build(graph: Value) -> Result<Graph, GraphError> {
        let message = json!({"args": {"tasks_graph": graph}});
        Graph::build(TaskDeploy::read(&message).unwrap().nodes)
    }

    #[test]
    fn a_loop_is_refused_and_shown_as_a_walk() {
        let error = build(json!({"null": [], "1": [
            {"id": "a", "type": "shell", "requires": [{"name": "c", "node_id": "1"}]},
            {"id": "b", "type": "shell", "requires": [{"name": "a", "node_id": "1"}]},
            {"id": "c", "type": "shell", "requires": [{"name": "b", "node_id": "1"}]},
            {"id": "d", "type": "shell", "requires": [{"name": "c", "node_id": "1"}]},
        ]}))
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "Loop detected! Path: Task[a/1] -> Task[b/1] -> Task[c/1] -> Task[a/1]"
        );
    }

    #[test]
    fn a_dependency_on_an_absent_task_is_refused() {
        let error = build(json!({"null": [], "1": [
            {"id": "a", "type": "shell", "required_for": [{"name": "gone", "node_id": null}]},
        ]}))
        .unwrap_err();
        assert_eq!(
            error,
            GraphError::AbsentTask {
                task: "a/1".into(),
                relation: "is required for",
                absent: "gone/virtual_sync_node".into()
            }
        );
    }

    #[test]
    fn a_dependency_on_itself_is_ignored() {
        let graph = build(json!({"null": [], "1": [
            {"id": "a", "type": "shell", "requires": [{"name": "a", "node_id": "1"}]},
        ]}))
        .unwrap();
        assert!(graph.requires[0].is_empty());
    }

    #[test]
    fn dependants_weigh_1_on_the_same_node_and_10_on_another_with_their_own_weight() {
        let graph = build(json!({
            "null": [],
            "1": [
                {"id": "a", "type": "shell"},
                {"id": "b", "type": "shell", "requires": [{"name": "a", "node_id": "1"}]},
            ],
            "2": [{"id": "c", "type": "shell", "requires": [{"name": "b", "node_id": "1"}]}],
        }))
        .unwrap();
        assert_eq!(graph.weights, [11, 10, 0]);
    }
}
