//! `fuel settings`: the settings of an environment as a file.

use camino::Utf8PathBuf;
use clap::Args;

use super::documents;
use super::session::{CommandError, Session};

#[derive(Debug, Args)]
pub(super) struct SettingsArguments {
    #[command(flatten)]
    action: SettingsAction,
    /// Directory of the file, the current one without it.
    #[arg(long)]
    dir: Option<Utf8PathBuf>,
    /// Send it although the environment is locked (9.x).
    #[arg(long, short)]
    force: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct SettingsAction {
    /// Write the settings into settings_<id>.yaml.
    #[arg(long, short)]
    download: bool,
    /// Write the settings that a new environment would have into settings_<id>.yaml.
    #[arg(long)]
    default: bool,
    /// Send settings_<id>.yaml.
    #[arg(long, short)]
    upload: bool,
}

/// Downloads or uploads settings.
pub(super) async fn execute(session: &mut Session<'_>, arguments: SettingsArguments) -> Result<(), CommandError> {
    let environment = session.required_environment()?;
    let format = session.format;
    let file = |directory: Utf8PathBuf| directory.join(format!("settings_{environment}"));
    if arguments.action.upload {
        let (_, document) = documents::read(&file(documents::directory(arguments.dir.as_deref())?), format)?;
        session
            .client
            .put_all_attributes(environment, &document, arguments.force)
            .await?;
        return session.say("Settings configuration uploaded.");
    }
    if arguments.action.default {
        let document = session.client.default_attributes(environment).await?;
        let file = documents::write(
            &file(documents::directory(arguments.dir.as_deref())?),
            format,
            &document,
        )?;
        return session.say(&format!("Default settings configuration downloaded to {file}."));
    }
    let document = session.client.attributes(environment).await?;
    let file = documents::write(
        &file(documents::directory(arguments.dir.as_deref())?),
        format,
        &document,
    )?;
    session.say(&format!(
        "Settings configuration for environment with id={environment} downloaded to {file}"
    ))
}
