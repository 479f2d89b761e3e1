//! Every plugin of the corpus on every version whose release it names: it registers, appears in an environment, is
//! enabled, and is serialised for a controller, a compute node and a node for each of its roles.
//!
//! The corpus lies beside the repository; without it nothing is tried. What becomes of each plugin is a snapshot: a line
//! that changes is a plugin that would be treated otherwise.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../../plugin-builder/tests/beside/mod.rs"]
mod beside;
mod master;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use master::Master;
use mock_nailgun::Profile;
use rstest::rstest;
use serde_json::{Map, Value, json};

/// Values to try where a plugin's own default is refused.
const CANDIDATES: &[&str] = &[
    "10.20.0.100",
    "value",
    "7",
    "http://10.20.0.100/",
    "user@example.com",
    "10.20.0.0/24",
    "10.20.0.100:80",
    "00:11:22:33:44:55",
    "node-1.example.com",
    "Abcdef12345!",
    "1:2",
    "10.20.0.100-10.20.0.110",
    "a1b2c3d4-a1b2-a1b2-a1b2-a1b2c3d4e5f6",
    "",
];

/// Nailgun's own ways to fail, which the mock keeps.
const REAL_FAILURES: &[&str] = &[
    "TypeError: 'NoneType' object is not iterable",
    "PackageVersionIsNotCompatible: Plugin id=1 package_version=",
    "AttributeError: the warning about task type",
    "KeyError: 'type'",
    "KeyError: 'os'",
    "KeyError: 'mode'",
    "ValueError: need more than 1 value to unpack",
    "ValueError: too many values to unpack",
];

#[rstest]
#[case("6.1")]
#[case("7.0")]
#[case("8.0")]
#[case("9.2")]
#[tokio::test]
async fn every_plugin_of_the_corpus_is_served_as_nailgun_serves_it(#[case] version: &str) {
    let corpus = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/plugins"));
    if !corpus.is_dir() {
        beside::is_missing(corpus);
        return;
    }
    let mut directories: Vec<String> = corpus
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    directories.sort();
    let master = master::start_with(|config| config.profile = Profile::named(version).unwrap()).await;
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    let mut unexpected = Vec::new();
    for directory in &directories {
        let mut run = Run {
            master: &master,
            graph: version == "9.2",
            name: String::new(),
            story: Vec::new(),
        };
        if run.plugin(&corpus.join(directory)).await {
            // Each step by itself: a known failure says nothing about another one.
            for step in run.story.iter().filter(|step| step.contains(": 500 ")) {
                if !REAL_FAILURES.iter().any(|text| step.contains(text)) {
                    unexpected.push(format!("{directory}: {step}"));
                }
            }
            let story = run.story.join("; ");
            // Forks of a plugin have its name and version.
            let key = (1..)
                .map(|number| match number {
                    1 => run.name.clone(),
                    _ => format!("{} ({number})", run.name),
                })
                .find(|name| !lines.contains_key(name));
            lines.insert(key.unwrap(), story);
        }
    }
    let mut text = String::new();
    for (name, story) in lines {
        let _ = writeln!(text, "{name}: {story}");
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    insta::assert_snapshot!(format!("corpus_{version}"), text);
}

/// One plugin's way.
struct Run<'a> {
    master: &'a Master,
    graph: bool,
    /// Name, version and version of the package.
    name: String,
    story: Vec<String>,
}

