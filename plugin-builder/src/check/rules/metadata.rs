//! metadata.yaml.

use crate::check::format::Format;
use crate::check::pattern::Pattern;
use crate::check::rules::roles::GROUPS;
use crate::check::schema::{Schema, array_of, boolean, choice, object, string};

/// metadata.yaml of a format.
pub(crate) fn metadata(format: &Format) -> Schema {
    let number = format.number;
    let name = || string().pattern(Pattern::new("^[a-z0-9_-]+$"));
    let releases = || array_of(release());
    let package_version = choice(&[format.version]);
    let texts = || array_of(string());
    let schema = object().required(&[
        "name",
        "title",
        "version",
        "package_version",
        "description",
        "fuel_version",
    ]);
    if number == 1 {
        return schema
            .required(&["releases"])
            .property("description", string())
            .property("releases", releases())
            .property("title", string())
            .property("package_version", package_version)
            .property("version", string())
            .property("fuel_version", texts())
            .property("name", name());
    }
    let groups = if number >= 4 {
        GROUPS
    } else {
        GROUPS.get(..GROUPS.len() - 1).unwrap_or_default()
    };
    let schema = schema.required(&["licenses", "authors", "homepage", "releases", "groups"]);
    let schema = if number >= 4 {
        schema.required(&["is_hotpluggable"])
    } else {
        schema
    };
    schema
        .property("description", string())
        .property("releases", releases())
        .property("package_version", package_version)
        .property("fuel_version", texts())
        .property("groups", array_of(choice(groups)).unique())
        .property("authors", texts())
        .property("licenses", texts())
        .property("name", name())
        .property("title", string())
        .optional_property(number >= 4, "is_hotpluggable", boolean())
        .property("version", string())
        .property("homepage", string())
}

fn release() -> Schema {
    object()
        .required(&["version", "os", "mode"])
        .property("repository_path", string())
        .property("version", string())
        .property("os", choice(&["ubuntu", "centos"]))
        .property("deployment_scripts_path", string())
        .property("mode", array_of(choice(&["ha", "multinode"])))
}
