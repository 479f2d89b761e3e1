//! What one Fuel version does, as data.

mod versions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use versions::PROFILES;

/// What a Fuel version does and ships, as fields that the code reads instead of asking for the version.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name a user gives: `9.2`.
    pub name: &'static str,
    /// Where it stands among the versions: endpoints say from which series on there are any.
    pub series: Series,
    /// What `GET /version` and `cluster.fuel_version` say; 9.2's own settings say `9.1`.
    pub reported_version: &'static str,
    /// `feature_groups` of the version.
    pub feature_groups: &'static [&'static str],
    /// What `GET /version` has besides release, API and feature groups.
    pub version_body: VersionBody,
    /// Whether `GET /version` asks for a token (9.x) or is public (to 8.0).
    pub version_needs_token: bool,
    /// Prefixes of the package versions that may be registered, in the order the refusal lists them.
    pub package_versions: &'static [&'static str],
    /// How another package version is answered.
    pub unsupported_package: Unsupported,
    /// The domain of node names.
    pub domain: &'static str,
    /// Statuses in which an environment is not locked.
    pub unlocked_statuses: &'static [&'static str],
    /// Whether a node that is ready locks its environment, whatever the environment's status.
    pub ready_nodes_lock: bool,
    /// What a locked environment refuses to change.
    pub lock_rule: LockRule,
    /// Whether `?force=1` passes the lock and the restrictions.
    pub force_passes_lock: bool,
    /// Whether a plugin may be given another name by PUT.
    pub plugins_may_be_renamed: bool,
    /// Fields that each entry of a plugin's `releases` must have.
    pub required_release_fields: &'static [&'static str],
    /// Fields of a plugin that the API of this version does not show.
    pub plugin_fields_absent: &'static [&'static str],
    /// Fields of an environment that this version shows besides, always null.
    pub cluster_fields_added: &'static [&'static str],
    /// Fields of an environment that this version does not show.
    pub cluster_fields_absent: &'static [&'static str],
    /// Fields of a task that this version does not show.
    pub task_fields_absent: &'static [&'static str],
    /// Fields of a release that this version does not show.
    pub release_fields_absent: &'static [&'static str],
    /// Whether an environment may be given another mode by PUT (to 8.0).
    pub mode_may_change: bool,
    /// Whether an environment may provision nodes otherwise than with an image (6.x).
    pub provisions_classically: bool,
    /// Where the settings of plugins live, and in which shape GET gives them.
    pub plugin_settings: PluginSettings,
    /// The name of the key in a version's metadata that tells `is_hotpluggable`.
    pub hot_pluggable_key: &'static str,
    /// How a plugin's `mode` is compared with an environment's.
    pub mode_match: ModeMatch,
    /// When a plugin's files are read.
    pub file_reading: FileReading,
    /// Whether environment_config.yaml of packages 1.0.x and 2.0.x is read at all.
    pub reads_settings_of_early_packages: bool,
    /// Whether a tasks.yaml that holds nothing but comments breaks every deployment.
    pub empty_task_file_is_fatal: bool,
    /// Whether a task type of tasks.yaml that there is not breaks every deployment; otherwise it is left out.
    pub unknown_task_type_is_fatal: bool,
    /// What `POST /plugins/sync` without ids does.
    pub sync: SyncRule,
    /// How settings that come in are checked.
    pub attributes: Attributes,
    /// Whether a setting whose `{…}` cannot be formatted breaks the request; otherwise it stays as it is.
    pub broken_format_is_fatal: bool,
    /// Whether a plugin with legacy tasks can be enabled only with `propagate_task_deploy`.
    pub refuses_legacy_tasks: bool,
    /// Whether a node of an environment may be assigned other roles.
    pub assigned_nodes_may_change_roles: bool,
    /// How two roles that exclude each other are refused: `{role}` and `{other}` stand for them.
    pub role_conflict: &'static str,
    /// Whether roles carry tags (9.x); without them a role with `has_primary` has its primary node by its own name.
    pub tags: bool,
    /// Whether a plugin may bring a network role that there is, if the two can be joined.
    pub network_roles_may_overlap: bool,
    /// How the removal of an enabled plugin is refused.
    pub delete_refusal: &'static str,
    /// How a deployment becomes messages for Astute.
    pub serialization: Serialization,
    /// Whether tasks with `reexecute_on: [deploy_changes]` happen again on ready nodes when changes are deployed. It says
    /// nothing to a graph of 9.x, which runs on every node each time.
    pub reexecutes_tasks: bool,
    /// Whether deployment info tells what a node is provisioned with, too (9.x).
    pub tells_provisioning: bool,
    /// What deployment info lacks of what 9.x tells: keys from the outside in, `*` for any.
    pub info_absent: &'static [&'static [&'static str]],
    /// Glance's cache on nodes without a store of images, in bytes.
    pub image_cache_without_store: &'static str,
    /// Whether a VIP is there only with a node in one of its roles (9.x).
    pub vips_need_nodes: bool,
    /// The key `plugins` of deployment info.
    pub plugins_key: PluginsKey,
    /// What a repository's file on nodes is named after.
    pub repository_name: RepositoryName,
    /// Priority of a plugin's Debian repository.
    pub deb_repository_priority: u32,
    /// Priority of a plugin's RPM repository.
    pub rpm_repository_priority: u32,
    /// Nailgun settings that `{settings.X}` and the `from_settings` generator may name, besides `MASTER_IP`.
    pub settings: &'static [(&'static str, &'static str)],
    /// Whether packages from 5.0.0 on may point at files in their metadata, and bring releases (9.x).
    pub plugin_releases: bool,
    /// Whether lists of servers in the settings (`DNS_UPSTREAM`) are lists (9.x) or one text.
    pub server_lists: bool,
    release: &'static str,
    node_attributes: &'static str,
    core_graph: &'static str,
    core_tasks: &'static str,
}

