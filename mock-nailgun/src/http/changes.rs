//! Deploying: `/clusters/:id/changes` and its kin.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::tasks::{self, new_task};
use super::{rig, roles};
use crate::environment::{self, Environment, clock};
use crate::graph::{self, Selection, SerializedGraph};
use crate::hooks::{self, Stage};
use crate::pieces::Pieces;
use crate::profile::Serialization;
use crate::store::{self, HistoryRecord, Task, addresses, runs};

/// Nailgun's weight of provisioning in the progress of a whole deployment, against 1 for the deployment itself.
const PROVISION_WEIGHT: f64 = 0.4;

/// What a run was asked to do.
struct Run {
    /// Name of the supertask.
    name: &'static str,
    provisions: bool,
    selection: Selection,
    dry_run: bool,
    noop_run: bool,
    debug: bool,
    graph_type: Option<String>,
}

impl Run {
    fn new(call: &Call<'_>, name: &'static str) -> Result<Self, ApiError> {
        Ok(Self {
            name,
            provisions: true,
            selection: Selection {
                with_legacy: true,
                ..Selection::default()
            },
            dry_run: call.flag("dry_run")?,
            noop_run: call.flag("noop_run")?,
            debug: call.flag("debug")?,
            graph_type: call.query.get("graph_type").filter(|kind| !kind.is_empty()).cloned(),
        })
    }
}

/// `PUT /clusters/:id/changes/` and `…/changes/redeploy/`: all nodes are provisioned (at once) and deployed.
pub(crate) fn deploy_changes(call: &Call<'_>) -> Answer {
    start(call, Run::new(call, "deploy")?)
}

/// `PUT /clusters/:id/deploy/?nodes=`
pub(crate) fn deploy_nodes(call: &Call<'_>) -> Answer {
    let mut run = Run::new(call, "deployment")?;
    run.provisions = false;
    run.selection.nodes = call.id_list("nodes")?;
    start(call, run)
}

/// `PUT /clusters/:id/deploy_tasks/?nodes=` with a list of task ids.
pub(crate) fn deploy_tasks(call: &Call<'_>) -> Answer {
    let mut run = Run::new(call, "deployment")?;
    run.provisions = false;
    run.selection.nodes = call.id_list("nodes")?;
    let ids: Vec<String> = call
        .list()?
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if ids.is_empty() {
        return Err(ApiError::bad_request("Tasks list must be specified."));
    }
    run.selection.tasks = Some(ids);
    start(call, run)
}

/// `POST /graphs/execute/`: `{cluster, graphs: [{type, tasks?, nodes?}], dry_run, noop_run, force, debug}`. One graph, of
/// type `default`, can be run.
pub(crate) fn execute_graph(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    let cluster = body
        .get("cluster")
        .and_then(Value::as_i64)
        .ok_or_else(|| ApiError::bad_request("'cluster' is a required property"))?;
    let graphs = body
        .get("graphs")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let [graph] = graphs.as_slice() else {
        return Err(ApiError::bad_request("This mock of Nailgun runs one graph at a time"));
    };
    let flag = |key: &str| body.get(key).and_then(Value::as_bool).unwrap_or(false);
    let run = Run {
        name: "deploy",
        provisions: false,
        selection: Selection {
            nodes: graph["nodes"]
                .as_array()
                .map(|ids| ids.iter().filter_map(Value::as_i64).collect()),
            tasks: graph["tasks"]
                .as_array()
                .map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            with_legacy: true,
        },
        dry_run: flag("dry_run"),
        noop_run: flag("noop_run"),
        debug: flag("debug"),
        graph_type: graph["type"].as_str().map(str::to_owned),
    };
    start_in(call, cluster, run)
}

/// `PUT /clusters/:id/provision/?nodes=`: the rig's nodes are there already, so they are provisioned at once.
pub(crate) fn provision(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    check_free(call, environment.cluster.id)?;
    let nodes = call.id_list("nodes")?;
    let mut task = new_task("provision", Some(environment.cluster.id), None);
    store::insert(call.database, &mut task)?;
    provision_nodes(&mut environment, nodes.as_deref(), &mut task)?;
    Ok(tasks::accepted(&task))
}

/// `PUT /clusters/:id/stop_deployment/`
pub(crate) fn stop(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
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
    Ok(tasks::accepted(&task))
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
    Ok(tasks::accepted(&task))
}

