//! A task of a deployment graph as the serialiser sees it.

use serde_json::{Map, Value, json};

/// Where a task comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Release,
    /// The plugin's name and directory.
    Plugin(String),
    Cluster,
}

/// A task and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct GraphTask {
    pub(crate) origin: Origin,
    /// As its YAML has it.
    pub(crate) fields: Map<String, Value>,
}

/// Both spellings of the fields that have two; the first is the one that tasks are written with.
const SPELLINGS: &[(&str, &str)] = &[
    ("id", "task_name"),
    ("role", "roles"),
    ("cross-depends", "cross_depends"),
    ("cross-depended-by", "cross_depended_by"),
];

/// A dependency on tasks of other nodes.
#[derive(Debug, Clone)]
pub(crate) struct CrossDependency {
    pub(crate) name: String,
    /// `None`: any role.
    pub(crate) role: Option<Value>,
    pub(crate) any: bool,
}

impl GraphTask {
    /// The task's id.
    pub(crate) fn id(&self) -> &str {
        self.text("id").or(self.text("task_name")).unwrap_or_default()
    }

    /// The task's type.
    pub(crate) fn kind(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str)
    }

    /// A field in either spelling.
    pub(crate) fn field(&self, name: &str) -> &Value {
        let other = SPELLINGS
            .iter()
            .find(|(first, _)| *first == name)
            .map(|(_, second)| *second);
        self.fields
            .get(name)
            .or_else(|| self.fields.get(other?))
            .unwrap_or(&Value::Null)
    }

    /// What says on which nodes it runs: `role`, `groups` or `tags`, in that order.
    pub(crate) fn selector(&self) -> &Value {
        ["role", "groups", "tags"]
            .into_iter()
            .map(|name| self.field(name))
            .find(|value| !value.is_null())
            .unwrap_or(&Value::Null)
    }

    /// A list of names.
    pub(crate) fn names(&self, field: &str) -> Vec<String> {
        strings(self.field(field))
    }

    /// `cross-depends` or `cross-depended-by`.
    pub(crate) fn cross(&self, field: &str) -> Vec<CrossDependency> {
        self.field(field)
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|dependency| {
                Some(CrossDependency {
                    name: dependency["name"].as_str()?.to_owned(),
                    role: dependency.get("role").filter(|role| !role.is_null()).cloned(),
                    any: dependency["policy"] == "any",
                })
            })
            .collect()
    }

    /// Whether it can stand in a graph across nodes: version 2.0.0 or later. Groups, stages and skipped ones always can.
    pub(crate) fn supports_cross_dependencies(&self) -> bool {
        let major = self
            .text("version")
            .and_then(|version| version.split('.').next()?.parse::<u32>().ok())
            .unwrap_or(1);
        major >= 2 || matches!(self.kind(), "group" | "stage" | "skipped")
    }

    /// Parameters, with `timeout` and `strategy` of the core graph's short form among them.
    pub(crate) fn parameters(&self) -> Map<String, Value> {
        let mut parameters = self
            .fields
            .get("parameters")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        if self.origin == Origin::Release {
            for key in ["timeout", "strategy"] {
                if let Some(value) = self.fields.get(key) {
                    parameters.insert(key.to_owned(), value.clone());
                }
            }
        }
        parameters
    }

    /// Whether YAQL computes any of its fields.
    pub(crate) fn is_computed(&self) -> bool {
        self.fields.values().any(holds_yaql)
    }
}

fn holds_yaql(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key("yaql_exp") || members.values().any(holds_yaql),
        Value::Array(items) => items.iter().any(holds_yaql),
        _ => false,
    }
}

/// A string or a list of strings as a list.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A task as the API shows it: fields with two spellings in both, empty fields left out, `['*']` as `'*'`.
pub(crate) fn api_shape(task: &GraphTask) -> Value {
    let mut shown = task.fields.clone();
    if task.origin == Origin::Release {
        for key in ["timeout", "strategy"] {
            shown.shift_remove(key);
        }
        shown.insert("parameters".to_owned(), Value::Object(task.parameters()));
    }
    for (first, second) in SPELLINGS {
        let mut value = task.field(first).clone();
        if value == json!(["*"]) {
            value = json!("*");
        }
        for spelling in [first, second] {
            shown.insert((*spelling).to_owned(), value.clone());
        }
    }
    shown.entry("version").or_insert_with(|| json!("1.0.0"));
    shown.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
    Value::Object(shown)
}
