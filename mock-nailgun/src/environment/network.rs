//! Networks and network roles of an environment.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::context::Environment;
use crate::config::{Config, Network};
use crate::http::ApiError;
use crate::profile::Profile;
use crate::store::{ClusterPlugin, Release};

/// The name of the network that nodes boot from.
pub(crate) const ADMIN: &str = "fuelweb_admin";

/// A network group, as far as addresses need it.
#[derive(Debug, Clone)]
pub(crate) struct NetworkGroup {
    pub(crate) name: String,
    pub(crate) cidr: Option<Network>,
    pub(crate) gateway: Option<Ipv4Addr>,
    pub(crate) ranges: Vec<(Ipv4Addr, Ipv4Addr)>,
    pub(crate) vlan: Option<u64>,
}

/// The network configuration that a new environment begins with: `networks` without the admin one, and
/// `networking_parameters`. `group_id` is the node group that it begins with.
pub(crate) fn default_configuration(release: &Release, cluster_id: i64, group_id: i64, segmentation: &str) -> Value {
    let neutron = release
        .metadata
        .get("networks_metadata")
        .map_or(Value::Null, |networks| networks["neutron"].clone());
    let mut networks = Vec::new();
    for description in neutron["networks"].as_array().into_iter().flatten() {
        let other_segmentation = description["seg_type"]
            .as_str()
            .is_some_and(|wanted| wanted != segmentation);
        // baremetal comes and goes with Ironic; every restricted network begins switched off.
        if other_segmentation || description["restrictions"].is_array() {
            continue;
        }
        let cidr: Option<Network> = description["cidr"].as_str().and_then(|cidr| cidr.parse().ok());
        let use_gateway = description["use_gateway"].as_bool().unwrap_or(false);
        let ranges = match (&description["ip_range"], cidr) {
            (Value::Array(range), _) => json!([range]),
            (_, Some(network)) => json!([whole_range(network, use_gateway)]),
            _ => json!([]),
        };
        networks.push(json!({
            // Admin is 1 for all; the others count up in each environment.
            "id": cluster_id * 10 + networks.len() as i64,
            "name": description["name"],
            "group_id": group_id,
            "cidr": cidr.map(|cidr| cidr.to_string()),
            "gateway": if use_gateway { cidr.and_then(|cidr| cidr.host(1)).map(|ip| ip.to_string()) } else { None },
            "ip_ranges": ranges,
            "vlan_start": description["vlan_start"],
            "meta": description,
        }));
    }
    let config = &neutron["config"];
    let mut parameters = Map::from_iter([
        ("segmentation_type".to_owned(), Value::from(segmentation)),
        ("net_l23_provider".to_owned(), Value::from("ovs")),
        ("dns_nameservers".to_owned(), json!(["8.8.4.4", "8.8.8.8"])),
        ("configuration_template".to_owned(), Value::Null),
    ]);
    for key in [
        "vlan_range",
        "gre_id_range",
        "base_mac",
        "internal_name",
        "internal_cidr",
        "internal_gateway",
        "floating_name",
        "floating_ranges",
        "baremetal_gateway",
        "baremetal_range",
    ] {
        parameters.insert(key.to_owned(), config[key].clone());
    }
    json!({"networks": networks, "networking_parameters": parameters})
}

/// First and last usable address of a network.
pub(crate) fn whole_range(network: Network, has_gateway: bool) -> Value {
    let first = network.host(if has_gateway { 2 } else { 1 });
    let last = Ipv4Addr::from(u32::from(network.broadcast()).saturating_sub(1));
    json!([first.unwrap_or(network.address).to_string(), last.to_string()])
}

/// The admin network as the API shows it.
pub(crate) fn admin_network(config: &Config) -> Value {
    let network = config.admin_network;
    json!({
        "id": 1,
        "name": ADMIN,
        "group_id": null,
        "cidr": network.to_string(),
        "gateway": network.host(1).map(|ip| ip.to_string()),
        "ip_ranges": [[
            network.host(3).map(|ip| ip.to_string()),
            Ipv4Addr::from(u32::from(network.broadcast()).saturating_sub(1)).to_string(),
        ]],
        "vlan_start": null,
        "meta": {"notation": "ip_ranges", "render_type": null, "configurable": false, "use_gateway": true, "unmovable": true, "map_priority": 0},
    })
}

