//! Graphs of other types than `default`, and several in turn.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use serde_json::{Value, json};

const TRIO: &[&[&str]] = &[&["controller"], &["compute"], &["notes"]];

/// A task that can stand in a graph across nodes.
fn shell(id: &str, role: &Value) -> Value {
    json!({"id": id, "type": "shell", "version": "2.1.0", "role": role, "parameters": {"cmd": format!("echo {id}"), "timeout": 10}})
}

/// The environment of the fixture plugin with a graph `backup` of release, plugin and environment.
async fn with_backup(master: &Master) -> i64 {
    let environment = master.environment_with(TRIO).await;
    let all = json!(["*"]);
    let of_release = json!({"tasks": [shell("backup-all", &all), shell("backup-database", &all)]});
    master.put("/releases/2/deployment_graphs/backup", of_release).await;
    let mut of_plugin = shell("backup-notes", &json!(["primary-notes"]));
    of_plugin["requires"] = json!(["backup-all"]);
    of_plugin["cross-depends"] = json!([{"name": "backup-database"}]);
    master
        .put("/plugins/1/deployment_graphs/backup", json!({"tasks": [of_plugin]}))
        .await;
    let own = json!({"tasks": [shell("backup-database", &json!(["primary-controller"]))]});
    master
        .put(&format!("/clusters/{environment}/deployment_graphs/backup"), own)
        .await;
    environment
}

/// Type and id of the tasks of a node.
fn tasks(message: &Value, node: &str) -> Vec<(String, String)> {
    let list = message["args"]["tasks_graph"][node].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter()
        .map(|task| (text(&task["type"]), text(&task["id"])))
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(kind, id)| ((*kind).to_owned(), (*id).to_owned()))
        .collect()
}

async fn finish(master: &Master, message: &Value, status: &str) {
    let args = json!({"task_uuid": message["args"]["task_uuid"], "status": status, "progress": 100});
    master.reply("transaction_resp", args).await;
}

async fn status_of(master: &Master, environment: i64) -> Value {
    master.get(&format!("/clusters/{environment}/")).await["status"].clone()
}

async fn children(master: &Master, supertask: &Value) -> Vec<Value> {
    let tasks = master.get("/tasks/").await;
    let of_it = |task: &&Value| task["parent_id"] == supertask["id"];
    tasks.as_array().unwrap().iter().filter(of_it).cloned().collect()
}

#[tokio::test]
async fn a_custom_graph_is_merged_from_release_plugins_and_environment_and_runs_alone() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    let supertask = master
        .post_deferred(
            "/graphs/execute/",
            json!({"cluster": environment, "graphs": [{"type": "backup"}]}),
        )
        .await;
    let message = master.message().await;
    assert_eq!(message["method"], "task_deploy");
    // The environment's own task goes over the release's.
    assert_eq!(
        tasks(&message, "1"),
        pairs(&[("shell", "backup-all"), ("shell", "backup-database")])
    );
    assert_eq!(tasks(&message, "2"), pairs(&[("shell", "backup-all")]));
    assert_eq!(
        tasks(&message, "3"),
        pairs(&[("shell", "backup-all"), ("shell", "backup-notes")])
    );
    let notes = &message["args"]["tasks_graph"]["3"][1];
    assert_eq!(notes["parameters"]["cwd"], "/etc/fuel/plugins/notes_service-1.2/");
    assert_eq!(
        notes["requires"],
        json!([{"name": "backup-all", "node_id": "3"}, {"name": "backup-database", "node_id": "1"}])
    );
    let child = &children(&master, &supertask).await[0];
    assert_eq!(
        (child["graph_type"].as_str(), child["name"].as_str()),
        (Some("backup"), Some("deployment"))
    );
    finish(&master, &message, "ready").await;
    let history = master
        .get(&format!("/transactions/{}/deployment_history/", supertask["id"]))
        .await;
    let names: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["task_name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "backup-all",
            "backup-all",
            "backup-all",
            "backup-database",
            "backup-notes"
        ]
    );
    assert_eq!(status_of(&master, environment).await, "operational");
}

