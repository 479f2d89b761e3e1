//! Deployments of Fuel 6.1 to 8.0: hooks, and tasks of each node and role.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use mock_nailgun::Profile;
use rstest::rstest;
use serde_json::{Value, json};

const TASKS: &str = r"
- {role: '*', stage: post_deployment/10, type: shell, parameters: {cmd: echo late, timeout: 42}}
- {role: [primary-controller], stage: post_deployment/-1, type: shell, parameters: {cmd: echo early, timeout: 42, retries: 7}}
- {role: [controller], stage: pre_deployment, type: shell, parameters: {cmd: echo nobody, timeout: 42}}
- {role: [compute], stage: pre_deployment, type: puppet, parameters: {puppet_manifest: site.pp, puppet_modules: modules, timeout: 360}}
- {role: '*', stage: pre_deployment/0.5, type: reboot, parameters: {timeout: 600}}
";

/// A master of a version with a plugin whose tasks.yaml is this, a controller and a compute node.
async fn master_of(version: &str, tasks: &str) -> (Master, i64) {
    let master = master::start_with(|config| config.profile = Profile::named(version).unwrap()).await;
    let directory = master.plugins.path().join("old_times-1.0");
    fs_err::create_dir_all(directory.join("repositories/ubuntu")).unwrap();
    fs_err::write(directory.join("repositories/ubuntu/Packages"), "").unwrap();
    let release = "Origin: Somebody\nLabel: old times\nSuite: stable\nCodename: old\n";
    fs_err::write(directory.join("repositories/ubuntu/Release"), release).unwrap();
    fs_err::write(directory.join("tasks.yaml"), tasks).unwrap();
    let releases = master.get("/releases/").await;
    let release = releases
        .as_array()
        .unwrap()
        .iter()
        .find(|release| release["operating_system"] == "Ubuntu" && release["state"] == "available")
        .unwrap()
        .clone();
    master
        .post(
            "/plugins/",
            json!({
                "name": "old_times", "title": "Old times", "version": "1.0.3", "package_version": "2.0.0",
                "description": "d", "fuel_version": [version], "releases": [{
                    "os": "ubuntu", "version": release["version"], "mode": ["ha"],
                    "deployment_scripts_path": "deployment_scripts/", "repository_path": "repositories/ubuntu",
                }],
            }),
        )
        .await;
    let body =
        json!({"name": "old", "release_id": release["id"], "net_provider": "neutron", "net_segment_type": "vlan"});
    let environment = master.post("/clusters/", body).await["id"].as_i64().unwrap();
    master.enable(environment, "old_times", |_| {}).await;
    let mut assignment = Vec::new();
    for (number, role) in [(1, "controller"), (2, "compute")] {
        assignment.push(json!({"id": master.register_node(number).await, "roles": [role]}));
    }
    let path = format!("/clusters/{environment}/assignment/");
    master.post(&path, json!(assignment)).await;
    (master, environment)
}

async fn hooks(master: &Master, environment: i64, stage: &str) -> Vec<Value> {
    let path = format!("/clusters/{environment}/orchestrator/plugins_{stage}_hooks/");
    let hooks = master.get(&path).await;
    let of_plugin = |hook: &&Value| hook["diagnostic_name"] == "old_times-1.0.3";
    let all = hooks.as_array().unwrap();
    let priorities: Vec<u64> = all.iter().filter_map(|hook| hook["priority"].as_u64()).collect();
    let expected: Vec<u64> = (1..=all.len() as u64).map(|number| number * 100).collect();
    assert_eq!(priorities, expected);
    all.iter().filter(of_plugin).cloned().collect()
}

fn without_priority(hook: &Value) -> Value {
    let mut hook = hook.clone();
    hook.as_object_mut().unwrap().shift_remove("priority");
    hook
}

#[rstest]
#[case("6.1")]
#[case("7.0")]
#[case("8.0")]
#[tokio::test]
async fn before_a_deployment_come_repository_pin_update_scripts_and_tasks(#[case] version: &str) {
    let (master, environment) = master_of(version, TASKS).await;
    let made: Vec<Value> = hooks(&master, environment, "pre")
        .await
        .iter()
        .map(without_priority)
        .collect();
    let name = "old_times-1.0.3";
    let cwd = "/etc/fuel/plugins/old_times-1.0/";
    let uri = "http://10.20.0.2:8080/plugins/old_times-1.0/repositories/ubuntu";
    let hook = |kind: &str, uids: Value, parameters: Value| json!({"type": kind, "uids": uids, "parameters": parameters, "diagnostic_name": name, "fail_on_error": true});
    let with_id = |mut hook: Value| {
        hook["id"] = Value::Null;
        hook
    };
    let all = json!(["1", "2"]);
    let expected = vec![
        hook(
            "upload_file",
            all.clone(),
            json!({
                "path": "/etc/apt/sources.list.d/old_times-1.0.3.list", "data": format!("deb {uri} / "), "cwd": cwd,
            }),
        ),
        hook(
            "upload_file",
            all.clone(),
            json!({
                "path": "/etc/apt/preferences.d/old_times-1.0.3.pref", "cwd": cwd,
                "data": "Package: *\nPin: release o=Somebody,a=stable,n=old,l=old times\nPin-Priority: 1100",
            }),
        ),
        with_id(hook(
            "shell",
            all.clone(),
            json!({
                "cmd": "apt-get update", "timeout": 1800, "retries": 3, "interval": 1, "cwd": "/",
            }),
        )),
        hook(
            "sync",
            all.clone(),
            json!({
                "src": "rsync://10.20.0.2:/plugins/old_times-1.0/deployment_scripts/", "dst": cwd, "cwd": cwd,
            }),
        ),
        with_id(hook(
            "puppet",
            json!(["2"]),
            json!({
                "puppet_manifest": "site.pp", "puppet_modules": "modules", "timeout": 360, "retries": null, "cwd": cwd,
            }),
        )),
        with_id(hook("reboot", all, json!({"timeout": 600}))),
    ];
    assert_eq!(Value::from(made), Value::from(expected));
}

