//! Components that an environment is created with.

use serde_json::{Value, json};

use super::call::Call;
use super::error::ApiError;
use crate::environment::{self, Environment};
use crate::settings::python_repr;
use crate::store::{ClusterPlugin, cluster_plugins};

/// Kinds of components of which one must be chosen, where any are.
const REQUIRED_KINDS: &[&str] = &["hypervisor", "network", "storage"];

/// The segmentation that the chosen components mean.
pub(crate) fn segmentation(chosen: &[String]) -> Option<&'static str> {
    let chose = |name: &str| chosen.iter().any(|component| component == name);
    if chose("network:neutron:ml2:tun") {
        Some("tun")
    } else if chose("network:neutron:ml2:vlan") {
        Some("vlan")
    } else {
        None
    }
}

/// Whether a component's name is meant: `*` at the end stands for any rest.
fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |prefix| name.starts_with(prefix))
}

/// Checks the chosen components of a new environment, applies what they bind to its settings, and enables the newest
/// version of each plugin that owns one of them.
pub(crate) fn apply(call: &Call<'_>, environment: &mut Environment<'_>) -> Result<(), ApiError> {
    let chosen = environment.cluster.components.clone();
    if chosen.is_empty() {
        return Ok(());
    }
    let mut known: Vec<Value> = environment
        .release
        .metadata
        .get("components_metadata")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for connected in &environment.plugins {
        known.extend(connected.plugin.files.components_metadata.clone());
    }
    check(&chosen, &known, &environment.release.name)?;
    for component in known.iter().filter(|component| is_chosen(&chosen, component)) {
        for bind in component["bind"].as_array().into_iter().flatten() {
            let (path, value) = match bind {
                Value::Array(pair) => (
                    pair.first().and_then(Value::as_str),
                    pair.get(1).cloned().unwrap_or(Value::Null),
                ),
                other => (other.as_str(), json!(true)),
            };
            if let Some(path) = path.and_then(|path| path.strip_prefix("settings:")) {
                set(environment, path, value);
            }
        }
    }
    let owners: Vec<&ClusterPlugin> = environment
        .plugins
        .iter()
        .filter(|connected| {
            connected
                .plugin
                .files
                .components_metadata
                .iter()
                .any(|component| is_chosen(&chosen, component))
        })
        .collect();
    for owner in &owners {
        let order = |connected: &ClusterPlugin| environment::version_order(&connected.plugin.version);
        let has_newer = owners
            .iter()
            .any(|other| other.plugin.name == owner.plugin.name && order(other) > order(owner));
        if !has_newer {
            cluster_plugins::set_enabled(call.database, environment.cluster.id, owner.plugin.id, true)?;
        }
    }
    Ok(())
}

fn is_chosen(chosen: &[String], component: &Value) -> bool {
    component["name"]
        .as_str()
        .is_some_and(|name| chosen.iter().any(|chosen| chosen == name))
}

fn set(environment: &mut Environment<'_>, path: &str, value: Value) {
    let mut parts = path.split('.');
    let section = parts.next().and_then(|name| environment.cluster.editable.get_mut(name));
    let target = parts.try_fold(section, |target, key| Some(target?.get_mut(key)));
    if let Some(Some(target)) = target {
        *target = value;
    }
}

fn check(chosen: &[String], known: &[Value], release: &str) -> Result<(), ApiError> {
    let quoted = |names: &[&str]| {
        format!(
            "[{}]",
            names
                .iter()
                .map(|name| format!("'{name}'"))
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    let unknown: Vec<&str> = chosen
        .iter()
        .filter(|name| !known.iter().any(|component| component["name"] == name.as_str()))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        return Err(ApiError::bad_request(format!(
            "{} components are not related to release \"{release}\".",
            quoted(&unknown)
        )));
    }
    let names = |component: &Value, key: &str| -> Vec<String> {
        let items = component[key].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .filter_map(|item| item["name"].as_str())
            .map(str::to_owned)
            .collect()
    };
    for component in known.iter().filter(|component| is_chosen(chosen, component)) {
        let name = component["name"].as_str().unwrap_or_default();
        let incompatible: Vec<&str> = chosen
            .iter()
            .filter(|other| {
                names(component, "incompatible")
                    .iter()
                    .any(|pattern| matches(pattern, other))
            })
            .map(String::as_str)
            .collect();
        if !incompatible.is_empty() {
            return Err(ApiError::bad_request(format!(
                "Incompatible components were found: '{name}' incompatible with {}.",
                quoted(&incompatible)
            )));
        }
        let required = names(component, "requires");
        let unmet: Vec<&str> = required
            .iter()
            .filter(|pattern| !chosen.iter().any(|other| matches(pattern, other)))
            .map(String::as_str)
            .collect();
        if !unmet.is_empty() {
            return Err(ApiError::bad_request(format!(
                "Requires {} for '{name}' components were not satisfied.",
                quoted(&unmet)
            )));
        }
    }
    let missing: Vec<Value> = REQUIRED_KINDS
        .iter()
        .filter(|kind| !chosen.iter().any(|name| name.starts_with(&format!("{kind}:"))))
        .map(|kind| json!(kind))
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::bad_request(format!(
            "Components with {} types required but wasn't found in data",
            python_repr(&Value::from(missing)).replace("u'", "'")
        )));
    }
    Ok(())
}
