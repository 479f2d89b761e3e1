//! Turning a node's deployment info into text that is equal from run to run: no secrets, no addresses, no dates.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use regex::Regex;
use serde_json::Value;

/// What keys are called whose values nobody shall read.
const SECRET_KEY: &str =
    r"(?i)password|passwd|secret|(^|_)(token|fsid|cookie)$|(^|_)key$|_key_|^(db_passwd|auth_key|metadata_proxy_shared)";

/// Whether nobody shall read the value of that key.
pub(crate) fn is_secret(key: &str) -> bool {
    constant(SECRET_KEY).is_match(key)
}

/// A network of the emulated master. Addresses in it are shown as `<name>.<host number>`, wherever the rig placed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `admin`, `management`, `public`, `storage`.
    pub name: String,
    /// First address.
    pub base: Ipv4Addr,
    /// Prefix length in bits.
    pub prefix: u8,
}

impl Network {
    fn host(&self, address: Ipv4Addr) -> Option<u32> {
        let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
        let (base, address) = (u32::from(self.base), u32::from(address));
        (base & mask == address & mask).then_some(address & !mask)
    }
}

/// The snapshot text of one node: its merged attributes and the tasks that do something on it, as YAML with sorted keys.
pub fn document(attributes: &Value, tasks: &[Value], networks: &[Network]) -> String {
    let redactor = Redactor::new(networks);
    let tasks: Vec<BTreeMap<&str, &Value>> = tasks
        .iter()
        .filter(|task| !task["type"].as_str().is_some_and(crate::verdict::does_nothing))
        .map(|task| BTreeMap::from([("id", name_of(task)), ("type", &task["type"])]))
        .collect();
    let mut sections: BTreeMap<&str, Value> = BTreeMap::new();
    sections.insert("attributes", redactor.value("", attributes));
    sections.insert("tasks", serde_json::to_value(tasks).unwrap_or_default());
    serde_yaml::to_string(&sections).unwrap_or_default()
}

/// What a task is called: hooks of plugins have no id, and say whose they are.
fn name_of(task: &Value) -> &Value {
    match &task["id"] {
        Value::Null => &task["diagnostic_name"],
        id => id,
    }
}

struct Redactor<'a> {
    networks: &'a [Network],
    secret_key: Regex,
    address: Regex,
    mac: Regex,
    uuid: Regex,
}

impl<'a> Redactor<'a> {
    fn new(networks: &'a [Network]) -> Self {
        Self {
            networks,
            secret_key: constant(SECRET_KEY),
            address: constant(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b"),
            // udev's rules hang the interface's name on with a `_`.
            mac: constant(r"(?i)\b[0-9a-f]{2}(:[0-9a-f]{2}){5}(\b|_)"),
            uuid: constant(r"(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
        }
    }

    fn value(&self, key: &str, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                // Sorted, so that the order in which attributes were merged does not show.
                let sorted: BTreeMap<&String, &Value> = map.iter().collect();
                sorted
                    .into_iter()
                    .map(|(key, value)| (key.clone(), self.value(key, value)))
                    .collect()
            }
            Value::Array(items) => items.iter().map(|item| self.value(key, item)).collect(),
            Value::String(text) if !text.is_empty() && self.secret_key.is_match(key) => {
                Value::String("[secret]".to_owned())
            }
            Value::String(text) => Value::String(self.text(text)),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let text = self.uuid.replace_all(text, "[uuid]");
        let text = self.mac.replace_all(&text, "[mac]$2");
        self.address
            .replace_all(&text, |found: &regex::Captures<'_>| {
                match found[0].parse::<Ipv4Addr>() {
                    Ok(address) => self.name(address),
                    Err(_) => found[0].to_owned(),
                }
            })
            .into_owned()
    }

    fn name(&self, address: Ipv4Addr) -> String {
        if address.is_loopback() || address.is_unspecified() || u32::from(address).leading_ones() >= 8 {
            return address.to_string();
        }
        self.networks
            .iter()
            .find_map(|network| network.host(address).map(|host| format!("{}.{host}", network.name)))
            .unwrap_or_else(|| "[address]".to_owned())
    }
}

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants of this file and tested")]
    Regex::new(pattern).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn networks() -> Vec<Network> {
        vec![Network {
            name: "admin".into(),
            base: Ipv4Addr::new(10, 20, 3, 0),
            prefix: 24,
        }]
    }

    #[test]
    fn secrets_addresses_and_ids_do_not_show() {
        let attributes = json!({
            "mysql": {"root_password": "hunter2", "enabled": true},
            "auth_key": "abc",
            "access": {"user": "admin"},
            "url": "http://10.20.3.2:8080/plugins, 8.8.8.8 and 127.0.0.1",
            "mask": "255.255.255.0",
            "mac": "02:42:0a:14:00:03",
            "udevrules": "02:42:0a:14:00:03_eth0,06:42:0a:14:00:03_eth1",
            "uuid": "fcbf2c2e-4df5-4d72-a4ae-7d8ee6d9a9f1"
        });
        let text = document(&attributes, &[], &networks());
        for secret in ["hunter2", "abc", "10.20.3.2", "8.8.8.8", "02:42", "06:42", "fcbf2c2e"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for kept in [
            "http://admin.2:8080/plugins, [address] and 127.0.0.1",
            "user: admin",
            "[mac]_eth0,[mac]_eth1",
            "255.255.255.0",
            "enabled: true",
        ] {
            assert!(text.contains(kept), "{kept} not in {text}");
        }
    }

    #[test]
    fn only_tasks_that_do_something_are_listed() {
        let tasks = [
            json!({"id": "a", "type": "skipped"}),
            json!({"id": "b", "type": "puppet", "parameters": {}}),
        ];
        let text = document(&json!({}), &tasks, &[]);
        assert!(text.contains("id: b") && !text.contains("id: a"), "{text}");
    }

    #[test]
    fn the_order_of_keys_does_not_show() {
        let one: Value = serde_json::from_str(r#"{"b": 1, "a": {"d": 1, "c": 2}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"a": {"c": 2, "d": 1}, "b": 1}"#).unwrap();
        assert_eq!(document(&one, &[], &[]), document(&two, &[], &[]));
    }
}
