//! What a deployment is checked for, and what nodes are told.

use rstest::rstest;
use serde_json::{Value, json};

use super::{fuel, master::Master, plugin, write};

#[rstest]
#[case("6.1", "Role \"controller\" in conflict with role compute (node 'Untitled (00:01)')")]
#[case("7.0", "Role \"controller\" in conflict with role compute (node 'Untitled (00:01)')")]
#[case("8.0", "Role \"controller\" in conflict with role compute (node 'Untitled (00:01)')")]
#[case(
    "9.2",
    "Role 'controller' in conflict with role 'compute'. (node 'Untitled (00:01)')"
)]
#[tokio::test]
async fn roles_that_came_to_conflict_after_they_were_given_stop_a_deployment(
    #[case] version: &str,
    #[case] text: &str,
) {
    let master = fuel(version).await;
    master.create_environment("one").await;
    let node = master.register_node(1).await;
    let release = master.get("/releases/2/").await;
    let release_id = if release["state"] == "available" { 2 } else { 1 };
    let path = format!("/releases/{release_id}/roles/controller/");
    let mut role = master.get(&path).await;
    let conflicts = role["meta"]["conflicts"].clone();
    role["meta"].as_object_mut().unwrap().shift_remove("conflicts");
    master.put(&path, role.clone()).await;
    let compute_path = format!("/releases/{release_id}/roles/compute/");
    let mut compute = master.get(&compute_path).await;
    compute["meta"].as_object_mut().unwrap().shift_remove("conflicts");
    master.put(&compute_path, compute).await;
    master
        .post(
            "/clusters/1/assignment/",
            json!([{"id": node, "roles": ["controller", "compute"]}]),
        )
        .await;
    role["meta"]["conflicts"] = if conflicts.is_null() {
        json!(["compute"])
    } else {
        conflicts
    };
    master.put(&path, role).await;
    let task = master.put("/clusters/1/changes/", json!({})).await;
    assert_eq!((&task["status"], &task["message"]), (&json!("error"), &json!(text)));
    assert_eq!(master.send("GET", "/mock/astute/messages", None).await.0, 204);
    // Nothing of the refused deployment stays.
    assert_eq!(master.get("/clusters/1/").await["status"], "new");
    assert_eq!(master.get(&format!("/nodes/{node}/")).await["status"], "discover");
}

#[tokio::test]
async fn a_restriction_that_came_to_hold_after_the_role_was_given_stops_a_deployment() {
    let master = fuel("9.2").await;
    write(
        &master,
        "archive-1.0",
        "node_roles.yaml",
        "archive: {name: Archive, description: a, weight: 1, restrictions: [{'settings:archive.shut.value == true': Archive is off}]}",
    );
    write(
        &master,
        "archive-1.0",
        "environment_config.yaml",
        "attributes: {shut: {type: checkbox, label: Shut, value: false, weight: 1}}",
    );
    master.post("/plugins/", plugin("archive", "1.0.0", "4.0.0")).await;
    master.create_environment("one").await;
    master.enable(1, "archive", |_| {}).await;
    let (first, second) = (master.register_node(1).await, master.register_node(2).await);
    let assignment = json!([{"id": first, "roles": ["controller"]}, {"id": second, "roles": ["archive"]}]);
    master.post("/clusters/1/assignment/", assignment).await;
    let switch = async |value: bool| {
        master
            .enable(1, "archive", |section| {
                section["metadata"]["versions"][0]["shut"]["value"] = json!(value)
            })
            .await
    };
    switch(true).await;
    let task = master.put("/clusters/1/changes/", json!({})).await;
    assert_eq!(
        task["message"],
        "Role 'archive' restrictions mismatch: Archive is off (node 'Untitled (00:02)')"
    );
    switch(false).await;
    assert_eq!(master.put("/clusters/1/changes/", json!({})).await["status"], "pending");
}

#[tokio::test]
async fn sections_of_node_config_are_in_the_list_of_nodes_and_take_no_key_of_fuels() {
    let master = fuel("9.2").await;
    write(
        &master,
        "archive-1.0",
        "node_config.yaml",
        "depot: {metadata: {group: other}, slots: {type: text, label: Slots, value: '3', weight: 1}}\n\
         uid: {slots: {type: text, label: Slots, value: '4', weight: 1}}\n",
    );
    master.post("/plugins/", plugin("archive", "1.0.0", "5.0.0")).await;
    master.create_environment("one").await;
    let node = master.register_node(1).await;
    master
        .post(
            "/clusters/1/assignment/",
            json!([{"id": node, "roles": ["controller"]}]),
        )
        .await;
    let entry = async || master.get("/clusters/1/orchestrator/deployment/defaults/").await[0]["nodes"][0].clone();
    assert!(entry().await.get("depot").is_none(), "it is off");
    master.enable(1, "archive", |_| {}).await;
    assert_eq!(entry().await["depot"], json!({"slots": "3"}));
    assert_eq!(entry().await["uid"], "1");
    let path = format!("/nodes/{node}/attributes/");
    let mut attributes = master.get(&path).await;
    attributes["depot"]["slots"]["value"] = json!("7");
    master.put(&path, attributes).await;
    assert_eq!(entry().await["depot"], json!({"slots": "7"}));
}

