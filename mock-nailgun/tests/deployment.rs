//! Deployments over HTTP: from enabled plugin to Astute message and back.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use serde_json::{Value, json};

const TRIO: &[&[&str]] = &[&["controller"], &["compute"], &["notes"]];

fn task<'a>(message: &'a Value, node: &str, id: &str) -> &'a Value {
    message["args"]["tasks_graph"][node]
        .as_array()
        .unwrap()
        .iter()
        .find(|task| task["id"] == id)
        .unwrap_or_else(|| panic!("no {id} on {node}"))
}

#[tokio::test]
async fn changes_become_an_astute_message_and_replies_make_the_environment_operational() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let supertask = master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    assert_eq!(
        (supertask["name"].as_str(), supertask["status"].as_str()),
        (Some("deploy"), Some("pending"))
    );
    assert_eq!(
        master.get(&format!("/clusters/{environment}/")).await["status"],
        "deployment"
    );

    let again = master
        .send(
            "PUT",
            &format!("/api/v1/clusters/{environment}/changes/"),
            Some(json!({})),
        )
        .await;
    assert_eq!(
        again,
        (
            400,
            json!("Cannot perform the actions because there are another running tasks.")
        )
    );

    let message = master.message().await;
    assert_eq!(message["method"], "task_deploy");
    assert_eq!(message["respond_to"], "transaction_resp");
    let uuid = message["args"]["task_uuid"].clone();
    master
        .reply("transaction_resp", json!({"task_uuid": uuid, "status": "running"}))
        .await;
    master
        .reply(
            "transaction_resp",
            json!({"task_uuid": uuid, "nodes": [
                {"uid": "3", "progress": 50, "deployment_graph_task_name": "notes-service", "task_status": "ready", "summary": {"a": 1}},
                {"uid": "1", "progress": 100, "status": "ready"},
            ]}),
        )
        .await;
    let node = master.get("/nodes/3/").await;
    assert_eq!(
        (node["status"].as_str(), node["progress"].as_i64()),
        (Some("deploying"), Some(50))
    );
    let history = format!(
        "/transactions/{}/deployment_history/?tasks_names=notes-service",
        supertask["id"]
    );
    let records = master.get(&history).await;
    assert_eq!(records.as_array().unwrap().len(), 1);
    assert_eq!(records[0]["status"], "ready");
    assert_eq!(records[0]["node_id"], "3");

    master
        .reply(
            "transaction_resp",
            json!({"task_uuid": uuid, "status": "ready", "progress": 100}),
        )
        .await;
    assert_eq!(
        master.get(&format!("/clusters/{environment}/")).await["status"],
        "operational"
    );
    let finished = master.get(&format!("/tasks/{}/", supertask["id"])).await;
    assert_eq!(
        (finished["status"].as_str(), finished["progress"].as_i64()),
        (Some("ready"), Some(100))
    );
    let text = finished["message"].as_str().unwrap();
    assert!(
        text.ends_with("\n\nPlugin notes_service is deployed. Keeps notes for tenants."),
        "{text}"
    );
    let notifications = master.get("/notifications/").await;
    let last = notifications.as_array().unwrap().last().unwrap();
    assert_eq!(
        (last["topic"].as_str(), last["message"].as_str()),
        (Some("done"), Some(text))
    );
    for node in master.get("/nodes/").await.as_array().unwrap() {
        assert_eq!(node["status"], "ready");
        assert_eq!(node["pending_roles"], json!([]));
    }
    assert_eq!(master.get("/nodes/1/").await["roles"], json!(["controller"]));
    assert!(
        master
            .get(&format!("/clusters/{environment}/attributes/deployed/"))
            .await["notes_service"]
            .is_object()
    );
}

