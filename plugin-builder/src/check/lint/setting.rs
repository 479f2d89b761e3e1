//! The plugin's settings, as the topics about settings and expressions see them.

use super::Subject;
use crate::check::files::File;
use crate::yaml::{Mapping, Node, Yaml};

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `checkbox`
    Truth,
    /// `text`, `textarea`, `password`
    Text,
    /// `radio`, `select`: one of several texts.
    Choice,
    /// `text_list`, `textarea_list`
    List,
    /// `number`
    Number,
    /// Anything else: `hidden`, `file`, … and what is no type.
    Other,
}

/// A type of setting.
pub(super) struct SettingType {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The first Fuel version that knows it, if not all do.
    pub(super) since: Option<&'static str>,
}

/// The types of Fuel 9.x; some came late.
pub(super) const TYPES: &[SettingType] = &[
    of("checkbox", Kind::Truth, None),
    of("custom_hugepages", Kind::Other, Some("9.0")),
    of("custom_repo_configuration", Kind::Other, None),
    of("file", Kind::Other, Some("7.0")),
    of("hidden", Kind::Other, None),
    of("number", Kind::Number, Some("9.0")),
    of("password", Kind::Text, None),
    of("radio", Kind::Choice, None),
    of("select", Kind::Choice, None),
    of("text", Kind::Text, None),
    of("text_list", Kind::List, Some("9.0")),
    of("textarea", Kind::Text, None),
    of("textarea_list", Kind::List, Some("9.0")),
];

const fn of(name: &'static str, kind: Kind, since: Option<&'static str>) -> SettingType {
    SettingType { name, kind, since }
}

impl Kind {
    /// The kind of a type's name.
    pub(super) fn of(name: &str) -> Self {
        let known = TYPES.iter().find(|known| known.name == name);
        known.map_or(Self::Other, |known| known.kind)
    }
}

/// A setting of the plugin.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// The file that it stands in.
    pub(super) file: &'a File,
    pub(super) name: &'a str,
    /// Where the name stands.
    pub(super) key: &'a Node,
    /// Its mapping.
    pub(super) node: &'a Node,
}

impl<'a> Setting<'a> {
    pub(super) fn type_name(self) -> Option<&'a str> {
        self.node.get("type").and_then(Node::as_str)
    }

    pub(super) fn kind(self) -> Kind {
        self.type_name().map_or(Kind::Other, Kind::of)
    }

    /// The default as it is written; nothing where Fuel generates one.
    pub(super) fn literal(self) -> Option<&'a Node> {
        let value = self.node.get("value")?;
        (value.as_mapping().is_none()).then_some(value)
    }

    pub(super) fn choices(self) -> impl Iterator<Item = &'a Node> {
        let values = self.node.get("values").and_then(Node::as_sequence);
        values
            .unwrap_or_default()
            .iter()
            .filter_map(|choice| choice.get("data"))
    }
}

/// The settings of a mapping of settings; `metadata` is none.
pub(super) fn settings_of<'a>(file: &'a File, mapping: &'a Mapping) -> impl Iterator<Item = Setting<'a>> {
    mapping.iter().filter_map(move |(key, node)| {
        let name = key.as_str().filter(|name| *name != "metadata")?;
        node.as_mapping()?;
        Some(Setting { file, name, key, node })
    })
}

/// The settings of environment_config.yaml.
pub(super) fn environment_settings<'a>(subject: &Subject<'a>) -> Vec<Setting<'a>> {
    let Some((file, attributes)) = attributes(subject) else {
        return Vec::new();
    };
    settings_of(file, attributes).collect()
}

/// `attributes` of environment_config.yaml.
pub(super) fn attributes<'a>(subject: &Subject<'a>) -> Option<(&'a File, &'a Mapping)> {
    let (file, tree) = subject.tree("environment_config.yaml")?;
    Some((file, tree.get("attributes")?.as_mapping()?))
}

/// All settings: the environment's, and those of nodes, network interfaces and bonds.
pub(super) fn all_settings<'a>(subject: &Subject<'a>) -> Vec<Setting<'a>> {
    let mut settings = environment_settings(subject);
    for name in ["nic_config.yaml", "bond_config.yaml"] {
        if let Some((file, tree)) = subject.tree(name)
            && let Some(mapping) = tree.as_mapping()
        {
            settings.extend(settings_of(file, mapping));
        }
    }
    if let Some((file, tree)) = subject.tree("node_config.yaml") {
        for (_, section) in tree.as_mapping().into_iter().flat_map(Mapping::iter) {
            settings.extend(
                section
                    .as_mapping()
                    .into_iter()
                    .flat_map(|mapping| settings_of(file, mapping)),
            );
        }
    }
    settings
}

/// `name` of metadata.yaml: the plugin's section in the settings has that name.
pub(super) fn plugin_name<'a>(subject: &Subject<'a>) -> Option<&'a str> {
    subject.tree("metadata.yaml")?.1.get("name")?.as_str()
}

/// The Fuel versions that the plugin's releases belong to and whose settings are known, oldest first.
///
/// A release's version ends in Fuel's: `mitaka-9.0`. Nailgun takes both halves as prefixes.
pub(super) fn fuel_versions(subject: &Subject<'_>) -> Vec<&'static str> {
    let Some((_, metadata)) = subject.tree("metadata.yaml") else {
        return Vec::new();
    };
    let releases = metadata.get("releases").and_then(Node::as_sequence).unwrap_or_default();
    let named: Vec<&str> = releases
        .iter()
        .filter_map(|release| release.get("version")?.as_str()?.split_once('-'))
        .map(|(_, fuel)| fuel)
        .collect();
    [("6.1", "6.1"), ("7.0", "7.0"), ("8.0", "8.0"), ("9.0", "9.2")]
        .into_iter()
        .filter(|(release, _)| {
            named
                .iter()
                .any(|fuel| !fuel.is_empty() && (release.starts_with(fuel) || fuel.starts_with(release)))
        })
        .map(|(_, data)| data)
        .collect()
}

/// A value in a few words.
pub(super) fn describe(node: &Node) -> String {
    match &node.value {
        Yaml::String(text) if text.chars().count() <= 40 => format!("the text `{text}`"),
        Yaml::String(_) => "a text".to_owned(),
        Yaml::Bool(value) => format!("`{value}`"),
        Yaml::Integer(_) | Yaml::Float(_) => "a number".to_owned(),
        Yaml::Sequence(_) => "a list".to_owned(),
        Yaml::Mapping(_) => "a mapping".to_owned(),
        Yaml::Set(_) => "a set".to_owned(),
        Yaml::Null => "nothing".to_owned(),
        Yaml::Timestamp(_) => "a date".to_owned(),
        Yaml::Binary(_) => "binary data".to_owned(),
    }
}
