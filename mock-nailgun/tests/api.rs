//! The REST API as clients use it.

mod master;

use rstest::rstest;
use serde_json::{Value, json};

#[tokio::test]
async fn a_plugin_is_registered_shown_updated_and_deleted() {
    let master = master::start().await;
    let id = master.install().await;
    let shown = master.get(&format!("/plugins/{id}/")).await;
    let mut keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "authors",
            "description",
            "fuel_version",
            "groups",
            "homepage",
            "id",
            "is_hotpluggable",
            "licenses",
            "name",
            "package_version",
            "releases",
            "title",
            "version",
        ]
    );
    let mut changed = master.metadata("notes_service-1.2");
    changed["version"] = json!("1.2.1");
    assert_eq!(
        master.put(&format!("/plugins/{id}"), changed.clone()).await["version"],
        "1.2.1"
    );
    changed["name"] = json!("other");
    let renamed = master
        .send("PUT", &format!("/api/v1/plugins/{id}"), Some(changed))
        .await;
    assert_eq!(
        renamed,
        (
            400,
            json!("Plugin can't be renamed. Trying to change name of the plugin notes_service to other")
        )
    );
    assert_eq!(
        master
            .send("PATCH", &format!("/api/v1/plugins/{id}"), Some(json!({})))
            .await,
        (405, json!("None"))
    );
    assert_eq!(
        master.send_text("DELETE", &format!("/api/v1/plugins/{id}"), None).await,
        (204, String::new())
    );
    let gone = master.send("GET", &format!("/api/v1/plugins/{id}"), None).await;
    assert_eq!(gone, (404, json!({"message": "Plugin not found", "errors": []})));
}

#[tokio::test]
async fn duplicate_registration_answers_409_with_the_plugin_as_json_text() {
    let master = master::start().await;
    let id = master.install().await;
    let (status, body) = master
        .send("POST", "/api/v1/plugins/", Some(master.metadata("notes_service-1.2")))
        .await;
    assert_eq!(status, 409);
    let plugin: Value = serde_json::from_str(body["message"].as_str().unwrap()).unwrap();
    assert_eq!(plugin["id"], id);
}

#[tokio::test]
async fn an_unsupported_package_version_uses_up_an_id() {
    let master = master::start().await;
    let mut metadata = master.metadata("notes_service-1.2");
    metadata["package_version"] = json!("9.0.0");
    let (status, body) = master.send("POST", "/api/v1/plugins/", Some(metadata)).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["message"],
        "Plugin id=1 package_version=9.0.0 is not supported by Nailgun, currently supported versions 2.0., 5.0., 3.0., 6.0., 4.0., 1.0."
    );
    assert_eq!(master.install().await, 2);
}

#[rstest]
#[case(None, "Empty request received")]
#[case(Some("{"), "Invalid json received")]
#[case(Some(r#"{"name": "x"}"#), "'title' is a required property")]
#[case(
    Some(
        r#"{"name": 1, "title": "t", "version": "1", "releases": [], "package_version": "4.0.0", "fuel_version": []}"#
    ),
    "1 is not of type 'string'"
)]
#[tokio::test]
async fn a_body_that_is_no_plugin_is_refused(#[case] body: Option<&str>, #[case] first_line: &str) {
    let master = master::start().await;
    let (status, text) = master
        .send_text("POST", "/api/v1/plugins/", body.map(str::to_owned))
        .await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, answer["message"].as_str().unwrap().lines().next().unwrap()),
        (400, first_line)
    );
}

