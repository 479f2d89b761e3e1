//! The tasks of each node and role, and the order in which roles are deployed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::order::{Ordered, Part};
use super::plan::Plan;
use super::stages::{STEP, TaskWriter, resolver};
use crate::environment::{DeploymentInfo, Environment};
use crate::graph::{self, GraphTask, pattern_of};
use crate::http::ApiError;

/// Gives every element of deployment info, which is one node in one role, its `tasks` and its `priority`.
///
/// # Errors
/// 500 as Nailgun where a group names a task that there is not.
pub(crate) fn add_tasks(
    environment: &Environment<'_>,
    infos: &mut DeploymentInfo,
    plan: &Plan,
) -> Result<(), ApiError> {
    let writer = TaskWriter::new(environment)?;
    let tasks = graph::merged(environment, graph::DEFAULT)?;
    let ordered = Ordered::new(&tasks, &writer.core)?;
    let resolver = resolver(environment, |_| true)?;
    let depths = depths(&ordered, |group| !resolver.uids(group.selector()).is_empty());
    let mut groups: Vec<&GraphTask> = ordered
        .tasks
        .iter()
        .copied()
        .filter(|task| task.kind() == "group")
        .collect();
    // What waits for fewer groups comes first, whoever brings it.
    groups.sort_by_key(|group| depths.get(group.id()).copied());
    for name in groups.iter().flat_map(|group| group.names("tasks")) {
        let is_there = tasks.iter().any(|task| task.id() == name);
        // The core graph's own groups name tasks of other versions too.
        let is_core = groups
            .iter()
            .any(|group| group.origin == graph::Origin::Release && group.names("tasks").contains(&name));
        if !is_there && !is_core {
            return Err(ApiError::unexpected("KeyError: 'type'"));
        }
    }
    let mut of_role: BTreeMap<String, Vec<RoleTask<'_>>> = BTreeMap::new();
    let mut priorities: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut priority = 0;
    for group in &groups {
        let uids = resolver.uids(group.selector());
        let parameters = group.parameters();
        let strategy = parameters.get("strategy").unwrap_or(&Value::Null);
        let at_once = match (strategy["type"].as_str(), strategy["amount"].as_u64()) {
            (Some("one_by_one"), _) => 1,
            (_, Some(amount)) => usize::try_from(amount.max(1)).unwrap_or(usize::MAX),
            _ => uids.len().max(1),
        };
        for batch in uids.chunks(at_once) {
            priority += STEP;
            for uid in batch {
                for role in roles_of(infos, uid, group) {
                    priorities.entry((uid.clone(), role)).or_insert(priority);
                }
            }
        }
    }
    for (uid, role) in infos.elements() {
        if !of_role.contains_key(&role) {
            of_role.insert(role.clone(), role_tasks(&ordered, &groups, &writer, &role)?);
        }
        let own = of_role
            .get(&role)
            .into_iter()
            .flatten()
            .filter(|own| plan.happens(own.task, &uid))
            .zip(1u64..)
            .map(|(own, number)| {
                let mut task = own.written.clone();
                task.insert("priority".to_owned(), json!(number * STEP));
                task.insert("uids".to_owned(), json!([uid]));
                Value::Object(task)
            });
        let own: Value = own.collect();
        // Roles that no group orders come last.
        let own_priority = priorities.get(&(uid.clone(), role.clone())).copied();
        infos.set(&uid, &role, "tasks", own);
        infos.set(&uid, &role, "priority", json!(own_priority.unwrap_or(priority + STEP)));
    }
    Ok(())
}

/// How many groups that have nodes, one after the other, each task waits for.
fn depths<'a>(ordered: &Ordered<'a>, has_nodes: impl Fn(&GraphTask) -> bool) -> HashMap<&'a str, usize> {
    let groups: BTreeSet<&str> = ordered
        .tasks
        .iter()
        .filter(|task| task.kind() == "group" && has_nodes(task))
        .map(|task| task.id())
        .collect();
    let step = |id: &str| usize::from(groups.contains(id));
    let mut depths: HashMap<&str, usize> = HashMap::new();
    // The tasks come in an order that respects every edge, so what one waits for is known already.
    for task in &ordered.tasks {
        let required = task.names("requires");
        let required = required
            .iter()
            .map(|id| depths.get(id.as_str()).copied().unwrap_or(0) + step(id));
        let known = depths.get(task.id()).copied().unwrap_or(0);
        let depth = required.fold(known, usize::max);
        depths.insert(task.id(), depth);
        for id in task.names("required_for") {
            if let Some(next) = ordered.tasks.iter().find(|next| next.id() == id) {
                let known = depths.entry(next.id()).or_insert(0);
                *known = (*known).max(depth + step(task.id()));
            }
        }
    }
    depths
}

/// The roles of a node that a group means.
fn roles_of(infos: &DeploymentInfo, uid: &str, group: &GraphTask) -> Vec<String> {
    let elements = infos.elements().into_iter();
    elements
        .filter(|(other, role)| other == uid && means(group, role))
        .map(|(_, role)| role)
        .collect()
}

fn means(task: &GraphTask, role: &str) -> bool {
    let selector = task.selector();
    let names = graph::strings(selector);
    names.iter().any(|name| name == "*" || pattern_of(name).matches(role))
}

/// A task of a role.
struct RoleTask<'a> {
    task: &'a GraphTask,
    /// As Astute gets it, but for its priority and node.
    written: Map<String, Value>,
}

/// What a role does between the two stages, in order.
fn role_tasks<'a>(
    ordered: &Ordered<'a>,
    groups: &[&GraphTask],
    writer: &TaskWriter,
    role: &str,
) -> Result<Vec<RoleTask<'a>>, ApiError> {
    let named: Vec<String> = groups
        .iter()
        .filter(|group| means(group, role))
        .flat_map(|group| group.names("tasks"))
        .collect();
    let mut tasks = Vec::new();
    for task in ordered
        .tasks
        .iter()
        .filter(|task| ordered.part(task) == Part::Deployment)
    {
        if !means(task, role) && !named.iter().any(|name| name == task.id()) {
            continue;
        }
        if let Some(mut written) = writer.write(task)? {
            // Inside of a role a failure is the node's, whatever the task says.
            written.shift_remove("fail_on_error");
            tasks.push(RoleTask { task, written });
        }
    }
    Ok(tasks)
}
