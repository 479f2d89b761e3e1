//! What may not be changed while an environment is locked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::python_dict;
use super::section::{SentSection, version_metadata};
use crate::profile::{LockRule, Profile};
use crate::store::{Cluster, ClusterPlugin, Node};

/// Whether an environment is locked: in 9.x only while something runs in it, before that once it is deployed.
pub(crate) fn is_locked(profile: &Profile, cluster: &Cluster, nodes: &[Node]) -> bool {
    !profile.unlocked_statuses.contains(&cluster.status.as_str())
        || profile.ready_nodes_lock && nodes.iter().any(|node| node.status == "ready")
}

/// Refuses what the profile's rule does not let be changed in a locked environment: `core` are the sections that were
/// sent of the environment's own settings, `stored` those settings. Whether anything in them differs does not matter.
///
/// # Errors
/// Nailgun's text.
pub(crate) fn check_lock(
    profile: &Profile,
    core: &Map<String, Value>,
    stored: &Map<String, Value>,
    sent: &[(&String, SentSection)],
    plugins: &[ClusterPlugin],
) -> Result<(), String> {
    match profile.lock_rule {
        LockRule::Everything => Err("Environment attributes can't be changed after, or in deploy.".to_owned()),
        LockRule::SectionsUnlessAlwaysEditable | LockRule::PluginsUnlessAlwaysEditable => {
            // A document comes from the server, which keeps the environment's own settings in one dictionary and adds
            // the sections of plugins to it.
            let own = python_dict::order(core.keys().map(String::as_str));
            let names = own.into_iter().chain(sent.iter().map(|(name, _)| name.as_str()));
            python_dict::order(names).into_iter().try_for_each(|name| {
                match sent.iter().find(|(other, _)| other.as_str() == name) {
                    Some((_, section)) => check_plugin(profile, name, section, plugins),
                    None => check_core(name, stored.get(name)),
                }
            })
        }
    }
}

fn check_core(name: &str, stored: Option<&Value>) -> Result<(), String> {
    if stored.is_some_and(|section| is_always_editable(&section["metadata"])) {
        return Ok(());
    }
    Err(format!(
        "Environment attribute '{name}' couldn't be changed after or during deployment."
    ))
}

/// In 8.0 `is_hotpluggable` is written as `always_editable`, which is what is read here; 9.x writes it to another key, and
/// only environment_config can say `always_editable`.
fn check_plugin(profile: &Profile, name: &str, sent: &SentSection, plugins: &[ClusterPlugin]) -> Result<(), String> {
    let versions: Vec<&ClusterPlugin> = plugins
        .iter()
        .filter(|connected| connected.plugin.name == name)
        .collect();
    let current = versions
        .iter()
        .find(|connected| connected.enabled)
        .map(|connected| connected.plugin.id);
    let mut changed: BTreeSet<i64> = BTreeSet::new();
    if sent.enabled {
        changed.extend(sent.chosen_id);
    }
    changed.extend(current);
    for connected in versions
        .iter()
        .filter(|connected| changed.contains(&connected.plugin.id))
    {
        let metadata = Value::Object(version_metadata(profile, &connected.plugin));
        if !is_always_editable(&metadata) {
            return Err(format!(
                "Plugin '{name}' version '{}' couldn't be changed after or during deployment.",
                connected.plugin.version
            ));
        }
    }
    Ok(())
}

fn is_always_editable(metadata: &Value) -> bool {
    metadata
        .as_object()
        .and_then(|metadata: &Map<String, Value>| metadata.get("always_editable"))
        .is_some_and(plugin_builder::expression::is_true)
}