#[tokio::test]
async fn a_plugin_without_files_exists_and_sync_reads_files_again() {
    let master = master::start().await;
    let mut metadata = master.metadata("notes_service-1.2");
    metadata["name"] = json!("bare");
    let bare = master.post("/plugins/", metadata).await["id"].as_i64().unwrap();
    let id = master.install().await;
    let environment = master.create_environment("one").await;
    let config = master.plugins.path().join("notes_service-1.2/environment_config.yaml");
    fs_err::write(&config, "attributes: {fresh: {type: text, value: '1'}}\n").unwrap();
    let (status, body) = master
        .send("POST", "/api/v1/plugins/sync/", Some(json!({"ids": [id]})))
        .await;
    assert_eq!((status, body), (200, json!({})));
    // The environment that is there keeps its fields; defaults show the new ones.
    let editable = master.get(&format!("/clusters/{environment}/attributes/")).await["editable"].clone();
    assert!(editable["notes_service"]["metadata"]["versions"][0]["notes_port"].is_object());
    let defaults = master
        .get(&format!("/clusters/{environment}/attributes/defaults/"))
        .await["editable"]
        .clone();
    assert!(defaults["notes_service"]["metadata"]["versions"][0]["fresh"].is_object());
    assert_eq!(defaults["notes_service"]["metadata"]["default"], true);
    assert_eq!(
        defaults["bare"]["metadata"]["versions"][0]["metadata"]["plugin_id"],
        bare
    );
    for (body, status, text) in [
        (json!({}), 400, "'ids' is a required property"),
        (json!({"ids": "x"}), 400, "u'x' is not of type 'array'"),
        (
            json!({"ids": [9999]}),
            404,
            "Object 'Plugin' with UID=9999 is not found in DB",
        ),
    ] {
        let (found, answer) = master.send("POST", "/api/v1/plugins/sync/", Some(body)).await;
        assert_eq!(
            (found, answer["message"].as_str().unwrap().lines().next().unwrap()),
            (status, text)
        );
    }
}

#[tokio::test]
async fn sync_without_ids_makes_disk_and_database_alike() {
    let master = master::start().await;
    let mut metadata = master.metadata("notes_service-1.2");
    metadata["name"] = json!("nowhere_on_disk");
    master.post("/plugins/", metadata).await;
    let (status, _) = master.send("POST", "/api/v1/plugins/sync/", None).await;
    assert_eq!(status, 200);
    let names: Vec<Value> = master
        .get("/plugins/")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|plugin| plugin["name"].clone())
        .collect();
    assert_eq!(names, ["notes_service"]);
}

#[tokio::test]
async fn an_enabled_plugin_cannot_be_deleted_and_a_disabled_one_can() {
    let master = master::start().await;
    let id = master.install().await;
    let environment = master.create_environment("one").await;
    master.enable(environment, "notes_service", |_| {}).await;
    let (status, body) = master.send("DELETE", &format!("/api/v1/plugins/{id}"), None).await;
    assert_eq!(
        (status, body["message"].as_str()),
        (400, Some("Can't delete plugin which is enabled for some environment."))
    );
    master
        .enable(environment, "notes_service", |section| {
            section["metadata"]["enabled"] = json!(false)
        })
        .await;
    assert_eq!(
        master.send("DELETE", &format!("/api/v1/plugins/{id}"), None).await.0,
        204
    );
    let editable = master.get(&format!("/clusters/{environment}/attributes/")).await["editable"].clone();
    assert!(editable.get("notes_service").is_none());
}

#[tokio::test]
async fn a_generated_password_changes_until_it_is_stored() {
    let master = master::start().await;
    master.install().await;
    let environment = master.create_environment("one").await;
    let path = format!("/clusters/{environment}/attributes/");
    let password = |document: &Value| {
        document["editable"]["notes_service"]["metadata"]["versions"][0]["notes_password"]["value"].clone()
    };
    let (first, second) = (master.get(&path).await, master.get(&path).await);
    assert_ne!(password(&first), password(&second));
    // What belongs to the environment itself was made once.
    assert_eq!(first["editable"]["operator_user"], second["editable"]["operator_user"]);
    master.enable(environment, "notes_service", |_| {}).await;
    let stored = password(&master.get(&path).await);
    assert_eq!(stored.as_str().unwrap().len(), 24);
    assert_eq!(password(&master.get(&path).await), stored);
}

#[tokio::test]
async fn settings_are_merged_deeply_and_a_partial_plugin_section_enables_nothing() {
    let master = master::start().await;
    master.install().await;
    let environment = master.create_environment("one").await;
    let path = format!("/clusters/{environment}/attributes/");
    let before = master.get(&path).await;
    let after = master
        .put(&path, json!({"editable": {"common": {"debug": {"value": true}}}}))
        .await;
    assert_eq!(after["editable"]["common"]["debug"]["value"], true);
    assert_eq!(after["editable"]["common"]["debug"]["type"], "checkbox");
    assert_eq!(
        after["editable"]["common"]["libvirt_type"],
        before["editable"]["common"]["libvirt_type"]
    );
    let partial = master
        .put(
            &path,
            json!({"editable": {"notes_service": {"metadata": {"enabled": true}}}}),
        )
        .await;
    assert_eq!(partial["editable"]["notes_service"]["metadata"]["enabled"], false);
    let infos = master
        .get(&format!("/clusters/{environment}/orchestrator/deployment/defaults/"))
        .await;
    assert_eq!(
        infos[0]["notes_service"],
        json!({"metadata": {"enabled": true}}),
        "the junk is told to nodes"
    );
    assert_eq!(infos[0]["plugins"], json!([]));
    master.put(&path, json!({"editable": {"no_such": {"x": 1}}})).await;
    assert_eq!(master.get(&path).await["editable"]["no_such"], json!({"x": 1}));
}

