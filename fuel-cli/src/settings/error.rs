//! What can be wrong with a change of a plugin's settings.

/// Settings that the environment does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The plugin is not in the environment's settings.
    #[error(
        "plugin `{plugin}` is not in the settings of the environment\n  hint: {}",
        absent_hint(present, suggestion.as_deref())
    )]
    AbsentPlugin {
        /// The plugin.
        plugin: String,
        /// Plugins that are.
        present: Vec<String>,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// The plugin is there, in other versions.
    #[error("plugin `{plugin}` has no version `{version}` in the environment\n  hint: it has {}", present.join(", "))]
    AbsentVersion {
        /// The plugin.
        plugin: String,
        /// The version.
        version: String,
        /// Versions that it has.
        present: Vec<String>,
    },
    /// The plugin has no such field.
    #[error(
        "plugin `{plugin}` has no setting `{field}`\n  hint: {}",
        field_hint(present, suggestion.as_deref())
    )]
    UnknownField {
        /// The plugin.
        plugin: String,
        /// The field.
        field: String,
        /// Fields that it has.
        present: Vec<String>,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// The plugin is off, and Nailgun drops what is set for such plugins.
    #[error(
        "plugin `{plugin}` is not enabled in the environment, and Nailgun keeps no settings of plugins that are off\n  \
         hint: enable it in the same command: --enable {plugin} --configure …"
    )]
    NotEnabled {
        /// The plugin.
        plugin: String,
    },
    /// The plugin is off already.
    #[error("plugin `{plugin}` is not enabled in the environment: there is nothing to disable")]
    NothingToDisable {
        /// The plugin.
        plugin: String,
    },
    /// Another version of the plugin is the enabled one.
    #[error("version `{version}` of plugin `{plugin}` is not enabled in the environment: `{enabled}` is")]
    OtherVersion {
        /// The plugin.
        plugin: String,
        /// The version that was named.
        version: String,
        /// The version that is enabled.
        enabled: String,
    },
    /// A value that the field cannot have.
    #[error("setting `{field}` of plugin `{plugin}` cannot be `{value}`\n  hint: {expected}")]
    WrongValue {
        /// The plugin.
        plugin: String,
        /// The field.
        field: String,
        /// What was given.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// Nailgun took the settings, and the plugin is not as they say.
    #[error(
        "Nailgun took the settings, but plugin `{plugin}` is {} afterwards\n  hint: see what \
         `fuel --env ID settings --download` shows of it",
        if *enabled { "still enabled" } else { "not enabled" }
    )]
    WithoutEffect {
        /// The plugin.
        plugin: String,
        /// Whether it is enabled.
        enabled: bool,
    },
}

fn absent_hint(present: &[String], suggestion: Option<&str>) -> String {
    match (suggestion, present) {
        (Some(suggestion), _) => format!("did you mean `{suggestion}`?"),
        (None, []) => "no plugin is; is it installed, and do its `releases` name the environment's release?".to_owned(),
        (None, present) => format!(
            "these are: {}; is it installed, and do its `releases` name the environment's release?",
            present.join(", ")
        ),
    }
}

fn field_hint(present: &[String], suggestion: Option<&str>) -> String {
    let known = match present {
        [] => "it has no settings at all".to_owned(),
        present => format!("its settings are {}", present.join(", ")),
    };
    match suggestion {
        Some(suggestion) => format!("did you mean `{suggestion}`? {known}"),
        None => known,
    }
}
