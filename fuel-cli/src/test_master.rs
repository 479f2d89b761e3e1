//! A mock Nailgun with a disk of its own, for tests.

use std::collections::BTreeMap;
use std::ffi::OsString;

use camino::{Utf8Path, Utf8PathBuf};
use mock_nailgun::{Authentication, Config, Profile, Server};
use serde_json::{Value, json};

use crate::client::{Client, Credentials};
use crate::command::run_with;
use crate::configuration::Variables;
use crate::test_plugin;

/// A master: server, plugins' directory, and a place for packages.
pub(crate) struct Master {
    server: Server,
    directory: tempfile::TempDir,
}

/// What one call of `fuel` did.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) code: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Master {
    /// A fresh Fuel 9.2 that asks for admin/admin.
    pub(crate) async fn start() -> Self {
        Self::start_as("9.2").await
    }

    /// The same of another version.
    pub(crate) async fn start_as(fuel: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::create_dir(root.join("plugins")).unwrap();
        let mut config = Config::new(Profile::named(fuel).unwrap(), root.join("plugins"));
        config.authentication = Authentication::Fake;
        let server = Server::start(config).await.unwrap();
        Self { server, directory }
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.directory.path()).unwrap().join(name)
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.url(), &Credentials::default()).await.unwrap()
    }

    /// Calls `fuel` with these words.
    pub(crate) async fn fuel(&self, words: &[&str]) -> Called {
        let address = self.server.address();
        let variables = Variables::from([
            ("SERVER_ADDRESS".to_owned(), address.ip().to_string()),
            ("SERVER_PORT".to_owned(), address.port().to_string()),
            ("FUELRIG_PLUGINS_DIR".to_owned(), self.path("plugins").to_string()),
        ]);
        call(words, &variables).await
    }

    /// Writes a plugin's directory.
    pub(crate) fn write_plugin(&self, directory: &str, version: &str, package_version: &str) {
        test_plugin::write(&self.path(directory), &test_plugin::metadata(version, package_version));
    }

    /// Writes a plugin's directory and builds its package.
    pub(crate) fn package(&self, directory: &str, version: &str, package_version: &str) -> Utf8PathBuf {
        self.package_with(directory, &test_plugin::metadata(version, package_version))
    }

    /// The same with a metadata.yaml of one's own.
    pub(crate) fn package_with(&self, directory: &str, metadata: &Value) -> Utf8PathBuf {
        test_plugin::build(&self.path(directory), metadata)
    }
}

/// What an agent says of a node with this number.
pub(crate) fn node(number: u8) -> Value {
    let mac = format!("52:54:00:00:00:{number:02x}");
    let ip = format!("10.20.0.{}", 100 + u16::from(number));
    let mut interfaces = vec![
        json!({"name": "eth0", "mac": mac, "ip": ip, "netmask": "255.255.255.0", "state": "up",
        "driver": "e1000", "current_speed": 1000, "max_speed": 1000, "pxe": true}),
    ];
    for index in 1..4 {
        interfaces.push(
            json!({"name": format!("eth{index}"), "mac": format!("52:54:00:0{index}:00:{number:02x}"),
            "ip": null, "state": "up", "driver": "e1000", "current_speed": 1000, "max_speed": 1000}),
        );
    }
    json!({"mac": mac, "ip": ip, "status": "discover", "manufacturer": "QEMU", "platform_name": "QEMU",
        "meta": {"interfaces": interfaces, "cpu": {"total": 4, "real": 1, "spec": []},
            "memory": {"total": 8_589_934_592_u64, "maximum_capacity": 8_589_934_592_u64, "devices": []},
            "disks": [{"name": "sda", "disk": "sda", "model": null, "size": 107_374_182_400_u64, "removable": "0"}],
            "system": {"manufacturer": "QEMU", "product": "QEMU", "serial": "", "family": "", "version": "", "fqdn": "x"}}})
}

/// Calls `fuel` with these words and variables.
pub(crate) async fn call(words: &[&str], variables: &Variables) -> Called {
    let mut args = vec![OsString::from("fuel")];
    args.extend(words.iter().map(OsString::from));
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let code = run_with(args, variables, &mut output, &mut errors).await;
    Called {
        code,
        output: String::from_utf8(output).unwrap(),
        errors: String::from_utf8(errors).unwrap(),
    }
}

/// Values by field.
pub(crate) fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, Value> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect()
}
