//! Sections of plugins that an environment takes among its own settings, as Fuel did it to 7.0: when it is created, and
//! when its settings are reset.

use std::sync::Arc;

use super::compatibility;
use super::context::Environment;
use super::deployment_info::plugin_directory;
use super::plugin_files;
use crate::http::ApiError;
use crate::profile::PluginSettings;
use crate::store::{ClusterPlugin, cluster_plugins};

impl Environment<'_> {
    /// Takes the plugins as they are now: those that were registered since among them, of each the newest version, with
    /// the settings that are on disk. From 8.0 on every environment has all of them already.
    ///
    /// # Errors
    /// 400 for an environment_config.yaml that is read now and is no YAML, with its path and what is wrong.
    pub(crate) fn renew_plugins(&mut self) -> Result<(), ApiError> {
        let profile = &self.config.profile;
        if profile.plugin_settings != PluginSettings::InEnvironment {
            return Ok(());
        }
        let mut plugins = Vec::new();
        for mut plugin in compatibility::fitting(profile, self.database, &self.cluster, &self.release)? {
            let directory = self.config.plugins_directory.join(plugin_directory(&plugin));
            let settings = plugin_files::settings_on_disk(profile, &directory, &plugin.package_version)
                .map_err(ApiError::bad_request)?;
            if let Some(settings) = settings {
                Arc::make_mut(&mut plugin.files).attributes_metadata = settings;
            }
            plugins.push(ClusterPlugin {
                attributes: Arc::new(ClusterPlugin::initial_attributes(&plugin)),
                plugin,
                enabled: false,
            });
        }
        plugins.sort_by(|one, other| one.plugin.name.cmp(&other.plugin.name));
        self.plugins = plugins;
        Ok(())
    }

    /// Connects the environment to the plugins that it took, and to no other; all begin disabled.
    pub(crate) fn connect_plugins(&self) -> Result<(), ApiError> {
        cluster_plugins::disconnect_all(self.database, self.cluster.id)?;
        for connected in &self.plugins {
            cluster_plugins::connect(
                self.database,
                self.cluster.id,
                connected.plugin.id,
                &ClusterPlugin::initial_attributes(&connected.plugin),
            )?;
        }
        Ok(())
    }
}