#[tokio::test]
async fn tasks_after_a_deployment_are_sorted_by_the_number_of_their_stage() {
    let (master, environment) = master_of("8.0", TASKS).await;
    let made = hooks(&master, environment, "post").await;
    let commands: Vec<&str> = made
        .iter()
        .filter_map(|hook| hook["parameters"]["cmd"].as_str())
        .collect();
    assert_eq!(commands, ["echo early", "echo late"]);
    assert_eq!(made[0]["uids"], json!(["1"]));
    assert_eq!(made[0]["parameters"]["retries"], 7);
    assert_eq!(made[1]["uids"], json!(["1", "2"]));
}

#[rstest]
#[case("# nothing\n", 500)]
#[case("[]\n", 200)]
#[tokio::test]
async fn a_tasks_file_of_comments_alone_breaks_every_deployment(#[case] tasks: &str, #[case] status: u16) {
    let (master, environment) = master_of("8.0", tasks).await;
    let path = format!("/api/v1/clusters/{environment}/orchestrator/plugins_pre_hooks/");
    let (found, body) = master.send("GET", &path, None).await;
    assert_eq!(found, status);
    if status == 500 {
        assert_eq!(body["message"], "TypeError: 'NoneType' object is not iterable");
    } else {
        let hooks = body.as_array().unwrap();
        assert!(
            hooks.iter().all(|hook| hook["diagnostic_name"].is_null()),
            "no task needs the plugin"
        );
    }
}

#[rstest]
#[case("7.0", 500)]
#[case("8.0", 200)]
#[tokio::test]
async fn a_task_type_that_there_is_not_is_left_out_only_from_8_0_on(#[case] version: &str, #[case] status: u16) {
    let tasks = "- {role: '*', stage: pre_deployment, type: dance, parameters: {timeout: 1}}\n";
    let (master, environment) = master_of(version, tasks).await;
    let path = format!("/api/v1/clusters/{environment}/orchestrator/plugins_pre_hooks/");
    assert_eq!(master.send("GET", &path, None).await.0, status);
}

#[rstest]
#[case("6.1", Value::Null)]
#[case("7.0", Value::Null)]
#[case("8.0", json!(["old_times"]))]
#[tokio::test]
async fn changes_become_one_message_with_hooks_and_an_element_for_each_node_and_role(
    #[case] version: &str,
    #[case] plugins: Value,
) {
    let (master, environment) = master_of(version, TASKS).await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let message = master.message().await;
    assert_eq!(message["method"], "granular_deploy");
    assert_eq!(message["respond_to"], "deploy_resp");
    let args = &message["args"];
    let elements: Vec<(&str, &str, u64)> = args["deployment_info"]
        .as_array()
        .unwrap()
        .iter()
        .map(|info| {
            let text = |key: &str| info[key].as_str().unwrap();
            (text("uid"), text("role"), info["priority"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(elements.len(), 2);
    assert_eq!(elements[0].0, "1");
    assert_eq!(elements[0].1, "primary-controller");
    assert_eq!(elements[1].1, "compute");
    assert!(elements[0].2 < elements[1].2, "controllers come before compute nodes");
    let first = &args["deployment_info"][0];
    assert_eq!(first["plugins"], plugins);
    assert_eq!(first["fail_if_error"], true);
    assert_eq!(first["old_times"]["metadata"]["enabled"], true);
    assert!(first["tasks"].is_array());
    assert_eq!(args["pre_deployment"][0]["priority"], 100);
    let uuid = &args["task_uuid"];
    let nodes = json!([{"uid": "1", "status": "ready"}, {"uid": "2", "status": "ready"}]);
    master
        .reply("deploy_resp", json!({"task_uuid": uuid, "nodes": nodes}))
        .await;
    let end = json!({"task_uuid": uuid, "status": "ready", "progress": 100});
    master.reply("deploy_resp", end).await;
    let path = format!("/clusters/{environment}/");
    assert_eq!(master.get(&path).await["status"], "operational");
}
