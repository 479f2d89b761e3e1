//! What the tables hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::cache::Cache;
use super::document::{self, Document};

macro_rules! documents {
    ($($kind:ty => $table:literal $(kept in $cache:ident)?),+ $(,)?) => {
        $(impl Document for $kind {
            const TABLE: &'static str = $table;
            fn id(&self) -> i64 {
                self.id
            }
            fn set_id(&mut self, id: i64) {
                self.id = id;
            }
            $(fn cache() -> Option<&'static Cache<Self>> {
                static $cache: Cache<$kind> = Cache::new();
                Some(&$cache)
            })?
        })+
    };
}

documents! {
    Release => "releases" kept in RELEASES,
    Plugin => "plugins" kept in PLUGINS,
    Cluster => "clusters",
    Node => "nodes",
    Task => "tasks",
    HistoryRecord => "history",
    Notification => "notifications",
    PluginLink => "plugin_links",
    ClusterLink => "cluster_plugin_links",
}

/// Settings of plugins in environments, by row of `cluster_plugins`.
static ATTRIBUTES: Cache<Map<String, Value>> = Cache::new();

/// A release: what it says of itself and what it ships.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Release {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) operating_system: String,
    pub(crate) state: String,
    /// `roles_metadata`, `attributes_metadata` and the like; empty for a release that cannot be deployed.
    pub(crate) metadata: Arc<Map<String, Value>>,
}

/// A registered plugin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plugin {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) title: String,
    pub(crate) package_version: String,
    /// The fields that the API shows, without `id`.
    pub(crate) fields: Arc<Map<String, Value>>,
    /// What was read from its directory.
    pub(crate) files: Arc<PluginFiles>,
}

/// What a plugin's files hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PluginFiles {
    pub(crate) attributes_metadata: Map<String, Value>,
    pub(crate) tasks: Vec<Value>,
    pub(crate) deployment_tasks: Vec<Value>,
    pub(crate) network_roles_metadata: Vec<Value>,
    pub(crate) roles_metadata: Map<String, Value>,
    pub(crate) volumes_metadata: Map<String, Value>,
    pub(crate) components_metadata: Vec<Value>,
    pub(crate) tags_metadata: Map<String, Value>,
    pub(crate) nic_attributes_metadata: Map<String, Value>,
    pub(crate) bond_attributes_metadata: Map<String, Value>,
    pub(crate) node_attributes_metadata: Map<String, Value>,
}

/// An environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cluster {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) mode: String,
    pub(crate) release_id: i64,
    pub(crate) net_provider: String,
    pub(crate) fuel_version: String,
    pub(crate) components: Vec<String>,
    pub(crate) ui_settings: Value,
    pub(crate) changes: Vec<Value>,
    /// Settings without those of plugins, which are in `cluster_plugins`.
    pub(crate) editable: Map<String, Value>,
    pub(crate) generated: Map<String, Value>,
    /// `networks` (with `id`) and `networking_parameters`.
    pub(crate) network_configuration: Value,
    /// The flat editable settings of the last good run.
    pub(crate) deployed: Option<Value>,
    /// Deployment info that a user put in place of ours: one object per node, with `uid`.
    pub(crate) replaced_deployment_info: Vec<Value>,
    /// Provisioning info that a user put in place of ours.
    #[serde(default)]
    pub(crate) replaced_provisioning_info: Value,
    /// `editable` of the vCenter settings as they were PUT; null for the release's.
    #[serde(default)]
    pub(crate) vmware_attributes: Value,
    /// Extensions that are on; null for the profile's.
    #[serde(default)]
    pub(crate) extensions: Value,
    /// Roles of its own, by name: `meta` and `volumes_roles_mapping`.
    #[serde(default)]
    pub(crate) own_roles: Map<String, Value>,
}

/// A plugin's place in an environment.
#[derive(Debug, Clone)]
pub(crate) struct ClusterPlugin {
    pub(crate) plugin: Plugin,
    pub(crate) enabled: bool,
    /// Its settings in this environment, without `metadata`.
    pub(crate) attributes: Arc<Map<String, Value>>,
}