fn check_free(call: &Call<'_>, cluster_id: i64) -> Result<(), ApiError> {
    let running: Option<Task> = store::find(
        call.database,
        "document ->> 'cluster' = ?1 AND document ->> 'status' IN ('pending', 'running')",
        [cluster_id],
    )?;
    match running {
        Some(_) => Err(ApiError::deep(
            "Cannot perform the actions because there are another running tasks.",
        )),
        None => Ok(()),
    }
}

fn start(call: &Call<'_>, run: Run) -> Answer {
    start_in(call, call.id(0)?, run)
}

fn start_in(call: &Call<'_>, cluster_id: i64, run: Run) -> Answer {
    let mut environment = Environment::load(call, cluster_id)?;
    check_free(call, cluster_id)?;
    if run.graph_type.as_deref().is_some_and(|kind| kind != "default") {
        return Err(ApiError::bad_request(format!(
            "Graph with type: {} doesn't exist.",
            run.graph_type.as_deref().unwrap_or_default()
        )));
    }
    if environment.nodes.iter().all(|node| node.pending_deletion) {
        return Err(ApiError::bad_request(
            "No changes to deploy: the environment has no nodes",
        ));
    }
    let mut supertask = new_task(run.name, Some(cluster_id), None);
    supertask.dry_run = run.dry_run;
    store::insert(call.database, &mut supertask)?;
    // Nailgun's own checks before a deployment are tasks too, which go when they succeed.
    for _check in ["check_networks", "check_before_deployment"] {
        store::burn_id(call.database, "tasks")?;
    }
    // A supertask is answered as it was made; what goes wrong afterwards is in the task.
    let answer = tasks::shown(&supertask);
    match begin(call, &mut environment, &run, &supertask) {
        Ok(()) => Ok(Reply::json(202, answer)),
        Err(error) if error.status == 400 => {
            fail(call, &mut environment, &mut supertask, &error.text())?;
            Ok(Reply::json(200, tasks::shown(&supertask)))
        }
        Err(error) => Err(error),
    }
}

fn fail(call: &Call<'_>, environment: &mut Environment<'_>, task: &mut Task, message: &str) -> Result<(), ApiError> {
    task.status = "error".to_owned();
    task.progress = 100;
    task.message = Some(message.to_owned());
    task.time_start = Some(clock::now_iso());
    task.time_end = task.time_start.clone();
    store::replace(call.database, task)?;
    Ok(environment::notify(
        call.database,
        "error",
        message,
        Some(environment.cluster.id),
        None,
        Some(task.id),
    )?)
}

/// Checks, serialises and queues. Nothing is written before everything that can fail has succeeded.
fn begin(call: &Call<'_>, environment: &mut Environment<'_>, run: &Run, supertask: &Task) -> Result<(), ApiError> {
    if let Some(problem) = roles::limit_problem(environment)? {
        return Err(ApiError::bad_request(problem));
    }
    let quiet = run.dry_run || run.noop_run;
    let remove: Vec<i64> = environment
        .nodes
        .iter()
        .filter(|node| node.pending_deletion)
        .map(|node| node.id)
        .collect();
    // Serialised before statuses change, so that `status: discover` and `deployed_before` are those of the start.
    let mut infos = environment::deployment_info(environment, None)?;
    let work = match call.config.profile.serialization {
        Serialization::Graph => Work::Graph(graph::serialize(environment, &infos, &run.selection)?),
        Serialization::Hooks => {
            hooks::add_tasks(environment, &mut infos)?;
            let only = run.selection.nodes.as_deref();
            Work::Hooks {
                before: hooks::hooks(environment, Stage::PreDeployment, only)?,
                after: hooks::hooks(environment, Stage::PostDeployment, only)?,
                infos: infos.json_list(),
            }
        }
    };
    let settings = Value::Object(environment.flat_settings());
    let network_configuration = environment.cluster.network_configuration.clone();
    let cluster_id = environment.cluster.id;
    if run.provisions && !quiet {
        let mut provision = new_task("provision", Some(cluster_id), Some(supertask.id));
        provision.weight = PROVISION_WEIGHT;
        store::insert(call.database, &mut provision)?;
        provision_nodes(environment, run.selection.nodes.as_deref(), &mut provision)?;
    }
    let mut task = new_task("deployment", Some(cluster_id), Some(supertask.id));
    task.dry_run = run.dry_run;
    task.noop = run.noop_run;
    task.graph_type = Some("default".to_owned());
    store::insert(call.database, &mut task)?;
    runs::add(call.database, task.id, &infos.kept(), &settings, &network_configuration)?;
    if let Work::Graph(graph) = &work {
        write_history(call, &task, graph)?;
    }
    environment::update_parent(call.database, &task)?;
    if !quiet {
        for node in &mut environment.nodes {
            if remove.contains(&node.id) {
                addresses::free_node(call.database, node.id)?;
                super::clusters::release_node(node);
            } else if run.selection.nodes.as_ref().is_none_or(|ids| ids.contains(&node.id)) {
                node.status = "deploying".to_owned();
                node.progress = 0;
                node.error_type = None;
                node.error_msg = None;
                node.roles = node.all_roles();
                node.pending_roles.clear();
                node.pending_addition = false;
            }
            store::replace(call.database, node)?;
        }
    }
    environment.cluster.status = "deployment".to_owned();
    store::replace(call.database, &environment.cluster)?;
    let message = match work {
        Work::Graph(graph) => message(run, &task, graph),
        Work::Hooks { before, after, infos } => granular_message(&task, before, after, infos),
    };
    rig::queue_message(call, &message)
}

