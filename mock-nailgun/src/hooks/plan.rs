//! What of a deployment is to happen, and on which nodes.

use std::collections::BTreeSet;

use crate::environment::Environment;
use crate::graph::{GraphTask, Selection};

/// The value of `reexecute_on` of tasks that happen again on nodes that are ready while changes are deployed.
const DEPLOY_CHANGES: &str = "deploy_changes";

/// Which tasks happen on which nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Nodes by id; all without it.
    nodes: Option<Vec<i64>>,
    /// Ids of tasks of the graph; all without it.
    tasks: Option<Vec<String>>,
    /// Uids of ready nodes, on which only what says so happens again.
    ready: BTreeSet<String>,
}

impl Plan {
    /// Everything, on the nodes whose ids are given (all without any).
    pub(crate) fn of_nodes(nodes: Option<Vec<i64>>) -> Self {
        Self {
            nodes,
            ..Self::default()
        }
    }

    /// What a user chose.
    pub(crate) fn of_selection(selection: &Selection) -> Self {
        Self {
            tasks: selection.tasks.clone(),
            ..Self::of_nodes(selection.nodes.clone())
        }
    }

    /// The deployment of changes: nodes that are ready are left alone, from 8.0 on but for tasks with `reexecute_on`. Where
    /// every node is ready all of them are deployed again: Nailgun has nothing to do then, but the rig deploys twice.
    pub(crate) fn of_changes(environment: &Environment<'_>) -> Self {
        let nodes = environment.nodes.iter().filter(|node| !node.pending_deletion);
        let (ready, others): (Vec<_>, Vec<_>) =
            nodes.partition(|node| node.status == "ready" && node.pending_roles.is_empty());
        if others.is_empty() {
            return Self::default();
        }
        if !environment.config.profile.reexecutes_tasks {
            return Self::of_nodes(Some(others.into_iter().map(|node| node.id).collect()));
        }
        Self {
            ready: ready.into_iter().map(|node| node.uid()).collect(),
            ..Self::default()
        }
    }

    /// Ids of the nodes that take part; all without any.
    pub(crate) fn nodes(&self) -> Option<&[i64]> {
        self.nodes.as_deref()
    }

    /// Whether a node is deployed, and not only visited again.
    pub(super) fn is_deployed(&self, uid: &str) -> bool {
        !self.ready.contains(uid)
    }

    /// Whether a task of the graph happens on a node that has it.
    pub(super) fn happens(&self, task: &GraphTask, uid: &str) -> bool {
        let is_chosen = self
            .tasks
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|id| id == task.id()));
        let again = || task.names("reexecute_on").iter().any(|event| event == DEPLOY_CHANGES);
        is_chosen && (self.is_deployed(uid) || again())
    }
}
