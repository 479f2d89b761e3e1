//! `/graphs` and `/{releases,plugins,clusters}/:id/deployment_graphs`

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use crate::graph;
use crate::store::{self, Cluster, Document, Graph, GraphOwner, Plugin, Release, graphs};

fn shown(graph: &Graph) -> Value {
    json!({
        "id": graph.id,
        "name": graph.name,
        "relations": [{"model": graph.owner, "model_id": graph.owner_id, "type": graph.kind}],
        "tasks": graph::stored_shape(&graph.tasks),
    })
}

fn exists<T: Document>(call: &Call<'_>, what: &str) -> Result<i64, ApiError> {
    let id = call.id(0)?;
    match store::get::<T>(call.database, id)? {
        Some(_) => Ok(id),
        None => Err(ApiError::not_found(what)),
    }
}

fn owner_id(call: &Call<'_>, owner: GraphOwner) -> Result<i64, ApiError> {
    match owner {
        GraphOwner::Release => exists::<Release>(call, "Release"),
        GraphOwner::Plugin => exists::<Plugin>(call, "Plugin"),
        GraphOwner::Cluster => exists::<Cluster>(call, "Cluster"),
    }
}

fn missing(kind: &str) -> ApiError {
    ApiError::new(404, format!("Graph with type: {kind} is not defined"))
}

fn list(call: &Call<'_>, owner: GraphOwner) -> Answer {
    let id = owner_id(call, owner)?;
    Ok(Reply::ok(
        graphs::of(call.database, owner, id)?.iter().map(shown).collect(),
    ))
}

fn show(call: &Call<'_>, owner: GraphOwner) -> Answer {
    let (id, kind) = (owner_id(call, owner)?, call.parameter(1));
    let graph = graphs::find(call.database, owner, id, kind)?.ok_or_else(|| missing(kind))?;
    Ok(Reply::ok(shown(&graph)))
}

/// The tasks of a request, each with an id and a type, no id twice.
fn tasks_of(body: &Map<String, Value>) -> Result<Option<Vec<Value>>, ApiError> {
    let Some(tasks) = body.get("tasks") else {
        return Ok(None);
    };
    let tasks = tasks
        .as_array()
        .ok_or_else(|| ApiError::bad_request("'tasks' must be a list of tasks"))?;
    graph::check_tasks(tasks)?;
    Ok(Some(tasks.clone()))
}

fn write(call: &Call<'_>, owner: GraphOwner, id: i64, kind: &str, tasks: &[Value], name: Option<&Value>) -> Answer {
    graphs::set(call.database, owner, id, kind, tasks)?;
    if owner == GraphOwner::Plugin && kind == graph::DEFAULT {
        // Environments take a plugin's tasks from the plugin.
        let mut plugin: Plugin = store::get(call.database, id)?.ok_or_else(|| ApiError::not_found("Plugin"))?;
        Arc::make_mut(&mut plugin.files).deployment_tasks = tasks.to_vec();
        store::replace(call.database, &plugin)?;
    }
    let graph = graphs::find(call.database, owner, id, kind)?.ok_or_else(|| missing(kind))?;
    if let Some(name) = name {
        graphs::rename(call.database, graph.id, name.as_str())?;
    }
    let graph = graphs::find(call.database, owner, id, kind)?.ok_or_else(|| missing(kind))?;
    Ok(Reply::ok(shown(&graph)))
}

fn create(call: &Call<'_>, owner: GraphOwner) -> Answer {
    let (id, kind) = (owner_id(call, owner)?, call.parameter(1));
    if graphs::find(call.database, owner, id, kind)?.is_some() {
        return Err(ApiError::new(
            409,
            format!("Deployment graph with type {kind} already exists."),
        ));
    }
    let body = call.object()?;
    let tasks = tasks_of(&body)?.unwrap_or_default();
    let reply = write(call, owner, id, kind, &tasks, body.get("name"))?;
    Ok(Reply { status: 201, ..reply })
}

/// PUT replaces the tasks; where there is no such graph it is made, as clients upload graphs this way.
fn replace(call: &Call<'_>, owner: GraphOwner) -> Answer {
    let (id, kind) = (owner_id(call, owner)?, call.parameter(1));
    let body = call.object()?;
    let tasks = tasks_of(&body)?.unwrap_or_default();
    write(call, owner, id, kind, &tasks, body.get("name"))
}

/// PATCH changes what is given.
fn change(call: &Call<'_>, owner: GraphOwner) -> Answer {
    let (id, kind) = (owner_id(call, owner)?, call.parameter(1));
    let known = graphs::find(call.database, owner, id, kind)?.ok_or_else(|| missing(kind))?;
    let body = call.object()?;
    let tasks = tasks_of(&body)?.unwrap_or_else(|| known.tasks.to_vec());
    write(call, owner, id, kind, &tasks, body.get("name"))
}

fn remove(call: &Call<'_>, owner: GraphOwner) -> Answer {
    let (id, kind) = (owner_id(call, owner)?, call.parameter(1));
    let graph = graphs::find(call.database, owner, id, kind)?.ok_or_else(|| missing(kind))?;
    drop_graph(call, &graph)
}

