//! Node groups: the racks of an environment.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::document::{self, Document};

/// The name of the group that an environment begins with.
const DEFAULT: &str = "default";

/// A node group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NodeGroup {
    #[serde(skip)]
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Its environment.
    pub(crate) cluster: i64,
    /// Whether the environment began with it.
    pub(crate) is_default: bool,
}

impl Document for NodeGroup {
    const TABLE: &'static str = "node_groups";

    fn id(&self) -> i64 {
        self.id
    }

    fn set_id(&mut self, id: i64) {
        self.id = id;
    }
}

impl NodeGroup {
    /// Makes the group that a new environment begins with.
    pub(crate) fn begin(connection: &Connection, cluster: i64) -> Result<Self, rusqlite::Error> {
        let mut group = Self {
            id: 0,
            name: DEFAULT.to_owned(),
            cluster,
            is_default: true,
        };
        document::insert(connection, &mut group)?;
        Ok(group)
    }

    /// The groups of an environment, the one that it began with first.
    pub(crate) fn of(connection: &Connection, cluster: i64) -> Result<Vec<Self>, rusqlite::Error> {
        document::find_all(connection, "document ->> 'cluster' = ?1", [cluster])
    }

    /// The id of the group that an environment began with.
    pub(crate) fn default_of(connection: &Connection, cluster: i64) -> Result<Option<i64>, rusqlite::Error> {
        let groups = Self::of(connection, cluster)?;
        Ok(groups.iter().find(|group| group.is_default).map(|group| group.id))
    }
}
