//! `/nodes`

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::clusters;
use super::error::ApiError;
use super::json_schema;
use super::{node_fields, node_groups};
use crate::environment::{self, Environment};
use crate::store::{self, Node, addresses};

fn shown(call: &Call<'_>, node: &Node) -> Result<Value, ApiError> {
    let environment = node.cluster.map(|id| Environment::load(call, id)).transpose()?;
    let network_data = match &environment {
        Some(environment) => environment::node_network_data(environment, node)?,
        None => json!([]),
    };
    Ok(json!({
        "id": node.id,
        "name": node.name,
        "hostname": node.hostname,
        "fqdn": format!("{}.{}", node.hostname, call.config.profile.domain),
        "mac": node.mac,
        "ip": node.ip,
        "meta": node.meta,
        "status": node.status,
        "progress": node.progress,
        "roles": node.roles,
        "pending_roles": node.pending_roles,
        "pending_addition": node.pending_addition,
        "pending_deletion": node.pending_deletion,
        "cluster": node.cluster,
        "group_id": node_groups::group_of(call, node)?,
        "online": node.online,
        "error_type": node.error_type,
        "labels": node.labels,
        "kernel_params": node.kernel_params,
        "os_platform": node.os_platform,
        "platform_name": node.platform_name,
        "manufacturer": node.manufacturer,
        "network_data": network_data,
    }))
}

pub(crate) fn find(call: &Call<'_>) -> Result<Node, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("Node"))
}

/// `GET /nodes/`, `?cluster_id=N` (empty: unassigned ones)
pub(crate) fn list(call: &Call<'_>) -> Answer {
    let nodes: Vec<Node> = match call.query.get("cluster_id").map(String::as_str) {
        None => store::all(call.database)?,
        Some("" | "None") => store::find_all(call.database, "document ->> 'cluster' IS NULL", [])?,
        Some(id) => {
            let id: i64 = id
                .parse()
                .map_err(|_| ApiError::bad_request("cluster_id is not integer"))?;
            store::find_all(call.database, "document ->> 'cluster' = ?1", [id])?
        }
    };
    let shown: Result<Vec<Value>, ApiError> = nodes.iter().map(|node| shown(call, node)).collect();
    Ok(Reply::ok(Value::from(shown?)))
}

/// `GET /nodes/:id/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(call, &find(call)?)?))
}

/// `POST /nodes/`: a node's agent reports it.
pub(crate) fn create(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    let mac = body
        .get("mac")
        .and_then(Value::as_str)
        .ok_or_else(|| ApiError::bad_request("No mac address specified"))?
        .to_lowercase();
    node_fields::check(&body)?;
    check_meta(body.get("meta"))?;
    if find_by_mac(call, &mac)?.is_some() {
        return Err(ApiError::new(
            409,
            format!("Node with mac {mac} already exists - doing nothing"),
        ));
    }
    let last_octets: Vec<&str> = mac.split(':').rev().take(2).collect();
    let short_mac: Vec<&str> = last_octets.into_iter().rev().collect();
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut node = Node {
        id: 0,
        name: text("name").unwrap_or_else(|| format!("Untitled ({})", short_mac.join(":"))),
        hostname: String::new(),
        mac,
        ip: text("ip"),
        meta: Value::Null,
        status: text("status").unwrap_or_else(|| "discover".to_owned()),
        progress: 0,
        roles: Vec::new(),
        pending_roles: Vec::new(),
        primary_tags: Vec::new(),
        pending_addition: false,
        pending_deletion: false,
        cluster: None,
        group: None,
        online: true,
        error_type: None,
        error_msg: None,
        os_platform: text("os_platform"),
        platform_name: text("platform_name"),
        manufacturer: text("manufacturer"),
        labels: body.get("labels").cloned().unwrap_or_else(|| json!({})),
        kernel_params: None,
        attributes: Map::new(),
        interfaces: Vec::new(),
        disks: Vec::new(),
    };
    node.meta = body.get("meta").cloned().unwrap_or_else(|| json!({}));
    check_address(call, &node)?;
    store::insert(call.database, &mut node)?;
    node.hostname = text("hostname").unwrap_or_else(|| format!("node-{}", node.id));
    store::replace(call.database, &node)?;
    let message = format!("New node is discovered: {} ", hardware(&node.meta));
    environment::notify(call.database, "discover", &message, None, Some(node.id), None)?;
    Ok(Reply::json(201, shown(call, &node)?))
}

fn find_by_mac(call: &Call<'_>, mac: &str) -> Result<Option<Node>, ApiError> {
    Ok(store::find(
        call.database,
        "document ->> 'mac' = ?1",
        [mac.to_lowercase()],
    )?)
}

fn check_meta(meta: Option<&Value>) -> Result<(), ApiError> {
    let Some(meta) = meta else { return Ok(()) };
    let Some(interfaces) = meta.get("interfaces") else {
        return Ok(());
    };
    let list = interfaces
        .as_array()
        .ok_or_else(|| ApiError::bad_request("Meta.interfaces should be a list"))?;
    for interface in list {
        for key in ["name", "mac"] {
            if !interface[key].is_string() {
                return Err(ApiError::bad_request(format!(
                    "Meta.interfaces: each interface must have '{key}' key with data"
                )));
            }
        }
    }
    Ok(())
}

fn check_address(call: &Call<'_>, node: &Node) -> Result<(), ApiError> {
    let Some(ip) = &node.ip else { return Ok(()) };
    let other: Option<Node> = store::find(call.database, "document ->> 'ip' = ?1", [ip])?;
    match other {
        Some(other) if other.id != node.id => Err(ApiError::new(
            409,
            format!("Node with ip {ip} already exists: node {}", other.id),
        )),
        _ => Ok(()),
    }
}

