//! Playing a session on a fresh master.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};

use super::compare::Comparison;
use super::master::{self, Master};
use super::recording::{self, Recording};
use super::session::{PluginOnDisk, Script, Step};

/// The file that a master's state is in.
const DATABASE: &str = "nailgun.sqlite";

/// Where the settings are in the answer that holds them.
const SETTINGS: &str = "/editable";

/// What may have been asked for where only the body of an answer was kept, and where in the answer it is.
const BODIES: &[(&str, &str)] = &[
    ("/api/v1/clusters/:id/attributes/", SETTINGS),
    ("/api/v1/clusters/:id/attributes/defaults/", SETTINGS),
    ("/api/v1/clusters/:id/roles/", ""),
    ("/api/v1/clusters/:id/deployment_tasks/", ""),
    ("/api/v1/clusters/:id/serialized_tasks/", ""),
    ("/api/v1/clusters/:id/orchestrator/deployment/defaults/", ""),
    ("/api/v1/clusters/:id/network_configuration/neutron/", ""),
    ("/api/v1/tasks/?cluster_id=:id", ""),
    ("/api/v1/nodes/?cluster_id=:id", ""),
];

/// What became of a recording.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The answer is the recorded one, but for so many texts for people.
    Equal { texts_left_out: usize },
    /// It is another: where, and what is there.
    Different(Vec<(String, String)>),
    /// Nobody knows what came before it.
    WithoutSetUp(String),
}

/// The recordings of one Fuel version: those that are judged, and those that the sessions were written for, which set up
/// what the others need.
pub(crate) struct Library {
    pub(crate) judged: Vec<Recording>,
    pub(crate) for_set_up: Vec<Recording>,
}

impl Library {
    /// A recording that is judged.
    fn judged(&self, name: &str) -> Option<&Recording> {
        self.judged.iter().find(|recording| recording.name == name)
    }

    /// A recording of that name, judged or not.
    fn any(&self, name: &str) -> Option<&Recording> {
        let mut others = self.for_set_up.iter();
        self.judged(name)
            .or_else(|| others.find(|recording| recording.name == name))
    }
}

/// A master that recordings are played on, with its state in a file.
pub(crate) struct Player<'a> {
    master: Master,
    token: String,
    library: &'a Library,
    version: String,
    state: tempfile::TempDir,
}

impl<'a> Player<'a> {
    /// A fresh master of that version with the script's plugins on disk.
    pub(crate) async fn start(version: &str, library: &'a Library, script: &Script) -> Self {
        let player = Self::on(version, library, tempfile::tempdir().unwrap()).await;
        for plugin in &script.plugins {
            player.lay_out(plugin);
        }
        player
    }

    /// A master that goes on from where this one is, with the same plugins on disk. What happens to it leaves this one
    /// as it is.
    pub(crate) async fn fork(&self) -> Self {
        let state = tempfile::tempdir().unwrap();
        let database = rusqlite::Connection::open(self.state.path().join(DATABASE)).unwrap();
        let copy = state.path().join(DATABASE).display().to_string();
        database.execute("VACUUM INTO ?1", [copy]).unwrap();
        let fork = Self::on(&self.version, self.library, state).await;
        let own = |player: &Self| Utf8PathBuf::try_from(player.master.plugins.path().to_owned()).unwrap();
        master::copy(&own(self), &own(&fork));
        fork
    }

    async fn on(version: &str, library: &'a Library, state: tempfile::TempDir) -> Self {
        let profile = mock_nailgun::Profile::named(version).unwrap();
        let file = Utf8PathBuf::try_from(state.path().join(DATABASE)).unwrap();
        let master = master::start_empty(|config| {
            config.profile = profile;
            config.database = mock_nailgun::Database::File(file);
            master::with_authentication(config);
        })
        .await;
        let mut player = Self {
            master,
            token: String::new(),
            library,
            version: version.to_owned(),
            state,
        };
        let credentials = json!({"auth": {
            "tenantName": "admin", "passwordCredentials": {"username": "admin", "password": "admin"},
        }});
        let (_, _, text) = player
            .send("POST", "/keystone/v2.0/tokens", Some(credentials.to_string()), false)
            .await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        player.token = answer["access"]["token"]["id"].as_str().unwrap().to_owned();
        player
    }