/// What Astute is to do.
enum Work {
    /// From 9.0 on.
    Graph(SerializedGraph),
    /// To 8.0.
    Hooks {
        before: Vec<Value>,
        after: Vec<Value>,
        infos: Pieces,
    },
}

fn granular_message(task: &Task, before: Vec<Value>, after: Vec<Value>, infos: Pieces) -> String {
    let rest = json!({"task_uuid": task.uuid, "pre_deployment": before, "post_deployment": after}).to_string();
    let mut text = Pieces::default();
    text.push(r#"{"api_version":"1","method":"granular_deploy","respond_to":"deploy_resp","args":{"deployment_info":"#);
    text.append(infos);
    text.push(",");
    text.push(&rest[1..]);
    text.push("}");
    text.into_text()
}

fn message(run: &Run, task: &Task, graph: SerializedGraph) -> String {
    let mut metadata = graph.tasks_metadata;
    metadata["node_statuses_transitions"] = json!({
        "successful": {"status": "ready"},
        "failed": {"status": "error", "error_type": "deploy"},
        "stopped": {"status": "stopped"},
    });
    let rest = json!({
        "task_uuid": task.uuid,
        "tasks_directory": {},
        "tasks_metadata": metadata,
        "dry_run": run.dry_run,
        "noop_run": run.noop_run,
        "debug": run.debug,
    })
    .to_string();
    let mut text = Pieces::default();
    text.push(r#"{"api_version":"1","method":"task_deploy","respond_to":"transaction_resp","args":{"tasks_graph":"#);
    text.append(graph.tasks_graph);
    text.push(",");
    text.push(&rest[1..]);
    text.push("}");
    text.into_text()
}

fn write_history(call: &Call<'_>, task: &Task, graph: &SerializedGraph) -> Result<(), ApiError> {
    for entry in &graph.entries {
        store::insert(
            call.database,
            &mut HistoryRecord {
                id: 0,
                task_id: task.id,
                node_id: entry.node.clone(),
                task_name: entry.task.clone(),
                status: if entry.is_skipped { "skipped" } else { "pending" }.to_owned(),
                time_start: None,
                time_end: None,
                summary: json!({}),
                custom: json!({}),
                task: Value::clone(&entry.fields),
            },
        )?;
    }
    Ok(())
}

/// The rig's nodes come with their system: provisioning is over as soon as it begins.
fn provision_nodes(environment: &mut Environment<'_>, only: Option<&[i64]>, task: &mut Task) -> Result<(), ApiError> {
    for node in &mut environment.nodes {
        let chosen = only.is_none_or(|ids| ids.contains(&node.id));
        if chosen && matches!(node.status.as_str(), "discover" | "provisioning") {
            node.status = "provisioned".to_owned();
            node.progress = 100;
            store::replace(environment.database, node)?;
        }
    }
    task.status = "ready".to_owned();
    task.progress = 100;
    task.time_start = Some(clock::now_iso());
    task.time_end = task.time_start.clone();
    task.message = Some(format!(
        "Provision of environment '{}' is done.{}",
        environment.cluster.name,
        environment::plugin_lines(environment)
    ));
    Ok(store::replace(environment.database, task)?)
}