#[tokio::test]
async fn an_operational_environment_is_deployed_again_with_the_same_graph_and_addresses() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let mut graphs = Vec::new();
    for _ in 0..2 {
        master
            .put(&format!("/clusters/{environment}/changes/"), json!({}))
            .await;
        let message = master.message().await;
        let uuid = &message["args"]["task_uuid"];
        master
            .reply(
                "transaction_resp",
                json!({"task_uuid": uuid, "status": "ready", "progress": 100}),
            )
            .await;
        let mut graph = message["args"]["tasks_graph"].clone();
        // Settings tell that the environment was deployed before; that is all that may differ.
        for tasks in graph.as_object_mut().unwrap().values_mut() {
            for task in tasks.as_array_mut().unwrap() {
                if let Some(data) = task["parameters"]["data"].as_str() {
                    let lines: Vec<&str> = data
                        .lines()
                        .filter(|line| {
                            !["status:", "value:", "  status:", "  value:"]
                                .iter()
                                .any(|prefix| line.starts_with(prefix))
                        })
                        .collect();
                    task["parameters"]["data"] = json!(lines);
                }
            }
        }
        graphs.push(graph);
    }
    assert_eq!(graphs[0], graphs[1]);
    assert_eq!(
        master.get(&format!("/clusters/{environment}/")).await["status"],
        "operational"
    );
}

#[tokio::test]
async fn a_failed_deployment_leaves_the_environment_in_error_with_astutes_reason() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let supertask = master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let message = master.message().await;
    let uuid = message["args"]["task_uuid"].clone();
    master
        .reply(
            "transaction_resp",
            json!({"task_uuid": uuid, "status": "error", "error": "Failed tasks: Task[notes-service/3]", "nodes": [
                {"uid": "3", "status": "error", "error_type": "deploy", "deployment_graph_task_name": "notes-service", "task_status": "error"},
            ]}),
        )
        .await;
    assert_eq!(
        master.get(&format!("/clusters/{environment}/")).await["status"],
        "error"
    );
    let task = master.get(&format!("/tasks/{}/", supertask["id"])).await;
    assert_eq!(task["status"], "error");
    assert_eq!(
        task["message"],
        "Deployment has failed. Failed tasks: Task[notes-service/3]"
    );
    let node = master.get("/nodes/3/").await;
    assert_eq!(
        (node["status"].as_str(), node["error_type"].as_str()),
        (Some("error"), Some("deploy"))
    );
}

#[tokio::test]
async fn core_tasks_that_happen_are_in_the_message_and_all_others_are_skipped() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let message = master.message().await;
    let rsync = task(&message, "3", "rsync_core_puppet");
    assert_eq!(rsync["type"], "sync");
    assert_eq!(
        rsync["parameters"]["src"],
        "rsync://10.20.0.2:/puppet/mitaka-9.0/modules/"
    );
    assert_eq!(
        rsync["required_for"],
        json!([{"name": "pre_deployment_start", "node_id": null}])
    );
    let upload = task(&message, "3", "upload_configuration");
    assert_eq!(
        upload["parameters"]["path"],
        format!("/etc/fuel/cluster/{environment}/astute.yaml")
    );
    let astute: Value = serde_yaml::from_str(upload["parameters"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(astute["uid"], "3");
    assert_eq!(astute["roles"], json!(["primary-notes"]));
    assert_eq!(
        task(&message, "3", "configuration_symlink")["requires"],
        json!([{"name": "upload_configuration", "node_id": "3"}])
    );
    assert_eq!(task(&message, "1", "netconfig")["type"], "skipped");
    assert!(task(&message, "1", "netconfig").get("parameters").is_none());
    assert_eq!(task(&message, "null", "deploy_start")["type"], "skipped");
    for task in message["args"]["tasks_graph"]["master"].as_array().unwrap() {
        assert_eq!(task["type"], "skipped");
    }
}

#[tokio::test]
async fn tasks_of_a_plugin_stand_on_its_nodes_with_their_directory_and_edges() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let graph = master.get(&format!("/clusters/{environment}/serialized_tasks/")).await;
    let message = json!({"args": graph});
    let service = task(&message, "3", "notes-service");
    assert_eq!(service["parameters"]["cwd"], "/etc/fuel/plugins/notes_service-1.2/");
    let requires = service["requires"].as_array().unwrap();
    assert!(requires.contains(&json!({"name": "hiera", "node_id": "3"})));
    assert!(requires.contains(&json!({"name": "notes-keystone", "node_id": "1"})));
    let database = task(&message, "1", "notes-db");
    assert!(
        database["requires"]
            .as_array()
            .unwrap()
            .contains(&json!({"name": "primary-database", "node_id": "1"}))
    );
    assert!(
        database["required_for"]
            .as_array()
            .unwrap()
            .contains(&json!({"name": "notes-service", "node_id": "3"}))
    );
    // A group that names core tasks puts them on its nodes.
    assert_eq!(task(&message, "3", "hiera")["type"], "puppet");
    let debug = task(&message, "2", "notes-debug");
    assert_eq!(debug["type"], "skipped", "its condition does not hold");
    let check = task(&message, "3", "notes-check");
    assert_eq!(
        check["parameters"]["cmd"],
        "echo {CLUSTER_ID} {MASTER_IP} {OPENSTACK_VERSION}; awk '{print $1}' /etc/hosts"
    );
    let ids: Vec<&str> = graph["tasks_graph"]["2"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|task| task["id"].as_str())
        .collect();
    assert!(!ids.contains(&"notes-service"));
}

