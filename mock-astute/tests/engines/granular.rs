//! `granular_deploy` and `execute_tasks`, the engine of Fuel 6.1 to 8.0, on scripted nodes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::fake::{BAD, Deployment, FakeNode, Puppet, deploy_on};
use mock_astute::{OutcomeStatus, Profile};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NOW: Duration = Duration::ZERO;

fn message(roles: Value, before: Value, after: Value) -> Value {
    json!({"api_version": "1", "method": "granular_deploy", "respond_to": "deploy_resp", "args": {
        "task_uuid": "uuid-1", "deployment_info": roles, "pre_deployment": before, "post_deployment": after,
    }})
}

fn role(uid: &str, role: &str, priority: i64, critical: bool, manifests: &[&str]) -> Value {
    let tasks: Vec<Value> = manifests
        .iter()
        .enumerate()
        .map(|(index, manifest)| {
            json!({"id": manifest.trim_end_matches(".pp"), "type": "puppet", "priority": (index + 1) * 100, "uids": [uid],
                "parameters": {"puppet_manifest": manifest, "puppet_modules": "/etc/puppet/modules", "cwd": "/", "timeout": 60}})
        })
        .collect();
    json!({"uid": uid, "role": role, "priority": priority, "fail_if_error": critical, "tasks": tasks})
}

fn shell(priority: i64, command: &str, uids: &[&str]) -> Value {
    json!({"type": "shell", "id": null, "uids": uids, "priority": priority, "diagnostic_name": "x-1.0.0",
        "fail_on_error": true,
        "parameters": {"cmd": command, "timeout": 42, "retries": 3, "interval": 1, "cwd": "/etc/fuel/plugins/x-1.0/"}})
}

async fn run(nodes: &[(&str, Arc<FakeNode>)], message: Value) -> Deployment {
    let profile = Profile::of("8.0").unwrap();
    deploy_on(profile, nodes, message, CancellationToken::new()).await
}

