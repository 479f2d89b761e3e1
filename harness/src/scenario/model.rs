//! The types of a scenario file. The JSON Schema `scenarios/schema.json` is generated from them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::Ignore;

/// What to deploy and what must hold afterwards: one YAML file under `scenarios/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Fuel version whose master is emulated, quoted: `"9.2"`.
    pub fuel: String,
    /// Plugins to install and enable, in this order.
    #[serde(default)]
    pub plugins: Vec<PluginEntry>,
    /// The environment that is created.
    pub environment: Environment,
    /// Deployment graphs to run, in this order, in place of `default` (Fuel 9).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub graphs: Vec<GraphEntry>,
    /// Target nodes.
    pub nodes: Vec<NodeEntry>,
    /// Commands that must hold after each run.
    #[serde(default)]
    pub verify: Vec<Verify>,
    /// State that no file shows, compared like the rest.
    #[serde(default)]
    pub observe: Vec<Observe>,
    /// State that is known to move, with the reason.
    #[serde(default)]
    pub ignore: Vec<Ignore>,
    /// Whether nodes may reach the outside. The master's networks are closed unless this is set.
    #[serde(default)]
    pub outside: bool,
    /// Seconds after which one deployment is given up.
    #[serde(default = "default_deployment_timeout")]
    pub deployment_timeout: u64,
}

fn default_deployment_timeout() -> u64 {
    3600
}

/// A plugin of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginEntry {
    /// A plugin directory, which is built first, or a package (`.rpm`, `.fp`), installed as it is.
    /// Relative to the scenario file.
    pub path: String,
    /// Values for the plugin's fields of the settings tab, by field name.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Fields that `fuelrig test --settings` does not draw: they hold what `settings` says, or the plugin's default.
    #[serde(default)]
    pub fixed: Vec<String>,
    /// Whether the plugin is enabled in the environment.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// The environment of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Version of the release, as `fuel rel` shows it: `mitaka-9.0`.
    pub release: String,
    /// Name of the environment; the scenario's name if left out.
    #[serde(default)]
    pub name: Option<String>,
    /// Core settings by dotted path `section.attribute`: `common.debug: true`.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
}

/// A deployment graph of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphEntry {
    /// Its type: `default` is the one that Fuel and the plugins share.
    #[serde(rename = "type")]
    pub kind: String,
    /// A YAML file with a list of tasks that is uploaded to the environment first, as `fuel2 graph upload` does.
    /// Relative to the scenario file. Without it the graph is one of the release or of a plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<String>,
}

/// A target node of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeEntry {
    /// Host name, unique in the scenario: `node-1`.
    pub name: String,
    /// Roles to assign, without `primary-`: Nailgun makes the first node of such a role the primary one.
    pub roles: Vec<String>,
    /// `node`, `controller`, or the reference of an image of your own. `controller` if the node has that role.
    #[serde(default)]
    pub image: Option<String>,
    /// Memory in MiB, 4096 if left out: what needs more is killed by the kernel, as on a real machine.
    #[serde(default)]
    #[schemars(range(min = 256))]
    pub memory: Option<u32>,
}

/// A command that must hold after each run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// What the check is called in reports; the command if left out.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it runs: a node's name, a role (`primary-controller`), which is every node that has it, or `master`.
    pub on: String,
    /// A shell command, run with `/bin/bash -c` as root.
    pub run: String,
    /// Exit code that is expected, 0 if left out.
    #[serde(default)]
    pub exit_code: i64,
    /// Text that standard output must contain.
    #[serde(default)]
    pub contains: Option<String>,
    /// Regular expression that standard output must match.
    #[serde(default)]
    pub matches: Option<String>,
    /// Seconds during which the check is repeated until it holds (services need time to come up).
    #[serde(default = "default_within")]
    pub within: u64,
    /// Whether the check is about this scenario's own settings: where `fuelrig test --settings` draws others, it is left
    /// out.
    #[serde(default)]
    pub only_own_settings: bool,
}

fn default_within() -> u64 {
    30
}

impl Verify {
    /// The name in reports.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.run)
    }
}

/// State that no file shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// What it is called in reports.
    pub name: String,
    /// Where it runs: a node's name, a role, or `master`.
    pub on: String,
    /// A shell command whose standard output is the state.
    pub run: String,
}
