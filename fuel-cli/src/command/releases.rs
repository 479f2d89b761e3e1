//! `fuel rel` and `fuel fuel-version`.

use super::arguments::ReleaseArguments;
use super::session::{CommandError, Session};
use crate::model::Release;
use crate::table;

/// Lists releases.
pub(super) async fn execute(session: &mut Session<'_>, _: &ReleaseArguments) -> Result<(), CommandError> {
    let (raw, releases) = session.fetch::<Release>("releases/").await?;
    let rows: Vec<Vec<String>> = releases
        .into_iter()
        .map(|release| {
            vec![
                release.id.to_string(),
                release.name,
                release.state,
                release.operating_system,
                release.version,
            ]
        })
        .collect();
    let text = table::render(&["id", "name", "state", "operating_system", "version"], &rows);
    session.list(&raw, &text)
}

/// Prints the version document.
pub(super) async fn fuel_version(session: &mut Session<'_>) -> Result<(), CommandError> {
    let version = session.client.version().await?;
    let text = serde_yaml::to_string(&version).map_err(|error| CommandError::Text(error.to_string()))?;
    session.list(&version, &text)
}
