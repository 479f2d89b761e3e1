//! When which node's state has to be kept.
//!
//! A boundary lies before a task T in the order in which tasks began on all nodes. Behind it are T and whatever began
//! later, before it whatever began earlier, on every node. Since a task begins after those that it requires have ended,
//! what is before a boundary never depends on what is behind it. On the node of T the state is that before T; on every
//! other node it is that after the last task which began before T, which may still run at that moment: such a node is
//! kept when that task ends.

use std::collections::{BTreeMap, BTreeSet};

use super::TaskOnNode;

/// The order in which tasks began, and the boundaries in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cuts {
    order: Vec<TaskOnNode>,
    nodes: BTreeMap<String, Standing>,
    boundaries: BTreeSet<usize>,
}

/// A node in the course of a deployment.
#[derive(Debug, Clone, Default)]
struct Standing {
    /// How many tasks have begun on it.
    begun: usize,
    /// Whether the last of them still runs.
    busy: bool,
    /// Whether its state is to be kept when that ends.
    wanted: bool,
    /// After how many tasks it was kept.
    kept: BTreeSet<usize>,
}

impl Cuts {
    /// Nothing has run on these nodes, and that state is kept.
    pub(crate) fn new<'a>(nodes: impl IntoIterator<Item = &'a String>) -> Self {
        let standing = Standing {
            kept: BTreeSet::from([0]),
            ..Standing::default()
        };
        Self {
            order: Vec::new(),
            nodes: nodes.into_iter().map(|uid| (uid.clone(), standing.clone())).collect(),
            boundaries: BTreeSet::from([0]),
        }
    }

    /// After these tasks began in this order, with these states kept. Before every task of which the state is kept lies a
    /// boundary.
    pub(crate) fn again(order: Vec<TaskOnNode>, kept: impl IntoIterator<Item = TaskState>) -> Self {
        let mut cuts = Self {
            boundaries: (0..order.len()).collect(),
            ..Self::default()
        };
        for (uid, begun) in kept {
            cuts.nodes.entry(uid).or_default().kept.insert(begun);
        }
        for (uid, standing) in &mut cuts.nodes {
            standing.begun = order.iter().filter(|(node, _)| node == uid).count();
        }
        cuts.order = order;
        cuts
    }

    /// A task is about to begin; which nodes' states are to be kept before it does, by node and how many tasks have begun
    /// there.
    pub(crate) fn begins(&mut self, uid: &str, task: &str, is_boundary: bool) -> Vec<(String, usize)> {
        let mut keep = Vec::new();
        if is_boundary {
            self.boundaries.insert(self.order.len());
            for (node, standing) in &mut self.nodes {
                if standing.kept.contains(&standing.begun) {
                    continue;
                }
                if standing.busy {
                    standing.wanted = true;
                } else {
                    keep.push((node.clone(), standing.begun));
                }
            }
        }
        self.order.push((uid.to_owned(), task.to_owned()));
        if let Some(standing) = self.nodes.get_mut(uid) {
            standing.begun += 1;
            standing.busy = true;
        }
        keep
    }

    /// The task that ran on this node has ended; after how many tasks its state is to be kept now, if it is.
    pub(crate) fn ended(&mut self, uid: &str) -> Option<usize> {
        let standing = self.nodes.get_mut(uid)?;
        standing.busy = false;
        std::mem::take(&mut standing.wanted).then_some(standing.begun)
    }

    /// A node's state was kept.
    pub(crate) fn kept(&mut self, uid: &str, begun: usize) {
        if let Some(standing) = self.nodes.get_mut(uid) {
            standing.kept.insert(begun);
        }
    }

    /// The tasks in the order in which they began.
    pub(crate) fn order(&self) -> &[TaskOnNode] {
        &self.order
    }

    /// The last boundary at or before this place of the order that all nodes can be restored to.
    pub(crate) fn boundary(&self, position: usize) -> usize {
        let mut boundaries = self.boundaries.range(..=position).rev();
        boundaries
            .find(|boundary| self.at(**boundary).is_some())
            .copied()
            .unwrap_or_default()
    }

    /// What is kept of each node at a boundary, by how many tasks had begun on it; `None` where one was not kept.
    pub(crate) fn at(&self, boundary: usize) -> Option<BTreeMap<String, usize>> {
        let before = &self.order[..boundary.min(self.order.len())];
        self.nodes
            .iter()
            .map(|(uid, standing)| {
                let begun = before.iter().filter(|(node, _)| node == uid).count();
                standing.kept.contains(&begun).then(|| (uid.clone(), begun))
            })
            .collect()
    }

    /// All nodes are restored to a boundary: what began behind it is forgotten, and what was kept there is of no use any
    /// more. Gives that, by node and how many tasks had begun.
    pub(crate) fn restore(&mut self, boundary: usize) -> Vec<TaskState> {
        self.order.truncate(boundary);
        self.boundaries.retain(|other| *other <= boundary);
        let mut useless = Vec::new();
        for (uid, standing) in &mut self.nodes {
            standing.begun = self.order.iter().filter(|(node, _)| node == uid).count();
            standing.busy = false;
            standing.wanted = false;
            let begun = standing.begun;
            useless.extend(
                standing
                    .kept
                    .range(begun + 1..)
                    .map(|begun| (uid.clone(), *begun))
                    .collect::<Vec<_>>(),
            );
            standing.kept.retain(|kept| *kept <= begun);
        }
        useless
    }
}

