//! From tasks and roles to what Astute runs: a list of tasks for each node, with edges between tasks of nodes.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::computed::Computer;
use super::layout::Layout;
use super::links::{DIRECTIONS, Links};
use super::loops::Order;
use super::resolver::{Place, RoleResolver, SYNC_POINT};
use super::task::{GraphTask, Origin};
use super::writer::Writer;
use super::{legacy, merged};
use crate::environment::{self, DeploymentInfo, Environment};
use crate::http::ApiError;
use crate::pieces::Pieces;

/// What of which graph is to run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Selection {
    /// Type of the graph; the default one without it.
    pub(crate) graph_type: Option<String>,
    /// Nodes by id; all without it.
    pub(crate) nodes: Option<Vec<i64>>,
    /// Task ids; the others keep their place and do nothing. All without it.
    pub(crate) tasks: Option<Vec<String>>,
    /// Tasks of tasks.yaml too, where the environment adapts them.
    pub(crate) with_legacy: bool,
    /// As if nothing had ever been deployed: what YAQL computes sees no state of before.
    pub(crate) force: bool,
}

impl Selection {
    /// Type of the graph.
    pub(crate) fn kind(&self) -> &str {
        self.graph_type.as_deref().unwrap_or(merged::DEFAULT)
    }
}

/// A graph that Astute can run.
#[derive(Debug, Clone)]
pub(crate) struct SerializedGraph {
    /// Uid, `master` or `null` to list of tasks, as JSON.
    pub(crate) tasks_graph: Pieces,
    pub(crate) tasks_metadata: Value,
    /// Every task at every place.
    pub(crate) entries: Vec<Entry>,
}

/// A task at a place, for the history.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) task: String,
    /// Uid, `master`, or `-` for the sync point.
    pub(crate) node: String,
    /// Whether it does nothing there.
    pub(crate) is_skipped: bool,
    /// The task as its YAML has it.
    pub(crate) fields: Rc<Value>,
}

/// Serialises the environment's graph.
///
/// # Errors
/// 400 where a task cannot be in a graph, a group names a task that there is not, or the edges form a loop.
pub(crate) fn serialize(
    environment: &Environment<'_>,
    infos: &DeploymentInfo,
    selection: &Selection,
) -> Result<SerializedGraph, ApiError> {
    let mut tasks = merged(environment, selection.kind())?;
    let adapts = environment
        .cluster
        .editable
        .get("common")
        .is_some_and(|common| common["propagate_task_deploy"]["value"] == true);
    if adapts && selection.with_legacy && selection.kind() == merged::DEFAULT {
        tasks.extend(legacy::adapted(environment));
    }
    check(&tasks, adapts)?;
    let roles = environment.roles()?;
    let mut names = Vec::new();
    for node in environment.nodes.iter().filter(|node| !node.pending_deletion) {
        if selection.nodes.as_ref().is_none_or(|ids| ids.contains(&node.id)) {
            names.push((node.uid(), environment::role_names_of(&roles, node)?));
        }
    }
    let resolver = RoleResolver::new(names);
    let layout = Layout::new(&tasks, &resolver)?;
    let writer = Writer::new(environment, &resolver, infos, selection)?;
    let computer = Computer::new(environment, infos, selection.force);
    let mut lists: Vec<Pieces> = vec![Pieces::default(); resolver.master() + 1];
    let mut order = Order::new(&layout, &resolver);
    let mut entries = Vec::new();
    for (number, task) in layout.tasks.iter().enumerate() {
        let fields = Rc::new(Value::Object(task.fields.clone()));
        let places: Vec<Place> = layout.places(number).iter().copied().collect();
        // A task that is computed is another one on each node; what is core is decided by the table of core tasks.
        let is_computed = task.origin != Origin::Release && task.is_computed();
        for places in places.chunks(if is_computed { 1 } else { places.len().max(1) }) {
            let computed = match is_computed {
                true => Some(computer.compute(task, resolver.uid(places[0]))?),
                false => None,
            };
            let task: &GraphTask = computed.as_ref().unwrap_or(task);
            let written = writer.prepare(task)?;
            let links = DIRECTIONS.map(|direction| Links::find(&layout, &resolver, number, task, direction));
            for place in places {
                let list = &mut lists[*place];
                list.push(if list.len() == 0 { "" } else { "," });
                let works = writer.write(&written, *place, list);
                for (direction, links) in DIRECTIONS.iter().zip(&links) {
                    links.write(direction.0, *place, list);
                }
                list.push("}");
                entries.push(Entry {
                    task: task.id().to_owned(),
                    node: resolver.uid(*place).unwrap_or("-").to_owned(),
                    is_skipped: !works,
                    fields: Rc::clone(&fields),
                });
            }
            let [requires, required_for] = &links;
            order.add(number, places, requires, false);
            order.add(number, places, required_for, true);
        }
    }
    order.check(&layout, &resolver)?;
    Ok(SerializedGraph {
        tasks_graph: graph_text(&resolver, lists),
        tasks_metadata: json!({
            "fault_tolerance_groups": fault_tolerance_groups(environment, &roles.metadata, &tasks, &resolver)?,
        }),
        entries,
    })
}

