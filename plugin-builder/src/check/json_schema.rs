//! The rules of a file as JSON Schema, for editors.
//!
//! Draft 7: the newest that all YAML language servers read, with `if`/`then` for rules that depend on a task's type.
//! Made from the tables that the check runs, so it says the same. What JSON Schema cannot say is left out: a regular
//! expression of a role that Python would not compile, and everything that goes beyond one file.

use serde_json::{Map, Value, json};

use crate::check::descriptions::Descriptions;
use crate::check::format::{CheckStep, Format, Presence};
use crate::check::role;
use crate::check::rules::{deployment_tasks, environment_config, tasks};
use crate::check::schema::Schema;

/// The files that a format knows, in the order in which they are checked.
pub(crate) fn schema_files(format: &Format) -> Vec<&'static str> {
    format.steps.iter().filter_map(file_of).collect()
}

fn file_of(step: &CheckStep) -> Option<&'static str> {
    match step {
        CheckStep::File(name, ..) => Some(name),
        CheckStep::Settings => Some("environment_config.yaml"),
        _ => None,
    }
}

/// The JSON Schema of one of the format's files.
pub(crate) fn json_schema(format: &'static Format, file: &str) -> Option<Value> {
    let step = format.steps.iter().find(|step| file_of(step) == Some(file))?;
    let mut document = Map::new();
    document.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    let title = format!("{file} of a Fuel plugin, package version {}", format.version);
    document.insert("title".to_owned(), json!(title));
    let rules = match step {
        CheckStep::File(name, presence, schema) => file_rules(format, name, *presence, &schema(format)),
        _ => settings(format),
    };
    document.extend(rules);
    Some(Value::Object(document))
}

fn file_rules(format: &Format, file: &'static str, presence: Presence, schema: &Schema) -> Map<String, Value> {
    let walk = Walk {
        descriptions: Descriptions::of(file),
    };
    let mut rules = walk.rules(schema, "");
    let by_type: Vec<Value> = match file {
        "tasks.yaml"
            if format
                .steps
                .iter()
                .any(|step| matches!(step, CheckStep::TaskParameters)) =>
        {
            by_type(&rules, |kind| {
                let schema = tasks::parameters(format, kind)?;
                Some(json!({"properties": {"parameters": walk.rules(&schema, "[].parameters")}}))
            })
        }
        "deployment_tasks.yaml" => by_type(&rules, |kind| {
            let schema = deployment_tasks::of_type(format, kind)?;
            Some(Value::Object(walk.rules(&schema, "[]")))
        }),
        _ => Vec::new(),
    };
    if !by_type.is_empty()
        && let Some(items) = rules.get_mut("items").and_then(Value::as_object_mut)
    {
        items.insert("allOf".to_owned(), Value::Array(by_type));
    }
    if presence == Presence::MayBeEmpty
        && let Some(kind) = rules.get_mut("type")
    {
        *kind = json!([kind, "null"]);
    }
    rules
}

/// `if` a task is of a type, `then` it must be so; without what the rules of all tasks say already.
fn by_type(rules: &Map<String, Value>, then: impl Fn(&str) -> Option<Value>) -> Vec<Value> {
    let types = rules
        .get("items")
        .and_then(|items| items.pointer("/properties/type/enum"))
        .and_then(Value::as_array);
    types
        .into_iter()
        .flatten()
        .filter_map(|kind| {
            let mut then = then(kind.as_str()?)?;
            let properties = then.get_mut("properties").and_then(Value::as_object_mut);
            if let (Some(properties), Some(items)) = (properties, rules.get("items")) {
                properties.retain(|key, rule| {
                    key != "type" && items.get("properties").and_then(|of| of.get(key)) != Some(rule)
                });
            }
            let nothing = |value: &Value| {
                value
                    .as_object()
                    .is_some_and(|then| then.keys().all(|key| key == "type"))
            };
            (!nothing(&then))
                .then(|| json!({"if": {"required": ["type"], "properties": {"type": {"const": kind}}}, "then": then}))
        })
        .collect()
}

/// environment_config.yaml, which the check reads setting by setting.
fn settings(format: &Format) -> Map<String, Value> {
    let walk = Walk {
        descriptions: Descriptions::of("environment_config.yaml"),
    };
    let mut rules = walk.rules(&environment_config::root(format), "");
    // Without settings the file may be empty.
    rules.insert("type".to_owned(), json!(["object", "null"]));
    let attribute = walk.property(&environment_config::attribute(), "attributes.*");
    let section = walk.rules(&environment_config::section(), "attributes.metadata");
    if let Some(attributes) = rules
        .get_mut("properties")
        .and_then(|properties| properties.get_mut("attributes"))
        .and_then(Value::as_object_mut)
    {
        let metadata = attributes
            .entry("properties")
            .or_insert_with(|| json!({}))
            .as_object_mut()
            .map(|properties| properties.entry("metadata").or_insert_with(|| json!({})));
        if let Some(metadata) = metadata.and_then(Value::as_object_mut) {
            for (keyword, rule) in section {
                match (metadata.get_mut(&keyword).and_then(Value::as_object_mut), rule) {
                    (Some(known), Value::Object(more)) => known.extend(more),
                    (_, rule) => {
                        metadata.insert(keyword, rule);
                    }
                }
            }
        }
        attributes.insert("additionalProperties".to_owned(), attribute);
    }
    rules
}