#[tokio::test]
async fn every_call_that_deploys_takes_the_type_of_graph() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    for (path, body) in [
        ("changes/?graph_type=backup", json!({})),
        ("changes/redeploy/?graph_type=backup", json!({})),
        ("deploy/?nodes=1,3&graph_type=backup", json!({})),
        ("deploy_tasks/?nodes=3&graph_type=backup", json!(["backup-notes"])),
    ] {
        master.put(&format!("/clusters/{environment}/{path}"), body).await;
        let message = master.message().await;
        let ids: Vec<(String, String)> = tasks(&message, "3");
        let all = if path.starts_with("deploy_tasks") {
            "skipped"
        } else {
            "shell"
        };
        assert_eq!(ids, pairs(&[(all, "backup-all"), ("shell", "backup-notes")]), "{path}");
        let nodes: Vec<&String> = message["args"]["tasks_graph"].as_object().unwrap().keys().collect();
        let expected: &[&str] = match path.split('?').nth(1).unwrap() {
            "nodes=1,3&graph_type=backup" => &["null", "1", "3"],
            "nodes=3&graph_type=backup" => &["null", "3"],
            _ => &["null", "1", "2", "3"],
        };
        assert_eq!(nodes, expected, "{path}");
        finish(&master, &message, "ready").await;
    }
    let shown = master
        .get(&format!(
            "/clusters/{environment}/serialized_tasks/?graph_type=backup&nodes=2"
        ))
        .await;
    assert_eq!(shown["tasks_graph"]["2"][0]["id"], "backup-all");
    let merged = master
        .get(&format!("/clusters/{environment}/deployment_tasks/?graph_type=backup"))
        .await;
    assert_eq!(merged.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn graphs_run_in_turn_and_the_environment_is_free_after_the_last() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    let own = json!({"tasks": [shell("restore", &json!(["primary-controller"]))]});
    master
        .put(&format!("/clusters/{environment}/deployment_graphs/restore"), own)
        .await;
    let order = json!({"cluster": environment, "graphs": [
        {"type": "backup", "nodes": [1, 3]}, {"type": "restore"}, {"type": "backup", "tasks": ["backup-all"]},
    ]});
    let supertask = master.post_deferred("/graphs/execute/", order).await;
    let first = master.message().await;
    assert_eq!(tasks(&first, "1").len(), 2);
    assert!(first["args"]["tasks_graph"].get("2").is_none());
    finish(&master, &first, "ready").await;
    assert_eq!(status_of(&master, environment).await, "deployment");
    let again = master
        .send(
            "PUT",
            &format!("/api/v1/clusters/{environment}/changes/"),
            Some(json!({})),
        )
        .await;
    assert_eq!(again.0, 400, "{}", again.1);

    let second = master.message().await;
    assert_eq!(tasks(&second, "1"), pairs(&[("shell", "restore")]));
    finish(&master, &second, "ready").await;
    let third = master.message().await;
    assert_eq!(
        tasks(&third, "1"),
        pairs(&[("shell", "backup-all"), ("skipped", "backup-database")])
    );
    finish(&master, &third, "ready").await;
    assert_eq!(status_of(&master, environment).await, "operational");
    let kinds: Vec<Value> = children(&master, &supertask)
        .await
        .iter()
        .map(|task| json!([task["graph_type"], task["status"]]))
        .collect();
    assert_eq!(
        kinds,
        [
            json!(["backup", "ready"]),
            json!(["restore", "ready"]),
            json!(["backup", "ready"])
        ]
    );
    let over = master.get(&format!("/tasks/{}/", supertask["id"])).await;
    assert_eq!(
        (over["status"].as_str(), over["progress"].as_i64()),
        (Some("ready"), Some(100))
    );
    let done = master.get("/notifications/").await;
    let done = done.as_array().unwrap().iter().filter(|told| told["topic"] == "done");
    assert_eq!(done.count(), 2, "the master's own and one for all graphs");
}

#[tokio::test]
async fn no_graph_follows_one_that_failed() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    let order = json!({"cluster": environment, "graphs": [{"type": "backup"}, {"type": "default"}]});
    let supertask = master.post_deferred("/graphs/execute/", order).await;
    finish(&master, &master.message().await, "error").await;
    let statuses: Vec<Value> = children(&master, &supertask)
        .await
        .iter()
        .map(|task| json!([task["status"], task["message"]]))
        .collect();
    assert_eq!(
        statuses,
        [
            json!(["error", "Deployment has failed. "]),
            json!(["error", "Not run: the graph before it failed"])
        ]
    );
    assert_eq!(status_of(&master, environment).await, "error");
    let (status, _) = master.send("GET", "/mock/astute/messages?wait=0", None).await;
    assert_eq!(status, 204);
}

#[tokio::test]
async fn a_graph_that_cannot_be_made_when_its_turn_comes_ends_the_run() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    let own = format!("/clusters/{environment}/deployment_graphs/restore");
    master
        .put(&own, json!({"tasks": [shell("restore", &json!("*"))]}))
        .await;
    let order = json!({"cluster": environment, "graphs": [{"type": "backup"}, {"type": "restore"}]});
    let supertask = master.post_deferred("/graphs/execute/", order).await;
    let mut looped = shell("restore", &json!("*"));
    looped["requires"] = json!(["again"]);
    let mut again = shell("again", &json!("*"));
    again["requires"] = json!(["restore"]);
    master.put(&own, json!({"tasks": [looped, again]})).await;
    finish(&master, &master.message().await, "ready").await;
    assert_eq!(status_of(&master, environment).await, "error");
    let over = master.get(&format!("/tasks/{}/", supertask["id"])).await;
    assert_eq!(over["status"], "error");
    assert!(
        over["message"].as_str().unwrap().contains("contains cycles in it"),
        "{over}"
    );
}