/// `4 CPUs / 8.0 GB RAM / 0.214 TB HDD`; disks are counted in 1000s.
fn hardware(meta: &Value) -> String {
    let cpus = meta["cpu"]["total"].as_u64().unwrap_or(0);
    let memory = meta["memory"]["total"].as_f64().unwrap_or(0.0) / f64::from(1 << 30);
    let disks: f64 = meta["disks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|disk| disk["size"].as_f64())
        .sum();
    let terabytes = (disks / 1e9).floor() / 1000.0;
    format!("{cpus} CPUs / {memory:.1} GB RAM / {terabytes} TB HDD")
}

/// Fields that the API and the agent may change, each in its own way.
fn change(call: &Call<'_>, node: &mut Node, body: &Map<String, Value>) -> Result<(), ApiError> {
    node_fields::check(body)?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(hostname) = text("hostname") {
        let other: Option<Node> = store::find(call.database, "document ->> 'hostname' = ?1", [&hostname])?;
        if other.is_some_and(|other| other.id != node.id && other.cluster == node.cluster) {
            return Err(ApiError::new(409, format!("Duplicate hostname '{hostname}'.")));
        }
        node.hostname = hostname;
    }
    check_meta(body.get("meta"))?;
    node.name = text("name").unwrap_or_else(|| node.name.clone());
    node.ip = text("ip").or(node.ip.take());
    node.os_platform = text("os_platform").or(node.os_platform.take());
    node.platform_name = text("platform_name").or(node.platform_name.take());
    node.manufacturer = text("manufacturer").or(node.manufacturer.take());
    node.kernel_params = text("kernel_params").or(node.kernel_params.take());
    if let Some(meta) = body.get("meta") {
        node.meta = meta.clone();
    }
    if let Some(labels) = body.get("labels") {
        node.labels = labels.clone();
    }
    if let Some(online) = body.get("online").and_then(Value::as_bool) {
        node.online = online;
    }
    if let Some(pending) = body.get("pending_addition").and_then(Value::as_bool) {
        node.pending_addition = pending;
    }
    if let Some(pending) = body.get("pending_deletion").and_then(Value::as_bool) {
        node.pending_deletion = pending;
    }
    if let Some(roles) = body.get("pending_roles").and_then(Value::as_array) {
        node.pending_roles = roles.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    match body.get("cluster_id").or_else(|| body.get("cluster")) {
        Some(Value::Null) if node.cluster.is_some() => {
            addresses::free_node(call.database, node.id)?;
            clusters::release_node(node);
        }
        Some(id) => {
            if let Some(id) = id.as_i64() {
                clusters::take_in(call, node, id)?;
            }
        }
        None => {}
    }
    if let Some(group) = body.get("group_id").and_then(Value::as_i64) {
        node_groups::move_node(call, node, group)?;
    }
    check_address(call, node)?;
    Ok(store::replace(call.database, node)?)
}

/// `PUT /nodes/:id/`
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut node = find(call)?;
    change(call, &mut node, &call.object()?)?;
    Ok(Reply::ok(shown(call, &node)?))
}

/// `PUT /nodes/`: a list of nodes, each with `id` or `mac`.
pub(crate) fn update_many(call: &Call<'_>) -> Answer {
    let mut changed = Vec::new();
    for item in call.list()? {
        let fields = item
            .as_object()
            .ok_or_else(|| json_schema::wrong_type(&item, "'object'"))?;
        let node: Option<Node> = match (item["id"].as_i64(), item["mac"].as_str()) {
            (Some(id), _) => store::get(call.database, id)?,
            (None, Some(mac)) => find_by_mac(call, mac)?,
            (None, None) => return Err(ApiError::bad_request("MAC or ID is not specified")),
        };
        let mut node = node.ok_or_else(|| ApiError::bad_request("Invalid ID or MAC specified"))?;
        change(call, &mut node, fields)?;
        changed.push(shown(call, &node)?);
    }
    Ok(Reply::ok(Value::from(changed)))
}

/// `PUT /nodes/agent/`: the agent of a known node reports; it may change what it knows, not the state.
pub(crate) fn agent(call: &Call<'_>) -> Answer {
    let mut body = call.object()?;
    let node: Option<Node> = match (
        body.get("id").and_then(Value::as_i64),
        body.get("mac").and_then(Value::as_str),
    ) {
        (Some(id), _) => store::get(call.database, id)?,
        (None, Some(mac)) => find_by_mac(call, mac)?,
        (None, None) => None,
    };
    let mut node = node.ok_or_else(|| ApiError::not_found("Node"))?;
    for key in [
        "name",
        "hostname",
        "pending_addition",
        "pending_deletion",
        "pending_roles",
        "cluster",
        "cluster_id",
        "group_id",
        "status",
    ] {
        body.shift_remove(key);
    }
    body.insert("online".to_owned(), Value::Bool(true));
    change(call, &mut node, &body)?;
    Ok(Reply::ok(json!({"id": node.id})))
}

/// `DELETE /nodes/:id/`
pub(crate) fn remove(call: &Call<'_>) -> Answer {
    let node = find(call)?;
    store::delete::<Node>(call.database, node.id)?;
    Ok(Reply::no_content())
}

/// `DELETE /nodes/?ids=1,2`: 200 with an empty object, as nothing is left to wait for.
pub(crate) fn remove_many(call: &Call<'_>) -> Answer {
    let ids = call
        .id_list("ids")?
        .ok_or_else(|| ApiError::bad_request("Node ids are not specified"))?;
    for id in &ids {
        let node: Option<Node> = store::get(call.database, *id)?;
        let node = node.ok_or_else(|| ApiError::not_found("Node"))?;
        store::delete::<Node>(call.database, node.id)?;
    }
    Ok(Reply::ok(json!({})))
}
