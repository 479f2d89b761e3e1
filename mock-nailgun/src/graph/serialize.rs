//! From tasks and roles to what Astute runs: a list of tasks for each node, with edges between tasks of nodes.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::{DiGraph, NodeIndex};
use plugin_builder::expression::{Expression, ExpressionError, Models};
use serde_json::{Map, Value, json};

use super::resolver::{MASTER, NamePattern, Place, RoleResolver};
use super::task::{CrossDependency, GraphTask, Origin};
use super::{legacy, merged::merged};
use crate::environment::{self, Environment};
use crate::http::ApiError;
use crate::settings;

/// What of the graph is to run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// Nodes by id; all without it.
    pub(crate) nodes: Option<Vec<i64>>,
    /// Task ids; the others keep their place and do nothing. All without it.
    pub(crate) tasks: Option<Vec<String>>,
    /// Tasks of tasks.yaml too, where the environment adapts them.
    pub(crate) with_legacy: bool,
}

/// A graph that Astute can run.
#[derive(Debug, Clone)]
pub(crate) struct SerializedGraph {
    /// Uid, `master` or `null` to list of tasks.
    pub(crate) tasks_graph: Map<String, Value>,
    pub(crate) tasks_metadata: Value,
    /// Task, place and the task as its YAML has it, for the history.
    pub(crate) history: Vec<(String, String, Value)>,
}

/// Serialises the environment's graph. `infos` is the deployment info of every node.
///
/// # Errors
/// 400 where a task cannot be in a graph, a group names a task that there is not, or the edges form a loop.
pub(crate) fn serialize(
    environment: &Environment<'_>,
    infos: &[Value],
    selection: &Selection,
) -> Result<SerializedGraph, ApiError> {
    let mut tasks = merged(environment)?;
    let adapts = environment
        .cluster
        .editable
        .get("common")
        .is_some_and(|common| common["propagate_task_deploy"]["value"] == true);
    if adapts && selection.with_legacy {
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
    let placed = place(&tasks, &resolver)?;
    let edges = Edges {
        resolver: &resolver,
        placed: &placed,
    };
    let writer = Writer::new(environment, infos, selection)?;
    let mut graph: BTreeMap<Place, Vec<Value>> = BTreeMap::from([(None, Vec::new())]);
    let mut history = Vec::new();
    for task in tasks.iter().filter(|task| task.kind() != "group") {
        for place in placed
            .iter()
            .filter(|(_, ids)| ids.contains(task.id()))
            .map(|(place, _)| place)
        {
            let mut serialized = writer.write(task, place)?;
            let (requires, required_for) = edges.of(task, place);
            for (key, links) in [("requires", requires), ("required_for", required_for)] {
                if !links.is_empty() {
                    serialized.insert(key.to_owned(), link_list(links));
                }
            }
            let node = place.clone().unwrap_or_else(|| "-".to_owned());
            history.push((task.id().to_owned(), node, Value::Object(task.fields.clone())));
            graph.entry(place.clone()).or_default().push(Value::Object(serialized));
        }
    }
    check_loops(&graph)?;
    Ok(SerializedGraph {
        tasks_graph: graph
            .into_iter()
            .map(|(place, tasks)| (place.unwrap_or_else(|| "null".to_owned()), Value::from(tasks)))
            .collect(),
        tasks_metadata: json!({
            "fault_tolerance_groups": fault_tolerance_groups(environment, &roles.metadata, &tasks, &resolver)?,
        }),
        history,
    })
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
        if let Some(field) = task.computed_field() {
            return Err(ApiError::bad_request(format!(
                "Task '{}' computes its `{field}` with YAQL, which this mock of Nailgun cannot evaluate.",
                task.id()
            )));
        }
    }
    Ok(())
}

/// Which tasks are at which place. The sync point and every node are there, if only with nothing.
fn place<'a>(tasks: &'a [GraphTask], resolver: &RoleResolver) -> Result<BTreeMap<Place, BTreeSet<&'a str>>, ApiError> {
    let mut placed: BTreeMap<Place, BTreeSet<&str>> = BTreeMap::from([(None, BTreeSet::new())]);
    placed.extend(resolver.all().into_iter().map(|uid| (Some(uid), BTreeSet::new())));
    for task in tasks {
        match task.kind() {
            "stage" => {
                placed.entry(None).or_default().insert(task.id());
            }
            "group" => {
                for name in task.names("tasks") {
                    let member = tasks.iter().find(|other| other.id() == name && other.kind() != "group");
                    match member {
                        Some(member) => {
                            for uid in resolver.resolve(task.selector()) {
                                placed.entry(Some(uid)).or_default().insert(member.id());
                            }
                        }
                        None if task.origin == Origin::Release => {}
                        None => return Err(ApiError::bad_request(format!("Task {name} cannot be resolved"))),
                    }
                }
            }
            _ => {
                for uid in resolver.resolve(task.selector()) {
                    placed.entry(Some(uid)).or_default().insert(task.id());
                }
            }
        }
    }
    Ok(placed)
}

