//! volumes.yaml.

use crate::check::rules::name_pattern;
use crate::check::schema::{Schema, array_of, choice, object, string};

/// The whole file.
pub(crate) fn volumes() -> Schema {
    let allocation = object()
        .required(&["allocate_size", "id"])
        .property("id", string())
        .property("allocate_size", choice(&["all", "min", "full-disk"]));
    let mapping = object()
        .closed()
        .keys(name_pattern(), array_of(allocation).minimum_items(1));
    let volume = object()
        .required(&["id", "type"])
        .property("type", string())
        .property("id", string());
    object()
        .required(&["volumes_roles_mapping", "volumes"])
        .property("volumes_roles_mapping", mapping)
        .property("volumes", array_of(volume))
}
