//! The state: one SQLite database, one transaction a request.

mod cache;
mod document;
pub(crate) mod graphs;
mod migrations;
mod node_group;
mod rows;
mod schema;

pub(crate) use document::{Document, all, delete, find, find_all, get, insert, replace};
pub(crate) use graphs::{Graph, GraphOwner};
pub(crate) use node_group::NodeGroup;
pub(crate) use rows::{
    Address, Cluster, ClusterLink, ClusterPlugin, HistoryRecord, Link, Node, Notification, Plugin, PluginFiles,
    PluginLink, Release, Task, addresses, cluster_plugins, messages, runs,
};
pub use schema::StoreError;
pub(crate) use schema::{Access, Store, burn_id};
