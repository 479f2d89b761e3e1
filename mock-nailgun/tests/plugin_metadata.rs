//! Packages from 5.0.0 on, whose metadata may point at files: 9.x reads them, earlier Fuels drop such keys.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use mock_nailgun::Profile;
use serde_json::{Value, json};

async fn fuel(version: &str) -> Master {
    master::start_empty(|config| config.profile = Profile::named(version).unwrap()).await
}

fn write(master: &Master, files: &[(&str, &str)]) {
    let directory = master.plugins.path().join("archive-1.0");
    for (path, text) in files {
        let path = directory.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
}

fn metadata(package: &str, more: Value) -> Value {
    let mut metadata = json!({
        "name": "archive", "title": "Archive", "version": "1.0.0", "package_version": package, "fuel_version": ["9.0"],
        "releases": [{
            "os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"], "repository_path": "repositories/ubuntu",
            "deployment_scripts_path": "deployment_scripts/",
        }, {
            "os": "ubuntu", "version": "liberty-8.0", "mode": ["ha"], "repository_path": "repositories/ubuntu",
            "deployment_scripts_path": "deployment_scripts/",
        }],
    });
    metadata
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    metadata
}

const KEEPER: &str = "keeper: {name: Keeper, description: Keeps, weight: 100}\n";
const SHELL: &str = "type: shell, version: 2.1.0, role: [keeper], parameters: {cmd: 'true', timeout: 10}";

/// Environment 1 with the plugin on.
async fn enabled(master: &Master) {
    assert_eq!(master.create_environment("one").await, 1);
    master.enable(1, "archive", |_| {}).await;
}

async fn role(master: &Master, name: &str) -> (u16, Value) {
    let path = format!("/api/v1/clusters/1/roles/{name}/");
    let (status, role) = master.send("GET", &path, None).await;
    (status, role["meta"]["name"].clone())
}

#[tokio::test]
async fn keys_that_end_in_path_are_replaced_by_what_the_files_hold() {
    let master = fuel("9.2").await;
    let deploy = format!("- {{id: archive-keeper, {SHELL}}}\n");
    write(
        &master,
        &[
            ("roles/a.yaml", KEEPER),
            (
                "roles/b.yaml",
                "reader: {name: Reader, description: Reads, weight: 101}\n",
            ),
            (
                "config.yaml",
                "attributes: {port: {type: text, label: Port, value: '80', weight: 1}}\n",
            ),
            ("tasks/deploy.yaml", &deploy),
            (
                "volumes.json",
                r#"{"volumes_roles_mapping": {"keeper": [{"id": "os", "allocate_size": "min"}]}, "volumes": []}"#,
            ),
            ("about.txt", "Keeps copies"),
            ("deployment_scripts/deploy.sh", "true"),
        ],
    );
    let body = metadata(
        "5.0.0",
        json!({
            "roles_metadata_path": "roles/*.yaml", "attributes_metadata_path": "config.yaml",
            "deployment_tasks_path": "tasks/*", "volumes_metadata_path": "volumes.json", "description_path": "about.txt",
        }),
    );
    let plugin = master.post("/plugins/", body).await;
    assert_eq!(plugin["description"], "Keeps copies");
    // What names a directory stays.
    assert_eq!(plugin["releases"][0]["deployment_scripts_path"], "deployment_scripts/");
    assert!(plugin.get("roles_metadata").is_none() && plugin.get("roles_metadata_path").is_none());
    enabled(&master).await;
    assert_eq!(role(&master, "keeper").await, (200, json!("Keeper")));
    assert_eq!(role(&master, "reader").await, (200, json!("Reader")));
    let keeper = master.get("/clusters/1/roles/keeper/").await;
    assert_eq!(keeper["volumes_roles_mapping"][0]["id"], "os");
    let settings = master.get("/clusters/1/attributes/").await;
    let version = &settings["editable"]["archive"]["metadata"]["versions"][0];
    assert_eq!(version["port"]["value"], "80");
    let tasks = master.get("/clusters/1/deployment_tasks/plugins/").await;
    assert_eq!(tasks[0]["id"], "archive-keeper");
}

