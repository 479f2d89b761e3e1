//! What a deployment would do: task graphs and deployment info.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use crate::environment::{self, Environment};
use crate::graph::{self, Selection, View};
use crate::hooks::{self, Plan, Stage};
use crate::pieces::Pieces;
use crate::profile::Serialization;
use crate::settings;
use crate::store::{self, GraphOwner, graphs};

/// The type of graph that a request speaks of.
fn kind<'a>(call: &'a Call<'_>) -> &'a str {
    let given = call.query.get("graph_type").map(String::as_str);
    given.filter(|kind| !kind.is_empty()).unwrap_or(graph::DEFAULT)
}

fn load<'a>(call: &Call<'a>) -> Result<Environment<'a>, ApiError> {
    Environment::load(call, call.id(0)?)
}

/// A text of the query string that is not empty.
fn text(call: &Call<'_>, name: &str) -> Option<String> {
    call.query.get(name).filter(|value| !value.is_empty()).cloned()
}

/// `GET /clusters/:id/deployment_tasks/`, `?graph_type=&start=&end=&include=`
pub(crate) fn tasks(call: &Call<'_>) -> Answer {
    let environment = load(call)?;
    let (start, end) = (text(call, "start"), text(call, "end"));
    let included = call.list_parameter("include").unwrap_or_default();
    let tasks = if start.is_none() && end.is_none() && included.is_empty() {
        graph::listed(&environment, kind(call))?
    } else {
        graph::between(
            graph::merged(&environment, kind(call))?,
            start.as_deref(),
            end.as_deref(),
            &included,
        )?
    };
    Ok(Reply::ok(graph::api_shape(&call.config.profile, &tasks)))
}

/// `PUT /clusters/:id/deployment_tasks/`: the environment's own tasks.
pub(crate) fn replace_own_tasks(call: &Call<'_>) -> Answer {
    let environment = load(call)?;
    let tasks = call.list()?;
    graph::check_each(&tasks)?;
    graphs::set(
        call.database,
        GraphOwner::Cluster,
        environment.cluster.id,
        kind(call),
        &tasks,
    )?;
    Ok(Reply::ok(graph::api_shape(
        &call.config.profile,
        &graph::own(&environment, kind(call))?,
    )))
}

/// `GET /clusters/:id/deployment_tasks/own/`
pub(crate) fn own_tasks(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(graph::api_shape(
        &call.config.profile,
        &graph::own(&load(call)?, kind(call))?,
    )))
}

/// `GET /clusters/:id/deployment_tasks/plugins/`
pub(crate) fn plugin_tasks(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(graph::api_shape(
        &call.config.profile,
        &graph::plugins(&load(call)?, kind(call))?,
    )))
}

/// `GET /clusters/:id/deployment_tasks/release/`
pub(crate) fn release_tasks(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(graph::api_shape(
        &call.config.profile,
        &graph::release(&load(call)?, kind(call))?,
    )))
}

/// `GET /clusters/:id/deploy_tasks/graph.gv`,
/// `?graph_type=&tasks=&skip=&start=&end=&parents_for=&remove=TYPES&types=TYPES`
pub(crate) fn graph_picture(call: &Call<'_>) -> Answer {
    let view = View {
        tasks: call.list_parameter("tasks").filter(|ids| !ids.is_empty()),
        skip: call.list_parameter("skip").unwrap_or_default(),
        start: text(call, "start"),
        end: text(call, "end"),
        parents_for: text(call, "parents_for"),
        remove: call.list_parameter("remove").unwrap_or_default(),
        types: call.list_parameter("types").filter(|types| !types.is_empty()),
    };
    let tasks = graph::merged(&load(call)?, kind(call))?;
    Ok(Reply::text(graph::picture(&tasks, &view)?))
}

