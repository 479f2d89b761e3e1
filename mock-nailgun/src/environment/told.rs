//! What the nodes of an environment are told, with what is common to all kept once.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::pieces::{Pieces, shared_json};
use crate::settings;
use plugin_builder::yaml::to_text;

/// Deployment info of all nodes and of the master.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeploymentInfo {
    common: Map<String, Value>,
    nodes: Vec<NodeInfo>,
    /// For each member of `common` its YAML, escaped as inside a JSON string; made when it is first needed.
    #[serde(skip)]
    escaped_yaml: OnceCell<BTreeMap<String, Bytes>>,
}

/// What one node is told besides.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NodeInfo {
    pub(crate) uid: String,
    /// Members that stand in place of the common ones of the same name.
    own: Map<String, Value>,
    /// Whether `own` is all: a user gave it in place of ours.
    stands_alone: bool,
}

/// What one node is told, without a copy of what is common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    infos: &'a DeploymentInfo,
    node: &'a NodeInfo,
}

impl<'a> Told<'a> {
    /// One member.
    pub(crate) fn member(&self, key: &str) -> Option<&'a Value> {
        let common = || self.infos.common.get(key).filter(|_| !self.node.stands_alone);
        self.node.own.get(key).or_else(common)
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Value {
        self.infos.whole(self.node)
    }
}

impl DeploymentInfo {
    /// With what is common to all.
    pub(crate) fn new(common: Map<String, Value>) -> Self {
        Self {
            common,
            nodes: Vec::new(),
            escaped_yaml: OnceCell::new(),
        }
    }

    /// Adds a node whose own members are merged into the common ones.
    pub(crate) fn add(&mut self, uid: String, own: Map<String, Value>) {
        let own = own
            .into_iter()
            .map(|(key, value)| match self.common.get(&key) {
                Some(common @ Value::Object(_)) if value.is_object() => {
                    let mut merged = common.clone();
                    settings::merge(&mut merged, &value);
                    (key, merged)
                }
                _ => (key, value),
            })
            .collect();
        self.nodes.push(NodeInfo {
            uid,
            own,
            stands_alone: false,
        });
    }

    /// Uid and role of every element, where there is one for each node and role.
    pub(crate) fn elements(&self) -> Vec<(String, String)> {
        let role = |node: &NodeInfo| node.own.get("role").and_then(Value::as_str).map(str::to_owned);
        let elements = self.nodes.iter();
        elements
            .filter_map(|node| Some((node.uid.clone(), role(node)?)))
            .collect()
    }

    /// Gives the element of a node and role a member of its own, unless a user gave all that it is told.
    pub(crate) fn set(&mut self, uid: &str, role: &str, key: &str, value: Value) {
        let element = self
            .nodes
            .iter_mut()
            .find(|node| node.uid == uid && !node.stands_alone && node.own.get("role").is_some_and(|own| own == role));
        if let Some(node) = element {
            node.own.insert(key.to_owned(), value);
        }
    }

    /// Puts a user's own info, with its `uid`, in place of ours.
    pub(crate) fn replace(&mut self, info: &Value) {
        let Some(members) = info.as_object() else { return };
        let is_it = |node: &&mut NodeInfo| {
            let same_role = info.get("role").is_none_or(|role| node.own.get("role") == Some(role));
            info["uid"] == node.uid.as_str() && same_role
        };
        for node in self.nodes.iter_mut().filter(is_it) {
            node.own = members.clone();
            node.stands_alone = true;
        }
    }

    /// All of it as JSON to be kept: what is common stands once.
    pub(crate) fn kept(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn node(&self, uid: &str) -> Option<&NodeInfo> {
        self.nodes.iter().find(|node| node.uid == uid)
    }

    /// What one node is told.
    pub(crate) fn told(&self, uid: &str) -> Option<Told<'_>> {
        let node = self.node(uid)?;
        Some(Told { infos: self, node })
    }

    /// What is common to all.
    pub(crate) fn common(&self) -> Value {
        Value::Object(self.common.clone())
    }

    fn whole(&self, node: &NodeInfo) -> Value {
        if node.stands_alone {
            return Value::Object(node.own.clone());
        }
        let mut members = self.common.clone();
        members.extend(node.own.clone());
        Value::Object(members)
    }

    /// One object for each node, in a list, as JSON.
    pub(crate) fn json_list(&self) -> Pieces {
        let mut text = Pieces::default();
        text.push("[");
        self.each_as_json(&mut text, |text, index, _| {
            if index > 0 {
                text.push(",");
            }
        });
        text.push("]");
        text
    }

    /// One object for each node, by uid, as JSON.
    pub(crate) fn json_by_uid(&self) -> Pieces {
        let mut text = Pieces::default();
        text.push("{");
        self.each_as_json(&mut text, |text, index, node| {
            if index > 0 {
                text.push(",");
            }
            text.push_json_string(&node.uid);
            text.push(":");
        });
        text.push("}");
        text
    }

