//! What Fuel versions do differently, over HTTP.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use mock_nailgun::Profile;
use rstest::rstest;
use serde_json::{Value, json};

async fn start(version: &str) -> Master {
    master::start_with(|config| config.profile = Profile::named(version).unwrap()).await
}

/// A plugin of a package version that every Fuel takes, for the release of each.
fn plugin(master: &Master, version: &str, editable: bool) -> Value {
    let directory = master.plugins.path().join(format!("backup-{version}"));
    fs_err::create_dir_all(&directory).unwrap();
    let config = json!({"attributes": {
        "metadata": if editable { json!({"always_editable": true}) } else { json!({}) },
        "port": {"type": "text", "label": "Port", "value": "80", "regex": {"source": "^[0-9]+$", "error": "Not a port"}},
    }});
    fs_err::write(directory.join("environment_config.yaml"), config.to_string()).unwrap();
    let releases: Vec<Value> = ["2014.2-6.1", "2015.1.0-7.0", "liberty-8.0", "mitaka-9.0"]
        .iter()
        .map(|release| json!({"os": "ubuntu", "version": release, "mode": ["ha"]}))
        .collect();
    json!({
        "name": "backup", "title": "Backup", "version": version, "package_version": "1.0.0",
        "fuel_version": ["6.1"], "releases": releases, "is_hotpluggable": true,
    })
}

async fn settings(master: &Master) -> Value {
    master.get("/clusters/1/attributes/").await["editable"].clone()
}

async fn put(master: &Master, body: Value) -> (u16, Value) {
    master
        .send("PUT", "/api/v1/clusters/1/attributes/", Some(json!({"editable": body})))
        .await
}

#[rstest]
#[case("6.1", "6.1", "2014.2.2-6.1")]
#[case("7.0", "7.0", "2015.1.0-7.0")]
#[case("8.0", "8.0", "liberty-8.0")]
#[case("9.2", "9.1", "mitaka-9.0")]
#[tokio::test]
async fn a_version_says_who_it_is_and_offers_its_releases(
    #[case] name: &str,
    #[case] reported: &str,
    #[case] release: &str,
) {
    let master = start(name).await;
    let version = master.get("/version/").await;
    assert_eq!(version["release"], reported);
    assert_eq!(version["build_number"].is_string(), name < "8.0", "{version}");
    assert_eq!(master.get("/releases/2/").await["version"], release);
    let environment = master.create_environment("one").await;
    let shown = master.get(&format!("/clusters/{environment}/")).await;
    assert_eq!(shown["fuel_version"], reported);
    assert_eq!(shown.get("pending_release_id").is_some(), name < "9");
}

#[rstest]
#[case("6.1")]
#[case("7.0")]
#[tokio::test]
async fn up_to_7_0_a_plugins_settings_are_flat_and_come_with_a_new_environment_only(#[case] version: &str) {
    let master = start(version).await;
    master.create_environment("before").await;
    for number in ["1.0.0", "1.0.10", "1.0.9"] {
        let registered = master.post("/plugins/", plugin(&master, number, false)).await;
        assert!(registered.get("is_hotpluggable").is_none(), "{registered}");
    }
    assert!(
        settings(&master).await.get("backup").is_none(),
        "it came after the environment"
    );
    let second = master.create_environment("after").await;
    let path = format!("/clusters/{second}/attributes/");
    let section = master.get(&path).await["editable"]["backup"].clone();
    // The newest by number, not by text.
    assert_eq!(
        section["metadata"],
        json!({"enabled": false, "toggleable": true, "weight": 70, "label": "Backup", "plugin_id": 2})
    );
    assert_eq!(section["port"]["value"], "80");
    let change = json!({"editable": {"backup": {"metadata": {"enabled": true}, "port": {"value": "8080"}}}});
    let changed = master.put(&path, change).await;
    assert_eq!(changed["editable"]["backup"]["port"]["value"], "8080");
    let (status, answer) = master.send("DELETE", "/api/v1/plugins/2", None).await;
    let text = if version == "6.1" {
        "enabledfor some"
    } else {
        "enabled for some"
    };
    assert_eq!(status, 400);
    assert!(answer["message"].as_str().unwrap().contains(text), "{answer}");
    assert_eq!(master.send("DELETE", "/api/v1/plugins/1", None).await.0, 204);
}

/// Writes the settings file of the plugin `backup` again, with another value.
fn edit_settings(master: &Master, directory: &str, text: &str) {
    let file = master.plugins.path().join(directory).join("environment_config.yaml");
    fs_err::write(file, text).unwrap();
}

