//! The interpreter of the rules: JSON Schema draft 4 as the original's library (jsonschema 2.4.0) reads it.

use std::collections::HashMap;

use crate::check::role::check_role;
use crate::check::schema::{Kind, Schema};
use crate::finding::Header;
use crate::python::{dict_order, repr, repr_text};
use crate::yaml::{Integer, Mapping, Node, Yaml};

/// One step from a value to a value inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => formatter.write_str(key),
            Self::Index(index) => write!(formatter, "{index}"),
        }
    }
}

/// A broken rule.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// The original's message.
    pub(crate) message: String,
    /// The value path that the original shows.
    pub(crate) shown_path: Vec<Step>,
    /// Where the value really is.
    pub(crate) path: Vec<Step>,
    /// A key at that path to point at, rather than the value.
    pub(crate) key: Option<String>,
    /// What is wrong, in our words; a sentence about "it".
    pub(crate) words: String,
    /// What to do, if there is more to say.
    pub(crate) help: Option<String>,
    /// How deep in the schema the rule stands; chooses among the branches of `any_of`.
    depth: usize,
}

/// An error that ends the original's run of a schema at once.
#[derive(Debug, Clone)]
pub(crate) struct Abort {
    pub(crate) header: Header,
    pub(crate) message: String,
    pub(crate) path: Vec<Step>,
    pub(crate) words: String,
}

/// What running a schema gave: all broken rules in the original's order, and what ended it early.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) violations: Vec<Violation>,
    pub(crate) abort: Option<Abort>,
}

/// Runs a schema over a value.
pub(crate) fn validate(schema: &Schema, node: &Node) -> Outcome {
    let mut run = Run {
        path: Vec::new(),
        nested: false,
        violations: Vec::new(),
    };
    let abort = run.value(schema, node, 0).err().map(|abort| *abort);
    Outcome {
        violations: run.violations,
        abort,
    }
}

struct Run {
    path: Vec<Step>,
    /// Inside of a branch of `any_of`, where an inner `any_of` is not looked into.
    nested: bool,
    violations: Vec<Violation>,
}

impl Run {
    /// The order of the keywords is the one in which the original walks its schemas.
    fn value(&mut self, schema: &Schema, node: &Node, depth: usize) -> Result<(), Box<Abort>> {
        if let Yaml::Mapping(mapping) = &node.value {
            self.other_keys(schema, mapping, depth)?;
            if let Some((pattern, inner)) = &schema.keys {
                for (key, value) in dict_order(mapping) {
                    let Some(key) = key.as_str() else {
                        return Err(self.key_is_no_text());
                    };
                    if pattern.is_match(key) {
                        self.inside(Step::Key(key.to_owned()), |run| run.value(inner, value, depth + 2))?;
                    }
                }
            }
            for key in &schema.required {
                if mapping.get(key).is_none() {
                    let message = format!("'{key}' is a required property");
                    self.report(
                        depth,
                        message,
                        format!("lacks `{key}`"),
                        Some(format!("add `{key}: …`")),
                        None,
                    );
                }
            }
        }
        if let Yaml::Sequence(items) = &node.value {
            self.items(schema, node, items, depth)?;
        }
        self.constraints(schema, node, depth);
        if !schema.kinds.is_empty() && !schema.kinds.iter().any(|kind| is_kind(node, *kind)) {
            let names: Vec<String> = schema.kinds.iter().map(|kind| format!("'{}'", kind.name())).collect();
            let words: Vec<&str> = schema.kinds.iter().map(|kind| kind.words()).collect();
            let message = format!("{} is not of type {}", repr(node), names.join(", "));
            let words = format!("must be {}, not {}", words.join(" or "), describe(node));
            self.report(depth, message, words, type_help(schema, node), None);
        }
        if let Yaml::Mapping(mapping) = &node.value {
            if schema.keys_exactly.is_some_and(|count| mapping.len() < count) {
                let message = format!("{} does not have enough properties", repr(node));
                self.report(depth, message, "has too few keys".to_owned(), None, None);
            }
            for (key, inner) in &schema.properties {
                if let Some(value) = mapping.get(key) {
                    self.inside(Step::Key((*key).to_owned()), |run| run.value(inner, value, depth + 2))?;
                }
            }
        }
        if schema.role
            && let Some(text) = node.as_str()
            && let Err(message) = check_role(text)
        {
            return Err(Box::new(Abort {
                header: Header::Validation,
                message,
                path: self.path.clone(),
                words: "must be a role's name, `*`, or a regular expression between slashes".to_owned(),
            }));
        }
        self.branches(schema, node, depth)
    }