#[rstest]
#[case(json!({"editable": []}), 400, "Editable attributes should be a dictionary")]
#[case(json!({"generated": {}}), 400, "It is not allowed to update generated attributes")]
#[case(json!({}), 500, "KeyError: 'editable'")]
#[case(json!({"editable": {"common": {"debug": {"value": "yes"}}}}), 400, "u'yes' is not of type 'boolean'")]
#[case(json!({"editable": {"access": {"user": {"value": "nova"}}}}), 400, "[user] ")]
#[case(json!({"editable": {"storage": {"volumes_ceph": {"value": true}}}}), 400, "Some restrictions didn't pass verification: ")]
#[tokio::test]
async fn settings_that_nailgun_refuses_are_refused(#[case] body: Value, #[case] status: u16, #[case] start: &str) {
    let master = master::start().await;
    let environment = master.create_environment("one").await;
    let (found, answer) = master
        .send(
            "PUT",
            &format!("/api/v1/clusters/{environment}/attributes/"),
            Some(body),
        )
        .await;
    // Of an exception only the text is given, as JSON.
    let message = answer["message"].as_str().or(answer.as_str()).unwrap();
    assert_eq!(found, status, "{message}");
    assert!(message.starts_with(start), "{message}");
}

#[tokio::test]
async fn a_plugins_regex_and_restrictions_are_checked_when_it_is_enabled() {
    let master = master::start().await;
    master.install().await;
    let environment = master.create_environment("one").await;
    let path = format!("/clusters/{environment}/attributes/");
    for (field, value, expected) in [
        ("notes_port", json!("none"), "[notes_port] The port is a number"),
        ("notes_debug", json!(true), "Debug logging of the environment is off"),
    ] {
        let mut section = master.get(&path).await["editable"]["notes_service"].clone();
        section["metadata"]["enabled"] = json!(true);
        section["metadata"]["versions"][0][field]["value"] = value;
        let body = json!({"editable": {"notes_service": section}});
        let (status, answer) = master.send("PUT", &format!("/api/v1{path}"), Some(body)).await;
        let message = answer["message"].as_str().unwrap();
        assert_eq!(status, 400);
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(
        master.get(&path).await["editable"]["notes_service"]["metadata"]["enabled"],
        false,
        "nothing was stored"
    );
}

#[tokio::test]
async fn a_plugin_with_legacy_tasks_needs_task_adaptation() {
    let master = master::start().await;
    let tasks = master.plugins.path().join("notes_service-1.2/tasks.yaml");
    fs_err::write(
        &tasks,
        "- {role: ['notes'], stage: post_deployment/20, type: shell, parameters: {cmd: second, timeout: 10}}\n\
         - {role: '*', stage: post_deployment/10, type: shell, parameters: {cmd: first, timeout: 10}}\n",
    )
    .unwrap();
    master.install().await;
    let environment = master.create_environment("one").await;
    let path = format!("/api/v1/clusters/{environment}/attributes/");
    let mut section =
        master.get(&format!("/clusters/{environment}/attributes/")).await["editable"]["notes_service"].clone();
    section["metadata"]["enabled"] = json!(true);
    let (status, answer) = master
        .send("PUT", &path, Some(json!({"editable": {"notes_service": section}})))
        .await;
    assert_eq!(status, 400);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .starts_with("Cannot enable plugin with legacy tasks unless propagate_task_deploy")
    );
    let both = json!({"editable": {"notes_service": section, "common": {"propagate_task_deploy": {"value": true}}}});
    assert_eq!(master.send("PUT", &path, Some(both)).await.0, 200);
    let nodes = [(1, "controller"), (2, "notes")];
    for (number, role) in nodes {
        let id = master.register_node(number).await;
        master
            .post(
                &format!("/clusters/{environment}/assignment/"),
                json!([{"id": id, "roles": [role]}]),
            )
            .await;
    }
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let graph = master.message().await["args"]["tasks_graph"].clone();
    let find = |node: &str, id: &str| {
        graph[node]
            .as_array()
            .unwrap()
            .iter()
            .find(|task| task["id"] == id)
            .cloned()
    };
    let first = find("1", "post_deployment_0").unwrap();
    assert_eq!(first["parameters"]["cmd"], "first");
    assert_eq!(
        first["requires"],
        json!([{"name": "post_deployment_end", "node_id": null}])
    );
    assert!(find("1", "post_deployment_1").is_none());
    // On the primary node the role is `primary-notes`, and `[notes]` does not mean it.
    assert!(find("2", "post_deployment_1").is_none());
}

