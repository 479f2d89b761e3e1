//! `fuel network`: the networks of an environment as a file.

use camino::Utf8PathBuf;
use clap::Args;

use super::documents;
use super::session::{CommandError, Session};

#[derive(Debug, Args)]
pub(super) struct NetworkArguments {
    #[command(flatten)]
    action: NetworkAction,
    /// Directory of the file, the current one without it.
    #[arg(long)]
    dir: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct NetworkAction {
    /// Write the networks into network_<id>.yaml.
    #[arg(long, short)]
    download: bool,
    /// Send network_<id>.yaml.
    #[arg(long, short)]
    upload: bool,
}

/// Downloads or uploads networks.
pub(super) async fn execute(session: &mut Session<'_>, arguments: NetworkArguments) -> Result<(), CommandError> {
    let environment = session.required_environment()?;
    // An environment that is not there is told as such, not as networks that are not there.
    session.client.environment(environment).await?;
    let file = documents::directory(arguments.dir.as_deref())?.join(format!("network_{environment}"));
    if arguments.action.upload {
        let (_, networks) = documents::read(&file, session.format)?;
        session.client.put_network_configuration(environment, &networks).await?;
        return session.say("Network configuration uploaded.");
    }
    let networks = session.client.network_configuration(environment).await?;
    let file = documents::write(&file, session.format, &networks)?;
    session.say(&format!(
        "Network configuration for environment with id={environment} downloaded to {file}"
    ))
}