/// A node's state by how many tasks had begun on it.
pub(crate) type TaskState = (String, usize);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nodes() -> [String; 2] {
        ["1".to_owned(), "2".to_owned()]
    }

    fn state(uid: &str, begun: usize) -> TaskState {
        (uid.to_owned(), begun)
    }

    #[test]
    fn a_node_that_did_nothing_since_is_not_kept_again() {
        let mut cuts = Cuts::new(&nodes());
        assert_eq!(cuts.begins("1", "core", false), []);
        assert_eq!(cuts.ended("1"), None);
        assert_eq!(cuts.begins("1", "own", true), [state("1", 1)]);
        cuts.kept("1", 1);
        assert_eq!(cuts.at(1), Some(BTreeMap::from([state("1", 1), state("2", 0)])));
        assert_eq!(cuts.ended("1"), None);
        assert_eq!(cuts.begins("2", "other", true), [state("1", 2)]);
    }

    #[test]
    fn a_node_on_which_a_task_still_runs_is_kept_when_it_ends() {
        let mut cuts = Cuts::new(&nodes());
        cuts.begins("1", "long", false);
        assert_eq!(cuts.begins("2", "own", true), []);
        assert_eq!(cuts.at(1), None);
        assert_eq!(cuts.ended("1"), Some(1));
        cuts.kept("1", 1);
        assert_eq!(cuts.at(1), Some(BTreeMap::from([state("1", 1), state("2", 0)])));
    }

    #[test]
    fn a_boundary_that_was_not_kept_everywhere_gives_way_to_the_one_before() {
        let mut cuts = Cuts::new(&nodes());
        cuts.begins("1", "a", true);
        cuts.ended("1");
        // The engine had no room: nobody says that it was kept.
        assert_eq!(cuts.begins("1", "b", true), [state("1", 1)]);
        assert_eq!(cuts.boundary(1), 0);
        cuts.kept("1", 1);
        assert_eq!(cuts.boundary(1), 1);
        assert_eq!(cuts.boundary(5), 1);
    }

    #[test]
    fn what_was_kept_behind_a_boundary_is_of_no_use_after_the_nodes_were_restored_to_it() {
        let mut cuts = Cuts::new(&nodes());
        for task in ["a", "b", "c"] {
            for (uid, begun) in cuts.begins("1", task, true) {
                cuts.kept(&uid, begun);
            }
            cuts.ended("1");
        }
        assert_eq!(cuts.restore(1), [state("1", 2)]);
        assert_eq!(cuts.order(), [("1".to_owned(), "a".to_owned())]);
        assert_eq!(cuts.boundary(9), 1);
        // The task behind it begins again: its state before is kept already.
        assert_eq!(cuts.begins("1", "b", true), []);
    }

    #[test]
    fn what_an_earlier_run_kept_gives_its_boundaries_again() {
        let order = [("1", "core"), ("1", "a"), ("2", "b")].map(|(uid, task)| (uid.to_owned(), task.to_owned()));
        let cuts = Cuts::again(order.to_vec(), [state("1", 0), state("2", 0), state("1", 1)]);
        // Before `core` and before `a`; the node 1 was not kept after `a`.
        assert_eq!([0, 1, 2, 3].map(|position| cuts.boundary(position)), [0, 1, 1, 1]);
    }

    proptest! {
        #[test]
        fn every_boundary_can_be_restored_once_all_that_ran_has_ended(
            steps in proptest::collection::vec((0_usize..3, any::<bool>()), 1..40)
        ) {
            let nodes: Vec<String> = (0..3).map(|number| number.to_string()).collect();
            let mut cuts = Cuts::new(&nodes);
            let mut running = [false; 3];
            for (number, (node, is_boundary)) in steps.into_iter().enumerate() {
                let uid = &nodes[node];
                if std::mem::replace(&mut running[node], true) && let Some(begun) = cuts.ended(uid) {
                    cuts.kept(uid, begun);
                }
                for (uid, begun) in cuts.begins(uid, &format!("t{number}"), is_boundary) {
                    cuts.kept(&uid, begun);
                }
            }
            for uid in &nodes {
                if let Some(begun) = cuts.ended(uid) {
                    cuts.kept(uid, begun);
                }
            }
            for boundary in cuts.boundaries.clone() {
                prop_assert!(cuts.at(boundary).is_some(), "boundary {boundary}");
                let at: usize = cuts.at(boundary).unwrap().values().sum();
                prop_assert_eq!(at, boundary);
            }
        }
    }
}
