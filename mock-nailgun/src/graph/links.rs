//! What a task's dependencies lead to.
//!
//! A dependency on tasks of other nodes leads to the same links on every node that has the task. Those are found and
//! written once, and shared.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;

use super::layout::{Layout, TaskNumber};
use super::resolver::{Place, RoleResolver, SYNC_POINT};
use super::task::{CrossDependency, GraphTask};
use crate::pieces::Pieces;

/// A task at a place.
pub(crate) type Spot = (TaskNumber, Place);

/// The two directions of dependencies: on the same node, and across nodes.
pub(crate) const DIRECTIONS: [(&str, &str, &str); 2] = [
    ("requires", "requires", "cross-depends"),
    ("required_for", "required_for", "cross-depended-by"),
];

/// The links of one task in one direction.
pub(crate) struct Links<'a> {
    layout: &'a Layout<'a>,
    resolver: &'a RoleResolver,
    task: TaskNumber,
    /// Tasks meant by names, on the same node or at the sync point.
    near: Vec<TaskNumber>,
    /// Tasks meant across nodes, but on the task's own.
    own_node: Vec<TaskNumber>,
    /// Tasks of other nodes, the same for all places of this task; those of the task itself are left out.
    far: BTreeMap<TaskNumber, BTreeSet<Place>>,
    /// Other places of the task itself that it depends on.
    itself: BTreeSet<Place>,
    /// `far` as JSON, without brackets.
    far_text: Bytes,
}

impl<'a> Links<'a> {
    /// Finds them. `task` is what stands in the layout under `number`, or what it was computed to be on one node.
    pub(crate) fn find(
        layout: &'a Layout<'a>,
        resolver: &'a RoleResolver,
        number: TaskNumber,
        task: &GraphTask,
        (_, same_node, cross): (&str, &str, &str),
    ) -> Self {
        let mut links = Self {
            layout,
            resolver,
            task: number,
            near: Vec::new(),
            own_node: Vec::new(),
            far: BTreeMap::new(),
            itself: BTreeSet::new(),
            far_text: Bytes::new(),
        };
        for name in task.names(same_node) {
            links.near.extend(layout.named(&name).iter());
        }
        for dependency in task.cross(cross) {
            links.find_across(&dependency);
        }
        if let Some(itself) = links.far.remove(&number) {
            links.itself = itself;
        }
        let mut text = Pieces::default();
        for (task, places) in &links.far {
            for place in places {
                links.write_link((*task, *place), &mut text);
            }
        }
        links.far_text = Bytes::from(text.into_text());
        links
    }

    fn find_across(&mut self, dependency: &CrossDependency) {
        let meant = self.layout.named(&dependency.name);
        if dependency.role.as_ref().is_some_and(|role| role == "self") {
            self.own_node.extend(meant.iter());
            return;
        }
        let mut places = match &dependency.role {
            Some(role) => self.resolver.resolve(role),
            None => self.resolver.all(),
        };
        if dependency.any {
            // Nailgun takes any one node; the first that has the task makes runs alike.
            let first = places
                .iter()
                .find(|place| meant.iter().any(|task| self.layout.places(*task).contains(place)));
            places = first.copied().into_iter().collect();
        }
        for task in meant.iter() {
            let there = self.layout.places(*task).intersection(&places).copied();
            let known = self.far.entry(*task).or_default();
            known.extend(there);
        }
    }

    /// The links of the task at a place that are not `far`, each once.
    fn others(&self, place: Place) -> BTreeSet<Spot> {
        let mut spots = BTreeSet::new();
        for task in &self.near {
            for candidate in [place, SYNC_POINT] {
                if self.layout.places(*task).contains(&candidate) {
                    spots.insert((*task, candidate));
                }
            }
        }
        spots.extend(self.itself.iter().map(|other| (self.task, *other)));
        spots.remove(&(self.task, place));
        // Nailgun leaves a task's link to itself where it looked on the task's own node only; Astute ignores it.
        for task in &self.own_node {
            if self.layout.places(*task).contains(&place) {
                spots.insert((*task, place));
            }
        }
        spots.retain(|(task, place)| self.far.get(task).is_none_or(|places| !places.contains(place)));
        spots
    }

    /// Writes them as a list, if there are any.
    pub(crate) fn write(&self, key: &str, place: Place, text: &mut Pieces) {
        let others = self.others(place);
        if others.is_empty() && self.far_text.is_empty() {
            return;
        }
        text.push(",");
        text.push_json_string(key);
        text.push(":[");
        let mut list = Pieces::default();
        for spot in others {
            self.write_link(spot, &mut list);
        }
        if list.len() > 0 && !self.far_text.is_empty() {
            list.push(",");
        }
        text.append(list);
        text.push_shared(&self.far_text);
        text.push("]");
    }

    fn write_link(&self, (task, place): Spot, text: &mut Pieces) {
        if text.len() > 0 {
            text.push(",");
        }
        text.push("{\"name\":");
        text.push_json_string(self.layout.tasks[task].id());
        text.push(",\"node_id\":");
        match self.resolver.uid(place) {
            Some(uid) => text.push_json_string(uid),
            None => text.push("null"),
        }
        text.push("}");
    }

    /// Calls `add` for each link of the task at a place, but not for those that are the same for all places.
    pub(crate) fn each_other(&self, place: Place, mut add: impl FnMut(Spot)) {
        self.others(place).into_iter().for_each(&mut add);
    }

    /// The links that are the same for all places.
    pub(crate) fn far(&self) -> impl Iterator<Item = Spot> {
        self.far
            .iter()
            .flat_map(|(task, places)| places.iter().map(move |place| (*task, *place)))
    }
}