#[tokio::test]
async fn a_condition_on_serialised_settings_decides_whether_a_task_happens() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    master
        .put(
            &format!("/clusters/{environment}/attributes/"),
            json!({"editable": {"common": {"debug": {"value": true}}}}),
        )
        .await;
    master
        .enable(environment, "notes_service", |section| {
            section["metadata"]["versions"][0]["notes_debug"]["value"] = json!(true)
        })
        .await;
    let graph = master.get(&format!("/clusters/{environment}/serialized_tasks/")).await;
    let message = json!({"args": graph});
    let debug = task(&message, "2", "notes-debug");
    assert_eq!(
        (debug["type"].as_str(), debug["parameters"]["cmd"].as_str()),
        (Some("shell"), Some("echo debug 1"))
    );
}

#[tokio::test]
async fn deployment_info_tells_a_node_all_that_plugins_read() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let infos = master
        .get(&format!("/clusters/{environment}/orchestrator/deployment/defaults/"))
        .await;
    assert_eq!(infos.as_array().unwrap().len(), 4);
    let controller = &infos[0];
    assert_eq!(
        controller["roles"],
        json!([
            "primary-controller",
            "primary-database",
            "primary-keystone",
            "primary-neutron",
            "primary-rabbitmq"
        ])
    );
    let section = &controller["notes_service"];
    assert_eq!(section["notes_port"], "8999");
    assert_eq!(section["notes_url"], "http://{settings.MASTER_IP}/{unknown}");
    assert_eq!(section["notes_master"], "http://10.20.0.2/notes");
    assert_eq!(section["metadata"]["plugin_version"], "1.2.0");
    assert_eq!(section["metadata"]["hot_pluggable"], false);
    assert_eq!(
        controller["plugins"],
        json!([{
            "name": "notes_service",
            "scripts": [{
                "remote_url": "rsync://10.20.0.2:/plugins/notes_service-1.2/deployment_scripts/",
                "local_path": "/etc/fuel/plugins/notes_service-1.2/",
            }],
            "repositories": [{
                "type": "deb", "name": "notes_service-1.2", "suite": "/", "section": "", "priority": 1100,
                "uri": "http://10.20.0.2:8080/plugins/notes_service-1.2/repositories/ubuntu",
            }],
        }])
    );
    assert_eq!(controller["mysql"]["root_password"].as_str().unwrap().len(), 24);
    assert_eq!(controller["murano"]["enabled"], false);
    let vips = &controller["network_metadata"]["vips"];
    assert_eq!(vips["management"]["ipaddr"], "192.168.0.2");
    assert_eq!(vips["notes"]["network_role"], "notes/api");
    assert_eq!(vips["notes"]["ipaddr"], "192.168.0.4");
    assert_eq!(
        controller["network_scheme"]["endpoints"]["br-mgmt"]["IP"],
        json!(["192.168.0.5/24"])
    );
    assert_eq!(controller["network_scheme"]["roles"]["notes/api"], "br-mgmt");
    assert_eq!(
        controller["network_scheme"]["endpoints"]["br-ex"]["IP"],
        json!(["172.16.0.4/24"])
    );
    assert!(infos[2]["network_scheme"]["endpoints"].get("br-ex").is_none());
    // The same addresses are in the nodes' own data.
    let data = master.get("/nodes/1/").await["network_data"].clone();
    let management = data
        .as_array()
        .unwrap()
        .iter()
        .find(|network| network["name"] == "management")
        .unwrap();
    assert_eq!(management["ip"], "192.168.0.5/24");
    // And they stay.
    let again = master
        .get(&format!("/clusters/{environment}/orchestrator/deployment/defaults/"))
        .await;
    assert_eq!(again[0]["network_scheme"], controller["network_scheme"]);
    assert_eq!(again[0]["mysql"], controller["mysql"]);
    assert_eq!(again[0]["notes_service"], *section);
}

