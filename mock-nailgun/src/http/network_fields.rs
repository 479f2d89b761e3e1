//! What networks and their parameters may be.

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::error::ApiError;
use super::json_schema::{self, Kind, Schema};
use crate::config::Network;

const BODY: Schema = Schema {
    required: &[],
    fields: &[("networks", Kind::List), ("networking_parameters", Kind::Object)],
    closed: false,
};

const NETWORK: Schema = Schema {
    required: &[],
    fields: &[
        ("id", Kind::NullableInteger),
        ("group_id", Kind::NullableInteger),
        ("name", Kind::String),
        ("cidr", Kind::NullableString),
        ("gateway", Kind::NullableString),
        ("vlan_start", Kind::NullableInteger),
        ("ip_ranges", Kind::List),
        ("meta", Kind::Object),
    ],
    closed: false,
};

/// What a networking parameter is.
#[derive(Clone, Copy)]
enum Parameter {
    Address,
    Addresses,
    Cidr,
    /// First and last address.
    Range,
    Ranges,
    /// Lowest and highest number.
    Numbers,
    Text,
    Segmentation,
    Template,
}

const PARAMETERS: &[(&str, Parameter)] = &[
    ("segmentation_type", Parameter::Segmentation),
    ("net_l23_provider", Parameter::Text),
    ("dns_nameservers", Parameter::Addresses),
    ("configuration_template", Parameter::Template),
    ("vlan_range", Parameter::Numbers),
    ("gre_id_range", Parameter::Numbers),
    ("base_mac", Parameter::Text),
    ("internal_name", Parameter::Text),
    ("internal_cidr", Parameter::Cidr),
    ("internal_gateway", Parameter::Address),
    ("floating_name", Parameter::Text),
    ("floating_ranges", Parameter::Ranges),
    ("baremetal_gateway", Parameter::Address),
    ("baremetal_range", Parameter::Range),
];

/// Checks what is in a configuration by itself.
///
/// # Errors
/// 400 with the first field of the wrong type.
pub(super) fn check_types(body: &Map<String, Value>) -> Result<(), ApiError> {
    BODY.check(body)?;
    for network in body.get("networks").and_then(Value::as_array).into_iter().flatten() {
        let fields = network
            .as_object()
            .ok_or_else(|| json_schema::wrong_type(network, "'object'"))?;
        NETWORK.check(fields)?;
    }
    Ok(())
}

/// Checks the addresses and the VLAN of a network as it would be: what did not change was right before.
///
/// # Errors
/// 400 that names the network and the field.
pub(super) fn check_network(network: &Value, before: &Value) -> Result<(), ApiError> {
    let refused = |text: String| {
        let name = network["name"].as_str().unwrap_or_default();
        Err(ApiError::bad_request(format!("Network '{name}': {text}")))
    };
    let vlan = &network["vlan_start"];
    if *vlan != before["vlan_start"] && !vlan.is_null() && !vlan.as_u64().is_some_and(|id| (1..=4094).contains(&id)) {
        return refused(format!("`vlan_start` is {vlan}; a VLAN id is between 1 and 4094"));
    }
    let cidr: Option<Network> = network["cidr"].as_str().and_then(|cidr| cidr.parse().ok());
    let is_inside = |address: Ipv4Addr| cidr.is_none_or(|cidr| cidr.contains(address));
    let is_unchanged = |key: &str| network["cidr"] == before["cidr"] && network[key] == before[key];
    let outside = |what: &str| {
        let cidr = network["cidr"].as_str().unwrap_or_default();
        refused(format!("{what} is not in {cidr}"))
    };
    if !is_unchanged("gateway") && !network["gateway"].is_null() {
        match address(&network["gateway"]) {
            None => return refused(format!("`gateway` is {}, which is no IPv4 address", network["gateway"])),
            Some(gateway) if !is_inside(gateway) => return outside(&format!("gateway {gateway}")),
            Some(_) => {}
        }
    }
    if !is_unchanged("ip_ranges") {
        for item in network["ip_ranges"].as_array().into_iter().flatten() {
            match range(item) {
                None => return refused(format!("`ip_ranges` holds {item}, which is no {RANGE}")),
                Some((first, last)) if !is_inside(first) || !is_inside(last) => {
                    return outside(&format!("range {first} - {last}"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// Checks networking parameters: what did not change was right before.
///
/// # Errors
/// 400 that names the parameter.
pub(super) fn check_parameters(sent: &Value, before: &Value) -> Result<(), ApiError> {
    for (name, kind) in PARAMETERS {
        let Some(value) = sent.get(*name).filter(|value| **value != before[*name]) else {
            continue;
        };
        let (fits, expected) = match kind {
            Parameter::Address => (value.is_null() || address(value).is_some(), "an IPv4 address or null"),
            Parameter::Addresses => (
                is_list_of(value, |item| address(item).is_some()),
                "a list of IPv4 addresses",
            ),
            Parameter::Cidr => (
                value.as_str().is_some_and(|text| text.parse::<Network>().is_ok()) || value.is_null(),
                "an IPv4 network like 10.20.0.0/24 or null",
            ),
            Parameter::Range => (
                value.is_null() || range(value).is_some(),
                "a list of a first and a last IPv4 address, or null",
            ),
            Parameter::Ranges => (
                is_list_of(value, |item| range(item).is_some()),
                "a list of lists, each of a first and a last IPv4 address",
            ),
            Parameter::Numbers => (
                matches!(
                    value.as_array().map(Vec::as_slice),
                    Some([low, high]) if low.as_u64().zip(high.as_u64()).is_some_and(|(low, high)| low <= high)
                ),
                "a list of a lowest and a highest number",
            ),
            Parameter::Text => (value.is_string(), "a string"),
            Parameter::Segmentation => (
                value
                    .as_str()
                    .is_some_and(|kind| ["vlan", "gre", "tun"].contains(&kind)),
                "one of vlan, gre, tun",
            ),
            Parameter::Template => (value.is_object() || value.is_null(), "an object or null"),
        };
        if !fits {
            return Err(ApiError::bad_request(format!(
                "Networking parameter `{name}` is {value}; it must be {expected}"
            )));
        }
    }
    Ok(())
}

const RANGE: &str = "list of a first and a last IPv4 address";

fn is_list_of(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(fits))
}

fn address(value: &Value) -> Option<Ipv4Addr> {
    value.as_str()?.parse().ok()
}

fn range(value: &Value) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let [first, last] = value.as_array()?.as_slice() else {
        return None;
    };
    let (first, last) = (address(first)?, address(last)?);
    (first <= last).then_some((first, last))
}
