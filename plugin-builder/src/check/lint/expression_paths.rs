//! What the paths of expressions lead to.

use std::collections::BTreeMap;

use super::Subject;
use super::conditions::{Condition, Use};
use super::core_settings;
use super::scalar_place::inside;
use super::setting::{Setting, attributes, environment_settings, fuel_versions, plugin_name};
use crate::expression::{Expression, Path};
use crate::finding::{Finding, Report, Rule, Severity};
use crate::suggestion::nearest;
use crate::yaml::Mapping;

pub(super) static PATH_MODEL: Rule = Rule {
    code: "expression-model",
    severity: Severity::Warning,
    title: "An expression begins a path with a model that Fuel does not have",
    concerns: "every Fuel version",
    why: "Fuel fails with an error where it evaluates the expression: a model that is not known is never just empty.",
    fix: "Use `settings:`, `cluster:`, `networking_parameters:` or `version:`.",
    example: "condition: setting:common.debug.value == true   # settings",
};

pub(super) static PATH_SETTING: Rule = Rule {
    code: "expression-setting",
    severity: Severity::Warning,
    title: "An expression names a setting that is not there",
    concerns: "every Fuel version; 9.x refuses to save the settings",
    why: "A restriction whose path leads nowhere is an error (`Value of … is undefined`), or never holds where it says \
          `strict: false`.",
    fix: "Name a setting of the plugin as `settings:<plugin>.<setting>.value`, one of Fuel's as \
          `settings:<section>.<setting>.value`; `settings:<plugin>.metadata.enabled` tells whether the plugin is on.",
    example: "condition: settings:trove.replica.value == '1'   # the setting is called `replicas`",
};

pub(super) static TASK_CONDITION_VALUE: Rule = Rule {
    code: "task-condition-value",
    severity: Severity::Warning,
    title: "A task's condition ends in `.value`, which Fuel 9.x has taken off",
    concerns: "conditions of tasks in Fuel 9.x; 7.0 and 8.0 need the `.value`",
    why: "Fuel 9.x evaluates conditions of tasks on the settings as nodes see them, where a setting is its bare value. A \
          path that ends in `.value` leads nowhere there and is null, without an error.",
    fix: "For 9.x, write the path without `.value`, or a `yaql_exp`; for several versions, test in the task itself.",
    example: "condition: settings:trove.tls.value == true   # on 9.x: settings:trove.tls == true",
};

/// The models that Nailgun gives to restrictions, and those that only the settings page has.
const MODELS: &[&str] = &["settings", "cluster", "version", "networking_parameters"];
const PAGE_MODELS: &[&str] = &["release", "default", "current_user", "nodes", "wizard", "fuel_settings"];
const INTERFACE_MODELS: &[&str] = &["interface", "nic_attributes", "bond", "bond_attributes", "node"];

/// The keys of a section's `metadata` that Fuel adds or reads.
const SECTION_KEYS: &[&str] = &[
    "enabled",
    "label",
    "weight",
    "toggleable",
    "restrictions",
    "group",
    "class",
    "plugin_id",
    "plugin_version",
    "default",
    "chosen_id",
    "versions",
    "hot_pluggable",
    "always_editable",
];

/// The keys of a setting.
const SETTING_KEYS: &[&str] = &[
    "value",
    "type",
    "label",
    "description",
    "weight",
    "values",
    "regex",
    "restrictions",
];

/// The keys of an environment, as the API gives them.
const CLUSTER_KEYS: &[&str] = &[
    "id",
    "name",
    "mode",
    "status",
    "net_provider",
    "net_segment_type",
    "grouping",
    "release_id",
    "pending_release_id",
    "fuel_version",
    "is_customized",
    "is_locked",
    "components",
    "ui_settings",
    "changes",
    "nodes",
    "tasks",
    "net_l23_provider",
    "attributes",
];

/// The names that expressions of a plugin can use.
pub(super) struct Names<'a> {
    pub(super) plugin: Option<&'a str>,
    pub(super) metadata: Option<&'a Mapping>,
    pub(super) settings: BTreeMap<&'a str, Setting<'a>>,
    pub(super) versions: Vec<&'static str>,
}

impl<'a> Names<'a> {
    pub(super) fn of(subject: &Subject<'a>) -> Self {
        Self {
            plugin: plugin_name(subject),
            metadata: attributes(subject).and_then(|(_, mapping)| mapping.get("metadata")?.as_mapping()),
            settings: environment_settings(subject)
                .into_iter()
                .map(|setting| (setting.name, setting))
                .collect(),
            versions: fuel_versions(subject),
        }
    }
}

