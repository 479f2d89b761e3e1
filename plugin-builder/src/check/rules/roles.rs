//! network_roles.yaml and node_roles.yaml.

use crate::check::format::Format;
use crate::check::pattern::Pattern;
use crate::check::rules::{name_pattern, restrictions};
use crate::check::schema::{Schema, any_of, array_of, boolean, choice, integer, object, string, text_or_integer};

/// What a plugin may belong to; `equipment` came with format 4.0.0.
pub(crate) const GROUPS: &[&str] = &[
    "network",
    "storage",
    "storage::cinder",
    "storage::glance",
    "hypervisor",
    "monitoring",
    "equipment",
];

/// network_roles.yaml.
pub(crate) fn network_roles() -> Schema {
    let name = || string().pattern(Pattern::new("^[0-9a-z_-]+$"));
    let address = object()
        .required(&["name"])
        .property("namespace", name())
        .property("name", name());
    let properties = object()
        .required(&["subnet", "gateway", "vip"])
        .property("subnet", boolean())
        .property("vip", array_of(address))
        .property("gateway", boolean());
    array_of(
        object()
            .required(&["id", "default_mapping", "properties"])
            .property("properties", properties)
            .property("id", string())
            .property("default_mapping", string()),
    )
}

/// node_roles.yaml.
pub(crate) fn node_roles(format: &Format) -> Schema {
    object().closed().keys(name_pattern(), node_role(format))
}

fn node_role(_format: &Format) -> Schema {
    let names = || array_of(string());
    object()
        .required(&["name", "description"])
        .property("update_once", names())
        .property("has_primary", boolean())
        .property("update_required", names())
        .property("name", string())
        .property("weight", integer())
        .property("restrictions", restrictions())
        .property("conflicts", any_of(vec![names(), choice(&["*"])]))
        .property("limits", limits())
        .property("public_ip_required", boolean())
        .property("description", string())
}

fn limits() -> Schema {
    let overriding = object()
        .required(&["condition"])
        .property("max", text_or_integer())
        .property("recommended", text_or_integer())
        .property("message", string())
        .property("condition", string())
        .property("min", text_or_integer());
    object()
        .property("max", text_or_integer())
        .property("recommended", text_or_integer())
        .property("overrides", array_of(overriding).minimum_items(1))
        .property("condition", string())
        .property("min", text_or_integer())
}
