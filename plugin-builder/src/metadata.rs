//! metadata.yaml as a type.

use serde::Serialize;
use serde_json::Value;

use crate::yaml::{Integer, Node, Yaml};

/// A plugin's metadata.yaml.
///
/// It is read leniently: what is missing or of a wrong type is empty, since finding that out is
/// [`check`](crate::check)'s work; only `name`, `version` and `package_version` must be there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metadata {
    /// The name, which is also the key of its settings: `trove`.
    pub name: String,
    /// What people see.
    pub title: String,
    /// The full version: `1.0.0`.
    pub version: String,
    /// The version of the plugin format: `4.0.0`.
    pub package_version: String,
    /// What the plugin is for.
    pub description: String,
    /// Fuel versions that the plugin says it is for; only people and the builder look at them.
    pub fuel_version: Vec<String>,
    /// Names of licences.
    pub licenses: Vec<String>,
    /// Authors.
    pub authors: Vec<String>,
    /// An address to read more at.
    pub homepage: String,
    /// What the plugin belongs to: `network`, `storage`, …
    pub groups: Vec<String>,
    /// Whether it may be enabled in a deployed environment.
    pub is_hotpluggable: bool,
    /// The OpenStack releases that the plugin supports.
    pub releases: Vec<Release>,
    /// The RPM's release; `1` unless written (format 3.0.0 and later).
    pub build_version: String,
    /// The whole file as JSON: the body of `POST /api/v1/plugins`.
    pub document: Value,
}

/// One entry of `releases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// `ubuntu` or `centos`.
    pub os: String,
    /// `mitaka-9.0`.
    pub version: String,
    /// `ha`, `multinode`.
    pub mode: Vec<String>,
    /// Where the scripts lie, from the plugin's directory. Format 5.0.0's `is_release` entries have none.
    pub deployment_scripts_path: Option<String>,
    /// Where the packages lie, from the plugin's directory.
    pub repository_path: Option<String>,
}

impl Metadata {
    /// Reads the document; the error names the key that is missing or no text.
    pub(crate) fn from_node(node: &Node) -> Result<Self, &'static str> {
        let need = |key: &'static str| node.get(key).and_then(scalar_text).ok_or(key);
        Ok(Self {
            name: need("name")?,
            title: text(node, "title"),
            version: need("version")?,
            package_version: need("package_version")?,
            description: text(node, "description"),
            fuel_version: texts(node, "fuel_version"),
            licenses: texts(node, "licenses"),
            authors: texts(node, "authors"),
            homepage: text(node, "homepage"),
            groups: texts(node, "groups"),
            is_hotpluggable: node.get("is_hotpluggable").and_then(Node::as_bool).unwrap_or(false),
            releases: node
                .get("releases")
                .and_then(Node::as_sequence)
                .unwrap_or_default()
                .iter()
                .map(Release::from_node)
                .collect(),
            build_version: node
                .get("build_version")
                .and_then(scalar_text)
                .unwrap_or_else(|| "1".to_owned()),
            document: node.to_json(),
        })
    }

    /// The first two numbers of the version: `1.0` of `1.0.0`, and `1.2` of `01.02.3`.
    #[must_use]
    pub fn major_minor(&self) -> String {
        let number = |part: &str| {
            let part = part.split(['a', 'b']).next().unwrap_or(part);
            part.parse::<u64>()
                .map_or_else(|_| part.to_owned(), |number| number.to_string())
        };
        self.version
            .split('.')
            .take(2)
            .map(number)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The plugin's directory on the master: `trove-1.0`, or `trove-1.0.0` for format 1.0.0.
    #[must_use]
    pub fn directory_name(&self) -> String {
        if self.package_version.starts_with("1.0.") {
            format!("{}-{}", self.name, self.version)
        } else {
            format!("{}-{}", self.name, self.major_minor())
        }
    }
}

impl Release {
    fn from_node(node: &Node) -> Self {
        let path = |key| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Self {
            os: text(node, "os"),
            version: text(node, "version"),
            mode: texts(node, "mode"),
            deployment_scripts_path: path("deployment_scripts_path"),
            repository_path: path("repository_path"),
        }
    }
}

fn text(node: &Node, key: &str) -> String {
    node.get(key).and_then(scalar_text).unwrap_or_default()
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    node.get(key)
        .and_then(Node::as_sequence)
        .unwrap_or_default()
        .iter()
        .filter_map(scalar_text)
        .collect()
}

/// Text, or a number as it is most likely written.
pub(crate) fn scalar_text(node: &Node) -> Option<String> {
    match &node.value {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Integer(Integer::Small(value)) => Some(value.to_string()),
        Yaml::Integer(Integer::Big(digits)) => Some(digits.clone()),
        Yaml::Float(value) => Some(crate::python::float_repr(*value)),
        Yaml::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}
