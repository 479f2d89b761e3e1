//! Values that are made: `{generator: password, generator_arg: 24}`.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::config::Config;
use crate::environment::clock;

/// The longest text that is made, in characters: no secret is longer, and a slip of a few zeros must not take all memory.
const LONGEST: u64 = 65_536;

/// Makes values for the settings of a master.
#[derive(Debug, Clone)]
pub(crate) struct Generators {
    /// Nailgun's settings, as `{settings.X}` names them.
    settings: Map<String, Value>,
    master_ip: String,
}

impl Generators {
    /// For a master with that configuration.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            settings: settings(config),
            master_ip: config.master_ip.to_string(),
        }
    }

    /// What `{settings.X}` leads into.
    pub(crate) fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }

    /// Replaces every generator in `value` by a value that it makes. What asks for too much stays as it is;
    /// [`check_generators`] tells it where it comes in.
    pub(crate) fn fill(&self, value: &mut Value) {
        let made = value.as_object().and_then(|members| {
            let generator = members.get("generator")?.as_str()?;
            self.make(generator, members.get("generator_arg").unwrap_or(&Value::Null))
        });
        match (made, value) {
            (Some(made), value) => *value = made,
            (None, Value::Object(members)) => members.values_mut().for_each(|member| self.fill(member)),
            (None, Value::Array(items)) => items.iter_mut().for_each(|item| self.fill(item)),
            (None, _) => {}
        }
    }

    /// A value of a generator, `None` for one that there is not.
    fn make(&self, generator: &str, argument: &Value) -> Option<Value> {
        if asks_for_too_much(generator, argument) {
            return None;
        }
        let number = number(argument).and_then(|number| usize::try_from(number).ok());
        Some(match generator {
            "password" => Value::from(password(number.unwrap_or(24))),
            "hexstring" => Value::from(hex_string(number.unwrap_or(8))),
            "ip" => match argument.as_str() {
                Some("admin" | "master") => Value::from(self.master_ip.clone()),
                _ => Value::from("127.0.0.1"),
            },
            "identical" => argument.clone(),
            "from_settings" => self
                .settings
                .get(argument.as_str().unwrap_or_default())
                .cloned()
                .unwrap_or(Value::Null),
            "uuid4" => Value::from(Uuid::new_v4().to_string()),
            "cephx_key" => Value::from(cephx_key()),
            _ => return None,
        })
    }
}

fn number(argument: &Value) -> Option<u64> {
    argument.as_u64().or_else(|| argument.as_str()?.parse().ok())
}

fn asks_for_too_much(generator: &str, argument: &Value) -> bool {
    matches!(generator, "password" | "hexstring") && number(argument).is_some_and(|length| length > LONGEST)
}

/// Refuses generators that are asked for more than is ever made.
///
/// # Errors
/// Where in `value` the first one stands, what it asks for and how much there is.
pub(crate) fn check_generators(value: &Value) -> Result<(), String> {
    find_too_much(value, &mut Vec::new()).map_or(Ok(()), Err)
}

fn find_too_much(value: &Value, path: &mut Vec<String>) -> Option<String> {
    let mut below = |key: String, value: &Value| {
        path.push(key);
        let found = find_too_much(value, path);
        path.pop();
        found
    };
    match value {
        Value::Object(members) => {
            let argument = members.get("generator_arg").unwrap_or(&Value::Null);
            if let Some(Value::String(generator)) = members.get("generator")
                && asks_for_too_much(generator, argument)
            {
                return Some(format!(
                    "{}: the generator `{generator}` makes at most {LONGEST} characters; `generator_arg` is {argument}",
                    path.join(".")
                ));
            }
            members.iter().find_map(|(key, member)| below(key.clone(), member))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| below(index.to_string(), item)),
        _ => None,
    }
}

/// Nailgun's settings as `{settings.X}` and the `from_settings` generator see them.
fn settings(config: &Config) -> Map<String, Value> {
    let mut settings: Map<String, Value> = config
        .profile
        .settings
        .iter()
        .map(|(name, text)| {
            // Lists of servers are lists here, as the fields of type text_list hold them.
            let is_list = config.profile.server_lists && name.ends_with("_UPSTREAM");
            let value = if is_list {
                Value::from(text.split(", ").collect::<Vec<_>>())
            } else {
                Value::from(*text)
            };
            ((*name).to_owned(), value)
        })
        .collect();
    settings.insert("MASTER_IP".to_owned(), Value::from(config.master_ip.to_string()));
    settings
}

/// `length` letters and digits.
fn password(length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut password = String::with_capacity(length);
    while password.len() < length {
        // 248 is the largest multiple of 62 in a byte: above it, low letters would come more often.
        let usable = random_bytes(64).into_iter().filter(|byte| *byte < 248);
        password.extend(
            usable
                .take(length - password.len())
                .map(|byte| char::from(ALPHABET[usize::from(byte % 62)])),
        );
    }
    password
}

