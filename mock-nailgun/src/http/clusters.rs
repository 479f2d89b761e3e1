//! `/clusters`

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::json_schema::{Kind, Schema};
use super::{components, links, tasks};
use crate::environment::{self, Environment};
use crate::settings;
use crate::store::{self, Cluster, GraphOwner, Node, NodeGroup, Release, Task, addresses, graphs};

/// What a cluster may be given.
const SCHEMA: Schema = Schema {
    required: &[],
    fields: &[
        ("name", Kind::String),
        ("mode", Kind::String),
        ("components", Kind::ListOfStrings),
        ("nodes", Kind::ListOfIntegers),
        ("ui_settings", Kind::Object),
    ],
    closed: false,
};

pub(crate) fn shown(call: &Call<'_>, cluster: &Cluster) -> Result<Value, ApiError> {
    let profile = &call.config.profile;
    let ready_nodes: Vec<Node> = if profile.ready_nodes_lock {
        store::find_all(
            call.database,
            "document ->> 'cluster' = ?1 AND document ->> 'status' = 'ready'",
            [cluster.id],
        )?
    } else {
        Vec::new()
    };
    let mut shown = json!({
        "id": cluster.id,
        "name": cluster.name,
        "status": cluster.status,
        "mode": cluster.mode,
        "release_id": cluster.release_id,
        "net_provider": cluster.net_provider,
        "fuel_version": cluster.fuel_version,
        "is_customized": !cluster.replaced_deployment_info.is_empty(),
        "is_locked": settings::is_locked(profile, cluster, &ready_nodes),
        "components": cluster.components,
        "ui_settings": cluster.ui_settings,
        "changes": cluster.changes,
    });
    for key in profile.cluster_fields_added {
        shown[*key] = Value::Null;
    }
    if let Some(members) = shown.as_object_mut() {
        members.retain(|key, _| !profile.cluster_fields_absent.contains(&key.as_str()));
    }
    Ok(shown)
}

pub(crate) fn find(call: &Call<'_>) -> Result<Cluster, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("Cluster"))
}

/// `GET /clusters/`
pub(crate) fn list(call: &Call<'_>) -> Answer {
    let clusters = store::all::<Cluster>(call.database)?;
    let shown: Result<Vec<Value>, ApiError> = clusters.iter().map(|cluster| shown(call, cluster)).collect();
    Ok(Reply::ok(Value::from(shown?)))
}

/// `GET /clusters/:id/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(call, &find(call)?)?))
}

/// `POST /clusters/`
pub(crate) fn create(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    SCHEMA.check(&body)?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(ApiError::bad_request("'name' is a required property"));
    }
    check_name(call, name, 0)?;
    let release = release_of(call, &body)?;
    let mode = body
        .get("mode")
        .and_then(Value::as_str)
        .unwrap_or("ha_compact")
        .to_owned();
    check_mode(&release, &mode)?;
    // Before 8.0 there were none.
    let has_components = !call.config.profile.cluster_fields_absent.contains(&"components");
    let chosen: Vec<String> = body
        .get("components")
        .filter(|_| has_components)
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let segmentation = components::segmentation(&chosen)
        .or_else(|| body.get("net_segment_type").and_then(Value::as_str))
        .unwrap_or("vlan")
        .to_owned();
    let mut cluster = Cluster {
        id: 0,
        name: name.to_owned(),
        status: "new".to_owned(),
        mode,
        release_id: release.id,
        net_provider: "neutron".to_owned(),
        fuel_version: call.config.profile.reported_version.to_owned(),
        components: chosen,
        ui_settings: default_ui_settings(),
        changes: ["attributes", "networks", "vmware_attributes"]
            .iter()
            .map(|change| json!({"name": change, "node_id": null}))
            .collect(),
        editable: Map::new(),
        generated: Map::new(),
        network_configuration: Value::Null,
        deployed: None,
        replaced_deployment_info: Vec::new(),
        replaced_provisioning_info: Value::Null,
        vmware_attributes: Value::Null,
        extensions: Value::Null,
        own_roles: Map::new(),
    };
    store::insert(call.database, &mut cluster)?;
    let group = NodeGroup::begin(call.database, cluster.id)?;
    environment::connect_cluster(&call.config.profile, call.database, &cluster, &release)?;
    let mut environment = Environment::load(call, cluster.id)?;
    environment.renew_plugins()?;
    let mut generated = environment.release_attributes("generated");
    environment.fill_in(&mut generated);
    environment.cluster.editable = environment.initial_editable();
    environment.cluster.generated = generated;
    environment.cluster.network_configuration =
        environment::default_configuration(&release, cluster.id, group.id, &segmentation);
    components::apply(call, &mut environment)?;
    store::replace(call.database, &environment.cluster)?;
    for id in body.get("nodes").and_then(Value::as_array).into_iter().flatten() {
        take_in_by_id(call, id, cluster.id)?;
    }
    Ok(Reply::json(201, shown(call, &environment.cluster)?))
}

