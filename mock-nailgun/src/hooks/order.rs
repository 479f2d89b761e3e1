//! The order of all tasks of an environment, and which of them come before and after the deployment itself.

use std::collections::{BTreeSet, HashMap};

use petgraph::graphmap::DiGraphMap;
use serde_json::{Map, Value};

use crate::graph::{GraphTask, Origin};
use crate::http::ApiError;

/// Tasks in an order that respects every edge.
pub(crate) struct Ordered<'a> {
    /// In order.
    pub(crate) tasks: Vec<&'a GraphTask>,
    /// Ids of what ends before `pre_deployment_end`.
    before: BTreeSet<&'a str>,
    /// Ids of what begins after `post_deployment_start`.
    after: BTreeSet<&'a str>,
}

/// Which part of a deployment a task belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Before,
    Deployment,
    After,
}

impl<'a> Ordered<'a> {
    /// Orders tasks by their edges; where edges say nothing, core tasks come in the order of `core`, then all others in
    /// the order in which they are given.
    ///
    /// # Errors
    /// 400 with the tasks of a loop.
    pub(crate) fn new(tasks: &'a [GraphTask], core: &Map<String, Value>) -> Result<Self, ApiError> {
        let numbers: HashMap<&str, usize> = tasks
            .iter()
            .enumerate()
            .map(|(index, task)| (task.id(), index))
            .collect();
        let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); tasks.len()];
        let mut previous: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); tasks.len()];
        for (index, task) in tasks.iter().enumerate() {
            let requires = task.names("requires").into_iter().map(|name| (name, true));
            let required_for = task.names("required_for").into_iter().map(|name| (name, false));
            for (name, is_before) in requires.chain(required_for) {
                let Some(other) = numbers.get(name.as_str()).copied().filter(|other| *other != index) else {
                    continue;
                };
                let (first, second) = if is_before { (other, index) } else { (index, other) };
                next[first].insert(second);
                previous[second].insert(first);
            }
        }
        let rank = |index: usize| {
            let task = &tasks[index];
            let place = core
                .keys()
                .position(|id| id == task.id())
                .filter(|_| task.origin == Origin::Release);
            (place.unwrap_or(usize::MAX), index)
        };
        let mut waits: Vec<usize> = previous.iter().map(BTreeSet::len).collect();
        let mut free: BTreeSet<(usize, usize)> =
            (0..tasks.len()).filter(|index| waits[*index] == 0).map(rank).collect();
        let mut order = Vec::with_capacity(tasks.len());
        while let Some((_, index)) = free.pop_first() {
            order.push(index);
            for other in &next[index] {
                waits[*other] -= 1;
                if waits[*other] == 0 {
                    free.insert(rank(*other));
                }
            }
        }
        if order.len() < tasks.len() {
            let edges = (0..tasks.len()).flat_map(|first| next[first].iter().map(move |second| (first, *second)));
            let graph: DiGraphMap<usize, ()> = DiGraphMap::from_edges(edges);
            let components = petgraph::algo::tarjan_scc(&graph);
            let mut looped = components.into_iter().find(|tasks| tasks.len() > 1).unwrap_or_default();
            looped.sort_unstable();
            let names: Vec<&str> = looped.into_iter().map(|index| tasks[index].id()).collect();
            return Err(ApiError::bad_request(format!(
                "Tasks can not be processed because it contains cycles in it: {}",
                names.join(", ")
            )));
        }
        let reached = |from: &str, edges: &[BTreeSet<usize>]| -> BTreeSet<&'a str> {
            let mut found = BTreeSet::new();
            let mut open: Vec<usize> = numbers.get(from).copied().into_iter().collect();
            while let Some(index) = open.pop() {
                if found.insert(tasks[index].id()) {
                    open.extend(&edges[index]);
                }
            }
            found
        };
        Ok(Self {
            before: reached("pre_deployment_end", &previous),
            after: reached("post_deployment_start", &next),
            tasks: order.into_iter().map(|index| &tasks[index]).collect(),
        })
    }

    /// The part that a task belongs to.
    pub(crate) fn part(&self, task: &GraphTask) -> Part {
        if self.before.contains(task.id()) {
            Part::Before
        } else if self.after.contains(task.id()) {
            Part::After
        } else {
            Part::Deployment
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn task(fields: Value) -> GraphTask {
        GraphTask {
            origin: Origin::Cluster,
            fields: fields.as_object().cloned().unwrap_or_default(),
        }
    }

    fn ids<'a>(ordered: &Ordered<'a>) -> Vec<&'a str> {
        ordered.tasks.iter().map(|task| task.id()).collect()
    }

    #[test]
    fn a_loop_is_refused_with_its_tasks() {
        let tasks = [
            task(json!({"id": "a", "requires": ["b"]})),
            task(json!({"id": "b", "requires": ["a"]})),
            task(json!({"id": "c"})),
        ];
        let error = Ordered::new(&tasks, &Map::new()).err().map(|error| error.text());
        let text = "Tasks can not be processed because it contains cycles in it: a, b";
        assert_eq!(error.as_deref(), Some(text));
    }

    proptest! {
        /// Edges of a drawn graph lead from lower to higher numbers, so that there is an order; the tasks are shuffled.
        #[test]
        fn the_order_respects_every_edge_loses_no_task_and_is_always_the_same(
            edges in prop::collection::vec((0usize..20, 0usize..20, any::<bool>()), 0..80),
            shuffled in Just((0usize..20).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let edges: Vec<(usize, usize, bool)> = edges.into_iter().filter(|(first, second, _)| first < second).collect();
            let tasks: Vec<GraphTask> = shuffled
                .iter()
                .map(|number| {
                    let name = |number: &usize| format!("t{number}");
                    let requires: Vec<String> = edges.iter().filter(|edge| edge.2 && edge.1 == *number).map(|edge| name(&edge.0)).collect();
                    let required_for: Vec<String> = edges.iter().filter(|edge| !edge.2 && edge.0 == *number).map(|edge| name(&edge.1)).collect();
                    task(json!({"id": name(number), "requires": requires, "required_for": required_for}))
                })
                .collect();
            let ordered = Ordered::new(&tasks, &Map::new()).unwrap();
            let order = ids(&ordered);
            prop_assert_eq!(order.len(), tasks.len());
            let place = |number: usize| order.iter().position(|id| *id == format!("t{number}")).unwrap();
            for (first, second, _) in edges {
                prop_assert!(place(first) < place(second));
            }
            prop_assert_eq!(order, ids(&Ordered::new(&tasks, &Map::new()).unwrap()));
        }
    }
}
