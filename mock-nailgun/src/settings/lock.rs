//! What may not be changed while an environment is locked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::section::SentSection;
use crate::profile::Profile;
use crate::store::{Cluster, ClusterPlugin, Node};

/// Whether an environment is locked: in 9.x only while something runs in it, before that once it is deployed.
pub(crate) fn is_locked(profile: &Profile, cluster: &Cluster, nodes: &[Node]) -> bool {
    !profile.unlocked_statuses.contains(&cluster.status.as_str())
        || profile.ready_nodes_lock && nodes.iter().any(|node| node.status == "ready")
}

/// Refuses a core section without `always_editable`, whether or not anything in it differs.
///
/// # Errors
/// Nailgun's text.
pub(crate) fn check_core_lock(name: &str, stored: Option<&Value>) -> Result<(), String> {
    if stored.is_some_and(|section| is_always_editable(&section["metadata"])) {
        return Ok(());
    }
    Err(format!(
        "Environment attribute '{name}' couldn't be changed after or during deployment."
    ))
}

/// Refuses a change of a plugin whose environment_config does not say `always_editable`. `is_hotpluggable` does not
/// help in 9.x: it is written to another key than the one that is read.
///
/// # Errors
/// Nailgun's text.
pub(crate) fn check_plugin_lock(name: &str, sent: &SentSection, plugins: &[ClusterPlugin]) -> Result<(), String> {
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
        let metadata = connected
            .plugin
            .files
            .attributes_metadata
            .get("metadata")
            .unwrap_or(&Value::Null);
        if !is_always_editable(metadata) {
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