/// A node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Node {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) hostname: String,
    pub(crate) mac: String,
    pub(crate) ip: Option<String>,
    pub(crate) meta: Value,
    pub(crate) status: String,
    pub(crate) progress: i64,
    pub(crate) roles: Vec<String>,
    pub(crate) pending_roles: Vec<String>,
    /// Tags for which it is the primary node.
    pub(crate) primary_tags: Vec<String>,
    pub(crate) pending_addition: bool,
    pub(crate) pending_deletion: bool,
    pub(crate) cluster: Option<i64>,
    /// The node group that it was put into, where it is not its environment's first.
    #[serde(default)]
    pub(crate) group: Option<i64>,
    pub(crate) online: bool,
    pub(crate) error_type: Option<String>,
    pub(crate) error_msg: Option<String>,
    pub(crate) os_platform: Option<String>,
    pub(crate) platform_name: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) labels: Value,
    pub(crate) kernel_params: Option<String>,
    /// Values of node attributes that were PUT.
    #[serde(default)]
    pub(crate) attributes: Map<String, Value>,
    /// Interfaces and bonds as they were PUT; empty for those that the agent reported.
    #[serde(default)]
    pub(crate) interfaces: Vec<Value>,
    /// Volumes of disks as they were PUT; empty for those that the roles make.
    #[serde(default)]
    pub(crate) disks: Vec<Value>,
}

impl Node {
    /// Its roles, deployed and pending, each once.
    pub(crate) fn all_roles(&self) -> Vec<String> {
        let mut roles = self.roles.clone();
        roles.extend(
            self.pending_roles
                .iter()
                .filter(|role| !self.roles.contains(role))
                .cloned(),
        );
        roles
    }

    /// Its id as Astute names it.
    pub(crate) fn uid(&self) -> String {
        self.id.to_string()
    }
}

/// An address of a node or of a VIP.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) network: String,
    pub(crate) node_id: Option<i64>,
    pub(crate) vip: Option<String>,
    pub(crate) address: String,
}

/// A task of Nailgun: something that takes its time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) uuid: String,
    pub(crate) cluster: Option<i64>,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) progress: i64,
    pub(crate) message: Option<String>,
    pub(crate) result: Value,
    pub(crate) parent_id: Option<i64>,
    pub(crate) dry_run: bool,
    pub(crate) graph_type: Option<String>,
    pub(crate) time_start: Option<String>,
    pub(crate) time_end: Option<String>,
    /// Weight of its progress in its parent's.
    pub(crate) weight: f64,
    /// Statuses of nodes do not change in such a run.
    pub(crate) noop: bool,
    /// What a run that waits for the one before it will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<Value>,
    /// How far each node of the run is, in percent by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) node_progress: BTreeMap<String, i64>,
}

/// What became of one task on one node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HistoryRecord {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) task_id: i64,
    pub(crate) node_id: String,
    pub(crate) task_name: String,
    pub(crate) status: String,
    pub(crate) time_start: Option<String>,
    pub(crate) time_end: Option<String>,
    pub(crate) summary: Value,
    pub(crate) custom: Value,
    /// The task as the graph holds it.
    pub(crate) task: Value,
}

/// A notification.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Notification {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) cluster: Option<i64>,
    pub(crate) topic: String,
    pub(crate) message: String,
    pub(crate) status: String,
    pub(crate) node_id: Option<i64>,
    pub(crate) task_id: Option<i64>,
    pub(crate) date: String,
    pub(crate) time: String,
}

/// A link to a plugin's dashboard that belongs to the plugin.
pub(crate) type PluginLink = Link<false>;

/// A link to a plugin's dashboard that belongs to an environment.
pub(crate) type ClusterLink = Link<true>;

/// A link to a plugin's dashboard. Plugins and environments count theirs apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Link<const OF_CLUSTER: bool> {
    #[serde(skip)]
    pub(crate) id: i64,
    /// The plugin or the environment.
    pub(crate) owner_id: i64,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) description: Option<String>,
    pub(crate) hidden: bool,
}

/// What a run was made of, by its task. It is large, so it is apart from the task, which changes with every report.
pub(crate) mod runs {
    use super::*;

