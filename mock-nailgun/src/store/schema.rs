//! Opening the database and its tables.

use std::sync::Mutex;

use rusqlite::Connection;

use crate::config::Database;

/// What leads from each version of the tables to the next, the first from an empty file. The version that a file has is
/// kept in `PRAGMA user_version`.
const MIGRATIONS: &[&str] = &[TABLES, RUNS, GRAPHS_WITH_IDS];

/// Version of the tables that this program works with.
const VERSION: i64 = MIGRATIONS.len() as i64;

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

const TABLE_NAMES: &[&str] = &[
    "graphs",
    "messages",
    "links",
    "notifications",
    "history",
    "runs",
    "tasks",
    "addresses",
    "nodes",
    "cluster_plugins",
    "clusters",
    "plugins",
    "releases",
];

/// The open database.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the database and makes the tables in an empty one.
    pub(crate) fn open(database: &Database) -> Result<Self, StoreError> {
        let place = match database {
            Database::Memory => "memory".to_owned(),
            Database::File(path) => path.to_string(),
        };
        let open = || -> Result<Connection, rusqlite::Error> {
            let connection = match database {
                Database::Memory => Connection::open_in_memory()?,
                Database::File(path) => Connection::open(path.as_std_path())?,
            };
            if let Database::File(_) = database {
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", "NORMAL")?;
            }
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.set_prepared_statement_cache_capacity(128);
            Ok(connection)
        };
        let error = |source| StoreError::Open {
            place: place.clone(),
            source,
        };
        let connection = open().map_err(error)?;
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(error)?;
        let steps = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done..));
        let Some(steps) = steps else {
            return Err(StoreError::Version {
                place,
                found: version,
                wanted: VERSION,
            });
        };
        if !steps.is_empty() {
            // All or nothing: a process that is killed here leaves the file as it was.
            connection
                .execute_batch(&format!(
                    "BEGIN IMMEDIATE; {} PRAGMA user_version = {VERSION}; COMMIT;",
                    steps.concat()
                ))
                .map_err(error)?;
        }
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Runs `work` in a transaction: `Ok` commits, `Err` rolls back and then runs `after_rollback`, whose work stays.
    pub(crate) fn transaction<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
        after_rollback: impl FnOnce(&Connection, &E) -> Result<(), rusqlite::Error>,
    ) -> Result<T, E> {
        // A panic in a request leaves the connection sound: its transaction was rolled back when it was dropped.
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let transaction = connection.transaction()?;
        match work(&transaction) {
            Ok(value) => {
                transaction.commit()?;
                Ok(value)
            }
            Err(error) => {
                transaction.rollback()?;
                after_rollback(&connection, &error)?;
                Err(error)
            }
        }
    }

    /// Tells every statement to `seen` until it is `None`.
    #[cfg(test)]
    pub(crate) fn trace<F: FnMut(&str) + Send + 'static>(&self, seen: Option<F>) {
        use rusqlite::trace::{TraceEvent, TraceEventCodes};
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let told = seen.map(|mut seen| {
            move |event: TraceEvent<'_>| {
                if let TraceEvent::Stmt(_, statement) = event {
                    seen(statement);
                }
            }
        });
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, told).unwrap();
    }

    /// Empties every table and starts ids at 1 again.
    pub(crate) fn clear(connection: &Connection) -> Result<(), rusqlite::Error> {
        for table in TABLE_NAMES {
            connection.execute(&format!("DELETE FROM {table}"), [])?;
        }
        connection.execute("DELETE FROM sqlite_sequence", [])?;
        Ok(())
    }
}

/// Uses up the next id of `table`, as a failed insert does with PostgreSQL's sequences.
pub(crate) fn burn_id(connection: &Connection, table: &str) -> Result<(), rusqlite::Error> {
    let changed = connection.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ?1", [table])?;
    if changed == 0 {
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, 1)", [table])?;
    }
    Ok(())
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or set up.
    #[error("cannot open the database `{place}`: {source}")]
    Open {
        /// `memory` or the file.
        place: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Another version of this program wrote it.
    #[error("the database `{place}` has format {found}, this program needs {wanted}; remove the file to start anew")]
    Version {
        /// The file.
        place: String,
        /// Its format.
        found: i64,
        /// The format that can be read.
        wanted: i64,
    },
}
