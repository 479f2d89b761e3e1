//! How networks meet a node: `network_scheme`, `network_metadata`, and `network_data` of the API.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::addressing;
use super::context::Environment;
use super::network::{self, ADMIN, NetworkGroup};
use super::roles::{self, Roles};
use crate::config::Network;
use crate::http::ApiError;
use crate::store::{Address, Node};

/// The bridge of a network.
fn bridge(network: &str) -> Option<&'static str> {
    Some(match network {
        ADMIN => "br-fw-admin",
        "management" => "br-mgmt",
        "storage" => "br-storage",
        "public" => "br-ex",
        "private" => "br-prv",
        "baremetal" => "br-baremetal",
        _ => return None,
    })
}

/// Everything about networks that the nodes of one environment share, read once.
pub(crate) struct Scheme<'a> {
    environment: &'a Environment<'a>,
    pub(crate) networks: Vec<NetworkGroup>,
    network_roles: Vec<Value>,
    addresses: Vec<Address>,
    /// Node and network to address.
    node_addresses: HashMap<(i64, String), String>,
    roles: &'a Roles,
}

impl<'a> Scheme<'a> {
    /// Reads networks, network roles and addresses. Addresses must have been allocated.
    pub(crate) fn new(environment: &'a Environment<'a>, roles: &'a Roles) -> Result<Self, ApiError> {
        let addresses = environment.addresses()?;
        Ok(Self {
            environment,
            networks: network::networks_of(environment),
            network_roles: network::network_roles(
                &environment.config.profile,
                &environment.release,
                &environment.plugins,
            )?,
            node_addresses: addresses
                .iter()
                .filter_map(|address| Some(((address.node_id?, address.network.clone()), address.address.clone())))
                .collect(),
            addresses,
            roles,
        })
    }

    /// A node's address in a network.
    pub(crate) fn address(&self, node: &Node, network: &str) -> Option<String> {
        if network == ADMIN {
            return node.ip.clone();
        }
        self.node_addresses.get(&(node.id, network.to_owned())).cloned()
    }

    fn group(&self, name: &str) -> Option<&NetworkGroup> {
        self.networks.iter().find(|group| group.name == name)
    }

    /// The network's mask in dotted form.
    pub(crate) fn netmask(&self, network: &str) -> Option<String> {
        Some(self.group(network)?.cidr?.netmask().to_string())
    }

    /// The network in CIDR notation.
    pub(crate) fn cidr(&self, network: &str) -> Option<String> {
        Some(self.group(network)?.cidr?.to_string())
    }

    fn has_public(&self, node: &Node) -> bool {
        roles::has_public_address(self.environment, self.roles, node)
    }

    fn is_vlan(&self) -> bool {
        self.environment.cluster.network_configuration["networking_parameters"]["segmentation_type"] == "vlan"
    }

