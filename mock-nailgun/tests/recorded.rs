//! What the mock makes against what a real Nailgun 9.2 made of the same environment: a controller, a compute node and a
//! node with a plugin's role. The recordings lie beside the repository; without them nothing is compared.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../../plugin-builder/tests/beside/mod.rs"]
mod beside;
mod master;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use serde_json::{Value, json};

/// Edges that differ because the core graph that ships with the mock leaves computed fields out.
const COMPUTED: &[&str] = &["hiera_default_route", "netconfig"];

/// Texts that the profile leaves out, and interfaces that the recorded nodes have and those of the test have not.
const NOT_MADE: &[&str] = &[
    ".interfaces.eth",
    ".interfaces_extra.eth",
    ".message is missing",
    ".metadata.group is missing",
];

fn recording(name: &str) -> Option<Value> {
    let path = Utf8PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/conformance/nailgun/9.2"
    ))
    .join(name);
    if !path.exists() {
        beside::is_missing(path);
        return None;
    }
    let document: Value = serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
    Some(if document.get("response").is_some() {
        document["response"]["body"].clone()
    } else {
        document
    })
}

/// A master with the plugin of the recordings, made from what they say of it.
async fn recorded_environment() -> Option<(master::Master, i64)> {
    let tasks = recording("deployment_tasks_plugins.json")?;
    let roles = recording("cluster_roles.json")?;
    let master = master::start().await;
    let directory = master.plugins.path().join("fuel_plugin_example_v4-4.0");
    fs_err::create_dir_all(directory.join("repositories/ubuntu")).unwrap();
    fs_err::write(directory.join("repositories/ubuntu/Packages"), "").unwrap();
    let role = roles
        .as_array()
        .unwrap()
        .iter()
        .find(|role| role["name"] == "fuel_plugin_example_v4")
        .unwrap();
    let mut meta = role["meta"].clone();
    for key in ["restrictions", "tags"] {
        meta.as_object_mut().unwrap().remove(key);
    }
    let files = [
        ("deployment_tasks.yaml", tasks),
        ("node_roles.yaml", json!({"fuel_plugin_example_v4": meta})),
        (
            "environment_config.yaml",
            json!({"attributes": {"fuel_plugin_example_v4_text": {"type": "text", "value": "my value"}}}),
        ),
        (
            "network_roles.yaml",
            json!([{
                "id": "fuel_plugin_example_v4_network_role", "default_mapping": "public",
                "properties": {"subnet": true, "gateway": false, "vip": []},
            }]),
        ),
    ];
    for (name, content) in files {
        fs_err::write(directory.join(name), content.to_string()).unwrap();
    }
    master
        .post(
            "/plugins/",
            json!({
                "name": "fuel_plugin_example_v4", "title": "Example", "version": "4.0.0", "package_version": "4.0.0",
                "fuel_version": ["9.0"], "releases": [{
                    "os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"],
                    "deployment_scripts_path": "deployment_scripts/", "repository_path": "repositories/ubuntu",
                }],
            }),
        )
        .await;
    let environment = master.create_environment("clean").await;
    master.enable(environment, "fuel_plugin_example_v4", |_| {}).await;
    let mut assignment = Vec::new();
    for (number, role) in [(1, "controller"), (2, "compute"), (3, "fuel_plugin_example_v4")] {
        assignment.push(json!({"id": master.register_node(number).await, "roles": [role]}));
    }
    master
        .post(&format!("/clusters/{environment}/assignment/"), json!(assignment))
        .await;
    Some((master, environment))
}

type Edges = BTreeMap<(String, String), (BTreeSet<String>, BTreeSet<String>)>;