    fn each_as_json(&self, text: &mut Pieces, mut begin: impl FnMut(&mut Pieces, usize, &NodeInfo)) {
        let own_keys: BTreeSet<&str> = self
            .nodes
            .iter()
            .filter(|node| !node.stands_alone)
            .flat_map(|node| node.own.keys().map(String::as_str))
            .collect();
        let member = |key: &str, value: &Value| Bytes::from(format!(",{}:{value}", Value::from(key)));
        // What nobody has of its own is one part, and so is each member that only some have of their own.
        let mut always = String::new();
        let mut sometimes: Vec<(&str, Bytes)> = Vec::new();
        for (key, value) in &self.common {
            if own_keys.contains(key.as_str()) {
                sometimes.push((key, member(key, value)));
            } else {
                always.push_str(&format!(",{}:{value}", Value::from(key.as_str())));
            }
        }
        let always = Bytes::from(always);
        for (index, node) in self.nodes.iter().enumerate() {
            begin(text, index, node);
            if node.stands_alone {
                text.push_shared(&shared_json(&Value::Object(node.own.clone())));
                continue;
            }
            text.push("{\"uid\":");
            text.push_json_string(&node.uid);
            for (key, value) in node.own.iter().filter(|(key, _)| *key != "uid") {
                text.push(",");
                text.push_json_string(key);
                text.push(":");
                text.push_json(value);
            }
            for (_, part) in sometimes.iter().filter(|(key, _)| !node.own.contains_key(*key)) {
                text.push_shared(part);
            }
            text.push_shared(&always);
            text.push("}");
        }
    }

    /// What a node is told as YAML, in the middle of a JSON string: without the quotes around it. The same text as
    /// that of the whole at once, since its members are sorted by name and stand one after another.
    pub(crate) fn escaped_yaml(&self, uid: &str) -> Option<Pieces> {
        let node = self.node(uid)?;
        let common = self.escaped_yaml.get_or_init(|| {
            self.common
                .iter()
                .map(|(key, value)| (key.clone(), Bytes::from(escaped_member(key, value))))
                .collect()
        });
        let mut keys: BTreeSet<&str> = node.own.keys().map(String::as_str).collect();
        if !node.stands_alone {
            keys.extend(common.keys().map(String::as_str));
        }
        let mut text = Pieces::default();
        for key in keys {
            match (node.own.get(key), common.get(key)) {
                (Some(value), _) => text.push(&escaped_member(key, value)),
                (None, Some(part)) => text.push_shared(part),
                (None, None) => {}
            }
        }
        Some(text)
    }

    /// The same infos with what all have in common in a first one, `uid: common`.
    pub(crate) fn split(&self) -> Vec<Value> {
        let mut infos: Vec<Value> = self.nodes.iter().map(|node| self.whole(node)).collect();
        let mut common: Map<String, Value> = infos.first().and_then(Value::as_object).cloned().unwrap_or_default();
        common.retain(|key, value| infos.iter().all(|info| info.get(key) == Some(value)));
        for members in infos.iter_mut().filter_map(Value::as_object_mut) {
            members.retain(|key, _| !common.contains_key(key));
        }
        common.insert("uid".to_owned(), json!("common"));
        infos.insert(0, Value::Object(common));
        infos
    }
}

fn escaped_member(key: &str, value: &Value) -> String {
    let yaml = to_text(&json!({key: value}));
    let quoted = Value::from(yaml).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> DeploymentInfo {
        let common = json!({
            "nodes": ["a", "b"], "glance": {"x": 1, "y": {"z": "on"}}, "uid": "none", "zone": "\"quoted\"\nline",
        });
        let mut told = DeploymentInfo::new(common.as_object().cloned().unwrap());
        let own = |value: Value| value.as_object().cloned().unwrap();
        told.add("1".to_owned(), own(json!({"uid": "1", "glance": {"y": {"w": 2}}})));
        told.add("2".to_owned(), own(json!({"uid": "2", "fqdn": "node-2"})));
        told.add("3".to_owned(), own(json!({"uid": "3"})));
        told.replace(&json!({"uid": "3", "only": "this"}));
        told
    }

    fn expected() -> Vec<Value> {
        let zone = "\"quoted\"\nline";
        vec![
            json!({"uid": "1", "nodes": ["a", "b"], "glance": {"x": 1, "y": {"z": "on", "w": 2}}, "zone": zone}),
            json!({"uid": "2", "nodes": ["a", "b"], "glance": {"x": 1, "y": {"z": "on"}}, "zone": zone, "fqdn": "node-2"}),
            json!({"uid": "3", "only": "this"}),
        ]
    }

    #[test]
    fn what_is_common_and_what_is_own_make_one_object_for_each_node() {
        let told = told();
        for (uid, wanted) in ["1", "2", "3"].into_iter().zip(expected()) {
            assert_eq!(told.told(uid).unwrap().whole(), wanted);
        }
        let list: Value = serde_json::from_str(&told.json_list().into_text()).unwrap();
        assert_eq!(list, Value::from(expected()));
        let by_uid: Value = serde_json::from_str(&told.json_by_uid().into_text()).unwrap();
        assert_eq!(by_uid["2"], expected()[1]);
    }

    #[test]
    fn yaml_in_parts_is_the_yaml_of_the_whole() {
        let told = told();
        for (uid, wanted) in ["1", "2", "3"].into_iter().zip(expected()) {
            let escaped = told.escaped_yaml(uid).unwrap().into_text();
            let text: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
            assert_eq!(text, to_text(&wanted));
        }
    }

    #[test]
    fn a_split_list_says_once_what_all_have() {
        let mut told = told();
        told.nodes.truncate(2);
        let split = told.split();
        assert_eq!(
            split[0],
            json!({"uid": "common", "nodes": ["a", "b"], "zone": "\"quoted\"\nline"})
        );
        assert_eq!(
            split[2],
            json!({"uid": "2", "glance": {"x": 1, "y": {"z": "on"}}, "fqdn": "node-2"})
        );
    }
}
