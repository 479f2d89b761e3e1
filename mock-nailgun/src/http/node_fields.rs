//! What a node may be told to be. Names and addresses of nodes go into files of real machines, so nothing else passes.

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::error::ApiError;
use super::json_schema::{Kind, Schema};

const SCHEMA: Schema = Schema {
    required: &[],
    fields: &[
        ("mac", Kind::String),
        ("name", Kind::NullableString),
        ("hostname", Kind::NullableString),
        ("ip", Kind::NullableString),
        ("status", Kind::NullableString),
        ("meta", Kind::Object),
        ("labels", Kind::Object),
        ("os_platform", Kind::NullableString),
        ("platform_name", Kind::NullableString),
        ("manufacturer", Kind::NullableString),
        ("kernel_params", Kind::NullableString),
        ("online", Kind::Boolean),
        ("pending_addition", Kind::Boolean),
        ("pending_deletion", Kind::Boolean),
        ("pending_roles", Kind::ListOfStrings),
        ("cluster", Kind::NullableInteger),
        ("cluster_id", Kind::NullableInteger),
        ("group_id", Kind::NullableInteger),
    ],
    closed: false,
};

/// How many characters of a node's texts are kept.
const LENGTHS: &[(&str, usize)] = &[
    ("name", 100),
    ("os_platform", 150),
    ("platform_name", 150),
    ("manufacturer", 50),
];

const STATUSES: &[&str] = &[
    "ready",
    "discover",
    "provisioning",
    "provisioned",
    "deploying",
    "error",
    "removing",
    "stopped",
];

/// Checks what a request says of a node.
///
/// # Errors
/// 400 with the first field that is wrong.
pub(super) fn check(body: &Map<String, Value>) -> Result<(), ApiError> {
    SCHEMA.check(body)?;
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    if let Some(mac) = text("mac").filter(|mac| !is_mac(mac)) {
        return Err(ApiError::bad_request(format!(
            "'{mac}' is not a MAC address like 52:54:00:12:34:56"
        )));
    }
    if let Some(ip) = text("ip").filter(|ip| ip.parse::<Ipv4Addr>().is_err()) {
        return Err(ApiError::bad_request(format!(
            "'{ip}' is not a valid IP address: `ip` must be an IPv4 address like 10.20.0.3"
        )));
    }
    if let Some(hostname) = text("hostname") {
        check_hostname(hostname)?;
    }
    if let Some(status) = text("status").filter(|status| !STATUSES.contains(status)) {
        return Err(ApiError::bad_request(format!(
            "'{status}' is no status of a node: `status` must be one of {}",
            STATUSES.join(", ")
        )));
    }
    for (key, longest) in LENGTHS {
        let length = text(key).map_or(0, |text| text.chars().count());
        if length > *longest {
            return Err(ApiError::bad_request(format!(
                "`{key}` of a node has {length} characters; it may have {longest}"
            )));
        }
    }
    let labels = body.get("labels").and_then(Value::as_object);
    for (label, value) in labels.into_iter().flatten() {
        if !value.is_string() && !value.is_null() {
            return Err(ApiError::bad_request(format!(
                "Label '{label}' is {value}; labels are strings or null"
            )));
        }
    }
    Ok(())
}

fn is_mac(text: &str) -> bool {
    let mut pairs = 0;
    text.split(':').all(|pair| {
        pairs += 1;
        pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit())
    }) && pairs == 6
}

/// A hostname becomes part of a domain name.
fn check_hostname(hostname: &str) -> Result<(), ApiError> {
    let is_inner = |character: char| character.is_ascii_alphanumeric() || character == '-';
    if hostname.is_empty()
        || hostname.len() > 63
        || !hostname.chars().all(is_inner)
        || hostname.starts_with('-')
        || hostname.ends_with('-')
    {
        return Err(ApiError::bad_request(format!(
            "Hostname '{hostname}' must consist of letters, digits and '-', which neither begins nor ends it, and of 63 \
             characters at most"
        )));
    }
    Ok(())
}
