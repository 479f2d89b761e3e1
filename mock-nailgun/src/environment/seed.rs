//! What a fresh master holds.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::Value;

use crate::environment::notify;
use crate::profile::{Profile, ProfileError};
use crate::store::{self, GraphOwner, Release, Store, graphs};

/// The profile's data, read once.
#[derive(Debug)]
pub(crate) struct Seed {
    releases: Vec<Release>,
    core_graph: Vec<Value>,
}

impl Seed {
    /// Reads the profile's data.
    pub(crate) fn read(profile: &Profile) -> Result<Self, ProfileError> {
        let mut metadata = profile.release_metadata()?;
        let described = metadata.shift_remove("releases").unwrap_or(Value::Null);
        let text = |release: &Value, key: &str| release[key].as_str().unwrap_or_default().to_owned();
        let metadata = Arc::new(metadata);
        let releases = described
            .as_array()
            .into_iter()
            .flatten()
            .map(|release| {
                let state = text(release, "state");
                Release {
                    id: 0,
                    name: text(release, "name"),
                    version: text(release, "version"),
                    operating_system: text(release, "operating_system"),
                    metadata: if state == "available" {
                        Arc::clone(&metadata)
                    } else {
                        Arc::default()
                    },
                    state,
                }
            })
            .collect();
        Ok(Self {
            releases,
            core_graph: profile.core_graph()?,
        })
    }

    /// Fills an empty state; one that holds releases is left alone.
    pub(crate) fn plant(&self, database: &Connection) -> Result<(), rusqlite::Error> {
        if !store::all::<Release>(database)?.is_empty() {
            return Ok(());
        }
        for release in &self.releases {
            let mut release = release.clone();
            store::insert(database, &mut release)?;
            if release.state == "available" {
                graphs::set(database, GraphOwner::Release, release.id, "default", &self.core_graph)?;
            }
        }
        notify(
            database,
            "done",
            "Master node installation has been completed successfully.",
            None,
            None,
            None,
        )
    }

    /// Empties the state and fills it anew.
    pub(crate) fn replant(&self, database: &Connection) -> Result<(), rusqlite::Error> {
        Store::clear(database)?;
        self.plant(database)
    }
}