#[tokio::test]
async fn while_it_is_deployed_an_environment_is_locked() {
    let master = master::start().await;
    let environment = master.environment_with(&[&["controller"]]).await;
    master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    let path = format!("/api/v1/clusters/{environment}/attributes/");
    assert_eq!(
        master.get(&format!("/clusters/{environment}/")).await["is_locked"],
        true
    );
    let section =
        master.get(&format!("/clusters/{environment}/attributes/")).await["editable"]["notes_service"].clone();
    let plugin = json!({"editable": {"notes_service": section}});
    let core = json!({"editable": {"common": {"debug": {"value": true}}}});
    for (body, text) in [
        (
            &plugin,
            "Plugin 'notes_service' version '1.2.0' couldn't be changed after or during deployment.",
        ),
        (
            &core,
            "Environment attribute 'common' couldn't be changed after or during deployment.",
        ),
    ] {
        let (status, answer) = master.send("PUT", &path, Some(body.clone())).await;
        assert_eq!((status, answer["message"].as_str()), (403, Some(text)));
    }
    assert_eq!(
        master.send("PUT", &format!("{path}?force=1"), Some(plugin)).await.0,
        200
    );
    let always_editable = json!({"editable": {"cgroups": {"x": 1}}});
    assert_eq!(master.send("PUT", &path, Some(always_editable)).await.0, 200);
    let (status, answer) = master
        .send("DELETE", &format!("/api/v1/clusters/{environment}/"), None)
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        format!("Can't delete environment '{environment}' when running deployment task exists.")
    );
}

#[rstest]
#[case(json!({"name": "one", "release_id": 2}), 409, "Environment with this name already exists")]
#[case(json!({"name": "two"}), 400, "Release ID is required")]
#[case(json!({"name": "two", "release_id": 99}), 400, "Invalid release ID")]
#[case(json!({"name": "two", "release_id": 1}), 403, "Release with ID '1' is not deployable.")]
#[case(json!({"name": "two", "release_id": 2, "mode": "multinode"}), 400, "Cannot deploy in multinode mode in current release. Need to be one of: ha_compact")]
#[case(json!({"name": "two", "release_id": 2, "components": ["x"]}), 400, "['x'] components are not related to release \"Mitaka on Ubuntu 14.04\".")]
#[tokio::test]
async fn an_environment_that_cannot_be_is_refused(#[case] body: Value, #[case] status: u16, #[case] text: &str) {
    let master = master::start().await;
    master.create_environment("one").await;
    let (found, answer) = master.send("POST", "/api/v1/clusters/", Some(body)).await;
    assert_eq!((found, answer["message"].as_str()), (status, Some(text)));
}

#[tokio::test]
async fn components_bind_settings() {
    let master = master::start().await;
    let components = json!([
        "hypervisor:qemu",
        "network:neutron:core:ml2",
        "network:neutron:ml2:tun",
        "storage:block:lvm",
        "additional_service:murano"
    ]);
    let body = json!({"name": "one", "release_id": 2, "components": components});
    let id = master.post("/clusters/", body).await["id"].clone();
    let editable = master.get(&format!("/clusters/{id}/attributes/")).await["editable"].clone();
    assert_eq!(editable["additional_components"]["murano"]["value"], true);
    let network = master
        .get(&format!("/clusters/{id}/network_configuration/neutron"))
        .await;
    assert_eq!(network["networking_parameters"]["segmentation_type"], "tun");
}

