//! Bodies of the wrong shape, or that say what cannot be: each is refused, and nothing of it is kept.

use rstest::rstest;
use serde_json::{Value, json};

use super::{fuel, plugin, refusal, refused, write};

#[rstest]
#[case(json!({"mac": "x"}), "'x' is not a MAC address like 52:54:00:12:34:56")]
#[case(json!({"mac": 5}), "No mac address specified")]
#[case(json!({"mac": "52:54:00:00:00:09", "meta": 5}), "5 is not of type 'object'")]
#[case(json!({"mac": "52:54:00:00:00:09", "hostname": "a b"}), "Hostname 'a b' must consist of letters, digits and '-', which neither begins nor ends it, and of 63 characters at most")]
#[case(json!({"mac": "52:54:00:00:00:09", "status": "odd"}), "'odd' is no status of a node: `status` must be one of ready, discover, provisioning, provisioned, deploying, error, removing, stopped")]
#[tokio::test]
async fn a_node_that_cannot_be_is_not_made(#[case] body: Value, #[case] text: &str) {
    let master = fuel("9.2").await;
    assert_eq!(refusal(&master, "POST", "/nodes/", body).await, refused(400, text));
    assert_eq!(master.get("/nodes/").await, json!([]));
}

#[rstest]
#[case("hostname", json!(5), "5 is not of type 'string', 'null'")]
#[case("labels", json!(5), "5 is not of type 'object'")]
#[case("labels", json!({"rack": 5}), "Label 'rack' is 5; labels are strings or null")]
#[case("ip", json!("999.1.1.1"), "'999.1.1.1' is not a valid IP address: `ip` must be an IPv4 address like 10.20.0.3")]
#[case("online", json!("yes"), "u'yes' is not of type 'boolean'")]
#[case("pending_roles", json!([5]), "5 is not of type 'string'")]
#[case("cluster_id", json!(999), "Node 1 cannot go into environment 999: there is no such environment")]
#[case("name", json!("x".repeat(101)), "`name` of a node has 101 characters; it may have 100")]
#[tokio::test]
async fn a_node_stays_as_it_is_when_it_cannot_be_what_is_sent(
    #[case] key: &str,
    #[case] value: Value,
    #[case] text: &str,
) {
    let master = fuel("9.2").await;
    let id = master.register_node(1).await;
    let before = master.get("/nodes/").await;
    for (method, path, body) in [
        ("PUT", format!("/nodes/{id}/"), json!({key: value})),
        ("PUT", "/nodes/".to_owned(), json!([{"id": id, key: value}])),
    ] {
        assert_eq!(
            refusal(&master, method, &path, body).await,
            refused(400, text),
            "{path}"
        );
        assert_eq!(master.get("/nodes/").await, before, "{path}");
    }
    assert_eq!(refusal(&master, "PUT", "/nodes/", json!([5])).await.0, 400);
}

#[tokio::test]
async fn a_new_environment_takes_no_nodes_of_another_one() {
    let master = fuel("9.2").await;
    let id = master.register_node(1).await;
    let create = |name: &str, nodes: Value| json!({"name": name, "release_id": 2, "nodes": nodes});
    let first = master.post("/clusters/", create("first", json!([id]))).await["id"].clone();
    let taken = "Nodes with ids 1 already assigned to environments. Nodes must be unassigned before they can be assigned \
                 again.";
    for (nodes, text) in [
        (json!([id]), taken),
        (json!([999]), "Nodes with ids 999 were not found."),
        (json!(["x"]), "u'x' is not of type 'integer'"),
    ] {
        assert_eq!(
            refusal(&master, "POST", "/clusters/", create("second", nodes)).await,
            refused(400, text)
        );
    }
    let second = master.post("/clusters/", create("second", json!([]))).await["id"].clone();
    assert_eq!(
        refusal(&master, "PUT", "/nodes/1/", json!({"cluster_id": second})).await,
        refused(400, taken)
    );
    assert_eq!(master.get("/nodes/1/").await["cluster"], first);
}