/// The networks of an environment's first node group, which all its nodes are in as far as addresses go; the admin one
/// last.
pub(crate) fn networks_of(environment: &Environment<'_>) -> Vec<NetworkGroup> {
    let mut own = environment.cluster.network_configuration["networks"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let first = own.first().map(|network| network["group_id"].clone());
    own.retain(|network| Some(&network["group_id"]) == first.as_ref());
    own.into_iter()
        .chain([admin_network(environment.config)])
        .map(|network| read_group(&network))
        .collect()
}

fn read_group(network: &Value) -> NetworkGroup {
    let address = |value: &Value| value.as_str().and_then(|text| text.parse::<Ipv4Addr>().ok());
    NetworkGroup {
        name: network["name"].as_str().unwrap_or_default().to_owned(),
        cidr: network["cidr"].as_str().and_then(|cidr| cidr.parse().ok()),
        gateway: address(&network["gateway"]),
        ranges: network["ip_ranges"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|range| Some((address(&range[0])?, address(&range[1])?)))
            .collect(),
        vlan: network["vlan_start"].as_u64(),
    }
}

/// Network roles of a release and of enabled plugins. The same id twice is one role where all fields but the list of
/// VIPs are equal; the VIPs are joined by name.
///
/// # Errors
/// 400 in plain text where a plugin's role cannot be one with the role there is, or is none.
pub(crate) fn network_roles(
    profile: &Profile,
    release: &Release,
    plugins: &[ClusterPlugin],
) -> Result<Vec<Value>, ApiError> {
    let mut roles = release
        .metadata
        .get("network_roles_metadata")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for connected in plugins.iter().filter(|connected| connected.enabled) {
        for (index, role) in connected.plugin.files.network_roles_metadata.iter().enumerate() {
            if let Some(problem) = no_role(role) {
                let plugin = &connected.plugin;
                return Err(ApiError::deep(format!(
                    "Plugin {} {}: network_roles.yaml: item {} is no network role: {problem}",
                    plugin.name,
                    plugin.version,
                    index + 1
                )));
            }
            match roles.iter_mut().find(|known| known["id"] == role["id"]) {
                None => roles.push(role.clone()),
                Some(known) => {
                    if !profile.network_roles_may_overlap || !join(known, role) {
                        return Err(ApiError::deep(format!(
                            "Cannot override existing network roles: '{}' in plugins: '{}'",
                            role["id"].as_str().unwrap_or_default(),
                            connected.plugin.name
                        )));
                    }
                }
            }
        }
    }
    Ok(roles)
}

/// Why something is no network role; `None` for one. Registration takes any list, as the real one does.
fn no_role(role: &Value) -> Option<String> {
    let Some(members) = role.as_object() else {
        return Some(format!("{role} is no mapping; give it an `id` and `properties`"));
    };
    if !role["id"].is_string() {
        return Some(format!("its `id` is {}, not a string", role["id"]));
    }
    match members.get("properties") {
        None | Some(Value::Null | Value::Object(_)) => None,
        Some(other) => Some(format!("`properties` of {} is {other}, not a mapping", role["id"])),
    }
}

fn join(known: &mut Value, role: &Value) -> bool {
    let without_vips = |role: &Value| {
        let mut role = role.clone();
        if let Some(properties) = role.get_mut("properties").and_then(Value::as_object_mut) {
            properties.shift_remove("vip");
        }
        role
    };
    if without_vips(known) != without_vips(role) {
        return false;
    }
    let new = role["properties"]["vip"].as_array().cloned().unwrap_or_default();
    if let Some(vips) = known.pointer_mut("/properties/vip").and_then(Value::as_array_mut) {
        for vip in new {
            match vips.iter().find(|known| known["name"] == vip["name"]) {
                Some(same) if *same == vip => {}
                Some(_) => return false,
                None => vips.push(vip),
            }
        }
    }
    true
}
