//! What every path of the API is, from which Fuel on there is one, and whether what it does is real or a stand-in: what
//! the coverage table, the OpenAPI document and the refusal of paths that a version lacks are made from.

use crate::profile::Series;

/// How true an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// It does what Nailgun does.
    Real,
    /// It answers as Nailgun does, but what stands behind it is a stand-in.
    Mocked,
}
use Depth::{Mocked, Real};
use Series::{Fuel6, Fuel7, Fuel8, Fuel9};

/// One path.
#[derive(Debug)]
pub(crate) struct About {
    /// As in the route table.
    pub(crate) path: &'static str,
    /// The first series that has it.
    pub(crate) since: Series,
    pub(crate) depth: Depth,
    /// One line for people.
    pub(crate) summary: &'static str,
}

const fn about(path: &'static str, since: Series, depth: Depth, summary: &'static str) -> About {
    About {
        path,
        since,
        depth,
        summary,
    }
}

/// Every path below `/api` and `/api/v1`.
pub(crate) const ABOUT: &[About] = &[
    about(
        "version",
        Fuel6,
        Real,
        "Version, features, whether a token is asked for",
    ),
    about("plugins", Fuel6, Real, "Registered plugins"),
    about("plugins/sync", Fuel7, Real, "Plugins' files are read again"),
    about("plugins/:id", Fuel6, Real, "One plugin"),
    about("plugins/:id/links", Fuel8, Real, "Links to a plugin's dashboards"),
    about("plugins/:id/links/:link", Fuel8, Real, "One link of a plugin"),
    about("plugins/:id/deployment_graphs", Fuel9, Real, "A plugin's graphs"),
    about(
        "plugins/:id/deployment_graphs/:type",
        Fuel9,
        Real,
        "A plugin's graph of a type",
    ),
    about("releases", Fuel6, Real, "Releases"),
    about("releases/:id", Fuel6, Real, "One release"),
    about(
        "releases/:id/components",
        Fuel8,
        Real,
        "Components to choose from, plugins' among them",
    ),
    about("releases/:id/roles", Fuel6, Real, "Roles of a release"),
    about("releases/:id/roles/:name", Fuel6, Real, "One role of a release"),
    about("releases/:id/deployment_tasks", Fuel6, Real, "Tasks of a release"),
    about("releases/:id/deployment_graphs", Fuel9, Real, "A release's graphs"),
    about(
        "releases/:id/deployment_graphs/:type",
        Fuel9,
        Real,
        "A release's graph of a type",
    ),
    about("clusters", Fuel6, Real, "Environments"),
    about("clusters/:id", Fuel6, Real, "One environment"),
    about(
        "clusters/:id/attributes",
        Fuel6,
        Real,
        "Settings of an environment and of its plugins",
    ),
    about(
        "clusters/:id/attributes/defaults",
        Fuel6,
        Real,
        "Settings as they were in the beginning",
    ),
    about(
        "clusters/:id/attributes/deployed",
        Fuel9,
        Real,
        "Settings of the last good run",
    ),
    about("clusters/:id/generated", Fuel6, Real, "Generated settings"),
    about(
        "clusters/:id/roles",
        Fuel7,
        Real,
        "Roles of an environment, its plugins' among them",
    ),
    about("clusters/:id/roles/:name", Fuel7, Real, "One role of an environment"),
    about("clusters/:id/assignment", Fuel6, Real, "Nodes are given roles"),
    about(
        "clusters/:id/unassignment",
        Fuel6,
        Real,
        "Nodes are taken out of an environment",
    ),
    about(
        "clusters/:id/network_configuration/neutron",
        Fuel6,
        Real,
        "Networks of an environment",
    ),
    about(
        "clusters/:id/network_configuration/template",
        Fuel7,
        Mocked,
        "A network template: kept, not applied",
    ),
    about(
        "clusters/:id/network_configuration/ips/vips",
        Fuel8,
        Real,
        "Virtual addresses",
    ),
    about(
        "clusters/:id/deployment_tasks",
        Fuel6,
        Real,
        "All tasks of an environment, merged",
    ),
    about(
        "clusters/:id/deployment_tasks/own",
        Fuel9,
        Real,
        "An environment's own tasks",
    ),
    about(
        "clusters/:id/deployment_tasks/plugins",
        Fuel9,
        Real,
        "Tasks of an environment's plugins",
    ),
    about(
        "clusters/:id/deployment_tasks/release",
        Fuel9,
        Real,
        "Tasks of an environment's release",
    ),
    about("clusters/:id/deployment_graphs", Fuel9, Real, "An environment's graphs"),
    about(
        "clusters/:id/deployment_graphs/:type",
        Fuel9,
        Real,
        "An environment's graph of a type",
    ),
    about(
        "clusters/:id/serialized_tasks",
        Fuel9,
        Real,
        "The graph as Astute would get it",
    ),
    about(
        "clusters/:id/orchestrator/deployment",
        Fuel6,
        Real,
        "Deployment info that a user put in place of Fuel's",
    ),
    about(
        "clusters/:id/orchestrator/deployment/defaults",
        Fuel6,
        Real,
        "What each node would be told",
    ),
    about(
        "clusters/:id/orchestrator/provisioning",
        Fuel6,
        Mocked,
        "Provisioning info of a user: kept, not used",
    ),
    about(
        "clusters/:id/orchestrator/provisioning/defaults",
        Fuel6,
        Mocked,
        "What Cobbler would be told, without disks",
    ),
    about(
        "clusters/:id/orchestrator/plugins_pre_hooks",
        Fuel6,
        Real,
        "Plugins' tasks before the deployment",
    ),
    about(
        "clusters/:id/orchestrator/plugins_post_hooks",
        Fuel6,
        Real,
        "Plugins' tasks after the deployment",
    ),
    about("clusters/:id/changes", Fuel6, Real, "Deploy what changed"),
    about("clusters/:id/changes/redeploy", Fuel9, Real, "Deploy everything again"),
    about(
        "clusters/:id/provision",
        Fuel6,
        Mocked,
        "Provision nodes: they come with their system, so at once",
    ),
    about("clusters/:id/deploy", Fuel6, Real, "Deploy nodes"),
    about("clusters/:id/deploy_tasks", Fuel6, Real, "Run chosen tasks"),
    about(
        "clusters/:id/deploy_tasks/graph.gv",
        Fuel6,
        Real,
        "The graph as a picture in DOT",
    ),
    about("clusters/:id/stop_deployment", Fuel6, Real, "Stop what runs"),
    about(
        "clusters/:id/reset",
        Fuel6,
        Mocked,
        "As before the first deployment; nodes are not rebooted",
    ),
    about(
        "clusters/:id/plugin_links",
        Fuel8,
        Real,
        "Links that an environment's plugins registered",
    ),
    about("clusters/:id/plugin_links/:link", Fuel8, Real, "One such link"),
    about(
        "clusters/:id/vmware_attributes",
        Fuel6,
        Mocked,
        "vCenter settings: kept, not applied",
    ),
    about(
        "clusters/:id/vmware_attributes/defaults",
        Fuel6,
        Mocked,
        "vCenter settings as in the beginning",
    ),
    about(
        "clusters/:id/extensions",
        Fuel9,
        Mocked,
        "Extensions: kept, without effect",
    ),
    about("graphs", Fuel9, Real, "Graphs of all kinds"),
    about("graphs/execute", Fuel9, Real, "Run graphs in turn"),
    about("graphs/:id", Fuel9, Real, "One graph"),
    about("nodes", Fuel6, Real, "Nodes"),
    about("nodes/agent", Fuel6, Real, "A node's agent reports"),
    about("nodes/:id", Fuel6, Real, "One node"),
    about(
        "nodes/:id/attributes",
        Fuel9,
        Real,
        "Attributes of a node, its plugins' among them",
    ),
    about(
        "nodes/:id/attributes/defaults",
        Fuel9,
        Real,
        "Attributes as in the beginning",
    ),
    about("nodes/:id/disks", Fuel6, Mocked, "Volumes of a node's disks"),
    about(
        "nodes/:id/disks/defaults",
        Fuel6,
        Mocked,
        "Volumes as a node's roles make them",
    ),
    about("networks", Fuel8, Mocked, "Networks of all environments"),
    about(
        "nodegroups",
        Fuel6,
        Mocked,
        "Node groups: kept; addresses are those of an environment's first",
    ),
    about("nodegroups/:id", Fuel6, Mocked, "One node group"),
    about(
        "clusters/:id/network_configuration/neutron/verify",
        Fuel6,
        Mocked,
        "Networks are verified: they are the engine's, so at once",
    ),
    about(
        "nodes/:id/interfaces",
        Fuel6,
        Real,
        "Interfaces, their networks and attributes",
    ),
    about(
        "nodes/:id/interfaces/default_assignment",
        Fuel6,
        Real,
        "Interfaces as in the beginning",
    ),
    about(
        "nodes/:id/bonds/attributes/defaults",
        Fuel9,
        Real,
        "Attributes that a new bond has",
    ),
    about("tasks", Fuel6, Real, "Tasks of Nailgun"),
    about("tasks/:id", Fuel6, Real, "One task"),
    about("transactions", Fuel9, Real, "Runs"),
    about("transactions/:id", Fuel9, Real, "One run"),
    about(
        "transactions/:id/deployment_history",
        Fuel9,
        Real,
        "What became of each task on each node",
    ),
    about(
        "transactions/:id/deployment_info",
        Fuel9,
        Real,
        "What nodes were told in that run",
    ),
    about("transactions/:id/settings", Fuel9, Real, "Settings of that run"),
    about(
        "transactions/:id/network_configuration",
        Fuel9,
        Real,
        "Networks of that run",
    ),
    about("notifications", Fuel6, Real, "Notifications"),
    about("notifications/:id", Fuel6, Real, "One notification"),
];

/// Methods that came later than their path.
const LATER_METHODS: &[(&str, &str, Series)] = &[
    ("v3/auth/tokens", "POST", Fuel9),
    ("v3/auth/tokens", "GET", Fuel9),
    ("v3/auth/tokens", "DELETE", Fuel9),
    ("clusters/:id/roles", "POST", Fuel9),
    ("clusters/:id/roles/:name", "PUT", Fuel9),
    ("clusters/:id/roles/:name", "DELETE", Fuel9),
];

/// The first series of Fuel that has a method of a path; `None` for the rig's own, which every one has.
pub(crate) fn since(path: &str, method: &str) -> Option<Series> {
    let later = LATER_METHODS
        .iter()
        .find(|(other, name, _)| *other == path && *name == method)
        .map(|(_, _, since)| *since);
    later.or_else(|| of(path).map(|about| about.since))
}

/// What is known of a path; `None` for one that is not in the table.
pub(crate) fn of(path: &str) -> Option<&'static About> {
    ABOUT.iter().find(|about| about.path == path)
}