/// The sync point and every node are there, if only with nothing; the master only with tasks.
fn graph_text(resolver: &RoleResolver, lists: Vec<Pieces>) -> Pieces {
    let mut text = Pieces::default();
    for (place, list) in lists.into_iter().enumerate() {
        if place == resolver.master() && list.len() == 0 {
            continue;
        }
        text.push(if place == SYNC_POINT { "{" } else { "," });
        text.push_json_string(resolver.uid(place).unwrap_or("null"));
        text.push(":[");
        text.append(list);
        text.push("]");
    }
    text.push("}");
    text
}

fn check(tasks: &[GraphTask], adapts: bool) -> Result<(), ApiError> {
    for task in tasks.iter().filter(|task| task.origin != Origin::Release) {
        if !adapts && !task.supports_cross_dependencies() {
            // The missing blank is Nailgun's.
            return Err(ApiError::bad_request(format!(
                "Task '{}' does not support cross-dependencies.\nYou can enable option 'propagate_task_deploy'for cluster \
                 to use task adaptation mechanism.",
                task.id()
            )));
        }
    }
    Ok(())
}

/// How many nodes of a group may fail. A group that says nothing has no limit, which Nailgun writes as one more than
/// it has nodes.
fn fault_tolerance_groups(
    environment: &Environment<'_>,
    roles: &Map<String, Value>,
    tasks: &[GraphTask],
    resolver: &RoleResolver,
) -> Result<Vec<Value>, ApiError> {
    let core = environment
        .config
        .profile
        .core_tasks()
        .map_err(|error| ApiError::unexpected(error.to_string()))?;
    let mut groups = Vec::new();
    for task in tasks.iter().filter(|task| task.kind() == "group") {
        let places = resolver.resolve(task.selector());
        if places.is_empty() {
            continue;
        }
        let said = [
            task.fields.get("fault_tolerance"),
            core.get(task.id()).map(|core| &core["fault_tolerance"]),
            roles.get(task.id()).map(|role| &role["fault_tolerance"]),
        ]
        .into_iter()
        .flatten()
        .find(|value| !value.is_null());
        let count = places.len() as u64;
        let tolerance = match said {
            Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
            Some(Value::String(text)) => match text.strip_suffix('%') {
                Some(percent) => count * percent.trim().parse::<u64>().unwrap_or(0) / 100,
                None => text.parse().unwrap_or(0),
            },
            _ => count + 1,
        };
        let uids = |place: &Place| resolver.uid(*place).map(Value::from);
        let nodes: Vec<Value> = places.iter().filter_map(uids).collect();
        groups.push(json!({"name": task.id(), "node_ids": nodes, "fault_tolerance": tolerance}));
    }
    Ok(groups)
}
