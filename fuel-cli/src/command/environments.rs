//! `fuel env` and `fuel deploy-changes`.

use super::arguments::EnvironmentArguments;
use super::session::{CommandError, Session};
use crate::model::Cluster;
use crate::table;

/// Lists, creates or deletes environments.
pub(super) async fn execute(session: &mut Session<'_>, arguments: EnvironmentArguments) -> Result<(), CommandError> {
    if let (true, Some(name), Some(release)) = (arguments.create, &arguments.name, arguments.rel) {
        let created = session
            .client
            .create_environment_with(name, release, &arguments.nst)
            .await?;
        return session.say(&format!(
            "Environment '{}' with id={} was created!",
            created.name, created.id
        ));
    }
    if arguments.delete {
        let id = session.environment()?;
        let environment = session.client.environment(id).await?;
        if environment.status == "operational" && !arguments.force {
            return Err(CommandError::Text(
                "Deleting an operational environment is a dangerous operation.\nPlease use --force to bypass this message."
                    .to_owned(),
            ));
        }
        session.client.delete_environment(id, arguments.force).await?;
        return session.say(&format!("Environment with id={id} was deleted"));
    }
    let (raw, clusters) = session.fetch::<Cluster>("clusters/").await?;
    let wanted = session.environment;
    let rows: Vec<Vec<String>> = clusters
        .into_iter()
        .filter(|cluster| wanted.is_none_or(|wanted| cluster.id == wanted))
        .map(|cluster| {
            vec![
                cluster.id.to_string(),
                cluster.status,
                cluster.name,
                cluster.release_id.to_string(),
            ]
        })
        .collect();
    session.list(&raw, &table::render(&["id", "status", "name", "release_id"], &rows))
}

/// Starts a deployment.
pub(super) async fn deploy_changes(session: &mut Session<'_>) -> Result<(), CommandError> {
    let environment = session.environment()?;
    let task = session.client.deploy_changes(environment).await?;
    session.say(&format!(
        "Deployment task with id {} for the environment {environment} has been started.",
        task.id
    ))
}
