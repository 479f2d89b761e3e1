//! node_config.yaml, nic_config.yaml and bond_config.yaml.

use crate::check::pattern::Pattern;
use crate::check::rules::{name_pattern, restrictions};
use crate::check::schema::{Schema, anything, object, string};

/// nic_config.yaml and bond_config.yaml: attributes of an interface; also one section of node_config.yaml.
pub(crate) fn attributes() -> Schema {
    let attribute = object()
        .required(&["type", "label", "value"])
        .property("restrictions", restrictions())
        .property("type", string())
        .property("description", string())
        .property("value", anything())
        .property("label", string());
    let metadata = object()
        .required(&["label"])
        .property("restrictions", restrictions())
        .property("label", string());
    object()
        .closed()
        .keys(Pattern::new("^(?!metadata)[0-9a-zA-Z_-]+$"), attribute)
        .property("metadata", metadata)
}

/// node_config.yaml.
pub(crate) fn node_sections() -> Schema {
    object().closed().keys(name_pattern(), attributes())
}
