//! Giving out addresses.
//!
//! VIPs come first, then nodes by id; an address that was given out stays. The first address of a network is never
//! given out, although Nailgun would in networks without a gateway: container engines put their bridge there.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::context::Environment;
use super::network::{self, ADMIN, NetworkGroup};
use super::roles::{self, Roles};
use crate::http::ApiError;
use crate::store::{Address, Node, addresses};

/// VIPs that come first, in this order.
const FIRST_VIPS: &[&str] = &["management", "public", "vrouter", "vrouter_pub"];

/// A VIP that a network role asks for.
#[derive(Debug, Clone)]
pub(crate) struct Vip {
    pub(crate) name: String,
    pub(crate) network: String,
    /// As `network_metadata.vips` shows it, without `ipaddr`.
    pub(crate) description: Value,
}

/// The VIPs of an environment, in the order in which they get addresses.
pub(crate) fn vips(environment: &Environment<'_>) -> Result<Vec<Vip>, ApiError> {
    let networks = network::networks_of(environment);
    let mut vips = Vec::new();
    for role in network::network_roles(&environment.config.profile, &environment.release, &environment.plugins)? {
        let network = role["default_mapping"].as_str().unwrap_or_default();
        if !networks
            .iter()
            .any(|group| group.name == network && group.cidr.is_some())
        {
            continue;
        }
        for vip in role["properties"]["vip"].as_array().into_iter().flatten() {
            if environment.config.profile.vips_need_nodes && !has_node(environment, &vip["node_roles"]) {
                continue;
            }
            vips.push(Vip {
                name: vip["name"].as_str().unwrap_or_default().to_owned(),
                network: network.to_owned(),
                description: json!({
                    "network_role": role["id"],
                    "namespace": vip["namespace"],
                    "node_roles": if vip["node_roles"].is_array() { vip["node_roles"].clone() } else { json!(["controller", "primary-controller"]) },
                    "vendor_specific": vip["vendor_specific"],
                    "is_user_defined": false,
                }),
            });
        }
    }
    vips.sort_by_key(|vip| {
        FIRST_VIPS
            .iter()
            .position(|name| *name == vip.name)
            .unwrap_or(FIRST_VIPS.len())
    });
    Ok(vips)
}

/// Whether a node has one of the roles that a VIP is for; a VIP that names none is the controllers'.
fn has_node(environment: &Environment<'_>, roles: &Value) -> bool {
    let Some(roles) = roles.as_array() else { return true };
    let names_it = |own: &String| {
        let names = roles.iter().filter_map(Value::as_str);
        names
            .into_iter()
            .any(|name| name.strip_prefix("primary-").unwrap_or(name) == own)
    };
    environment
        .nodes
        .iter()
        .any(|node| !node.pending_deletion && node.all_roles().iter().any(names_it))
}

/// Whether a node has an address in a network.
pub(crate) fn gives_node_address(
    environment: &Environment<'_>,
    roles: &Roles,
    node: &Node,
    network: &NetworkGroup,
) -> bool {
    match network.name.as_str() {
        ADMIN => false,
        "public" => roles::has_public_address(environment, roles, node),
        _ => network.cidr.is_some(),
    }
}

/// Gives every VIP and every node of an environment the addresses it lacks.
///
/// # Errors
/// 400 where a network has no address left.
pub(crate) fn allocate(environment: &Environment<'_>) -> Result<(), ApiError> {
    let roles = environment.roles()?;
    let networks = network::networks_of(environment);
    let given = environment.addresses()?;
    let mut used: BTreeSet<Ipv4Addr> = addresses::in_use(environment.database)?
        .iter()
        .filter_map(|address| address.parse().ok())
        .collect();
    let mut wanted: Vec<Address> = vips(environment)?
        .into_iter()
        .map(|vip| Address {
            network: vip.network,
            node_id: None,
            vip: Some(vip.name),
            address: String::new(),
        })
        .collect();
    for group in &networks {
        for node in environment.nodes.iter().filter(|node| !node.pending_deletion) {
            if gives_node_address(environment, &roles, node, group) {
                wanted.push(Address {
                    network: group.name.clone(),
                    node_id: Some(node.id),
                    vip: None,
                    address: String::new(),
                });
            }
        }
    }
    let key = |address: &Address| (address.network.clone(), address.node_id, address.vip.clone());
    let given: BTreeSet<_> = given.iter().map(key).collect();
    for mut address in wanted {
        if given.contains(&key(&address)) {
            continue;
        }
        let free = networks
            .iter()
            .find(|group| group.name == address.network)
            .and_then(|group| first_free(group, &used));
        let Some(free) = free else {
            return Err(ApiError::bad_request(format!(
                "There are not enough free IP addresses in network '{}'",
                address.network
            )));
        };
        used.insert(free);
        address.address = free.to_string();
        addresses::add(environment.database, environment.cluster.id, &address)?;
    }
    Ok(())
}

fn first_free(group: &NetworkGroup, used: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
    let bridge = group.cidr.and_then(|cidr| cidr.host(1));
    group
        .ranges
        .iter()
        .flat_map(|(first, last)| u32::from(*first)..=u32::from(*last))
        .map(Ipv4Addr::from)
        .find(|address| !used.contains(address) && Some(*address) != group.gateway && Some(*address) != bridge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_address_is_neither_the_bridge_nor_the_gateway_nor_used() {
        let address = |text: &str| text.parse::<Ipv4Addr>().unwrap();
        let group = NetworkGroup {
            name: "public".to_owned(),
            cidr: Some("172.16.0.0/24".parse().unwrap()),
            gateway: Some(address("172.16.0.2")),
            ranges: vec![(address("172.16.0.1"), address("172.16.0.4"))],
            vlan: None,
        };
        assert_eq!(first_free(&group, &BTreeSet::new()), Some(address("172.16.0.3")));
        assert_eq!(
            first_free(&group, &BTreeSet::from([address("172.16.0.3"), address("172.16.0.4")])),
            None
        );
    }
}
