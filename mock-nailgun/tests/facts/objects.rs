//! What releases, tasks, environments, links and node groups are.

use rstest::rstest;
use serde_json::{Value, json};

use super::{fuel, keys, plugin, refusal, refused, write};

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
async fn the_newest_version_of_a_plugin_that_owns_a_chosen_component_is_switched_on() {
    let master = fuel("9.2").await;
    for version in ["9.0.0", "10.0.0", "8.0.0"] {
        let directory = format!("depot-{}", version.strip_suffix(".0").unwrap());
        let component = "[{name: 'storage:block:depot', label: Depot, description: d}]";
        write(&master, &directory, "components.yaml", component);
        master.post("/plugins/", plugin("depot", version, "4.0.0")).await;
    }
    let components = [
        "hypervisor:qemu",
        "network:neutron:core:ml2",
        "network:neutron:ml2:vlan",
        "storage:block:depot",
    ];
    let body = json!({"name": "one", "release_id": 2, "components": components});
    master.post("/clusters/", body).await;
    let settings = master.get("/clusters/1/attributes/").await;
    let metadata = &settings["editable"]["depot"]["metadata"];
    let chosen = metadata["versions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|version| version["metadata"]["plugin_id"] == metadata["chosen_id"]);
    assert_eq!(metadata["enabled"], true);
    assert_eq!(chosen.unwrap()["metadata"]["plugin_version"], "10.0.0");
}

#[tokio::test]
async fn versions_of_a_plugin_share_their_components_and_other_plugins_do_not() {
    let master = fuel("9.2").await;
    let register = async |name: &str, version: &str, label: &str, more: &str| {
        let directory = format!("{name}-{}", version.rsplit_once('.').unwrap().0);
        let text = format!("[{{name: 'storage:block:ours', label: {label}, bind: []}}{more}]\n");
        write(&master, &directory, "components.yaml", &text);
        master.post("/plugins/", plugin(name, version, "4.0.0")).await;
    };
    register("archive", "1.10.0", "ten", "").await;
    register(
        "archive",
        "1.9.0",
        "nine",
        ", {name: 'additional_service:old', label: old}",
    )
    .await;
    let listed = master.get("/releases/2/components/").await;
    let label = |name: &str| {
        let components = listed.as_array().unwrap().iter();
        let labels: Vec<&Value> = components
            .filter(|component| component["name"] == name)
            .map(|component| &component["label"])
            .collect();
        assert_eq!(labels.len(), 1, "{name}: {listed}");
        labels[0].clone()
    };
    // The newest by number, whichever came first.
    assert_eq!(label("storage:block:ours"), "ten");
    assert_eq!(label("additional_service:old"), "old");
    register("vault", "1.0.0", "other", "").await;
    let text = "Plugin vault-1.0.0 is overlapping with archive-1.10.0 by introducing the same component with name \
                \"storage:block:ours\"";
    let path = "/releases/2/components/";
    assert_eq!(refusal(&master, "GET", path, Value::Null).await, refused(409, text));
}
