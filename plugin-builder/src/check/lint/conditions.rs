//! The expressions of a plugin: restrictions, limits of roles, conditions of tasks.

use super::Subject;
use crate::check::files::File;
use crate::yaml::{Mapping, Node};

/// Where an expression is used, which decides on what it can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A restriction of a setting, a section or a role.
    Restriction,
    /// A restriction of an attribute of a node, a network interface or a bond.
    Interface,
    /// A role's limits.
    Limit,
    /// A task's `condition`.
    Task,
}

/// A text that Fuel reads as an expression.
pub(super) struct Condition<'a> {
    pub(super) file: &'a File,
    /// What was written; no text where it is wrong already.
    pub(super) node: &'a Node,
    pub(super) usage: Use,
    /// Whether paths that lead nowhere are errors.
    pub(super) strict: bool,
}

/// What a restriction does, as it is written.
pub(super) struct Action<'a> {
    pub(super) file: &'a File,
    pub(super) node: &'a Node,
}

/// All expressions and actions of a plugin.
#[derive(Default)]
pub(super) struct Conditions<'a> {
    pub(super) conditions: Vec<Condition<'a>>,
    pub(super) actions: Vec<Action<'a>>,
}

impl<'a> Conditions<'a> {
    /// Those of all files.
    pub(super) fn of(subject: &Subject<'a>) -> Self {
        let mut all = Self::default();
        if let Some((file, tree)) = subject.tree("environment_config.yaml") {
            all.settings(
                file,
                tree.get("attributes").and_then(Node::as_mapping),
                Use::Restriction,
            );
        }
        for name in ["nic_config.yaml", "bond_config.yaml"] {
            if let Some((file, tree)) = subject.tree(name) {
                all.settings(file, tree.as_mapping(), Use::Interface);
            }
        }
        if let Some((file, tree)) = subject.tree("node_config.yaml") {
            for (_, section) in tree.as_mapping().into_iter().flat_map(Mapping::iter) {
                all.settings(file, section.as_mapping(), Use::Interface);
            }
        }
        if let Some((file, tree)) = subject.tree("node_roles.yaml") {
            for (_, role) in tree.as_mapping().into_iter().flat_map(Mapping::iter) {
                all.restrictions(file, role, Use::Restriction);
                if let Some(limits) = role.get("limits") {
                    all.limits(file, limits);
                }
            }
        }
        for name in ["tasks.yaml", "deployment_tasks.yaml"] {
            for (file, task) in tasks(subject, name) {
                // A mapping is YAQL, another language.
                if let Some(condition) = task
                    .get("condition")
                    .filter(|condition| condition.as_mapping().is_none())
                {
                    all.add(file, condition, Use::Task, false);
                }
            }
        }
        all
    }

    fn add(&mut self, file: &'a File, node: &'a Node, usage: Use, strict: bool) {
        self.conditions.push(Condition {
            file,
            node,
            usage,
            strict,
        });
    }

    fn settings(&mut self, file: &'a File, settings: Option<&'a Mapping>, usage: Use) {
        for (_, setting) in settings.into_iter().flat_map(Mapping::iter) {
            self.restrictions(file, setting, usage);
            let choices = setting.get("values").and_then(Node::as_sequence);
            for choice in choices.unwrap_or_default() {
                self.restrictions(file, choice, usage);
            }
        }
    }

    fn restrictions(&mut self, file: &'a File, owner: &'a Node, usage: Use) {
        let restrictions = owner.get("restrictions").and_then(Node::as_sequence);
        for restriction in restrictions.unwrap_or_default() {
            if let Some(condition) = restriction.get("condition") {
                let strict = restriction.get("strict").and_then(Node::as_bool).unwrap_or(true);
                self.add(file, condition, usage, strict);
                if let Some(node) = restriction.get("action") {
                    self.actions.push(Action { file, node });
                }
            } else if let Some(mapping) = restriction.as_mapping() {
                // `{"condition": "message"}`
                if let Some((condition, _)) = mapping.iter().next().filter(|_| mapping.len() == 1) {
                    self.add(file, condition, usage, true);
                }
            } else {
                self.add(file, restriction, usage, true);
            }
        }
    }

    fn limits(&mut self, file: &'a File, limits: &'a Node) {
        let overrides = limits.get("overrides").and_then(Node::as_sequence).unwrap_or_default();
        for item in std::iter::once(limits).chain(overrides) {
            if let Some(condition) = item.get("condition") {
                self.add(file, condition, Use::Limit, false);
            }
            for key in ["min", "max", "recommended"] {
                // A number may be written as such, and a text may be an expression.
                if let Some(bound) = item.get(key).filter(|bound| bound.as_str().is_some()) {
                    self.add(file, bound, Use::Limit, false);
                }
            }
        }
    }
}

/// The tasks of a file.
pub(super) fn tasks<'a>(subject: &Subject<'a>, name: &str) -> impl Iterator<Item = (&'a File, &'a Node)> {
    let found = subject
        .tree(name)
        .and_then(|(file, tree)| Some((file, tree.as_sequence()?)));
    found
        .into_iter()
        .flat_map(|(file, tasks)| tasks.iter().map(move |task| (file, task)))
}
