//! Recorded against made: equal but for what differs from one run to the next.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::Value;

/// Keys whose numbers are given out: they must correspond one to one within a body.
const IDS: &[&str] = &[
    "id",
    "cluster",
    "group_id",
    "node_id",
    "task_id",
    "parent_id",
    "release_id",
    "plugin_id",
    "chosen_id",
    "node_plugin_id",
    "nic_plugin_id",
    "bond_plugin_id",
    "model_id",
];

/// Keys whose texts are moments or are drawn anew each time.
const MOMENTS: &[&str] = &["time", "date", "time_start", "time_end", "expires", "issued_at", "uuid"];

/// Where, without the places in lists, the releases that ship with the mock leave out texts for people: the core's roles,
/// settings and attributes of nodes and interfaces. A text that is there must be the recorded one.
const LEFT_OUT: &[&str] = &[
    "/meta/description",
    "/meta/restrictions/message",
    "/meta/limits/overrides/message",
    "/murano_settings/metadata/restrictions/message",
    "/external_mongo/metadata/restrictions/message",
    "/attributes/sriov/physnet/restrictions/message",
    "/attributes/sriov/enabled/description",
    "/attributes/dpdk/enabled/description",
    "/hugepages/nova/description",
    "/hugepages/dpdk/description",
    "/cpu_pinning/nova/description",
    "/cpu_pinning/dpdk/description",
];

/// Texts for people, which do not order a list: they may be left out.
const TEXTS: &[&str] = &["label", "description", "message", "warning", "name", "title", "error"];

/// A comparison of two bodies.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// What differs: a JSON pointer and what is there.
    pub(crate) differences: Vec<(String, String)>,
    /// Recorded texts for people that the mock leaves out.
    pub(crate) texts_left_out: usize,
    ids: BTreeMap<(String, i64), i64>,
    ids_back: BTreeMap<(String, i64), i64>,
    addresses: BTreeMap<Ipv4Addr, Ipv4Addr>,
    addresses_back: BTreeMap<Ipv4Addr, Ipv4Addr>,
}

impl Comparison {
    /// Compares two bodies.
    pub(crate) fn of(wanted: &Value, found: &Value) -> Self {
        let mut comparison = Self::default();
        comparison.compare("", wanted, found);
        comparison
    }

    fn differ(&mut self, pointer: &str, text: String) {
        self.differences.push((pointer.to_owned(), text));
    }

    fn compare(&mut self, pointer: &str, wanted: &Value, found: &Value) {
        let key = pointer
            .rsplit('/')
            .find(|part| part.parse::<usize>().is_err())
            .unwrap_or_default();
        match (wanted, found) {
            (Value::Object(wanted), Value::Object(found)) => {
                for (name, value) in wanted {
                    let below = format!("{pointer}/{name}");
                    match found.get(name) {
                        Some(other) => self.compare(&below, value, other),
                        None if value.as_str().is_some_and(|text| is_of_the_core(&below, text)) => {
                            self.texts_left_out += 1
                        }
                        None => self.differ(&below, format!("{} recorded, nothing made", short(value))),
                    }
                }
                for (name, value) in found.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
                    self.differ(
                        &format!("{pointer}/{name}"),
                        format!("{} made, nothing recorded", short(value)),
                    );
                }
            }
            (Value::Array(wanted), Value::Array(found)) => {
                if wanted.len() != found.len() {
                    self.differ(
                        pointer,
                        format!("{} items recorded, {} made", wanted.len(), found.len()),
                    );
                }
                let (wanted, found) = (sorted(wanted), sorted(found));
                for (index, (wanted, found)) in wanted.iter().zip(&found).enumerate() {
                    self.compare(&format!("{pointer}/{index}"), wanted, found);
                }
            }
            (Value::Number(left), Value::Number(right)) if IDS.contains(&key) => {
                let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) else {
                    return;
                };
                // The ids of networks are not those of interfaces: what they are of stands in the path.
                let of: Vec<&str> = pointer
                    .split('/')
                    .filter(|part| part.parse::<usize>().is_err())
                    .collect();
                let of = of[of.len().saturating_sub(2)..].join("/");
                let known = *self.ids.entry((of.clone(), left)).or_insert(right);
                let back = *self.ids_back.entry((of, right)).or_insert(left);
                if known != right || back != left {
                    self.differ(
                        pointer,
                        format!("id {left} recorded, {right} made, elsewhere {known} for {back}"),
                    );
                }
            }
            (Value::String(_), Value::String(_)) if MOMENTS.contains(&key) => {}
            (Value::String(left), Value::String(right)) => self.compare_texts(pointer, left, right),
            (wanted, found) if wanted == found => {}
            (wanted, found) => self.differ(pointer, format!("{} recorded, {} made", short(wanted), short(found))),
        }
    }

    /// Addresses are given out: which one depends on what was deployed before, but not whose it is nor its network.
    fn compare_addresses(&mut self, pointer: &str, left: (Ipv4Addr, &str), right: (Ipv4Addr, &str)) {
        let known = *self.addresses.entry(left.0).or_insert(right.0);
        let back = *self.addresses_back.entry(right.0).or_insert(left.0);
        let same_network = left.0.octets()[..3] == right.0.octets()[..3] && left.1 == right.1;
        if known != right.0 || back != left.0 || !same_network {
            self.differ(
                pointer,
                format!("{} recorded, {} made, elsewhere {known} for {back}", left.0, right.0),
            );
        }
    }

    fn compare_texts(&mut self, pointer: &str, left: &str, right: &str) {
        // A plugin inside the refusal of a second registration.
        if let (Ok(left @ Value::Object(_)), Ok(right @ Value::Object(_))) =
            (serde_json::from_str(left), serde_json::from_str(right))
        {
            return self.compare(pointer, &left, &right);
        }
        if is_secret(pointer, left) && is_secret(pointer, right) && left.len() == right.len() {
            return;
        }
        if let (Some(left), Some(right)) = (address(left), address(right)) {
            return self.compare_addresses(pointer, left, right);
        }
        let (left, right) = (plain(left), plain(right));
        if left != right {
            self.differ(pointer, format!("`{}` recorded, `{}` made", cut(&left), cut(&right)));
        }
    }
}

