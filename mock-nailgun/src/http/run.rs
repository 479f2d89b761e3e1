//! Runs of graphs: checked, serialised and queued for Astute, one after the other.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::tasks::{self, new_task};
use super::{rig, roles};
use crate::environment::{self, Environment, clock};
use crate::graph::{self, Selection, SerializedGraph};
use crate::hooks::{self, Plan, Stage};
use crate::pieces::Pieces;
use crate::profile::Serialization;
use crate::store::{self, HistoryRecord, Node, Task, addresses, runs};

/// Nailgun's weight of provisioning in the progress of a whole deployment, against 1 for the deployment itself.
const PROVISION_WEIGHT: f64 = 0.4;

/// What is to be run: one graph or several in turn.
pub(super) struct Runs {
    /// Name of the supertask.
    pub(super) name: &'static str,
    pub(super) orders: Vec<Order>,
}

/// One graph to run, and how.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) selection: Selection,
    /// The deployment of all changes: nodes are provisioned first, and those that were removed are let go.
    pub(super) applies_changes: bool,
    /// Astute makes its plan and does nothing.
    pub(super) dry_run: bool,
    /// Puppet tells what it would do.
    pub(super) noop_run: bool,
    pub(super) debug: bool,
    /// Parts of the graph, each between the tasks of `start` and those of `end`; the rest is skipped by Astute.
    pub(super) subgraphs: Option<Value>,
}

impl Order {
    /// What the query string says.
    pub(super) fn of_query(call: &Call<'_>) -> Result<Self, ApiError> {
        // Before 9.0 there was one graph and no rehearsal.
        if call.config.profile.serialization == Serialization::Hooks {
            return Ok(Self::default());
        }
        Ok(Self {
            selection: Selection {
                graph_type: call.query.get("graph_type").filter(|kind| !kind.is_empty()).cloned(),
                with_legacy: true,
                force: call.flag("force")?,
                ..Selection::default()
            },
            dry_run: call.flag("dry_run")?,
            noop_run: call.flag("noop_run")?,
            debug: call.flag("debug")?,
            ..Self::default()
        })
    }

    /// Nothing of what the environment is changes.
    fn is_quiet(&self) -> bool {
        self.dry_run || self.noop_run
    }
}

