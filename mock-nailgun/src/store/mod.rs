//! The state: one SQLite database, one transaction a request.

mod cache;
mod document;
mod rows;
mod schema;

pub(crate) use document::{all, delete, find, find_all, get, insert, replace};
pub(crate) use rows::{
    Address, Cluster, ClusterPlugin, GraphOwner, HistoryRecord, Link, Node, Notification, Plugin, PluginFiles, Release,
    Task, addresses, cluster_plugins, graphs, messages, runs,
};
pub use schema::StoreError;
pub(crate) use schema::{Store, burn_id};