#[tokio::test]
async fn dry_and_noop_runs_reach_astute_and_change_no_status() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    for (dry_run, noop_run) in [(true, false), (false, true)] {
        let order = json!({"cluster": environment, "graphs": [{"type": "backup"}], "dry_run": dry_run, "noop_run": noop_run, "debug": true});
        let supertask = master.post_deferred("/graphs/execute/", order).await;
        assert_eq!(supertask["dry_run"], dry_run);
        let message = master.message().await;
        let args = &message["args"];
        assert_eq!(
            json!([args["dry_run"], args["noop_run"], args["debug"]]),
            json!([dry_run, noop_run, true])
        );
        assert_eq!(master.get("/nodes/1/").await["status"], "discover");
        finish(&master, &message, "ready").await;
        assert_eq!(status_of(&master, environment).await, "new");
        let node = master.get("/nodes/1/").await;
        assert_eq!(
            json!([node["status"], node["pending_addition"]]),
            json!(["discover", true])
        );
    }
}

#[tokio::test]
async fn parts_of_a_graph_reach_astute_as_they_were_ordered() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    let parts = json!([{"start": ["backup-all/1-3"], "end": ["backup-notes"]}]);
    let order = json!({"cluster": environment, "graphs": [{"type": "backup"}], "subgraphs": parts});
    master.post_deferred("/graphs/execute/", order).await;
    let message = master.message().await;
    assert_eq!(message["args"]["tasks_metadata"]["subgraphs"], parts);
    finish(&master, &message, "ready").await;
    let whole = json!({"cluster": environment, "graphs": [{"type": "backup"}]});
    master.post_deferred("/graphs/execute/", whole).await;
    assert!(
        master.message().await["args"]["tasks_metadata"]
            .get("subgraphs")
            .is_none()
    );
}

#[tokio::test]
async fn what_there_is_not_is_refused_at_once() {
    let master = master::start().await;
    let environment = with_backup(&master).await;
    let execute = |body: Value| {
        let master = &master;
        async move { master.send("POST", "/api/v1/graphs/execute/", Some(body)).await }
    };
    for (graphs, status, text) in [
        (
            json!([{"type": "rollback"}]),
            400,
            "Graph with type: rollback doesn't exist.",
        ),
        (
            json!([{"type": "backup"}, {"type": "rollback"}]),
            400,
            "Graph with type: rollback doesn't exist.",
        ),
        (
            json!([{"type": "backup", "tasks": ["backup-all", "netconfig", "x"]}]),
            400,
            "Tasks netconfig,x are not present in deployment graph",
        ),
        (json!([{"type": "backup", "nodes": [1, 99]}]), 404, "Node not found"),
        (
            json!([]),
            400,
            "'graphs' is a required property: a list of graphs to run",
        ),
    ] {
        let answer = execute(json!({"cluster": environment, "graphs": graphs})).await;
        assert_eq!(
            (answer.0, answer.1["message"].as_str()),
            (status, Some(text)),
            "{graphs}"
        );
    }
    assert_eq!(master.get("/tasks/").await, json!([]));
    assert_eq!(status_of(&master, environment).await, "new");
}

#[tokio::test]
async fn a_graph_of_a_plugin_that_is_off_is_no_graph_of_the_environment() {
    let master = master::start().await;
    let environment = master.environment_with(TRIO).await;
    let graph = json!({"tasks": [shell("tidy", &json!("*"))]});
    master.put("/plugins/1/deployment_graphs/tidy", graph).await;
    let order = json!({"cluster": environment, "graphs": [{"type": "tidy"}]});
    let path = format!("/clusters/{environment}/attributes/");
    let mut section = master.get(&path).await["editable"]["notes_service"].clone();
    section["metadata"]["enabled"] = json!(false);
    master.put(&path, json!({"editable": {"notes_service": section}})).await;
    let refused = master
        .send("POST", "/api/v1/graphs/execute/", Some(order.clone()))
        .await;
    assert_eq!(refused.1["message"], "Graph with type: tidy doesn't exist.");
    master.enable(environment, "notes_service", |_| {}).await;
    master.post_deferred("/graphs/execute/", order).await;
    assert_eq!(tasks(&master.message().await, "2"), pairs(&[("shell", "tidy")]));
}
