//! `/nodes/:id/disks`: the volumes of a node's disks.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::nodes;
use crate::environment::{DiskLayout, Environment};
use crate::store::{self, Node};

const MIB: u64 = 1024 * 1024;

/// `GET /nodes/:id/disks/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    let node = nodes::find(call)?;
    let disks = if node.disks.is_empty() {
        defaults(call, &node)?
    } else {
        node.disks
    };
    Ok(Reply::ok(Value::from(disks)))
}

/// `GET /nodes/:id/disks/defaults/`
pub(crate) fn show_defaults(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(Value::from(defaults(call, &nodes::find(call)?)?)))
}

/// `PUT /nodes/:id/disks/`: the whole list.
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut node = nodes::find(call)?;
    let known = defaults(call, &node)?;
    let sent = call.list()?;
    for disk in &sent {
        let same = known
            .iter()
            .find(|known| known["id"] == disk["id"])
            .ok_or_else(|| ApiError::bad_request(format!("Node '{}': there is no disk {}", node.id, disk["id"])))?;
        let volumes = disk["volumes"].as_array();
        let used: u64 = volumes
            .into_iter()
            .flatten()
            .filter_map(|volume| volume["size"].as_u64())
            .sum();
        if used > same["size"].as_u64().unwrap_or(0) {
            return Err(ApiError::bad_request("Not enough free space on disk"));
        }
    }
    node.disks = sent;
    store::replace(call.database, &node)?;
    Ok(Reply::ok(Value::from(node.disks)))
}

fn defaults(call: &Call<'_>, node: &Node) -> Result<Vec<Value>, ApiError> {
    match node.cluster {
        Some(id) => Ok(DiskLayout::default_of(&Environment::load(call, id)?, node)?.disks()),
        // A node of no environment has no roles, and its disks no volumes.
        None => {
            let disks = node.meta["disks"].as_array().into_iter().flatten();
            let shown = disks.map(|disk| {
                let size = disk["size"].as_u64().unwrap_or(0) / MIB;
                json!({"id": disk["disk"], "name": disk["name"], "size": size, "volumes": [], "extra": disk["extra"].as_array().cloned().unwrap_or_default()})
            });
            Ok(shown.collect())
        }
    }
}