#[rstest]
#[case(json!({"networks": 5}), "5 is not of type 'array'")]
#[case(json!({"networks": [5]}), "5 is not of type 'object'")]
#[case(json!({"networking_parameters": 5}), "5 is not of type 'object'")]
#[case(json!({"networks": [{"name": "public", "vlan_start": "x"}]}), "u'x' is not of type 'integer', 'null'")]
#[case(json!({"networks": [{"name": "public", "vlan_start": 5000}]}), "Network 'public': `vlan_start` is 5000; a VLAN id is between 1 and 4094")]
#[case(json!({"networks": [{"name": "public", "gateway": 5}]}), "5 is not of type 'string', 'null'")]
#[case(json!({"networks": [{"name": "public", "gateway": "x"}]}), "Network 'public': `gateway` is \"x\", which is no IPv4 address")]
#[case(json!({"networks": [{"name": "public", "gateway": "10.0.0.1"}]}), "Network 'public': gateway 10.0.0.1 is not in 172.16.0.0/24")]
#[case(json!({"networks": [{"name": "public", "ip_ranges": [["172.16.0.9", "172.16.0.2"]]}]}), "Network 'public': `ip_ranges` holds [\"172.16.0.9\",\"172.16.0.2\"], which is no list of a first and a last IPv4 address")]
#[case(json!({"networks": [{"name": "public", "ip_ranges": [["10.0.0.2", "10.0.0.9"]]}]}), "Network 'public': range 10.0.0.2 - 10.0.0.9 is not in 172.16.0.0/24")]
#[case(json!({"networking_parameters": {"floating_ranges": "x"}}), "Networking parameter `floating_ranges` is \"x\"; it must be a list of lists, each of a first and a last IPv4 address")]
#[case(json!({"networking_parameters": {"vlan_range": [9, 5]}}), "Networking parameter `vlan_range` is [9,5]; it must be a list of a lowest and a highest number")]
#[tokio::test]
async fn networks_that_cannot_be_are_refused_and_the_configuration_stays(#[case] body: Value, #[case] text: &str) {
    let master = fuel("9.2").await;
    master.create_environment("one").await;
    let path = "/clusters/1/network_configuration/neutron/";
    let before = master.get(path).await;
    assert_eq!(refusal(&master, "PUT", path, body).await, refused(400, text));
    assert_eq!(master.get(path).await, before);
}

#[rstest]
#[tokio::test]
async fn a_configuration_may_be_sent_back_as_it_was_read(#[values("6.1", "7.0", "8.0", "9.2")] version: &str) {
    let master = fuel(version).await;
    let releases = master.get("/releases/").await;
    let usable = releases
        .as_array()
        .unwrap()
        .iter()
        .find(|release| release["state"] != "unavailable");
    let body = json!({"name": "one", "release_id": usable.unwrap()["id"]});
    master.post("/clusters/", body).await;
    let path = "/clusters/1/network_configuration/neutron/";
    let read = master.get(path).await;
    assert_eq!(master.put(path, read.clone()).await, read);
    // Everything moves with the network's address.
    let mut moved = read;
    for network in moved["networks"].as_array_mut().unwrap() {
        if network["name"] == "management" {
            network["cidr"] = json!("10.5.0.0/24");
        }
    }
    master.put(path, moved).await;
}

#[rstest]
#[case(
    "{id: t, type: shell, role: ['/(/']}",
    "'role': invalid regular expression `/(/`: unbalanced parenthesis"
)]
#[case(
    "{id: t, type: shell, cross-depends: [{name: t, role: '/[/'}]}",
    "'cross-depends': invalid regular expression `/[/`: unexpected end of regular expression"
)]
#[case(
    "{id: t, type: shell, requires: 5}",
    "'requires' holds 5; it must be a name or a list of names"
)]
#[case(
    "{id: t, type: shell, cross-depends: [x]}",
    "'cross-depends' holds \"x\"; it must be a mapping with `name`, a task's id"
)]
#[case("{id: t, type: shell, parameters: s}", "'parameters' is \"s\"; it must be a mapping")]
#[case("{id: t, type: 5}", "5 is not one of ")]
#[case("{id: t, type: bogus}", "u'bogus' is not one of ")]
#[case("{id: t}", "'type' is a required property")]
#[tokio::test]
async fn a_plugins_task_that_cannot_be_read_is_named(
    #[case] task: &str,
    #[case] text: &str,
    #[values("8.0", "9.2")] version: &str,
) {
    let master = fuel(version).await;
    write(&master, "archive-1.0", "deployment_tasks.yaml", &format!("[{task}]\n"));
    master.post("/plugins/", plugin("archive", "1.0.0", "4.0.0")).await;
    master.create_environment("one").await;
    // Tasks of a version before 2.0.0 are refused in 9.2 when they are enabled.
    let settings = master.get("/clusters/1/attributes/").await["editable"].clone();
    let adapted = json!({"editable": {"common": {"propagate_task_deploy": {"value": true}}}});
    if settings["common"]["propagate_task_deploy"].is_object() {
        master.put("/clusters/1/attributes/", adapted).await;
    }
    master.enable(1, "archive", |_| {}).await;
    let (status, message) = refusal(&master, "GET", "/clusters/1/deployment_tasks/", Value::Null).await;
    let wanted = format!("Plugin archive-1.0.0, task 't': {text}");
    assert!(status == 400 && message.starts_with(&wanted), "{status} {message}");
}

#[tokio::test]
async fn an_uploaded_task_with_a_broken_pattern_is_refused() {
    let master = fuel("9.2").await;
    master.create_environment("one").await;
    let tasks = json!([{"id": "t", "type": "shell", "role": ["/(/"]}]);
    assert_eq!(
        refusal(&master, "PUT", "/clusters/1/deployment_tasks/", tasks).await,
        refused(400, "'role': invalid regular expression `/(/`: unbalanced parenthesis")
    );
}

