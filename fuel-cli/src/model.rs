//! What Nailgun answers, as types. Fields that a Fuel version does not send are empty.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An installed plugin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plugin {
    /// Nailgun's id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// What people see.
    #[serde(default)]
    pub title: String,
    /// The full version.
    pub version: String,
    /// The version of the plugin format.
    pub package_version: String,
    /// What it is compatible with.
    #[serde(default)]
    pub releases: Vec<PluginRelease>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One entry of a plugin's `releases`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PluginRelease {
    /// `ubuntu` or `centos`.
    #[serde(default)]
    pub os: String,
    /// `mitaka-9.0`.
    #[serde(default)]
    pub version: String,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An OpenStack release that environments can be of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Release {
    /// Nailgun's id.
    pub id: u64,
    /// `Mitaka on Ubuntu 14.04`.
    pub name: String,
    /// `mitaka-9.0`.
    pub version: String,
    /// `Ubuntu` or `CentOS`.
    #[serde(default)]
    pub operating_system: String,
    /// `available` or `unavailable`.
    #[serde(default)]
    pub state: String,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An environment; Nailgun calls it a cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cluster {
    /// Nailgun's id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// `new`, `deployment`, `operational`, `error`, …
    pub status: String,
    /// The release it is of.
    pub release_id: u64,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Something that Nailgun does in the background.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// Nailgun's id.
    pub id: u64,
    /// `deploy`, `deployment`, `cluster_deletion`, …
    #[serde(default)]
    pub name: String,
    /// `pending`, `running`, `ready` or `error`.
    pub status: String,
    /// 0 to 100.
    #[serde(default)]
    pub progress: i64,
    /// What happened, for people.
    #[serde(default)]
    pub message: Option<String>,
    /// Environment.
    #[serde(default)]
    pub cluster: Option<u64>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One task on one node in the history of a deployment (9.x).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryRecord {
    /// Id of the deployment task.
    pub task_name: String,
    /// Node: a number, `master`, or nothing for stages.
    #[serde(default)]
    pub node_id: Option<Value>,
    /// `pending`, `running`, `ready`, `error` or `skipped`.
    pub status: String,
    /// When it began, ISO 8601.
    #[serde(default)]
    pub time_start: Option<String>,
    /// When it ended, ISO 8601.
    #[serde(default)]
    pub time_end: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the web UI shows in its corner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notification {
    /// Nailgun's id.
    pub id: u64,
    /// `discover`, `done`, `error`, `warning`, `release`.
    pub topic: String,
    /// The text.
    pub message: String,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