#[rstest]
#[case("6.1", "1.0.0", "81")]
#[case("6.1", "2.0.0", "81")]
#[case("7.0", "1.0.0", "81")]
#[case("7.0", "2.0.0", "81")]
#[case("7.0", "3.0.0", "80")]
#[case("9.2", "1.0.0", "80")]
#[tokio::test]
async fn edited_settings_show_in_a_new_environment_where_files_are_read_when_needed(
    #[case] version: &str,
    #[case] package: &str,
    #[case] wanted: &str,
) {
    let master = start(version).await;
    let mut body = plugin(&master, "1.0.0", false);
    body["package_version"] = json!(package);
    let directory = if package == "1.0.0" {
        "backup-1.0.0"
    } else {
        "backup-1.0"
    };
    if package != "1.0.0" {
        fs_err::rename(
            master.plugins.path().join("backup-1.0.0"),
            master.plugins.path().join(directory),
        )
        .unwrap();
    }
    master.post("/plugins/", body).await;
    edit_settings(
        &master,
        directory,
        "attributes: {port: {type: text, label: Port, value: '81'}}",
    );
    master.create_environment("new").await;
    let section = settings(&master).await["backup"].clone();
    let fields = section["metadata"]
        .get("versions")
        .map_or(&section, |versions| &versions[0]);
    assert_eq!(fields["port"]["value"], wanted, "{section}");
    let defaults = master.get("/clusters/1/attributes/defaults/").await;
    let section = &defaults["editable"]["backup"];
    let fields = section["metadata"]
        .get("versions")
        .map_or(section, |versions| &versions[0]);
    assert_eq!(fields["port"]["value"], wanted, "{section}");
}

#[rstest]
#[case("6.1", 201, 400)]
#[case("7.0", 201, 400)]
// As 8.0 was released it never looks at that file of such a package.
#[case("8.0", 201, 201)]
#[case("9.2", 400, 201)]
#[tokio::test]
async fn a_broken_settings_file_is_told_when_it_is_read(
    #[case] version: &str,
    #[case] registering: u16,
    #[case] creating: u16,
) {
    let master = start(version).await;
    let body = plugin(&master, "1.0.0", false);
    edit_settings(&master, "backup-1.0.0", "attributes: {port: [\n");
    let environment = json!({"name": "one", "release_id": 2, "net_segment_type": "vlan"});
    for (path, body, wanted) in [("plugins", body, registering), ("clusters", environment, creating)] {
        let (status, answer) = master.send("POST", &format!("/api/v1/{path}/"), Some(body)).await;
        assert_eq!(status, wanted, "{path}: {answer}");
        if wanted == 400 {
            let text = answer["message"].as_str().unwrap();
            assert!(text.starts_with("Problem with loading YAML file "), "{text}");
            assert!(text.contains("/backup-1.0.0/environment_config.yaml\n"), "{text}");
        }
    }
    // What was refused left nothing behind.
    let environments = master.get("/clusters/").await;
    assert_eq!(environments.as_array().unwrap().is_empty(), creating == 400);
}

#[rstest]
#[case("6.1")]
#[case("7.0")]
#[tokio::test]
async fn up_to_7_0_reset_settings_bring_the_newest_of_the_plugins_there_are(#[case] version: &str) {
    let master = start(version).await;
    master.post("/plugins/", plugin(&master, "1.0.0", false)).await;
    master.create_environment("one").await;
    let change = json!({"editable": {"backup": {"metadata": {"enabled": true}, "port": {"value": "8080"}}}});
    master.put("/clusters/1/attributes/", change).await;
    master.post("/plugins/", plugin(&master, "1.0.10", false)).await;
    let mut other = plugin(&master, "1.0.9", false);
    fs_err::rename(
        master.plugins.path().join("backup-1.0.9"),
        master.plugins.path().join("archive-1.0.9"),
    )
    .unwrap();
    other["name"] = json!("archive");
    master.post("/plugins/", other).await;
    assert_eq!(settings(&master).await["backup"]["metadata"]["plugin_id"], 1);
    let shown = master.get("/clusters/1/attributes/defaults/").await;
    let reset = master.put("/clusters/1/attributes/defaults/", json!({})).await;
    for editable in [&shown["editable"], &reset["editable"], &settings(&master).await] {
        assert_eq!(editable["backup"]["metadata"]["plugin_id"], 2);
        assert_eq!(editable["backup"]["metadata"]["enabled"], false);
        assert_eq!(editable["backup"]["port"]["value"], "80");
        assert_eq!(editable["archive"]["metadata"]["plugin_id"], 3);
    }
    // What came with the reset can be enabled, and what went is held by nothing.
    let change = json!({"editable": {"archive": {"metadata": {"enabled": true}}}});
    master.put("/clusters/1/attributes/", change).await;
    assert_eq!(master.send("DELETE", "/api/v1/plugins/3", None).await.0, 400);
    assert_eq!(master.send("DELETE", "/api/v1/plugins/1", None).await.0, 204);
}

