//! What may stand on the command line.

use clap::{Args, Parser, Subcommand};

use super::deployment_info::DeploymentArguments;
use super::deployments::{DeployArguments, HistoryArguments};
use super::environments::EnvironmentArguments;
use super::graphs::GraphArguments;
use super::networks::NetworkArguments;
use super::nodes::NodeArguments;
use super::notifications::{NotificationArguments, NotifyArguments};
use super::plugins::PluginArguments;
use super::releases::ReleaseArguments;
use super::roles::RoleArguments;
use super::settings::SettingsArguments;
use super::tasks::TaskArguments;

/// The `fuel` command line.
#[derive(Debug, Parser)]
#[command(
    name = "fuel",
    version,
    about = "A client of Nailgun, the REST service of a Fuel master."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What may stand anywhere.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Common {
    /// Print what Nailgun answers as JSON.
    #[arg(long, global = true, conflicts_with = "yaml")]
    pub(super) json: bool,
    /// Print what Nailgun answers as YAML.
    #[arg(long, global = true)]
    pub(super) yaml: bool,
    /// User name.
    #[arg(long, global = true)]
    pub(super) os_username: Option<String>,
    /// Password.
    #[arg(long, global = true)]
    pub(super) os_password: Option<String>,
    /// Tenant.
    #[arg(long, global = true)]
    pub(super) os_tenant_name: Option<String>,
    /// Id of the environment.
    #[arg(long = "env", visible_alias = "env-id", global = true)]
    pub(super) environment: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Install, register, update and remove plugins; enable, disable and configure them in an environment.
    #[command(alias = "plugin")]
    Plugins(PluginArguments),
    /// List, create, rename and delete environments; download and upload their tasks and settings.
    #[command(visible_alias = "env")]
    Environment(EnvironmentArguments),
    /// List nodes, assign, rename, provision and deploy them.
    #[command(alias = "nodes")]
    Node(NodeArguments),
    /// Download and upload the settings of an environment.
    Settings(SettingsArguments),
    /// Download and upload the networks of an environment.
    Network(NetworkArguments),
    /// Download what each node would be told; upload something else in its place.
    Deployment(DeploymentArguments),
    /// List, show, create, update and delete roles.
    Role(RoleArguments),
    /// List OpenStack releases; download and upload their tasks.
    #[command(visible_alias = "rel")]
    Release(ReleaseArguments),
    /// Deploy the changes of an environment.
    DeployChanges(DeployArguments),
    /// Deploy everything of an environment again.
    RedeployChanges(DeployArguments),
    /// Show what each deployment task of a deployment came to.
    DeploymentTasks(HistoryArguments),
    /// List, show and delete Nailgun's tasks.
    Task(TaskArguments),
    /// Print the deployment graph of an environment in the language of Graphviz.
    Graph(GraphArguments),
    /// List and send notifications.
    Notifications(NotificationArguments),
    /// Send a notification.
    Notify(NotifyArguments),
    /// Print a valid Keystone token.
    Token,
    /// Print the version of Fuel.
    FuelVersion,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