fn hex_string(length: usize) -> String {
    let mut text: String = random_bytes(length.div_ceil(2))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    text.truncate(length);
    text
}

/// A CephX key: type 1, the time, no nanoseconds, 16 bytes of key, in base 64.
fn cephx_key() -> String {
    let mut bytes = vec![1, 0];
    bytes.extend(u32::try_from(clock::unix_seconds()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend([0, 0, 0, 0, 16, 0]);
    bytes.extend(random_bytes(16));
    base64(&bytes)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let group =
                chunk.iter().fold(0u32, |group, byte| (group << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
            (0..4).map(move |index| {
                if index <= chunk.len() {
                    char::from(ALPHABET[((group >> (18 - 6 * index)) & 63) as usize])
                } else {
                    '='
                }
            })
        })
        .collect()
}

/// Random bytes from the system, by way of version 4 UUIDs, whose fixed bits are left out.
pub(crate) fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count + 14);
    while bytes.len() < count {
        let uuid = Uuid::new_v4();
        // Byte 6 holds the version, byte 8 the variant.
        bytes.extend(
            uuid.as_bytes()
                .iter()
                .enumerate()
                .filter(|(index, _)| !matches!(index, 6 | 8))
                .map(|(_, byte)| byte),
        );
    }
    bytes.truncate(count);
    bytes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::Profile;

    fn generators() -> Generators {
        Generators::new(&Config::new(Profile::named("9.2").unwrap(), "/nowhere"))
    }

    #[test]
    fn every_generator_makes_its_kind_of_value() {
        let mut value = json!({
            "password": {"generator": "password"},
            "short": {"generator": "password", "generator_arg": 12},
            "hex": {"generator": "hexstring", "generator_arg": "64"},
            "ip": {"generator": "ip", "generator_arg": "admin"},
            "same": {"generator": "identical", "generator_arg": "514"},
            "dns": [{"value": {"generator": "from_settings", "generator_arg": "DNS_UPSTREAM"}}],
            "key": {"generator": "cephx_key"},
            "unknown": {"generator": "nothing"},
        });
        generators().fill(&mut value);
        let password = value["password"].as_str().unwrap();
        assert_eq!(password.len(), 24);
        assert!(password.chars().all(|character| character.is_ascii_alphanumeric()));
        assert_eq!(value["short"].as_str().unwrap().len(), 12);
        assert_eq!(value["hex"].as_str().unwrap().len(), 64);
        assert_eq!(value["ip"], "10.20.0.2");
        assert_eq!(value["same"], "514");
        assert_eq!(value["dns"], json!([{"value": ["8.8.8.8", "8.8.4.4"]}]));
        assert_eq!(value["key"].as_str().unwrap().len(), 40);
        assert_eq!(value["unknown"], json!({"generator": "nothing"}));
    }

    #[test]
    fn what_asks_for_too_much_is_told_where_it_stands_and_never_made() {
        for (generator, argument) in [
            ("password", json!(1_000_000_000_000_u64)),
            ("hexstring", json!("18446744073709551615")),
            ("password", json!(65_537)),
        ] {
            let mut value = json!({"secret": {"value": [{"generator": generator, "generator_arg": argument}]}});
            assert_eq!(
                check_generators(&value).unwrap_err(),
                format!(
                    "secret.value.0: the generator `{generator}` makes at most 65536 characters; `generator_arg` is \
                     {argument}"
                )
            );
            let before = value.clone();
            generators().fill(&mut value);
            assert_eq!(value, before);
        }
        let mut longest = json!({"generator": "hexstring", "generator_arg": 65_536});
        check_generators(&longest).unwrap();
        generators().fill(&mut longest);
        assert_eq!(longest.as_str().unwrap().len(), 65_536);
    }

    proptest::proptest! {
        #[test]
        fn what_was_made_once_stays(
            names in proptest::collection::vec("password|hexstring|ip|uuid4|cephx_key|from_settings|nothing", 0..6),
            argument in "[a-z0-9]{0,3}|MASTER_IP",
        ) {
            let fields: Map<String, Value> = (0..).zip(names).map(|(number, name): (usize, _)| {
                (number.to_string(), json!({"type": "text", "value": {"generator": name, "generator_arg": argument}}))
            }).collect();
            let mut once = Value::Object(fields);
            generators().fill(&mut once);
            let mut twice = once.clone();
            generators().fill(&mut twice);
            proptest::prop_assert_eq!(once, twice);
        }
    }

    #[test]
    fn base64_pads_as_the_standard_says() {
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
    }
}