    /// Puts a plugin's files on the master's disk: from the corpus, or from what was recorded of it.
    fn lay_out(&self, plugin: &PluginOnDisk) {
        let target = Utf8PathBuf::try_from(self.master.plugins.path().join(&plugin.directory)).unwrap();
        fs_err::create_dir_all(target.join("repositories/ubuntu")).unwrap();
        fs_err::write(target.join("repositories/ubuntu/Packages"), "").unwrap();
        // Recordings that come from elsewhere may have no corpus beside them.
        let corpus = plugin.corpus.as_ref().and_then(|name| {
            [recording::folder(), recording::default_folder()]
                .map(|folder| folder.join("../corpus/plugins").join(name))
                .into_iter()
                .find(|path| path.is_dir())
        });
        if let Some(corpus) = corpus {
            for entry in corpus.read_dir_utf8().unwrap().filter_map(Result::ok) {
                if entry.path().extension() == Some("yaml") {
                    fs_err::write(target.join(entry.file_name()), fs_err::read(entry.path()).unwrap()).unwrap();
                }
            }
        } else if let Some(request) = plugin
            .registered_by
            .as_ref()
            .and_then(|name| self.recording(name))
            .and_then(|recording| recording.request.as_ref()?.body.clone())
        {
            fs_err::write(target.join("metadata.yaml"), request).unwrap();
        }
        if let Some((name, section)) = &plugin.settings_from
            && let Some(recording) = self.recording(name)
        {
            let version = &recording.body[section]["metadata"]["versions"][0];
            let mut attributes = version.as_object().cloned().unwrap_or_default();
            for (key, field) in &mut attributes {
                if key == "metadata" {
                    let own = field.as_object_mut().unwrap();
                    own.retain(|key, _| {
                        !["plugin_id", "plugin_version", "hot_pluggable", "always_editable"].contains(&key.as_str())
                    });
                } else if field["type"] == "hidden" {
                    field["value"] = json!({"generator": "password"});
                }
            }
            fs_err::write(
                target.join("environment_config.yaml"),
                json!({"attributes": attributes}).to_string(),
            )
            .unwrap();
        }
        for (name, content) in &plugin.files {
            fs_err::write(target.join(name), content.to_string()).unwrap();
        }
    }

