//! A plugin on disk, as Nailgun reads it.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use crate::metadata::Metadata;
use crate::yaml::{self, Node, Span, Yaml, YamlError};

/// A plugin's directory, read.
///
/// Which files count is a matter of `package_version`: format 3.0.0 brought deployment tasks, roles and
/// volumes, 4.0.0 components, 5.0.0 node and network interface attributes. A file that the format does
/// not know is not read. Missing optional files are empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Plugin {
    /// Where it lies.
    pub directory: Utf8PathBuf,
    /// metadata.yaml.
    pub metadata: Metadata,
    /// `attributes` of environment_config.yaml: the settings, and `metadata` of the section.
    pub attributes: Map<String, Value>,
    /// tasks.yaml: a list.
    pub tasks: Vec<Value>,
    /// deployment_tasks.yaml: a list.
    pub deployment_tasks: Vec<Value>,
    /// node_roles.yaml: roles by name.
    pub node_roles: Map<String, Value>,
    /// volumes.yaml: an object, empty if the file is missing.
    pub volumes: Value,
    /// network_roles.yaml: a list.
    pub network_roles: Vec<Value>,
    /// components.yaml: a list.
    pub components: Vec<Value>,
    /// node_config.yaml: sections by name.
    pub node_config: Map<String, Value>,
    /// nic_config.yaml: attributes by name.
    pub nic_config: Map<String, Value>,
    /// bond_config.yaml: attributes by name.
    pub bond_config: Map<String, Value>,
    /// Names of files that exist and hold nothing but comments; Fuel 6.1 to 8.0 stumble over such a
    /// tasks.yaml when they deploy.
    pub empty_files: Vec<&'static str>,
}

/// Why a plugin cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file cannot be read or is no YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// metadata.yaml lacks what names the plugin.
    #[error("{file}:{}:{}: `{key}` is missing or no text; write `{key}: …`", span.line, span.column)]
    Key {
        /// metadata.yaml.
        file: Utf8PathBuf,
        /// Where its mapping starts.
        span: Span,
        /// The key.
        key: &'static str,
    },
    /// A file holds something else than what it must.
    #[error("{file}:{}:{}: must be {wanted}", span.line, span.column)]
    Shape {
        /// The file.
        file: Utf8PathBuf,
        /// Where the wrong value starts.
        span: Span,
        /// What it must be.
        wanted: &'static str,
    },
}

impl Plugin {
    /// Reads a plugin's directory, or what is unpacked on a master.
    ///
    /// It trusts the plugin to be checked: only what keeps it from being read is an error.
    ///
    /// # Errors
    /// If metadata.yaml is missing, a file is no YAML, or holds a list where a mapping must be (or the
    /// other way round). Each error displays its file, line and column.
    pub fn load(directory: &Utf8Path) -> Result<Self, LoadError> {
        let metadata_file = directory.join("metadata.yaml");
        let document = yaml::load(&metadata_file)?;
        let metadata = Metadata::from_node(&document).map_err(|key| LoadError::Key {
            file: metadata_file,
            span: document.span,
            key,
        })?;

        let mut files = Files {
            directory,
            format: format_number(&metadata.package_version),
            empty: Vec::new(),
        };
        let attributes = files.mapping("environment_config.yaml", 1)?;
        let attributes = match attributes.get("attributes") {
            Some(Value::Object(attributes)) => attributes.clone(),
            _ => Map::new(),
        };
        Ok(Self {
            directory: directory.to_owned(),
            attributes,
            tasks: files.sequence("tasks.yaml", 1)?,
            deployment_tasks: files.sequence("deployment_tasks.yaml", 3)?,
            node_roles: files.mapping("node_roles.yaml", 3)?,
            volumes: Value::Object(files.mapping("volumes.yaml", 3)?),
            network_roles: files.sequence("network_roles.yaml", 3)?,
            components: files.sequence("components.yaml", 4)?,
            node_config: files.mapping("node_config.yaml", 5)?,
            nic_config: files.mapping("nic_config.yaml", 5)?,
            bond_config: files.mapping("bond_config.yaml", 5)?,
            empty_files: files.empty,
            metadata,
        })
    }

    /// The plugin's directory on the master and on nodes: `trove-1.0`.
    #[must_use]
    pub fn directory_name(&self) -> String {
        self.metadata.directory_name()
    }
}

/// The first number of a package version, which alone decides what Nailgun reads.
fn format_number(package_version: &str) -> u32 {
    package_version
        .split('.')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

struct Files<'a> {
    directory: &'a Utf8Path,
    format: u32,
    empty: Vec<&'static str>,
}

impl Files<'_> {
    fn read(&mut self, name: &'static str, since: u32) -> Result<Option<Node>, LoadError> {
        if self.format < since {
            return Ok(None);
        }
        match yaml::load(&self.directory.join(name)) {
            Ok(node) if node.is_null() => {
                self.empty.push(name);
                Ok(None)
            }
            Ok(node) => Ok(Some(node)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn mapping(&mut self, name: &'static str, since: u32) -> Result<Map<String, Value>, LoadError> {
        let Some(node) = self.read(name, since)? else {
            return Ok(Map::new());
        };
        match node.to_json() {
            Value::Object(map) => Ok(map),
            _ if node.is_falsy() => Ok(Map::new()),
            _ => Err(self.shape(name, &node, "a mapping (`key: value`)")),
        }
    }

    fn sequence(&mut self, name: &'static str, since: u32) -> Result<Vec<Value>, LoadError> {
        let Some(node) = self.read(name, since)? else {
            return Ok(Vec::new());
        };
        match &node.value {
            Yaml::Sequence(items) => Ok(items.iter().map(Node::to_json).collect()),
            _ => Err(self.shape(name, &node, "a list (`- …`)")),
        }
    }

    fn shape(&self, name: &str, node: &Node, wanted: &'static str) -> LoadError {
        LoadError::Shape {
            file: self.directory.join(name),
            span: node.span,
            wanted,
        }
    }
}
