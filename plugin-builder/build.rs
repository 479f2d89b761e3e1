//! Turns what each Fuel version ships into tables, so that a check need not read it.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use serde_yaml::Value;

const VERSIONS: &[&str] = &["6.1", "7.0", "8.0", "9.2"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rerun-if-changed=build.rs");
    let mut code = String::from("static CORES: &[Core] = &[\n");
    for version in VERSIONS {
        core(version, &mut code)?;
    }
    code.push_str("];\n");
    let directory = std::env::var("OUT_DIR")?;
    fs_err::write(Path::new(&directory).join("cores.rs"), code)?;
    Ok(())
}

fn read(name: &str, version: &str) -> Result<Value, Box<dyn Error>> {
    Ok(serde_yaml::from_str(&fs_err::read_to_string(format!(
        "data/{name}-{version}.yaml"
    ))?)?)
}

fn core(version: &str, code: &mut String) -> Result<(), Box<dyn Error>> {
    let release = read("release", version)?;
    let graph = read("core-graph", version)?;
    let tasks = graph.as_sequence().ok_or("a core graph is a list")?;
    let ids: Vec<&str> = tasks.iter().filter_map(|task| task.get("id")?.as_str()).collect();

    writeln!(code, "Core {{ version: {version:?},")?;
    let volumes = release.get("volumes_metadata").and_then(|all| all.get("volumes"));
    let networks = release.get("network_roles_metadata");
    for (name, values) in [
        ("roles", keys(release.get("roles_metadata"))),
        ("node_roles", node_roles(&release, tasks)),
        ("volumes", each(volumes, "id")),
        ("network_roles", each(networks, "id")),
        ("components", each(release.get("components_metadata"), "name")),
    ] {
        writeln!(code, "{name}: &{values:?},")?;
    }
    code.push_str("tasks: &[\n");
    for task in tasks {
        let text = |key| task.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut roles = Vec::new();
        for key in ["role", "groups", "tags", "roles"] {
            roles.extend(texts(task.get(key)));
        }
        let crossing = |key| -> Result<String, Box<dyn Error>> {
            let mut edges = String::from("&[");
            for relation in task.get(key).and_then(Value::as_sequence).into_iter().flatten() {
                let Some(name) = relation.get("name").and_then(Value::as_str) else {
                    continue;
                };
                let role = texts(relation.get("role"));
                for id in matching(name, &ids)? {
                    write!(edges, "CoreRelation {{ name: {id:?}, roles: &{role:?} }}, ")?;
                }
            }
            edges.push(']');
            Ok(edges)
        };
        writeln!(
            code,
            "CoreTask {{ id: {:?}, roles: &{roles:?}, requires: &{:?}, required_for: &{:?}, cross_depends: {}, \
             cross_depended_by: {} }},",
            text("id"),
            texts(task.get("requires")),
            texts(task.get("required_for")),
            crossing("cross-depends")?,
            crossing("cross-depended-by")?,
        )?;
    }
    code.push_str("] },\n");
    Ok(())
}

/// A name, or what a `/regular expression/` matches among the core tasks, from the name's beginning on.
fn matching<'a>(name: &'a str, ids: &[&'a str]) -> Result<Vec<&'a str>, regex::Error> {
    let Some(pattern) = name.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) else {
        return Ok(vec![name]);
    };
    let pattern = regex::Regex::new(&format!("^(?:{pattern})"))?;
    Ok(ids.iter().copied().filter(|id| pattern.is_match(id)).collect())
}

/// Whatever a node's list of roles may hold: roles and tags, those with a primary, and what core tasks name.
fn node_roles(release: &Value, tasks: &[Value]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for key in ["roles_metadata", "tags_metadata"] {
        for (name, role) in release.get(key).and_then(Value::as_mapping).into_iter().flatten() {
            let Some(name) = name.as_str() else { continue };
            names.insert(name.to_owned());
            if role.get("has_primary").and_then(Value::as_bool) == Some(true) {
                names.insert(format!("primary-{name}"));
            }
        }
    }
    for task in tasks {
        for key in ["role", "groups", "tags"] {
            names.extend(
                texts(task.get(key))
                    .into_iter()
                    .filter(|name| !name.starts_with('/') && name != "*"),
            );
        }
    }
    names.into_iter().collect()
}

fn keys(mapping: Option<&Value>) -> Vec<String> {
    let mapping = mapping.and_then(Value::as_mapping).into_iter().flatten();
    mapping.filter_map(|(key, _)| key.as_str().map(str::to_owned)).collect()
}

fn each(list: Option<&Value>, key: &str) -> Vec<String> {
    let list = list.and_then(Value::as_sequence).into_iter().flatten();
    list.filter_map(|item| item.get(key)?.as_str().map(str::to_owned))
        .collect()
}

/// A text, or a list of them.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Sequence(items)) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}
