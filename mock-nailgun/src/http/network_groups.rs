//! `/networks`: the networks of all environments.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use crate::config::Network;
use crate::environment;
use crate::store::{self, Cluster, NodeGroup};

/// `GET /networks/`
pub(crate) fn list(call: &Call<'_>) -> Answer {
    let mut networks = vec![environment::admin_network(call.config)];
    for cluster in store::all::<Cluster>(call.database)? {
        networks.extend(own(&cluster).iter().cloned());
    }
    Ok(Reply::ok(Value::from(networks)))
}

/// `POST /networks/`: a further network of a node group.
pub(crate) fn create(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    let required = |key: &str| {
        body.get(key)
            .filter(|value| !value.is_null())
            .ok_or_else(|| ApiError::bad_request(format!("'{key}' is a required property")))
    };
    let group = required("group_id")?;
    let name = required("name")?.as_str().unwrap_or_default();
    let found: Option<NodeGroup> = match group.as_i64() {
        Some(id) => store::get(call.database, id)?,
        None => None,
    };
    let group = found.ok_or_else(|| ApiError::bad_request(format!("Node group with ID {group} does not exist")))?;
    let mut cluster: Cluster =
        store::get(call.database, group.cluster)?.ok_or_else(|| ApiError::not_found("Cluster"))?;
    if own(&cluster)
        .iter()
        .any(|network| network["name"] == name && network["group_id"] == group.id)
    {
        return Err(ApiError::new(
            409,
            format!("Network with name {name} already exists in node group {}", group.name),
        ));
    }
    let largest = own(&cluster).iter().filter_map(|network| network["id"].as_i64()).max();
    let value = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
    let cidr: Option<Network> = body
        .get("cidr")
        .and_then(Value::as_str)
        .and_then(|cidr| cidr.parse().ok());
    let ranges = cidr.map_or_else(|| json!([]), |cidr| json!([environment::whole_range(cidr, false)]));
    let created = json!({
        "id": largest.unwrap_or(cluster.id * 10) + 1,
        "name": name,
        "group_id": group.id,
        "cidr": value("cidr"),
        "gateway": value("gateway"),
        "ip_ranges": ranges,
        "vlan_start": value("vlan_start"),
        "meta": body.get("meta").cloned().unwrap_or_else(|| json!({"notation": "cidr", "map_priority": 0})),
    });
    if let Some(networks) = cluster.network_configuration["networks"].as_array_mut() {
        networks.push(created.clone());
    }
    store::replace(call.database, &cluster)?;
    Ok(Reply::json(201, created))
}

fn own(cluster: &Cluster) -> &[Value] {
    cluster.network_configuration["networks"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}