impl Run<'_> {
    /// Tells whether the plugin names a release of this version.
    async fn plugin(&mut self, source: &Utf8Path) -> bool {
        let master = self.master;
        let (status, _) = master.send("POST", "/mock/reset", None).await;
        assert_eq!(status, 200);
        let Ok(metadata) = plugin_builder::yaml::load(&source.join("metadata.yaml")) else {
            return false;
        };
        let metadata = metadata.to_json();
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        let (name, plugin_version) = (text("name"), text("version"));
        self.name = format!("{name} {plugin_version}, package {}", text("package_version"));
        let short: Vec<&str> = match text("package_version").starts_with("1.") {
            true => plugin_version.split('.').collect(),
            false => plugin_version.split('.').take(2).collect(),
        };
        let target = master.plugins.path().join(format!("{name}-{}", short.join(".")));
        let target = Utf8PathBuf::try_from(target).unwrap();
        if target.exists() {
            fs_err::remove_dir_all(&target).unwrap();
        }
        copy(source, &target);
        let (status, answer) = self.request("POST", "/plugins/", Some(metadata.clone())).await;
        if status != 201 {
            if names_release(&metadata, &self.releases().await) {
                self.refused("registering", status, &answer);
                return true;
            }
            return false;
        }
        let Some(release) = self
            .releases()
            .await
            .into_iter()
            .find(|release| names(&metadata, release))
        else {
            return false;
        };
        let body = json!({"name": "corpus", "release_id": release["id"], "net_provider": "neutron", "net_segment_type": "vlan"});
        let (status, answer) = self.request("POST", "/clusters/", Some(body)).await;
        let Some(environment) = answer["id"].as_i64() else {
            self.refused("creating an environment", status, &answer);
            return true;
        };
        let settings = format!("/clusters/{environment}/attributes/");
        let section = master.get(&settings).await["editable"][&name].clone();
        if section.is_null() {
            self.story.push("appears in no environment".to_owned());
            return true;
        }
        if !self.enable(&settings, &name, section).await {
            return true;
        }
        self.assign(environment, &release).await;
        self.serialise(environment).await;
        true
    }

    async fn releases(&self) -> Vec<Value> {
        let releases = self.master.get("/releases/").await;
        let all = releases.as_array().unwrap().iter();
        all.filter(|release| release["state"] == "available").cloned().collect()
    }

    async fn request(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.master.send(method, &format!("/api/v1{path}"), body).await
    }

    fn refused(&mut self, what: &str, status: u16, answer: &Value) {
        let text = answer["message"].as_str().or(answer.as_str()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let line = line.replace(&self.master.plugins.path().display().to_string(), "PLUGINS");
        self.story.push(format!("{what}: {status} {line}"));
    }

    /// Enables the plugin, with other values where its defaults are refused and tasks adapted where they must be.
    async fn enable(&mut self, settings: &str, name: &str, mut section: Value) -> bool {
        section["metadata"]["enabled"] = json!(true);
        let mut tried: BTreeMap<String, usize> = BTreeMap::new();
        let mut common = Map::new();
        loop {
            let mut editable = Map::from_iter([(name.to_owned(), section.clone())]);
            if !common.is_empty() {
                editable.insert("common".to_owned(), Value::Object(common.clone()));
            }
            let (status, answer) = self.request("PUT", settings, Some(json!({"editable": editable}))).await;
            if status == 200 {
                let filled: Vec<&str> = tried.keys().map(String::as_str).collect();
                if !filled.is_empty() {
                    self.story.push(format!("filled in {}", filled.join(" ")));
                }
                return true;
            }
            let text = answer["message"].as_str().unwrap_or_default().to_owned();
            let field = text
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .map(|(field, _)| field.to_owned());
            if text.contains("propagate_task_deploy") && common.is_empty() {
                self.story.push("legacy tasks".to_owned());
                common.insert("propagate_task_deploy".to_owned(), json!({"value": true}));
                continue;
            }
            let next = field.and_then(|field| {
                let number = tried.entry(field.clone()).or_default();
                let value = CANDIDATES.get(*number)?;
                *number += 1;
                Some((field, *value))
            });
            let Some((field, value)) = next else {
                self.refused("enabling", status, &answer);
                return false;
            };
            let version = match section["metadata"].get("versions") {
                Some(_) => &mut section["metadata"]["versions"][0],
                None => &mut section,
            };
            if version.get(&field).is_none() {
                self.refused("enabling", status, &answer);
                return false;
            }
            version[&field]["value"] = json!(value);
        }
    }

    async fn assign(&mut self, environment: i64, release: &Value) {
        let mut roles = self
            .request("GET", &format!("/clusters/{environment}/roles/"), None)
            .await;
        if roles.0 == 404 {
            // 6.1 has roles at the release only: no plugin brings any there.
            roles = self
                .request("GET", &format!("/releases/{}/roles/", release["id"]), None)
                .await;
        }
        if roles.0 != 200 {
            self.refused("roles", roles.0, &roles.1);
            return;
        }
        let own = roles.1.as_array().cloned().unwrap_or_default();
        let own = own.iter().filter_map(|role| role["name"].as_str());
        let own: Vec<String> = own
            .filter(|name| release["roles_metadata"].get(*name).is_none())
            .map(str::to_owned)
            .collect();
        if !own.is_empty() {
            self.story.push(format!("roles {}", own.join(" ")));
        }
        let path = format!("/clusters/{environment}/assignment/");
        for (number, role) in ["controller".to_owned(), "compute".to_owned()]
            .into_iter()
            .chain(own)
            .enumerate()
        {
            let id = self.master.register_node(u8::try_from(number + 1).unwrap()).await;
            let (status, answer) = self
                .request("POST", &path, Some(json!([{"id": id, "roles": [role]}])))
                .await;
            if status != 200 {
                self.refused(&format!("role {role}"), status, &answer);
            }
        }
    }

    async fn serialise(&mut self, environment: i64) {
        let information = format!("/clusters/{environment}/orchestrator/deployment/defaults/");
        let (status, answer) = self.request("GET", &information, None).await;
        if status != 200 {
            self.refused("deployment info", status, &answer);
            return;
        }
        let (status, supertask) = self
            .request("PUT", &format!("/clusters/{environment}/changes/"), Some(json!({})))
            .await;
        if !matches!(status, 200 | 202) {
            return self.refused("changes", status, &supertask);
        }
        if supertask["status"] == "error" {
            let message = supertask["message"].as_str().unwrap_or_default();
            let message = message.replace(&self.master.plugins.path().display().to_string(), "PLUGINS");
            self.story
                .push(format!("not deployed: {}", message.lines().next().unwrap_or_default()));
            // What a rule about nodes forbids to deploy can still be serialised.
            let path = if self.graph {
                "serialized_tasks"
            } else {
                "orchestrator/plugins_pre_hooks"
            };
            let (status, answer) = self
                .request("GET", &format!("/clusters/{environment}/{path}/"), None)
                .await;
            if status != 200 {
                self.refused(path, status, &answer);
            }
            return;
        }
        let (status, message) = self.master.send("GET", "/mock/astute/messages", None).await;
        assert_eq!(status, 200);
        self.story.push(summary(&message["args"]));
    }
}

