//! tasks.yaml.

use crate::check::format::Format;
use crate::check::pattern::Pattern;
use crate::check::schema::{Schema, any_of, array_of, choice, integer, object, string};

/// When a task runs, from format 2.0.0 on: `post_deployment/2.5`.
pub(crate) fn stage() -> Schema {
    string().pattern(Pattern::new(
        r"^(post_deployment|pre_deployment)(/[-+]?([0-9]*\.[0-9]+|[0-9]+))?$",
    ))
}

/// The whole file.
pub(crate) fn root(format: &Format) -> Schema {
    let types: &[&str] = if format.number == 1 {
        &["puppet", "shell"]
    } else {
        &["puppet", "shell", "reboot"]
    };
    let stage = if format.number == 1 {
        choice(&["post_deployment", "pre_deployment"])
    } else {
        stage()
    };
    array_of(
        object()
            .required(&["parameters", "type", "stage", "role"])
            .property("role", any_of(vec![array_of(string()), choice(&["*", "master"])]))
            .property("type", choice(types))
            .property(
                "parameters",
                base(format).required(&["timeout"]).property("timeout", count()),
            )
            .property("stage", stage),
    )
}

/// `parameters` of one type of task; the root has refused unknown types.
pub(crate) fn parameters(format: &Format, kind: &str) -> Option<Schema> {
    let base = base(format).required(&["timeout"]);
    match kind {
        "puppet" => Some(
            base.required(&["puppet_modules", "puppet_manifest"])
                .property("puppet_modules", string())
                .property("puppet_manifest", string())
                .property("timeout", count()),
        ),
        "shell" => Some(
            base.required(&["cmd"])
                .property("cmd", string())
                .property("timeout", count()),
        ),
        "reboot" if format.number >= 2 => Some(base.property("timeout", count())),
        _ => None,
    }
}

fn base(format: &Format) -> Schema {
    object().optional_property(format.number >= 3, "retries", count())
}

fn count() -> Schema {
    integer().minimum(0)
}
