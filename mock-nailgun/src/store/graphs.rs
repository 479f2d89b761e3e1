//! Deployment graphs: of releases, plugins and environments, one of each type.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;

use super::cache::Cache;
use super::rows::parse;

/// Tasks of graphs, by row.
static GRAPHS: Cache<Vec<Value>> = Cache::new();

/// Whose deployment graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GraphOwner {
    Release,
    Plugin,
    Cluster,
}

impl GraphOwner {
    /// The owner's name in the table and in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Plugin => "plugin",
            Self::Cluster => "cluster",
        }
    }
}

/// A deployment graph.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) id: i64,
    pub(crate) owner: String,
    pub(crate) owner_id: i64,
    /// `default`, or the name of a custom graph's type.
    pub(crate) kind: String,
    pub(crate) name: Option<String>,
    pub(crate) tasks: Arc<Vec<Value>>,
}

const COLUMNS: &str = "SELECT id, owner, owner_id, type, name, tasks FROM graphs";

fn read(row: &Row<'_>) -> Result<Graph, rusqlite::Error> {
    let id: i64 = row.get(0)?;
    let tasks: Arc<Vec<Value>> = GRAPHS.get(id, row.get_ref(5)?.as_str()?, parse)?;
    Ok(Graph {
        id,
        owner: row.get(1)?,
        owner_id: row.get(2)?,
        kind: row.get(3)?,
        name: row.get(4)?,
        tasks,
    })
}

/// The tasks of a graph; empty where there is none.
pub(crate) fn get(
    connection: &Connection,
    owner: GraphOwner,
    owner_id: i64,
    kind: &str,
) -> Result<Vec<Value>, rusqlite::Error> {
    Ok(find(connection, owner, owner_id, kind)?.map_or_else(Vec::new, |graph| graph.tasks.to_vec()))
}

/// A graph by owner and type.
pub(crate) fn find(
    connection: &Connection,
    owner: GraphOwner,
    owner_id: i64,
    kind: &str,
) -> Result<Option<Graph>, rusqlite::Error> {
    connection
        .prepare_cached(&format!("{COLUMNS} WHERE owner = ?1 AND owner_id = ?2 AND type = ?3"))?
        .query_row(params![owner.name(), owner_id, kind], read)
        .optional()
}

/// A graph by id.
pub(crate) fn by_id(connection: &Connection, id: i64) -> Result<Option<Graph>, rusqlite::Error> {
    connection
        .prepare(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_row([id], read)
        .optional()
}

/// Every graph, by id.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Graph>, rusqlite::Error> {
    connection
        .prepare(&format!("{COLUMNS} ORDER BY id"))?
        .query_map([], read)?
        .collect()
}

/// The graphs of one owner, by id.
pub(crate) fn of(connection: &Connection, owner: GraphOwner, owner_id: i64) -> Result<Vec<Graph>, rusqlite::Error> {
    connection
        .prepare(&format!("{COLUMNS} WHERE owner = ?1 AND owner_id = ?2 ORDER BY id"))?
        .query_map(params![owner.name(), owner_id], read)?
        .collect()
}

/// Puts tasks in place of those there were; the graph is made where there is none.
pub(crate) fn set(
    connection: &Connection,
    owner: GraphOwner,
    owner_id: i64,
    kind: &str,
    tasks: &[Value],
) -> Result<(), rusqlite::Error> {
    connection.execute(
        "INSERT INTO graphs (owner, owner_id, type, tasks) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (owner, owner_id, type) DO UPDATE SET tasks = excluded.tasks",
        params![owner.name(), owner_id, kind, Value::from(tasks.to_vec()).to_string()],
    )?;
    Ok(())
}

/// Gives a graph a name.
pub(crate) fn rename(connection: &Connection, id: i64, name: Option<&str>) -> Result<(), rusqlite::Error> {
    connection.execute("UPDATE graphs SET name = ?2 WHERE id = ?1", params![id, name])?;
    Ok(())
}

/// Removes a graph.
pub(crate) fn delete(connection: &Connection, id: i64) -> Result<(), rusqlite::Error> {
    connection.execute("DELETE FROM graphs WHERE id = ?1", [id])?;
    Ok(())
}

/// Removes the graphs of an owner that is gone.
pub(crate) fn delete_of(connection: &Connection, owner: GraphOwner, owner_id: i64) -> Result<(), rusqlite::Error> {
    connection.execute(
        "DELETE FROM graphs WHERE owner = ?1 AND owner_id = ?2",
        params![owner.name(), owner_id],
    )?;
    Ok(())
}
