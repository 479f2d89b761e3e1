//! Which tasks an environment has: the release's, those of enabled plugins, its own.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::task::{self, GraphTask, Origin};
use super::task_fields;
use crate::environment::{self, Environment};
use crate::http::ApiError;
use crate::profile::{Profile, Serialization};
use crate::store::{GraphOwner, graphs};

/// The graph that `PUT /changes` runs.
pub(crate) const DEFAULT: &str = "default";

/// The release's tasks of a type of graph.
pub(crate) fn release(environment: &Environment<'_>, kind: &str) -> Result<Vec<GraphTask>, ApiError> {
    let tasks = graphs::get(environment.database, GraphOwner::Release, environment.release.id, kind)?;
    // The table of core tasks speaks of the default graph; the tasks of another happen as they are written.
    let origin = match kind {
        DEFAULT => Origin::Release,
        _ => Origin::Cluster,
    };
    Ok(graph_tasks(tasks, &origin))
}

/// The environment's own tasks of a type of graph.
pub(crate) fn own(environment: &Environment<'_>, kind: &str) -> Result<Vec<GraphTask>, ApiError> {
    let tasks = graphs::get(environment.database, GraphOwner::Cluster, environment.cluster.id, kind)?;
    Ok(graph_tasks(tasks, &Origin::Cluster))
}

/// The tasks of enabled plugins of a type of graph, with their directory on nodes as `cwd`.
///
/// # Errors
/// 400 in plain text where two plugins bring the same id; 400 where a task cannot be read.
pub(crate) fn plugins(environment: &Environment<'_>, kind: &str) -> Result<Vec<GraphTask>, ApiError> {
    let mut tasks: Vec<GraphTask> = Vec::new();
    let mut owners: HashMap<String, String> = HashMap::new();
    for connected in environment.enabled_plugins() {
        let plugin = &connected.plugin;
        let directory = environment::plugin_directory(plugin);
        let full_name = format!("{}-{}", plugin.name, plugin.version);
        let own = match kind {
            DEFAULT => plugin.files.deployment_tasks.clone(),
            _ => graphs::get(environment.database, GraphOwner::Plugin, plugin.id, kind)?,
        };
        check_tasks_of(&full_name, &own)?;
        for mut task in graph_tasks(own, &Origin::Plugin(directory.clone())) {
            if let Some(other) = owners.get(task.id()) {
                return Err(ApiError::deep(format!(
                    "Plugin {full_name} is overlapping with plugin {other} by introducing the same deployment task with id {}",
                    task.id()
                )));
            }
            if let Some(parameters) = task.fields.get_mut("parameters").and_then(Value::as_object_mut)
                && !parameters.is_empty()
                && !parameters.contains_key("cwd")
            {
                parameters.insert("cwd".to_owned(), json!(format!("/etc/fuel/plugins/{directory}/")));
            }
            owners.insert(task.id().to_owned(), full_name.clone());
            tasks.push(task);
        }
    }
    Ok(tasks)
}

/// Whether the release, an enabled plugin or the environment has a graph of that type.
pub(crate) fn exists(environment: &Environment<'_>, kind: &str) -> Result<bool, ApiError> {
    let enabled = environment.enabled_plugins();
    let owners = [
        (GraphOwner::Release, environment.release.id),
        (GraphOwner::Cluster, environment.cluster.id),
    ]
    .into_iter()
    .chain(
        enabled
            .iter()
            .map(|connected| (GraphOwner::Plugin, connected.plugin.id)),
    );
    for (owner, id) in owners {
        if graphs::find(environment.database, owner, id, kind)?.is_some() {
            return Ok(true);
        }
    }
    Ok(kind == DEFAULT)
}

/// The tasks as a list for clients. Up to 8.0 a plugin's task of an id that the release has is there beside it, and only the
/// graph makes one of them.
pub(crate) fn listed(environment: &Environment<'_>, kind: &str) -> Result<Vec<GraphTask>, ApiError> {
    match environment.config.profile.serialization {
        Serialization::Graph => merged(environment, kind),
        Serialization::Hooks => {
            let own = own(environment, kind)?;
            let mut tasks = release(environment, kind)?;
            tasks.extend(plugins(environment, kind)?);
            tasks.retain(|task| !own.iter().any(|other| other.id() == task.id()));
            tasks.extend(own);
            Ok(tasks)
        }
    }
}

/// All of them: a plugin's task goes over the release's of the same id, the environment's own over both.
pub(crate) fn merged(environment: &Environment<'_>, kind: &str) -> Result<Vec<GraphTask>, ApiError> {
    let mut tasks = release(environment, kind)?;
    let mut indices: HashMap<String, usize> = tasks
        .iter()
        .enumerate()
        .map(|(index, task)| (task.id().to_owned(), index))
        .collect();
    for task in plugins(environment, kind)?.into_iter().chain(own(environment, kind)?) {
        match indices.get(task.id()) {
            Some(index) => tasks[*index] = task,
            None => {
                indices.insert(task.id().to_owned(), tasks.len());
                tasks.push(task);
            }
        }
    }
    Ok(tasks)
}

/// Nobody checked the tasks of a plugin's files when it was registered.
fn check_tasks_of(plugin: &str, tasks: &[Value]) -> Result<(), ApiError> {
    for (index, task) in tasks.iter().enumerate() {
        let number = index + 1;
        let Value::Object(fields) = task else {
            return Err(ApiError::bad_request(format!(
                "Plugin {plugin}: task {number} is {task}; a task must be a mapping"
            )));
        };
        let id = ["id", "task_name"].iter().find_map(|key| fields.get(*key));
        let Some(id) = id.and_then(Value::as_str).filter(|id| !id.is_empty()) else {
            return Err(ApiError::bad_request(format!(
                "Plugin {plugin}: task {number} has no id: `id` must be a name"
            )));
        };
        if let Some(problem) = task_fields::problem(fields) {
            return Err(ApiError::bad_request(format!(
                "Plugin {plugin}, task '{id}': {problem}"
            )));
        }
    }
    Ok(())
}

fn graph_tasks(tasks: Vec<Value>, origin: &Origin) -> Vec<GraphTask> {
    tasks
        .into_iter()
        .filter_map(|task| match task {
            Value::Object(fields) => Some(GraphTask {
                origin: origin.clone(),
                fields,
            }),
            _ => None,
        })
        .collect()
}

/// Tasks as the API shows them.
pub(crate) fn api_shape(profile: &Profile, tasks: &[GraphTask]) -> Value {
    match profile.serialization {
        Serialization::Graph => tasks.iter().map(task::api_shape).collect(),
        // As they were written.
        Serialization::Hooks => tasks.iter().map(|task| Value::Object(task.fields.clone())).collect(),
    }
}