/// The series of Fuel, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Series {
    /// 6.x
    Fuel6,
    /// 7.0
    Fuel7,
    /// 8.0
    Fuel8,
    /// 9.x
    Fuel9,
}

/// What `GET /version` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionBody {
    /// Build number, hashes of components and `release_versions` too (to 7.0).
    WithBuild,
    /// Release, API, feature groups.
    Plain,
}

/// How a plugin of an unsupported package version is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// 500 with the exception (to 8.0).
    Unexpected,
    /// 400 with the exception's text.
    Refused,
}

/// What a locked environment refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockRule {
    /// Every change of settings (6.x).
    Everything,
    /// The first section whose metadata does not say `always_editable` (7.0).
    SectionsUnlessAlwaysEditable,
    /// The same of plugins by the version that is changed, then of core sections (8.0 and later). In 8.0
    /// `always_editable` is what metadata.yaml calls `is_hotpluggable`; 9.x writes that to another key.
    PluginsUnlessAlwaysEditable,
}

/// Where the settings of plugins live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginSettings {
    /// In the environment's own settings, flat, the newest version's only, put there when the environment is created
    /// (to 7.0).
    InEnvironment,
    /// In a table of their own; one container with `metadata.versions` for all versions (8.0 and later).
    Versions,
}

/// How a plugin's `mode` is compared with an environment's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeMatch {
    /// It is somewhere in it (to 7.0).
    Contains,
    /// It begins with it.
    Prefix,
}

/// When a plugin's files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileReading {
    /// Each time that they are needed (6.x).
    WhenNeeded,
    /// Settings and tasks of packages before 3.0.0 each time that they are needed, other files at registration and at
    /// sync (7.0).
    EarlyWhenNeeded,
    /// At registration and at sync.
    OnRegistration,
}

impl FileReading {
    /// Whether the settings of a package of that major version are read from disk when an environment takes them.
    pub(crate) fn is_when_needed(self, package_major: u32) -> bool {
        match self {
            Self::WhenNeeded => true,
            Self::EarlyWhenNeeded => package_major < 3,
            Self::OnRegistration => false,
        }
    }
}

/// What `POST /plugins/sync` without ids does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncRule {
    /// The files of every registered plugin are read again (7.0, 8.0).
    Registered,
    /// Disk and database are made alike: plugins are added and removed too (9.x).
    Disk,
}

/// How settings that come in are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// What is stored is checked, not what is sent: a bad value is taken once and then bars every change (8.0).
    pub checks_stored: bool,
    /// Whether restrictions are checked (9.x).
    pub checks_restrictions: bool,
    /// Whether a text may be null where it says so.
    pub nullable_text: bool,
    /// Whether there are the types `number`, `text_list`, `textarea_list`, `file` and `custom_hugepages` (9.x).
    pub wide_types: bool,
    /// Whether a refusal by the schema begins with the field's name in brackets (8.0).
    pub names_field: bool,
}