#[tokio::test]
async fn from_8_0_on_a_plugin_is_there_in_environments_that_came_before_it() {
    for version in ["8.0", "9.2"] {
        let master = start(version).await;
        master.create_environment("before").await;
        master.post("/plugins/", plugin(&master, "1.0.0", false)).await;
        let section = settings(&master).await["backup"].clone();
        let first = &section["metadata"]["versions"][0];
        // As 8.0 was released it reads no settings of packages 1.0.x and 2.0.x.
        assert_eq!(first.get("port").is_some(), version == "9.2", "{section}");
        let key = if version == "8.0" {
            "always_editable"
        } else {
            "hot_pluggable"
        };
        assert_eq!(first["metadata"][key], true, "{section}");
    }
}

/// Deploys environment 1 with one controller, to its end.
async fn deploy(master: &Master) {
    let node = master.register_node(1).await;
    master
        .post(
            "/clusters/1/assignment/",
            json!([{"id": node, "roles": ["controller"]}]),
        )
        .await;
    let nodes = json!([{"id": node, "status": "ready"}]);
    // What a deployment leaves behind, without running one.
    let (status, answer) = master.send("PUT", "/api/v1/nodes/", Some(nodes)).await;
    assert_eq!(status, 200, "{answer}");
    let task = master.put("/clusters/1/changes", json!({})).await;
    let message = master.message().await;
    let _ = task;
    master
        .reply(
            "deploy_resp",
            json!({
                "task_uuid": message_uuid(&message), "status": "ready", "progress": 100,
                "nodes": [{"uid": node.to_string(), "status": "ready", "progress": 100}],
            }),
        )
        .await;
}

fn message_uuid(message: &Value) -> Value {
    let first = if message.is_array() {
        &message[message.as_array().unwrap().len() - 1]
    } else {
        message
    };
    first["args"]["task_uuid"].clone()
}

#[rstest]
#[case("6.1", false, 403, "Environment attributes can't be changed after, or in deploy.")]
#[case("6.1", true, 403, "Environment attributes can't be changed after, or in deploy.")]
#[case(
    "7.0",
    false,
    403,
    "Environment attribute 'backup' couldn't be changed after or during deployment."
)]
#[case("7.0", true, 200, "")]
#[case("9.2", false, 200, "")]
#[tokio::test]
async fn a_deployed_environment_refuses_what_its_version_refused(
    #[case] version: &str,
    #[case] editable: bool,
    #[case] wanted: u16,
    #[case] text: &str,
) {
    let master = start(version).await;
    master.post("/plugins/", plugin(&master, "1.0.0", editable)).await;
    master.create_environment("one").await;
    deploy(&master).await;
    assert_eq!(master.get("/clusters/1/").await["is_locked"], version != "9.2");
    let mut section = settings(&master).await["backup"].clone();
    section["metadata"]["enabled"] = json!(true);
    let (status, answer) = put(&master, json!({"backup": section})).await;
    assert_eq!(status, wanted, "{answer}");
    if wanted != 200 {
        assert_eq!(answer["message"], text);
    }
}

