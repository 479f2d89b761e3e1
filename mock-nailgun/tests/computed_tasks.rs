//! Tasks whose fields YAQL computes.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use serde_json::{Value, json};

const TRIO: &[&[&str]] = &[&["controller"], &["compute"], &["notes"]];

/// A master whose plugin brings these tasks.
async fn master_with(tasks: &str) -> (Master, i64) {
    let master = master::start().await;
    let path = master.plugins.path().join("notes_service-1.2/deployment_tasks.yaml");
    fs_err::write(&path, tasks).unwrap();
    let environment = master.environment_with(TRIO).await;
    (master, environment)
}

async fn graph(master: &Master, environment: i64) -> Value {
    let path = format!("/clusters/{environment}/serialized_tasks/");
    master.get(&path).await["tasks_graph"].clone()
}

fn task<'a>(graph: &'a Value, node: &str, id: &str) -> &'a Value {
    let tasks = graph[node].as_array().unwrap();
    tasks
        .iter()
        .find(|task| task["id"] == id)
        .unwrap_or_else(|| panic!("no {id} on {node}"))
}

/// Deploys, lets the task succeed on the node if it happens there, and tells whether it did.
async fn happens(master: &Master, environment: i64, id: &str, node: &str) -> bool {
    happens_by(master, environment, "changes/", id, node).await
}

/// The same for another call that deploys.
async fn happens_by(master: &Master, environment: i64, call: &str, id: &str, node: &str) -> bool {
    master.put(&format!("/clusters/{environment}/{call}"), json!({})).await;
    let message = master.message().await;
    let happens = task(&message["args"]["tasks_graph"], node, id)["type"] != "skipped";
    let uuid = &message["args"]["task_uuid"];
    if happens {
        let report = json!({"uid": node, "deployment_graph_task_name": id, "task_status": "ready"});
        master
            .reply("transaction_resp", json!({"task_uuid": uuid, "nodes": [report]}))
            .await;
    }
    let end = json!({"task_uuid": uuid, "status": "ready", "progress": 100});
    master.reply("transaction_resp", end).await;
    happens
}

#[tokio::test]
async fn a_task_happens_again_only_when_what_it_depends_on_changed_since_it_succeeded() {
    let (master, environment) = master_with(
        "- {id: on-change, type: shell, version: 2.1.0, role: [compute], parameters: {cmd: 'true', timeout: 1},\n   \
         condition: {yaql_exp: \"changedAny($.notes_service, $.get('nothing'))\"}}\n",
    )
    .await;
    assert!(
        happens(&master, environment, "on-change", "2").await,
        "it never succeeded"
    );
    assert!(
        !happens(&master, environment, "on-change", "2").await,
        "nothing changed"
    );
    master
        .enable(environment, "notes_service", |section| {
            section["metadata"]["versions"][0]["notes_port"]["value"] = json!("9001");
        })
        .await;
    assert!(
        happens(&master, environment, "on-change", "2").await,
        "a setting changed"
    );
    assert!(
        !happens(&master, environment, "on-change", "2").await,
        "nothing changed since"
    );
}

#[tokio::test]
async fn who_redeploys_or_forces_has_everything_done_as_if_nothing_had_been() {
    let (master, environment) = master_with(
        "- {id: on-change, type: shell, version: 2.1.0, role: [compute], parameters: {cmd: 'true', timeout: 1},\n   \
         condition: {yaql_exp: 'changed($.notes_service)'}}\n",
    )
    .await;
    for (call, expected) in [
        ("changes/", true),
        ("changes/", false),
        ("changes/redeploy/", true),
        ("deploy/?nodes=2", false),
        ("deploy/?nodes=2&force=1", true),
        ("changes/?force=0", false),
    ] {
        let happened = happens_by(&master, environment, call, "on-change", "2").await;
        assert_eq!(happened, expected, "{call}");
    }
}

#[tokio::test]
async fn parameters_and_dependencies_are_computed_for_each_node() {
    let (master, environment) = master_with(
        "- {id: per-node, type: shell, version: 2.1.0, role: [compute, primary-notes],\n   \
           parameters: {cmd: {yaql_exp: 'concat(\"echo \", $.fqdn)'}, timeout: {yaql_exp: '10 * int($.uid)'}},\n   \
           cross-depends: {yaql_exp: '[{name => netconfig, role => $.roles[0]}]'}}\n",
    )
    .await;
    let graph = graph(&master, environment).await;
    let compute = task(&graph, "2", "per-node");
    assert_eq!(compute["parameters"]["cmd"], "echo node-2.example.com");
    assert_eq!(compute["parameters"]["timeout"], 20);
    assert_eq!(compute["requires"], json!([{"name": "netconfig", "node_id": "2"}]));
    assert_eq!(task(&graph, "3", "per-node")["parameters"]["timeout"], 30);
}

#[tokio::test]
async fn a_condition_of_one_node_does_not_decide_for_another() {
    let (master, environment) = master_with(
        "- {id: here, type: shell, version: 2.1.0, role: '*', parameters: {cmd: 'true', timeout: 1},\n   \
           condition: {yaql_exp: \"'compute' in $.roles\"}}\n",
    )
    .await;
    let graph = graph(&master, environment).await;
    let kinds = ["1", "2", "3"].map(|node| task(&graph, node, "here")["type"].clone());
    assert_eq!(kinds, ["skipped", "shell", "skipped"]);
}

#[tokio::test]
async fn what_yaql_here_does_not_know_is_named_with_task_field_and_column() {
    let (master, environment) = master_with(
        "- {id: computed, type: shell, version: 2.1.0, role: '*', condition: {yaql_exp: '$.roles.groupBy($)'},\n   \
           parameters: {cmd: 'true', timeout: 1}}\n",
    )
    .await;
    let supertask = master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    assert_eq!(supertask["status"], "error");
    assert_eq!(
        supertask["message"],
        "Task 'computed': YAQL of `condition`: column 8: the method `groupBy` is not known to this mock of Nailgun in \
         `$.roles.groupBy($)`"
    );
}

#[tokio::test]
async fn a_chain_that_is_too_long_is_an_error_of_its_task_and_the_server_goes_on() {
    let chain = format!("1{}", "+1".repeat(3000));
    let (master, environment) = master_with(&format!(
        "- {{id: computed, type: shell, version: 2.1.0, role: '*', condition: {{yaql_exp: '{chain}'}},\n   \
           parameters: {{cmd: 'true', timeout: 1}}}}\n",
    ))
    .await;
    let supertask = master
        .put(&format!("/clusters/{environment}/changes/"), json!({}))
        .await;
    assert_eq!(supertask["status"], "error");
    let message = supertask["message"].as_str().unwrap();
    assert!(
        message.starts_with("Task 'computed': YAQL of `condition`: column ")
            && message.contains(": the expression is more than 100 levels deep"),
        "{message}"
    );
}