#[rstest]
#[case(json!({"name": ""}))]
#[case(json!({"name": "a/b"}))]
#[case(json!({"name": "../outside"}))]
#[case(json!({"name": ".hidden"}))]
#[case(json!({"version": ""}))]
#[case(json!({"version": "../1.0"}))]
#[case(json!({"version": "1".repeat(10_000), "package_version": "1.0.0"}))]
#[tokio::test]
async fn a_plugin_whose_directory_would_be_elsewhere_is_refused(
    #[case] change: Value,
    #[values("6.1", "8.0", "9.2")] fuel_version: &str,
) {
    let master = fuel(fuel_version).await;
    let mut body = plugin("archive", "1.0.0", "2.0.0");
    let id = master.post("/plugins/", body.clone()).await["id"].clone();
    let before = master.get("/plugins/").await;
    body.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    assert_eq!(refusal(&master, "POST", "/plugins/", body.clone()).await.0, 400);
    assert_eq!(refusal(&master, "PUT", &format!("/plugins/{id}"), body).await.0, 400);
    assert_eq!(master.get("/plugins/").await, before);
}

#[rstest]
#[case(json!({"archive": []}), "Section 'archive' is []; it must be a mapping of fields")]
#[case(json!({"common": 5}), "Section 'common' is 5; it must be a mapping of fields")]
#[case(json!({"archive": {"metadata": 5}}), "Section 'archive': `metadata` is 5; it must be a mapping")]
#[case(json!({"archive": {"metadata": {"versions": 5}}}), "Section 'archive': `metadata.versions` is 5; it must be a list")]
#[case(json!({"archive": {"metadata": {"class": "plugin", "versions": [5]}}}), "Section 'archive': `metadata.versions[0]` is 5; it must be a mapping of fields")]
#[case(json!({"archive": {"metadata": {"class": "plugin", "versions": [{}]}}}), "Section 'archive': `metadata.versions[0].metadata.plugin_id` is null; it must be the number of a plugin")]
#[case(json!({"archive": {"metadata": {"enabled": "yes"}}}), "Section 'archive': `metadata.enabled` is \"yes\"; it must be true or false")]
#[case(json!({"archive": {"metadata": {"chosen_id": "2"}}}), "Section 'archive': `metadata.chosen_id` is \"2\"; it must be the number of a plugin")]
#[tokio::test]
async fn settings_of_an_odd_shape_are_refused_and_nothing_is_stored(#[case] sections: Value, #[case] text: &str) {
    let master = fuel("9.2").await;
    master.post("/plugins/", plugin("archive", "1.0.0", "4.0.0")).await;
    master.create_environment("one").await;
    let path = "/clusters/1/attributes/";
    let before = master.get(path).await;
    assert_eq!(
        refusal(&master, "PUT", path, json!({"editable": sections})).await,
        refused(400, text)
    );
    assert_eq!(master.get(path).await, before);
}

#[tokio::test]
async fn the_name_of_an_environment_is_bounded() {
    let master = fuel("9.2").await;
    let body = |length: usize| json!({"name": "x".repeat(length), "release_id": 2});
    let text = "The name of an environment has 256 characters; it may have 255";
    assert_eq!(
        refusal(&master, "POST", "/clusters/", body(256)).await,
        refused(400, text)
    );
    master.post("/clusters/", body(255)).await;
    assert_eq!(
        refusal(&master, "PUT", "/clusters/1/", body(256)).await,
        refused(400, text)
    );
    let empty = refused(400, "The name of an environment must not be empty");
    assert_eq!(
        refusal(&master, "PUT", "/clusters/1/", json!({"name": ""})).await,
        empty
    );
}

#[tokio::test]
async fn head_is_answered_as_get_without_the_body() {
    let master = fuel("9.2").await;
    for (path, status) in [
        ("/api/v1/plugins/", 200),
        ("/api/v1/plugins/9", 404),
        ("/api/v1/plugins/sync/", 405),
    ] {
        let answer = master.send_text("HEAD", path, None).await;
        assert_eq!(answer, (status, String::new()), "{path}");
    }
    // No message for Astute goes lost with it.
    assert_eq!(master.send_text("HEAD", "/mock/astute/messages", None).await.0, 404);
}

#[tokio::test]
async fn a_huge_body_is_refused_in_few_words() {
    let master = fuel("9.2").await;
    let list = format!("[{}1]", "1,".repeat(4_000_000));
    let (status, text) = master.send_text("PUT", "/api/v1/nodes/", Some(list)).await;
    assert!(
        status == 413 && text.contains("holds more than 4000000 values"),
        "{status} {text}"
    );
    for (path, body) in [
        ("/nodes/", json!({"mac": "x".repeat(1_000_000)})),
        ("/plugins/", json!({"name": 5, "more": "x".repeat(1_000_000)})),
    ] {
        let (status, text) = master
            .send_text("POST", &format!("/api/v1{path}"), Some(body.to_string()))
            .await;
        assert!(
            status == 400 && text.len() < 21_000,
            "{path}: {status}, {} bytes",
            text.len()
        );
    }
}