#[rstest]
#[case("6.1", "3.0.0", 500)]
#[case("7.0", "4.0.0", 500)]
#[case("8.0", "6.0.0", 500)]
#[case("9.2", "7.0.0", 400)]
#[tokio::test]
async fn a_package_of_a_later_version_is_refused_as_that_version_refused_it(
    #[case] version: &str,
    #[case] package: &str,
    #[case] wanted: u16,
) {
    let master = start(version).await;
    let mut body = plugin(&master, "1.0.0", false);
    body["package_version"] = json!(package);
    let (status, answer) = master.send("POST", "/api/v1/plugins/", Some(body)).await;
    assert_eq!(status, wanted, "{answer}");
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("is not supported by Nailgun"),
        "{answer}"
    );
    assert!(master.get("/plugins/").await.as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_plugin_of_package_5_0_0_brings_a_release_of_its_own() {
    let master = start("9.2").await;
    let directory = master.plugins.path().join("own_release-1.0");
    fs_err::create_dir_all(directory.join("release")).unwrap();
    fs_err::write(directory.join("release/roles_a.yaml"), "keeper: {name: Keeper}\n").unwrap();
    fs_err::write(directory.join("release/roles_b.yaml"), "watcher: {name: Watcher}\n").unwrap();
    fs_err::write(
        directory.join("release/base.yaml"),
        "version: mitaka-9.0\nroles: {keeper: {weight: 5}}\n",
    )
    .unwrap();
    let metadata = json!({
        "name": "own_release", "title": "Own", "version": "1.0.0", "package_version": "5.0.0", "fuel_version": ["9.0"],
        "releases": [
            {"os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"]},
            {
                "is_release": true, "name": "Ours", "version": "ours-9.0", "os": "ubuntu",
                "base_release_path": "release/base.yaml", "roles_path": "release/roles_*.yaml",
            },
        ],
    });
    fs_err::write(directory.join("metadata.yaml"), metadata.to_string()).unwrap();
    let registered = master.post("/plugins/", metadata).await;
    assert_eq!(registered["releases"].as_array().unwrap().len(), 1, "{registered}");
    let releases = master.get("/releases/").await;
    let ours = releases
        .as_array()
        .unwrap()
        .iter()
        .find(|release| release["name"] == "Ours")
        .unwrap();
    assert_eq!(
        (&ours["version"], &ours["state"]),
        (&json!("ours-9.0"), &json!("available"))
    );
    assert_eq!(
        ours["roles_metadata"],
        json!({"keeper": {"name": "Keeper", "weight": 5}, "watcher": {"name": "Watcher"}})
    );
    let environment = json!({"name": "of ours", "release_id": ours["id"]});
    assert_eq!(master.post("/clusters/", environment).await["release_id"], ours["id"]);
    // The next synchronisation writes over it.
    master.post("/plugins/sync/", json!({"ids": [registered["id"]]})).await;
    assert_eq!(
        master.get("/releases/").await.as_array().unwrap().len(),
        releases.as_array().unwrap().len()
    );
}

#[tokio::test]
async fn a_text_that_cannot_be_formatted_breaks_8_0_and_stays_in_9_2() {
    for (version, wanted) in [("8.0", 500), ("9.2", 200)] {
        let master = start(version).await;
        let directory = master.plugins.path().join("braces-1.0");
        fs_err::create_dir_all(&directory).unwrap();
        let config = "attributes: {field: {type: text, label: F, value: '{settings.MASTER_IP} {nope}'}}";
        fs_err::write(directory.join("environment_config.yaml"), config).unwrap();
        let mut body = plugin(&master, "1.0.0", false);
        body["name"] = json!("braces");
        body["package_version"] = json!("4.0.0");
        master.post("/plugins/", body).await;
        master.create_environment("one").await;
        let (status, answer) = master.send("GET", "/api/v1/clusters/1/attributes/", None).await;
        assert_eq!(status, wanted, "{version}: {answer}");
        if wanted == 200 {
            let field = &answer["editable"]["braces"]["metadata"]["versions"][0]["field"];
            assert_eq!(field["value"], "{settings.MASTER_IP} {nope}");
        }
    }
}

#[tokio::test]
async fn a_volume_that_the_release_has_already_is_refused_where_volumes_or_roles_are_read() {
    let master = start("9.2").await;
    let directory = master.plugins.path().join("disks-1.0");
    fs_err::create_dir_all(&directory).unwrap();
    fs_err::write(directory.join("volumes.yaml"), "volumes: [{id: os, type: vg}]").unwrap();
    let mut body = plugin(&master, "1.0.0", false);
    body["name"] = json!("disks");
    body["package_version"] = json!("4.0.0");
    master.post("/plugins/", body).await;
    let environment = master.create_environment("one").await;
    master.enable(environment, "disks", |_| {}).await;
    let node = master.register_node(1).await;
    let assignment = json!([{"id": node, "roles": ["controller"]}]);
    master.post("/clusters/1/assignment/", assignment).await;
    for path in [
        "clusters/1/roles",
        "clusters/1/orchestrator/deployment/defaults",
        "clusters/1/orchestrator/provisioning/defaults",
        "nodes/1/disks/defaults",
    ] {
        let answer = master.send("GET", &format!("/api/v1/{path}/"), None).await;
        let text = "Plugin disks-1.0.0 is overlapping with release by introducing the same volume with id \"os\"";
        assert_eq!(answer, (400, json!(text)), "{path}");
    }
    let (status, task) = master.send("PUT", "/api/v1/clusters/1/changes/", Some(json!({}))).await;
    assert_eq!((status, &task["status"]), (200, &json!("error")), "{task}");
    assert!(
        task["message"].as_str().unwrap().starts_with("Plugin disks-1.0.0 is"),
        "{task}"
    );
}
