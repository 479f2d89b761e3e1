//! Runs that are stopped, deleted or told of too late, and replies that cannot be Astute's.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use serde_json::{Value, json};

const TRIO: &[&[&str]] = &[&["controller"], &["compute"], &["notes"]];

/// A master whose environment 1 is being deployed: its supertask and the message for Astute.
async fn deploying() -> (Master, Value, Value) {
    let master = master::start().await;
    assert_eq!(master.environment_with(TRIO).await, 1);
    let supertask = master.put("/clusters/1/changes/", json!({})).await;
    let message = master.message().await;
    (master, supertask, message["args"]["task_uuid"].clone())
}

async fn status(master: &Master, path: &str) -> Value {
    master.get(path).await["status"].clone()
}

/// Posts a reply that must be refused, and gives the reason.
async fn refused(master: &Master, args: Value) -> String {
    let body = json!({"method": "transaction_resp", "args": args});
    let (status, answer) = master.send("POST", "/mock/astute/replies", Some(body)).await;
    assert_eq!(status, 400, "{answer}");
    answer["message"].as_str().unwrap().to_owned()
}

async fn no_message(master: &Master) {
    let (status, message) = master.send("GET", "/mock/astute/messages?wait=0", None).await;
    assert_eq!(status, 204, "{message}");
}

#[tokio::test]
async fn a_run_says_nothing_of_another_environments_nodes() {
    let (master, _, uuid) = deploying().await;
    let other = master.create_environment("other").await;
    let foreign = master.register_node(9).await;
    let free = master.register_node(10).await;
    master
        .post(
            &format!("/clusters/{other}/assignment/"),
            json!([{"id": foreign, "roles": ["controller"]}]),
        )
        .await;
    let (before, free_before) = (
        master.get(&format!("/nodes/{foreign}/")).await,
        master.get(&format!("/nodes/{free}/")).await,
    );
    let error = |uid: i64| json!({"uid": uid.to_string(), "status": "error", "progress": 7, "online": false});
    master
        .reply(
            "transaction_resp",
            json!({"task_uuid": uuid, "nodes": [error(foreign), error(free), error(1)]}),
        )
        .await;
    assert_eq!(master.get(&format!("/nodes/{foreign}/")).await, before);
    assert_eq!(master.get(&format!("/nodes/{free}/")).await, free_before);
    assert_eq!(status(&master, "/nodes/1/").await, "error");
}

#[tokio::test]
async fn a_reply_after_the_end_changes_no_node_and_no_message() {
    let (master, supertask, uuid) = deploying().await;
    let report = |status: &str, task: &str| {
        json!({"task_uuid": uuid, "msg": "late", "nodes": [{
            "uid": "3", "status": status, "progress": 40, "deployment_graph_task_name": "notes-service",
            "task_status": task,
        }]})
    };
    master.reply("transaction_resp", report("deploying", "running")).await;
    master
        .reply(
            "transaction_resp",
            json!({"task_uuid": uuid, "status": "ready", "progress": 100}),
        )
        .await;
    let task = format!("/tasks/{}/", supertask["id"]);
    let history = format!(
        "/transactions/{}/deployment_history/?tasks_names=notes-service",
        supertask["id"]
    );
    let message = master.get(&task).await["message"].clone();
    // How the task ended is still news; that it runs is not.
    for (told, kept) in [("running", "running"), ("ready", "ready"), ("running", "ready")] {
        master.reply("transaction_resp", report("deploying", told)).await;
        let node = master.get("/nodes/3/").await;
        assert_eq!((&node["status"], &node["progress"]), (&json!("ready"), &json!(100)));
        assert_eq!(master.get(&history).await[0]["status"], kept);
    }
    assert_eq!(status(&master, "/clusters/1/").await, "operational");
    assert_eq!(master.get(&task).await["message"], message);
}

#[tokio::test]
async fn a_status_that_there_is_not_is_refused_and_nothing_of_the_reply_counts() {
    let (master, _, uuid) = deploying().await;
    let good = json!({"uid": "1", "status": "ready"});
    for (key, value, known) in [
        ("status", json!("banana"), "discover, provisioning"),
        ("status", json!(5), "discover, provisioning"),
        (
            "task_status",
            json!("banana"),
            "pending, running, ready, error, skipped",
        ),
    ] {
        let bad = json!({"uid": "3", "deployment_graph_task_name": "notes-service", (key): value});
        let reason = refused(&master, json!({"task_uuid": uuid, "nodes": [good, bad]})).await;
        let begin = format!("The reply's `{key}` of node \"3\" is {value}; it must be one of {known}");
        assert!(reason.starts_with(&begin), "{reason}");
    }
    assert_eq!(status(&master, "/nodes/1/").await, "deploying");
    assert_eq!(status(&master, "/nodes/3/").await, "deploying");
}

