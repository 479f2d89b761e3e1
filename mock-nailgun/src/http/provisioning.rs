//! What a user may set about provisioning, vCenter and extensions: kept and given back. The rig's nodes come with their
//! system, so nothing is provisioned from it.

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::clusters;
use super::error::ApiError;
use crate::environment::{self, DiskLayout, Environment, Provisioning};
use crate::store;

/// Extensions that every environment of 9.x has.
const EXTENSIONS: &[&str] = &["volume_manager", "network_manager"];

/// `GET /clusters/:id/orchestrator/provisioning/`
pub(crate) fn replaced(call: &Call<'_>) -> Answer {
    let info = clusters::find(call)?.replaced_provisioning_info;
    Ok(Reply::ok(if info.is_null() { json!({}) } else { info }))
}

/// `PUT /clusters/:id/orchestrator/provisioning/`
pub(crate) fn replace(call: &Call<'_>) -> Answer {
    let mut cluster = clusters::find(call)?;
    cluster.replaced_provisioning_info = call.json()?;
    store::replace(call.database, &cluster)?;
    Ok(Reply::ok(cluster.replaced_provisioning_info))
}

/// `DELETE /clusters/:id/orchestrator/provisioning/`
pub(crate) fn drop_replaced(call: &Call<'_>) -> Answer {
    let mut cluster = clusters::find(call)?;
    cluster.replaced_provisioning_info = Value::Null;
    store::replace(call.database, &cluster)?;
    Ok(Reply::json(202, json!({})))
}

/// `GET /clusters/:id/orchestrator/provisioning/defaults/`, `?nodes=1,2`: the engine and what installs each node.
pub(crate) fn defaults(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    let only = call.id_list("nodes")?;
    let provisioning = Provisioning::new(&environment, &environment.flat_settings());
    let nodes: Result<Vec<Value>, ApiError> = environment
        .nodes
        .iter()
        .filter(|node| only.as_ref().is_none_or(|ids| ids.contains(&node.id)))
        .map(|node| {
            let volumes = DiskLayout::of(&environment, node)?.node_volumes();
            Ok(provisioning.of_node(node, &volumes))
        })
        .collect();
    Ok(Reply::ok(
        json!({"engine": environment::engine(&environment), "nodes": nodes?}),
    ))
}

fn vmware_defaults() -> Value {
    json!({"metadata": [], "value": {"availability_zones": [], "glance": {}, "network": {}}})
}

/// `GET /clusters/:id/vmware_attributes/`
pub(crate) fn vmware(call: &Call<'_>) -> Answer {
    let stored = clusters::find(call)?.vmware_attributes;
    Ok(Reply::ok(
        json!({"editable": if stored.is_null() { vmware_defaults() } else { stored }}),
    ))
}

/// `PUT /clusters/:id/vmware_attributes/`
pub(crate) fn update_vmware(call: &Call<'_>) -> Answer {
    let mut cluster = clusters::find(call)?;
    let body = call.object()?;
    let editable = body
        .get("editable")
        .filter(|editable| editable.is_object())
        .ok_or_else(|| ApiError::bad_request("'editable' is a required property"))?;
    let mut merged = if cluster.vmware_attributes.is_null() {
        vmware_defaults()
    } else {
        cluster.vmware_attributes.clone()
    };
    crate::settings::merge(&mut merged, editable);
    cluster.vmware_attributes = merged.clone();
    store::replace(call.database, &cluster)?;
    Ok(Reply::ok(json!({"editable": merged})))
}

/// `GET /clusters/:id/vmware_attributes/defaults/`
pub(crate) fn default_vmware(call: &Call<'_>) -> Answer {
    clusters::find(call)?;
    Ok(Reply::ok(json!({"editable": vmware_defaults()})))
}

/// `GET /clusters/:id/extensions/`
pub(crate) fn extensions(call: &Call<'_>) -> Answer {
    let stored = clusters::find(call)?.extensions;
    Ok(Reply::ok(if stored.is_null() { json!(EXTENSIONS) } else { stored }))
}

/// `PUT /clusters/:id/extensions/`: a list of names.
pub(crate) fn update_extensions(call: &Call<'_>) -> Answer {
    let mut cluster = clusters::find(call)?;
    let names = call.list()?;
    if let Some(unknown) = names
        .iter()
        .find(|name| !name.as_str().is_some_and(|name| EXTENSIONS.contains(&name)))
    {
        return Err(ApiError::new(404, format!("No such extensions: {unknown}")));
    }
    cluster.extensions = Value::from(names);
    store::replace(call.database, &cluster)?;
    Ok(Reply::ok(cluster.extensions))
}

/// `DELETE /clusters/:id/extensions/?extension_names=a,b`
pub(crate) fn remove_extensions(call: &Call<'_>) -> Answer {
    let mut cluster = clusters::find(call)?;
    let removed = call.list_parameter("extension_names").unwrap_or_default();
    let mut names: Vec<String> = match cluster.extensions.as_array() {
        Some(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => EXTENSIONS.iter().map(|name| (*name).to_owned()).collect(),
    };
    if let Some(unknown) = removed.iter().find(|name| !names.contains(name)) {
        return Err(ApiError::new(404, format!("No such extensions: {unknown}")));
    }
    names.retain(|name| !removed.contains(name));
    cluster.extensions = Value::from(names);
    store::replace(call.database, &cluster)?;
    Ok(Reply::no_content())
}
