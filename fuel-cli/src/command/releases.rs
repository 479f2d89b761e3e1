//! `fuel rel`, `fuel fuel-version` and `fuel token`.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::Value;

use super::documents::{self, Way, WayArguments};
use super::session::{CommandError, Session};
use crate::model::Release;
use crate::table;

#[derive(Debug, Args)]
pub(super) struct ReleaseArguments {
    /// List releases (also what happens without any flag).
    #[arg(long, short, conflicts_with = "deployment_tasks")]
    list: bool,
    /// Id of the one release that is meant.
    #[arg(long, visible_alias = "rel")]
    release: Option<u64>,
    /// Download or upload the release's deployment tasks.
    #[arg(long)]
    deployment_tasks: bool,
    #[command(flatten)]
    way: WayArguments,
    /// Directory of the file, the current one without it.
    #[arg(long)]
    dir: Option<Utf8PathBuf>,
}

/// Lists releases, or moves the tasks of one.
pub(super) async fn execute(session: &mut Session<'_>, arguments: ReleaseArguments) -> Result<(), CommandError> {
    if arguments.deployment_tasks {
        return deployment_tasks(session, &arguments).await;
    }
    let raw = match arguments.release {
        Some(id) => Value::Array(vec![session.client.get(&format!("releases/{id}/")).await?]),
        None => session.client.get("releases/").await?,
    };
    let releases: Vec<Release> = Session::typed("releases/", &raw)?;
    let rows: Vec<Vec<table::Cell>> = releases
        .into_iter()
        .map(|release| {
            vec![
                release.id.to_string().into(),
                release.name.into(),
                release.state.into(),
                release.operating_system.into(),
                release.version.into(),
            ]
        })
        .collect();
    let text = table::render(&["id", "name", "state", "operating_system", "version"], &rows);
    session.list(&raw, &text)
}

async fn deployment_tasks(session: &mut Session<'_>, arguments: &ReleaseArguments) -> Result<(), CommandError> {
    let id = arguments
        .release
        .ok_or_else(|| CommandError::Text("\"--release\" required!".to_owned()))?;
    let path = format!("releases/{id}/deployment_tasks/");
    let file = arguments
        .dir
        .as_deref()
        .unwrap_or(Utf8Path::new("."))
        .join(format!("release_{id}/deployment_tasks"));
    match arguments.way.way()? {
        Way::Download => {
            let tasks = Value::Array(Session::typed(&path, &session.client.get(&path).await?)?);
            let file = documents::write(&file, session.format, &tasks)?;
            session.say(&format!("Deployment tasks for release {id} downloaded into {file}."))
        }
        Way::Upload => {
            let (file, tasks) = documents::read(&file, session.format)?;
            session.client.put(&path, &tasks).await?;
            session.say(&format!("Deployment tasks for release {id} uploaded from {file}"))
        }
    }
}

/// Prints the version document.
pub(super) async fn fuel_version(session: &mut Session<'_>) -> Result<(), CommandError> {
    let version = session.client.version().await?;
    session.list_as_yaml(&version)
}

/// Prints the token of this session; nothing where the master asks for none.
pub(super) async fn token(session: &mut Session<'_>) -> Result<(), CommandError> {
    let token = session.client.token_text().await;
    session.print(&token)
}
