//! environment_config.yaml: the plugin's settings.

use crate::check::format::Format;
use crate::check::rules::restrictions;
use crate::check::schema::{Schema, any_of, array_of, boolean, choice, integer, object, string};

/// The groups of the Settings tab.
const SETTING_GROUPS: &[&str] = &[
    "general",
    "security",
    "compute",
    "network",
    "storage",
    "logging",
    "openstack_services",
    "other",
];

/// The whole file.
pub(crate) fn root(format: &Format) -> Schema {
    let metadata = object().property("group", choice(SETTING_GROUPS));
    object().property(
        "attributes",
        object().optional_property(format.number >= 4, "metadata", metadata),
    )
}

/// One setting.
pub(crate) fn attribute() -> Schema {
    object()
        .required(&["type", "label", "weight", "value"])
        .property("restrictions", restrictions())
        .property("weight", integer())
        .property("value", value())
        .property("label", string())
        .property(
            "values",
            array_of(
                object()
                    .required(&["data", "label"])
                    .property("data", string())
                    .property("label", string()),
            ),
        )
        .property("type", string())
}

/// `attributes.metadata`: the section.
pub(crate) fn section() -> Schema {
    object()
        .property("restrictions", restrictions())
        .property("enabled", boolean())
        .property("toggleable", boolean())
        .property("weight", integer())
        .property("label", string())
}

fn value() -> Schema {
    any_of(vec![
        string(),
        boolean(),
        object().property("generator", string()),
        array_of(any_of(vec![string(), boolean()])),
    ])
}