    fn recording(&self, name: &str) -> Option<&'a Recording> {
        self.library.any(name)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        with_token: bool,
    ) -> (u16, Option<String>, String) {
        let url = format!("{}{path}", self.master.server.url());
        let mut request = reqwest::Client::new().request(method.parse().unwrap(), url);
        if with_token {
            request = request.header("X-Auth-Token", &self.token);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let response = request.send().await.unwrap();
        let content_type = response
            .headers()
            .get("content-type")
            .map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), content_type, response.text().await.unwrap())
    }

    /// A call that should succeed. What does not is told, and shows in what depends on it.
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, _, text) = self.send(method, path, body.map(|body| body.to_string()), true).await;
        if !(200..300).contains(&status) {
            println!("set-up: {method} {path}: {status} {text}");
        }
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Plays one step of a session; what became of its recording, if it is judged, goes into `outcomes`.
    pub(crate) async fn play(&self, step: &Step, outcomes: &mut BTreeMap<String, Outcome>) {
        match step {
            Step::Replay(name) | Step::Anonymous { anonymous: name } => {
                if let Some(recording) = self.recording(name) {
                    let outcome = self.replay(recording, matches!(step, Step::Replay(_))).await;
                    self.note(name, outcome, outcomes);
                }
            }
            Step::Body { body, get, at, among } => {
                if let Some(recording) = self.recording(body) {
                    let (status, _, text) = self.send("GET", get, None, true).await;
                    let made: Value = serde_json::from_str(&text).unwrap_or(Value::from(text));
                    let outcome = match made.pointer(at).filter(|_| status == 200).cloned() {
                        Some(mut made) => {
                            if let (Some(key), Some(items)) = (among, made.as_array_mut()) {
                                let recorded = recording.body.as_array().cloned().unwrap_or_default();
                                items.retain(|item| recorded.iter().any(|recorded| recorded[key] == item[key]));
                            }
                            compared(recording, made)
                        }
                        None => Outcome::Different(vec![(String::new(), format!("GET {get}: {status} {made}"))]),
                    };
                    self.note(body, outcome, outcomes);
                }
            }
            step => self.prepare(step).await,
        }
    }

    fn note(&self, name: &str, outcome: Outcome, outcomes: &mut BTreeMap<String, Outcome>) {
        if self.library.judged(name).is_some() {
            outcomes.insert(name.to_owned(), outcome);
        }
    }

    async fn prepare(&self, step: &Step) {
        match step {
            Step::Call {
                call: (method, path),
                with,
            } => {
                self.call(method, path, with.clone()).await;
            }
            Step::Prepare { send } => {
                if let Some(request) = self.recording(send).and_then(|recording| recording.request.as_ref()) {
                    self.send(&request.method, &request.path, request.body.clone(), true)
                        .await;
                }
            }
            Step::Register { register } => {
                let path = self.master.plugins.path().join(register).join("metadata.yaml");
                let metadata = plugin_builder::yaml::load(&Utf8PathBuf::try_from(path).unwrap())
                    .unwrap()
                    .to_json();
                self.call("POST", "/api/v1/plugins/", Some(metadata)).await;
            }
            Step::Node { node } => {
                let request = self
                    .recording("node_create")
                    .and_then(|recording| recording.request.as_ref()?.body.clone());
                let Some(request) = request else {
                    println!("set-up: there is no recording `node_create` that nodes are made from");
                    return;
                };
                // The recorded node is number 3: `10.20.0.133`, `52:54:00:…:03`.
                let body = request.replace("10.20.0.133", &format!("10.20.0.{}", 130 + node));
                let mut body: Value = serde_json::from_str(&body).unwrap();
                let renumber = |mac: &mut Value| {
                    if let Some(text) = mac.as_str().and_then(|text| text.strip_suffix("03")) {
                        *mac = json!(format!("{text}{node:02x}"));
                    }
                };
                body["meta"]["system"]["serial"] = json!(format!("x{node}"));
                renumber(&mut body["mac"]);
                for interface in body["meta"]["interfaces"].as_array_mut().unwrap() {
                    renumber(&mut interface["mac"]);
                }
                self.call("POST", "/api/v1/nodes/", Some(body)).await;
            }
            Step::Enable {
                enable: (cluster, plugin),
                values,
            } => self.switch(*cluster, plugin, true, values).await,
            Step::Disable {
                disable: (cluster, plugin),
            } => self.switch(*cluster, plugin, false, &BTreeMap::new()).await,
            Step::Progress {
                progress: (cluster, progress),
            } => self.report(*cluster, *progress).await,
            Step::Replay(_) | Step::Body { .. } | Step::Anonymous { .. } => {}
        }
    }

    /// As a user does it: GET, change, PUT.
    async fn switch(&self, cluster: i64, plugin: &str, enabled: bool, values: &BTreeMap<String, Value>) {
        let path = format!("/api/v1/clusters/{cluster}/attributes/");
        let mut section = self.call("GET", &path, None).await["editable"][plugin].clone();
        let Some(versions) = section.pointer_mut("/metadata/versions").and_then(Value::as_array_mut) else {
            println!("set-up: environment {cluster} has no plugin {plugin}");
            return;
        };
        for version in versions {
            for (field, value) in values {
                version[field]["value"] = value.clone();
            }
        }
        section["metadata"]["enabled"] = json!(enabled);
        let mut editable = Map::new();
        editable.insert(plugin.to_owned(), section);
        self.call("PUT", &path, Some(json!({"editable": editable}))).await;
    }

    /// As Astute does it. At 100 every task is done and every node ready.
    async fn report(&self, cluster: i64, progress: u64) {
        let tasks = self
            .call("GET", &format!("/api/v1/tasks/?cluster_id={cluster}"), None)
            .await;
        let Some(task) = tasks
            .as_array()
            .and_then(|tasks| tasks.iter().rfind(|task| task["name"] == "deployment"))
        else {
            println!("set-up: no deployment runs in environment {cluster}");
            return;
        };
        let nodes = self
            .call("GET", &format!("/api/v1/nodes/?cluster_id={cluster}"), None)
            .await;
        let mut args = json!({"task_uuid": task["uuid"], "status": "running", "progress": progress});
        if progress == 100 {
            args["status"] = json!("ready");
            args["nodes"] = nodes
                .as_array()
                .unwrap()
                .iter()
                .map(|node| json!({"uid": node["id"].to_string(), "status": "ready", "progress": 100}))
                .collect();
        } else {
            let history = self
                .call(
                    "GET",
                    &format!("/api/v1/transactions/{}/deployment_history/", task["id"]),
                    None,
                )
                .await;
            args["nodes"] = history
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|record| {
                    ["running", "ready"].map(|status| {
                        json!({
                            "uid": record["node_id"], "task_status": status,
                            "deployment_graph_task_name": record["task_name"],
                        })
                    })
                })
                .collect();
        }
        let reply = json!({"method": "transaction_resp", "args": args});
        self.call("POST", "/mock/astute/replies", Some(reply)).await;
    }

    /// Sends a recorded request and compares the answer.
    pub(crate) async fn replay(&self, recording: &Recording, with_token: bool) -> Outcome {
        self.attempt(recording, with_token).await.0
    }

    /// As [`Player::replay`], with whether the request may have changed the master's state.
    pub(crate) async fn attempt(&self, recording: &Recording, with_token: bool) -> (Outcome, bool) {
        let Some(request) = &recording.request else {
            return (self.find_body(recording).await, false);
        };
        let mut body = request.body.clone();
        if request.sends_whole_document {
            body = Some(self.call("GET", &request.path, None).await.to_string());
        }
        let (status, content_type, text) = self.send(&request.method, &request.path, body, with_token).await;
        let made = serde_json::from_str(&text).unwrap_or(Value::from(text));
        let mut differences = Vec::new();
        if recording.status.is_some_and(|wanted| wanted != status) {
            differences.push((
                "status".to_owned(),
                format!("{:?} recorded, {status} made: {made}", recording.status),
            ));
        } else if recording
            .content_type
            .as_ref()
            .is_some_and(|wanted| *wanted != content_type)
        {
            differences.push((
                "content type".to_owned(),
                format!("{:?} recorded, {content_type:?} made", recording.content_type),
            ));
        }
        let outcome = match compared(recording, made) {
            outcome if differences.is_empty() => outcome,
            Outcome::Different(more) => {
                differences.extend(more);
                Outcome::Different(differences)
            }
            _ => Outcome::Different(differences),
        };
        (outcome, request.method != "GET" && (200..300).contains(&status))
    }

    /// Looks for a body of which it was not recorded what it answers: among what an environment is asked for, whole or,
    /// of settings, one section.
    async fn find_body(&self, recording: &Recording) -> Outcome {
        let mut nearest: Option<Vec<(String, String)>> = None;
        let clusters = self.call("GET", "/api/v1/clusters/", None).await;
        for cluster in clusters.as_array().into_iter().flatten() {
            for (path, at) in BODIES {
                let path = path.replace(":id", &cluster["id"].to_string());
                let (status, _, text) = self.send("GET", &path, None, true).await;
                let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                let Some(whole) = answer.pointer(at).filter(|_| status == 200) else {
                    continue;
                };
                let sections = whole.as_object().filter(|_| *at == SETTINGS).into_iter().flatten();
                let parts = sections
                    .map(|(_, section)| section)
                    .filter(|section| section.is_object());
                for made in std::iter::once(whole).chain(parts) {
                    match compared(recording, made.clone()) {
                        Outcome::Different(mut differences) => {
                            if nearest.as_ref().is_none_or(|nearest| differences.len() < nearest.len()) {
                                differences[0].0 = format!("GET {path} {at}{}", differences[0].0);
                                nearest = Some(differences);
                            }
                        }
                        outcome => return outcome,
                    }
                }
            }
        }
        nearest.map_or_else(
            || Outcome::WithoutSetUp("only a body was recorded, not what it answers".to_owned()),
            Outcome::Different,
        )
    }

    /// Whether a step leaves the master in another state than before.
    pub(crate) fn changes_state(&self, step: &Step) -> bool {
        match step {
            Step::Body { .. } => false,
            Step::Replay(name) | Step::Anonymous { anonymous: name } => self.recording(name).is_some_and(|recording| {
                recording.status.is_none_or(|status| status < 300)
                    && recording
                        .request
                        .as_ref()
                        .is_some_and(|request| request.method != "GET")
            }),
            _ => true,
        }
    }
}

/// Compares the body; of trimmed settings only the sections that were kept.
fn compared(recording: &Recording, mut made: Value) -> Outcome {
    if recording.is_trimmed {
        trim(&recording.body, &mut made);
        if let Some(sections) = made.get_mut("editable") {
            trim(&recording.body["editable"], sections);
        }
    }
    let comparison = Comparison::of(&recording.body, &made);
    if comparison.differences.is_empty() {
        Outcome::Equal {
            texts_left_out: comparison.texts_left_out,
        }
    } else {
        Outcome::Different(comparison.differences)
    }
}

/// Takes out sections that are the environment's own. Those of plugins stay, recorded or not.
fn trim(recorded: &Value, made: &mut Value) {
    if let (Some(recorded), Some(made)) = (recorded.as_object(), made.as_object_mut()) {
        made.retain(|name, section| {
            let is_plugin = section["metadata"]["class"] == "plugin";
            recorded.contains_key(name) || is_plugin || (name == "editable" && section.is_object())
        });
    }
}
