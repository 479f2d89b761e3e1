//! `fuel plugins`.

use camino::Utf8PathBuf;
use clap::Args;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use super::compatibility;
use super::local_plugins::{Change, LocalPlugins};
use super::plugin_settings::{self, SettingsArguments};
use super::session::{CommandError, Session};
use crate::model::{Plugin, PluginRelease};
use crate::registration::{has_rpm_format, register};
use crate::table;

/// What fuelclient says of every `.fp`.
const OLD_FORMAT: &str = "DEPRECATION WARNING: The plugin has old 1.0 package format, this format does not support many \
    features, such as plugins updates, find plugin in new format or migrate and rebuild this one.";

#[derive(Debug, Args)]
pub(super) struct PluginArguments {
    #[command(flatten)]
    action: PluginAction,
    #[command(flatten)]
    settings: SettingsArguments,
    /// Ids for --sync, or the plugin for --configure.
    #[arg(long, visible_alias = "plugin-id", value_name = "ID|NAME[==VERSION]", value_delimiter = ',', num_args = 1..)]
    plugin: Vec<String>,
    /// Install or register even what is there already, or is not made for this Fuel.
    #[arg(long, short)]
    force: bool,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct PluginAction {
    /// List registered plugins (also what happens without any flag).
    #[arg(long, short)]
    list: bool,
    /// Install a plugin from a package (`.rpm`, `.fp`) and register it.
    #[arg(long, value_name = "FILE")]
    install: Option<String>,
    /// Unregister a plugin and remove it from the disk.
    #[arg(long, value_name = "NAME==VERSION", alias = "delete")]
    remove: Option<String>,
    /// Register a plugin that is on the disk.
    #[arg(long, value_name = "NAME==VERSION")]
    register: Option<String>,
    /// Unregister a plugin, leave it on the disk.
    #[arg(long, value_name = "NAME==VERSION")]
    unregister: Option<String>,
    /// Update a plugin to the newer version of a package.
    #[arg(long, value_name = "FILE")]
    update: Option<String>,
    /// Take a plugin back to the older version of a package.
    #[arg(long, value_name = "FILE")]
    downgrade: Option<String>,
    /// Have Nailgun read the files of plugins again.
    #[arg(long)]
    sync: bool,
    /// Enable a plugin in the environment that --env names: the newest version unless one is named.
    #[arg(long, value_name = "NAME[==VERSION]")]
    enable: Option<String>,
    /// Disable a plugin in the environment that --env names.
    #[arg(long, value_name = "NAME[==VERSION]")]
    disable: Option<String>,
}

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
        let (name, version) = name_and_version(plugin)?;
        let metadata = local(session).metadata(name, version)?;
        register(&session.client, &metadata, force).await?;
        session.say(&format!("Plugin {plugin} was successfully registered."))
    } else if let Some(plugin) = &action.unregister {
        let (name, version) = name_and_version(plugin)?;
        let found = registered(session, name, version).await?;
        session.client.delete(&format!("plugins/{}", found.id)).await?;
        session.say(&format!("Plugin {plugin} was successfully unregistered."))
    } else if action.sync {
        sync(session, &arguments.plugin).await
    } else if let Some(plugin) = &action.enable {
        plugin_settings::enable(session, plugin, &arguments.settings).await
    } else if let Some(plugin) = &action.disable {
        plugin_settings::disable(session, plugin).await
    } else if arguments.settings.is_given() {
        plugin_settings::configure(session, &arguments.plugin, &arguments.settings).await
    } else {
        list(session).await
    }
}

async fn sync(session: &mut Session<'_>, plugins: &[String]) -> Result<(), CommandError> {
    let mut ids = Vec::new();
    for plugin in plugins {
        let id = plugin
            .parse()
            .map_err(|_| CommandError::Usage(format!("--sync takes ids of plugins, `{plugin}` is none")))?;
        ids.push(id);
    }
    session
        .client
        .sync_plugins((!ids.is_empty()).then_some(ids.as_slice()))
        .await?;
    session.say("Plugins were successfully synchronized.")
}

