//! `/nodes/:id/attributes`, `/nodes/:id/interfaces`, `/nodes/:id/bonds/attributes/defaults`

use serde_json::{Map, Value};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::nodes;
use crate::environment::{self, Environment};
use crate::settings;
use crate::store::{self, Node};

fn load<'a>(call: &Call<'a>) -> Result<(Node, Option<Environment<'a>>), ApiError> {
    let node = nodes::find(call)?;
    let environment = node.cluster.map(|id| Environment::load(call, id)).transpose()?;
    Ok((node, environment))
}

/// `GET /nodes/:id/attributes/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    let (node, environment) = load(call)?;
    let attributes = environment::node_attributes(call.config, environment.as_ref(), &node)?;
    Ok(Reply::ok(Value::Object(attributes)))
}

/// `GET /nodes/:id/attributes/defaults/`
pub(crate) fn show_defaults(call: &Call<'_>) -> Answer {
    let (node, environment) = load(call)?;
    let attributes = environment::default_node_attributes(call.config, environment.as_ref(), &node)?;
    Ok(Reply::ok(Value::Object(attributes)))
}

/// `PUT /nodes/:id/attributes/`: a deep merge, as of the settings of environments.
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let (mut node, environment) = load(call)?;
    let sent = call.object()?;
    check(&sent)?;
    let mut stored = Value::Object(std::mem::take(&mut node.attributes));
    settings::merge(&mut stored, &Value::Object(sent));
    if let Value::Object(stored) = stored {
        node.attributes = stored;
    }
    let attributes = environment::node_attributes(call.config, environment.as_ref(), &node)?;
    for section in attributes.values() {
        settings::check_section(call.config.profile.attributes, section).map_err(ApiError::bad_request)?;
    }
    store::replace(call.database, &node)?;
    Ok(Reply::ok(Value::Object(attributes)))
}

fn check(sent: &Map<String, Value>) -> Result<(), ApiError> {
    match sent.iter().find(|(_, section)| !section.is_object()) {
        Some((name, _)) => Err(ApiError::bad_request(format!(
            "Node attributes: section '{name}' must be an object"
        ))),
        None => Ok(()),
    }
}

/// `GET /nodes/:id/interfaces/`
pub(crate) fn interfaces(call: &Call<'_>) -> Answer {
    let (node, environment) = load(call)?;
    Ok(Reply::ok(Value::from(environment::interfaces(
        call.config,
        environment.as_ref(),
        &node,
    )?)))
}

/// `GET /nodes/:id/interfaces/default_assignment/`
pub(crate) fn default_interfaces(call: &Call<'_>) -> Answer {
    let (node, environment) = load(call)?;
    Ok(Reply::ok(Value::from(environment::default_interfaces(
        call.config,
        environment.as_ref(),
        &node,
    )?)))
}

/// `PUT /nodes/:id/interfaces/`: the whole list, bonds among them.
pub(crate) fn update_interfaces(call: &Call<'_>) -> Answer {
    let (mut node, environment) = load(call)?;
    let known = environment::default_interfaces(call.config, environment.as_ref(), &node)?;
    let mut sent = call.list()?;
    for interface in &mut sent {
        // An interface may be named by its id alone.
        if interface["name"].is_null()
            && let Some(same) = known.iter().find(|known| known["id"] == interface["id"])
        {
            interface["name"] = same["name"].clone();
        }
        let Some(name) = interface["name"].as_str() else {
            return Err(ApiError::bad_request(format!(
                "Node '{}': each interface must have a name",
                node.id
            )));
        };
        let is_bond = interface["type"] == "bond";
        if !is_bond && !known.iter().any(|known| known["name"] == name) {
            return Err(ApiError::bad_request(format!(
                "Node '{}': there is no interface '{name}'",
                node.id
            )));
        }
        if is_bond {
            for slave in interface["slaves"].as_array().into_iter().flatten() {
                if !known.iter().any(|known| known["name"] == slave["name"]) {
                    return Err(ApiError::bad_request(format!(
                        "Node '{}': interface '{name}' has a slave {} that there is not",
                        node.id, slave["name"]
                    )));
                }
            }
        }
        for section in interface["attributes"].as_object().into_iter().flat_map(Map::values) {
            settings::check_section(call.config.profile.attributes, section).map_err(ApiError::bad_request)?;
        }
    }
    node.interfaces = sent;
    store::replace(call.database, &node)?;
    Ok(Reply::ok(Value::from(environment::interfaces(
        call.config,
        environment.as_ref(),
        &node,
    )?)))
}

/// `GET /nodes/:id/bonds/attributes/defaults/`
pub(crate) fn bond_defaults(call: &Call<'_>) -> Answer {
    let (node, environment) = load(call)?;
    let attributes = environment::default_bond_attributes(call.config, environment.as_ref(), &node)?;
    Ok(Reply::ok(Value::Object(attributes)))
}
