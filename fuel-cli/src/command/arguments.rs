//! What may stand on the command line.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

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
    /// Install, register, update and remove plugins.
    #[command(alias = "plugin")]
    Plugins(PluginArguments),
    /// List, create and delete environments.
    #[command(visible_alias = "env")]
    Environment(EnvironmentArguments),
    /// List nodes, assign them to an environment.
    #[command(alias = "nodes")]
    Node(NodeArguments),
    /// List OpenStack releases.
    #[command(visible_alias = "rel")]
    Release(ReleaseArguments),
    /// Deploy the changes of an environment.
    DeployChanges,
    /// Print the version of Fuel.
    FuelVersion,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct PluginAction {
    /// List registered plugins (also what happens without any flag).
    #[arg(long, short)]
    pub(super) list: bool,
    /// Install a plugin from a package (`.rpm`, `.fp`) and register it.
    #[arg(long, value_name = "FILE")]
    pub(super) install: Option<String>,
    /// Unregister a plugin and remove it from the disk.
    #[arg(long, value_name = "NAME==VERSION", alias = "delete")]
    pub(super) remove: Option<String>,
    /// Register a plugin that is on the disk.
    #[arg(long, value_name = "NAME==VERSION")]
    pub(super) register: Option<String>,
    /// Unregister a plugin, leave it on the disk.
    #[arg(long, value_name = "NAME==VERSION")]
    pub(super) unregister: Option<String>,
    /// Update a plugin to the newer version of a package.
    #[arg(long, value_name = "FILE")]
    pub(super) update: Option<String>,
    /// Take a plugin back to the older version of a package.
    #[arg(long, value_name = "FILE")]
    pub(super) downgrade: Option<String>,
    /// Have Nailgun read the files of plugins again.
    #[arg(long)]
    pub(super) sync: bool,
}

#[derive(Debug, Args)]
pub(super) struct PluginArguments {
    #[command(flatten)]
    pub(super) action: PluginAction,
    /// Ids for --sync.
    #[arg(long, value_delimiter = ',')]
    pub(super) plugin_id: Vec<u64>,
    /// Install or register even what is there already.
    #[arg(long, short)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct EnvironmentArguments {
    /// List environments (also what happens without any flag).
    #[arg(long, short, conflicts_with_all = ["create", "delete"])]
    pub(super) list: bool,
    /// Create an environment.
    #[arg(long, conflicts_with = "delete", requires_all = ["name", "rel"])]
    pub(super) create: bool,
    /// Delete the environment that --env names.
    #[arg(long)]
    pub(super) delete: bool,
    /// Name of the new environment.
    #[arg(long, alias = "env-name")]
    pub(super) name: Option<String>,
    /// Release of the new environment.
    #[arg(long, alias = "release")]
    pub(super) rel: Option<u64>,
    /// Network segmentation of the new environment: vlan, gre or tun.
    #[arg(long, alias = "net-segment-type", default_value = "vlan")]
    pub(super) nst: String,
    /// Delete even what is operational.
    #[arg(long, short)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct NodeArguments {
    /// List nodes (also what happens without any flag).
    #[arg(long, short, conflicts_with = "set")]
    pub(super) list: bool,
    /// Assign nodes to the environment that --env names.
    #[arg(long, requires_all = ["node", "role"])]
    pub(super) set: bool,
    /// Ids of nodes.
    #[arg(long, alias = "node-id", value_delimiter = ',')]
    pub(super) node: Vec<u64>,
    /// Roles.
    #[arg(long, alias = "roles", value_delimiter = ',')]
    pub(super) role: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ReleaseArguments {
    /// List releases (what happens anyway).
    #[arg(long, short)]
    pub(super) list: bool,
}

/// Words that fuelclient takes for flags: `fuel env create` is `fuel env --create`.
const ACTIONS: [&str; 9] = [
    "list",
    "set",
    "delete",
    "create",
    "remove",
    "install",
    "register",
    "unregister",
    "sync",
];
/// The namespaces in which a word may stand for a flag.
const NAMESPACES: [&str; 8] = [
    "plugins",
    "plugin",
    "environment",
    "env",
    "node",
    "nodes",
    "release",
    "rel",
];

/// Turns the first word after the namespace into a flag where fuelclient would.
pub(super) fn with_words_as_flags(mut args: Vec<OsString>) -> Vec<OsString> {
    let namespace = args
        .iter()
        .skip(1)
        .position(|argument| argument.to_str().is_some_and(|argument| NAMESPACES.contains(&argument)));
    if let Some(word) = namespace.and_then(|position| args.get_mut(position + 2))
        && let Some(action) = word.to_str().filter(|word| ACTIONS.contains(word))
    {
        *word = OsString::from(format!("--{action}"));
    }
    args
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[rstest]
    #[case("fuel env create --name e --rel 2", "fuel env --create --name e --rel 2")]
    #[case(
        "fuel --env 1 node set --node 1 --role a",
        "fuel --env 1 node --set --node 1 --role a"
    )]
    #[case("fuel plugins --install list", "fuel plugins --install list")]
    fn a_word_after_the_namespace_is_a_flag(#[case] typed: &str, #[case] meant: &str) {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(with_words_as_flags(words(typed)), words(meant));
    }
}
