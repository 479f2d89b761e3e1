//! Attributes of nodes, interfaces and bonds: Fuel's own, those that plugins bring, and what was PUT.

use serde_json::{Map, Value, json};

use super::context::Environment;
use super::network_scheme::node_network_data;
use crate::config::Config;
use crate::http::ApiError;
use crate::profile::ProfileError;
use crate::settings;
use crate::store::{ClusterPlugin, Node};

/// Which attributes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Node,
    Nic,
    Bond,
}

fn core(config: &Config, kind: Kind) -> Result<Map<String, Value>, ApiError> {
    let name = match kind {
        Kind::Node => "node_attributes",
        Kind::Nic => "nic_attributes",
        Kind::Bond => "bond_attributes",
    };
    let data = config
        .profile
        .node_attributes()
        .map_err(|error: ProfileError| ApiError::unexpected(error.to_string()))?;
    Ok(data.get(name).and_then(Value::as_object).cloned().unwrap_or_default())
}

/// A plugin's attributes of an interface or a bond: one section, named as the plugin.
fn section_of(connected: &ClusterPlugin, attributes: &Map<String, Value>, id_key: &str, id: i64) -> Value {
    let mut section = attributes.clone();
    section.insert(
        "metadata".to_owned(),
        json!({"label": connected.plugin.title, "class": "plugin", id_key: id}),
    );
    Value::Object(section)
}

/// The attributes that a node begins with: Fuel's own and the sections of plugins. Of two plugins with a section of one
/// name the last wins; none takes the place of Fuel's own.
///
/// # Errors
/// 500 where the profile's data cannot be read.
pub(crate) fn default_node_attributes(
    config: &Config,
    environment: Option<&Environment<'_>>,
    node: &Node,
) -> Result<Map<String, Value>, ApiError> {
    let own = core(config, Kind::Node)?;
    let mut attributes = Map::new();
    for connected in environment.iter().flat_map(|environment| environment.enabled_plugins()) {
        for (name, section) in &connected.plugin.files.node_attributes_metadata {
            let mut section = section.clone();
            if section.is_object() {
                settings::merge(
                    &mut section,
                    &json!({"metadata": {"class": "plugin", "node_plugin_id": node.id}}),
                );
            }
            attributes.insert(name.clone(), section);
        }
    }
    attributes.extend(own);
    Ok(attributes)
}

/// A node's attributes with what was PUT over them.
///
/// # Errors
/// 500 where the profile's data cannot be read.
pub(crate) fn node_attributes(
    config: &Config,
    environment: Option<&Environment<'_>>,
    node: &Node,
) -> Result<Map<String, Value>, ApiError> {
    let mut attributes = Value::Object(default_node_attributes(config, environment, node)?);
    settings::merge(&mut attributes, &Value::Object(node.attributes.clone()));
    match attributes {
        Value::Object(attributes) => Ok(attributes),
        _ => Ok(Map::new()),
    }
}

/// The attributes that a new bond begins with.
///
/// # Errors
/// 500 where the profile's data cannot be read.
pub(crate) fn default_bond_attributes(
    config: &Config,
    environment: Option<&Environment<'_>>,
    node: &Node,
) -> Result<Map<String, Value>, ApiError> {
    let mut attributes = core(config, Kind::Bond)?;
    for connected in environment.iter().flat_map(|environment| environment.enabled_plugins()) {
        let own = &connected.plugin.files.bond_attributes_metadata;
        if !own.is_empty() && !attributes.contains_key(&connected.plugin.name) {
            attributes.insert(
                connected.plugin.name.clone(),
                section_of(connected, own, "bond_plugin_id", node.id),
            );
        }
    }
    Ok(attributes)
}

/// The id of a node's interface: the same each time it is asked for.
fn interface_id(node: &Node, index: usize) -> i64 {
    node.id * 100 + i64::try_from(index).unwrap_or(0) + 1
}

