//! `fuel env`.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::{Value, json};

use super::documents::{self, Way, WayArguments};
use super::session::{CommandError, Session};
use crate::model::Cluster;
use crate::table;

#[derive(Debug, Args)]
pub(super) struct EnvironmentArguments {
    #[command(flatten)]
    action: EnvironmentAction,
    /// Name for --create and --set.
    #[arg(long, alias = "env-name")]
    name: Option<String>,
    /// Release of the new environment.
    #[arg(long, visible_alias = "rel")]
    release: Option<u64>,
    /// Network segmentation of the new environment.
    #[arg(long, visible_alias = "net-segment-type", default_value = "vlan", value_parser = ["gre", "vlan", "tun"])]
    nst: String,
    #[command(flatten)]
    way: WayArguments,
    /// Directory of the files, the current one without it.
    #[arg(long)]
    dir: Option<Utf8PathBuf>,
    /// Delete even what is operational; upload although the environment is locked.
    #[arg(long, short)]
    force: bool,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct EnvironmentAction {
    /// List environments (also what happens without any flag).
    #[arg(long, short)]
    list: bool,
    /// Rename the environment that --env names.
    #[arg(long, short)]
    set: bool,
    /// Create an environment.
    #[arg(long, short, alias = "env-create")]
    create: bool,
    /// Delete the environment that --env names.
    #[arg(long, alias = "remove")]
    delete: bool,
    /// Download or upload the environment's own deployment tasks.
    #[arg(long)]
    deployment_tasks: bool,
    /// Download or upload the environment's settings.
    #[arg(long)]
    attributes: bool,
}

/// Does what the one flag says, or lists.
pub(super) async fn execute(session: &mut Session<'_>, arguments: EnvironmentArguments) -> Result<(), CommandError> {
    let action = &arguments.action;
    if action.create {
        create(session, &arguments).await
    } else if action.set {
        rename(session, arguments.name.as_deref()).await
    } else if action.delete {
        delete(session, arguments.force).await
    } else if action.deployment_tasks {
        deployment_tasks(session, &arguments).await
    } else if action.attributes {
        attributes(session, &arguments).await
    } else {
        list(session).await
    }
}

async fn list(session: &mut Session<'_>) -> Result<(), CommandError> {
    let (raw, clusters) = session.fetch::<Cluster>("clusters/").await?;
    let wanted = session.environment;
    let is_wanted = |id: u64| wanted.is_none_or(|wanted| wanted == id);
    let rows: Vec<Vec<table::Cell>> = clusters
        .into_iter()
        .filter(|cluster| is_wanted(cluster.id))
        .map(|cluster| {
            vec![
                cluster.id.to_string().into(),
                cluster.status.into(),
                cluster.name.into(),
                cluster.release_id.to_string().into(),
            ]
        })
        .collect();
    let raw: Vec<Value> = raw
        .as_array()
        .into_iter()
        .flatten()
        .filter(|cluster| cluster["id"].as_u64().is_some_and(is_wanted))
        .cloned()
        .collect();
    session.list(
        &Value::Array(raw),
        &table::render(&["id", "status", "name", "release_id"], &rows),
    )
}

async fn create(session: &mut Session<'_>, arguments: &EnvironmentArguments) -> Result<(), CommandError> {
    let (Some(name), Some(release)) = (&arguments.name, arguments.release) else {
        return Err(CommandError::Text("\"--name\" and \"--release\" required!".to_owned()));
    };
    let created = session
        .client
        .create_environment_with(name, release, &arguments.nst)
        .await?;
    session.say(&format!(
        "Environment '{}' with id={} was created!",
        created.name, created.id
    ))
}

async fn rename(session: &mut Session<'_>, name: Option<&str>) -> Result<(), CommandError> {
    let id = session.environment()?;
    let Some(name) = name else {
        return Err(CommandError::Text("\"--name\" required!".to_owned()));
    };
    session
        .client
        .put(&format!("clusters/{id}/"), &json!({ "name": name }))
        .await?;
    session.say(&format!(
        "Following attributes are changed for the environment: name={name}"
    ))
}

async fn delete(session: &mut Session<'_>, force: bool) -> Result<(), CommandError> {
    let id = session.environment()?;
    let environment = session.client.environment(id).await?;
    if environment.status == "operational" && !force {
        return Err(CommandError::Text(
            "Deleting an operational environment is a dangerous operation. Please use --force to bypass this message."
                .to_owned(),
        ));
    }
    session.client.delete_environment(id, force).await?;
    session.say(&format!("Environment with id={id} was deleted"))
}

/// `<dir>/cluster_<id>/<what>`, the directory being relative unless one is named.
fn file(directory: Option<&Utf8Path>, environment: u64, what: &str) -> Utf8PathBuf {
    directory
        .unwrap_or(Utf8Path::new("."))
        .join(format!("cluster_{environment}"))
        .join(what)
}

async fn deployment_tasks(session: &mut Session<'_>, arguments: &EnvironmentArguments) -> Result<(), CommandError> {
    let id = session.environment()?;
    let path = format!("clusters/{id}/deployment_tasks");
    let file = file(arguments.dir.as_deref(), id, "deployment_tasks");
    match arguments.way.way()? {
        Way::Download => {
            let tasks = Value::Array(Session::typed(&path, &session.client.get(&path).await?)?);
            let file = documents::write(&file, session.format, &tasks)?;
            session.say(&format!("Deployment tasks for cluster {id} downloaded into {file}."))
        }
        Way::Upload => {
            let (file, tasks) = documents::read(&file, session.format)?;
            session.client.put(&path, &tasks).await?;
            session.say(&format!("Deployment tasks for cluster {id} uploaded from {file}"))
        }
    }
}

async fn attributes(session: &mut Session<'_>, arguments: &EnvironmentArguments) -> Result<(), CommandError> {
    let id = session.environment()?;
    let file = file(arguments.dir.as_deref(), id, "attributes");
    match arguments.way.way()? {
        Way::Download => {
            let attributes = session.client.attributes(id).await?;
            let file = documents::write(&file, session.format, &attributes)?;
            session.say(&format!("Attributes of cluster {id} downloaded into {file}."))
        }
        Way::Upload => {
            let (file, attributes) = documents::read(&file, session.format)?;
            session
                .client
                .put_all_attributes(id, &attributes, arguments.force)
                .await?;
            session.say(&format!("Attributes of cluster {id} uploaded from {file}"))
        }
    }
}