/// Address and length of its network, if there is one.
fn address(text: &str) -> Option<(Ipv4Addr, &str)> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    Some((address.parse().ok()?, length))
}

/// The list in an order that does not depend on ids, moments and passwords.
fn sorted(items: &[Value]) -> Vec<Value> {
    let mut items = items.to_vec();
    items.sort_by_cached_key(|item| masked("", item).to_string());
    items
}

/// A value with sorted keys, without what differs from run to run. The text left out does not order either.
fn masked(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, Value> = members
                .iter()
                .filter(|(name, value)| !(TEXTS.contains(&name.as_str()) && value.is_string()) || *name == "name")
                .map(|(name, value)| match name.as_str() {
                    // A setting's value is as secret as the setting.
                    "value" => (name, masked(&format!("{key}/value"), value)),
                    _ => (name, masked(name, value)),
                })
                .collect();
            // What names an item comes first, so that a difference elsewhere does not tear pairs apart.
            let mut ordered = serde_json::Map::new();
            for name in ["uid", "mac", "name", "task_name", "vip_name", "os", "data", "version"] {
                if let Some(value) = sorted.get(&name.to_owned()) {
                    ordered.insert(name.to_owned(), value.clone());
                }
            }
            for (name, value) in sorted {
                ordered.entry(name.clone()).or_insert(value);
            }
            Value::Object(ordered)
        }
        Value::Array(items) => {
            let mut masked: Vec<Value> = items.iter().map(|item| masked(key, item)).collect();
            masked.sort_by_key(Value::to_string);
            Value::Array(masked)
        }
        Value::Number(_) if IDS.contains(&key) => Value::Null,
        Value::String(_) if MOMENTS.contains(&key) => Value::Null,
        Value::String(text) if is_secret(key, text) || address(text).is_some() => Value::Null,
        Value::String(text) => Value::String(plain(text)),
        other => other.clone(),
    }
}

/// How texts of the core's components begin: most are the names that they have in the web UI.
const CORE_TEXTS: &[&str] = &[
    "dialog.create_cluster_wizard.",
    "Ceph not compatible with LVM",
    "LVM not compatible with Ceph",
];

/// Whether a text may be missing at a pointer, because it is the core's.
fn is_of_the_core(pointer: &str, text: &str) -> bool {
    let parts = pointer.split('/').filter(|part| part.parse::<usize>().is_err());
    CORE_TEXTS.iter().any(|start| text.starts_with(start))
        || LEFT_OUT.contains(&parts.collect::<Vec<_>>().join("/").as_str())
}

/// A drawn password or key: letters and digits whose own name, the last of the pointer, says so.
fn is_secret(pointer: &str, text: &str) -> bool {
    // A setting's name stands before its value.
    let setting = pointer.strip_suffix("/value").unwrap_or(pointer);
    let name = setting.rsplit('/').next().unwrap_or_default();
    let names_one = [
        "password",
        "passwd",
        "secret",
        "key",
        "hash_seed",
        "token",
        "salt",
        "fsid",
    ]
    .iter()
    .any(|word| name.contains(word))
        || pointer == "/access/token/id";
    names_one
        && text.len() >= 8
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "=+/-".contains(character))
        && text
            .chars()
            .any(|character| character.is_ascii_digit() || character.is_ascii_uppercase())
}

/// A message without what depends on Nailgun's source: tracebacks, addresses of objects, and the schema below the
/// first line of python-jsonschema's.
fn plain(text: &str) -> String {
    let text = text.trim_start_matches("<python traceback, DEVELOPMENT mode only> ");
    let text = text.split("\n\nFailed validating").next().unwrap_or_default();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(" object at 0x") {
        plain.push_str(before);
        plain.push_str(" object");
        rest = after.trim_start_matches(|character: char| character.is_ascii_hexdigit());
    }
    plain.push_str(rest);
    plain
}

fn short(value: &Value) -> String {
    cut(&value.to_string())
}

fn cut(text: &str) -> String {
    if text.chars().count() > 160 {
        format!("{}…", text.chars().take(160).collect::<String>())
    } else {
        text.to_owned()
    }
}

#[test]
fn a_missing_text_of_a_plugin_a_task_or_a_refusal_is_a_difference_and_so_is_another_task() {
    use serde_json::json;
    for (wanted, made) in [
        (json!([{"name": "a", "title": "A"}]), json!([{"name": "a"}])),
        (json!({"id": 1, "message": "Done"}), json!({"id": 1})),
        (json!({"message": "No", "errors": []}), json!({"errors": []})),
        (
            json!({"keys": [{"id": "upload-1"}]}),
            json!({"keys": [{"id": "upload-2"}]}),
        ),
    ] {
        assert_eq!(Comparison::of(&wanted, &made).differences.len(), 1, "{wanted} {made}");
    }
    let password = |value: &str| json!({"password": {"value": value}});
    let drawn = Comparison::of(&password("aB3dE6gH"), &password("zY1xW2vU"));
    assert!(drawn.differences.is_empty());
}
