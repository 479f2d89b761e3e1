//! `/clusters/:id/network_configuration`

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply, ReplyBody};
use super::error::ApiError;
use super::{clusters, network_fields, tasks};
use crate::config::Network;
use crate::environment::{self, Environment, Scheme, clock};
use crate::settings;
use crate::store::{self, addresses};

/// VIPs that have a key of their own beside `vips`.
const NAMED_VIPS: &[(&str, &str)] = &[
    ("management", "management_vip"),
    ("public", "public_vip"),
    ("vrouter", "management_vrouter_vip"),
    ("vrouter_pub", "public_vrouter_vip"),
];

fn shown(environment: &Environment<'_>) -> Result<Value, ApiError> {
    let mut shown = environment.cluster.network_configuration.clone();
    if let Some(networks) = shown["networks"].as_array_mut() {
        networks.push(environment::admin_network(environment.config));
    }
    let roles = environment.roles()?;
    let vips = Scheme::new(environment, &roles)?.vips()?;
    for (name, key) in NAMED_VIPS {
        if let Some(address) = vips
            .get(*name)
            .map(|vip| &vip["ipaddr"])
            .filter(|address| address.is_string())
        {
            shown[*key] = address.clone();
        }
    }
    shown["vips"] = Value::Object(vips);
    Ok(shown)
}

/// `GET /clusters/:id/network_configuration/neutron`. VIPs get their addresses at the first look.
pub(crate) fn show(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    environment::allocate(&environment)?;
    Ok(Reply::ok(shown(&environment)?))
}

/// `PUT /clusters/:id/network_configuration/neutron`: networks by name or id, each with the fields to change, and
/// `networking_parameters`. Addresses of a network whose CIDR or ranges changed are given out anew.
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    if settings::is_locked(&call.config.profile, &environment.cluster, &environment.nodes) {
        return Err(ApiError::new(
            403,
            "Environment networks can't be changed after, or in deploy.",
        ));
    }
    let body = call.object()?;
    network_fields::check_types(&body)?;
    let mut configuration = environment.cluster.network_configuration.clone();
    for sent in body.get("networks").and_then(Value::as_array).into_iter().flatten() {
        if sent["name"] == "fuelweb_admin" {
            continue;
        }
        let known = configuration["networks"].as_array_mut().and_then(|networks| {
            networks.iter_mut().find(|network| {
                (!sent["id"].is_null() && network["id"] == sent["id"])
                    || (sent["id"].is_null() && network["name"] == sent["name"])
            })
        });
        let Some(known) = known else {
            return Err(ApiError::bad_request(format!("Invalid network ID: {}", sent["id"])));
        };
        let before = known.clone();
        settings::merge(known, sent);
        check_network(known)?;
        if known["name"] != before["name"] {
            return Err(ApiError::bad_request(format!(
                "Network {} cannot be renamed to {}",
                before["name"], known["name"]
            )));
        }
        if known["cidr"] != before["cidr"] {
            follow_cidr(known, &before, sent)?;
        }
        network_fields::check_network(known, &before)?;
        if known["cidr"] != before["cidr"]
            || known["ip_ranges"] != before["ip_ranges"]
            || known["gateway"] != before["gateway"]
        {
            let name = known["name"].as_str().unwrap_or_default();
            addresses::free_network(call.database, environment.cluster.id, name)?;
        }
    }
    if let Some(parameters) = body.get("networking_parameters") {
        network_fields::check_parameters(parameters, &configuration["networking_parameters"])?;
        settings::merge(&mut configuration["networking_parameters"], parameters);
    }
    environment.cluster.network_configuration = configuration;
    store::replace(call.database, &environment.cluster)?;
    environment::allocate(&environment)?;
    Ok(Reply::ok(shown(&environment)?))
}

/// `PUT /clusters/:id/network_configuration/neutron/verify`: nothing is sent between nodes, so it is over at once.
pub(crate) fn verify(call: &Call<'_>) -> Answer {
    let cluster = clusters::find(call)?;
    let body = call.object()?;
    network_fields::check_types(&body)?;
    for network in body.get("networks").and_then(Value::as_array).into_iter().flatten() {
        check_network(network)?;
    }
    let mut task = tasks::new_task("verify_networks", Some(cluster.id), None);
    task.status = "ready".to_owned();
    task.progress = 100;
    task.time_start = Some(clock::now_iso());
    task.time_end = task.time_start.clone();
    store::insert(call.database, &mut task)?;
    Ok(tasks::accepted(&call.config.profile, &task))
}

