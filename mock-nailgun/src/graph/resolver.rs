//! From names of roles to nodes, and from names of tasks to tasks.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use super::task::strings;

/// The node of a task in a serialised graph; `None` is the sync point, where stages are.
pub(crate) type Place = Option<String>;

/// The name of the master in graphs.
pub(crate) const MASTER: &str = "master";

/// A name, or a pattern between slashes that is looked for at the start of names.
pub(crate) enum NamePattern {
    Exact(String),
    Pattern(Regex),
}

impl NamePattern {
    /// Reads a name. A broken pattern matches nothing but itself.
    pub(crate) fn new(name: &str) -> Self {
        let inner = name
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'))
            .filter(|inner| !inner.is_empty());
        // Python's `re.match` anchors at the start only.
        match inner.and_then(|inner| Regex::new(&format!("^(?:{inner})")).ok()) {
            Some(pattern) => Self::Pattern(pattern),
            None => Self::Exact(name.to_owned()),
        }
    }

    /// Whether a name is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Pattern(pattern) => pattern.is_match(name),
        }
    }
}

/// Which nodes have which roles.
pub(crate) struct RoleResolver {
    /// Uid and role names, `primary-` ones where the node is the primary.
    nodes: Vec<(String, Vec<String>)>,
}

impl RoleResolver {
    /// For nodes by uid, with their role names.
    pub(crate) fn new(nodes: Vec<(String, Vec<String>)>) -> Self {
        Self { nodes }
    }

    /// Every node, without the master.
    pub(crate) fn all(&self) -> BTreeSet<String> {
        self.nodes.iter().map(|(uid, _)| uid.clone()).collect()
    }

    /// The nodes that a selector means: `*`, `master`, a name, a pattern, or a list of names and patterns.
    pub(crate) fn resolve(&self, selector: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for name in strings(selector) {
            match name.as_str() {
                "*" => found.extend(self.all()),
                MASTER => {
                    found.insert(MASTER.to_owned());
                }
                _ => {
                    let pattern = NamePattern::new(&name);
                    found.extend(
                        self.nodes
                            .iter()
                            .filter(|(_, roles)| roles.iter().any(|role| pattern.matches(role)))
                            .map(|(uid, _)| uid.clone()),
                    );
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
    #[case(json!(null), &[])]
    fn a_selector_means_the_nodes_with_those_roles(#[case] selector: Value, #[case] expected: &[&str]) {
        let resolver = RoleResolver::new(vec![
            (
                "1".to_owned(),
                vec!["primary-controller".to_owned(), "primary-database".to_owned()],
            ),
            ("2".to_owned(), vec!["compute".to_owned()]),
        ]);
        assert_eq!(resolver.resolve(&selector).into_iter().collect::<Vec<_>>(), expected);
    }
}
