//! From names of roles to nodes, and from names of tasks to tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use plugin_builder::RegexSearch;
use regex::Regex;
use serde_json::Value;

use super::task::strings;

/// Where a task of a serialised graph is: the sync point, a node or the master, by number.
pub(crate) type Place = usize;

/// Where stages are.
pub(crate) const SYNC_POINT: Place = 0;

/// The name of the master in graphs.
pub(crate) const MASTER: &str = "master";

/// A name, or a pattern between slashes that is looked for at the start of names.
pub(crate) enum NamePattern {
    Exact(String),
    Pattern(Regex),
    /// What only Python's language of patterns has: looks ahead and behind.
    Python(RegexSearch),
    /// Matches nothing; says why.
    Broken(String),
}

impl NamePattern {
    /// Reads a name.
    pub(crate) fn new(name: &str) -> Self {
        let inner = name
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'))
            .filter(|inner| !inner.is_empty());
        let Some(inner) = inner else {
            return Self::Exact(name.to_owned());
        };
        // Python's `re.match` anchors at the start only.
        let anchored = format!("^(?:{inner})");
        match Regex::new(&anchored) {
            Ok(pattern) => Self::Pattern(pattern),
            // The error is about what was written.
            Err(_) => match RegexSearch::new(inner).and_then(|_| RegexSearch::new(&anchored)) {
                Ok(pattern) => Self::Python(pattern),
                Err(error) => Self::Broken(error.to_string()),
            },
        }
    }

    /// Whether a name is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Pattern(pattern) => pattern.is_match(name),
            Self::Python(pattern) => pattern.finds(name).unwrap_or(false),
            Self::Broken(_) => false,
        }
    }
}

/// Why a name is no pattern although it is written as one.
pub(super) fn pattern_problem(name: &str) -> Option<String> {
    if !name.starts_with('/') {
        return None;
    }
    match &*pattern_of(name) {
        NamePattern::Broken(problem) => Some(problem.clone()),
        _ => None,
    }
}

/// The pattern of a name. The same ones stand in many tasks of every environment, so they are read once.
pub(crate) fn pattern_of(name: &str) -> Arc<NamePattern> {
    const CAPACITY: usize = 10_000;
    static KNOWN: Mutex<BTreeMap<String, Arc<NamePattern>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = known.get(name) {
        return Arc::clone(pattern);
    }
    if known.len() >= CAPACITY {
        known.clear();
    }
    let pattern = Arc::new(NamePattern::new(name));
    known.insert(name.to_owned(), Arc::clone(&pattern));
    pattern
}

/// Which nodes have which roles.
pub(crate) struct RoleResolver {
    /// Uids by place, from 1 on; the last is the master.
    uids: Vec<String>,
    /// Each set of role names that nodes have, `primary-` ones where a node is the primary, and those nodes. Hundreds of
    /// nodes have a handful of sets.
    kinds: Vec<(Vec<String>, Vec<Place>)>,
}

impl RoleResolver {
    /// For nodes by uid, with their role names.
    pub(crate) fn new(nodes: Vec<(String, Vec<String>)>) -> Self {
        let mut kinds: Vec<(Vec<String>, Vec<Place>)> = Vec::new();
        let mut uids = Vec::with_capacity(nodes.len() + 1);
        for (index, (uid, roles)) in nodes.into_iter().enumerate() {
            uids.push(uid);
            match kinds.iter_mut().find(|(known, _)| *known == roles) {
                Some((_, places)) => places.push(index + 1),
                None => kinds.push((roles, vec![index + 1])),
            }
        }
        uids.push(MASTER.to_owned());
        Self { uids, kinds }
    }

    /// Every node, without the master.
    pub(crate) fn all(&self) -> BTreeSet<Place> {
        (1..self.master()).collect()
    }

    /// The place of the master, behind all nodes.
    pub(crate) fn master(&self) -> Place {
        self.uids.len()
    }

    /// The uid of a place, `None` for the sync point.
    pub(crate) fn uid(&self, place: Place) -> Option<&str> {
        self.uids.get(place.checked_sub(1)?).map(String::as_str)
    }

    /// The uids that a selector means, nodes in order.
    pub(crate) fn uids(&self, selector: &Value) -> Vec<String> {
        let places = self.resolve(selector);
        places
            .iter()
            .filter_map(|place| self.uid(*place))
            .map(str::to_owned)
            .collect()
    }

    /// The nodes that a selector means: `*`, `master`, a name, a pattern, or a list of names and patterns.
    pub(crate) fn resolve(&self, selector: &Value) -> BTreeSet<Place> {
        let mut found = BTreeSet::new();
        for name in strings(selector) {
            match name.as_str() {
                "*" => found.extend(1..self.master()),
                MASTER => {
                    found.insert(self.master());
                }
                _ => {
                    let pattern = pattern_of(&name);
                    for (roles, places) in &self.kinds {
                        if roles.iter().any(|role| pattern.matches(role)) {
                            found.extend(places);
                        }
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("*"), &["1", "2"])]
    #[case(json!(["*"]), &["1", "2"])]
    #[case(json!(["/.*/"]), &["1", "2"])]
    #[case(json!(["controller"]), &[])]
    #[case(json!(["primary-controller"]), &["1"])]
    #[case(json!("/(primary-)?controller/"), &["1"])]
    #[case(json!("/.*controller/"), &["1"])]
    #[case(json!(["compute", "trove"]), &["2"])]
    #[case(json!("master"), &["master"])]
    #[case(json!(["master", "/.*/"]), &["1", "2", "master"])]
    #[case(json!("/(?!compute)/"), &["1"])]
    #[case(json!("/(?!primary-).*/"), &["2"])]
    #[case(json!(null), &[])]
    fn a_selector_means_the_nodes_with_those_roles(#[case] selector: Value, #[case] expected: &[&str]) {
        let resolver = RoleResolver::new(vec![
            (
                "1".to_owned(),
                vec!["primary-controller".to_owned(), "primary-database".to_owned()],
            ),
            ("2".to_owned(), vec!["compute".to_owned()]),
        ]);
        let places = resolver.resolve(&selector);
        let uids: Vec<&str> = places.iter().filter_map(|place| resolver.uid(*place)).collect();
        assert_eq!(uids, expected);
    }
}
