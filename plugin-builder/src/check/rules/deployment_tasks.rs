//! deployment_tasks.yaml.

use crate::check::format::Format;
use crate::check::pattern::Pattern;
use crate::check::rules::{name_pattern, tasks};
use crate::check::schema::{Schema, any_of, anything, array, array_of, choice, integer, object, role_name, string};

const TYPES_3: &[&str] = &[
    "puppet",
    "shell",
    "group",
    "skipped",
    "copy_files",
    "sync",
    "upload_file",
    "stage",
    "reboot",
];
const TYPES_4: &[&str] = &[
    "copy_files",
    "group",
    "reboot",
    "shell",
    "skipped",
    "stage",
    "sync",
    "puppet",
    "upload_file",
];

/// The whole file.
pub(crate) fn root(format: &Format) -> Schema {
    if format.number >= 4 {
        return array_of(task(
            &["type", "id"],
            TYPES_4,
            object().property("strategy", strategy()),
        ));
    }
    array_of(
        object()
            .required(&["id", "type"])
            .property("requires", names())
            .property("type", choice(TYPES_3))
            .property("id", string().pattern(name_pattern()))
            .property("required_for", names()),
    )
}

/// One task of a known type.
pub(crate) fn of_type(format: &Format, kind: &str) -> Option<Schema> {
    if format.number >= 4 {
        of_type_4(kind)
    } else {
        of_type_3(kind)
    }
}

fn names() -> Schema {
    array_of(string().pattern(name_pattern()))
}

fn of_type_3(kind: &str) -> Option<Schema> {
    let role = || any_of(vec![names(), choice(&["*", "master"])]);
    let task = |parameters: Schema| object().property("role", role()).property("parameters", parameters);
    Some(match kind {
        "puppet" => task(
            object()
                .required(&["puppet_manifest", "puppet_modules", "timeout"])
                .property("retries", integer())
                .property("puppet_modules", string().minimum_length(1))
                .property("puppet_manifest", string().minimum_length(1))
                .property("timeout", integer()),
        )
        .property("groups", names()),
        "shell" => task(
            object()
                .required(&["cmd"])
                .property("retries", integer())
                .property("cmd", string())
                .property("timeout", integer())
                .property("interval", integer()),
        )
        .required(&["role"]),
        "group" => task(object().property(
            "strategy",
            object().property("type", choice(&["parallel", "one_by_one"])),
        ))
        .required(&["role"]),
        "copy_files" => task(copy_files(None)).required(&["role", "parameters"]),
        "sync" => task(sync(None)).required(&["role", "parameters"]),
        "upload_file" => task(upload_file(None)).required(&["role", "parameters"]),
        "reboot" => task(object().property("timeout", integer())),
        "skipped" | "stage" => anything(),
        _ => return None,
    })
}

fn of_type_4(kind: &str) -> Option<Schema> {
    let (kind, parameters, required): (&'static str, Schema, bool) = match kind {
        "puppet" => (
            "puppet",
            object()
                .required(&["puppet_manifest", "puppet_modules", "timeout"])
                .property("retries", integer())
                .property("puppet_modules", string().minimum_length(1))
                .property("puppet_manifest", string().minimum_length(1))
                .property("timeout", integer())
                .property("strategy", strategy()),
            false,
        ),
        "shell" => (
            "shell",
            object()
                .required(&["cmd"])
                .property("retries", integer())
                .property("cmd", string())
                .property("strategy", strategy())
                .property("timeout", integer())
                .property("interval", integer()),
            false,
        ),
        "copy_files" => ("copy_files", copy_files(Some(strategy())), true),
        "sync" => ("sync", sync(Some(strategy())), true),
        "upload_file" => ("upload_file", upload_file(Some(strategy())), true),
        "reboot" => (
            "reboot",
            object().property("timeout", integer()).property("strategy", strategy()),
            false,
        ),
        "group" => ("group", object().property("strategy", strategy()), false),
        "skipped" => ("skipped", object().property("strategy", strategy()), false),
        "stage" => ("stage", object().property("strategy", strategy()), false),
        _ => return None,
    };
    let keys: &[&'static str] = if required {
        &["type", "id", "parameters"]
    } else {
        &["type", "id"]
    };
    Some(task(keys, &[kind], parameters))
}

fn task(required: &[&'static str], types: &[&'static str], parameters: Schema) -> Schema {
    let roles = || any_of(vec![role_name(), array_of(role_name())]);
    let relations = || any_of(vec![array_of(relation()), yaql()]);
    object()
        .required(required)
        .property("tasks", array_of(string().pattern(name_or_all())))
        .property("groups", roles())
        .property("required_for", names())
        .property("id", string().pattern(name_or_all()))
        .property("stage", tasks::stage())
        .property("reexecute_on", array_of(choice(&["deploy_changes"])))
        .property("parameters", parameters)
        .property("roles", roles())
        .property("cross-depended-by", relations())
        .property("type", choice(types))
        .property("version", string().pattern(Pattern::new(r"^\d+.\d+.\d+$")))
        .property("role", roles())
        .property("cross-depends", relations())
        .property("requires", names())
}

fn name_or_all() -> Pattern {
    Pattern::new(r"^[0-9a-zA-Z_-]+$|^\*$")
}

fn relation() -> Schema {
    object()
        .required(&["name"])
        .property("policy", choice(&["all", "any"]))
        .property("role", any_of(vec![string(), array(), yaql()]))
        .property("name", any_of(vec![string(), yaql()]))
}

fn yaql() -> Schema {
    object().required(&["yaql_exp"]).property("yaql_exp", string())
}

fn strategy() -> Schema {
    object()
        .required(&["type"])
        .property("amount", any_of(vec![integer(), yaql()]))
        .property("type", choice(&["parallel", "one_by_one"]))
}

fn with_strategy(schema: Schema, strategy: Option<Schema>) -> Schema {
    match strategy {
        Some(strategy) => schema.property("strategy", strategy),
        None => schema,
    }
}

fn copy_files(strategy: Option<Schema>) -> Schema {
    let file = object()
        .required(&["src", "dst"])
        .property("src", string())
        .property("dst", string());
    let mode = || string().pattern(Pattern::new("^[0-7]{4}$"));
    let schema = object()
        .required(&["files"])
        .property("files", array_of(file).minimum_items(1));
    with_strategy(schema, strategy)
        .property("dir_permissions", mode())
        .property("permissions", mode())
}

fn sync(strategy: Option<Schema>) -> Schema {
    let schema = object()
        .required(&["src", "dst"])
        .property("src", string())
        .property("dst", string())
        .property("timeout", integer());
    with_strategy(schema, strategy)
}

fn upload_file(strategy: Option<Schema>) -> Schema {
    let schema = object()
        .required(&["path", "data"])
        .property("path", string())
        .property("data", string());
    with_strategy(schema, strategy)
}
