//! Which tasks an environment has: the release's, those of enabled plugins, its own.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::task::{self, GraphTask, Origin};
use crate::environment::{self, Environment};
use crate::http::ApiError;
use crate::profile::{Profile, Serialization};
use crate::store::{GraphOwner, graphs};

/// The graph that `PUT /changes` runs.
pub(crate) const DEFAULT: &str = "default";

/// The release's tasks.
pub(crate) fn release(environment: &Environment<'_>) -> Result<Vec<GraphTask>, ApiError> {
    let tasks = graphs::get(
        environment.database,
        GraphOwner::Release,
        environment.release.id,
        DEFAULT,
    )?;
    Ok(graph_tasks(tasks, &Origin::Release))
}

/// The environment's own tasks.
pub(crate) fn own(environment: &Environment<'_>) -> Result<Vec<GraphTask>, ApiError> {
    let tasks = graphs::get(
        environment.database,
        GraphOwner::Cluster,
        environment.cluster.id,
        DEFAULT,
    )?;
    Ok(graph_tasks(tasks, &Origin::Cluster))
}

/// The tasks of enabled plugins, with their directory on nodes as `cwd`.
///
/// # Errors
/// 400 in plain text where two plugins bring the same id.
pub(crate) fn plugins(environment: &Environment<'_>) -> Result<Vec<GraphTask>, ApiError> {
    let mut tasks: Vec<GraphTask> = Vec::new();
    let mut owners: HashMap<String, String> = HashMap::new();
    for connected in environment.enabled_plugins() {
        let plugin = &connected.plugin;
        let directory = environment::plugin_directory(plugin);
        let full_name = format!("{}-{}", plugin.name, plugin.version);
        for mut task in graph_tasks(
            plugin.files.deployment_tasks.clone(),
            &Origin::Plugin(directory.clone()),
        ) {
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

/// All of them: a plugin's task goes over the release's of the same id, the environment's own over both.
pub(crate) fn merged(environment: &Environment<'_>) -> Result<Vec<GraphTask>, ApiError> {
    let mut tasks = release(environment)?;
    let mut indices: HashMap<String, usize> = tasks
        .iter()
        .enumerate()
        .map(|(index, task)| (task.id().to_owned(), index))
        .collect();
    for task in plugins(environment)?.into_iter().chain(own(environment)?) {
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