#[tokio::test]
async fn a_sync_reads_every_metadata_file_again() {
    let master = fuel("9.2").await;
    write(
        &master,
        &[
            ("metadata.yaml", &metadata("5.0.0", json!({})).to_string()),
            ("roles.yaml", KEEPER),
        ],
    );
    let id = master.post("/plugins/", metadata("5.0.0", json!({}))).await["id"].clone();
    enabled(&master).await;
    assert_eq!(role(&master, "keeper").await.0, 404);
    write(
        &master,
        &[(
            "metadata.json",
            r#"{"roles_metadata_path": "roles.yaml", "homepage": "http://archive"}"#,
        )],
    );
    master.post("/plugins/sync/", json!({"ids": [id]})).await;
    assert_eq!(role(&master, "keeper").await, (200, json!("Keeper")));
    assert_eq!(master.get("/plugins/").await[0]["homepage"], "http://archive");
    // A file of its own counts more than what metadata says.
    write(
        &master,
        &[("node_roles.yaml", "keeper: {name: Own, description: Own, weight: 1}\n")],
    );
    master.post("/plugins/sync/", json!({"ids": [id]})).await;
    assert_eq!(role(&master, "keeper").await, (200, json!("Own")));
}

#[tokio::test]
async fn a_sync_registers_a_plugin_whose_metadata_is_json() {
    let master = fuel("9.2").await;
    let text = metadata("5.0.0", json!({"roles_metadata_path": "roles.yaml"})).to_string();
    write(&master, &[("metadata.json", &text), ("roles.yaml", KEEPER)]);
    assert_eq!(master.send_text("POST", "/api/v1/plugins/sync/", None).await.0, 200);
    assert_eq!(master.get("/plugins/").await[0]["name"], "archive");
    enabled(&master).await;
    assert_eq!(role(&master, "keeper").await.0, 200);
}

#[tokio::test]
async fn a_put_reads_the_files_that_it_points_at_and_no_others() {
    let master = fuel("9.2").await;
    write(&master, &[("metadata.yaml", &metadata("5.0.0", json!({})).to_string())]);
    let plugin = master.post("/plugins/", metadata("5.0.0", json!({}))).await;
    enabled(&master).await;
    write(
        &master,
        &[
            ("roles.yaml", KEEPER),
            ("node_tags.yaml", "keeper: {has_primary: true}"),
        ],
    );
    let path = format!("/plugins/{}", plugin["id"]);
    master.put(&path, metadata("5.0.0", json!({}))).await;
    assert_eq!(role(&master, "keeper").await.0, 404);
    let changed = metadata(
        "5.0.0",
        json!({"roles_metadata_path": "roles.yaml", "deployment_tasks": [{"id": "own", "type": "stage"}]}),
    );
    let shown = master.put(&path, changed).await;
    assert!(shown.get("roles_metadata").is_none(), "{shown}");
    assert_eq!(role(&master, "keeper").await, (200, json!("Keeper")));
    assert_eq!(
        master.get("/clusters/1/deployment_tasks/plugins/").await[0]["id"],
        "own"
    );
    // A release that it brings is none that it is for.
    let release =
        json!({"is_release": true, "name": "Ours", "version": "ours-9.0", "os": "ubuntu", "roles_path": "roles.yaml"});
    let shown = master
        .put(&path, metadata("5.0.0", json!({"releases": [release]})))
        .await;
    assert_eq!(shown["releases"], json!([]));
    let releases = master.get("/releases/").await;
    let ours = releases
        .as_array()
        .unwrap()
        .iter()
        .find(|release| release["name"] == "Ours");
    assert_eq!(ours.unwrap()["roles_metadata"]["keeper"]["name"], "Keeper");
}

