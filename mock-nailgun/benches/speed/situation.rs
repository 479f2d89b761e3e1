//! Servers, plugins, environments and nodes to measure with.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use crate::connection::Connection;

/// A server process that ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
    plugins: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let plugins = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_mock-nailgun"))
            .args(["serve", "--listen", "127.0.0.1:0", "--plugins-dir"])
            .arg(plugins.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse().expect(&line);
        Self {
            process,
            address,
            plugins,
        }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// The most memory that the process ever held, in KB.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// The memory that the process holds now, in KB.
    pub(crate) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn status(&self, key: &str) -> u64 {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB")?.parse().ok())
            .unwrap_or(0)
    }

    fn directory(&self) -> &Utf8Path {
        Utf8Path::from_path(self.plugins.path()).unwrap()
    }

    /// Plugins with twelve settings and a role each, as large as real ones are.
    pub(crate) fn register_many_plugins(&self, connection: &mut Connection, count: usize) {
        for number in 1..=count {
            let name = format!("plugin_{number}");
            let directory = self.directory().join(format!("{name}-1.0"));
            fs_err::create_dir_all(&directory).unwrap();
            let mut settings = "attributes:\n  metadata: {group: storage}\n".to_owned();
            for field in 1..=12 {
                let _ = writeln!(
                    settings,
                    "  field_{field}:\n    type: text\n    weight: {field}\n    value: 'value {field}'\n    \
                     label: Label of field {field}\n    description: What the field is for, in a sentence as plugins have it.\n    \
                     regex: {{source: '^\\S', error: 'Field {field} cannot be empty'}}",
                );
            }
            fs_err::write(directory.join("environment_config.yaml"), settings).unwrap();
            let roles = format!(
                "role_{number}:\n  name: Role {number}\n  description: A role\n  has_primary: true\n  weight: 100\n"
            );
            fs_err::write(directory.join("node_roles.yaml"), roles).unwrap();
            let mut tasks = String::new();
            for task in 1..=6 {
                let _ = writeln!(
                    tasks,
                    "- {{id: {name}-{task}, type: puppet, version: 2.0.0, role: [role_{number}], requires: [deploy_start], \
                     required_for: [deploy_end], parameters: {{puppet_manifest: site.pp, puppet_modules: modules, timeout: 3600}}}}",
                );
            }
            fs_err::write(directory.join("deployment_tasks.yaml"), tasks).unwrap();
            let metadata = json!({
                "name": name, "title": format!("Plugin {number}"), "version": "1.0.0", "package_version": "4.0.0",
                "description": "A plugin", "fuel_version": ["9.0"], "authors": ["Somebody"], "groups": [],
                "licenses": ["Apache License Version 2.0"], "homepage": "http://localhost/",
                "releases": [{
                    "os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"],
                    "deployment_scripts_path": "deployment_scripts/", "repository_path": "repositories/ubuntu",
                }],
            });
            connection.post("/api/v1/plugins/", &metadata);
        }
    }

    /// The reference plugin and the fixture plugin: each brings a role and tasks.
    pub(crate) fn register_role_plugins(&self, connection: &mut Connection) {
        let root = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        for (from, name) in [
            (root.join("../trove-plugin"), "fuel-plugin-trove-1.0"),
            (
                root.join("tests/fixtures/plugins/notes_service-1.2"),
                "notes_service-1.2",
            ),
        ] {
            let to = self.directory().join(name);
            fs_err::create_dir_all(&to).unwrap();
            for entry in from.read_dir_utf8().unwrap().map(Result::unwrap) {
                if entry.file_name().ends_with(".yaml") {
                    fs_err::copy(entry.path(), to.join(entry.file_name())).unwrap();
                }
            }
            let metadata = fs_err::read_to_string(to.join("metadata.yaml")).unwrap();
            let metadata: Value = serde_yaml::from_str(&metadata).unwrap();
            connection.post("/api/v1/plugins/", &metadata);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An environment of the release that can be deployed.
pub(crate) struct Environment {
    pub(crate) id: i64,
}

impl Environment {
    pub(crate) fn create(connection: &mut Connection) -> Self {
        let body = json!({"name": "measured", "release_id": 2, "net_segment_type": "vlan"});
        let environment = Self {
            id: connection.post("/api/v1/clusters/", &body)["id"].as_i64().unwrap(),
        };
        environment.widen_networks(connection);
        environment
    }

    /// Fuel's default networks hold 254 addresses.
    fn widen_networks(&self, connection: &mut Connection) {
        let path = format!("/api/v1/clusters/{}/network_configuration/neutron", self.id);
        let networks = json!({"networks": [
            {"name": "management", "cidr": "172.20.0.0/16", "ip_ranges": [["172.20.0.1", "172.20.255.254"]]},
            {"name": "storage", "cidr": "172.21.0.0/16", "ip_ranges": [["172.21.0.1", "172.21.255.254"]]},
        ]});
        connection.send("PUT", &path, &networks.to_string()).expect_success();
    }

    pub(crate) fn enable(&self, connection: &mut Connection, plugins: &[&str]) {
        let path = format!("/api/v1/clusters/{}/attributes/", self.id);
        let settings = connection.get(&path);
        for plugin in plugins {
            let mut section = settings["editable"][*plugin].clone();
            section["metadata"]["enabled"] = json!(true);
            let body = json!({"editable": {*plugin: section}}).to_string();
            connection.send("PUT", &path, &body).expect_success();
        }
    }

    /// One node with the roles given, a controller (three from 30 nodes on), and compute nodes.
    pub(crate) fn assign(&self, connection: &mut Connection, count: usize, roles_of_plugins: &[&str]) {
        let controllers = if count >= 30 { 3 } else { 1 };
        let mut assignment = Vec::new();
        for number in 1..=count {
            let id = register_node(connection, number);
            let roles = match number {
                _ if number <= controllers => json!(["controller"]),
                _ if number == controllers + 1 => json!(roles_of_plugins),
                _ => json!(["compute"]),
            };
            assignment.push(json!({"id": id, "roles": roles}));
        }
        let path = format!("/api/v1/clusters/{}/assignment/", self.id);
        connection.post(&path, &json!(assignment));
    }
}

fn register_node(connection: &mut Connection, number: usize) -> i64 {
    let mac = |interface: usize| format!("52:54:0{interface}:00:{:02x}:{:02x}", number / 256, number % 256);
    let interfaces: Vec<Value> = (0..2)
        .map(|index| json!({"name": format!("eth{index}"), "mac": mac(index), "state": "up", "driver": "veth", "pxe": index == 0}))
        .collect();
    let node = json!({
        "mac": mac(0), "status": "discover",
        "ip": format!("10.20.{}.{}", number / 200, 10 + number % 200),
        "meta": {
            "interfaces": interfaces,
            "disks": [
                {"name": "sda", "disk": "sda", "size": 107_374_182_400_u64},
                {"name": "sdb", "disk": "sdb", "size": 107_374_182_400_u64},
            ],
            "cpu": {"total": 4, "real": 1},
            "memory": {"total": 8_589_934_592_u64},
        },
    });
    connection.post("/api/v1/nodes/", &node)["id"].as_i64().unwrap()
}