fn check_mode(release: &Release, mode: &str) -> Result<(), ApiError> {
    let modes = release.metadata.get("modes_metadata").and_then(Value::as_object);
    if modes.is_some_and(|modes| modes.contains_key(mode)) {
        return Ok(());
    }
    let known: Vec<&str> = modes.into_iter().flat_map(Map::keys).map(String::as_str).collect();
    Err(ApiError::bad_request(format!(
        "Cannot deploy in {mode} mode in current release. Need to be one of: {}",
        known.join(", ")
    )))
}

fn default_ui_settings() -> Value {
    json!({
        "view_mode": "standard", "filter": {}, "sort": [{"roles": "asc"}], "filter_by_labels": {}, "sort_by_labels": [],
        "search": "",
    })
}

/// How many characters the name of an environment may have.
const LONGEST_NAME: usize = 255;

fn check_name(call: &Call<'_>, name: &str, own_id: i64) -> Result<(), ApiError> {
    if name.is_empty() {
        return Err(ApiError::bad_request("The name of an environment must not be empty"));
    }
    let length = name.chars().count();
    if length > LONGEST_NAME {
        return Err(ApiError::bad_request(format!(
            "The name of an environment has {length} characters; it may have {LONGEST_NAME}"
        )));
    }
    let other: Option<Cluster> = store::find(call.database, "document ->> 'name' = ?1", [name])?;
    match other {
        Some(other) if other.id != own_id => Err(ApiError::new(409, "Environment with this name already exists")),
        _ => Ok(()),
    }
}

fn release_of(call: &Call<'_>, body: &Map<String, Value>) -> Result<Release, ApiError> {
    let id = body
        .get("release_id")
        .or_else(|| body.get("release"))
        .unwrap_or(&Value::Null);
    if id.is_null() {
        return Err(ApiError::bad_request("Release ID is required"));
    }
    let release: Option<Release> = id.as_i64().map_or(Ok(None), |id| store::get(call.database, id))?;
    let release = release.ok_or_else(|| ApiError::bad_request("Invalid release ID"))?;
    if release.state == "unavailable" {
        return Err(ApiError::new(
            403,
            format!("Release with ID '{}' is not deployable.", release.id),
        ));
    }
    Ok(release)
}

/// `PUT /clusters/:id/`
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut cluster = find(call)?;
    let body = call.object()?;
    SCHEMA.check(&body)?;
    if body
        .get("net_provider")
        .is_some_and(|provider| provider != cluster.net_provider.as_str())
    {
        return Err(ApiError::bad_request(
            "Changing 'net_provider' for environment is prohibited",
        ));
    }
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        check_name(call, name, cluster.id)?;
        cluster.name = name.to_owned();
    }
    if let Some(ui_settings) = body.get("ui_settings") {
        cluster.ui_settings = ui_settings.clone();
    }
    if let Some(mode) = body.get("mode").and_then(Value::as_str)
        && call.config.profile.mode_may_change
    {
        let release: Option<Release> = store::get(call.database, cluster.release_id)?;
        check_mode(&release.ok_or_else(|| ApiError::not_found("Release"))?, mode)?;
        cluster.mode = mode.to_owned();
    }
    if let Some(ids) = body.get("nodes").and_then(Value::as_array) {
        replace_nodes(call, &cluster, ids)?;
    }
    store::replace(call.database, &cluster)?;
    Ok(Reply::ok(shown(call, &cluster)?))
}

