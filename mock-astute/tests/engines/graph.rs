//! `task_deploy`, the engine of Fuel 9.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::beside;
use crate::fake::{BAD, FakeNode, GOOD, Puppet, REPORT, SUMMARY, after, deploy, deploy_until, message, puppet};
use mock_astute::{Event, OutcomeStatus};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NOW: Duration = Duration::ZERO;

#[tokio::test(start_paused = true)]
async fn tasks_run_in_the_order_of_their_dependencies_across_nodes() {
    let (one, two) = (FakeNode::new("node-1"), FakeNode::new("node-2"));
    let graph = json!({
        "null": [after(json!({"id": "deploy_start", "type": "stage"}), "first", json!("2"))],
        "1": [
            after(puppet("third"), "second", json!("1")),
            after(puppet("second"), "deploy_start", Value::Null),
        ],
        "2": [puppet("first")],
    });
    let done = deploy(&[("1", one.clone()), ("2", two)], message(graph, json!({}))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(
        one.diary(),
        ["puppet second.pp", "end second.pp", "puppet third.pp", "end third.pp"]
    );
    assert_eq!(
        done.statuses(),
        [
            "deploy_start/virtual_sync_node Skipped",
            "third/1 Successful",
            "second/1 Successful",
            "first/2 Successful",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_next_task_waits_until_somebody_has_looked_at_the_node() {
    let node = FakeNode::new("node-1");
    *node.look_takes.lock().unwrap() = Duration::from_secs(10);
    let graph = json!({
        "1": [puppet("first"), after(puppet("second"), "first", json!("1"))],
        "null": [],
    });
    let done = deploy(&[("1", node.clone())], message(graph, json!({}))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(
        node.diary(),
        [
            "puppet first.pp",
            "end first.pp",
            "look after puppet",
            "looked",
            "puppet second.pp",
            "end second.pp",
            "look after puppet",
            "looked"
        ]
    );
}

#[tokio::test]
async fn a_task_begins_when_the_node_is_ready_for_it_and_its_time_counts_from_there() {
    let node = FakeNode::new("node-1");
    *node.keep_takes.lock().unwrap() = Duration::from_millis(200);
    let before = std::time::SystemTime::now();
    let done = deploy(
        &[("1", node.clone())],
        message(json!({"1": [puppet("only")], "null": []}), json!({})),
    )
    .await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(node.diary(), ["keep before only", "puppet only.pp", "end only.pp"]);
    let record = done
        .outcome
        .records
        .iter()
        .find(|record| record.task == "only")
        .unwrap();
    let waited = record.started.unwrap().duration_since(before).unwrap();
    assert!(waited >= Duration::from_millis(200), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn replies_have_astutes_shape() {
    let graph = json!({"1": [puppet("only")], "null": []});
    let done = deploy(&[("1", FakeNode::new("node-1"))], message(graph, json!({}))).await;
    assert_eq!(
        done.replies(),
        [
            json!({"status": "running"}),
            json!({"nodes": [{"uid": "1", "progress": 0, "deployment_graph_task_name": "only",
                "task_status": "running", "summary": {}}]}),
            json!({"nodes": [{"uid": null, "progress": 100, "status": "ready"}]}),
            json!({"nodes": [{"uid": "1", "progress": 100, "deployment_graph_task_name": "only",
                "task_status": "ready", "status": "ready", "summary": {
                    "resources": {"failed": 0, "changed": 1, "failed_to_restart": 0,
                        "total": 0, "restarted": 0, "out_of_sync": 0},
                    "changed_resources": "", "failed_resources": ""}}]}),
            json!({"nodes": [{"uid": "1", "progress": 100}, {"uid": null, "progress": 100}]}),
            json!({"status": "ready", "progress": 100}),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn puppet_is_called_as_astute_9_2_calls_it() {
    let node = FakeNode::new("node-1");
    node.put(SUMMARY, GOOD);
    node.put(REPORT, "stale: true");
    let graph = json!({"1": [{"id": "a", "type": "puppet", "parameters": {
        "puppet_manifest": "deploy.pp", "puppet_modules": "puppet/modules:/etc/puppet/modules",
        "cwd": "/etc/fuel/plugins/x-1.0/", "timeout": 60}}]});
    deploy(&[("1", node.clone())], message(graph, json!({}))).await;
    let command = node.commands.lock().unwrap()[0].clone();
    assert_eq!(
        command.argv.join(" "),
        "/usr/bin/puppet apply deploy.pp --modulepath=puppet/modules:/etc/puppet/modules \
         --logdest syslog --trace --reports none --logdest /var/log/puppet.log"
    );
    assert_eq!(command.cwd, "/etc/fuel/plugins/x-1.0/");
    assert_eq!(command.environment, [("LC_ALL".to_owned(), "en_US.UTF-8".to_owned())]);
    assert_eq!(command.timeout, Duration::from_secs(60));
    assert_eq!(node.text(REPORT), None, "the last run's report is deleted first");
}

#[rstest]
#[case::good_at_once(json!(null), vec![], 1, "Successful")]
#[case::good_at_last(json!(null), vec![Puppet::Writes(NOW, BAD), Puppet::Dies(NOW)], 3, "Successful")]
#[case::bad_three_times(json!(null), vec![Puppet::Writes(NOW, BAD), Puppet::Dies(NOW), Puppet::Writes(NOW, BAD)], 3, "Failed")]
#[case::no_retries(json!(0), vec![Puppet::Writes(NOW, BAD)], 1, "Failed")]
#[case::dies_without_a_summary(json!(0), vec![Puppet::Dies(NOW)], 1, "Failed")]
#[tokio::test(start_paused = true)]
async fn a_failed_run_is_repeated_and_every_attempt_is_recorded(
    #[case] retries: Value,
    #[case] runs: Vec<Puppet>,
    #[case] attempts: usize,
    #[case] status: &str,
) {
    let node = FakeNode::new("node-1").plays("a.pp", runs);
    // A summary of a run before must not be taken for one of this.
    node.put(SUMMARY, GOOD);
    let mut task = puppet("a");
    task["parameters"]["retries"] = retries;
    let done = deploy(&[("1", node)], message(json!({"1": [task]}), json!({}))).await;
    let record = &done.outcome.records[0];
    assert_eq!(format!("{:?}", record.status), status);
    assert_eq!(record.attempts.len(), attempts);
    assert_eq!(record.error.is_some(), status == "Failed");
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_does_not_compile_is_explained_by_the_log() {
    let node = FakeNode::new("node-1").plays("a.pp", [Puppet::Dies(NOW)]);
    *node.log.lock().unwrap() =
        "2026-11-22 16:34:46 +0000 Puppet (err): Could not find class ::nope\n/usr/bin/puppet:5:in `<main>'\n".into();
    let mut task = puppet("a");
    task["parameters"]["retries"] = json!(0);
    let done = deploy(&[("1", node)], message(json!({"1": [task]}), json!({}))).await;
    assert_eq!(
        done.outcome.records[0].error.as_deref(),
        Some("Puppet left no summary without failures (exit code 1): Could not find class ::nope")
    );
}

#[tokio::test(start_paused = true)]
async fn succeed_retries_runs_a_good_manifest_again() {
    let node = FakeNode::new("node-1");
    let mut task = puppet("a");
    task["parameters"]["succeed_retries"] = json!(1);
    let done = deploy(&[("1", node)], message(json!({"1": [task]}), json!({}))).await;
    assert_eq!(done.outcome.records[0].attempts.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_timeout_covers_all_retries_together() {
    let slow = Puppet::Writes(Duration::from_secs(40), BAD);
    let node = FakeNode::new("node-1").plays("a.pp", [slow.clone(), slow.clone(), slow]);
    let mut task = puppet("a");
    task["parameters"]["timeout"] = json!(60);
    let begin = Instant::now();
    let done = deploy(&[("1", node)], message(json!({"1": [task]}), json!({}))).await;
    assert_eq!(begin.elapsed().as_secs(), 60);
    let record = &done.outcome.records[0];
    assert_eq!(record.attempts.len(), 2);
    let error = record.error.as_ref().unwrap();
    assert!(error.contains("timeout of 60 s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_shell_task_is_a_script_and_a_manifest_with_one_exec() {
    let node = FakeNode::new("node-1");
    let graph = json!({"1": [{"id": "hello", "type": "shell", "parameters":
        {"cmd": "echo hello", "cwd": "/srv", "timeout": 42}}]});
    deploy(&[("1", node.clone())], message(graph, json!({}))).await;
    assert_eq!(
        node.text("/etc/puppet/shell_manifests/hello_command.sh").unwrap(),
        "#!/bin/bash\n\ncd /srv && echo hello\n"
    );
    let uploads = node.uploads.lock().unwrap();
    assert!(uploads.iter().all(|upload| upload.mode == 0o755));
    let command = &node.commands.lock().unwrap()[0];
    assert_eq!(command.argv[2], "/etc/puppet/shell_manifests/hello_manifest.pp");
    assert_eq!(command.cwd, "/etc/puppet/shell_manifests");
}

#[tokio::test(start_paused = true)]
async fn what_a_shell_command_printed_is_found_in_puppets_report() {
    let report = "logs:\n- {level: notice, message: hello, source: '/Stage[main]/Main/Exec[a_shell]/returns', tags: [returns]}\n";
    let node = FakeNode::new("node-1").plays("a_manifest.pp", [Puppet::Reports(report)]);
    let graph = json!({"1": [{"id": "a", "type": "shell", "parameters": {"cmd": "echo hello"}}]});
    let done = deploy(&[("1", node)], message(graph, json!({}))).await;
    assert_eq!(done.outcome.records[0].attempts[0].stdout, "hello");
}

#[tokio::test(start_paused = true)]
async fn sync_makes_the_directory_and_calls_rsync() {
    let node = FakeNode::new("node-1");
    let graph = json!({"1": [{"id": "fetch", "type": "sync", "parameters":
        {"src": "rsync://10.20.0.2:/puppet/mitaka-9.0/modules/", "dst": "/etc/puppet/modules", "timeout": 180}}]});
    deploy(&[("1", node.clone())], message(graph, json!({}))).await;
    assert_eq!(
        node.text("/etc/puppet/shell_manifests/fetch_command.sh").unwrap(),
        "#!/bin/bash\n\ncd / && mkdir -p /etc/puppet/modules && rsync -c -r --delete -l \
         rsync://10.20.0.2:/puppet/mitaka-9.0/modules/ /etc/puppet/modules\n"
    );
}

#[rstest]
#[case::three_refusals(3, "Successful", 4)]
#[case::four_refusals(4, "Failed", 4)]
#[tokio::test(start_paused = true)]
async fn an_upload_is_tried_four_times(#[case] refusals: u32, #[case] status: &str, #[case] attempts: usize) {
    let node = FakeNode::new("node-1");
    *node.refused_uploads.lock().unwrap() = refusals;
    let graph = json!({"1": [{"id": "up", "type": "upload_file", "parameters":
        {"path": "/etc/fuel/cluster/1/astute.yaml", "data": "a: 1\n", "permissions": "0640", "dir_permissions": "0750"}}]});
    let done = deploy(&[("1", node.clone())], message(graph, json!({}))).await;
    assert_eq!(format!("{:?}", done.outcome.records[0].status), status);
    assert_eq!(done.outcome.records[0].attempts.len(), attempts);
    if status == "Successful" {
        let upload = &node.uploads.lock().unwrap()[0];
        assert_eq!((upload.mode, upload.directory_mode), (0o640, 0o750));
    }
}

#[tokio::test(start_paused = true)]
async fn upload_without_overwrite_leaves_what_is_there() {
    let node = FakeNode::new("node-1");
    node.put("/etc/x", "old");
    let graph = json!({"1": [{"id": "up", "type": "upload_file", "parameters":
        {"path": "/etc/x", "data": "new", "overwrite": false, "retries": 0}}]});
    let done = deploy(&[("1", node.clone())], message(graph, json!({}))).await;
    assert_eq!(done.statuses(), ["up/1 Failed"]);
    assert_eq!(node.text("/etc/x").unwrap(), "old");
}

#[tokio::test(start_paused = true)]
async fn copy_files_takes_them_from_the_master() {
    let (master, node) = (FakeNode::new("master"), FakeNode::new("node-1"));
    master.put("/var/lib/fuel/keys/1/key", "secret");
    let graph = json!({"1": [{"id": "keys", "type": "copy_files", "parameters": {"files": [
        {"src": "/var/lib/fuel/keys/1/key", "dst": "/var/lib/astute/key"}], "permissions": "0600", "dir_permissions": "0700"}}]});
    let nodes = [("master", master), ("1", node.clone())];
    let done = deploy(&nodes, message(graph.clone(), json!({}))).await;
    assert_eq!(done.statuses(), ["keys/1 Successful"]);
    assert_eq!(node.uploads.lock().unwrap()[0].mode, 0o600);
    assert_eq!(node.text("/var/lib/astute/key").unwrap(), "secret");

    let several = json!({"1": [{"id": "keys", "type": "copy_files", "parameters": {"files": [
        {"src": "/var/lib/fuel/keys/1/key", "dst": "/a"}, {"src": "/var/lib/fuel/keys/1/key", "dst": "/b"}]}}]});
    let done = deploy(&nodes, message(several, json!({}))).await;
    let record = &done.outcome.records[0];
    assert_eq!(
        (record.attempts.len(), record.tries()),
        (2, 1),
        "a file more is no second try"
    );

    let done = deploy(&[("1", node)], message(graph, json!({}))).await;
    assert_eq!(done.statuses(), ["keys/1 Failed"], "without a master");
}

#[tokio::test(start_paused = true)]
async fn upload_files_reaches_other_nodes_and_needs_all_of_them() {
    let (one, two) = (FakeNode::new("node-1"), FakeNode::new("node-2"));
    let graph = json!({"1": [{"id": "up", "type": "upload_files", "parameters": {"nodes": [
        {"uid": "1", "files": [{"dst": "/a", "data": "1"}]},
        {"uid": 2, "files": [{"dst": "/b", "data": "2"}]},
        {"uid": "9", "files": [{"dst": "/c", "data": "3"}]},
    ]}}]});
    let nodes = [("1", one.clone()), ("2", two.clone())];
    let done = deploy(&nodes, message(graph, json!({}))).await;
    assert_eq!(one.text("/a").unwrap(), "1");
    assert_eq!(two.text("/b").unwrap(), "2");
    assert_eq!(done.statuses(), ["up/1 Failed"]);
    assert_eq!(
        done.outcome.records[0].error.as_deref(),
        Some("no machine stands for node 9")
    );
}

#[tokio::test(start_paused = true)]
async fn a_reboot_that_takes_too_long_fails_with_astutes_words() {
    let node = FakeNode::new("node-1");
    *node.reboot_takes.lock().unwrap() = Duration::from_secs(100);
    let graph = json!({"1": [{"id": "reboot_plugin-task", "type": "reboot", "parameters": {"timeout": 1}}]});
    let done = deploy(&[("1", node)], message(graph, json!({}))).await;
    assert_eq!(
        done.outcome.records[0].error.as_deref(),
        Some("reboot_plugin-task failed becausereboot timeout 1 expired")
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_fails_its_node_and_what_depends_on_it() {
    let one = FakeNode::new("node-1").plays("a.pp", vec![Puppet::Dies(NOW); 3]);
    let two = FakeNode::new("node-2");
    let graph = json!({
        "null": [after(json!({"id": "stage", "type": "stage"}), "a", json!("1"))],
        "1": [puppet("a"), after(puppet("b"), "a", json!("1"))],
        "2": [after(puppet("c"), "a", json!("1"))],
    });
    let done = deploy(&[("1", one), ("2", two.clone())], message(graph, json!({}))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    assert_eq!(
        done.statuses(),
        [
            "stage/virtual_sync_node NotReached",
            "a/1 Failed",
            "b/1 DependencyFailed",
            "c/2 DependencyFailed"
        ]
    );
    assert!(two.diary().is_empty());
    let replies = done.replies();
    assert_eq!(
        replies.last().unwrap(),
        &json!({"status": "error", "progress": 100, "error":
            "All nodes are finished. Failed tasks: Task[a/1] Stopping the deployment process!"})
    );
    let failed = replies
        .iter()
        .find(|reply| reply["nodes"][0]["task_status"] == "error")
        .unwrap();
    let node = &failed["nodes"][0];
    assert_eq!(node["error_msg"], "Task a failed on node 1");
    assert_eq!(
        (&node["status"], &node["error_type"]),
        (&json!("error"), &json!("deploy"))
    );
}

#[tokio::test(start_paused = true)]
async fn with_fail_on_error_false_a_failure_is_skipped_over() {
    let node = FakeNode::new("node-1").plays("a.pp", vec![Puppet::Dies(NOW); 3]);
    let mut task = puppet("a");
    task["fail_on_error"] = json!(false);
    let graph = json!({"1": [task, after(puppet("b"), "a", json!("1"))]});
    let done = deploy(&[("1", node)], message(graph, json!({}))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(done.statuses(), ["a/1 Skipped", "b/1 Successful"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_may_fail_does_not_stop_the_others() {
    let one = FakeNode::new("node-1").plays("a.pp", vec![Puppet::Dies(NOW); 3]);
    let two = FakeNode::new("node-2").plays("b.pp", [Puppet::Writes(Duration::from_secs(9), GOOD)]);
    let graph = json!({"1": [puppet("a")], "2": [puppet("b"), after(puppet("c"), "b", json!("2"))]});
    let groups = json!({"tasks_metadata": {"fault_tolerance_groups": [
        {"name": "compute", "node_ids": ["1", "2"], "fault_tolerance": 1}]}});
    let done = deploy(&[("1", one), ("2", two)], message(graph, groups)).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(done.statuses(), ["a/1 Failed", "b/2 Successful", "c/2 Successful"]);
    assert!(done.outcome.error.unwrap().contains("Task[a/1]"));
}

#[tokio::test(start_paused = true)]
async fn one_by_one_runs_a_task_on_one_node_at_a_time() {
    let slow = || [Puppet::Writes(Duration::from_secs(10), GOOD)];
    let mut task = puppet("a");
    task["parameters"]["strategy"] = json!({"type": "one_by_one"});
    let graph = json!({"1": [task], "2": [task], "3": [task]});
    let nodes = ["1", "2", "3"].map(|id| (id, FakeNode::new(id).plays("a.pp", slow())));
    let begin = Instant::now();
    deploy(&nodes, message(graph, json!({}))).await;
    assert_eq!(begin.elapsed().as_secs(), 30);
}

#[rstest]
#[case::it_says_so(Puppet::TakesTheNodeDown, "node-1 is gone: killed")]
#[case::it_falls_silent(Puppet::HangsOnADeadNode, "node 1 is gone: it does not answer any more")]
#[tokio::test(start_paused = true)]
async fn a_node_that_dies_ends_the_deployment_within_seconds(#[case] death: Puppet, #[case] reason: &str) {
    let one = FakeNode::new("node-1").plays("a.pp", [death]);
    let two = FakeNode::new("node-2").plays("b.pp", [Puppet::Dies(Duration::from_secs(5000))]);
    let graph = json!({
        "1": [puppet("a")],
        "2": [puppet("b"), after(puppet("c"), "b", json!("2"))],
    });
    // Even where the node's group would tolerate its failure.
    let groups = json!({"tasks_metadata": {"fault_tolerance_groups": [
        {"name": "all", "node_ids": ["1", "2"], "fault_tolerance": 2}]}});
    let begin = Instant::now();
    let done = deploy(&[("1", one), ("2", two)], message(graph, groups)).await;
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    let error = done.outcome.error.clone().unwrap();
    assert!(error.starts_with(reason), "{error}");
    assert!(error.contains("task a on node 1"), "{error}");
    assert_eq!(done.statuses(), ["a/1 Failed", "b/2 Failed", "c/2 DependencyFailed"]);
}

#[tokio::test(start_paused = true)]
async fn an_offline_critical_node_ends_the_deployment_before_it_begins() {
    let (one, two) = (FakeNode::new("node-1"), FakeNode::new("node-2"));
    two.offline.store(true, Ordering::SeqCst);
    let graph = json!({"1": [puppet("a")], "2": [puppet("b")]});
    let done = deploy(&[("1", one.clone()), ("2", two)], message(graph, json!({}))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    assert!(one.diary().is_empty());
    let replies = done.replies();
    assert_eq!(
        replies[1]["nodes"][0]["error_msg"],
        "Node is not ready for deployment: mcollective has not answered"
    );
    assert_eq!(
        replies.last().unwrap()["error"],
        "Method task_deploy. Critical nodes are not available for deployment: [\"2\"].\n\
         Inspect Astute logs for the details"
    );
}

#[tokio::test(start_paused = true)]
async fn cancelling_cuts_off_what_runs_and_starts_nothing_more() {
    let node = FakeNode::new("node-1").plays("a.pp", [Puppet::Dies(Duration::from_secs(5000))]);
    let graph = json!({"1": [puppet("a"), after(puppet("b"), "a", json!("1"))]});
    let cancel = CancellationToken::new();
    let later = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        later.cancel();
    });
    let begin = Instant::now();
    let done = deploy_until(&[("1", node)], message(graph, json!({})), cancel).await;
    assert_eq!(begin.elapsed().as_secs(), 35);
    assert_eq!(done.outcome.status, OutcomeStatus::Stopped);
}

#[rstest]
#[case::unknown_type(json!({"1": [{"id": "a", "type": "frobnicate"}]}), "Method task_deploy. Unknown task type 'frobnicate'. Detailed:")]
#[case::copy_files_without_files(json!({"1": [{"id": "a", "type": "copy_files"}]}), "Method task_deploy. Task 'a' has no list parameters.files")]
#[case::absent_dependency(json!({"1": [{"id": "a", "type": "shell", "requires": [{"name": "x", "node_id": "7"}]}]}), "Method task_deploy. Task[a/1] requires Task[x/7]")]
#[case::broken(json!({"1": [{"type": "shell"}]}), "Method task_deploy. args.tasks_graph.1[0].id: ")]
#[tokio::test(start_paused = true)]
async fn a_message_that_astute_does_not_survive_is_answered_with_an_error(#[case] graph: Value, #[case] text: &str) {
    let done = deploy(&[("1", FakeNode::new("node-1"))], message(graph, json!({}))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Error);
    let last = done.replies().pop().unwrap();
    let error = last["error"].as_str().unwrap();
    assert!(error.starts_with(text), "{error}");
    assert!(error.ends_with("\nInspect Astute logs for the details"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_method_is_answered_with_an_error() {
    let mut message = message(json!({}), json!({}));
    message["method"] = json!("teleport");
    let done = deploy(&[], message).await;
    assert_eq!(
        done.replies().last().unwrap(),
        &json!({"status": "error", "error": "Unsupported method 'teleport' called."})
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_runs_nothing_and_is_ready() {
    let node = FakeNode::new("node-1");
    let done = deploy(
        &[("1", node.clone())],
        message(json!({"1": [puppet("a")]}), json!({"dry_run": true})),
    )
    .await;
    assert!(node.diary().is_empty());
    assert_eq!(
        done.replies()[1..],
        [
            json!({"nodes": [{"uid": "1", "progress": 100}, {"uid": null, "progress": 100}]}),
            json!({"status": "ready", "progress": 100})
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_noop_run_calls_puppet_with_noop_and_is_ready_whatever_fails() {
    let node = FakeNode::new("node-1").plays("a.pp", vec![Puppet::Dies(NOW); 3]);
    let graph = json!({"1": [
        puppet("a"),
        {"id": "up", "type": "upload_file", "parameters": {"path": "/x", "data": "x"}},
    ]});
    let done = deploy(&[("1", node.clone())], message(graph, json!({"noop_run": true}))).await;
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(done.statuses(), ["a/1 Skipped", "up/1 Skipped"]);
    assert!(node.commands.lock().unwrap()[0].argv.contains(&"--noop".to_owned()));
    assert!(node.uploads.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_started_task_finishes_in_the_event_stream() {
    let node = FakeNode::new("node-1").plays("a.pp", vec![Puppet::Dies(NOW); 3]);
    let graph = json!({"1": [puppet("a"), after(puppet("b"), "a", json!("1")),
        {"id": "s", "type": "skipped"}]});
    let done = deploy(&[("1", node)], message(graph, json!({}))).await;
    let line = |event: &Event| match event {
        Event::Reply(_) => None,
        Event::TaskStarted { task, .. } => Some(format!("start {task}")),
        Event::TaskFinished(record) => Some(format!("finish {} {:?}", record.task, record.status)),
    };
    let lines: Vec<String> = done.events.iter().filter_map(line).collect();
    assert_eq!(
        lines,
        [
            "start a",
            "finish a Failed",
            "finish b DependencyFailed",
            "finish s DependencyFailed"
        ]
    );
}

/// A graph that a real Nailgun 9.2 serialised, replayed on nodes on which everything succeeds.
#[tokio::test(start_paused = true)]
async fn a_graph_of_a_real_nailgun_is_deployed_to_its_end() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/conformance/nailgun/9.2/serialized_tasks.json"
    );
    let Ok(text) = fs_err::read_to_string(path) else {
        beside::is_missing(path);
        return;
    };
    let serialized: Value = serde_json::from_str(&text).unwrap();
    let graph = serialized["tasks_graph"].clone();
    let mut nodes = Vec::new();
    for id in graph.as_object().unwrap().keys().filter(|id| *id != "null") {
        let node = FakeNode::new(id);
        nodes.push((id.as_str(), node));
    }
    // The master has every file that tasks copy from it.
    let tasks = graph
        .as_object()
        .unwrap()
        .values()
        .flat_map(|tasks| tasks.as_array().unwrap());
    let mut count = 0;
    for task in tasks {
        count += 1;
        for file in task["parameters"]["files"].as_array().into_iter().flatten() {
            let master = nodes
                .iter()
                .find(|(id, _)| *id == "master")
                .expect("a graph with copy_files has a master");
            master.1.put(file["src"].as_str().unwrap(), "key");
        }
    }
    let done = deploy(
        &nodes,
        message(graph.clone(), json!({"tasks_metadata": serialized["tasks_metadata"]})),
    )
    .await;
    assert_eq!(done.outcome.error, None);
    assert_eq!(done.outcome.status, OutcomeStatus::Ready);
    assert_eq!(done.outcome.records.len(), count);
    println!("{count} tasks on {} nodes, {} events", nodes.len(), done.events.len());
}
