//! What a deployment is checked for, and what nodes are told.

use rstest::rstest;
use serde_json::{Value, json};

use super::{fuel, plugin, write};

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
