//! Reading and writing rows that are one JSON document each.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cache::Cache;

/// A row of a table with the columns `id` and `document`.
pub(crate) trait Document: Clone + Serialize + DeserializeOwned + 'static {
    /// The table's name.
    const TABLE: &'static str;
    /// The row's id; 0 before it is inserted.
    fn id(&self) -> i64;
    /// Told the id that the database gave it.
    fn set_id(&mut self, id: i64);
    /// Where parsed rows are kept, if they are. Their large parts must be cheap to clone.
    fn cache() -> Option<&'static Cache<Self>> {
        None
    }
}

/// Reads a row that begins with `id` and `document`.
pub(super) fn read<T: Document>(row: &Row<'_>) -> Result<T, rusqlite::Error> {
    let id: i64 = row.get(0)?;
    let text = row.get_ref(1)?.as_str()?;
    let parse = |text: &str| -> Result<T, rusqlite::Error> {
        let mut document: T = serde_json::from_str(text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
        })?;
        document.set_id(id);
        Ok(document)
    };
    match T::cache() {
        Some(cache) => Ok(T::clone(&*cache.get(id, text, parse)?)),
        None => parse(text),
    }
}

fn write<T: Document>(document: &T) -> Result<String, rusqlite::Error> {
    serde_json::to_string(document).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// The row with that id.
pub(crate) fn get<T: Document>(connection: &Connection, id: i64) -> Result<Option<T>, rusqlite::Error> {
    connection
        .prepare_cached(&format!("SELECT id, document FROM {} WHERE id = ?1", T::TABLE))?
        .query_row([id], read)
        .optional()
}

/// Every row, by id.
pub(crate) fn all<T: Document>(connection: &Connection) -> Result<Vec<T>, rusqlite::Error> {
    connection
        .prepare_cached(&format!("SELECT id, document FROM {} ORDER BY id", T::TABLE))?
        .query_map([], read)?
        .collect()
}

/// The rows for which the SQL condition holds, by id.
pub(crate) fn find_all<T: Document>(
    connection: &Connection,
    condition: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<T>, rusqlite::Error> {
    connection
        .prepare_cached(&format!(
            "SELECT id, document FROM {} WHERE {condition} ORDER BY id",
            T::TABLE
        ))?
        .query_map(values, read)?
        .collect()
}

/// The first row for which the SQL condition holds.
pub(crate) fn find<T: Document>(
    connection: &Connection,
    condition: &str,
    values: impl rusqlite::Params,
) -> Result<Option<T>, rusqlite::Error> {
    connection
        .prepare_cached(&format!(
            "SELECT id, document FROM {} WHERE {condition} ORDER BY id LIMIT 1",
            T::TABLE
        ))?
        .query_row(values, read)
        .optional()
}

/// Adds a row and gives the document its id.
pub(crate) fn insert<T: Document>(connection: &Connection, document: &mut T) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(&format!("INSERT INTO {} (document) VALUES (?1)", T::TABLE))?
        .execute([write(document)?])?;
    document.set_id(connection.last_insert_rowid());
    Ok(())
}

/// Writes a changed document over its row.
pub(crate) fn replace<T: Document>(connection: &Connection, document: &T) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(&format!("UPDATE {} SET document = ?2 WHERE id = ?1", T::TABLE))?
        .execute(params![document.id(), write(document)?])?;
    Ok(())
}

/// Removes the row with that id; tells whether there was one.
pub(crate) fn delete<T: Document>(connection: &Connection, id: i64) -> Result<bool, rusqlite::Error> {
    Ok(connection.execute(&format!("DELETE FROM {} WHERE id = ?1", T::TABLE), [id])? > 0)
}