/// Makes those nodes the environment's, and lets go the others.
fn replace_nodes(call: &Call<'_>, cluster: &Cluster, ids: &[Value]) -> Result<(), ApiError> {
    let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
    for mut node in store::find_all::<Node>(call.database, "document ->> 'cluster' = ?1", [cluster.id])? {
        if !ids.contains(&node.id) {
            addresses::free_node(call.database, node.id)?;
            release_node(&mut node);
            store::replace(call.database, &node)?;
        }
    }
    for id in ids {
        take_in_by_id(call, &id.into(), cluster.id)?;
    }
    Ok(())
}

fn take_in_by_id(call: &Call<'_>, id: &Value, cluster: i64) -> Result<(), ApiError> {
    let node: Option<Node> = id.as_i64().map_or(Ok(None), |id| store::get(call.database, id))?;
    let mut node = node.ok_or_else(|| ApiError::bad_request(format!("Nodes with ids {id} were not found.")))?;
    take_in(call, &mut node, cluster)?;
    Ok(store::replace(call.database, &node)?)
}

/// Makes a node one of an environment's. The node is not saved.
///
/// # Errors
/// 400 where the environment is not there, or the node is in another one.
pub(crate) fn take_in(call: &Call<'_>, node: &mut Node, cluster: i64) -> Result<(), ApiError> {
    if node.cluster == Some(cluster) {
        return Ok(());
    }
    if node.cluster.is_some() {
        return Err(ApiError::bad_request(format!(
            "Nodes with ids {} already assigned to environments. Nodes must be unassigned before they can be assigned \
             again.",
            node.id
        )));
    }
    if store::get::<Cluster>(call.database, cluster)?.is_none() {
        return Err(ApiError::bad_request(format!(
            "Node {} cannot go into environment {cluster}: there is no such environment",
            node.id
        )));
    }
    node.cluster = Some(cluster);
    Ok(())
}

/// `DELETE /clusters/:id/`: nothing has to be done on nodes, so the task is over at once.
pub(crate) fn remove(call: &Call<'_>) -> Answer {
    let cluster = find(call)?;
    // Read whether it is needed or not: a word that is no boolean is an error either way.
    let force = call.flag("force")?;
    let running: Option<Task> = store::find(
        call.database,
        "document ->> 'cluster' = ?1 AND document ->> 'status' IN ('pending', 'running')",
        [cluster.id],
    )?;
    if running.is_some() && !force {
        return Err(ApiError::bad_request(format!(
            "Can't delete environment '{}' when running deployment task exists.",
            cluster.id
        )));
    }
    for mut node in store::find_all::<Node>(call.database, "document ->> 'cluster' = ?1", [cluster.id])? {
        addresses::free_node(call.database, node.id)?;
        release_node(&mut node);
        store::replace(call.database, &node)?;
    }
    let mut task = tasks::new_task("cluster_deletion", Some(cluster.id), None);
    store::insert(call.database, &mut task)?;
    let reply = tasks::shown(&call.config.profile, &task);
    for task in store::find_all::<Task>(call.database, "document ->> 'cluster' = ?1", [cluster.id])? {
        call.database
            .execute("DELETE FROM history WHERE document ->> 'task_id' = ?1", [task.id])?;
        store::delete::<Task>(call.database, task.id)?;
    }
    graphs::delete_of(call.database, GraphOwner::Cluster, cluster.id)?;
    links::delete_of::<true>(call.database, cluster.id)?;
    for group in NodeGroup::of(call.database, cluster.id)? {
        store::delete::<NodeGroup>(call.database, group.id)?;
    }
    store::delete::<Cluster>(call.database, cluster.id)?;
    let message = format!("Environment '{}' and all its nodes are deleted", cluster.name);
    environment::notify(call.database, "done", &message, None, None, None)?;
    Ok(Reply::json(202, reply))
}

/// Takes a node out of its environment.
pub(crate) fn release_node(node: &mut Node) {
    node.cluster = None;
    node.group = None;
    node.roles.clear();
    node.pending_roles.clear();
    node.primary_tags.clear();
    node.pending_addition = false;
    node.pending_deletion = false;
    node.status = "discover".to_owned();
    node.progress = 0;
    node.error_type = None;
    node.error_msg = None;
}