    /// What there is to know of a run.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Part {
        /// What the nodes were told.
        DeploymentInfo,
        /// Flat editable settings at its start.
        Settings,
        /// Network configuration at its start.
        NetworkConfiguration,
    }

    fn column(part: Part) -> &'static str {
        match part {
            Part::DeploymentInfo => "deployment_info",
            Part::Settings => "settings",
            Part::NetworkConfiguration => "network_configuration",
        }
    }

    /// Keeps what a run was made of.
    pub(crate) fn add(
        connection: &Connection,
        task_id: i64,
        deployment_info: &str,
        settings: &Value,
        network_configuration: &Value,
    ) -> Result<(), rusqlite::Error> {
        connection
            .prepare_cached(
                "INSERT INTO runs (task_id, deployment_info, settings, network_configuration) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                task_id,
                deployment_info,
                settings.to_string(),
                network_configuration.to_string()
            ])?;
        Ok(())
    }

    /// Whether a task is a run.
    pub(crate) fn is_one(connection: &Connection, task_id: i64) -> Result<bool, rusqlite::Error> {
        connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM runs WHERE task_id = ?1)",
            [task_id],
            |row| row.get(0),
        )
    }

    /// A part of a run, as JSON.
    pub(crate) fn get<T: serde::de::DeserializeOwned>(
        connection: &Connection,
        task_id: i64,
        part: Part,
    ) -> Result<Option<T>, rusqlite::Error> {
        let text: Option<String> = connection
            .prepare_cached(&format!("SELECT {} FROM runs WHERE task_id = ?1", column(part)))?
            .query_row([task_id], |row| row.get(0))
            .optional()?;
        text.map(|text| parse(&text)).transpose()
    }
}

/// Messages for Astute that nobody has fetched yet, as JSON.
pub(crate) mod messages {
    use super::*;

    /// Puts one at the end.
    pub(crate) fn push(connection: &Connection, message: &str) -> Result<(), rusqlite::Error> {
        connection.execute("INSERT INTO messages (document) VALUES (?1)", [message])?;
        Ok(())
    }

    /// Takes out those that are about a task: to do it, or to stop it.
    pub(crate) fn remove_of(connection: &Connection, task_uuid: &str) -> Result<(), rusqlite::Error> {
        connection.execute(
            "DELETE FROM messages
             WHERE ?1 IN (document ->> '$.args.task_uuid', document ->> '$.args.stop_task_uuid')",
            [task_uuid],
        )?;
        Ok(())
    }

    /// Takes the oldest out.
    pub(crate) fn take(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
        let oldest: Option<(i64, String)> = connection
            .prepare_cached("SELECT id, document FROM messages ORDER BY id LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, message)) = oldest else { return Ok(None) };
        connection.execute("DELETE FROM messages WHERE id = ?1", [id])?;
        Ok(Some(message))
    }
}

/// Plugins of environments.
pub(crate) mod cluster_plugins {
    use super::*;

