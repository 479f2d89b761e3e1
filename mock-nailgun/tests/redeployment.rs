//! What of a deployment happens again, and on which nodes.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use std::collections::BTreeMap;

use master::Master;
use mock_nailgun::Profile;
use rstest::rstest;
use serde_json::{Value, json};

/// Two tasks during and two after the deployment; one of each says that it happens again.
const TASKS: &str = r"
- {id: again-deploy, type: puppet, version: 2.0.0, groups: [primary-controller, controller, compute], reexecute_on: [deploy_changes],
   requires: [deploy_start], required_for: [deploy_end], parameters: {puppet_manifest: a.pp, puppet_modules: m, timeout: 9}}
- {id: once-deploy, type: puppet, version: 2.0.0, groups: [primary-controller, controller, compute],
   requires: [deploy_start], required_for: [deploy_end], parameters: {puppet_manifest: o.pp, puppet_modules: m, timeout: 9}}
- {id: again-after, type: shell, version: 2.0.0, role: '*', reexecute_on: [deploy_changes],
   requires: [post_deployment_start], required_for: [post_deployment_end], parameters: {cmd: again, timeout: 9}}
- {id: once-after, type: shell, version: 2.0.0, role: '*',
   requires: [post_deployment_start], required_for: [post_deployment_end], parameters: {cmd: once, timeout: 9}}
";

/// A controller and a compute node with the plugin, deployed.
async fn deployed(version: &str) -> (Master, i64) {
    let master = master::start_with(|config| config.profile = Profile::named(version).unwrap()).await;
    let directory = master.plugins.path().join("again-1.0");
    fs_err::create_dir_all(&directory).unwrap();
    fs_err::write(directory.join("deployment_tasks.yaml"), TASKS).unwrap();
    fs_err::write(directory.join("tasks.yaml"), "[]\n").unwrap();
    let releases = master.get("/releases/").await;
    let mut releases = releases.as_array().unwrap().iter();
    let release = releases
        .find(|release| release["operating_system"] == "Ubuntu" && release["state"] == "available")
        .unwrap();
    let plugin = json!({
        "name": "again", "title": "Again", "version": "1.0.0", "package_version": "3.0.0", "description": "d",
        "fuel_version": [version], "releases": [{
            "os": "ubuntu", "version": release["version"], "mode": ["ha"],
            "deployment_scripts_path": "deployment_scripts/", "repository_path": "repositories/ubuntu",
        }],
    });
    master.post("/plugins/", plugin).await;
    let body = json!({"name": "a", "release_id": release["id"], "net_provider": "neutron", "net_segment_type": "vlan"});
    let environment = master.post("/clusters/", body).await["id"].as_i64().unwrap();
    master.enable(environment, "again", |_| {}).await;
    for (number, role) in [(1, "controller"), (2, "compute")] {
        add_node(&master, environment, number, role).await;
    }
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    finish(&master).await;
    (master, environment)
}

async fn add_node(master: &Master, environment: i64, number: u8, role: &str) {
    let id = master.register_node(number).await;
    let path = format!("/clusters/{environment}/assignment/");
    master.post(&path, json!([{"id": id, "roles": [role]}])).await;
}

/// Takes the message and lets it succeed.
async fn finish(master: &Master) -> Value {
    let message = master.message().await;
    let args = json!({"task_uuid": message["args"]["task_uuid"], "status": "ready", "progress": 100});
    master.reply(message["respond_to"].as_str().unwrap(), args).await;
    message
}

/// Node to ids of the plugin's tasks, during the deployment.
fn during(message: &Value) -> BTreeMap<String, Vec<String>> {
    let infos = message["args"]["deployment_info"].as_array().unwrap().iter();
    infos
        .map(|info| {
            let ids = info["tasks"].as_array().unwrap().iter();
            let ids = ids.filter_map(|task| task["id"].as_str());
            let own = ids.filter(|id| id.ends_with("-deploy")).map(str::to_owned).collect();
            (info["uid"].as_str().unwrap().to_owned(), own)
        })
        .collect()
}

/// The plugin's hook with that id, or its copying of scripts, to nodes.
fn nodes_of(message: &Value, part: &str, id: &str) -> Value {
    let hooks = message["args"][part].as_array().unwrap().iter();
    let mut own = hooks.filter(|hook| hook["id"] == id || (id == "sync" && hook["diagnostic_name"] == "again-1.0.0"));
    own.next().map_or(Value::Null, |hook| hook["uids"].clone())
}

fn table(rows: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    rows.iter()
        .map(|(node, ids)| ((*node).to_owned(), ids.iter().map(|id| (*id).to_owned()).collect()))
        .collect()
}

