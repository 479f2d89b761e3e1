//! A mock Nailgun for tests, and a client that speaks JSON.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use camino::Utf8PathBuf;
use mock_nailgun::{Authentication, Config, Profile, Server};
use serde_json::{Value, json};

/// A server, its plugins directory and a client.
pub(crate) struct Master {
    pub(crate) server: Server,
    pub(crate) plugins: tempfile::TempDir,
    client: reqwest::Client,
}

/// A copy of the fixture plugins on a fresh master.
pub(crate) async fn start() -> Master {
    start_with(|_| {}).await
}

/// As [`start`], with a changed configuration.
pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Master {
    let plugins = tempfile::tempdir().unwrap();
    let fixtures = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/plugins"));
    copy(&fixtures, &Utf8PathBuf::try_from(plugins.path().to_owned()).unwrap());
    start_on(plugins, change).await
}

/// As [`start_with`], without any plugin on disk.
pub(crate) async fn start_empty(change: impl FnOnce(&mut Config)) -> Master {
    start_on(tempfile::tempdir().unwrap(), change).await
}

async fn start_on(plugins: tempfile::TempDir, change: impl FnOnce(&mut Config)) -> Master {
    let directory = Utf8PathBuf::try_from(plugins.path().to_owned()).unwrap();
    let mut config = Config::new(Profile::named("9.2").unwrap(), directory);
    change(&mut config);
    Master {
        server: Server::start(config).await.unwrap(),
        plugins,
        client: reqwest::Client::new(),
    }
}

/// Copies a directory.
pub(crate) fn copy(from: &Utf8PathBuf, to: &Utf8PathBuf) {
    fs_err::create_dir_all(to).unwrap();
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path().to_owned(), &target);
        } else {
            fs_err::copy(entry.path(), &target).unwrap();
        }
    }
}

impl Master {
    /// Sends a request; the body of the answer is JSON, or a string where it is none.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, text) = self.send_text(method, path, body.map(|body| body.to_string())).await;
        let value = serde_json::from_str(&text).unwrap_or(Value::from(text));
        (status, value)
    }

    /// Sends a request as it is.
    pub(crate) async fn send_text(&self, method: &str, path: &str, body: Option<String>) -> (u16, String) {
        let url = format!("{}{path}", self.server.url());
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A GET that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", &format!("/api/v1{path}"), None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// A PUT that must succeed.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send("PUT", &format!("/api/v1{path}"), Some(body)).await;
        assert!(matches!(status, 200 | 202), "PUT {path}: {status} {answer}");
        answer
    }

    /// A POST that must succeed.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send("POST", &format!("/api/v1{path}"), Some(body)).await;
        assert!(matches!(status, 200 | 201), "POST {path}: {status} {answer}");
        answer
    }

    /// A POST that starts something.
    pub(crate) async fn post_deferred(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send("POST", &format!("/api/v1{path}"), Some(body)).await;
        assert_eq!(status, 202, "POST {path}: {answer}");
        answer
    }

    /// metadata.yaml of a fixture plugin, as a client sends it.
    pub(crate) fn metadata(&self, directory: &str) -> Value {
        let path = self.plugins.path().join(directory).join("metadata.yaml");
        serde_yaml::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
    }

    /// Registers the fixture plugin and gives its id.
    pub(crate) async fn install(&self) -> i64 {
        self.post("/plugins/", self.metadata("notes_service-1.2")).await["id"]
            .as_i64()
            .unwrap()
    }

    /// An environment of the release that can be deployed.
    pub(crate) async fn create_environment(&self, name: &str) -> i64 {
        let body = json!({"name": name, "release_id": 2, "net_segment_type": "vlan", "nodes": [], "tasks": []});
        self.post("/clusters/", body).await["id"].as_i64().unwrap()
    }

    /// Enables a plugin as a user does: GET, switch on, PUT.
    pub(crate) async fn enable(&self, environment: i64, plugin: &str, change: impl FnOnce(&mut Value)) -> Value {
        let path = format!("/clusters/{environment}/attributes/");
        let mut section = self.get(&path).await["editable"][plugin].clone();
        section["metadata"]["enabled"] = json!(true);
        change(&mut section);
        self.put(&path, json!({"editable": {plugin: section}})).await
    }

    /// A node whose agent reports it with that number in MAC and address.
    pub(crate) async fn register_node(&self, number: u8) -> i64 {
        let interfaces: Vec<Value> = (0..2)
            .map(|index| {
                json!({
                    "name": format!("eth{index}"), "mac": format!("52:54:00:0{index}:00:{number:02x}"), "state": "up",
                    "driver": "veth", "bus_info": null, "pxe": index == 0,
                    "ip": if index == 0 { json!(format!("10.20.0.{}", 130 + number)) } else { Value::Null },
                })
            })
            .collect();
        let node = json!({
            "mac": format!("52:54:00:00:00:{number:02x}"),
            "ip": format!("10.20.0.{}", 130 + number),
            "status": "discover",
            "meta": {
                "interfaces": interfaces,
                "disks": [{"name": "sda", "disk": "sda", "size": 107_374_182_400_u64}, {"name": "sdb", "disk": "sdb", "size": 107_374_182_400_u64}],
                "cpu": {"total": 4, "real": 1},
                "memory": {"total": 8_589_934_592_u64},
            },
        });
        self.post("/nodes/", node).await["id"].as_i64().unwrap()
    }

    /// An environment with the plugin enabled and a node for each list of roles.
    pub(crate) async fn environment_with(&self, roles: &[&[&str]]) -> i64 {
        self.install().await;
        let environment = self.create_environment("notes").await;
        self.enable(environment, "notes_service", |_| {}).await;
        let mut assignment = Vec::new();
        for (index, roles) in roles.iter().enumerate() {
            let id = self.register_node(u8::try_from(index + 1).unwrap()).await;
            assignment.push(json!({"id": id, "roles": roles}));
        }
        self.post(&format!("/clusters/{environment}/assignment/"), json!(assignment))
            .await;
        environment
    }

    /// The next message for Astute, which must be there.
    pub(crate) async fn message(&self) -> Value {
        let (status, message) = self.send("GET", "/mock/astute/messages?wait=5", None).await;
        assert_eq!(status, 200);
        message
    }

    /// Posts a reply of Astute.
    pub(crate) async fn reply(&self, method: &str, args: Value) {
        let body = json!({"method": method, "args": args});
        let (status, answer) = self.send("POST", "/mock/astute/replies", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }
}

/// With the fake Keystone.
pub(crate) fn with_authentication(config: &mut Config) {
    config.authentication = Authentication::Fake;
}