/// How a deployment becomes messages for Astute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serialization {
    /// Hooks before and after the granular deployment (to 8.0).
    Hooks,
    /// One graph of tasks with cross-dependencies (9.x).
    Graph,
}

/// The key `plugins` of deployment info.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginsKey {
    /// There is none (to 7.0).
    Absent,
    /// Names of enabled plugins by id (8.0).
    Names,
    /// Objects with scripts and repositories (9.x).
    Objects,
}

/// What a repository's file on nodes is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryName {
    /// `name-1.2.3` (to 8.0)
    FullVersion,
    /// The plugin's directory: `name-1.2` (9.x)
    Directory,
}

impl Profile {
    /// The profile of a Fuel version.
    ///
    /// # Errors
    /// [`ProfileError::Unknown`] names the versions there are.
    pub fn named(version: &str) -> Result<Self, ProfileError> {
        PROFILES
            .iter()
            .find(|profile| profile.name == version)
            .cloned()
            .ok_or_else(|| ProfileError::Unknown {
                version: version.to_owned(),
                known: PROFILES
                    .iter()
                    .map(|profile| profile.name)
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    /// The same version with another choice of the core tasks that really happen on nodes, as YAML: parameters by the
    /// task's id. For a rig whose nodes have no master to fetch anything from.
    #[must_use]
    pub fn with_core_tasks(self, yaml: &'static str) -> Self {
        Self {
            core_tasks: yaml,
            ..self
        }
    }

    /// What the release ships: roles, settings, networks, volumes, components.
    pub(crate) fn release_metadata(&self) -> Result<Map<String, Value>, ProfileError> {
        self.read("release", self.release)
    }

    /// The core deployment graph: a list of tasks as `deployment_tasks.yaml` holds them, without parameters.
    pub(crate) fn core_graph(&self) -> Result<Vec<Value>, ProfileError> {
        self.read("core graph", self.core_graph)
    }

    /// Core tasks that really happen on nodes, by id, with their parameters.
    pub(crate) fn core_tasks(&self) -> Result<Arc<Map<String, Value>>, ProfileError> {
        static READ: Mutex<BTreeMap<&str, Arc<Map<String, Value>>>> = Mutex::new(BTreeMap::new());
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tasks) = read.get(self.core_tasks) {
            return Ok(Arc::clone(tasks));
        }
        let tasks = Arc::new(self.read("core tasks", self.core_tasks)?);
        read.insert(self.core_tasks, Arc::clone(&tasks));
        Ok(tasks)
    }

    /// `node_attributes`, `nic_attributes` and `bond_attributes` that nodes have without any plugin; empty before 9.x.
    pub(crate) fn node_attributes(&self) -> Result<Map<String, Value>, ProfileError> {
        self.read("node attributes", self.node_attributes)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, what: &'static str, text: &str) -> Result<T, ProfileError> {
        serde_yaml::from_str(text).map_err(|source| ProfileError::Data {
            profile: self.name,
            what,
            reason: source.to_string(),
        })
    }
}

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// There is none for that version.
    #[error("there is no profile for Fuel {version}; there are: {known}")]
    Unknown {
        /// What was asked for.
        version: String,
        /// The versions there are.
        known: String,
    },
    /// Its data cannot be read: a defect of the profile.
    #[error("profile {profile}: the {what} data cannot be read: {reason}")]
    Data {
        /// Name of the profile.
        profile: &'static str,
        /// Which data.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_every_profile_can_be_read() {
        for profile in PROFILES {
            assert!(profile.release_metadata().unwrap().contains_key("attributes_metadata"));
            assert!(profile.core_graph().unwrap().len() > 80);
            let graph = profile.core_graph().unwrap();
            for id in profile.core_tasks().unwrap().keys() {
                assert!(
                    graph.iter().any(|task| task["id"] == id.as_str()),
                    "{id} is not in the core graph"
                );
            }
        }
    }

    #[test]
    fn an_unknown_version_is_refused_with_the_ones_there_are() {
        assert_eq!(
            Profile::named("5.1").unwrap_err().to_string(),
            "there is no profile for Fuel 5.1; there are: 6.1, 7.0, 8.0, 9.2"
        );
    }
}