fn check_network(network: &Value) -> Result<(), ApiError> {
    match &network["cidr"] {
        Value::Null => Ok(()),
        Value::String(cidr) => cidr
            .parse::<Network>()
            .map(|_| ())
            .map_err(|error| ApiError::bad_request(error.to_string())),
        other => Err(ApiError::bad_request(format!("{other} is not a CIDR"))),
    }
}

/// Moves a network's ranges and gateway with its CIDR, where the request does not say them.
fn follow_cidr(network: &mut Value, before: &Value, sent: &Value) -> Result<(), ApiError> {
    let parse = |value: &Value| value.as_str().and_then(|cidr| cidr.parse::<Network>().ok());
    let (Some(old), Some(new)) = (parse(&before["cidr"]), parse(&network["cidr"])) else {
        return Ok(());
    };
    let moved = |address: &Value| -> Value {
        let index = address
            .as_str()
            .and_then(|text| text.parse::<std::net::Ipv4Addr>().ok())
            .map(|address| u32::from(address).wrapping_sub(u32::from(old.address)));
        index
            .and_then(|index| new.host(index))
            .map_or(Value::Null, |address| json!(address.to_string()))
    };
    let said_otherwise = |key: &str| sent.get(key).is_some_and(|value| *value != before[key]);
    if !said_otherwise("ip_ranges") {
        let ranges: Vec<Value> = before["ip_ranges"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|range| json!([moved(&range[0]), moved(&range[1])]))
            .collect();
        if ranges.iter().any(|range| range[0].is_null() || range[1].is_null()) {
            return Err(ApiError::bad_request(format!(
                "IP ranges do not fit into {new}; give `ip_ranges` as well"
            )));
        }
        network["ip_ranges"] = Value::from(ranges);
    }
    if !said_otherwise("gateway") && before["gateway"].is_string() {
        network["gateway"] = moved(&before["gateway"]);
    }
    Ok(())
}

/// `GET /clusters/:id/network_configuration/template`
pub(crate) fn template(call: &Call<'_>) -> Answer {
    let cluster = clusters::find(call)?;
    let template = &cluster.network_configuration["networking_parameters"]["configuration_template"];
    Ok(Reply::ok(if template.is_null() {
        json!({})
    } else {
        template.clone()
    }))
}

/// `PUT /clusters/:id/network_configuration/template`: kept, not applied.
pub(crate) fn update_template(call: &Call<'_>) -> Answer {
    let template = Value::Object(call.object()?);
    set_template(call, template.clone())?;
    Ok(Reply::ok(template))
}

/// `DELETE /clusters/:id/network_configuration/template`
pub(crate) fn remove_template(call: &Call<'_>) -> Answer {
    set_template(call, Value::Null)?;
    Ok(Reply::no_content())
}

fn set_template(call: &Call<'_>, template: Value) -> Result<(), ApiError> {
    let mut cluster = clusters::find(call)?;
    settings::merge(
        &mut cluster.network_configuration,
        &json!({"networking_parameters": {"configuration_template": null}}),
    );
    cluster.network_configuration["networking_parameters"]["configuration_template"] = template;
    Ok(store::replace(call.database, &cluster)?)
}

/// `PUT /clusters/:id/network_configuration/ips/vips`: a list of `{"id", "ip_addr"}`, ids as GET gives them.
pub(crate) fn update_vips(call: &Call<'_>) -> Answer {
    let sent = call.list()?;
    let known = match vips(call)?.body {
        ReplyBody::Json(Value::Array(known)) => known,
        _ => Vec::new(),
    };
    let cluster = clusters::find(call)?;
    for vip in &sent {
        let Some(same) = known.iter().find(|known| known["id"] == vip["id"]) else {
            return Err(ApiError::bad_request(format!("There is no VIP with id {}", vip["id"])));
        };
        let Some(address) = vip["ip_addr"].as_str() else {
            continue;
        };
        if address.parse::<std::net::Ipv4Addr>().is_err() {
            return Err(ApiError::bad_request(format!("'{address}' is not a valid IP address")));
        }
        let name = same["vip_name"].as_str().unwrap_or_default();
        addresses::move_vip(call.database, cluster.id, name, address)?;
    }
    vips(call)
}

/// `GET /clusters/:id/network_configuration/ips/vips`
pub(crate) fn vips(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    environment::allocate(&environment)?;
    let roles = environment.roles()?;
    let vips = Scheme::new(&environment, &roles)?.vips()?;
    let list = vips.iter().enumerate().map(|(index, (name, vip))| {
        json!({
            "id": index + 1, "vip_name": name, "ip_addr": vip["ipaddr"], "vip_namespace": vip["namespace"],
            "is_user_defined": vip["is_user_defined"], "node": null,
        })
    });
    Ok(Reply::ok(list.collect()))
}
