//! `/nodegroups`: the racks of environments. They are kept and shown; nodes get their addresses in the networks of the
//! group that their environment began with, whichever group they are in.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::json_schema::{Kind, Schema};
use crate::store::{self, Cluster, Node, NodeGroup};

const NEW: Schema = Schema {
    required: &["name", "cluster_id"],
    fields: &[("name", Kind::String), ("cluster_id", Kind::Integer)],
    closed: false,
};

const CHANGE: Schema = Schema {
    required: &["name"],
    fields: &[("name", Kind::String)],
    closed: false,
};

fn shown(group: &NodeGroup) -> Value {
    json!({"id": group.id, "name": group.name, "cluster_id": group.cluster, "is_default": group.is_default})
}

fn find(call: &Call<'_>) -> Result<NodeGroup, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("NodeGroup"))
}

fn check_name(call: &Call<'_>, cluster: i64, name: &str, own_id: i64) -> Result<(), ApiError> {
    let groups = NodeGroup::of(call.database, cluster)?;
    match groups.iter().find(|group| group.name == name && group.id != own_id) {
        Some(_) => Err(ApiError::new(
            409,
            format!("Node group '{name}' already exists in environment {cluster}."),
        )),
        None => Ok(()),
    }
}

/// `GET /nodegroups/`, `?cluster_id=N`
pub(crate) fn list(call: &Call<'_>) -> Answer {
    let groups = match call.query.get("cluster_id").filter(|id| !id.is_empty()) {
        Some(id) => {
            let id = id
                .parse()
                .map_err(|_| ApiError::bad_request("cluster_id is not integer"))?;
            NodeGroup::of(call.database, id)?
        }
        None => store::all(call.database)?,
    };
    Ok(Reply::ok(groups.iter().map(shown).collect()))
}

/// `GET /nodegroups/:id/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&find(call)?)))
}

/// `POST /nodegroups/`: `{"cluster_id", "name"}`
pub(crate) fn create(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    NEW.check(&body)?;
    let id = body["cluster_id"].as_i64().unwrap_or_default();
    let cluster: Cluster = store::get(call.database, id)?.ok_or_else(|| ApiError::not_found("Cluster"))?;
    let name = body["name"].as_str().unwrap_or_default();
    check_name(call, cluster.id, name, 0)?;
    let mut group = NodeGroup {
        id: 0,
        name: name.to_owned(),
        cluster: cluster.id,
        is_default: false,
    };
    store::insert(call.database, &mut group)?;
    Ok(Reply::json(201, shown(&group)))
}

/// `PUT /nodegroups/:id/`: another name.
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut group = find(call)?;
    let body = call.object()?;
    CHANGE.check(&body)?;
    let name = body["name"].as_str().unwrap_or_default();
    check_name(call, group.cluster, name, group.id)?;
    group.name = name.to_owned();
    store::replace(call.database, &group)?;
    Ok(Reply::ok(shown(&group)))
}

/// `DELETE /nodegroups/:id/`: its networks go too.
pub(crate) fn remove(call: &Call<'_>) -> Answer {
    let group = find(call)?;
    if group.is_default {
        return Err(ApiError::bad_request(
            "Default node group cannot be deleted: an environment keeps the one that it began with.",
        ));
    }
    let node: Option<Node> = store::find(call.database, "document ->> 'group' = ?1", [group.id])?;
    if let Some(node) = node {
        return Err(ApiError::bad_request(format!(
            "Node group '{}' has nodes, '{}' among them; move them to another group first.",
            group.name, node.name
        )));
    }
    if let Some(mut cluster) = store::get::<Cluster>(call.database, group.cluster)? {
        if let Some(networks) = cluster.network_configuration["networks"].as_array_mut() {
            networks.retain(|network| network["group_id"] != group.id);
        }
        store::replace(call.database, &cluster)?;
    }
    store::delete::<NodeGroup>(call.database, group.id)?;
    Ok(Reply::no_content())
}

/// Puts a node into a group of its environment.
///
/// # Errors
/// 400 for a group that there is not in it.
pub(super) fn move_node(call: &Call<'_>, node: &mut Node, id: i64) -> Result<(), ApiError> {
    let group: Option<NodeGroup> = store::get(call.database, id)?;
    match group.filter(|group| node.cluster == Some(group.cluster)) {
        Some(group) => {
            node.group = (!group.is_default).then_some(group.id);
            Ok(())
        }
        None => Err(ApiError::bad_request(format!(
            "Cannot assign node group (ID={id}) to node {}: its environment has no such group.",
            node.id
        ))),
    }
}

/// The group that a node is in; none of a node without an environment.
pub(super) fn group_of(call: &Call<'_>, node: &Node) -> Result<Option<i64>, ApiError> {
    Ok(match (node.group, node.cluster) {
        (Some(group), Some(_)) => Some(group),
        (None, Some(cluster)) => NodeGroup::default_of(call.database, cluster)?,
        (_, None) => None,
    })
}