struct Walk {
    descriptions: Descriptions,
}

impl Walk {
    /// A rule and what its value is for.
    fn property(&self, schema: &Schema, path: &str) -> Value {
        let mut rules = self.rules(schema, path);
        if let Some(text) = self.descriptions.get(path) {
            rules.insert("description".to_owned(), json!(text));
        }
        Value::Object(rules)
    }

    fn rules(&self, schema: &Schema, path: &str) -> Map<String, Value> {
        let mut rules = Map::new();
        let mut insert = |keyword: &str, value: Value| rules.insert(keyword.to_owned(), value);
        let below = |step: &str| {
            if path.is_empty() {
                step.to_owned()
            } else {
                format!("{path}.{step}")
            }
        };
        let kinds: Vec<&str> = schema.kinds.iter().map(|kind| kind.name()).collect();
        match kinds.as_slice() {
            [] => {}
            [kind] => {
                insert("type", json!(kind));
            }
            kinds => {
                insert("type", json!(kinds));
            }
        }
        if !schema.choices.is_empty() {
            insert("enum", json!(schema.choices));
        }
        if let Some(pattern) = &schema.pattern {
            insert("pattern", json!(pattern.text()));
        }
        if schema.role {
            insert(
                "anyOf",
                json!([{"pattern": role::NAME}, {"pattern": r"^/$|^/[\s\S]*/$"}]),
            );
        }
        if let Some(minimum) = schema.minimum {
            insert("minimum", json!(minimum));
        }
        if schema.minimum_length > 0 {
            insert("minLength", json!(schema.minimum_length));
        }
        if schema.minimum_items > 0 {
            insert("minItems", json!(schema.minimum_items));
        }
        if schema.unique_items {
            insert("uniqueItems", json!(true));
        }
        if let Some(items) = &schema.items {
            insert("items", self.property(items, &below("[]")));
        }
        if let Some(count) = schema.keys_exactly {
            insert("minProperties", json!(count));
            insert("maxProperties", json!(count));
        }
        if !schema.required.is_empty() {
            insert("required", json!(schema.required));
        }
        if !schema.properties.is_empty() {
            let properties: Map<String, Value> = schema
                .properties
                .iter()
                .map(|(key, inner)| ((*key).to_owned(), self.property(inner, &below(key))))
                .collect();
            insert("properties", Value::Object(properties));
        }
        if let Some((pattern, inner)) = &schema.keys {
            let mut keys = Map::new();
            keys.insert(pattern.text().to_owned(), self.property(inner, &below("*")));
            insert("patternProperties", Value::Object(keys));
        }
        if schema.closed {
            insert("additionalProperties", json!(false));
        }
        if !schema.any_of.is_empty() {
            let branches: Vec<Value> = schema
                .any_of
                .iter()
                .map(|branch| Value::Object(self.rules(branch, path)))
                .collect();
            insert("anyOf", Value::Array(branches));
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{json_schema, schema_files};
    use crate::check::descriptions::described;
    use crate::check::format::Format;
    use serde_json::Value;

    fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        let below = |step: &str| {
            if path.is_empty() {
                step.to_owned()
            } else {
                format!("{path}.{step}")
            }
        };
        let Some(rules) = value.as_object() else { return };
        found.insert(path.to_owned());
        for (key, rule) in rules.get("properties").and_then(Value::as_object).into_iter().flatten() {
            paths(rule, &below(key), found);
        }
        for (_, rule) in rules
            .get("patternProperties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            paths(rule, &below("*"), found);
        }
        if let Some(rule) = rules.get("additionalProperties") {
            paths(rule, &below("*"), found);
        }
        if let Some(rule) = rules.get("items") {
            paths(rule, &below("[]"), found);
        }
        for keyword in ["anyOf", "allOf"] {
            for rule in rules.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                paths(rule.get("then").unwrap_or(rule), path, found);
            }
        }
    }

    #[test]
    fn every_key_that_is_described_is_one_of_some_format() {
        let mut found = BTreeSet::new();
        for format in Format::versions().filter_map(Format::find) {
            for file in schema_files(format) {
                let mut of_file = BTreeSet::new();
                paths(&json_schema(format, file).unwrap(), "", &mut of_file);
                found.extend(of_file.into_iter().map(|path| (file.to_owned(), path)));
            }
        }
        for (file, path) in described() {
            // The check has one rule for both; so have the schemas.
            assert!(found.contains(&(file.clone(), path.clone())), "{file}: {path}");
        }
    }
}