#[tokio::test]
async fn up_to_8_0_a_plugins_task_stands_beside_the_releases_of_the_same_id_and_one_of_them_runs() {
    for (version, count) in [("8.0", 2), ("9.2", 1)] {
        let master = fuel(version).await;
        let task = "[{id: netconfig, type: shell, version: 2.1.0, role: '*', parameters: {cmd: 'true', timeout: 10}}]";
        write(&master, "archive-1.0", "deployment_tasks.yaml", task);
        master.post("/plugins/", plugin("archive", "1.0.0", "4.0.0")).await;
        master.create_environment("one").await;
        master.enable(1, "archive", |_| {}).await;
        let list = master.get("/clusters/1/deployment_tasks/").await;
        let found: Vec<&Value> = list
            .as_array()
            .unwrap()
            .iter()
            .filter(|task| task["id"] == "netconfig")
            .collect();
        assert_eq!(found.len(), count, "{version}");
        assert_eq!(found.last().unwrap()["type"], "shell", "{version}");
        if version == "8.0" {
            let node = master.register_node(1).await;
            master
                .post(
                    "/clusters/1/assignment/",
                    json!([{"id": node, "roles": ["controller"]}]),
                )
                .await;
            let info = master.get("/clusters/1/orchestrator/deployment/defaults/").await;
            let tasks = info[0]["tasks"].as_array().unwrap();
            let sent: Vec<&Value> = tasks.iter().filter(|task| task["id"] == "netconfig").collect();
            assert_eq!((sent.len(), &sent[0]["type"]), (1, &json!("shell")));
        }
    }
}

/// How far the run and the whole deployment are, and the run's status.
async fn progress(master: &Master) -> (i64, i64, String) {
    let tasks = master.get("/tasks/").await;
    let named = |name: &str| {
        let mut tasks = tasks.as_array().unwrap().iter();
        tasks.find(|task| task["name"] == name).unwrap().clone()
    };
    let (run, whole) = (named("deployment"), named("deploy"));
    (
        run["progress"].as_i64().unwrap(),
        whole["progress"].as_i64().unwrap(),
        run["status"].as_str().unwrap().to_owned(),
    )
}

#[rstest]
#[case("6.1", false)]
#[case("8.0", false)]
#[case("9.2", false)]
#[case("9.2", true)]
#[tokio::test]
async fn a_task_is_as_far_as_its_nodes_are(#[case] version: &str, #[case] noop: bool) {
    let master = fuel(version).await;
    master.create_environment("one").await;
    for (number, role) in [(1, "controller"), (2, "compute")] {
        let node = master.register_node(number).await;
        let assignment = json!([{"id": node, "roles": [role]}]);
        master.post("/clusters/1/assignment/", assignment).await;
    }
    let query = if noop { "?noop_run=1" } else { "" };
    master.put(&format!("/clusters/1/changes/{query}"), json!({})).await;
    let uuid = master.message().await["args"]["task_uuid"].clone();
    let reply = async |nodes: Value| {
        let args = json!({"task_uuid": uuid, "nodes": nodes});
        master.reply("transaction_resp", args).await;
        progress(&master).await
    };
    // A rehearsal provisions nothing: the run is all there is of it.
    let of_all = |run: i64| if noop { run } else { (40 + run) * 10 / 14 };
    let running = |run: i64| (run, of_all(run), "running".to_owned());
    assert_eq!(reply(json!([{"uid": "1", "progress": 50}])).await, running(25));
    // The master, the sync point and strangers are no nodes of the run.
    let others =
        json!([{"uid": "master", "progress": 100}, {"uid": null, "progress": 100}, {"uid": "7", "progress": 90}]);
    assert_eq!(reply(others).await, running(25));
    let recorded = json!([{"uid": "1", "progress": 100, "status": "ready"}, {"uid": "2", "progress": 48}]);
    assert_eq!(reply(recorded).await, running(74));
    assert_eq!(reply(json!([{"uid": "2", "progress": 10}])).await, running(74));
    assert_eq!(reply(json!([{"uid": "2", "status": "ready"}])).await, running(100));
    let args = json!({"task_uuid": uuid, "status": "ready"});
    master.reply("transaction_resp", args).await;
    assert_eq!(progress(&master).await, (100, 100, "ready".to_owned()));
}
