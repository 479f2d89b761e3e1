//! An environment with all that belongs to it.

use plugin_builder::expression::Models;
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::roles::{self, Roles};
use crate::config::Config;
use crate::http::{ApiError, Call};
use crate::settings;
use crate::store::{self, Address, Cluster, ClusterPlugin, Node, Release, addresses, cluster_plugins};

/// An environment, its release, plugins and nodes, each read in one query.
pub(crate) struct Environment<'a> {
    pub(crate) config: &'a Config,
    pub(crate) database: &'a Connection,
    pub(crate) cluster: Cluster,
    pub(crate) release: Release,
    /// By name and version, disabled ones too.
    pub(crate) plugins: Vec<ClusterPlugin>,
    /// By id.
    pub(crate) nodes: Vec<Node>,
}

impl<'a> Environment<'a> {
    /// Reads an environment.
    ///
    /// # Errors
    /// 404 where there is none with that id.
    pub(crate) fn load(call: &Call<'a>, id: i64) -> Result<Self, ApiError> {
        Self::read(call.config, call.database, id)
    }

    /// As [`Environment::load`], outside a call.
    pub(crate) fn read(config: &'a Config, database: &'a Connection, id: i64) -> Result<Self, ApiError> {
        let cluster: Cluster = store::get(database, id)?.ok_or_else(|| ApiError::not_found("Cluster"))?;
        let mut release: Release =
            store::get(database, cluster.release_id)?.ok_or_else(|| ApiError::not_found("Release"))?;
        // An environment's own roles stand beside its release's.
        if !cluster.own_roles.is_empty() {
            let metadata = Arc::make_mut(&mut release.metadata);
            for (name, role) in &cluster.own_roles {
                if let Some(roles) = metadata.get_mut("roles_metadata").and_then(Value::as_object_mut) {
                    roles.insert(name.clone(), role["meta"].clone());
                }
                let mapping = metadata
                    .get_mut("volumes_metadata")
                    .and_then(|volumes| volumes.get_mut("volumes_roles_mapping"));
                if let Some(mapping) = mapping.and_then(Value::as_object_mut) {
                    mapping.insert(name.clone(), role["volumes_roles_mapping"].clone());
                }
            }
        }
        Ok(Self {
            config,
            database,
            plugins: cluster_plugins::of(database, id)?,
            nodes: store::find_all(database, "document ->> 'cluster' = ?1", [id])?,
            cluster,
            release,
        })
    }

    /// The plugins that are on, by id.
    pub(crate) fn enabled_plugins(&self) -> Vec<&ClusterPlugin> {
        let mut enabled: Vec<&ClusterPlugin> = self.plugins.iter().filter(|connected| connected.enabled).collect();
        enabled.sort_by_key(|connected| connected.plugin.id);
        enabled
    }

    /// Its roles.
    ///
    /// # Errors
    /// 400 in plain text where a plugin brings a role that there is already.
    pub(crate) fn roles(&self) -> Result<Roles, ApiError> {
        roles::roles_metadata(&self.config.profile, &self.release, &self.plugins)
            .map_err(|error| ApiError::deep(error.to_string()))
    }

    /// Settings as GET shows them: the environment's own and each plugin's container, formatted, with generators run.
    pub(crate) fn editable(&self) -> Map<String, Value> {
        let mut editable = self.cluster.editable.clone();
        let mut sections = settings::section(&self.config.profile, &self.plugins);
        self.fill_in(&mut sections);
        self.keep_core(&mut sections);
        editable.extend(sections);
        editable
    }

    /// The settings that it begins with: the release's and, up to 7.0, those of its plugins.
    pub(crate) fn initial_editable(&self) -> Map<String, Value> {
        let mut editable = self.release_attributes("editable");
        let mut sections = settings::environment_sections(&self.config.profile, &self.plugins);
        self.keep_core(&mut sections);
        editable.extend(sections);
        self.fill_in(&mut editable);
        editable
    }

    /// Whether the release has a section of that name: no plugin's can take its place.
    pub(crate) fn is_core_section(&self, name: &str) -> bool {
        self.release
            .metadata
            .get("attributes_metadata")
            .is_some_and(|attributes| attributes["editable"].get(name).is_some())
    }

    fn keep_core(&self, sections: &mut Map<String, Value>) {
        sections.retain(|name, _| !self.is_core_section(name));
    }

    /// Settings as they were before anything was set.
    pub(crate) fn default_editable(&self) -> Map<String, Value> {
        let mut editable = self.release_attributes("editable");
        let mut sections = settings::defaults_section(&self.config.profile, &self.plugins);
        self.keep_core(&mut sections);
        editable.extend(sections);
        self.fill_in(&mut editable);
        editable
    }

    /// A part of the release's `attributes_metadata`: `editable` or `generated`.
    pub(crate) fn release_attributes(&self, part: &str) -> Map<String, Value> {
        self.release
            .metadata
            .get("attributes_metadata")
            .and_then(|attributes| attributes[part].as_object())
            .cloned()
            .unwrap_or_default()
    }