    /// The plugins of an environment in one query, by name and version as text.
    pub(crate) fn of(connection: &Connection, cluster_id: i64) -> Result<Vec<ClusterPlugin>, rusqlite::Error> {
        let mut plugins: Vec<ClusterPlugin> = connection
            .prepare_cached(
                "SELECT plugins.id, plugins.document, cluster_plugins.enabled, cluster_plugins.attributes, cluster_plugins.id
                 FROM cluster_plugins JOIN plugins ON plugins.id = cluster_plugins.plugin_id
                 WHERE cluster_plugins.cluster_id = ?1",
            )?
            .query_map([cluster_id], |row| {
                let plugin = document::read(row)?;
                let attributes = row.get_ref(3)?.as_str()?;
                Ok(ClusterPlugin {
                    plugin,
                    enabled: row.get(2)?,
                    attributes: ATTRIBUTES.get(row.get(4)?, attributes, parse)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        // SQLite would read every document for its name, and carry it through the sorting.
        plugins.sort_by(
            |ClusterPlugin { plugin: one, .. }, ClusterPlugin { plugin: other, .. }| {
                (&one.name, &one.version).cmp(&(&other.name, &other.version))
            },
        );
        Ok(plugins)
    }

    /// Connects a plugin that is not connected yet; it begins disabled.
    pub(crate) fn connect(
        connection: &Connection,
        cluster_id: i64,
        plugin_id: i64,
        attributes: &Map<String, Value>,
    ) -> Result<(), rusqlite::Error> {
        connection.execute(
            "INSERT OR IGNORE INTO cluster_plugins (cluster_id, plugin_id, attributes) VALUES (?1, ?2, ?3)",
            params![cluster_id, plugin_id, Value::Object(attributes.clone()).to_string()],
        )?;
        Ok(())
    }

    /// Takes every plugin from an environment.
    pub(crate) fn disconnect_all(connection: &Connection, cluster_id: i64) -> Result<(), rusqlite::Error> {
        connection.execute("DELETE FROM cluster_plugins WHERE cluster_id = ?1", [cluster_id])?;
        Ok(())
    }

    /// Switches it on or off.
    pub(crate) fn set_enabled(
        connection: &Connection,
        cluster_id: i64,
        plugin_id: i64,
        enabled: bool,
    ) -> Result<(), rusqlite::Error> {
        connection.execute(
            "UPDATE cluster_plugins SET enabled = ?3 WHERE cluster_id = ?1 AND plugin_id = ?2",
            params![cluster_id, plugin_id, enabled],
        )?;
        Ok(())
    }

    /// Puts settings in place of those there were.
    pub(crate) fn set_attributes(
        connection: &Connection,
        cluster_id: i64,
        plugin_id: i64,
        attributes: &Map<String, Value>,
    ) -> Result<(), rusqlite::Error> {
        connection.execute(
            "UPDATE cluster_plugins SET attributes = ?3 WHERE cluster_id = ?1 AND plugin_id = ?2",
            params![cluster_id, plugin_id, Value::Object(attributes.clone()).to_string()],
        )?;
        Ok(())
    }

    /// Whether any environment has it enabled.
    pub(crate) fn is_enabled_anywhere(connection: &Connection, plugin_id: i64) -> Result<bool, rusqlite::Error> {
        connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM cluster_plugins WHERE plugin_id = ?1 AND enabled)",
            [plugin_id],
            |row| row.get(0),
        )
    }
}

/// Addresses that were given out.
pub(crate) mod addresses {
    use super::*;

    /// Every address of an environment, in the order in which they were given out.
    pub(crate) fn of(connection: &Connection, cluster_id: i64) -> Result<Vec<Address>, rusqlite::Error> {
        connection
            .prepare_cached("SELECT network, node_id, vip, address FROM addresses WHERE cluster_id = ?1 ORDER BY id")?
            .query_map([cluster_id], |row| {
                Ok(Address {
                    network: row.get(0)?,
                    node_id: row.get(1)?,
                    vip: row.get(2)?,
                    address: row.get(3)?,
                })
            })?
            .collect()
    }

    /// Every address in use, of all environments, whose networks are alike.
    pub(crate) fn in_use(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
        connection
            .prepare_cached("SELECT address FROM addresses")?
            .query_map([], |row| row.get(0))?
            .collect()
    }

    /// Keeps an address.
    pub(crate) fn add(connection: &Connection, cluster_id: i64, address: &Address) -> Result<(), rusqlite::Error> {
        connection.execute(
            "INSERT INTO addresses (cluster_id, network, node_id, vip, address) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                cluster_id,
                address.network,
                address.node_id,
                address.vip,
                address.address
            ],
        )?;
        Ok(())
    }

    /// Gives a VIP another address.
    pub(crate) fn move_vip(
        connection: &Connection,
        cluster_id: i64,
        vip: &str,
        address: &str,
    ) -> Result<(), rusqlite::Error> {
        connection.execute(
            "UPDATE addresses SET address = ?3 WHERE cluster_id = ?1 AND vip = ?2",
            params![cluster_id, vip, address],
        )?;
        Ok(())
    }

    /// Frees the addresses of a node.
    pub(crate) fn free_node(connection: &Connection, node_id: i64) -> Result<(), rusqlite::Error> {
        connection.execute("DELETE FROM addresses WHERE node_id = ?1", [node_id])?;
        Ok(())
    }

    /// Frees the addresses of a network of an environment.
    pub(crate) fn free_network(connection: &Connection, cluster_id: i64, network: &str) -> Result<(), rusqlite::Error> {
        connection.execute(
            "DELETE FROM addresses WHERE cluster_id = ?1 AND network = ?2",
            params![cluster_id, network],
        )?;
        Ok(())
    }
}

/// A column of JSON.
pub(super) fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}