/// No two things happen in an environment at once.
pub(super) fn check_free(call: &Call<'_>, cluster_id: i64) -> Result<(), ApiError> {
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

/// Starts the first graph; the others follow when it is over.
pub(super) fn start(call: &Call<'_>, cluster_id: i64, runs: &Runs) -> Answer {
    let mut environment = Environment::load(call, cluster_id)?;
    check_free(call, cluster_id)?;
    for order in &runs.orders {
        check_order(&environment, order)?;
    }
    if environment.nodes.iter().all(|node| node.pending_deletion) {
        return Err(ApiError::bad_request(
            "No changes to deploy: the environment has no nodes",
        ));
    }
    let mut supertask = new_task(runs.name, Some(cluster_id), None);
    supertask.dry_run = runs.orders.iter().any(|order| order.dry_run);
    store::insert(call.database, &mut supertask)?;
    // Nailgun's own checks before a deployment are tasks too, which go when they succeed.
    for _check in ["check_networks", "check_before_deployment"] {
        store::burn_id(call.database, "tasks")?;
    }
    // A supertask is answered as it was made; what goes wrong afterwards is in the task.
    let answer = tasks::shown(&call.config.profile, &supertask);
    match begin(call, &mut environment, runs, &supertask) {
        Ok(()) => Ok(Reply::json(202, answer)),
        Err(error) if error.status == 400 => {
            fail(call, &environment, &mut supertask, &error.text())?;
            Ok(Reply::json(200, tasks::shown(&call.config.profile, &supertask)))
        }
        Err(error) => Err(error),
    }
}

/// A graph, tasks and nodes that there are not are refused at once.
fn check_order(environment: &Environment<'_>, order: &Order) -> Result<(), ApiError> {
    let selection = &order.selection;
    let kind = selection.kind();
    if !graph::exists(environment, kind)? {
        return Err(ApiError::bad_request(format!("Graph with type: {kind} doesn't exist.")));
    }
    if let Some(wanted) = &selection.tasks {
        let known = graph::merged(environment, kind)?;
        let missing: Vec<&str> = wanted
            .iter()
            .map(String::as_str)
            .filter(|id| !known.iter().any(|task| task.id() == *id))
            .collect();
        if !missing.is_empty() {
            return Err(ApiError::bad_request(format!(
                "Tasks {} are not present in deployment graph",
                missing.join(",")
            )));
        }
    }
    let is_known = |id: &i64| environment.nodes.iter().any(|node| node.id == *id);
    match selection.nodes.iter().flatten().all(is_known) {
        true => Ok(()),
        false => Err(ApiError::not_found("Node")),
    }
}

fn fail(call: &Call<'_>, environment: &Environment<'_>, task: &mut Task, message: &str) -> Result<(), ApiError> {
    task.status = "error".to_owned();
    task.progress = 100;
    task.message = Some(message.to_owned());
    task.time_start.get_or_insert_with(clock::now_iso);
    task.time_end = Some(clock::now_iso());
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

/// Checks everything, runs the first graph and writes down the others.
fn begin(call: &Call<'_>, environment: &mut Environment<'_>, runs: &Runs, supertask: &Task) -> Result<(), ApiError> {
    let Some((first, others)) = runs.orders.split_first() else {
        return Err(ApiError::bad_request("No graph to run is given"));
    };
    let problem = match roles::limit_problem(environment)? {
        None => roles::assignment_problem(environment)?,
        problem => problem,
    };
    if let Some(problem) = problem {
        return Err(ApiError::bad_request(problem));
    }
    // Serialised before statuses change, so that `status: discover` and `deployed_before` are those of the start, and
    // before anything is written, so that nothing stays of what fails.
    let prepared = prepare(environment, first)?;
    let cluster_id = environment.cluster.id;
    if first.applies_changes && !first.is_quiet() {
        let mut provision = new_task("provision", Some(cluster_id), Some(supertask.id));
        provision.weight = PROVISION_WEIGHT;
        store::insert(call.database, &mut provision)?;
        provision_nodes(environment, first.selection.nodes.as_deref(), &mut provision)?;
        for node in environment.nodes.iter_mut().filter(|node| node.pending_deletion) {
            addresses::free_node(call.database, node.id)?;
            super::clusters::release_node(node);
            store::replace(call.database, node)?;
        }
        environment.nodes.retain(|node| node.cluster == Some(cluster_id));
    }
    let mut children = Vec::new();
    for order in [first].into_iter().chain(others) {
        let mut task = new_task("deployment", Some(cluster_id), Some(supertask.id));
        task.dry_run = order.dry_run;
        task.noop = order.noop_run;
        task.graph_type = Some(order.selection.kind().to_owned());
        store::insert(call.database, &mut task)?;
        children.push((task, order));
    }
    for (task, order) in children.iter_mut().skip(1) {
        task.order = serde_json::to_value(order).ok();
        store::replace(call.database, task)?;
    }
    match children.first() {
        Some((task, order)) => launch(call, environment, task, order, prepared),
        None => Ok(()),
    }
}

/// Runs the graph that waited for the one before it. What stands against it is told by its task.
pub(super) fn resume(call: &Call<'_>, mut task: Task) -> Result<(), ApiError> {
    let (Some(cluster_id), Some(order)) = (task.cluster, task.order.take()) else {
        return Ok(());
    };
    let order: Order = serde_json::from_value(order).map_err(|error| ApiError::unexpected(error.to_string()))?;
    store::replace(call.database, &task)?;
    let mut environment = Environment::load(call, cluster_id)?;
    match prepare(&mut environment, &order) {
        Ok(prepared) => launch(call, &mut environment, &task, &order, prepared),
        Err(error) if error.status == 400 => environment::fail_run(call.config, call.database, task, &error.text()),
        Err(error) => Err(error),
    }
}

/// What Astute is to do, and with what it was made.
struct Prepared {
    infos: environment::DeploymentInfo,
    work: Work,
    /// Ids of the nodes that take part; all without any.
    nodes: Option<Vec<i64>>,
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

fn prepare(environment: &mut Environment<'_>, order: &Order) -> Result<Prepared, ApiError> {
    if environment.config.profile.serialization == Serialization::Graph {
        let infos = environment::deployment_info(environment, None)?;
        let work = Work::Graph(graph::serialize(environment, &infos, &order.selection)?);
        return Ok(Prepared {
            infos,
            work,
            nodes: order.selection.nodes.clone(),
        });
    }
    let plan = match order.applies_changes {
        true => Plan::of_changes(environment),
        false => Plan::of_selection(&order.selection),
    };
    let mut infos = environment::deployment_info(environment, plan.nodes())?;
    hooks::add_tasks(environment, &mut infos, &plan)?;
    let work = Work::Hooks {
        before: hooks::hooks(environment, Stage::PreDeployment, &plan)?,
        after: hooks::hooks(environment, Stage::PostDeployment, &plan)?,
        infos: infos.json_list(),
    };
    Ok(Prepared {
        infos,
        work,
        nodes: plan.nodes().map(<[i64]>::to_vec),
    })
}

/// Writes down what runs, and queues it.
fn launch(
    call: &Call<'_>,
    environment: &mut Environment<'_>,
    task: &Task,
    order: &Order,
    prepared: Prepared,
) -> Result<(), ApiError> {
    let Prepared { infos, work, nodes } = prepared;
    let settings = Value::Object(environment.flat_settings());
    let network_configuration = &environment.cluster.network_configuration;
    runs::add(call.database, task.id, &infos.kept(), &settings, network_configuration)?;
    if let Work::Graph(graph) = &work {
        write_history(call, task, graph)?;
    }
    environment::update_parent(call.database, task)?;
    let takes_part = |node: &Node| !node.pending_deletion && nodes.as_ref().is_none_or(|ids| ids.contains(&node.id));
    let taking_part = environment.nodes.iter().filter(|node| takes_part(node));
    store::replace(
        call.database,
        &Task {
            node_progress: taking_part.map(|node| (node.id.to_string(), 0)).collect(),
            ..task.clone()
        },
    )?;
    if !order.is_quiet() {
        for node in environment.nodes.iter_mut().filter(|node| takes_part(node)) {
            node.status = "deploying".to_owned();
            node.progress = 0;
            node.error_type = None;
            node.error_msg = None;
            node.roles = node.all_roles();
            node.pending_roles.clear();
            node.pending_addition = false;
            store::replace(call.database, node)?;
        }
    }
    environment.cluster.status = "deployment".to_owned();
    store::replace(call.database, &environment.cluster)?;
    let message = match work {
        Work::Graph(graph) => message(order, task, graph),
        Work::Hooks { before, after, infos } => granular_message(task, before, after, infos),
    };
    rig::queue_message(call, &message)
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

fn message(order: &Order, task: &Task, graph: SerializedGraph) -> String {
    let mut metadata = graph.tasks_metadata;
    metadata["node_statuses_transitions"] = json!({
        "successful": {"status": "ready"},
        "failed": {"status": "error", "error_type": "deploy"},
        "stopped": {"status": "stopped"},
    });
    if let Some(subgraphs) = &order.subgraphs {
        metadata["subgraphs"] = subgraphs.clone();
    }
    let rest = json!({
        "task_uuid": task.uuid,
        "tasks_directory": {},
        "tasks_metadata": metadata,
        "dry_run": order.dry_run,
        "noop_run": order.noop_run,
        "debug": order.debug,
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
pub(super) fn provision_nodes(
    environment: &mut Environment<'_>,
    only: Option<&[i64]>,
    task: &mut Task,
) -> Result<(), ApiError> {
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