    /// Settings as nodes get them, before networks: bare values, enabled plugins only, generated ones merged in.
    ///
    /// Plugins come first and Fuel's own go over them: a plugin adds, it changes nothing that Fuel provides.
    pub(crate) fn flat_settings(&self) -> Map<String, Value> {
        let mut sections = settings::flat_sections(&self.config.profile, &self.plugins);
        self.fill_in(&mut sections);
        let mut editable = self.cluster.editable.clone();
        // What a partial PUT left behind under an enabled plugin's name is not Fuel's own.
        let core = self.release_attributes("editable");
        editable.retain(|name, _| core.contains_key(name) || !sections.contains_key(name));
        let mut flat = Value::Object(settings::flatten(&sections));
        settings::merge(&mut flat, &Value::Object(self.cluster.generated.clone()));
        settings::merge(&mut flat, &Value::Object(settings::flatten(&editable)));
        match flat {
            Value::Object(flat) => flat,
            _ => Map::new(),
        }
    }

    /// Formats strings and runs generators.
    pub(crate) fn fill_in(&self, sections: &mut Map<String, Value>) {
        self.filling().fill(sections);
    }

    /// What strings are formatted and values made with.
    pub(crate) fn filling(&self) -> Filling {
        Filling {
            models: self.format_models(),
            generators: settings::Generators::new(self.config),
        }
    }

    /// In 8.0 a text whose `{…}` cannot be formatted breaks everything that reads the settings.
    ///
    /// # Errors
    /// 500 with the exception, as its handlers give it.
    pub(crate) fn check_formats(&self) -> Result<(), ApiError> {
        if !self.config.profile.broken_format_is_fatal {
            return Ok(());
        }
        let models = self.format_models();
        for connected in &self.plugins {
            for (name, attribute) in connected.attributes.iter() {
                if let Some(text) = settings::unformattable(attribute, &models) {
                    return Err(ApiError::unexpected_string(format!(
                        "KeyError: plugin {}, attribute {name}: {} cannot be formatted",
                        connected.plugin.name,
                        settings::python_repr(&Value::from(text))
                    )));
                }
            }
        }
        Ok(())
    }

    /// What `{settings.X}` and `{cluster.X}` lead into.
    fn format_models(&self) -> Value {
        let cluster = &self.cluster;
        json!({
            "settings": settings::Generators::new(self.config).settings(),
            "cluster": {
                "id": cluster.id, "name": cluster.name, "mode": cluster.mode, "status": cluster.status,
                "net_provider": cluster.net_provider, "fuel_version": cluster.fuel_version,
                "release": {
                    "id": self.release.id,
                    "name": self.release.name,
                    "version": self.release.version,
                    "operating_system": self.release.operating_system,
                    "environment_version": environment_version(&self.release.version),
                    "openstack_version": openstack_version(&self.release.version),
                },
            },
        })
    }

    /// What conditions of restrictions and limits see. `editable` is what `settings:` leads into, with containers of
    /// plugins as they come.
    pub(crate) fn models(&self, editable: Map<String, Value>) -> Models {
        let settings: Map<String, Value> = editable
            .into_iter()
            .map(|(name, section)| (name, settings::lifted(section)))
            .collect();
        let profile = &self.config.profile;
        Models::from([
            ("settings".to_owned(), Value::Object(settings)),
            ("cluster".to_owned(), self.cluster_model()),
            (
                "version".to_owned(),
                json!({"release": profile.reported_version, "feature_groups": profile.feature_groups}),
            ),
            (
                "networking_parameters".to_owned(),
                self.cluster.network_configuration["networking_parameters"].clone(),
            ),
        ])
    }

    /// What `cluster:` leads into.
    pub(crate) fn cluster_model(&self) -> Value {
        let cluster = &self.cluster;
        json!({
            "id": cluster.id, "name": cluster.name, "mode": cluster.mode, "status": cluster.status,
            "net_provider": cluster.net_provider, "fuel_version": cluster.fuel_version,
        })
    }

    /// Every address that was given out in it.
    pub(crate) fn addresses(&self) -> Result<Vec<Address>, ApiError> {
        Ok(addresses::of(self.database, self.cluster.id)?)
    }

    /// The whole name of a node.
    pub(crate) fn fqdn(&self, node: &Node) -> String {
        format!("{}.{}", node.hostname, self.config.profile.domain)
    }
}

/// Formats strings and runs generators of an environment's settings.
pub(crate) struct Filling {
    models: Value,
    generators: settings::Generators,
}

impl Filling {
    pub(crate) fn fill(&self, sections: &mut Map<String, Value>) {
        for section in sections.values_mut() {
            settings::format_strings(section, &self.models);
            self.generators.fill(section);
        }
    }
}

/// `9.0` of `mitaka-9.0`.
fn environment_version(version: &str) -> &str {
    version.split_once('-').map_or(version, |(_, environment)| environment)
}

/// `mitaka` of `mitaka-9.0`.
fn openstack_version(version: &str) -> &str {
    version.split_once('-').map_or(version, |(openstack, _)| openstack)
}