    /// The bridge a network role of a node lives on; `None` where the node has no such network.
    fn bridge_of_role(&self, node: &Node, role: &str, network: &str) -> Option<&'static str> {
        match role {
            "neutron/floating" => self.has_public(node).then_some("br-floating"),
            "neutron/private" => self.is_vlan().then_some("br-prv"),
            "neutron/mesh" => (!self.is_vlan()).then_some("br-mesh"),
            _ if network == "public" && !self.has_public(node) => None,
            _ => {
                self.group(network)?;
                bridge(network)
            }
        }
    }

    /// `network_scheme` of a node.
    pub(crate) fn of_node(&self, node: &Node) -> Value {
        let has_public = self.has_public(node);
        let roles: BTreeMap<String, &str> = self
            .network_roles
            .iter()
            .filter_map(|role| {
                let (id, network) = (role["id"].as_str()?, role["default_mapping"].as_str()?);
                Some((id.to_owned(), self.bridge_of_role(node, id, network)?))
            })
            .collect();
        json!({
            "version": "1.1",
            "provider": "lnx",
            "interfaces": interfaces(node)
                .iter()
                .map(|interface| {
                    let name = interface["name"].as_str().unwrap_or_default().to_owned();
                    let specific = json!({"driver": interface["driver"], "bus_info": interface["bus_info"]});
                    (name, json!({"vendor_specific": specific}))
                })
                .collect::<Map<String, Value>>(),
            "endpoints": self.endpoints(node, has_public),
            "roles": roles,
            "transformations": self.transformations(node, has_public),
        })
    }

    fn endpoints(&self, node: &Node, has_public: bool) -> Value {
        let ip = |network: &str| -> Value {
            let prefix = self.group(network).and_then(|group| group.cidr).map(|cidr| cidr.prefix);
            match (self.address(node, network), prefix) {
                (Some(address), Some(prefix)) => json!([format!("{address}/{prefix}")]),
                _ => json!("none"),
            }
        };
        let admin_gateway = self
            .environment
            .config
            .admin_network
            .host(1)
            .map(|address| address.to_string());
        let mut admin = json!({"IP": ip(ADMIN), "vendor_specific": {"provider_gateway": admin_gateway}});
        let mut endpoints = Map::new();
        if has_public {
            let gateway = self
                .group("public")
                .and_then(|group| group.gateway)
                .map(|address| address.to_string());
            endpoints.insert(
                "br-ex".to_owned(),
                json!({"IP": ip("public"), "gateway": gateway, "vendor_specific": {"provider_gateway": gateway}}),
            );
            endpoints.insert("br-floating".to_owned(), json!({"IP": "none"}));
        } else {
            // Nodes without a public address go out by way of the master.
            admin["gateway"] = json!(admin_gateway);
        }
        endpoints.insert("br-fw-admin".to_owned(), admin);
        endpoints.insert("br-mgmt".to_owned(), json!({"IP": ip("management")}));
        endpoints.insert("br-storage".to_owned(), json!({"IP": ip("storage")}));
        if self.is_vlan() {
            endpoints.insert("br-prv".to_owned(), json!({"IP": "none"}));
        } else {
            endpoints.insert("br-mesh".to_owned(), json!({"IP": ip("private")}));
        }
        Value::Object(endpoints)
    }

    fn transformations(&self, node: &Node, has_public: bool) -> Value {
        let add_bridge = |name: &str| json!({"action": "add-br", "name": name});
        let add_ovs = |name: &str| json!({"action": "add-br", "name": name, "provider": "ovs"});
        let patch = |first: &str, second: &str| json!({"action": "add-patch", "bridges": [first, second], "provider": "ovs", "mtu": 65000});
        let mut steps = vec![
            add_bridge("br-fw-admin"),
            add_bridge("br-mgmt"),
            add_bridge("br-storage"),
        ];
        if has_public {
            steps.extend([
                add_bridge("br-ex"),
                add_ovs("br-floating"),
                patch("br-floating", "br-ex"),
            ]);
        }
        if self.is_vlan() {
            steps.extend([add_ovs("br-prv"), patch("br-prv", "br-fw-admin")]);
        } else {
            steps.push(add_bridge("br-mesh"));
        }
        for group in &self.networks {
            let is_here = group.name != "public" || has_public;
            let target = if group.name == "private" {
                "br-mesh"
            } else {
                bridge(&group.name).unwrap_or_default()
            };
            if is_here && (group.name != "private" || !self.is_vlan()) {
                let port = match group.vlan {
                    Some(vlan) => format!("{}.{vlan}", interface_of(node, &group.name)),
                    None => interface_of(node, &group.name),
                };
                steps.push(json!({"action": "add-port", "bridge": target, "name": port}));
            }
        }
        Value::Array(steps)
    }

    /// The entry of a node in `network_metadata.nodes`.
    pub(crate) fn metadata_of_node(&self, node: &Node, node_roles: &[String]) -> Value {
        let network_roles: BTreeMap<String, Value> = self
            .network_roles
            .iter()
            .filter_map(|role| {
                let (id, network) = (role["id"].as_str()?, role["default_mapping"].as_str()?);
                let without_address = matches!(id, "neutron/floating" | "neutron/private");
                if without_address && (id == "neutron/floating" || self.is_vlan()) {
                    return Some((id.to_owned(), Value::Null));
                }
                self.bridge_of_role(node, id, network)?;
                Some((
                    id.to_owned(),
                    self.address(node, network).map_or(Value::Null, Value::from),
                ))
            })
            .collect();
        json!({
            "uid": node.uid(),
            "fqdn": self.environment.fqdn(node),
            "name": node.hostname,
            "user_node_name": node.name,
            "swift_zone": node.uid(),
            "node_roles": node_roles,
            "network_roles": network_roles,
            "nova_cpu_pinning_enabled": false,
            "nova_hugepages_enabled": false,
        })
    }

    /// `network_metadata.vips`.
    pub(crate) fn vips(&self) -> Result<Map<String, Value>, ApiError> {
        let mut vips = Map::new();
        for vip in addressing::vips(self.environment)? {
            let address = self
                .addresses
                .iter()
                .find(|address| address.vip.as_deref() == Some(vip.name.as_str()) && address.network == vip.network);
            let mut description = vip.description;
            description["ipaddr"] = address.map_or(Value::Null, |address| Value::from(address.address.clone()));
            vips.insert(vip.name, description);
        }
        Ok(vips)
    }
}