fn edges(graph: &Value) -> Edges {
    let names = |task: &Value, key: &str| -> BTreeSet<String> {
        task[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(|link| {
                format!(
                    "{}/{}",
                    link["name"].as_str().unwrap(),
                    link["node_id"].as_str().unwrap_or("null")
                )
            })
            .collect()
    };
    graph["tasks_graph"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(node, tasks)| tasks.as_array().unwrap().iter().map(move |task| (node, task)))
        .map(|(node, task)| {
            (
                (node.clone(), task["id"].as_str().unwrap().to_owned()),
                (names(task, "requires"), names(task, "required_for")),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_task_stands_on_the_recorded_nodes_with_the_recorded_edges() {
    let Some((master, environment)) = recorded_environment().await else {
        return;
    };
    let recorded = recording("serialized_tasks_clean.json").unwrap();
    let made = master.get(&format!("/clusters/{environment}/serialized_tasks/")).await;
    let groups = |graph: &Value| -> BTreeSet<String> {
        let groups = graph["tasks_metadata"]["fault_tolerance_groups"].as_array().unwrap();
        groups
            .iter()
            .map(|group| format!("{} {} {}", group["name"], group["node_ids"], group["fault_tolerance"]))
            .collect()
    };
    assert_eq!(groups(&made), groups(&recorded), "made, then recorded");
    let (recorded, made) = (edges(&recorded), edges(&made));
    let mut differences = Vec::new();
    for (key, wanted) in &recorded {
        match made.get(key) {
            None => differences.push(format!("{key:?} is missing")),
            Some(found) if found != wanted => differences.push(format!(
                "{key:?}: requires +{:?} -{:?}, required_for +{:?} -{:?}",
                found.0.difference(&wanted.0).collect::<Vec<_>>(),
                wanted.0.difference(&found.0).collect::<Vec<_>>(),
                found.1.difference(&wanted.1).collect::<Vec<_>>(),
                wanted.1.difference(&found.1).collect::<Vec<_>>(),
            )),
            Some(_) => {}
        }
    }
    differences.extend(
        made.keys()
            .filter(|key| !recorded.contains_key(*key))
            .map(|key| format!("{key:?} is too much")),
    );
    differences.retain(|difference| !COMPUTED.iter().any(|id| difference.contains(&format!("\"{id}\""))));
    assert!(
        differences.is_empty(),
        "{} of {}:\n{}",
        differences.len(),
        recorded.len(),
        differences.join("\n")
    );
}

#[tokio::test]
async fn deployment_info_has_the_recorded_shape() {
    let Some((master, environment)) = recorded_environment().await else {
        return;
    };
    let recorded = recording("deployment_info_controller_compute_pluginrole.json").unwrap();
    let made = master
        .get(&format!("/clusters/{environment}/orchestrator/deployment/defaults/"))
        .await;
    let mut differences = Vec::new();
    for (wanted, found) in recorded.as_array().unwrap().iter().zip(made.as_array().unwrap()) {
        compare(wanted["uid"].as_str().unwrap(), wanted, found, &mut differences);
    }
    differences.retain(|difference| !NOT_MADE.iter().any(|part| difference.contains(part)));
    assert!(
        differences.is_empty(),
        "{}:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[tokio::test]
async fn disks_are_shared_out_as_recorded() {
    let Some((master, environment)) = recorded_environment().await else {
        return;
    };
    let recorded = recording("deployment_info_controller_compute_pluginrole.json").unwrap();
    let made = master
        .get(&format!("/clusters/{environment}/orchestrator/deployment/defaults/"))
        .await;
    for (wanted, found) in recorded.as_array().unwrap().iter().zip(made.as_array().unwrap()) {
        assert_eq!(found["node_volumes"], wanted["node_volumes"], "node {}", wanted["uid"]);
    }
    // The same, as a user sees and changes them.
    let disks = master.get("/nodes/1/disks/").await;
    let sizes = |disk: &Value| -> Vec<Value> {
        let volumes = disk["volumes"].as_array().unwrap().iter();
        volumes.map(|volume| json!([volume["name"], volume["size"]])).collect()
    };
    assert_eq!(disks[0]["size"], 101_580);
    assert_eq!(
        json!(sizes(&disks[0])),
        json!([
            ["os", 28672],
            ["logs", 10240],
            ["image", 30924],
            ["mysql", 20480],
            ["horizon", 11264]
        ])
    );
    let mut changed = disks.clone();
    changed[0]["volumes"][2]["size"] = json!(924);
    changed[1]["volumes"][1]["size"] = json!(500);
    changed[1]["volumes"][2]["size"] = json!(1000);
    master.put("/nodes/1/disks/", changed).await;
    let made = master
        .get(&format!(
            "/clusters/{environment}/orchestrator/deployment/defaults/?nodes=1"
        ))
        .await;
    let volumes = made[0]["node_volumes"].as_array().unwrap();
    let named = |id: &str| volumes.iter().find(|volume| volume["id"] == id).unwrap();
    assert_eq!(named("image")["volumes"][0]["size"], 1924);
    assert_eq!(named("logs")["volumes"][0]["size"], 10740);
    let pool = |disk: &str| named(disk)["volumes"][2].clone();
    assert_eq!(pool("sdb"), json!({"type": "lvm_meta_pool", "size": 3 * 64}));
}

/// Compares keys and types all the way down.
fn compare(path: &str, wanted: &Value, found: &Value, differences: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                match found.get(key) {
                    Some(other) => compare(&format!("{path}.{key}"), value, other, differences),
                    None => differences.push(format!("{path}.{key} is missing")),
                }
            }
            differences.extend(
                found
                    .keys()
                    .filter(|key| !wanted.contains_key(*key))
                    .map(|key| format!("{path}.{key} is too much")),
            );
        }
        (Value::Array(wanted), Value::Array(found)) => {
            if let (Some(wanted), Some(found)) = (wanted.first(), found.first()) {
                compare(&format!("{path}[0]"), wanted, found, differences);
            } else if wanted.is_empty() != found.is_empty() {
                differences.push(format!("{path}: {} items recorded, {} made", wanted.len(), found.len()));
            }
        }
        (wanted, found) => {
            if std::mem::discriminant(wanted) != std::mem::discriminant(found) {
                differences.push(format!("{path}: {wanted} recorded, {found} made"));
            }
        }
    }
}

/// Registrations that do not depend on what was registered before.
const REGISTRATIONS: &[&str] = &[
    "plugin_create_bad_package_version.json",
    "plugin_create_ex1.json",
    "plugin_create_ex3.json",
    "plugin_create_ex4.json",
    "plugin_create_ex5.json",
    "plugin_create_nofiles.json",
    "plugin_create_release_only_version.json",
    "plugin_create_release_version_nodash.json",
    "plugin_create_tesora.json",
    "plugin_create_trove.json",
    "plugin_create_unknown_field.json",
    "plugin_post_missing_fields.json",
    "plugin_post_bad_json.json",
];

#[tokio::test]
async fn registering_a_plugin_gives_the_recorded_answer() {
    let directory = Utf8PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/conformance/nailgun/9.2"
    ));
    for name in REGISTRATIONS {
        if recording(name).is_none() {
            return;
        }
        let exchange: Value = serde_json::from_str(&fs_err::read_to_string(directory.join(name)).unwrap()).unwrap();
        let master = master::start().await;
        master.create_environment("one").await;
        let body = match &exchange["request"]["body"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let (status, text) = master.send_text("POST", "/api/v1/plugins/", Some(body)).await;
        let wanted = &exchange["response"];
        assert_eq!(u64::from(status), wanted["status"].as_u64().unwrap(), "{name}: {text}");
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        let mut wanted = wanted["body"].clone();
        for body in [&mut answer, &mut wanted] {
            // Ids depend on what came before, tracebacks on Nailgun's source, and of schemas only the first line counts.
            if let Some(message) = body["message"].as_str() {
                let line = message
                    .trim_start_matches("<python traceback, DEVELOPMENT mode only> ")
                    .lines()
                    .next();
                let words: Vec<&str> = line
                    .unwrap_or_default()
                    .split(' ')
                    .filter(|word| !word.starts_with("id="))
                    .collect();
                body["message"] = json!(words.join(" "));
            } else {
                body["id"] = json!(0);
            }
        }
        assert_eq!(answer, wanted, "{name}");
    }
}
