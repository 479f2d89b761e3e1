//! Roles of nodes, their tags, and which node is the primary one.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::context::Environment;
use crate::http::ApiError;
use crate::profile::Profile;
use crate::store::{self, ClusterPlugin, Node, Release};

/// Roles of a release and of the enabled plugins of an environment, and their tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roles {
    /// Role to metadata.
    pub(crate) metadata: Map<String, Value>,
    /// Tags for which one node is the primary.
    primary_tags: BTreeSet<String>,
}

/// A plugin brings a role that there is already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Plugin (ID={plugin_id}) is unable to register the following node roles: {roles}")]
pub(crate) struct ProblemOfRoles {
    pub(crate) plugin_id: i64,
    pub(crate) roles: String,
}

/// The roles that a release brings, without any plugin's.
pub(crate) fn release_roles(profile: &Profile, release: &Release) -> Roles {
    roles_metadata(profile, release, &[]).unwrap_or_default()
}

/// The roles of an environment.
///
/// # Errors
/// A name that two of them use: it is found out here, not when the plugin is enabled.
pub(crate) fn roles_metadata(
    profile: &Profile,
    release: &Release,
    plugins: &[ClusterPlugin],
) -> Result<Roles, ProblemOfRoles> {
    let object = |key: &str| {
        release
            .metadata
            .get(key)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let mut roles = Roles {
        metadata: object("roles_metadata"),
        primary_tags: BTreeSet::new(),
    };
    let mut tags = object("tags_metadata");
    for connected in plugins.iter().filter(|connected| connected.enabled) {
        let plugin = &connected.plugin;
        let files = &plugin.files;
        let taken: Vec<&str> = files
            .roles_metadata
            .keys()
            .filter(|name| roles.metadata.contains_key(*name))
            .map(String::as_str)
            .collect();
        if !taken.is_empty() {
            return Err(ProblemOfRoles {
                plugin_id: plugin.id,
                roles: taken.join(", "),
            });
        }
        tags.extend(files.tags_metadata.clone());
        for (name, metadata) in &files.roles_metadata {
            let mut metadata = metadata.as_object().cloned().unwrap_or_default();
            if profile.tags && !metadata.contains_key("tags") {
                metadata.insert("tags".to_owned(), json!([name]));
                let has_primary = metadata.get("has_primary").cloned().unwrap_or(Value::Bool(false));
                tags.insert(name.clone(), json!({"has_primary": has_primary}));
            }
            let mut restrictions = vec![json!(format!("settings:{}.metadata.enabled == false", plugin.name))];
            restrictions.extend(
                metadata
                    .get("restrictions")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default(),
            );
            metadata.insert("restrictions".to_owned(), Value::from(restrictions));
            roles.metadata.insert(name.clone(), Value::Object(metadata));
        }
    }
    if !profile.tags {
        tags = roles.metadata.clone();
    }
    roles.primary_tags = tags
        .iter()
        .filter(|(_, tag)| tag["has_primary"].as_bool().unwrap_or(false))
        .map(|(name, _)| name.clone())
        .collect();
    Ok(roles)
}

impl Roles {
    /// The tags of a node's roles, each once, by name.
    ///
    /// # Errors
    /// Nailgun's 500 for a role that is gone, as when its plugin was disabled while a node has it.
    pub(crate) fn tags_of(&self, node: &Node) -> Result<BTreeSet<String>, ApiError> {
        let mut tags = BTreeSet::new();
        for role in node.all_roles() {
            let metadata = self
                .metadata
                .get(&role)
                .ok_or_else(|| ApiError::unexpected(format!("KeyError: u'{role}'")))?;
            match metadata["tags"].as_array() {
                Some(names) => tags.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
                None => {
                    tags.insert(role);
                }
            }
        }
        Ok(tags)
    }
}

/// What a node is to tasks: its tags, `primary-<tag>` in place of the tag where it is the primary one; sorted.
pub(crate) fn role_names_of(roles: &Roles, node: &Node) -> Result<Vec<String>, ApiError> {
    let mut names: Vec<String> = roles
        .tags_of(node)?
        .into_iter()
        .map(|tag| {
            if node.primary_tags.contains(&tag) {
                format!("primary-{tag}")
            } else {
                tag
            }
        })
        .collect();
    names.sort();
    Ok(names)
}

/// Sees to it that each tag with a primary has exactly one among the nodes that carry it. A primary stays the primary.
pub(crate) fn assign_primaries(environment: &mut Environment<'_>) -> Result<(), ApiError> {
    let roles = environment.roles()?;
    let mut tags = Vec::with_capacity(environment.nodes.len());
    for node in &environment.nodes {
        tags.push(if node.pending_deletion {
            BTreeSet::new()
        } else {
            roles.tags_of(node)?
        });
    }
    for (node, tags) in environment.nodes.iter_mut().zip(&tags) {
        let before = node.primary_tags.clone();
        node.primary_tags.retain(|tag| tags.contains(tag));
        if node.primary_tags != before {
            store::replace(environment.database, node)?;
        }
    }
    for tag in &roles.primary_tags {
        if environment.nodes.iter().any(|node| node.primary_tags.contains(tag)) {
            continue;
        }
        let first = environment
            .nodes
            .iter_mut()
            .zip(&tags)
            .find(|(_, tags)| tags.contains(tag));
        if let Some((node, _)) = first {
            node.primary_tags.push(tag.clone());
            store::replace(environment.database, node)?;
        }
    }
    Ok(())
}

/// Whether a node gets an address in the public network: one of its roles needs it, or every node has one.
pub(crate) fn has_public_address(environment: &Environment<'_>, roles: &Roles, node: &Node) -> bool {
    let assignment = &environment.cluster.editable.get("public_network_assignment");
    assignment.is_some_and(|section| section["assign_to_all_nodes"]["value"] == true)
        || node.all_roles().iter().any(|role| {
            roles
                .metadata
                .get(role)
                .is_some_and(|metadata| metadata["public_ip_required"] == true)
        })
}

/// Checks that no enabled plugin brings a volume that there is already.
///
/// # Errors
/// 400 in plain text with the first that does.
pub(crate) fn check_volumes(release: &Release, plugins: &[ClusterPlugin]) -> Result<(), ApiError> {
    let ids = |volumes: Option<&Value>| -> Vec<String> {
        volumes
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|volume| volume["id"].as_str().map(str::to_owned))
            .collect()
    };
    let own = release
        .metadata
        .get("volumes_metadata")
        .map(|volumes| &volumes["volumes"]);
    let mut owners: Vec<(String, String)> = ids(own).into_iter().map(|id| (id, "release".to_owned())).collect();
    for connected in plugins.iter().filter(|connected| connected.enabled) {
        let plugin = &connected.plugin;
        let name = format!("{}-{}", plugin.name, plugin.version);
        for id in ids(plugin.files.volumes_metadata.get("volumes")) {
            if let Some((_, other)) = owners.iter().find(|(known, _)| *known == id) {
                return Err(ApiError::deep(format!(
                    "Plugin {name} is overlapping with {other} by introducing the same volume with id \"{id}\""
                )));
            }
            owners.push((id, name.clone()));
        }
    }
    Ok(())
}

/// Which volumes a role gets: the release's mapping and those of the enabled plugins; `[]` without one.
pub(crate) fn volumes_mapping(release: &Release, plugins: &[ClusterPlugin], role: &str) -> Value {
    let own = release
        .metadata
        .get("volumes_metadata")
        .map(|volumes| &volumes["volumes_roles_mapping"][role]);
    if let Some(mapping) = own.filter(|mapping| mapping.is_array()) {
        return mapping.clone();
    }
    plugins
        .iter()
        .filter(|connected| connected.enabled)
        .filter_map(|connected| connected.plugin.files.volumes_metadata.get("volumes_roles_mapping"))
        .map(|mapping| &mapping[role])
        .find(|mapping| mapping.is_array())
        .cloned()
        .unwrap_or_else(|| json!([]))
}