type Link = (String, Place);

/// Finds what a task's dependencies lead to.
struct Edges<'a> {
    resolver: &'a RoleResolver,
    placed: &'a BTreeMap<Place, BTreeSet<&'a str>>,
}

impl Edges<'_> {
    fn of(&self, task: &GraphTask, place: &Place) -> (BTreeSet<Link>, BTreeSet<Link>) {
        let both = |same_node: &str, cross: &str| {
            let own = (task.id().to_owned(), place.clone());
            let mut links = BTreeSet::new();
            for name in task.names(same_node) {
                // A name is looked for on the task's own node and among stages.
                self.find(&name, [place.clone(), None], &mut links);
            }
            links.remove(&own);
            for dependency in task.cross(cross) {
                let mut found = BTreeSet::new();
                self.find_across(&dependency, place, &mut found);
                // Nailgun leaves a task's link to itself where it looked on the task's own node only; Astute ignores it.
                if dependency.role.as_ref().is_none_or(|role| role != "self") {
                    found.remove(&own);
                }
                links.extend(found);
            }
            links
        };
        (
            both("requires", "cross-depends"),
            both("required_for", "cross-depended-by"),
        )
    }

    fn find(&self, name: &str, places: impl IntoIterator<Item = Place>, links: &mut BTreeSet<Link>) {
        let pattern = NamePattern::new(name);
        for place in places {
            let ids = self.placed.get(&place).into_iter().flatten();
            links.extend(
                ids.filter(|id| pattern.matches(id))
                    .map(|id| ((*id).to_owned(), place.clone())),
            );
        }
    }

    fn find_across(&self, dependency: &CrossDependency, place: &Place, links: &mut BTreeSet<Link>) {
        let mut places: Vec<Place> = match &dependency.role {
            Some(Value::String(role)) if role == "self" => vec![place.clone()],
            Some(role) => self.resolver.resolve(role).into_iter().map(Some).collect(),
            None => self.resolver.all().into_iter().map(Some).collect(),
        };
        if dependency.any {
            // Nailgun takes any one node; the first that has the task makes runs alike.
            let pattern = NamePattern::new(&dependency.name);
            places.retain(|place| {
                self.placed
                    .get(place)
                    .is_some_and(|ids| ids.iter().any(|id| pattern.matches(id)))
            });
            places.truncate(1);
        }
        self.find(&dependency.name, places, links);
    }
}

fn link_list(links: BTreeSet<Link>) -> Value {
    links
        .into_iter()
        .map(|(name, node_id)| json!({"name": name, "node_id": node_id}))
        .collect()
}

/// Writes tasks as Astute gets them.
struct Writer<'a> {
    infos: BTreeMap<String, &'a Value>,
    selection: &'a Selection,
    core_tasks: Map<String, Value>,
    has_plugins: bool,
    models: Models,
    placeholders: Value,
}

impl<'a> Writer<'a> {
    fn new(environment: &Environment<'_>, infos: &'a [Value], selection: &'a Selection) -> Result<Self, ApiError> {
        let profile = &environment.config.profile;
        let flat = environment.flat_settings();
        let hostname = flat
            .get("public_ssl")
            .map_or(Value::Null, |section| section["hostname"].clone());
        Ok(Self {
            infos: infos
                .iter()
                .filter_map(|info| Some((info["uid"].as_str()?.to_owned(), info)))
                .collect(),
            selection,
            core_tasks: profile
                .core_tasks()
                .map_err(|error| ApiError::unexpected(error.to_string()))?,
            has_plugins: environment.plugins.iter().any(|connected| connected.enabled),
            models: Models::from([
                ("settings".to_owned(), Value::Object(flat)),
                ("cluster".to_owned(), environment.cluster_model()),
            ]),
            placeholders: json!({
                "CLUSTER_ID": environment.cluster.id,
                "OPENSTACK_VERSION": environment.release.version,
                "MASTER_IP": environment.config.master_ip.to_string(),
                "CN_HOSTNAME": hostname,
                "SETTINGS": settings::Generators::new(environment.config).settings(),
            }),
        })
    }