/// The interfaces of a node as its agent reported them, with the networks that they carry by default.
///
/// # Errors
/// 500 where the profile's data cannot be read.
pub(crate) fn default_interfaces(
    config: &Config,
    environment: Option<&Environment<'_>>,
    node: &Node,
) -> Result<Vec<Value>, ApiError> {
    let reported = Node {
        interfaces: Vec::new(),
        ..node.clone()
    };
    build(config, environment, &reported)
}

/// The interfaces of a node: as they were PUT, else as they are by default.
///
/// # Errors
/// 500 where the profile's data cannot be read.
pub(crate) fn interfaces(
    config: &Config,
    environment: Option<&Environment<'_>>,
    node: &Node,
) -> Result<Vec<Value>, ApiError> {
    let mut made = build(config, environment, node)?;
    for sent in &node.interfaces {
        match made.iter_mut().find(|interface| interface["name"] == sent["name"]) {
            Some(interface) => settings::merge(interface, sent),
            // A bond is only what was PUT.
            None => made.push(sent.clone()),
        }
    }
    Ok(made)
}

fn build(config: &Config, environment: Option<&Environment<'_>>, node: &Node) -> Result<Vec<Value>, ApiError> {
    let networks = environment.map_or_else(|| Ok(json!([])), |environment| node_network_data(environment, node))?;
    let ids = |name: &Value| -> Value {
        environment
            .and_then(|environment| {
                environment.cluster.network_configuration["networks"]
                    .as_array()?
                    .iter()
                    .find(|network| network["name"] == *name)
                    .map(|network| network["id"].clone())
            })
            // The admin network is everybody's.
            .unwrap_or_else(|| json!(1))
    };
    let own = core(config, Kind::Nic)?;
    let mut interfaces = Vec::new();
    for (index, reported) in node.meta["interfaces"].as_array().into_iter().flatten().enumerate() {
        let id = interface_id(node, index);
        let assigned: Vec<Value> = networks
            .as_array()
            .into_iter()
            .flatten()
            .filter(|network| network["dev"] == reported["name"])
            .map(|network| json!({"id": ids(&network["name"]), "name": network["name"]}))
            .collect();
        let mut interface = json!({
            "id": id,
            "name": reported["name"],
            "mac": reported["mac"],
            "type": "ether",
            "state": reported["state"],
            "current_speed": reported["current_speed"],
            "max_speed": reported["max_speed"],
            "driver": reported["driver"],
            "bus_info": reported["bus_info"],
            "pxe": reported["pxe"].as_bool().unwrap_or(false),
            "assigned_networks": assigned,
        });
        if own.is_empty() {
            // Before 9.x what an interface can do stands beside what it is.
            interface["offloading_modes"] = or(&reported["offloading_modes"], json!([]));
            interface["interface_properties"] = or(&reported["interface_properties"], json!({}));
        } else {
            let sriov = &reported["interface_properties"]["sriov"];
            interface["meta"] = json!({
                "offloading_modes": or(&reported["offloading_modes"], json!([])),
                "numa_node": reported["interface_properties"]["numa_node"],
                "max_queues": reported["max_queues"],
                "pci_id": or(&reported["pci_id"], json!("")),
                "dpdk": {"available": false},
                "sriov": {
                    "available": or(&sriov["available"], json!(false)),
                    "totalvfs": or(&sriov["sriov_totalvfs"], json!(0)),
                    "pci_id": or(&sriov["pci_id"], json!("")),
                },
            });
            let mut attributes = own.clone();
            for connected in environment.iter().flat_map(|environment| environment.enabled_plugins()) {
                let metadata = &connected.plugin.files.nic_attributes_metadata;
                if !metadata.is_empty() && !attributes.contains_key(&connected.plugin.name) {
                    attributes.insert(
                        connected.plugin.name.clone(),
                        section_of(connected, metadata, "nic_plugin_id", id),
                    );
                }
            }
            interface["attributes"] = Value::Object(attributes);
        }
        interfaces.push(interface);
    }
    Ok(interfaces)
}

fn or(value: &Value, other: Value) -> Value {
    if value.is_null() { other } else { value.clone() }
}