    fn other_keys(&mut self, schema: &Schema, mapping: &Mapping, depth: usize) -> Result<(), Box<Abort>> {
        if !schema.closed {
            return Ok(());
        }
        let mut others = Vec::new();
        for (key, _) in dict_order(mapping) {
            let text = key.as_str();
            if text.is_some_and(|text| schema.properties.iter().any(|(known, _)| *known == text)) {
                continue;
            }
            if let Some((pattern, _)) = &schema.keys {
                let Some(text) = text else {
                    return Err(self.key_is_no_text());
                };
                if pattern.is_match(text) {
                    continue;
                }
            }
            others.push(key);
        }
        if others.is_empty() {
            return Ok(());
        }
        let shown: Vec<String> = others.iter().map(|key| repr(key)).collect();
        let verb = if others.len() == 1 { "was" } else { "were" };
        let message = format!(
            "Additional properties are not allowed ({} {verb} unexpected)",
            shown.join(", ")
        );
        let first = others.first().and_then(|key| key.as_str()).map(str::to_owned);
        let known: Vec<String> = schema.properties.iter().map(|(key, _)| format!("`{key}`")).collect();
        let help = match &schema.keys {
            Some((pattern, _)) => format!("keys must match `{}`", pattern.text()),
            None => format!("known keys: {}", known.join(", ")),
        };
        self.report(
            depth,
            message,
            format!("has a key that is not allowed: {}", shown.join(", ")),
            Some(help),
            first,
        );
        Ok(())
    }

    fn items(&mut self, schema: &Schema, node: &Node, items: &[Node], depth: usize) -> Result<(), Box<Abort>> {
        if schema.unique_items && has_duplicates(items) {
            let message = format!("{} has non-unique elements", repr(node));
            let help = Some("remove what is repeated".to_owned());
            self.report(depth, message, "holds something twice".to_owned(), help, None);
        }
        if items.len() < schema.minimum_items {
            let message = format!("{} is too short", repr(node));
            self.report(
                depth,
                message,
                "is empty".to_owned(),
                Some("leave the key out, or fill the list".to_owned()),
                None,
            );
        }
        if let Some(inner) = &schema.items {
            for (index, item) in items.iter().enumerate() {
                self.inside(Step::Index(index), |run| run.value(inner, item, depth + 1))?;
            }
        }
        Ok(())
    }

    fn constraints(&mut self, schema: &Schema, node: &Node, depth: usize) {
        let text = node.as_str();
        if let (Some(pattern), Some(text)) = (&schema.pattern, text)
            && !pattern.is_match(text)
        {
            let message = format!("{} does not match {}", repr(node), repr_text(pattern.text()));
            let words = format!("is {}, which does not match `{}`", describe(node), pattern.text());
            let help = Some("write a text that the expression matches".to_owned());
            self.report(depth, message, words, help, None);
        }
        if !schema.choices.is_empty() && !text.is_some_and(|text| schema.choices.contains(&text)) {
            let choices: Vec<String> = schema.choices.iter().map(|choice| repr_text(choice)).collect();
            let message = format!("{} is not one of [{}]", repr(node), choices.join(", "));
            let words: Vec<String> = schema.choices.iter().map(|choice| format!("`{choice}`")).collect();
            self.report(
                depth,
                message,
                format!("is {}", describe(node)),
                Some(format!("it must be one of {}", words.join(", "))),
                None,
            );
        }
        if let (Some(minimum), Yaml::Integer(Integer::Small(value))) = (schema.minimum, &node.value)
            && *value < minimum
        {
            let message = format!("{value} is less than the minimum of {minimum}");
            let help = Some(format!("write {minimum} or more"));
            self.report(depth, message, format!("is {value}, less than {minimum}"), help, None);
        }
        if text.is_some_and(|text| text.chars().count() < schema.minimum_length) {
            self.report(
                depth,
                format!("{} is too short", repr(node)),
                "is empty".to_owned(),
                Some("write a text, or leave the key out".to_owned()),
                None,
            );
        }
        if let (Some(count), Yaml::Mapping(mapping)) = (schema.keys_exactly, &node.value)
            && mapping.len() > count
        {
            let message = format!("{} has too many properties", repr(node));
            let help = Some(format!("leave {count}"));
            self.report(depth, message, "has too many keys".to_owned(), help, None);
        }
    }

    /// Of the errors of all branches the original shows the one whose rule stands deepest in the schema,
    /// and garbles its path; both are kept for the message, the real path for the place.
    fn branches(&mut self, schema: &Schema, node: &Node, depth: usize) -> Result<(), Box<Abort>> {
        if schema.any_of.is_empty() {
            return Ok(());
        }
        let mut errors: Vec<Violation> = Vec::new();
        for branch in &schema.any_of {
            let mut run = Run {
                path: self.path.clone(),
                nested: true,
                violations: Vec::new(),
            };
            run.value(branch, node, 1)?;
            if run.violations.is_empty() {
                return Ok(());
            }
            errors.append(&mut run.violations);
        }
        if self.nested {
            let message = format!("{} is not valid under any of the given schemas", repr(node));
            self.report(depth, message, format!("cannot be {}", describe(node)), None, None);
            return Ok(());
        }
        let mut chosen: Option<Violation> = None;
        for error in errors {
            if chosen.as_ref().is_none_or(|best| error.depth > best.depth) {
                chosen = Some(error);
            }
        }
        let Some(mut chosen) = chosen else { return Ok(()) };
        let relative = chosen.path.get(self.path.len()..).unwrap_or_default().to_vec();
        let garbled = self.path.iter().rev().cloned().chain(relative).skip(2);
        chosen.shown_path = self.path.iter().cloned().chain(garbled).collect();
        chosen.depth = depth;
        self.violations.push(chosen);
        Ok(())
    }