#[tokio::test(start_paused = true)]
async fn hooks_run_before_and_after_the_roles_in_the_order_of_their_priority() {
    let node = FakeNode::new("node-1");
    let message = message(
        json!([
            role("1", "cinder", 300, false, &["cinder.pp"]),
            role("1", "primary-controller", 100, true, &["hiera.pp", "globals.pp"]),
        ]),
        json!([shell(200, "second", &["1"]), shell(100, "first", &["1"])]),
        json!([shell(100, "last", &["1"])]),
    );
    let done = run(&[("1", node.clone())], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(
        node.diary(),
        [
            "write /etc/primary-controller.yaml",
            "link /etc/primary-controller.yaml",
            "write /etc/cinder.yaml",
            "sh cd /etc/fuel/plugins/x-1.0/ && first",
            "sh cd /etc/fuel/plugins/x-1.0/ && second",
            "link /etc/primary-controller.yaml",
            "puppet hiera.pp",
            "end hiera.pp",
            "puppet globals.pp",
            "end globals.pp",
            "link /etc/cinder.yaml",
            "puppet cinder.pp",
            "end cinder.pp",
            "sh cd /etc/fuel/plugins/x-1.0/ && last",
        ]
    );
    assert_eq!(
        done.statuses(),
        [
            "x-1.0.0 shell (pre_deployment 100)/1 Successful",
            "x-1.0.0 shell (pre_deployment 200)/1 Successful",
            "hiera/1 Successful",
            "globals/1 Successful",
            "cinder/1 Successful",
            "x-1.0.0 shell (post_deployment 100)/1 Successful",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn each_role_has_an_astute_yaml_that_only_root_reads() {
    let node = FakeNode::new("node-1");
    let mut entry = role("1", "compute", 300, false, &["a.pp"]);
    entry["debug"] = json!("on");
    run(&[("1", node.clone())], message(json!([entry]), json!([]), json!([]))).await;
    let text = node.text("/etc/compute.yaml").unwrap();
    assert!(
        text.contains("\nrole: compute\n") && text.contains("debug: 'on'\n"),
        "{text}"
    );
    assert_eq!(node.uploads.lock().unwrap()[0].mode, 0o600);
}

#[rstest]
#[case("6.1", false)]
#[case("7.0", true)]
#[case("8.0", true)]
#[tokio::test(start_paused = true)]
async fn hooks_find_astute_yaml_from_7_0_on(#[case] fuel: &str, #[case] linked: bool) {
    let node = FakeNode::new("node-1");
    let message = message(
        json!([role("1", "compute", 300, false, &["a.pp"])]),
        json!([shell(100, "first", &["1"])]),
        json!([]),
    );
    let profile = Profile::of(fuel).unwrap();
    deploy_on(profile, &[("1", node.clone())], message, CancellationToken::new()).await;
    let before_hook: Vec<String> = node
        .diary()
        .into_iter()
        .take_while(|line| !line.starts_with("sh"))
        .collect();
    assert_eq!(before_hook.contains(&"link /etc/compute.yaml".to_owned()), linked);
}

#[tokio::test(start_paused = true)]
async fn every_task_of_a_role_is_run_as_puppet_whatever_its_type_says() {
    let node = FakeNode::new("node-1");
    let mut entry = role("1", "compute", 300, false, &["a.pp"]);
    entry["tasks"][0]["type"] = json!("shell");
    run(&[("1", node.clone())], message(json!([entry]), json!([]), json!([]))).await;
    assert!(node.diary().contains(&"puppet a.pp".to_owned()));
    let commands = node.commands.lock().unwrap();
    let puppet = commands
        .iter()
        .find(|command| command.argv[0].ends_with("puppet"))
        .unwrap();
    assert!(
        puppet.argv.contains(&"--debug".to_owned()),
        "unless puppet_debug is false"
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_is_tried_again_on_the_nodes_where_it_failed() {
    let (one, two) = (FakeNode::new("node-1"), FakeNode::new("node-2"));
    let two = two.plays("first", [Puppet::Dies(NOW), Puppet::Dies(NOW)]);
    let hooks = json!([shell(100, "first", &["1", "2"])]);
    let done = run(
        &[("1", one.clone()), ("2", two.clone())],
        message(json!([]), hooks, json!([])),
    )
    .await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!((one.diary().len(), two.diary().len()), (1, 3));
    assert_eq!(done.outcome.records[1].attempts.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failed_hook_ends_the_deployment_with_astutes_words() {
    let node = FakeNode::new("node-1").plays("first", vec![Puppet::Dies(NOW); 4]);
    let message = message(
        json!([role("1", "primary-controller", 100, true, &["a.pp"])]),
        json!([shell(100, "first", &["1"])]),
        json!([]),
    );
    let done = run(&[("1", node)], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    assert_eq!(
        done.statuses(),
        ["x-1.0.0 shell (pre_deployment 100)/1 Failed", "a/1 NotReached"]
    );
    let detail = "Failed to run command first (node 1 returned 1).";
    let error = format!("Failed to execute hook 'x-1.0.0'\n\n{detail}");
    assert_eq!(
        done.replies(),
        [
            json!({"status": "running"}),
            json!({"nodes": [{"uid": "1", "status": "error", "error_type": "deploy", "role": "hook",
                "hook": "x-1.0.0", "error_msg": detail}], "error": error}),
            json!({"status": "error", "error":
                format!("Method granular_deploy. {error}.\nInspect Astute logs for the details")}),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_may_fail_is_only_recorded() {
    let node = FakeNode::new("node-1").plays("first", vec![Puppet::Dies(NOW); 4]);
    let mut hook = shell(100, "first", &["1"]);
    hook["fail_on_error"] = json!(false);
    let hooks = json!([hook, shell(200, "second", &["1"])]);
    let done = run(&[("1", node)], message(json!([]), hooks, json!([]))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(
        done.statuses(),
        [
            "x-1.0.0 shell (pre_deployment 100)/1 Failed",
            "x-1.0.0 shell (pre_deployment 200)/1 Successful"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_command_covers_all_its_attempts() {
    let slow = Puppet::Writes(Duration::from_secs(30), BAD);
    let node = FakeNode::new("node-1").plays("first", [Puppet::Dies(Duration::from_secs(30)), slow]);
    let begun = Instant::now();
    let done = run(
        &[("1", node)],
        message(json!([]), json!([shell(100, "first", &["1"])]), json!([])),
    )
    .await;
    assert_eq!(begun.elapsed(), Duration::from_secs(42));
    assert!(done.outcome.error.unwrap().contains("node 1 returned -1"));
}

#[tokio::test(start_paused = true)]
async fn a_critical_role_that_fails_ends_the_deployment_after_its_batch() {
    let (one, two) = (FakeNode::new("node-1"), FakeNode::new("node-2"));
    let one = one.plays("a.pp", vec![Puppet::Writes(NOW, BAD); 3]);
    let message = message(
        json!([
            role("1", "primary-controller", 100, true, &["a.pp", "b.pp"]),
            role("2", "compute", 100, false, &["c.pp"]),
            role("2", "cinder", 300, false, &["d.pp"]),
        ]),
        json!([]),
        json!([]),
    );
    let done = run(&[("1", one), ("2", two)], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    assert_eq!(
        done.statuses(),
        ["a/1 Failed", "b/1 DependencyFailed", "c/2 Successful", "d/2 NotReached"]
    );
    assert_eq!(
        done.replies().last().unwrap(),
        &json!({"status": "error", "error":
            "Method granular_deploy. Deployment failed on nodes 1.\nInspect Astute logs for the details"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_critical_may_fail() {
    let node = FakeNode::new("node-1").plays("a.pp", vec![Puppet::Writes(NOW, BAD); 3]);
    let message = message(
        json!([
            role("1", "compute", 300, false, &["a.pp"]),
            role("1", "cinder", 400, false, &["b.pp"])
        ]),
        json!([]),
        json!([shell(100, "last", &["1"])]),
    );
    let done = run(&[("1", node)], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert!(done.outcome.error.as_ref().unwrap().contains("Task[a/1]"));
    let replies = done.replies();
    let last = replies.iter().rev().find(|reply| reply.get("nodes").is_some()).unwrap();
    assert_eq!(
        (&last["nodes"][0]["status"], &last["nodes"][0]["progress"]),
        (&json!("error"), &json!(100)),
        "told after the last role"
    );
    assert_eq!(replies.last().unwrap(), &json!({"status": "ready", "progress": 100}));
}

#[tokio::test(start_paused = true)]
async fn a_failed_hook_after_the_roles_makes_every_node_fail() {
    let node = FakeNode::new("node-2").plays("last", vec![Puppet::Dies(NOW); 4]);
    let message = message(
        json!([
            role("1", "compute", 300, false, &["a.pp"]),
            role("2", "compute", 300, false, &["a.pp"])
        ]),
        json!([]),
        json!([shell(100, "last", &["2"])]),
    );
    let done = run(&[("1", FakeNode::new("node-1")), ("2", node)], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    let told = done.replies();
    let nodes = told[told.len() - 2]["nodes"].as_array().unwrap();
    assert!(nodes.iter().all(|node| node["status"] == "error"), "{nodes:?}");
    assert_eq!(nodes.len(), 2);
}

#[rstest]
#[case(true, OutcomeStatus::Error, "NotReached")]
#[case(false, OutcomeStatus::Ready, "DependencyFailed")]
#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_answer_counts_if_it_is_critical(
    #[case] critical: bool,
    #[case] status: OutcomeStatus,
    #[case] task: &str,
) {
    let node = FakeNode::new("node-1");
    node.offline.store(true, Ordering::SeqCst);
    let message = message(
        json!([role("1", "compute", 300, critical, &["a.pp"])]),
        json!([]),
        json!([]),
    );
    let done = run(&[("1", node)], message).await;
    assert_eq!(done.outcome.status, status);
    assert_eq!(done.statuses(), [format!("a/1 {task}")]);
    assert_eq!(done.replies()[1]["nodes"][0]["error_type"], "provision");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_goes_away_ends_the_deployment() {
    let node = FakeNode::new("node-1").plays("a.pp", [Puppet::TakesTheNodeDown]);
    let message = message(
        json!([
            role("1", "compute", 300, false, &["a.pp"]),
            role("1", "cinder", 400, false, &["b.pp"])
        ]),
        json!([]),
        json!([]),
    );
    let done = run(&[("1", node)], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    assert!(
        done.outcome
            .error
            .as_ref()
            .unwrap()
            .contains("task a on node 1 cannot end")
    );
    assert_eq!(done.statuses(), ["a/1 Failed", "b/1 NotReached"]);
}

#[rstest]
#[case::unknown_type(json!({"type": "frobnicate", "uids": ["1"], "parameters": {}}), "Unknown hook type 'frobnicate'")]
#[case::puppet_without_cwd(
    json!({"type": "puppet", "uids": ["1"], "parameters": {"puppet_manifest": "a.pp", "puppet_modules": "."}}),
    "cwd"
)]
#[case::upload_without_data(json!({"type": "upload_file", "uids": ["1"], "parameters": {"path": "/x"}}), "data")]
#[tokio::test(start_paused = true)]
async fn a_hook_that_cannot_run_says_why(#[case] hook: Value, #[case] named: &str) {
    let message = message(json!([]), json!([hook]), json!([]));
    let done = run(&[("1", FakeNode::new("node-1"))], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    assert!(
        done.outcome.error.as_ref().unwrap().contains(named),
        "{:?}",
        done.outcome.error
    );
}

#[tokio::test(start_paused = true)]
async fn all_types_of_hooks_do_their_work() {
    let (node, master) = (FakeNode::new("node-1"), FakeNode::new("master"));
    master.put("/var/www/key", "secret");
    let hook =
        |kind: &str, parameters: Value| json!({"type": kind, "uids": ["1"], "priority": 1, "parameters": parameters});
    let hooks = json!([
        hook("upload_file", json!({"path": "/etc/a", "data": "x"})),
        hook(
            "sync",
            json!({"src": "rsync://10.20.0.2:/plugins/x-1.0/", "dst": "/etc/fuel/plugins/x-1.0/"})
        ),
        hook(
            "copy_files",
            json!({"files": [{"src": "/var/www/key", "dst": "/etc/key"}]})
        ),
        hook(
            "upload_files",
            json!({"nodes": [{"uid": "1", "files": [{"dst": "/etc/b", "data": "y"}]}]})
        ),
        hook(
            "puppet",
            json!({"puppet_manifest": "a.pp", "puppet_modules": ".", "cwd": "/etc/fuel/plugins/x-1.0/"})
        ),
        hook("cobbler_sync", json!({"provisioning_info": {"engine": {}}})),
        hook("reboot", json!({})),
    ]);
    let message = json!({"method": "execute_tasks", "respond_to": "deploy_resp", "args": {"task_uuid": "uuid-1", "tasks": hooks}});
    let done = run(&[("1", node.clone()), ("master", master)], message).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready, "{:?}", done.outcome.error);
    assert_eq!(
        node.diary(),
        [
            "write /etc/a",
            "sh mkdir -p /etc/fuel/plugins/x-1.0/ && rsync -c -r --delete rsync://10.20.0.2:/plugins/x-1.0/ /etc/fuel/plugins/x-1.0/",
            "write /etc/key",
            "write /etc/b",
            "puppet a.pp",
            "end a.pp",
            "reboot",
        ]
    );
    assert_eq!(
        done.replies(),
        [
            json!({"status": "running"}),
            json!({"status": "ready", "progress": 100})
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_what_runs_its_grace_and_starts_nothing_more() {
    let node = FakeNode::new("node-1").plays("first", [Puppet::Dies(Duration::from_secs(40))]);
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    });
    let hooks = json!([shell(100, "first", &["1"]), shell(200, "second", &["1"])]);
    let begun = Instant::now();
    let profile = Profile::of("8.0").unwrap();
    let done = deploy_on(profile, &[("1", node)], message(json!([]), hooks, json!([])), cancel).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Stopped);
    assert_eq!(begun.elapsed(), Duration::from_secs(6));
    assert_eq!(
        done.statuses(),
        [
            "x-1.0.0 shell (pre_deployment 100)/1 Failed",
            "x-1.0.0 shell (pre_deployment 200)/1 NotReached"
        ]
    );
}