#[rstest]
#[case(json!([{"id": 1, "roles": ["nosuchrole"]}]), "nosuchrole are not valid roles for node in environment 1")]
#[case(json!([{"id": 9999, "roles": ["compute"]}]), "Nodes with ids 9999 were not found.")]
#[case(json!([{"id": 1, "roles": ["controller", "compute"]}]), "Role 'controller' in conflict with role 'compute'.")]
#[case(json!([{"id": 1, "roles": ["notes", "compute"]}]), "Role 'notes' in conflict with role 'compute'.")]
#[tokio::test]
async fn roles_that_a_node_cannot_have_are_refused(#[case] body: Value, #[case] text: &str) {
    let master = master::start().await;
    let environment = master.environment_with(&[&["controller"]]).await;
    let (status, answer) = master
        .send(
            "POST",
            &format!("/api/v1/clusters/{environment}/assignment/"),
            Some(body),
        )
        .await;
    assert_eq!((status, answer["message"].as_str()), (400, Some(text)));
}

#[tokio::test]
async fn roles_of_a_plugin_are_there_while_it_is_enabled() {
    let master = master::start().await;
    let environment = master.environment_with(&[&["controller"]]).await;
    let path = format!("/clusters/{environment}/roles/");
    let roles = master.get(&path).await;
    let notes = roles
        .as_array()
        .unwrap()
        .iter()
        .find(|role| role["name"] == "notes")
        .unwrap()
        .clone();
    assert_eq!(notes["meta"]["tags"], json!(["notes"]));
    assert_eq!(
        notes["meta"]["restrictions"][0],
        "settings:notes_service.metadata.enabled == false"
    );
    assert_eq!(
        notes["volumes_roles_mapping"],
        json!([{"allocate_size": "min", "id": "os"}])
    );
    master
        .enable(environment, "notes_service", |section| {
            section["metadata"]["enabled"] = json!(false)
        })
        .await;
    assert_eq!(master.send("GET", &format!("/api/v1{path}notes/"), None).await.0, 404);
}

#[tokio::test]
async fn a_node_is_discovered_assigned_and_released() {
    let master = master::start().await;
    let environment = master.environment_with(&[&["controller"]]).await;
    let node = master.get("/nodes/1/").await;
    assert_eq!(node["name"], "Untitled (00:01)");
    assert_eq!(node["fqdn"], "node-1.example.com");
    assert_eq!(
        (node["roles"].clone(), node["pending_roles"].clone()),
        (json!([]), json!(["controller"]))
    );
    assert_eq!(
        (node["cluster"].as_i64(), node["pending_addition"].as_bool()),
        (Some(environment), Some(true))
    );
    let notifications = master.get("/notifications/").await;
    assert_eq!(
        notifications[1]["message"],
        "New node is discovered: 4 CPUs / 8.0 GB RAM / 0.214 TB HDD "
    );
    let listed = master.get(&format!("/nodes/?cluster_id={environment}")).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let seen = master
        .put("/nodes/agent/", json!({"mac": "52:54:00:00:00:01", "online": true}))
        .await;
    assert_eq!(seen, json!({"id": 1}));
    master
        .post(&format!("/clusters/{environment}/unassignment/"), json!([{"id": 1}]))
        .await;
    assert_eq!(master.get("/nodes/1/").await["cluster"], Value::Null);
}