#[tokio::test]
async fn a_deployment_is_stopped_once() {
    let (master, supertask, _) = deploying().await;
    let stop = master.put("/clusters/1/stop_deployment/", json!({})).await;
    let again = master
        .send("PUT", "/api/v1/clusters/1/stop_deployment/", Some(json!({})))
        .await;
    let text = format!("The deployment is being stopped already, by task {}.", stop["id"]);
    assert_eq!((again.0, again.1["message"].clone()), (409, json!(text)));
    let uuid = master.message().await["args"]["task_uuid"].clone();
    no_message(&master).await;
    master
        .reply("stop_deployment_resp", json!({"task_uuid": uuid, "status": "ready"}))
        .await;
    assert_eq!(status(&master, &format!("/tasks/{}/", stop["id"])).await, "ready");
    assert_eq!(status(&master, &format!("/tasks/{}/", supertask["id"])).await, "error");
    assert_eq!(status(&master, "/clusters/1/").await, "stopped");
}

#[tokio::test]
async fn deleting_a_running_deployment_takes_all_of_it_away_and_frees_the_environment() {
    let master = master::start().await;
    assert_eq!(master.environment_with(TRIO).await, 1);
    let supertask = master.put("/clusters/1/changes/", json!({})).await;
    let path = format!("/api/v1/tasks/{}/", supertask["id"]);
    assert_eq!(master.send("DELETE", &path, None).await.0, 400);
    assert_eq!(status(&master, "/clusters/1/").await, "deployment");
    assert_eq!(master.send("DELETE", &format!("{path}?force=1"), None).await.0, 204);
    no_message(&master).await;
    assert_eq!(master.get("/tasks/").await, json!([]));
    assert_eq!(status(&master, "/clusters/1/").await, "stopped");
    assert_eq!(status(&master, "/nodes/1/").await, "stopped");
    // And it can be deployed afterwards.
    let next = master.put("/clusters/1/changes/", json!({})).await;
    assert_eq!(master.message().await["method"], "task_deploy");
    let history = format!(
        "/transactions/{}/deployment_history/?tasks_names=notes-service",
        next["id"]
    );
    assert_eq!(master.get(&history).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn deleting_the_run_of_a_supertask_ends_the_supertask() {
    let (master, supertask, _) = deploying().await;
    let tasks = master.get("/tasks/?cluster_id=1").await;
    let run = tasks
        .as_array()
        .unwrap()
        .iter()
        .find(|task| task["name"] == "deployment")
        .unwrap();
    let path = format!("/api/v1/tasks/{}/?force=1", run["id"]);
    assert_eq!(master.send("DELETE", &path, None).await.0, 204);
    let supertask = master.get(&format!("/tasks/{}/", supertask["id"])).await;
    assert_eq!(
        (&supertask["status"], &supertask["message"]),
        (&json!("error"), &json!("Deleted while it ran"))
    );
    assert_eq!(status(&master, "/clusters/1/").await, "stopped");
}

#[tokio::test]
async fn deleting_a_rehearsal_leaves_the_environment_as_it_was() {
    let master = master::start().await;
    assert_eq!(master.environment_with(TRIO).await, 1);
    let supertask = master.put("/clusters/1/changes/?dry_run=1", json!({})).await;
    let path = format!("/api/v1/tasks/{}/?force=1", supertask["id"]);
    assert_eq!(master.send("DELETE", &path, None).await.0, 204);
    assert_eq!(status(&master, "/clusters/1/").await, "new");
    assert_eq!(status(&master, "/nodes/1/").await, "discover");
}

#[tokio::test]
async fn deleting_a_run_that_waits_leaves_the_one_before_it_running() {
    let master = master::start().await;
    assert_eq!(master.environment_with(TRIO).await, 1);
    master
        .post_deferred(
            "/graphs/execute/",
            json!({"cluster": 1, "graphs": [{"type": "default"}, {"type": "default"}]}),
        )
        .await;
    let uuid = master.message().await["args"]["task_uuid"].clone();
    let tasks = master.get("/tasks/?cluster_id=1").await;
    let waiting = tasks.as_array().unwrap().last().unwrap();
    let path = format!("/api/v1/tasks/{}/?force=1", waiting["id"]);
    assert_eq!(master.send("DELETE", &path, None).await.0, 204);
    assert_eq!(status(&master, "/clusters/1/").await, "deployment");
    assert_eq!(status(&master, "/nodes/1/").await, "deploying");
    master
        .reply("transaction_resp", json!({"task_uuid": uuid, "status": "ready"}))
        .await;
    assert_eq!(status(&master, "/clusters/1/").await, "operational");
}