#[tokio::test]
async fn a_path_out_of_the_plugin_and_a_broken_file_are_refused_by_name() {
    let master = fuel("9.2").await;
    write(&master, &[("broken.json", "{"), ("roles.yaml", KEEPER)]);
    fs_err::write(master.plugins.path().join("secret.yaml"), KEEPER).unwrap();
    for (path, text) in [
        ("../secret.yaml", "leads out of the plugin's directory"),
        ("/etc/passwd", "leads out of the plugin's directory"),
        ("broken.json", "Problem with loading YAML file "),
    ] {
        let body = metadata("5.0.0", json!({"roles_metadata_path": path}));
        let (status, answer) = master.send("POST", "/api/v1/plugins/", Some(body)).await;
        let message = answer["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(text), "{path}: {status} {message}");
    }
    assert_eq!(master.get("/plugins/").await, json!([]));
    // What is not there stays as it is, and is dropped as any key that nobody knows.
    master
        .post(
            "/plugins/",
            metadata("5.0.0", json!({"roles_metadata_path": "missing.yaml"})),
        )
        .await;
}

#[tokio::test]
async fn earlier_packages_and_earlier_fuels_drop_such_keys() {
    for (version, package) in [("9.2", "4.0.0"), ("8.0", "5.0.0")] {
        let master = fuel(version).await;
        write(&master, &[("roles.yaml", KEEPER)]);
        let more = json!({"roles_metadata_path": "roles.yaml", "tags_metadata": {}, "roles_metadata": {"reader": {"name": "Reader"}}});
        master.post("/plugins/", metadata(package, more)).await;
        enabled(&master).await;
        for name in ["keeper", "reader"] {
            assert_eq!(role(&master, name).await.0, 404, "{version} {package} {name}");
        }
    }
}

#[tokio::test]
async fn a_generator_that_is_asked_for_too_much_is_refused_by_file_and_field() {
    let settings = |length: u64| {
        format!(
            "attributes: {{secret: {{type: text, label: Secret, weight: 1, value: {{generator: password, \
             generator_arg: {length}}}}}}}\n"
        )
    };
    let master = fuel("9.2").await;
    write(&master, &[("environment_config.yaml", &settings(1_000_000_000_000))]);
    let (status, answer) = master
        .send("POST", "/api/v1/plugins/", Some(metadata("4.0.0", json!({}))))
        .await;
    assert_eq!(status, 400);
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.ends_with(
            "archive-1.0/environment_config.yaml: secret.value: the generator `password` makes at most 65536 \
             characters; `generator_arg` is 1000000000000"
        ),
        "{message}"
    );
    write(&master, &[("environment_config.yaml", &settings(12))]);
    master.post("/plugins/", metadata("4.0.0", json!({}))).await;
    enabled(&master).await;
    let path = "/clusters/1/attributes/";
    let mut section = master.get(path).await["editable"]["archive"].clone();
    section["metadata"]["versions"][0]["secret"]["value"] =
        json!({"generator": "hexstring", "generator_arg": 1_000_000_000_000_u64});
    let (status, answer) = master
        .send(
            "PUT",
            &format!("/api/v1{path}"),
            Some(json!({"editable": {"archive": section}})),
        )
        .await;
    assert_eq!(
        (status, answer["message"].as_str()),
        (
            400,
            Some(
                "editable.archive.metadata.versions.0.secret.value: the generator `hexstring` makes at most 65536 \
                 characters; `generator_arg` is 1000000000000"
            )
        )
    );
    let kept = master.get(path).await;
    let secret = &kept["editable"]["archive"]["metadata"]["versions"][0]["secret"]["value"];
    assert_eq!(secret.as_str().unwrap().len(), 12);
}

#[tokio::test]
async fn what_is_no_network_role_is_told_by_plugin_and_file_and_breaks_nothing_else() {
    for (roles, problem) in [
        (
            "[{id: mgmt/x}, 5, {id: null}]",
            "item 2 is no network role: 5 is no mapping; give it an `id` and `properties`",
        ),
        (
            "[{id: mgmt/x, properties: {vip: [5]}}, {id: null}]",
            "item 2 is no network role: its `id` is null, not a string",
        ),
        (
            "[{id: mgmt/x}, {id: mgmt/x, properties: all}]",
            "item 2 is no network role: `properties` of \"mgmt/x\" is \"all\", not a mapping",
        ),
    ] {
        let master = fuel("9.2").await;
        write(&master, &[("network_roles.yaml", roles)]);
        master.post("/plugins/", metadata("4.0.0", json!({}))).await;
        enabled(&master).await;
        let expected = json!(format!("Plugin archive 1.0.0: network_roles.yaml: {problem}"));
        for path in ["orchestrator/deployment/defaults/", "network_configuration/neutron/"] {
            let answer = master.send("GET", &format!("/api/v1/clusters/1/{path}"), None).await;
            assert_eq!(answer, (400, expected.clone()), "{path}");
        }
        master.get("/clusters/1/attributes/").await;
    }
}

#[tokio::test]
async fn what_is_no_component_is_shown_as_it_is() {
    let master = fuel("9.2").await;
    write(
        &master,
        &[(
            "components.yaml",
            "[5, {name: 'storage:block:archive', compatible: [{name: '*'}], incompatible: [{name: '*'}]}]",
        )],
    );
    master.post("/plugins/", metadata("4.0.0", json!({}))).await;
    let (status, components) = master.send("GET", "/api/v1/releases/2/components/", None).await;
    assert_eq!(status, 200, "{components}");
    assert!(components.as_array().unwrap().contains(&json!(5)), "{components}");
}

#[tokio::test]
async fn a_template_is_kept_whatever_stands_in_its_place() {
    let master = fuel("9.2").await;
    assert_eq!(master.create_environment("one").await, 1);
    let path = "/clusters/1/network_configuration/";
    let parameters = json!({"networking_parameters": 5});
    let (status, answer) = master
        .send("PUT", &format!("/api/v1{path}neutron"), Some(parameters))
        .await;
    assert!(matches!(status, 200 | 400), "{status} {answer}");
    let template = json!({"adv_net_template": {}});
    master.put(&format!("{path}template"), template.clone()).await;
    assert_eq!(master.get(&format!("{path}template")).await, template);
}
