//! What the real Nailguns of each Fuel were seen or read to do, beside the recorded exchanges.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use mock_nailgun::Profile;
use rstest::rstest;
use serde_json::{Value, json};

async fn fuel(version: &str) -> Master {
    master::start_empty(|config| config.profile = Profile::named(version).unwrap()).await
}

/// A plugin for the release of that Fuel, as a client sends it.
fn plugin(name: &str, version: &str, package: &str) -> Value {
    let releases: Vec<Value> = ["2014.2-6.1", "2015.1.0-7.0", "liberty-8.0", "mitaka-9.0"]
        .iter()
        .map(|release| json!({"os": "ubuntu", "version": release, "mode": ["ha"], "repository_path": "repositories/ubuntu", "deployment_scripts_path": "deployment_scripts/"}))
        .collect();
    json!({
        "name": name, "title": name, "version": version, "package_version": package, "description": "d",
        "fuel_version": ["9.0"], "releases": releases,
    })
}

fn write(master: &Master, directory: &str, name: &str, text: &str) {
    let directory = master.plugins.path().join(directory);
    fs_err::create_dir_all(&directory).unwrap();
    fs_err::write(directory.join(name), text).unwrap();
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Status and the first line of the message, or of the text.
async fn refusal(master: &Master, method: &str, path: &str, body: Value) -> (u16, String) {
    let body = if body.is_null() { None } else { Some(body) };
    let (status, answer) = master.send(method, &format!("/api/v1{path}"), body).await;
    let text = answer["message"].as_str().or(answer.as_str()).unwrap_or_default();
    (status, text.lines().next().unwrap_or_default().to_owned())
}

fn refused(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

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

#[rstest]
#[case("6.1", &["cluster", "id", "message", "name", "progress", "result", "status", "uuid"])]
#[case("8.0", &["cluster", "id", "message", "name", "progress", "result", "status", "uuid"])]
#[case("9.2", &["cluster", "dry_run", "graph_type", "id", "message", "name", "parent_id", "progress", "result", "status", "time_end", "time_start", "uuid"])]
#[tokio::test]
async fn a_task_has_the_keys_of_its_fuel(#[case] version: &str, #[case] wanted: &[&str]) {
    let master = fuel(version).await;
    master.create_environment("one").await;
    let task = master.put("/clusters/1/reset/", Value::Null).await;
    assert_eq!(keys(&task), wanted);
    let id = task["id"].as_i64().unwrap();
    assert_eq!(keys(&master.get(&format!("/tasks/{id}/")).await), wanted);
    assert_eq!(keys(&master.get("/tasks/").await[0]), wanted);
}

#[rstest]
#[case("8.0", &["can_update_from_versions", "components_metadata", "wizard_metadata"], &["tags_metadata"])]
#[case("9.2", &["components_metadata", "tags_metadata"], &["can_update_from_versions", "wizard_metadata"])]
#[tokio::test]
async fn a_release_has_the_keys_of_its_fuel(#[case] version: &str, #[case] there: &[&str], #[case] absent: &[&str]) {
    let master = fuel(version).await;
    for release in master.get("/releases/").await.as_array().unwrap() {
        let keys = keys(release);
        for key in [
            "id",
            "name",
            "version",
            "description",
            "operating_system",
            "modes_metadata",
            "roles_metadata",
            "state",
            "attributes_metadata",
            "vmware_attributes_metadata",
            "is_deployable",
        ] {
            assert!(keys.contains(&key), "{key}");
        }
        assert!(there.iter().all(|key| keys.contains(key)), "{keys:?}");
        assert!(!absent.iter().any(|key| keys.contains(key)), "{keys:?}");
    }
}

#[rstest]
#[case("name", 100)]
#[case("title", 100)]
#[case("version", 32)]
#[case("description", 400)]
#[tokio::test]
async fn a_text_that_is_too_long_for_its_column_is_refused(#[case] key: &str, #[case] longest: usize) {
    let master = fuel("9.2").await;
    let text = |length: usize| match key {
        "version" => format!("1.0.{}", "1".repeat(length - 4)),
        _ => "x".repeat(length),
    };
    let mut body = plugin("archive", "1.0.0", "4.0.0");
    body[key] = json!(text(longest + 1));
    let (status, message) = refusal(&master, "POST", "/plugins/", body.clone()).await;
    let wanted = format!("(DataError) value too long for type character varying({longest})");
    assert!(status == 400 && message.starts_with(&wanted), "{status} {message}");
    body[key] = json!(text(longest));
    let id = master.post("/plugins/", body.clone()).await["id"].as_i64().unwrap();
    // The refused one had used up the first id.
    assert_eq!(id, 2);
    body[key] = json!(text(longest + 1));
    assert_eq!(refusal(&master, "PUT", &format!("/plugins/{id}"), body).await.0, 400);
}

#[rstest]
#[case(json!([{"roles": ["controller"]}]), "'id' is a required property")]
#[case(json!([{"id": 1}]), "'roles' is a required property")]
#[case(json!([{"id": "1", "roles": []}]), "u'1' is not of type 'integer'")]
#[case(json!([{"id": 1, "roles": "controller"}]), "u'controller' is not of type 'array'")]
#[case(json!([{"id": 1, "roles": [1]}]), "1 is not of type 'string'")]
#[case(json!(["x"]), "u'x' is not of type 'object'")]
#[case(json!({}), "{} is not of type 'array'")]
#[tokio::test]
async fn an_assignment_of_the_wrong_shape_is_refused(#[case] body: Value, #[case] text: &str) {
    let master = fuel("9.2").await;
    master.create_environment("one").await;
    assert_eq!(
        refusal(&master, "POST", "/clusters/1/assignment/", body).await,
        refused(400, text)
    );
}

#[tokio::test]
async fn links_of_plugins_and_environments_count_apart_and_go_with_their_owner() {
    let master = fuel("9.2").await;
    let first = master.post("/plugins/", plugin("first", "1.0.0", "4.0.0")).await["id"].clone();
    let second = master.post("/plugins/", plugin("second", "1.0.0", "4.0.0")).await["id"].clone();
    master.create_environment("one").await;
    let link = json!({"title": "t", "url": "u", "description": null});
    for _ in 0..2 {
        // Nobody minds two that are alike.
        master.post(&format!("/plugins/{first}/links/"), link.clone()).await;
    }
    assert_eq!(master.post("/clusters/1/plugin_links/", link.clone()).await["id"], 1);
    let wrong = refusal(&master, "GET", &format!("/plugins/{second}/links/1/"), Value::Null).await;
    assert_eq!(wrong, (404, format!("Plugin with id {second} not found")));
    assert_eq!(
        refusal(&master, "GET", &format!("/plugins/{first}/links/9/"), Value::Null)
            .await
            .0,
        404
    );
    // Whose an environment's link is, is not checked.
    assert_eq!(master.get("/clusters/7/plugin_links/1/").await["title"], "t");
    for (body, text) in [
        (json!({"title": "", "url": "u"}), "u'' is too short"),
        (
            json!({"title": "t", "url": "u", "x": 1}),
            "Additional properties are not allowed (u'x' was unexpected)",
        ),
        (json!({"title": "t", "url": 1}), "1 is not of type 'string'"),
        (
            json!({"title": "t", "url": "u", "hidden": "no"}),
            "u'no' is not of type 'boolean'",
        ),
    ] {
        let path = format!("/plugins/{first}/links/");
        assert_eq!(refusal(&master, "POST", &path, body).await, refused(400, text));
    }
    let path = format!("/api/v1/plugins/{first}");
    assert_eq!(master.send_text("DELETE", &path, None).await.0, 204);
    assert_eq!(
        refusal(&master, "GET", &format!("/plugins/{first}/links/1/"), Value::Null)
            .await
            .0,
        404
    );
}

#[rstest]
#[case("6.1", 200)]
#[case("7.0", 400)]
#[case("8.0", 400)]
#[case("9.2", 400)]
#[tokio::test]
async fn from_7_0_on_nodes_are_provisioned_with_images(#[case] version: &str, #[case] wanted: u16) {
    let master = fuel(version).await;
    master.create_environment("one").await;
    let body = json!({"editable": {"provision": {"method": {"type": "radio", "value": "cobbler"}}}});
    let (status, text) = refusal(&master, "PUT", "/clusters/1/attributes/", body).await;
    assert_eq!(status, wanted, "{text}");
    if wanted == 400 {
        assert_eq!(text, "Cannot use classic provisioning for adding nodes to environment");
    }
}

#[tokio::test]
async fn an_environment_is_renamed_given_nodes_and_up_to_8_0_a_mode() {
    let master = fuel("8.0").await;
    master.create_environment("one").await;
    master.create_environment("two").await;
    let (first, second) = (master.register_node(1).await, master.register_node(2).await);
    let changed = master
        .put(
            "/clusters/1/",
            json!({"name": "renamed", "mode": "ha_compact", "nodes": [first, second]}),
        )
        .await;
    assert_eq!(changed["name"], "renamed");
    let nodes = master.get("/nodes/?cluster_id=1").await;
    assert_eq!(nodes.as_array().unwrap().len(), 2);
    master.put("/clusters/1/", json!({"nodes": [second]})).await;
    assert_eq!(master.get(&format!("/nodes/{first}/")).await["cluster"], Value::Null);
    for (body, status, text) in [
        (json!({"name": "two"}), 409, "Environment with this name already exists"),
        (
            json!({"net_provider": "nova_network"}),
            400,
            "Changing 'net_provider' for environment is prohibited",
        ),
        (
            json!({"mode": "multinode"}),
            400,
            "Cannot deploy in multinode mode in current release. Need to be one of: ha_compact",
        ),
        (json!({"nodes": [77]}), 400, "Nodes with ids 77 were not found."),
        (json!([]), 400, "[] is not of type 'object'"),
    ] {
        assert_eq!(
            refusal(&master, "PUT", "/clusters/1/", body).await,
            refused(status, text)
        );
    }
}

#[rstest]
#[case("7.0", 400)]
#[case("8.0", 400)]
#[case("9.2", 200)]
#[tokio::test]
async fn a_sync_of_a_broken_file_is_refused_up_to_8_0_and_logged_in_9_x(#[case] version: &str, #[case] wanted: u16) {
    let master = fuel(version).await;
    let id = master.post("/plugins/", plugin("archive", "1.0.0", "3.0.0")).await["id"].clone();
    let metadata = plugin("archive", "1.0.0", "3.0.0").to_string();
    write(&master, "archive-1.0", "metadata.yaml", &metadata);
    write(&master, "archive-1.0", "environment_config.yaml", "attributes: {");
    for body in [json!({"ids": [id]}), Value::Null] {
        let (status, text) = refusal(&master, "POST", "/plugins/sync/", body).await;
        assert_eq!(status, wanted, "{text}");
        assert!(
            wanted == 200 || text.starts_with("Problem with loading YAML file "),
            "{text}"
        );
    }
    assert_eq!(master.get("/plugins/").await[0]["id"], id);
}

#[rstest]
#[case("POST", "/plugins/sync/", json!({}), 400, "'ids' is a required property")]
#[case("POST", "/plugins/sync/", json!({"ids": [1, "x"]}), 400, "u'x' is not of type 'integer'")]
#[case("POST", "/plugins/sync/", json!([]), 400, "[] is not of type 'object'")]
#[case("POST", "/plugins/sync/", json!({"ids": [9999]}), 404, "Object 'Plugin' with UID=9999 is not found in DB")]
#[case("POST", "/plugins/", json!([]), 400, "[] is not of type 'object'")]
#[case("POST", "/plugins/", json!({"name": "n", "title": "t", "version": "1.0.0", "package_version": "4.0.0", "fuel_version": [], "releases": ["x"]}), 400, "u'x' is not of type 'object'")]
#[case("POST", "/plugins/", json!("x"), 400, "u'x' is not of type 'object'")]
#[case("GET", "/plugins/7", Value::Null, 404, "Plugin not found")]
#[case("PUT", "/plugins/7", json!({}), 404, "Plugin not found")]
#[case("DELETE", "/plugins/7", Value::Null, 404, "Plugin not found")]
#[case("PATCH", "/plugins/7", json!({}), 405, "None")]
#[case("GET", "/plugins/7/links/", Value::Null, 404, "Plugin not found")]
#[case("GET", "/clusters/7/", Value::Null, 404, "Cluster not found")]
#[case("GET", "/clusters/7/roles/", Value::Null, 404, "Cluster not found")]
#[case("GET", "/clusters/7/attributes/defaults/", Value::Null, 404, "Cluster not found")]
#[case("PUT", "/clusters/7/changes/", Value::Null, 404, "Cluster not found")]
#[case("GET", "/nodes/7/", Value::Null, 404, "Node not found")]
#[case("GET", "/tasks/7/", Value::Null, 404, "Task not found")]
#[case("GET", "/releases/7/", Value::Null, 404, "Release not found")]
#[case("GET", "/nowhere/", Value::Null, 404, "not found")]
#[case("GET", "/plugins/x/", Value::Null, 404, "not found")]
#[case("POST", "/clusters/", json!({"name": "x"}), 400, "Release ID is required")]
#[case("POST", "/clusters/", json!({"name": "x", "release_id": 99}), 400, "Invalid release ID")]
#[case("POST", "/clusters/", json!({"name": "x", "release_id": 1}), 403, "Release with ID '1' is not deployable.")]
#[tokio::test]
async fn what_is_wrong_or_missing_is_refused_with_nailguns_words(
    #[case] method: &str,
    #[case] path: &str,
    #[case] body: Value,
    #[case] status: u16,
    #[case] text: &str,
    #[values("8.0", "9.2")] version: &str,
) {
    let master = fuel(version).await;
    assert_eq!(refusal(&master, method, path, body).await, refused(status, text));
}

#[rstest]
#[case("1", false)]
#[case("1.0", true)]
#[case("1.0.0", true)]
#[case("1.0.0b2", true)]
#[case("1.0.0b", false)]
#[case("1.2.3.4", false)]
#[case("one", false)]
#[tokio::test]
async fn a_version_that_is_none_breaks_the_registration_of_packages_from_2_0_0_on(
    #[case] version: &str,
    #[case] is_one: bool,
    #[values("8.0", "9.2")] fuel_version: &str,
) {
    let master = fuel(fuel_version).await;
    let answer = refusal(&master, "POST", "/plugins/", plugin("archive", version, "2.0.0")).await;
    let wanted = if is_one {
        (201, String::new())
    } else {
        (500, format!("ValueError: invalid version number '{version}'"))
    };
    assert_eq!(answer, wanted);
    // The directory of an early package has the version as it is.
    let early = refusal(&master, "POST", "/plugins/", plugin("early", version, "1.0.0")).await;
    assert_eq!(early.0, 201);
}

#[tokio::test]
async fn keystone_v3_and_components_came_later() {
    let credentials = json!({"auth": {"identity": {"password": {"user": {"name": "admin", "password": "admin"}}}}});
    for (version, wanted) in [("7.0", 404), ("8.0", 404), ("9.2", 201)] {
        let master = fuel(version).await;
        let (status, _) = master
            .send("POST", "/keystone/v3/auth/tokens", Some(credentials.clone()))
            .await;
        assert_eq!(status, wanted, "{version}");
        let body = json!({"name": "one", "release_id": 2, "components": ["x"]});
        let (status, text) = refusal(&master, "POST", "/clusters/", body).await;
        assert_eq!(status, if version == "7.0" { 201 } else { 400 }, "{version}: {text}");
    }
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

#[tokio::test]
async fn node_groups_are_kept_and_nodes_are_moved_between_them() {
    let master = fuel("9.2").await;
    master.create_environment("one").await;
    let node = master.register_node(1).await;
    let other = master.register_node(2).await;
    let assignment = json!([{"id": node, "roles": ["controller"]}, {"id": other, "roles": ["compute"]}]);
    master.post("/clusters/1/assignment/", assignment).await;
    let rack = master
        .post("/nodegroups/", json!({"cluster_id": 1, "name": "rack"}))
        .await;
    assert_eq!(
        rack,
        json!({"id": 2, "cluster_id": 1, "name": "rack", "is_default": false})
    );
    // Groups of all environments are counted together.
    assert_eq!(master.create_environment("two").await, 2);
    let groups = master.get("/nodegroups/?cluster_id=2").await;
    assert_eq!(
        groups,
        json!([{"id": 3, "cluster_id": 2, "name": "default", "is_default": true}])
    );
    let networks = master.get("/clusters/2/network_configuration/neutron/").await;
    assert_eq!(networks["networks"][0]["group_id"], 3);
    let moved = master.put("/nodes/", json!([{"id": node, "group_id": 2}])).await;
    assert_eq!(moved[0]["group_id"], 2);
    assert_eq!(master.get(&format!("/nodes/{other}/")).await["group_id"], 1);
    // A network of another rack is nobody's for addresses.
    let network = json!({"name": "management", "group_id": 2, "cidr": "10.77.0.0/24"});
    master.post("/networks/", network).await;
    let infos = master.get("/clusters/1/orchestrator/deployment/defaults/").await;
    assert_eq!(infos[0]["management_network_range"], "192.168.0.0/24");
    assert_eq!(master.put("/clusters/1/changes/", json!({})).await["status"], "pending");
    for (method, path, body, status, text) in [
        (
            "POST",
            "/nodegroups/",
            json!({"name": "x"}),
            400,
            "'cluster_id' is a required property",
        ),
        (
            "POST",
            "/nodegroups/",
            json!({"name": "x", "cluster_id": 9}),
            404,
            "Cluster not found",
        ),
        (
            "POST",
            "/nodegroups/",
            json!({"name": "rack", "cluster_id": 1}),
            409,
            "Node group 'rack' already exists in environment 1.",
        ),
        ("GET", "/nodegroups/9/", Value::Null, 404, "NodeGroup not found"),
        (
            "PUT",
            "/nodes/",
            json!([{"id": node, "group_id": 3}]),
            400,
            "Cannot assign node group (ID=3) to node 1: its environment has no such group.",
        ),
        (
            "DELETE",
            "/nodegroups/2/",
            Value::Null,
            400,
            "Node group 'rack' has nodes, 'Untitled (00:01)' among them; move them to another group first.",
        ),
    ] {
        assert_eq!(refusal(&master, method, path, body).await, refused(status, text));
    }
    master.put("/nodes/", json!([{"id": node, "group_id": 1}])).await;
    assert_eq!(master.send_text("DELETE", "/api/v1/nodegroups/2/", None).await.0, 204);
    let networks = master.get("/clusters/1/network_configuration/neutron/").await;
    assert!(
        networks["networks"]
            .as_array()
            .unwrap()
            .iter()
            .all(|network| network["group_id"] != 2)
    );
}

#[tokio::test]
async fn a_hostname_is_part_of_a_domain_name_and_one_nodes_alone() {
    let master = fuel("9.2").await;
    let (first, second) = (master.register_node(1).await, master.register_node(2).await);
    let path = format!("/nodes/{first}/");
    assert_eq!(
        master.put(&path, json!({"hostname": "archive-1"})).await["fqdn"],
        "archive-1.example.com"
    );
    for hostname in ["x y", "", "-a", "a-", "ä", "a.b", &"a".repeat(64)] {
        assert_eq!(
            refusal(&master, "PUT", &path, json!({"hostname": hostname})).await.0,
            400,
            "{hostname}"
        );
    }
    let taken = refusal(
        &master,
        "PUT",
        &format!("/nodes/{second}/"),
        json!({"hostname": "archive-1"}),
    )
    .await;
    assert_eq!(taken, refused(409, "Duplicate hostname 'archive-1'."));
}

#[rstest]
#[case(
    "8.0",
    500,
    "PackageVersionIsNotCompatible: Plugin id=1 package_version=9.0.0 is not supported by Nailgun, currently supported versions 4.0., 2.0., 5.0., 3.0., 1.0."
)]
#[case(
    "9.2",
    400,
    "Plugin id=1 package_version=9.0.0 is not supported by Nailgun, currently supported versions 2.0., 5.0., 3.0., 6.0., 4.0., 1.0."
)]
#[tokio::test]
async fn a_plugin_cannot_become_a_package_that_its_fuel_does_not_take(
    #[case] version: &str,
    #[case] status: u16,
    #[case] text: &str,
) {
    let master = fuel(version).await;
    master.post("/plugins/", plugin("archive", "1.0.0", "4.0.0")).await;
    let changed = plugin("archive", "1.0.0", "9.0.0");
    assert_eq!(
        refusal(&master, "PUT", "/plugins/1", changed).await,
        refused(status, text)
    );
    let shown = master.get("/plugins/1").await;
    assert_eq!(shown["package_version"], "4.0.0");
}
