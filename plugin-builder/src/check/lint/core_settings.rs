//! The settings that Fuel itself ships.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::setting::Kind;

const TABLE: &str = include_str!("../../../data/core-settings.txt");

/// A setting of Fuel's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CoreSetting {
    pub(super) kind: Kind,
    /// What a choice offers.
    pub(super) choices: Vec<&'static str>,
}

/// Settings by section and name.
type Sections = BTreeMap<&'static str, BTreeMap<&'static str, CoreSetting>>;

static SECTIONS: LazyLock<BTreeMap<&'static str, Sections>> = LazyLock::new(|| {
    let mut versions: BTreeMap<&'static str, Sections> = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        if let (Some(version), Some(section), Some(name), Some(kind)) =
            (words.next(), words.next(), words.next(), words.next())
        {
            let setting = CoreSetting {
                kind: Kind::of(kind),
                choices: words.collect(),
            };
            let sections = versions.entry(version).or_default();
            sections.entry(section).or_default().insert(name, setting);
        }
    }
    versions
});

/// Whether a Fuel version has a section of this name; without reading the whole table.
pub(super) fn has_section(version: &str, section: &str) -> bool {
    let start = format!("{version} {section} ");
    TABLE.lines().any(|line| line.starts_with(&start))
}

/// The sections of a Fuel version; nothing for a version that is not known.
pub(super) fn sections(version: &str) -> Option<&'static Sections> {
    SECTIONS.get(version)
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::fuel::FUEL_DATA;
    use crate::yaml::{self, Node};

    #[test]
    fn the_table_is_what_the_releases_hold() {
        let mut lines = Vec::new();
        for data in FUEL_DATA {
            let release = yaml::parse(data.release.as_bytes(), Utf8Path::new("release.yaml")).unwrap();
            let editable = release.get("attributes_metadata").unwrap().get("editable").unwrap();
            for (section, settings) in editable.as_mapping().unwrap().iter() {
                for (name, setting) in settings.as_mapping().unwrap().iter() {
                    let Some(kind) = setting.get("type").and_then(Node::as_str) else {
                        continue;
                    };
                    let mut words = vec![
                        data.version.to_owned(),
                        section.as_str().unwrap().to_owned(),
                        name.as_str().unwrap().to_owned(),
                        kind.to_owned(),
                    ];
                    for choice in setting.get("values").and_then(Node::as_sequence).unwrap_or_default() {
                        words.push(choice.get("data").unwrap().as_str().unwrap().to_owned());
                    }
                    lines.push(words.join(" "));
                }
            }
        }
        let table: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(table, lines);
    }

    #[test]
    fn a_setting_is_found_with_its_kind_and_choices() {
        let setting = &sections("9.2").unwrap()["common"]["libvirt_type"];
        assert_eq!(setting.kind, Kind::Choice);
        assert!(setting.choices.contains(&"kvm"));
        assert!(sections("5.1").is_none());
        assert!(
            has_section("9.2", "operator_user") && !has_section("8.0", "operator_user") && !has_section("9.2", "user")
        );
    }
}