/// `GET /clusters/:id/serialized_tasks/`
pub(crate) fn serialized_tasks(call: &Call<'_>) -> Answer {
    let mut environment = load(call)?;
    let selection = Selection {
        graph_type: Some(kind(call).to_owned()),
        nodes: call.id_list("nodes")?,
        tasks: call.list_parameter("tasks"),
        ..Selection::default()
    };
    let infos = environment::deployment_info(&mut environment, None)?;
    let graph = graph::serialize(&environment, &infos, &selection)?;
    let mut body = Pieces::default();
    body.push("{\"tasks_graph\":");
    body.append(graph.tasks_graph);
    body.push(",\"tasks_directory\":{},\"tasks_metadata\":");
    body.push_json(&graph.tasks_metadata);
    body.push(",\"dry_run\":false,\"noop_run\":false}");
    Ok(Reply::written(body))
}

/// `GET /clusters/:id/orchestrator/deployment/defaults/`: one object per node, and one for `master`. With `split=1`
/// what all have in common stands once, as uid `common` (9.x; before that a node has an object for each of its roles).
pub(crate) fn default_info(call: &Call<'_>) -> Answer {
    let mut environment = load(call)?;
    environment.cluster.replaced_deployment_info.clear();
    let nodes = call.id_list("nodes")?;
    let mut infos = environment::deployment_info(&mut environment, nodes.as_deref())?;
    if call.config.profile.serialization == Serialization::Hooks {
        hooks::add_tasks(&environment, &mut infos, &Plan::default())?;
    } else if call.flag("split")? {
        return Ok(Reply::ok(Value::from(infos.split())));
    }
    Ok(Reply::written(infos.json_list()))
}

/// `GET /clusters/:id/orchestrator/deployment/`
pub(crate) fn replaced_info(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(Value::from(load(call)?.cluster.replaced_deployment_info)))
}

/// `PUT /clusters/:id/orchestrator/deployment/`: a list of objects, one per node; an object `common` goes under each.
pub(crate) fn replace_info(call: &Call<'_>) -> Answer {
    let mut environment = load(call)?;
    let (common, nodes) = match call.json()? {
        Value::Array(items) => {
            let (common, nodes): (Vec<Value>, Vec<Value>) = items.into_iter().partition(|item| item["uid"] == "common");
            (common.into_iter().next().unwrap_or_else(|| json!({})), nodes)
        }
        Value::Object(mut members) => {
            let nodes = members
                .shift_remove("nodes")
                .and_then(|nodes| nodes.as_array().cloned())
                .unwrap_or_default();
            (members.shift_remove("common").unwrap_or_else(|| json!({})), nodes)
        }
        _ => return Err(ApiError::bad_request("Invalid data received: a list is expected")),
    };
    let infos: Vec<Value> = nodes
        .into_iter()
        .map(|node| {
            let mut info = common.clone();
            settings::merge(&mut info, &node);
            info
        })
        .collect();
    environment.cluster.replaced_deployment_info = infos.clone();
    store::replace(call.database, &environment.cluster)?;
    Ok(Reply::ok(Value::from(infos)))
}

/// `DELETE /clusters/:id/orchestrator/deployment/`
pub(crate) fn drop_replaced_info(call: &Call<'_>) -> Answer {
    let mut environment = load(call)?;
    environment.cluster.replaced_deployment_info.clear();
    store::replace(call.database, &environment.cluster)?;
    Ok(Reply::json(202, json!({})))
}

/// `GET /clusters/:id/orchestrator/plugins_pre_hooks/`, gone with release 9.0.
pub(crate) fn pre_hooks(call: &Call<'_>) -> Answer {
    hooks(call, Stage::PreDeployment)
}

/// `GET /clusters/:id/orchestrator/plugins_post_hooks/`, gone with release 9.0.
pub(crate) fn post_hooks(call: &Call<'_>) -> Answer {
    hooks(call, Stage::PostDeployment)
}

fn hooks(call: &Call<'_>, stage: Stage) -> Answer {
    let mut environment = load(call)?;
    if call.config.profile.serialization == Serialization::Graph {
        return Err(ApiError::new(405, "The plugin hooks are not supported anymore."));
    }
    let plan = Plan::of_nodes(call.id_list("nodes")?);
    environment::assign_primaries(&mut environment)?;
    let hooks = hooks::hooks(&environment, stage, &plan)?;
    Ok(Reply::ok(Value::from(hooks)))
}
