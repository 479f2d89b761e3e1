//! Loops in a serialised graph.

use petgraph::graph::{DiGraph, NodeIndex};

use super::layout::Layout;
use super::links::{Links, Spot};
use super::resolver::RoleResolver;
use crate::http::ApiError;

/// The order of all tasks at all places. Links that are the same for every place of a task run through one knot, so
/// that 300 nodes which wait for 300 others are 600 edges, not 90,000.
#[derive(Default)]
pub(crate) struct Order {
    graph: DiGraph<Option<Spot>, ()>,
    /// By task and place.
    indices: Vec<Vec<Option<NodeIndex>>>,
}

impl Order {
    /// An order with every task at every place of its.
    pub(crate) fn new(layout: &Layout<'_>, resolver: &RoleResolver) -> Self {
        let mut order = Self::default();
        for task in 0..layout.tasks.len() {
            let mut row = vec![None; resolver.master() + 1];
            for place in layout.places(task) {
                row[*place] = Some(order.graph.add_node(Some((task, *place))));
            }
            order.indices.push(row);
        }
        order
    }

    fn index(&self, (task, place): Spot) -> Option<NodeIndex> {
        *self.indices.get(task)?.get(place)?
    }

    /// Adds the links of a task at some of its places. `forward`: the task is before what it links to.
    pub(crate) fn add(&mut self, task: usize, places: &[usize], links: &Links<'_>, forward: bool) {
        let mut edges: Vec<(NodeIndex, NodeIndex)> = Vec::new();
        let mut far = links.far().peekable();
        let knot = far.peek().is_some().then(|| self.graph.add_node(None));
        for other in far {
            if let (Some(knot), Some(other)) = (knot, self.index(other)) {
                edges.push((knot, other));
            }
        }
        for place in places.iter().copied() {
            let Some(own) = self.index((task, place)) else { continue };
            if let Some(knot) = knot {
                edges.push((own, knot));
            }
            links.each_other(place, |other| {
                // A task's link to itself is not followed.
                if let Some(other) = self.index(other).filter(|other| *other != own) {
                    edges.push((own, other));
                }
            });
        }
        for (first, second) in edges {
            if forward {
                self.graph.add_edge(first, second, ());
            } else {
                self.graph.add_edge(second, first, ());
            }
        }
    }

    /// Astute refuses a graph with a loop before it starts; so do we, with the tasks that are on it.
    pub(crate) fn check(&self, layout: &Layout<'_>, resolver: &RoleResolver) -> Result<(), ApiError> {
        let looped = petgraph::algo::tarjan_scc(&self.graph)
            .into_iter()
            .find(|component| component.len() > 1)
            .unwrap_or_default();
        let mut spots: Vec<Spot> = looped.iter().filter_map(|index| self.graph[*index]).collect();
        if spots.is_empty() {
            return Ok(());
        }
        spots.sort_unstable();
        let names: Vec<String> = spots
            .into_iter()
            .map(|(task, place)| {
                let place = resolver.uid(place).unwrap_or("null");
                format!("{}/{place}", layout.tasks[task].id())
            })
            .collect();
        Err(ApiError::bad_request(format!(
            "Tasks can not be processed because it contains cycles in it: {}",
            names.join(", ")
        )))
    }
}