#[tokio::test]
async fn a_network_may_be_moved_before_addresses_are_used() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let path = format!("/clusters/{environment}/network_configuration/neutron");
    let before = master.get(&path).await;
    assert_eq!(before["vips"]["management"]["ipaddr"], "192.168.0.2");
    let networks: Vec<&str> = before["networks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|network| network["name"].as_str())
        .collect();
    assert_eq!(
        networks,
        ["public", "management", "storage", "private", "fuelweb_admin"]
    );
    let moved = master
        .put(
            &path,
            json!({"networks": [{"name": "management", "cidr": "192.168.77.0/24"}]}),
        )
        .await;
    assert_eq!(
        moved["networks"][1]["ip_ranges"],
        json!([["192.168.77.1", "192.168.77.254"]])
    );
    assert_eq!(moved["management_vip"], "192.168.77.2");
    let infos = master
        .get(&format!("/clusters/{environment}/orchestrator/deployment/defaults/"))
        .await;
    assert_eq!(infos[0]["management_network_range"], "192.168.77.0/24");
}

#[tokio::test]
async fn an_environment_without_a_controller_is_not_deployed_and_the_task_says_why() {
    let master = master::start().await;
    let environment = master.environment_with(&[&["compute"]]).await;
    let task = master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    assert_eq!(task["status"], "error");
    assert_eq!(
        task["message"],
        "Not enough nodes with role 'Controller': at least 1 needed, 0 assigned."
    );
    assert_eq!(master.send("GET", "/mock/astute/messages", None).await.0, 204);
}

#[tokio::test]
async fn a_loop_between_tasks_is_refused() {
    let master = master::start().await;
    let tasks = master.plugins.path().join("notes_service-1.2/deployment_tasks.yaml");
    fs_err::write(
        &tasks,
        "- {id: one, type: shell, version: 2.1.0, role: '*', requires: [two], parameters: {cmd: 'true', timeout: 1}}\n\
         - {id: two, type: shell, version: 2.1.0, role: '*', requires: [one], parameters: {cmd: 'true', timeout: 1}}\n",
    )
    .unwrap();
    let environment = master.environment_with(TRIO).await;
    let path = format!("/api/v1/clusters/{environment}/serialized_tasks/");
    let (status, body) = master.send("GET", &path, None).await;
    assert_eq!(status, 400);
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .starts_with("Tasks can not be processed because it contains cycles in it: ")
    );
}

#[tokio::test]
async fn stopping_tells_astute_and_leaves_the_environment_stopped() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let deployment = master.message().await;
    let stop = master
        .put(&format!("/clusters/{environment}/stop_deployment/"), json!({}))
        .await;
    assert_eq!(stop["name"], "stop_deployment");
    let message = master.message().await;
    assert_eq!(message["method"], "stop_deploy_task");
    assert_eq!(message["args"]["stop_task_uuid"], deployment["args"]["task_uuid"]);
    master
        .reply(
            "stop_deployment_resp",
            json!({"task_uuid": message["args"]["task_uuid"], "status": "ready", "progress": 100}),
        )
        .await;
    assert_eq!(
        master.get(&format!("/clusters/{environment}/")).await["status"],
        "stopped"
    );
    assert_eq!(master.get("/nodes/1/").await["status"], "stopped");
    // And it can be deployed afterwards.
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    assert_eq!(master.message().await["method"], "task_deploy");
}

#[tokio::test]
async fn who_waits_for_a_message_gets_it_when_it_comes() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let path = format!("/clusters/{environment}/changes/");
    let (message, _) = tokio::join!(master.message(), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        master.put(&path, json!({})).await
    });
    assert_eq!(message["method"], "task_deploy");
}

#[tokio::test]
async fn a_dry_run_changes_no_status() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    master
        .put(&format!("/clusters/{environment}/changes/?dry_run=1"), json!({}))
        .await;
    let message = master.message().await;
    assert_eq!(message["args"]["dry_run"], true);
    let uuid = &message["args"]["task_uuid"];
    master
        .reply(
            "transaction_resp",
            json!({"task_uuid": uuid, "status": "ready", "progress": 100}),
        )
        .await;
    assert_eq!(master.get(&format!("/clusters/{environment}/")).await["status"], "new");
    assert_eq!(master.get("/nodes/1/").await["status"], "discover");
}
