//! What is refused, with which status and words.

use rstest::rstest;
use serde_json::{Value, json};

use super::{fuel, plugin, refusal, refused, write};

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

const TYPES: &str = "['puppet', 'shell', 'sync', 'upload_file', 'group', 'stage', 'skipped', 'reboot', 'copy_files', \
                     'role', 'master_shell', 'move_to_bootstrap', 'erase_node']";

#[rstest]
#[case(json!([{"type": "shell"}]), "'id' is a required property".to_owned())]
#[case(json!([{"id": "a", "type": "shell"}, {"id": "b"}]), "'type' is a required property".to_owned())]
#[case(json!([{"id": "a", "type": "bogus"}]), format!("u'bogus' is not one of {TYPES}"))]
#[case(json!([{"id": "a", "type": 1}]), format!("1 is not one of {TYPES}"))]
#[case(json!(["a"]), "u'a' is not of type 'object'".to_owned())]
#[tokio::test]
async fn a_task_without_an_id_or_a_type_that_there_is_is_refused_and_nothing_changes(
    #[case] tasks: Value,
    #[case] text: String,
) {
    let master = fuel("9.2").await;
    master.create_environment("one").await;
    let lists = ["/releases/2/deployment_tasks/", "/clusters/1/deployment_tasks/"];
    for path in lists {
        let before = master.get(path).await;
        assert_eq!(
            refusal(&master, "PUT", path, tasks.clone()).await,
            refused(400, &text),
            "{path}"
        );
        assert_eq!(master.get(path).await, before, "{path}");
    }
    for path in [
        "/releases/2/deployment_graphs/mine/",
        "/clusters/1/deployment_graphs/mine/",
    ] {
        let body = json!({"tasks": tasks});
        for method in ["POST", "PUT"] {
            let answer = refusal(&master, method, path, body.clone()).await;
            assert_eq!(answer, refused(400, &text), "{method} {path}");
        }
        assert_eq!(refusal(&master, "GET", path, Value::Null).await.0, 404, "{path}");
    }
    // What a release has itself it takes again.
    let own = master.get(lists[0]).await;
    master.put(lists[0], own).await;
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

#[tokio::test]
async fn a_word_of_the_query_that_is_no_boolean_is_refused_whether_it_matters_or_not() {
    let master = fuel("9.2").await;
    let environment = master.create_environment("one").await;
    let node = master.register_node(1).await;
    let assignment = json!([{"id": node, "roles": ["controller"]}]);
    master
        .post(&format!("/clusters/{environment}/assignment/"), assignment)
        .await;
    master.put("/clusters/1/changes/", json!({})).await;
    let uuid = master.message().await["args"]["task_uuid"].clone();
    master
        .reply("transaction_resp", json!({"task_uuid": uuid, "status": "ready"}))
        .await;
    for (method, path) in [
        ("DELETE", "/clusters/1/?force=maybe"),
        ("DELETE", "/tasks/1/?force=2"),
        ("PUT", "/clusters/1/attributes/?force=yes"),
        ("PUT", "/clusters/1/changes/?dry_run=on"),
        ("GET", "/clusters/1/orchestrator/deployment/defaults/?split=no"),
        ("GET", "/graphs/?fetch_related=maybe"),
    ] {
        let body = if method == "PUT" {
            json!({"editable": {}})
        } else {
            Value::Null
        };
        let (status, text) = refusal(&master, method, path, body).await;
        assert!(
            status == 400 && text.ends_with("it must be boolean"),
            "{path}: {status} {text}"
        );
    }
    assert_eq!(master.get("/clusters/1/").await["status"], "operational");
    let removed = master.send("DELETE", "/api/v1/tasks/1/?force=T", None).await;
    assert_eq!(removed.0, 204);
    assert_eq!(
        master.send("DELETE", "/api/v1/clusters/1/?force=FALSE", None).await.0,
        202
    );
}
