//! `fuel plugins`.

use camino::Utf8Path;
use serde_json::Value;

use super::arguments::PluginArguments;
use super::local_plugins::{Change, LocalPlugins};
use super::session::{CommandError, Session};
use crate::model::{Plugin, PluginRelease};
use crate::registration::register;
use crate::table;

/// Does what the one flag says, or lists.
pub(super) async fn execute(session: &mut Session<'_>, arguments: PluginArguments) -> Result<(), CommandError> {
    let force = arguments.force;
    let action = arguments.action;
    if let Some(file) = &action.install {
        change(session, file, Change::Install { force }).await
    } else if let Some(file) = &action.update {
        change(session, file, Change::Update).await
    } else if let Some(file) = &action.downgrade {
        change(session, file, Change::Downgrade).await
    } else if let Some(plugin) = &action.remove {
        remove(session, plugin).await
    } else if let Some(plugin) = &action.register {
        let (name, version) = name_and_version("register", plugin)?;
        let metadata = local(session).metadata(name, version)?;
        register(&session.client, &metadata, force).await?;
        session.say(&format!("Plugin {plugin} was successfully registered."))
    } else if let Some(plugin) = &action.unregister {
        let (name, version) = name_and_version("unregister", plugin)?;
        let found = registered(session, name, version).await?;
        session.client.delete(&format!("plugins/{}", found.id)).await?;
        session.say(&format!("Plugin {plugin} was successfully unregistered."))
    } else if action.sync {
        let ids = (!arguments.plugin_id.is_empty()).then_some(arguments.plugin_id.as_slice());
        session.client.sync_plugins(ids).await?;
        session.say("Plugins were successfully synchronized.")
    } else {
        list(session).await
    }
}

async fn list(session: &mut Session<'_>) -> Result<(), CommandError> {
    let (raw, plugins) = session.fetch::<Plugin>("plugins/").await?;
    let rows: Vec<Vec<String>> = plugins
        .into_iter()
        .map(|plugin| {
            let releases = by_system(&plugin.releases);
            vec![
                plugin.id.to_string(),
                plugin.name,
                plugin.version,
                plugin.package_version,
                releases,
            ]
        })
        .collect();
    session.list(
        &raw,
        &table::render(&["id", "name", "version", "package_version", "releases"], &rows),
    )
}

/// `ubuntu (liberty-8.0, mitaka-9.0), centos (…)`.
fn by_system(releases: &[PluginRelease]) -> String {
    let mut systems: Vec<(&str, Vec<&str>)> = Vec::new();
    for release in releases {
        match systems.iter_mut().find(|(system, _)| *system == release.os) {
            Some((_, versions)) => versions.push(&release.version),
            None => systems.push((&release.os, vec![&release.version])),
        }
    }
    let texts: Vec<String> = systems
        .into_iter()
        .map(|(system, versions)| format!("{system} ({})", versions.join(", ")))
        .collect();
    texts.join(", ")
}

/// Installs, updates or downgrades from a package, then registers.
async fn change(session: &mut Session<'_>, file: &str, change: Change) -> Result<(), CommandError> {
    let plugins = local(session);
    let installed = plugins.change(Utf8Path::new(file), change)?;
    if installed.is_old_format {
        session.warn(
            "DEPRECATION WARNING: The plugin has old 1.0 package format, this format does not support many \
             features, such as plugins updates, find plugin in new format or migrate and rebuild this one.",
        )?;
    }
    let metadata: Value = installed.metadata;
    let force = matches!(change, Change::Install { force: true });
    register(&session.client, &metadata, force).await?;
    session.say(&format!("Plugin {file} was successfully {}.", change.past()))
}

async fn remove(session: &mut Session<'_>, plugin: &str) -> Result<(), CommandError> {
    let (name, version) = name_and_version("remove", plugin)?;
    let plugins = local(session);
    plugins.must_be_the_master()?;
    let found = registered(session, name, version).await?;
    // Nailgun refuses while an environment has it enabled; then its files stay.
    session.client.delete(&format!("plugins/{}", found.id)).await?;
    plugins.remove(&found)?;
    session.say(&format!("Plugin {plugin} was successfully removed."))
}

async fn registered(session: &Session<'_>, name: &str, version: &str) -> Result<Plugin, CommandError> {
    session
        .client
        .plugins()
        .await?
        .into_iter()
        .find(|plugin| plugin.name == name && plugin.version == version)
        .ok_or_else(|| CommandError::Text(format!("Plugin \"{name}\" with version {version}, does not exist")))
}

fn local(session: &Session<'_>) -> LocalPlugins {
    LocalPlugins::new(session.configuration.plugins_directory.clone())
}

fn name_and_version<'typed>(action: &str, typed: &'typed str) -> Result<(&'typed str, &'typed str), CommandError> {
    match typed.split("==").collect::<Vec<_>>().as_slice() {
        [name, version] if !name.is_empty() && !version.is_empty() => Ok((name, version)),
        _ => Err(CommandError::Text(format!(
            "Syntax: fuel plugins {action} fuel_plugin==1.0.0"
        ))),
    }
}