/// How many of a plugin's tasks are where.
fn summary(args: &Value) -> String {
    let is_own = |task: &&Value| {
        let cwd = task["parameters"]["cwd"].as_str().unwrap_or_default();
        cwd.starts_with("/etc/fuel/plugins/") || task["diagnostic_name"].is_string()
    };
    let count = |list: &Value| list.as_array().into_iter().flatten().filter(is_own).count();
    if let Some(graph) = args["tasks_graph"].as_object() {
        let nodes: Vec<String> = graph
            .iter()
            .map(|(node, tasks)| (node, count(tasks)))
            .filter(|(_, count)| *count > 0)
            .map(|(node, count)| format!("{count} on {node}"))
            .collect();
        return format!("tasks: {}", nodes.join(", "));
    }
    let infos = args["deployment_info"].as_array().unwrap();
    let of_roles: Vec<String> = infos
        .iter()
        .map(|info| (info["role"].as_str().unwrap_or_default(), count(&info["tasks"])))
        .filter(|(_, count)| *count > 0)
        .map(|(role, count)| format!("{count} as {role}"))
        .collect();
    format!(
        "hooks: {} before, {} after; tasks: {}",
        count(&args["pre_deployment"]),
        count(&args["post_deployment"]),
        of_roles.join(", ")
    )
}

fn names_release(metadata: &Value, releases: &[Value]) -> bool {
    releases.iter().any(|release| names(metadata, release))
}

/// Whether an entry of `releases` fits: same system, and both halves of the version as prefixes.
fn names(metadata: &Value, release: &Value) -> bool {
    let halves = |version: &Value| {
        let (left, right) = version.as_str()?.split_once('-')?;
        Some((left.to_owned(), right.to_owned()))
    };
    let Some((left, right)) = halves(&release["version"]) else {
        return false;
    };
    let system = release["operating_system"].as_str().unwrap_or_default().to_lowercase();
    metadata["releases"].as_array().into_iter().flatten().any(|entry| {
        entry["os"].as_str().is_some_and(|os| os.to_lowercase() == system)
            && halves(&entry["version"])
                .is_some_and(|(own_left, own_right)| left.starts_with(&own_left) && right.starts_with(&own_right))
    })
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in from.read_dir_utf8().unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(entry.path(), &target);
        } else if entry.file_name().ends_with(".yaml") {
            fs_err::copy(entry.path(), &target).unwrap();
        }
    }
}