    fn inside(&mut self, step: Step, run: impl FnOnce(&mut Self) -> Result<(), Box<Abort>>) -> Result<(), Box<Abort>> {
        self.path.push(step);
        let result = run(self);
        self.path.pop();
        result
    }

    fn report(&mut self, depth: usize, message: String, words: String, help: Option<String>, key: Option<String>) {
        let path = self.path.clone();
        self.violations.push(Violation {
            message,
            shown_path: path.clone(),
            path,
            key,
            words,
            help,
            depth,
        });
    }

    /// The original matches a pattern against every key and does not survive one that is no text.
    fn key_is_no_text(&self) -> Box<Abort> {
        Box::new(Abort {
            header: Header::Unexpected,
            message: "expected string or buffer".to_owned(),
            path: self.path.clone(),
            words: "has a key that is no text; quote it".to_owned(),
        })
    }
}

fn is_kind(node: &Node, kind: Kind) -> bool {
    match kind {
        Kind::Object => matches!(node.value, Yaml::Mapping(_)),
        Kind::Array => matches!(node.value, Yaml::Sequence(_)),
        // Under Python 2 `!!binary` gives a `str`.
        Kind::String => matches!(node.value, Yaml::String(_) | Yaml::Binary(_)),
        Kind::Integer => matches!(node.value, Yaml::Integer(_)),
        Kind::Boolean => matches!(node.value, Yaml::Bool(_)),
    }
}

/// Whether a value occurs twice. Equal values look alike, so only those that do are compared.
fn has_duplicates(items: &[Node]) -> bool {
    let mut alike: HashMap<String, Vec<&Yaml>> = HashMap::with_capacity(items.len());
    items.iter().any(|item| {
        let known = alike.entry(repr(item)).or_default();
        let twice = known.contains(&&item.value);
        known.push(&item.value);
        twice
    })
}

fn describe(node: &Node) -> String {
    match &node.value {
        Yaml::Null => "nothing".to_owned(),
        Yaml::Bool(value) => format!("`{value}` (a boolean)"),
        Yaml::Integer(_) | Yaml::Float(_) => format!("`{}` (a number)", repr(node)),
        // Without its quotes it looks like what was asked for.
        Yaml::String(text) if text.parse::<f64>().is_ok() || matches!(text.as_str(), "true" | "false") => {
            format!("`{text}` (a text)")
        }
        Yaml::String(text) if text.chars().count() <= 60 => format!("`{text}`"),
        Yaml::String(_) => "a longer text".to_owned(),
        Yaml::Timestamp(value) => format!("`{value}` (a date)"),
        Yaml::Binary(_) => "binary data".to_owned(),
        Yaml::Sequence(_) => "a list".to_owned(),
        Yaml::Set(_) => "a set".to_owned(),
        Yaml::Mapping(_) => "a mapping".to_owned(),
    }
}

/// How to write what is asked for, as near as can be to what is there.
fn type_help(schema: &Schema, node: &Node) -> Option<String> {
    let digits = |text: &str| text.parse::<i64>().is_ok().then(|| text.to_owned());
    let help = match (&node.value, schema.kinds.first()?) {
        (Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Float(_) | Yaml::Timestamp(_), _)
            if schema.kinds.contains(&Kind::String) =>
        {
            "quote it: '…'".to_owned()
        }
        (Yaml::String(text), Kind::Integer) => match digits(text) {
            Some(number) => format!("remove the quotes: {number}"),
            None => "write digits without quotes".to_owned(),
        },
        (Yaml::String(text), Kind::Boolean) => match text.to_ascii_lowercase().as_str() {
            word @ ("true" | "false") => format!("remove the quotes: {word}"),
            _ => "write true or false, without quotes".to_owned(),
        },
        (Yaml::String(text), Kind::Array) if !text.contains(['\n', '\'']) && text.len() <= 40 => {
            format!("write a list: ['{text}']")
        }
        (_, Kind::Object) => "write `key: value` lines below it".to_owned(),
        (_, Kind::Array) => "write a list: [a, b], or one `- ` line for each entry".to_owned(),
        (_, Kind::String) => "write a text: '…'".to_owned(),
        (_, Kind::Integer) => "write digits without quotes".to_owned(),
        (_, Kind::Boolean) => "write true or false".to_owned(),
    };
    Some(help)
}