#[tokio::test]
async fn in_8_0_a_new_node_makes_ready_ones_run_what_says_reexecute_on_and_nothing_else() {
    let (master, environment) = deployed("8.0").await;
    add_node(&master, environment, 3, "compute").await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let message = finish(&master).await;
    let expected = table(&[
        ("1", &["again-deploy"]),
        ("2", &["again-deploy"]),
        ("3", &["again-deploy", "once-deploy"]),
    ]);
    assert_eq!(during(&message), expected);
    assert_eq!(
        nodes_of(&message, "post_deployment", "again-after"),
        json!(["1", "2", "3"])
    );
    assert_eq!(nodes_of(&message, "post_deployment", "once-after"), json!(["3"]));
    assert_eq!(nodes_of(&message, "pre_deployment", "sync"), json!(["3"]));
    // Core tasks say it too.
    let infos = message["args"]["deployment_info"].as_array().unwrap();
    let of = |uid: &str| {
        let info = infos.iter().find(|info| info["uid"] == uid).unwrap();
        let ids = info["tasks"].as_array().unwrap().iter();
        ids.map(|task| task["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(
        of("2").contains(&"globals".to_owned()) && !of("2").contains(&"hiera".to_owned()),
        "{:?}",
        of("2")
    );
    assert!(of("3").contains(&"hiera".to_owned()), "{:?}", of("3"));
}

#[tokio::test]
async fn in_7_0_ready_nodes_are_left_alone() {
    let (master, environment) = deployed("7.0").await;
    add_node(&master, environment, 3, "compute").await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let message = finish(&master).await;
    assert_eq!(during(&message), table(&[("3", &["again-deploy", "once-deploy"])]));
    assert_eq!(nodes_of(&message, "post_deployment", "again-after"), json!(["3"]));
    assert_eq!(master.get("/nodes/1/").await["status"], "ready");
}

#[rstest]
#[case("7.0")]
#[case("8.0")]
#[tokio::test]
async fn where_every_node_is_ready_all_of_them_are_deployed_again(#[case] version: &str) {
    let (master, environment) = deployed(version).await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let message = finish(&master).await;
    let both: &[&str] = &["again-deploy", "once-deploy"];
    assert_eq!(during(&message), table(&[("1", both), ("2", both)]));
    assert_eq!(nodes_of(&message, "post_deployment", "once-after"), json!(["1", "2"]));
}

#[rstest]
#[case("7.0")]
#[case("8.0")]
#[tokio::test]
async fn chosen_nodes_alone_are_deployed(#[case] version: &str) {
    let (master, environment) = deployed(version).await;
    master
        .put(&format!("/clusters/{environment}/deploy/?nodes=2"), json!({}))
        .await;
    assert_eq!(master.get("/nodes/1/").await["status"], "ready");
    let message = finish(&master).await;
    assert_eq!(during(&message), table(&[("2", &["again-deploy", "once-deploy"])]));
    for part in ["pre_deployment", "post_deployment"] {
        for hook in message["args"][part].as_array().unwrap() {
            let uids = &hook["uids"];
            assert!(*uids == json!(["2"]) || *uids == json!(["master"]), "{hook}");
        }
    }
    assert_eq!(
        message["args"]["deployment_info"][0]["nodes"].as_array().unwrap().len(),
        2
    );
}

#[rstest]
#[case("7.0")]
#[case("8.0")]
#[tokio::test]
async fn chosen_tasks_alone_happen_with_the_scripts_of_their_plugin(#[case] version: &str) {
    let (master, environment) = deployed(version).await;
    let path = format!("/clusters/{environment}/deploy_tasks/?nodes=1,2");
    master.put(&path, json!(["once-deploy", "again-after"])).await;
    let message = finish(&master).await;
    assert_eq!(
        during(&message),
        table(&[("1", &["once-deploy"]), ("2", &["once-deploy"])])
    );
    for info in message["args"]["deployment_info"].as_array().unwrap() {
        assert_eq!(info["tasks"].as_array().unwrap().len(), 1, "no task of the core either");
        assert_eq!(info["tasks"][0]["priority"], 100);
    }
    let ids: Vec<&Value> = message["args"]["post_deployment"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hook| &hook["id"])
        .collect();
    assert_eq!(ids, [&json!("again-after")]);
    assert_eq!(nodes_of(&message, "pre_deployment", "sync"), json!(["1", "2"]));
}

#[tokio::test]
async fn in_9_2_every_task_is_sent_to_every_node_each_time() {
    let (master, environment) = deployed("9.2").await;
    add_node(&master, environment, 3, "compute").await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let message = finish(&master).await;
    for node in ["1", "2", "3"] {
        for id in ["again-deploy", "once-deploy", "again-after", "once-after"] {
            let tasks = message["args"]["tasks_graph"][node].as_array().unwrap();
            let task = tasks.iter().find(|task| task["id"] == id).unwrap();
            assert_ne!(task["type"], "skipped", "{id} on {node}");
            assert!(task.get("reexecute_on").is_none());
        }
    }
}

#[rstest]
#[case("8.0")]
#[case("9.2")]
#[tokio::test]
async fn tasks_and_nodes_that_there_are_not_are_refused(#[case] version: &str) {
    let (master, environment) = deployed(version).await;
    let path = format!("/api/v1/clusters/{environment}/deploy_tasks/?nodes=1");
    let refused = master.send("PUT", &path, Some(json!(["once-deploy", "nothing"]))).await;
    let text = "Tasks nothing are not present in deployment graph";
    assert_eq!((refused.0, refused.1["message"].as_str()), (400, Some(text)));
    let path = format!("/api/v1/clusters/{environment}/deploy/?nodes=7");
    let refused = master.send("PUT", &path, Some(json!({}))).await;
    assert_eq!(
        (refused.0, refused.1["message"].as_str()),
        (404, Some("Node not found"))
    );
    assert_eq!(
        master.get(&format!("/clusters/{environment}/")).await["status"],
        "operational"
    );
}
