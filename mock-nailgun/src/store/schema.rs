//! Opening the database, and transactions on it.

use std::sync::Mutex;

use rusqlite::{Connection, ErrorCode, MAIN_DB, TransactionBehavior};

use super::migrations::{self, Unusable};
use crate::config::Database;

/// Each before those that it refers to.
const TABLE_NAMES: &[&str] = &[
    "graphs",
    "messages",
    "plugin_links",
    "cluster_plugin_links",
    "notifications",
    "history",
    "runs",
    "tasks",
    "addresses",
    "nodes",
    "node_groups",
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
    /// Opens the database, makes the tables in an empty one and brings those of an older version up to date. A file that
    /// cannot be used stays as it is; so does one that was made for another Fuel version, whose releases, settings and
    /// tasks are not those of `fuel_version`.
    pub(crate) fn open(database: &Database, fuel_version: &str) -> Result<Self, StoreError> {
        let place = match database {
            Database::Memory => "memory".to_owned(),
            Database::File(path) => path.to_string(),
        };
        match Self::open_connection(database, fuel_version) {
            Ok(connection) => Ok(Self {
                connection: Mutex::new(connection),
            }),
            Err(Unusable::Database(source)) if source.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                Err(StoreError::ReadOnly { place })
            }
            Err(Unusable::Database(source)) => Err(StoreError::Open { place, source }),
            Err(Unusable::ReadOnly) => Err(StoreError::ReadOnly { place }),
            Err(Unusable::Foreign) => Err(StoreError::Foreign { place }),
            Err(Unusable::FuelVersion(found)) => Err(StoreError::FuelVersion {
                place,
                found,
                wanted: fuel_version.to_owned(),
            }),
            Err(Unusable::Version(found)) => Err(StoreError::Version {
                place,
                found,
                wanted: migrations::VERSION,
            }),
        }
    }

    fn open_connection(database: &Database, fuel_version: &str) -> Result<Connection, Unusable> {
        let mut connection = match database {
            Database::Memory => Connection::open_in_memory()?,
            Database::File(path) => Connection::open(path.as_std_path())?,
        };
        // Before anything is written: even the journal's mode would change a file that is not ours.
        migrations::check(&connection)?;
        // SQLite opens a file that cannot be written all the same, and every request that saves would fail.
        if connection.is_readonly(MAIN_DB)? {
            return Err(Unusable::ReadOnly);
        }
        migrations::migrate(&mut connection, fuel_version)?;
        if let Database::File(_) = database {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    }

    /// Runs `work` in a transaction: `Ok` commits, `Err` rolls back and then runs `after_rollback`, whose work stays.
    pub(crate) fn transaction<T, E: From<rusqlite::Error>>(
        &self,
        access: Access,
        work: impl FnOnce(&Connection) -> Result<T, E>,
        after_rollback: impl FnOnce(&Connection, &E) -> Result<(), rusqlite::Error>,
    ) -> Result<T, E> {
        // A panic in a request leaves the connection sound: its transaction was rolled back when it was dropped.
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(match access {
            Access::Read => TransactionBehavior::Deferred,
            Access::Write => TransactionBehavior::Immediate,
        })?;
        match work(&transaction) {
            Ok(value) => {
                transaction.commit()?;
                Ok(value)
            }
            Err(error) => {
                // SQLite itself rolls back where the disk is full; to do it again would be an error.
                transaction.finish()?;
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

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Mostly reading.
    Read,
    /// Writing: it waits for another process that writes, where one that has read already would be refused.
    Write,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or set up.
    #[error("cannot open the database `{place}`: {source}{}", remedy(source))]
    Open {
        /// `memory` or the file.
        place: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Another version of this program wrote it.
    #[error(
        "the database `{place}` has format {found}, this program knows those up to {wanted}; use the program that wrote it, \
         or another file"
    )]
    Version {
        /// The file.
        place: String,
        /// Its format.
        found: i64,
        /// The newest format that can be read.
        wanted: i64,
    },
    /// It was made for another Fuel version.
    #[error(
        "the database `{place}` was made for Fuel {found}, and Fuel {wanted} was asked for; it was left as it is: start with \
         `--fuel-version {found}`, or give another file for Fuel {wanted}"
    )]
    FuelVersion {
        /// The file.
        place: String,
        /// The version that it was made for.
        found: String,
        /// The version that was asked for.
        wanted: String,
    },
    /// Another program's tables are in it.
    #[error("the SQLite database `{place}` is another program's; give a file of its own")]
    Foreign {
        /// The file.
        place: String,
    },
    /// It can be read only.
    #[error("the database `{place}` cannot be written; make the file and its directory writable, or copy it elsewhere")]
    ReadOnly {
        /// The file.
        place: String,
    },
}

/// What to do about it, where SQLite's words alone do not say.
fn remedy(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "; it was left as it is, give another file",
        Some(ErrorCode::DatabaseCorrupt) => {
            "; the file is damaged and was left as it is, restore a copy or give another file"
        }
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => "; is there room on its disk?",
        Some(ErrorCode::CannotOpen) => "; does its directory exist, and can it be written?",
        Some(ErrorCode::DatabaseBusy) => "; another process is writing to it",
        _ => "",
    }
}