async fn list(session: &mut Session<'_>) -> Result<(), CommandError> {
    let (mut raw, plugins) = session.fetch::<Plugin>("plugins/").await?;
    let releases: Vec<String> = plugins.iter().map(|plugin| by_system(&plugin.releases)).collect();
    for (plugin, releases) in raw.as_array_mut().into_iter().flatten().zip(&releases) {
        // fuelclient makes the column's text before it looks at the format.
        plugin["releases"] = Value::from(releases.as_str());
    }
    let rows: Vec<Vec<table::Cell>> = plugins
        .into_iter()
        .zip(releases)
        .map(|(plugin, releases)| {
            vec![
                plugin.id.to_string().into(),
                plugin.name.into(),
                plugin.version.into(),
                plugin.package_version.into(),
                releases.into(),
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
    let package = Utf8PathBuf::from(file);
    let unpacking = tokio::task::spawn_blocking(move || plugins.unpack(&package, change));
    // What is unpacked is removed as soon as nobody waits for it any more.
    let unpacked = tokio::select! {
        unpacked = unpacking => unpacked.map_err(|error| CommandError::Text(error.to_string()))??,
        signal = interruption() => {
            signal?;
            return Err(CommandError::Interrupted(format!("{file} was not {}", change.past())));
        }
    };
    let installs = matches!(change, Change::Install { .. });
    let force = matches!(change, Change::Install { force: true });
    if installs && let Some(why) = compatibility::mismatch(session, file, unpacked.metadata()).await? {
        if !force {
            return Err(CommandError::Text(format!(
                "{why}\n  hint: install a version of the plugin that is made for this Fuel, or add --force"
            )));
        }
        session.warn(&format!("WARNING: {why}"))?;
    }
    if unpacked.is_old_format() {
        session.warn(OLD_FORMAT)?;
    }
    // From here on an interruption comes too late: the request may have reached Nailgun.
    let placed = unpacked.place()?;
    let metadata = placed.metadata().clone();
    register(&session.client, &metadata, force).await?;
    placed.keep();
    if installs {
        notify(session, &metadata).await?;
    }
    session.say(&format!("Plugin {file} was successfully {}.", change.past()))
}

/// Waits for Ctrl-C or SIGTERM; from the first call on they do not end the process any more.
async fn interruption() -> std::io::Result<()> {
    let mut termination = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = termination.recv() => Ok(()),
    }
}

/// Tells the users of the web UI; that it cannot be told does not undo what is installed.
async fn notify(session: &mut Session<'_>, metadata: &Value) -> Result<(), CommandError> {
    let text = |key: &str| metadata[key].as_str().unwrap_or_default();
    let message = format!(
        "Plugin {} {} is installed: {}.",
        text("name"),
        text("version"),
        text("title")
    );
    if let Err(error) = session.client.notify("done", &message).await {
        session.warn(&format!(
            "WARNING: the plugin is installed, but Nailgun took no notification of it: {error}"
        ))?;
    }
    Ok(())
}

async fn remove(session: &mut Session<'_>, plugin: &str) -> Result<(), CommandError> {
    let (name, version) = name_and_version(plugin)?;
    let plugins = local(session);
    plugins.must_be_the_master()?;
    let found = registered(session, name, version).await?;
    if !has_rpm_format(&found.package_version) {
        session.warn(OLD_FORMAT)?;
    }
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

fn name_and_version(typed: &str) -> Result<(&str, &str), CommandError> {
    match typed.split("==").collect::<Vec<_>>().as_slice() {
        [name, version] if !name.is_empty() && !version.is_empty() => Ok((name, version)),
        _ => Err(CommandError::Text(
            "Syntax: fuel plugins <action> fuel_plugin==1.0.0".to_owned(),
        )),
    }
}
