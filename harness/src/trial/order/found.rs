use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A task on a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TaskPlace {
    /// Node name.
    pub node: String,
    /// Task id.
    pub task: String,
}

impl fmt::Display for TaskPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.node, self.task)
    }
}

/// Two tasks that may run either way round by the graph, and must not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingEdge {
    /// The one that must come first.
    pub first: TaskPlace,
    /// The one that must wait for it.
    pub second: TaskPlace,
    /// What to write, and where.
    pub remedy: String,
    /// What these two alone turned round do: one line for each place that is not as it should be, or task that fails.
    pub effect: Vec<String>,
    /// An order in which these two alone are turned round and that ends so. With the two of them the other way round it
    /// ends as it should; both were tried.
    pub order: Vec<TaskPlace>,
    /// The number of the trial that led to it.
    pub found_by: usize,
}

impl MissingEdge {
    /// Which two tasks lack an edge.
    pub(crate) fn sentence(&self) -> String {
        let (first, second) = (&self.first, &self.second);
        if first.node == second.node {
            format!(
                "no edge makes `{}` wait for `{}` (both on {})",
                second.task, first.task, first.node
            )
        } else {
            format!(
                "no edge makes `{}` on {} wait for `{}` on {}",
                second.task, second.node, first.task, first.node
            )
        }
    }
}

/// An order that was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderTrial {
    /// The tasks in this order, one at a time. What ran before the first task of a plugin is not among them.
    pub tasks: Vec<TaskPlace>,
    /// The pairs that lack an edge, where the order does not end as it should.
    pub missing_edges: Vec<MissingEdge>,
    /// How many more orders were tried in search of them.
    pub searched: usize,
    /// Why the search named no pair, or may not have named all.
    pub unexplained: Option<String>,
}

impl OrderTrial {
    /// The order in one line: each task, with its node where that is not the one before's.
    pub(crate) fn line(tasks: &[TaskPlace]) -> String {
        let mut line = String::new();
        let mut node = None;
        for place in tasks {
            if node == Some(&place.node) {
                line.push_str(", ");
            } else {
                line.push_str(if node.is_some() { "; " } else { "" });
                line.push_str(&format!("{}: ", place.node));
                node = Some(&place.node);
            }
            line.push_str(&place.task);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_a_node_where_it_changes() {
        let place = |node: &str, task: &str| TaskPlace {
            node: node.to_owned(),
            task: task.to_owned(),
        };
        let tasks = [place("node-1", "a"), place("node-1", "b"), place("node-2", "a")];
        assert_eq!(OrderTrial::line(&tasks), "node-1: a, b; node-2: a");
    }
}