fn drop_graph(call: &Call<'_>, graph: &Graph) -> Answer {
    graphs::delete(call.database, graph.id)?;
    if graph.owner == GraphOwner::Plugin.name()
        && graph.kind == graph::DEFAULT
        && let Some(mut plugin) = store::get::<Plugin>(call.database, graph.owner_id)?
    {
        Arc::make_mut(&mut plugin.files).deployment_tasks.clear();
        store::replace(call.database, &plugin)?;
    }
    Ok(Reply::no_content())
}

macro_rules! of_each_owner {
    ($($(#[$documentation:meta])* $name:ident: $function:ident of $owner:ident;)+) => {
        $($(#[$documentation])* pub(crate) fn $name(call: &Call<'_>) -> Answer {
            $function(call, GraphOwner::$owner)
        })+
    };
}

of_each_owner! {
    /// `GET /releases/:id/deployment_graphs/`
    list_of_release: list of Release;
    /// `GET /releases/:id/deployment_graphs/:type`
    show_of_release: show of Release;
    /// `POST /releases/:id/deployment_graphs/:type`
    create_of_release: create of Release;
    /// `PUT /releases/:id/deployment_graphs/:type`
    replace_of_release: replace of Release;
    /// `PATCH /releases/:id/deployment_graphs/:type`
    change_of_release: change of Release;
    /// `DELETE /releases/:id/deployment_graphs/:type`
    remove_of_release: remove of Release;
    /// `GET /plugins/:id/deployment_graphs/`
    list_of_plugin: list of Plugin;
    /// `GET /plugins/:id/deployment_graphs/:type`
    show_of_plugin: show of Plugin;
    /// `POST /plugins/:id/deployment_graphs/:type`
    create_of_plugin: create of Plugin;
    /// `PUT /plugins/:id/deployment_graphs/:type`
    replace_of_plugin: replace of Plugin;
    /// `PATCH /plugins/:id/deployment_graphs/:type`
    change_of_plugin: change of Plugin;
    /// `DELETE /plugins/:id/deployment_graphs/:type`
    remove_of_plugin: remove of Plugin;
    /// `GET /clusters/:id/deployment_graphs/`
    list_of_cluster: list of Cluster;
    /// `GET /clusters/:id/deployment_graphs/:type`
    show_of_cluster: show of Cluster;
    /// `POST /clusters/:id/deployment_graphs/:type`
    create_of_cluster: create of Cluster;
    /// `PUT /clusters/:id/deployment_graphs/:type`
    replace_of_cluster: replace of Cluster;
    /// `PATCH /clusters/:id/deployment_graphs/:type`
    change_of_cluster: change of Cluster;
    /// `DELETE /clusters/:id/deployment_graphs/:type`
    remove_of_cluster: remove of Cluster;
}

/// `GET /graphs/`, `?clusters_ids=&plugins_ids=&releases_ids=&graph_types=&fetch_related=`: with `fetch_related` an
/// environment brings its release's and its enabled plugins' graphs along.
pub(crate) fn all(call: &Call<'_>) -> Answer {
    let mut releases = call.id_list("releases_ids")?;
    let mut plugins = call.id_list("plugins_ids")?;
    let clusters = call.id_list("clusters_ids")?;
    if call.flag("fetch_related")? {
        for id in clusters.iter().flatten() {
            if let Some(cluster) = store::get::<Cluster>(call.database, *id)? {
                releases.get_or_insert_default().push(cluster.release_id);
                for connected in store::cluster_plugins::of(call.database, *id)? {
                    if connected.enabled {
                        plugins.get_or_insert_default().push(connected.plugin.id);
                    }
                }
            }
        }
    }
    let by_owner = [
        (GraphOwner::Release, &releases),
        (GraphOwner::Plugin, &plugins),
        (GraphOwner::Cluster, &clusters),
    ];
    let is_filtered = by_owner.iter().any(|(_, ids)| ids.is_some());
    let kinds = call.list_parameter("graph_types");
    let wanted = |graph: &&Graph| {
        let owned = !is_filtered
            || by_owner.iter().any(|(owner, ids)| {
                owner.name() == graph.owner && ids.as_ref().is_some_and(|ids| ids.contains(&graph.owner_id))
            });
        owned && kinds.as_ref().is_none_or(|kinds| kinds.contains(&graph.kind))
    };
    Ok(Reply::ok(
        graphs::all(call.database)?.iter().filter(wanted).map(shown).collect(),
    ))
}

fn by_id(call: &Call<'_>) -> Result<Graph, ApiError> {
    graphs::by_id(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("DeploymentGraph"))
}

/// `GET /graphs/:id/`
pub(crate) fn show_one(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&by_id(call)?)))
}

/// `PUT` and `PATCH /graphs/:id/`: name and tasks.
pub(crate) fn change_one(call: &Call<'_>) -> Answer {
    let graph = by_id(call)?;
    let body = call.object()?;
    let owner = [GraphOwner::Release, GraphOwner::Plugin, GraphOwner::Cluster]
        .into_iter()
        .find(|owner| owner.name() == graph.owner)
        .ok_or_else(|| ApiError::not_found("DeploymentGraph"))?;
    let tasks = tasks_of(&body)?.unwrap_or_else(|| graph.tasks.to_vec());
    write(call, owner, graph.owner_id, &graph.kind, &tasks, body.get("name"))
}

/// `DELETE /graphs/:id/`
pub(crate) fn remove_one(call: &Call<'_>) -> Answer {
    let graph = by_id(call)?;
    drop_graph(call, &graph)
}