/// A fault of a path: the rule, what is wrong, what to do.
type Fault = (&'static Rule, String, String);

/// Checks all paths of an expression; whether all lead somewhere.
pub(super) fn check(
    names: &Names<'_>,
    condition: &Condition<'_>,
    expression: &Expression,
    report: &mut Report,
) -> bool {
    let mut all_known = true;
    for (path, span) in expression.paths() {
        if let Some((rule, message, help)) = fault(names, condition, path) {
            let finding = Finding::of(rule, message).helping(help);
            let place = inside(condition.file, condition.node, span.start);
            report.push(condition.file.place(finding, place));
            all_known = false;
        }
    }
    all_known
}

fn fault(names: &Names<'_>, condition: &Condition<'_>, path: &Path) -> Option<Fault> {
    let keys: Vec<&str> = path.keys.split('.').collect();
    match path.model.as_str() {
        "settings" if condition.usage == Use::Task => task_setting(names, path, &keys),
        "settings" => setting(names, condition, path, &keys),
        "cluster" => cluster(path, &keys),
        model if MODELS.contains(&model) || PAGE_MODELS.contains(&model) => None,
        model if condition.usage == Use::Interface && INTERFACE_MODELS.contains(&model) => None,
        // Conditions of tasks see the deployment information, which has models of its own.
        _ if condition.usage == Use::Task => None,
        model => {
            let help = match nearest(model, MODELS.iter().copied()) {
                Some(known) => format!("did you mean `{known}:{}`?", path.keys),
                None => format!("the models are `{}`", MODELS.join("`, `")),
            };
            Some((&PATH_MODEL, format!("there is no model `{model}`"), help))
        }
    }
}

fn cluster(path: &Path, keys: &[&str]) -> Option<Fault> {
    let key = keys.first().copied().unwrap_or_default();
    let known = slip(key, CLUSTER_KEYS.iter().copied()).filter(|_| !CLUSTER_KEYS.contains(&key))?;
    let message = format!("`{path}`: an environment has no `{key}`");
    Some((&PATH_SETTING, message, format!("did you mean `cluster:{known}`?")))
}

fn setting(names: &Names<'_>, condition: &Condition<'_>, path: &Path, keys: &[&str]) -> Option<Fault> {
    let section = keys.first().copied().unwrap_or_default();
    if names.plugin == Some(section) {
        return own(names, path, keys);
    }
    let core: Vec<&'static str> = names
        .versions
        .iter()
        .copied()
        .filter(|version| core_settings::sections(version).is_some_and(|sections| sections.contains_key(section)))
        .collect();
    if core.is_empty() {
        return foreign(names, path, keys);
    }
    // A section that only some of the versions have is another matter than a slip.
    if core.len() < names.versions.len() && condition.strict {
        let lacking: Vec<&str> = names
            .versions
            .iter()
            .copied()
            .filter(|version| !core.contains(version))
            .collect();
        let message = format!("`{path}`: Fuel {} has no section `{section}`", lacking.join(", "));
        let help = "add `strict: false` to the restriction, so that it is null there".to_owned();
        return Some((&PATH_SETTING, message, help));
    }
    let name = keys.get(1).copied()?;
    if name == "metadata" {
        return None;
    }
    let (having, lacking): (Vec<&str>, Vec<&str>) = core.iter().copied().partition(|version| {
        core_settings::sections(version).is_some_and(|sections| sections[section].contains_key(name))
    });
    if having.is_empty() {
        let known = core
            .iter()
            .filter_map(|version| core_settings::sections(version)?.get(section))
            .flat_map(|settings| settings.keys().copied());
        let help = match nearest(name, known) {
            Some(known) => format!("did you mean `{}`?", with_key(path, keys, 1, known)),
            None => format!("Fuel's section `{section}` has no such setting in the releases that the plugin names"),
        };
        return Some((
            &PATH_SETTING,
            format!("`{path}`: there is no setting `{name}` in `{section}`"),
            help,
        ));
    }
    if !lacking.is_empty() && condition.strict {
        let message = format!(
            "`{path}`: Fuel {} has no setting `{name}` in `{section}`",
            lacking.join(", ")
        );
        let help = "add `strict: false` to the restriction, so that it is null there".to_owned();
        return Some((&PATH_SETTING, message, help));
    }
    member(path, keys)
}

/// The plugin's own section.
fn own(names: &Names<'_>, path: &Path, keys: &[&str]) -> Option<Fault> {
    let name = keys.get(1).copied()?;
    if name == "metadata" {
        let key = keys.get(2).copied()?;
        let known = SECTION_KEYS.contains(&key) || names.metadata.is_some_and(|metadata| metadata.get(key).is_some());
        let help = match nearest(key, SECTION_KEYS.iter().copied()) {
            Some(known) => format!("did you mean `{}`?", with_key(path, keys, 2, known)),
            None => "`metadata.enabled` tells whether the plugin is on".to_owned(),
        };
        return (!known).then(|| {
            (
                &PATH_SETTING,
                format!("`{path}`: a section's metadata has no `{key}`"),
                help,
            )
        });
    }
    if !names.settings.contains_key(name) {
        let help = match nearest(name, names.settings.keys().copied()) {
            Some(known) => format!("did you mean `{}`?", with_key(path, keys, 1, known)),
            None => "define the setting in environment_config.yaml, or name one that is there".to_owned(),
        };
        return Some((
            &PATH_SETTING,
            format!("`{path}`: the plugin has no setting `{name}`"),
            help,
        ));
    }
    member(path, keys)
}

/// A setting itself is a mapping; its value is what is meant.
fn member(path: &Path, keys: &[&str]) -> Option<Fault> {
    match keys.get(2).copied() {
        None => {
            let message = format!("`{path}` is the whole setting, not its value");
            Some((&PATH_SETTING, message, format!("write `{path}.value`")))
        }
        Some(key) if SETTING_KEYS.contains(&key) || keys.len() > 3 => None,
        Some(key) => {
            let help = match nearest(key, SETTING_KEYS.iter().copied()) {
                Some(known) => format!("did you mean `{}`?", with_key(path, keys, 2, known)),
                None => "a setting's value is in `.value`".to_owned(),
            };
            Some((&PATH_SETTING, format!("`{path}`: a setting has no `{key}`"), help))
        }
    }
}

/// Another plugin's section, unless it is a slip: those of other plugins cannot be known.
fn foreign(names: &Names<'_>, path: &Path, keys: &[&str]) -> Option<Fault> {
    let section = keys.first().copied().unwrap_or_default();
    let plain = |text: &str| text.replace('-', "_");
    let own_setting = keys.get(1).is_some_and(|name| names.settings.contains_key(name));
    let meant = names.plugin.filter(|plugin| {
        // A plugin that was renamed often forgets its expressions.
        plain(plugin) == plain(section)
            || own_setting
                && (plugin.contains(section) || section.contains(plugin) || slip(section, [*plugin]).is_some())
    });
    if let Some(plugin) = meant {
        let message = format!("`{path}`: there is no section `{section}`; the plugin's is `{plugin}`");
        return Some((
            &PATH_SETTING,
            message,
            format!("write `{}`", with_key(path, keys, 0, plugin)),
        ));
    }
    let core = names
        .versions
        .iter()
        .filter_map(|version| core_settings::sections(version))
        .flat_map(|sections| sections.keys().copied());
    let known = slip(section, core).filter(|known| {
        // The setting must be there too: many plugins are called nearly like a section.
        let name = keys.get(1).copied().unwrap_or_default();
        names
            .versions
            .iter()
            .filter_map(|version| core_settings::sections(version)?.get(known))
            .any(|settings| settings.contains_key(name))
    })?;
    let message = format!("`{path}`: neither Fuel nor the plugin has a section `{section}`");
    Some((
        &PATH_SETTING,
        message,
        format!("did you mean `{}`?", with_key(path, keys, 0, known)),
    ))
}

/// Settings in conditions of tasks.
fn task_setting(names: &Names<'_>, path: &Path, keys: &[&str]) -> Option<Fault> {
    let is_late = names.versions.contains(&"9.2");
    let [section, name, "value"] = keys else { return None };
    let is_known = names.plugin == Some(section) && names.settings.contains_key(name)
        || core_settings::sections("9.2").is_some_and(|sections| {
            sections
                .get(section)
                .is_some_and(|settings| settings.contains_key(name))
        });
    if !is_late || !is_known {
        return None;
    }
    // Fuel pours this section into the top level.
    let bare = if *section == "common" {
        (*name).to_owned()
    } else {
        format!("{section}.{name}")
    };
    let message = format!("`{path}` is null in Fuel 9.x, where the setting is its bare value");
    Some((
        &TASK_CONDITION_VALUE,
        message,
        format!("for Fuel 9.x write `settings:{bare}`, or a `yaql_exp`"),
    ))
}

/// The path with one of its keys replaced.
fn with_key(path: &Path, keys: &[&str], index: usize, key: &str) -> String {
    let mut keys = keys.to_vec();
    if let Some(place) = keys.get_mut(index) {
        *place = key;
    }
    format!("{}:{}", path.model, keys.join("."))
}

/// The name that this is a slip of: one letter in four may be wrong, at most three.
fn slip<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 4).clamp(1, 3);
    nearest(word, names).filter(|name| strsim::damerau_levenshtein(word, name) <= allowed)
}
