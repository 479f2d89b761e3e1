//! Enabling, disabling and configuring a plugin in an environment, which the original command never could.

use std::collections::BTreeMap;

use clap::Args;

use super::session::{CommandError, Session};
use crate::settings::{Change, enabled_plugins};

#[derive(Debug, Args)]
pub(super) struct SettingsArguments {
    /// Set fields of the plugin that --enable or --plugin names, or KEY as NAME.KEY; without any of these, of the one
    /// plugin that is enabled in the environment that --env names.
    #[arg(
        long,
        value_name = "KEY=VALUE",
        num_args = 1..,
        conflicts_with_all = ["list", "install", "remove", "register", "unregister", "update", "downgrade", "sync", "disable"]
    )]
    configure: Vec<String>,
}

impl SettingsArguments {
    /// Whether any field is to be set.
    pub(super) fn is_given(&self) -> bool {
        !self.configure.is_empty()
    }

    fn pairs(&self) -> Result<Vec<(&str, &str)>, CommandError> {
        self.configure
            .iter()
            .map(|pair| {
                pair.split_once('=')
                    .filter(|(key, _)| !key.is_empty())
                    .ok_or_else(|| CommandError::Usage(format!("--configure takes KEY=VALUE, `{pair}` is none")))
            })
            .collect()
    }
}

/// `--enable NAME[==VERSION] [--configure KEY=VALUE…]`
pub(super) async fn enable(
    session: &mut Session<'_>,
    plugin: &str,
    settings: &SettingsArguments,
) -> Result<(), CommandError> {
    let environment = session.environment()?;
    let (name, version) = split(plugin);
    let texts = texts(&settings.pairs()?);
    session
        .client
        .change_plugin(environment, name, version, Change::EnableWith(&texts))
        .await?;
    session.say(&format!(
        "Plugin {plugin} was successfully enabled in environment {environment}."
    ))
}

/// `--disable NAME[==VERSION]`
pub(super) async fn disable(session: &mut Session<'_>, plugin: &str) -> Result<(), CommandError> {
    let environment = session.environment()?;
    let (name, version) = split(plugin);
    session
        .client
        .change_plugin(environment, name, version, Change::Disable)
        .await?;
    session.say(&format!(
        "Plugin {plugin} was successfully disabled in environment {environment}."
    ))
}

/// `--configure KEY=VALUE… [--plugin NAME[==VERSION]]`
pub(super) async fn configure(
    session: &mut Session<'_>,
    named: &[String],
    settings: &SettingsArguments,
) -> Result<(), CommandError> {
    let environment = session.environment()?;
    let pairs = settings.pairs()?;
    let mut by_plugin: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
    match named {
        [plugin] => {
            by_plugin.insert(plugin.clone(), pairs);
        }
        [] => {
            let enabled = enabled_plugins(&session.client.attributes(environment).await?);
            for (key, value) in pairs {
                let prefixed = key
                    .split_once('.')
                    .filter(|(name, _)| enabled.iter().any(|plugin| plugin == name));
                let (plugin, key) = match (prefixed, enabled.as_slice()) {
                    (Some((name, key)), _) => (name, key),
                    (None, [only]) => (only.as_str(), key),
                    (None, enabled) => return Err(CommandError::Text(unclear(key, enabled))),
                };
                by_plugin.entry(plugin.to_owned()).or_default().push((key, value));
            }
        }
        _ => {
            return Err(CommandError::Usage(
                "--configure takes one --plugin; write KEY as NAME.KEY to set fields of several".to_owned(),
            ));
        }
    }
    for (plugin, pairs) in by_plugin {
        let (name, version) = split(&plugin);
        session
            .client
            .change_plugin(environment, name, version, Change::Configure(&texts(&pairs)))
            .await?;
        session.say(&format!(
            "Plugin {plugin} was successfully configured in environment {environment}."
        ))?;
    }
    Ok(())
}

fn unclear(key: &str, enabled: &[String]) -> String {
    if enabled.is_empty() {
        format!(
            "--configure {key}: no plugin is enabled in the environment\n  hint: enable one in the same command: \
             --enable NAME --configure …"
        )
    } else {
        format!(
            "--configure {key}: of which plugin? These are enabled: {}\n  hint: add --plugin NAME, or write NAME.{key}",
            enabled.join(", ")
        )
    }
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// `NAME[==VERSION]`
fn split(plugin: &str) -> (&str, Option<&str>) {
    match plugin.split_once("==") {
        Some((name, version)) => (name, Some(version)),
        None => (plugin, None),
    }
}