/// The interfaces that a node's agent reported.
fn interfaces(node: &Node) -> &[Value] {
    node.meta["interfaces"].as_array().map_or(&[], Vec::as_slice)
}

/// The interface of a node that carries a network: public on the second where there is one, all others on the one it
/// boots from, unless somebody assigned it elsewhere.
fn interface_of(node: &Node, network: &str) -> String {
    let carries = |interface: &&Value| {
        interface["assigned_networks"]
            .as_array()
            .is_some_and(|networks| networks.iter().any(|assigned| assigned["name"] == network))
    };
    if let Some(chosen) = node.interfaces.iter().find(carries) {
        return chosen["name"].as_str().unwrap_or("eth0").to_owned();
    }
    let interfaces = interfaces(node);
    let name = |interface: &Value| interface["name"].as_str().unwrap_or("eth0").to_owned();
    let boot = interfaces
        .iter()
        .find(|interface| interface["pxe"] == true || interface["mac"] == node.mac.as_str())
        .or(interfaces.first())
        .map_or_else(|| "eth0".to_owned(), name);
    if network != "public" {
        return boot;
    }
    interfaces
        .iter()
        .map(name)
        .find(|candidate| *candidate != boot)
        .unwrap_or(boot)
}

/// `network_data` of a node as the API shows it: each network with the node's address, once it has one.
pub(crate) fn node_network_data(environment: &Environment<'_>, node: &Node) -> Result<Value, ApiError> {
    let given = environment.addresses()?;
    let data = network::networks_of(environment)
        .into_iter()
        .map(|group| {
            let address = if group.name == ADMIN {
                node.ip
                    .clone()
                    .filter(|_| given.iter().any(|address| address.node_id == Some(node.id)))
            } else {
                given
                    .iter()
                    .find(|address| address.node_id == Some(node.id) && address.network == group.name)
                    .map(|address| address.address.clone())
            };
            entry(&group, address, interface_of(node, &group.name))
        })
        .collect::<Vec<_>>();
    Ok(Value::from(data))
}

fn entry(group: &NetworkGroup, address: Option<String>, interface: String) -> Value {
    let mut entry = json!({
        "name": group.name,
        "cidr": group.cidr.map(|cidr| cidr.to_string()),
        "vlan": group.vlan,
        "dev": interface,
    });
    let details = |entry: &mut Value, cidr: Network, address: Option<String>| {
        entry["ip"] = address.map_or(Value::Null, |address| Value::from(format!("{address}/{}", cidr.prefix)));
        entry["netmask"] = Value::from(cidr.netmask().to_string());
        entry["brd"] = Value::from(cidr.broadcast().to_string());
    };
    if let Some(cidr) = group.cidr
        && (address.is_some() || group.name == ADMIN)
    {
        details(&mut entry, cidr, address);
        if let Some(gateway) = group.gateway {
            entry["gateway"] = Value::from(gateway.to_string());
        }
    }
    entry
}
