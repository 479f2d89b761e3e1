//! The tables, and how those of an older version become today's.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

/// What leads from each version of the tables to the next, the first from an empty file. The version that a file has is
/// kept in `PRAGMA user_version`.
const MIGRATIONS: &[&str] = &[TABLES, RUNS, GRAPHS_WITH_IDS, MADE_FOR, LINKS_APART, NODE_GROUPS];

/// Version of the tables that this program works with.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// What runs were made of is apart from their tasks, and messages are plain.
const RUNS: &str = "
CREATE TABLE runs (
    task_id INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    deployment_info TEXT NOT NULL, settings TEXT NOT NULL, network_configuration TEXT NOT NULL
);
INSERT INTO runs (task_id, deployment_info, settings, network_configuration)
    SELECT id, document -> 'deployment_info', document -> 'settings', document -> 'network_configuration' FROM tasks
    WHERE json_type(document, '$.deployment_info') = 'object';
UPDATE tasks SET document = json_remove(document, '$.deployment_info', '$.settings', '$.network_configuration');
UPDATE messages SET document = document -> 'message';
";

/// Graphs have ids and names, and plugins have them too.
const GRAPHS_WITH_IDS: &str = "
CREATE TABLE graphs_with_ids (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, owner_id INTEGER NOT NULL, type TEXT NOT NULL,
    name TEXT, tasks TEXT NOT NULL, UNIQUE (owner, owner_id, type)
);
INSERT INTO graphs_with_ids (owner, owner_id, type, tasks) SELECT owner, owner_id, type, tasks FROM graphs;
INSERT OR IGNORE INTO graphs_with_ids (owner, owner_id, type, tasks)
    SELECT 'plugin', id, 'default', document -> 'files' -> 'deployment_tasks' FROM plugins;
DROP TABLE graphs;
ALTER TABLE graphs_with_ids RENAME TO graphs;
";

/// The Fuel version that a file was made for. The first release of a file from before tells it.
const MADE_FOR: &str = "
CREATE TABLE made_for (fuel_version TEXT NOT NULL);
INSERT INTO made_for (fuel_version)
    SELECT CASE
        WHEN document ->> 'version' LIKE '%-6.1' THEN '6.1'
        WHEN document ->> 'version' LIKE '%-7.0' THEN '7.0'
        WHEN document ->> 'version' LIKE '%-8.0' THEN '8.0'
        WHEN document ->> 'version' LIKE '%-9.0' THEN '9.2'
    END AS fuel_version FROM releases WHERE fuel_version IS NOT NULL ORDER BY id LIMIT 1;
";

/// Links of plugins and of environments have ids of their own.
const LINKS_APART: &str = "
CREATE TABLE plugin_links (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE TABLE cluster_plugin_links (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
INSERT INTO plugin_links SELECT id, json_remove(document, '$.owner') FROM links WHERE document ->> 'owner' = 'plugin';
INSERT INTO cluster_plugin_links
    SELECT id, json_remove(document, '$.owner') FROM links WHERE document ->> 'owner' = 'cluster';
DROP TABLE links;
";

/// Environments may have more than the node group that they began with, whose id was theirs.
const NODE_GROUPS: &str = "
CREATE TABLE node_groups (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE INDEX node_group_cluster ON node_groups (document ->> 'cluster');
INSERT INTO node_groups (id, document)
    SELECT id, json_object('name', 'default', 'cluster', id, 'is_default', json('true')) FROM clusters;
";

/// Documents are JSON text; what is searched for is indexed by expression, so a new field needs no new column.
const TABLES: &str = "
CREATE TABLE releases (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE TABLE plugins (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE UNIQUE INDEX plugin_name_version ON plugins (document ->> 'name', document ->> 'version');
CREATE TABLE clusters (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE UNIQUE INDEX cluster_name ON clusters (document ->> 'name');
CREATE TABLE cluster_plugins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster_id INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    plugin_id INTEGER NOT NULL REFERENCES plugins (id) ON DELETE CASCADE,
    enabled INTEGER NOT NULL DEFAULT 0,
    attributes TEXT NOT NULL,
    UNIQUE (cluster_id, plugin_id)
);
CREATE TABLE nodes (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE UNIQUE INDEX node_mac ON nodes (document ->> 'mac');
CREATE INDEX node_cluster ON nodes (document ->> 'cluster');
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster_id INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
    vip TEXT,
    address TEXT NOT NULL,
    UNIQUE (network, address)
);
CREATE TABLE tasks (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE UNIQUE INDEX task_uuid ON tasks (document ->> 'uuid');
CREATE INDEX task_cluster ON tasks (document ->> 'cluster');
CREATE TABLE history (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE INDEX history_task ON history (document ->> 'task_id', document ->> 'node_id', document ->> 'task_name');
CREATE TABLE notifications (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE TABLE links (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE TABLE graphs (
    owner TEXT NOT NULL, owner_id INTEGER NOT NULL, type TEXT NOT NULL, tasks TEXT NOT NULL,
    PRIMARY KEY (owner, owner_id, type)
);
";

/// Why a database cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The version of its tables, which is none that this program knows.
    #[error("format {0}")]
    Version(i64),
    #[error("another program's")]
    Foreign,
    #[error("read-only")]
    ReadOnly,
    /// The Fuel version that it was made for, which is not the one asked for.
    #[error("made for Fuel {0}")]
    FuelVersion(String),
}

/// Looks at a database without changing it; gives the version of its tables.
pub(super) fn check(connection: &Connection) -> Result<usize, Unusable> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(found)
        .ok()
        .filter(|version| *version <= MIGRATIONS.len());
    let version = version.ok_or(Unusable::Version(found))?;
    // `user_version` is anybody's: only the tables say whose the file is.
    let (tables, ours): (i64, i64) = connection.query_row(
        "SELECT count(*), count(*) FILTER (WHERE name IN ('releases', 'cluster_plugins'))
         FROM sqlite_schema WHERE type = 'table'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let is_ours = if version == 0 { tables == 0 } else { ours == 2 };
    is_ours.then_some(version).ok_or(Unusable::Foreign)
}

/// Brings the tables up to date, all or nothing: a process that is killed here leaves the file as it was, and so does one
/// that finds another Fuel version's file.
pub(super) fn migrate(connection: &mut Connection, fuel_version: &str) -> Result<(), Unusable> {
    if check(connection)? == MIGRATIONS.len() && made_for(connection)?.as_deref() == Some(fuel_version) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited.
    for step in MIGRATIONS.iter().skip(check(&transaction)?) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    match made_for(&transaction)? {
        Some(found) if found != fuel_version => return Err(Unusable::FuelVersion(found)),
        Some(_) => {}
        None => {
            transaction.execute("DELETE FROM made_for", [])?;
            transaction.execute("INSERT INTO made_for (fuel_version) VALUES (?1)", [fuel_version])?;
        }
    }
    Ok(transaction.commit()?)
}

/// The Fuel version that a file was made for; none of a file that holds nothing yet.
fn made_for(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    connection
        .query_row(
            "SELECT fuel_version FROM made_for WHERE EXISTS (SELECT 1 FROM releases)",
            [],
            |row| row.get(0),
        )
        .optional()
}

#[cfg(test)]
mod tests;
