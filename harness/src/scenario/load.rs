//! Reading a scenario file: every error says file, line, column and what to do.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::nearest;
use regex::Regex;

use super::model::{NodeEntry, Scenario};

/// Below this systemd and Puppet do not come up together, in MiB.
const LEAST_MEMORY: u32 = 256;

/// A scenario file that was read and checked.
#[derive(Debug, Clone)]
pub struct LoadedScenario {
    /// File name without its extension: the scenario's name in reports and labels.
    pub name: String,
    /// The file.
    pub file: Utf8PathBuf,
    /// What it says.
    pub scenario: Scenario,
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read scenario: {0}")]
    Read(#[source] std::io::Error),
    /// Not YAML, or not the shape of a scenario.
    #[error("{place}: {message}{hint}")]
    Shape {
        /// `file:line:column`.
        place: String,
        /// What is wrong.
        message: String,
        /// What to do, on a line of its own; may be empty.
        hint: String,
    },
    /// The shape is right, the content is not.
    #[error("{file}: {message}\n  hint: {hint}")]
    Content {
        /// The file, with line where it is known.
        file: String,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl LoadedScenario {
    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// The file is missing, is not YAML, has unknown or missing keys, or contradicts itself.
    pub fn load(file: &Utf8Path) -> Result<Self, ScenarioError> {
        let text = fs_err::read_to_string(file).map_err(ScenarioError::Read)?;
        Self::parse(&text, file)
    }

    /// As [`LoadedScenario::load`], from text; `file` stands in messages and resolves relative paths.
    ///
    /// # Errors
    /// As [`LoadedScenario::load`].
    pub fn parse(text: &str, file: &Utf8Path) -> Result<Self, ScenarioError> {
        let scenario: Scenario = serde_yaml::from_str(text).map_err(|error| shape_error(file, &error))?;
        let loaded = Self {
            name: file.file_stem().unwrap_or("scenario").to_owned(),
            file: file.to_owned(),
            scenario,
        };
        loaded.check(text)?;
        Ok(loaded)
    }

    /// The directory that relative paths of the scenario start from.
    pub fn directory(&self) -> &Utf8Path {
        match self.file.parent() {
            Some(parent) if !parent.as_str().is_empty() => parent,
            _ => Utf8Path::new("."),
        }
    }

    /// A plugin's path, relative ones resolved against the scenario file.
    pub fn plugin_path(&self, path: &str) -> Utf8PathBuf {
        self.directory().join(path)
    }

    /// The environment's name.
    pub fn environment_name(&self) -> &str {
        self.scenario.environment.name.as_deref().unwrap_or(&self.name)
    }

    fn check(&self, text: &str) -> Result<(), ScenarioError> {
        let fail = |needle: &str, message: String, hint: &str| {
            Err(ScenarioError::Content {
                file: place_of(&self.file, text, needle),
                message,
                hint: hint.to_owned(),
            })
        };
        let scenario = &self.scenario;
        if !SUPPORTED_FUEL.contains(&scenario.fuel.as_str()) {
            return fail(
                "fuel",
                format!("Fuel `{}` is not emulated", scenario.fuel),
                &format!("use one of: {}", SUPPORTED_FUEL.join(", ")),
            );
        }
        if scenario.nodes.is_empty() {
            return fail(
                "nodes",
                "a scenario needs at least one node".to_owned(),
                "add `- {name: node-1, roles: [controller]}`",
            );
        }
        let mut names = BTreeSet::new();
        let name_shape = regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$");
        for node in &scenario.nodes {
            if !name_shape.is_match(&node.name) || node.name.len() > 63 {
                return fail(
                    &node.name,
                    format!("`{}` is no host name", node.name),
                    "use lower-case letters, digits and `-`",
                );
            }
            if node.memory.is_some_and(|memory| memory < LEAST_MEMORY) {
                return fail(
                    "memory",
                    format!(
                        "`{}` cannot boot with less than {LEAST_MEMORY} MiB of memory",
                        node.name
                    ),
                    "`memory` is in MiB; 4096 is what a node has if it is left out",
                );
            }
            if node.name == "master" {
                return fail(
                    "master",
                    "a node is called `master`".to_owned(),
                    "the Fuel master is called that; name it by its number or role: `node-1`",
                );
            }
            if !names.insert(node.name.as_str()) {
                return fail(
                    &node.name,
                    format!("two nodes are called `{}`", node.name),
                    "give each node a name of its own",
                );
            }
            if node.roles.is_empty() {
                return fail(
                    &node.name,
                    format!("node `{}` has no role", node.name),
                    "a node without a role is never deployed; add `roles: [...]`",
                );
            }
            if let Some(role) = node.roles.iter().find(|role| role.starts_with("primary-")) {
                return fail(
                    role,
                    format!("node `{}`: `{role}` cannot be assigned", node.name),
                    &format!(
                        "assign `{}`: the first node with it becomes the primary one",
                        &role["primary-".len()..]
                    ),
                );
            }
        }
        for verify in &scenario.verify {
            if let Some(pattern) = &verify.matches
                && let Err(error) = Regex::new(pattern)
            {
                return fail(
                    pattern,
                    format!("`matches` is no regular expression: {error}"),
                    "see https://docs.rs/regex for the syntax",
                );
            }
        }
        let mut observers = BTreeSet::new();
        for observe in &scenario.observe {
            if !observers.insert(observe.name.as_str()) {
                return fail(
                    &observe.name,
                    format!("two observers are called `{}`", observe.name),
                    "give each observer a name of its own",
                );
            }
        }
        for ignore in &scenario.ignore {
            // Everything but `because` says what is ignored.
            let given = serde_json::to_value(ignore)
                .ok()
                .and_then(|rule| rule.as_object().map(|rule| rule.len() - 1));
            let given = given.unwrap_or(0);
            if given != 1 {
                return fail(
                    &ignore.because,
                    format!("an `ignore` entry names {given} things"),
                    "give exactly one of `path`, `service`, `process`, `observer`, …: see scenarios/schema.json",
                );
            }
            if ignore.because.trim().is_empty() {
                return fail(
                    "because",
                    "`because` is empty".to_owned(),
                    "say why this state moves: it is shown in the report",
                );
            }
        }
        for on in scenario
            .verify
            .iter()
            .map(|v| &v.on)
            .chain(scenario.observe.iter().map(|o| &o.on))
        {
            let role = on.strip_prefix("primary-").unwrap_or(on);
            let is_node = |node: &NodeEntry| node.name == *on || node.roles.iter().any(|r| r == role);
            // The master's own system is there where something asks for it.
            let known = on == "master" || scenario.nodes.iter().any(is_node);
            if !known {
                let candidates: BTreeSet<String> = scenario
                    .nodes
                    .iter()
                    .flat_map(|node| {
                        let roles = node
                            .roles
                            .iter()
                            .flat_map(|role| [role.clone(), format!("primary-{role}")]);
                        std::iter::once(node.name.clone()).chain(roles)
                    })
                    .collect();
                let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
                let hint = nearest(on, candidates.iter().copied()).map_or_else(
                    || format!("use one of: {}", candidates.join(", ")),
                    |best| format!("did you mean `{best}`?"),
                );
                return fail(
                    on,
                    format!("`on: {on}` is neither a node nor a role of this scenario"),
                    &hint,
                );
            }
        }
        Ok(())
    }
}

/// Fuel versions that a scenario may name.
pub const SUPPORTED_FUEL: &[&str] = &["6.1", "7.0", "8.0", "9.2"];

fn shape_error(file: &Utf8Path, error: &serde_yaml::Error) -> ScenarioError {
    let place = error.location().map_or_else(
        || file.to_string(),
        |at| format!("{file}:{}:{}", at.line(), at.column()),
    );
    let mut message = error.to_string();
    if let Some(cut) = message.rfind(" at line ") {
        message.truncate(cut);
    }
    let hint = unknown_key_hint(&message)
        .map(|hint| format!("\n  hint: {hint}"))
        .unwrap_or_default();
    ScenarioError::Shape { place, message, hint }
}

/// serde lists the keys that it knows; the nearest one is what was meant.
fn unknown_key_hint(message: &str) -> Option<String> {
    let unknown = regex("unknown field `([^`]+)`, (?:expected|there are no fields)")
        .captures(message)?
        .get(1)?
        .as_str()
        .to_owned();
    let known: Vec<&str> = message
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|key| *key != unknown)
        .collect();
    nearest(&unknown, known).map(|best| format!("did you mean `{best}`?"))
}

fn place_of(file: &Utf8Path, text: &str, needle: &str) -> String {
    let found = text
        .lines()
        .enumerate()
        .find_map(|(line, content)| content.find(needle).map(|at| (line + 1, at + 1)));
    found.map_or_else(|| file.to_string(), |(line, column)| format!("{file}:{line}:{column}"))
}

fn regex(pattern: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants of this file and tested")]
    Regex::new(pattern).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "fuel: \"9.2\"\nenvironment: {release: mitaka-9.0}\nnodes:\n  - {name: node-1, roles: [controller]}\n";

    fn error(text: &str) -> String {
        LoadedScenario::parse(text, Utf8Path::new("scenarios/x.yaml"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_small_scenario_loads_and_is_named_after_its_file() {
        let loaded = LoadedScenario::parse(GOOD, Utf8Path::new("scenarios/x.yaml")).unwrap();
        assert_eq!(loaded.name, "x");
        assert_eq!(loaded.environment_name(), "x");
        assert_eq!(loaded.plugin_path("../p"), "scenarios/../p");
    }

    #[test]
    fn an_unknown_key_is_an_error_with_place_and_suggestion() {
        let message = error(&GOOD.replace("roles:", "role:"));
        assert!(message.starts_with("scenarios/x.yaml:4:"), "{message}");
        assert!(message.contains("did you mean `roles`?"), "{message}");
    }

    #[test]
    fn an_unknown_target_of_a_check_is_an_error_with_suggestion() {
        let message = error(&format!("{GOOD}verify:\n  - {{on: primary-controler, run: 'true'}}\n"));
        assert!(message.contains("scenarios/x.yaml:6:"), "{message}");
        assert!(message.contains("did you mean `primary-controller`?"), "{message}");
    }

    #[test]
    fn a_primary_role_cannot_be_assigned() {
        assert!(error(&GOOD.replace("[controller]", "[primary-controller]")).contains("assign `controller`"));
    }

    #[test]
    fn a_version_that_is_not_emulated_is_refused_with_the_list() {
        assert!(error(&GOOD.replace("9.2", "5.1")).contains("use one of: 6.1, 7.0, 8.0, 9.2"));
    }

    #[test]
    fn an_ignore_entry_names_exactly_one_thing() {
        assert!(error(&format!("{GOOD}ignore:\n  - {{because: why}}\n")).contains("exactly one of"));
    }

    #[test]
    fn broken_yaml_is_an_error_with_line_and_column() {
        let message = error("fuel: \"9.2\"\nnodes: {a\n");
        let place = message.strip_prefix("scenarios/x.yaml:").unwrap();
        assert!(place.starts_with(|c: char| c.is_ascii_digit()), "{message}");
    }
}
