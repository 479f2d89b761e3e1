//! What the keys of a plugin's files are for: shown by editors that read the JSON Schemas.

use camino::Utf8Path;

use crate::yaml::{self, Node};

/// By file and path; in the file's own words how a path is written.
const DESCRIPTIONS: &str = include_str!("../../data/descriptions.yaml");

/// The descriptions of one file's keys.
pub(crate) struct Descriptions(Option<Node>);

impl Descriptions {
    pub(crate) fn of(file: &str) -> Self {
        let all = yaml::parse(DESCRIPTIONS.as_bytes(), Utf8Path::new("descriptions.yaml")).ok();
        Self(all.and_then(|all| all.get(file).cloned()))
    }

    /// What the key at this path is for, if there is something to say.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.as_ref()?.get(path)?.as_str()
    }
}

#[cfg(test)]
pub(crate) fn described() -> Vec<(String, String)> {
    let all = yaml::parse(DESCRIPTIONS.as_bytes(), Utf8Path::new("descriptions.yaml")).unwrap();
    let text = |node: &Node| node.as_str().unwrap().to_owned();
    let mut found = Vec::new();
    for (file, keys) in all.as_mapping().unwrap().iter() {
        found.extend(
            keys.as_mapping()
                .unwrap()
                .iter()
                .map(|(path, _)| (text(file), text(path))),
        );
    }
    found
}
