//! `/nodes/:id/disks`: the volumes of a node's disks.
//!
//! Nothing is partitioned here, so sizes follow one plain rule instead of Fuel's generators: volumes of which a role
//! wants the least get that on the first disk, the one that takes all gets the rest.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::nodes;
use crate::environment::{self, Environment};
use crate::store::{self, Node};

/// What a volume gets of which only the least is wanted, in MB.
const LEAST: u64 = 10_240;

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
    let mut wanted: Vec<(String, bool)> = Vec::new();
    if let Some(id) = node.cluster {
        let environment = Environment::load(call, id)?;
        for role in node.all_roles() {
            let mapping = environment::volumes_mapping(&environment.release, &environment.plugins, &role);
            for entry in mapping.as_array().into_iter().flatten() {
                let Some(id) = entry["id"].as_str() else { continue };
                if !wanted.iter().any(|(known, _)| known == id) {
                    wanted.push((id.to_owned(), entry["allocate_size"] == "min"));
                }
            }
        }
    }
    let disks = node.meta["disks"].as_array();
    Ok(disks
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, disk)| {
            let size = disk["size"].as_u64().unwrap_or(0) / (1024 * 1024);
            let mut free = size;
            let mut volumes: Vec<Value> = Vec::new();
            // Those of the least first, so that what takes all gets what is left.
            for (name, least) in wanted
                .iter()
                .filter(|(_, least)| *least)
                .chain(wanted.iter().filter(|(_, least)| !*least))
            {
                let share = match (*least, index) {
                    (true, 0) => LEAST.min(free),
                    (true, _) => 0,
                    (false, _) => free,
                };
                free -= share;
                volumes.push(json!({"name": name, "size": share}));
            }
            json!({"id": disk["disk"], "name": disk["name"], "size": size, "volumes": volumes,
                "extra": disk["extra"].as_array().cloned().unwrap_or_default()})
        })
        .collect())
}