#[tokio::test]
async fn with_the_fake_keystone_a_token_opens_the_api() {
    let master = master::start_with(master::with_authentication).await;
    assert_eq!(
        master.send_text("GET", "/api/v1/version", None).await,
        (401, String::new())
    );
    assert_eq!(
        master.send_text("GET", "/api/v1/plugins/", None).await,
        (401, String::new())
    );
    let sign_in = |password: &str| json!({"auth": {"tenantName": "admin", "passwordCredentials": {"username": "admin", "password": password}}});
    assert_eq!(
        master.send("POST", "/keystone/v2.0/tokens", Some(sign_in("bad"))).await,
        (401, json!({"message": "", "errors": []}))
    );
    let (status, body) = master
        .send("POST", "/keystone/v2.0/tokens", Some(sign_in("admin")))
        .await;
    assert_eq!(status, 200);
    let token = body["access"]["token"]["id"].as_str().unwrap();
    let client = reqwest::Client::new();
    let url = format!("{}/api/v1/version/", master.server.url());
    let version: Value = client
        .get(url)
        .header("X-Auth-Token", token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(version["auth_required"], true);
    assert_eq!(version["release"], "9.1");
    // Agents and plugins' own scripts have no token.
    master.register_node(1).await;
}

#[tokio::test]
async fn errors_are_json_with_the_content_type_of_html() {
    let master = master::start().await;
    let response = reqwest::get(format!("{}/api/v1/plugins/7/", master.server.url()))
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/html");
    assert_eq!(response.headers()["pragma"], "no-cache");
    assert_eq!(
        response.text().await.unwrap(),
        r#"{"message":"Plugin not found","errors":[]}"#
    );
}

#[tokio::test]
async fn a_failed_request_leaves_nothing_behind() {
    let master = master::start().await;
    let mut metadata = master.metadata("notes_service-1.2");
    master.create_environment("one").await;
    // The release cannot be read, which is found out after the row was written.
    metadata["releases"] = json!([{"os": "ubuntu", "version": "mitaka9", "mode": ["ha"]}]);
    let (status, body) = master.send("POST", "/api/v1/plugins/", Some(metadata)).await;
    assert_eq!(
        (status, body["message"].as_str()),
        (500, Some("ValueError: need more than 1 value to unpack"))
    );
    assert_eq!(master.get("/plugins/").await, json!([]));
}

#[tokio::test]
async fn a_database_file_outlives_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let file = camino::Utf8PathBuf::try_from(directory.path().join("nailgun.db")).unwrap();
    let database = mock_nailgun::Database::File(file);
    let first = master::start_with(|config| config.database = database.clone()).await;
    first.install().await;
    first.create_environment("kept").await;
    first.server.stop().await;
    let second = master::start_with(|config| config.database = database).await;
    assert_eq!(second.get("/clusters/").await[0]["name"], "kept");
    assert_eq!(second.get("/plugins/").await[0]["name"], "notes_service");
    assert_eq!(
        second.get("/notifications/").await.as_array().unwrap().len(),
        1,
        "a kept state is not filled again"
    );
}

#[tokio::test]
async fn an_environment_takes_over_what_the_generators_of_another_master_made() {
    let first = master::start().await;
    first.environment_with(&[&["controller"]]).await;
    let made = first.get("/clusters/1/generated/").await;
    let second = master::start().await;
    second.environment_with(&[&["controller"]]).await;
    assert_ne!(second.get("/clusters/1/generated/").await, made);
    let (status, _) = second
        .send("POST", "/mock/clusters/1/generated", Some(made.clone()))
        .await;
    assert_eq!(status, 200);
    assert_eq!(second.get("/clusters/1/generated/").await, made);
}

#[tokio::test]
async fn reset_gives_a_fresh_master() {
    let master = master::start().await;
    master.environment_with(&[&["controller"]]).await;
    let (status, _) = master.send("POST", "/mock/reset", None).await;
    assert_eq!(status, 200);
    assert_eq!(master.get("/clusters/").await, json!([]));
    assert_eq!(master.install().await, 1);
}

#[tokio::test]
async fn links_to_dashboards_are_kept_for_plugins_and_environments() {
    let master = master::start_with(master::with_authentication).await;
    // A deploy script on a node registers its dashboard without a token.
    let body = json!({"title": "dash", "url": "/dash", "description": "x"});
    let missing = master
        .send("POST", "/api/v1/clusters/1/plugin_links/", Some(body.clone()))
        .await;
    assert_eq!(missing, (404, json!({"message": "Cluster not found", "errors": []})));
    let open = master::start().await;
    let plugin = open.install().await;
    let link = open.post(&format!("/plugins/{plugin}/links/"), body).await;
    assert_eq!(
        link,
        json!({"id": 1, "title": "dash", "url": "/dash", "description": "x", "hidden": false})
    );
    assert_eq!(open.get(&format!("/plugins/{plugin}/links/")).await, json!([link]));
    let (status, answer) = open
        .send(
            "POST",
            &format!("/api/v1/plugins/{plugin}/links/"),
            Some(json!({"title": "x"})),
        )
        .await;
    assert_eq!(
        (status, answer["message"].as_str().unwrap().lines().next()),
        (400, Some("'url' is a required property"))
    );
}
