//! Deploying: `/clusters/:id/changes` and its kin.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use super::rig;
use super::run::{self, Order, Runs, check_free};
use super::tasks::{self, new_task};
use crate::environment::{Environment, clock};
use crate::graph::Selection;
use crate::store::{self, Task, addresses};

/// `PUT /clusters/:id/changes/`: all nodes are provisioned (at once) and deployed.
pub(crate) fn deploy_changes(call: &Call<'_>) -> Answer {
    apply_changes(call, Order::of_query(call)?)
}

/// `PUT /clusters/:id/changes/redeploy/`: the same as if nothing had been deployed before.
pub(crate) fn redeploy(call: &Call<'_>) -> Answer {
    let mut order = Order::of_query(call)?;
    order.selection.force = true;
    apply_changes(call, order)
}

fn apply_changes(call: &Call<'_>, mut order: Order) -> Answer {
    order.applies_changes = true;
    let runs = Runs {
        name: "deploy",
        orders: vec![order],
    };
    run::start(call, call.id(0)?, &runs)
}

/// `PUT /clusters/:id/deploy/?nodes=`
pub(crate) fn deploy_nodes(call: &Call<'_>) -> Answer {
    let mut order = Order::of_query(call)?;
    order.selection.nodes = call.id_list("nodes")?;
    deploy(call, order)
}

/// `PUT /clusters/:id/deploy_tasks/?nodes=` with a list of task ids.
pub(crate) fn deploy_tasks(call: &Call<'_>) -> Answer {
    let mut order = Order::of_query(call)?;
    order.selection.nodes = call.id_list("nodes")?;
    let ids: Vec<String> = call
        .list()?
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if ids.is_empty() {
        return Err(ApiError::bad_request("Tasks list must be specified."));
    }
    order.selection.tasks = Some(ids);
    deploy(call, order)
}

fn deploy(call: &Call<'_>, order: Order) -> Answer {
    let runs = Runs {
        name: "deployment",
        orders: vec![order],
    };
    run::start(call, call.id(0)?, &runs)
}

/// `POST /graphs/execute/`: `{cluster, graphs: [{type, tasks?, nodes?}], subgraphs?, dry_run, noop_run, force, debug}`.
/// The graphs run in turn, each when the one before it has succeeded.
pub(crate) fn execute_graphs(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    let cluster = body
        .get("cluster")
        .and_then(Value::as_i64)
        .ok_or_else(|| ApiError::bad_request("'cluster' is a required property"))?;
    let graphs = body
        .get("graphs")
        .and_then(Value::as_array)
        .filter(|graphs| !graphs.is_empty())
        .ok_or_else(|| ApiError::bad_request("'graphs' is a required property: a list of graphs to run"))?;
    let flag = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(ApiError::bad_request(format!("{other} is not of type 'boolean'"))),
    };
    let mut orders = Vec::new();
    for graph in graphs {
        orders.push(Order {
            selection: Selection {
                graph_type: graph["type"].as_str().map(str::to_owned),
                nodes: graph["nodes"]
                    .as_array()
                    .map(|ids| ids.iter().filter_map(Value::as_i64).collect()),
                tasks: graph["tasks"]
                    .as_array()
                    .map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
                with_legacy: true,
                force: flag("force")?,
            },
            dry_run: flag("dry_run")?,
            noop_run: flag("noop_run")?,
            debug: flag("debug")?,
            applies_changes: false,
            subgraphs: body.get("subgraphs").filter(|parts| parts.is_array()).cloned(),
        });
    }
    let runs = Runs { name: "deploy", orders };
    run::start(call, cluster, &runs)
}

/// `PUT /clusters/:id/provision/?nodes=`: the rig's nodes are there already, so they are provisioned at once.
pub(crate) fn provision(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    check_free(call, environment.cluster.id)?;
    let nodes = call.id_list("nodes")?;
    let mut task = new_task("provision", Some(environment.cluster.id), None);
    store::insert(call.database, &mut task)?;
    run::provision_nodes(&mut environment, nodes.as_deref(), &mut task)?;
    Ok(tasks::accepted(&call.config.profile, &task))
}

/// `PUT /clusters/:id/stop_deployment/`
pub(crate) fn stop(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    let stopping: Option<Task> = store::find(
        call.database,
        "document ->> 'cluster' = ?1 AND document ->> 'status' IN ('pending', 'running')
         AND document ->> 'name' = 'stop_deployment'",
        [environment.cluster.id],
    )?;
    if let Some(stopping) = stopping {
        return Err(ApiError::new(
            409,
            format!("The deployment is being stopped already, by task {}.", stopping.id),
        ));
    }
    let running: Option<Task> = store::find(
        call.database,
        "document ->> 'cluster' = ?1 AND document ->> 'status' IN ('pending', 'running')
         AND document ->> 'name' = 'deployment'",
        [environment.cluster.id],
    )?;
    let running = running.ok_or_else(|| ApiError::bad_request("Nothing to stop: there is no running deployment."))?;
    let mut task = new_task("stop_deployment", Some(environment.cluster.id), None);
    store::insert(call.database, &mut task)?;
    let nodes: Vec<Value> = environment
        .nodes
        .iter()
        .map(|node| json!({"uid": node.uid(), "slave_name": node.hostname, "roles": node.all_roles()}))
        .collect();
    let message = json!({
        "api_version": "1",
        "method": "stop_deploy_task",
        "respond_to": "stop_deployment_resp",
        "args": {"task_uuid": task.uuid, "stop_task_uuid": running.uuid, "nodes": nodes, "engine": {}},
    });
    rig::queue_message(call, &message.to_string())?;
    Ok(tasks::accepted(&call.config.profile, &task))
}

/// `PUT /clusters/:id/reset/`: as before the first deployment. Nothing happens on nodes.
pub(crate) fn reset(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    check_free(call, environment.cluster.id)?;
    for node in &mut environment.nodes {
        let roles = node.all_roles();
        node.roles.clear();
        node.pending_roles = roles;
        node.pending_addition = true;
        node.status = "discover".to_owned();
        node.progress = 0;
        node.error_type = None;
        addresses::free_node(call.database, node.id)?;
        store::replace(call.database, node)?;
    }
    environment.cluster.status = "new".to_owned();
    environment.cluster.deployed = None;
    if let Some(before) = environment.cluster.generated.get_mut("deployed_before") {
        *before = json!({"value": false});
    }
    store::replace(call.database, &environment.cluster)?;
    let mut task = new_task("reset_environment", Some(environment.cluster.id), None);
    task.status = "ready".to_owned();
    task.progress = 100;
    task.time_start = Some(clock::now_iso());
    task.time_end = task.time_start.clone();
    task.message = Some(format!(
        "Environment '{}' was successfully reset",
        environment.cluster.name
    ));
    store::insert(call.database, &mut task)?;
    Ok(tasks::accepted(&call.config.profile, &task))
}