    fn write(&self, task: &GraphTask, place: &Place) -> Result<Map<String, Value>, ApiError> {
        let chosen = self
            .selection
            .tasks
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|id| id == task.id()));
        let work = if chosen { self.work(task, place)? } else { None };
        let mut written = Map::from_iter([("id".to_owned(), json!(task.id()))]);
        match work {
            None => {
                written.insert("type".to_owned(), json!("skipped"));
                written.insert("fail_on_error".to_owned(), Value::Bool(false));
            }
            Some((kind, mut parameters)) => {
                settings::format_strings(&mut parameters, &self.placeholders);
                let fail_on_error = task.fields.get("fail_on_error").cloned().unwrap_or(Value::Bool(true));
                written.insert("type".to_owned(), json!(kind));
                written.insert("fail_on_error".to_owned(), fail_on_error);
                self.add_content(task, place, &mut parameters);
                written.insert("parameters".to_owned(), parameters);
            }
        }
        Ok(written)
    }

    /// Type and parameters of what a task does; `None` where it does nothing.
    fn work(&self, task: &GraphTask, place: &Place) -> Result<Option<(String, Value)>, ApiError> {
        if matches!(task.kind(), "stage" | "skipped") {
            return Ok(None);
        }
        if task.origin == Origin::Release {
            // Nothing of the core happens on the master: there the rig has already done it.
            let core = self
                .core_tasks
                .get(task.id())
                .filter(|_| place.as_deref() != Some(MASTER));
            let Some(core) = core.filter(|core| core["type"].is_string()) else {
                return Ok(None);
            };
            if core["needs_plugins"] == true && !self.has_plugins {
                return Ok(None);
            }
            let mut parameters = core["parameters"].clone();
            if let Some(members) = parameters.as_object_mut() {
                members.entry("cwd").or_insert_with(|| json!("/"));
            }
            return Ok(Some((core["type"].as_str().unwrap_or_default().to_owned(), parameters)));
        }
        if let Some(condition) = task.fields.get("condition").and_then(Value::as_str) {
            let holds = Expression::parse(condition)
                .map_err(ExpressionError::from)
                .and_then(|expression| expression.holds(&self.models, false));
            if !holds.map_err(|error| ApiError::bad_request(format!("Task '{}': {error}", task.id())))? {
                return Ok(None);
            }
        }
        Ok(Some((task.kind().to_owned(), Value::Object(task.parameters()))))
    }

    /// Adds what is made for each node; after formatting, so that braces in settings stay.
    fn add_content(&self, task: &GraphTask, place: &Place, parameters: &mut Value) {
        let is_info = task.origin == Origin::Release
            && self
                .core_tasks
                .get(task.id())
                .is_some_and(|core| core["content"] == "deployment_info");
        if is_info && let Some(info) = place.as_ref().and_then(|uid| self.infos.get(uid)) {
            parameters["data"] = json!(plugin_builder::yaml::to_text(info));
        }
    }
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
        let nodes = resolver.resolve(task.selector());
        if nodes.is_empty() {
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
        let count = nodes.len() as u64;
        let tolerance = match said {
            Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
            Some(Value::String(text)) => match text.strip_suffix('%') {
                Some(percent) => count * percent.trim().parse::<u64>().unwrap_or(0) / 100,
                None => text.parse().unwrap_or(0),
            },
            _ => count + 1,
        };
        groups.push(json!({"name": task.id(), "node_ids": nodes, "fault_tolerance": tolerance}));
    }
    Ok(groups)
}

/// Astute refuses a graph with a loop before it starts; so do we, with the task that closes it.
fn check_loops(graph: &BTreeMap<Place, Vec<Value>>) -> Result<(), ApiError> {
    let mut order: DiGraph<(&str, &str), ()> = DiGraph::new();
    let mut indices: BTreeMap<(&str, &str), NodeIndex> = BTreeMap::new();
    let mut edges = Vec::new();
    for (place, tasks) in graph {
        let place = place.as_deref().unwrap_or("null");
        for task in tasks {
            let own = (task["id"].as_str().unwrap_or_default(), place);
            let links = |key: &str| {
                task[key].as_array().into_iter().flatten().map(|link| {
                    (
                        link["name"].as_str().unwrap_or_default(),
                        link["node_id"].as_str().unwrap_or("null"),
                    )
                })
            };
            indices.insert(own, order.add_node(own));
            edges.extend(links("requires").map(|other| (other, own)));
            edges.extend(links("required_for").map(|other| (own, other)));
        }
    }
    for (before, after) in edges {
        if let (Some(before), Some(after)) = (indices.get(&before), indices.get(&after)) {
            order.add_edge(*before, *after, ());
        }
    }
    let looped: Vec<String> = petgraph::algo::tarjan_scc(&order)
        .into_iter()
        .find(|component| component.len() > 1)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|index| order.node_weight(index))
        .map(|(id, place)| format!("{id}/{place}"))
        .collect();
    if looped.is_empty() {
        return Ok(());
    }
    Err(ApiError::bad_request(format!(
        "Tasks can not be processed because it contains cycles in it: {}",
        looped.join(", ")
    )))
}
