//! components.yaml.

use crate::check::pattern::Pattern;
use crate::check::schema::{Schema, array, array_of, object, string};

const NAME: &str = "^(hypervisor|network|storage|additional_service):([0-9a-z_-]+:)*[0-9a-z_-]+$";
const NAMES: &str = r"^(hypervisor|network|storage|additional_service):([0-9a-z_-]+:)*([0-9a-z_-]+|(\*)?)$";

/// The whole file.
pub(crate) fn components() -> Schema {
    let others = || {
        array_of(
            object()
                .required(&["name"])
                .property("message", string())
                .property("name", string().pattern(Pattern::new(NAMES))),
        )
    };
    array_of(
        object()
            .closed()
            .required(&["name", "label"])
            .property("description", string())
            .property("incompatible", others())
            .property("bind", array())
            .property("label", string())
            .property("compatible", others())
            .property("requires", others())
            .property("name", string().pattern(Pattern::new(NAME))),
    )
}
