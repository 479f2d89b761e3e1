//! What one Fuel version does, as data.

use serde_json::{Map, Value};

/// What a Fuel version does and ships, as fields that the code reads instead of asking for the version.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name a user gives: `9.2`.
    pub name: &'static str,
    /// What `GET /version` and `cluster.fuel_version` say; 9.2's own settings say `9.1`.
    pub reported_version: &'static str,
    /// `feature_groups` of the version.
    pub feature_groups: &'static [&'static str],
    /// Prefixes of the package versions that may be registered, in the order the refusal lists them.
    pub package_versions: &'static [&'static str],
    /// The domain of node names.
    pub domain: &'static str,
    /// Whether `GET /version` asks for a token (9.x) or is public (to 8.0).
    pub version_needs_token: bool,
    /// Statuses in which an environment is not locked.
    pub unlocked_statuses: &'static [&'static str],
    /// Whether a plugin may be given another name by PUT.
    pub plugins_may_be_renamed: bool,
    /// Fields that each entry of a plugin's `releases` must have.
    pub required_release_fields: &'static [&'static str],
    /// The name of the key in a version's metadata that tells `is_hotpluggable`.
    pub hot_pluggable_key: &'static str,
    /// Priority of a plugin's Debian repository.
    pub deb_repository_priority: u32,
    /// Priority of a plugin's RPM repository.
    pub rpm_repository_priority: u32,
    /// Nailgun settings that `{settings.X}` and the `from_settings` generator may name, besides `MASTER_IP`.
    pub settings: &'static [(&'static str, &'static str)],
    release: &'static str,
    core_graph: &'static str,
    core_tasks: &'static str,
}

const FUEL_9_2: Profile = Profile {
    name: "9.2",
    reported_version: "9.1",
    feature_groups: &["experimental", "advanced"],
    package_versions: &["2.0.", "5.0.", "3.0.", "6.0.", "4.0.", "1.0."],
    domain: "example.com",
    version_needs_token: true,
    unlocked_statuses: &["new", "operational", "error", "stopped", "partially_deployed"],
    plugins_may_be_renamed: false,
    required_release_fields: &["version"],
    hot_pluggable_key: "hot_pluggable",
    deb_repository_priority: 1100,
    rpm_repository_priority: 10,
    settings: &[
        ("DNS_UPSTREAM", "8.8.8.8, 8.8.4.4"),
        ("NTP_UPSTREAM", "0.fuel.pool.ntp.org, 1.fuel.pool.ntp.org"),
        ("DNS_DOMAIN", "example.com"),
    ],
    release: include_str!("../data/release-9.2.yaml"),
    core_graph: include_str!("../data/core-graph-9.2.yaml"),
    core_tasks: include_str!("../data/core-tasks-9.2.yaml"),
};

/// Every profile there is.
const PROFILES: &[Profile] = &[FUEL_9_2];

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

    /// What the release ships: roles, settings, networks, volumes, components.
    pub(crate) fn release_metadata(&self) -> Result<Map<String, Value>, ProfileError> {
        self.read("release", self.release)
    }

    /// The core deployment graph: a list of tasks as `deployment_tasks.yaml` holds them, without parameters.
    pub(crate) fn core_graph(&self) -> Result<Vec<Value>, ProfileError> {
        self.read("core graph", self.core_graph)
    }

    /// Core tasks that really happen on nodes, by id, with their parameters.
    pub(crate) fn core_tasks(&self) -> Result<Map<String, Value>, ProfileError> {
        self.read("core tasks", self.core_tasks)
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
            assert!(profile.core_graph().unwrap().len() > 100);
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
            "there is no profile for Fuel 5.1; there are: 9.2"
        );
    }
}
