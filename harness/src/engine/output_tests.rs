//! What tasks print, on real nodes: it is there when their time ends them, and it costs the rig little memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_astute::{Attempt, Node, Orchestrator, Outcome, Profile, TaskStatus};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;

/// Says to [`prints_in_a_process_of_its_own`] what to do.
const TASK: &str = "FUELRIG_TEST_PRINTS";

struct Bench {
    node: Arc<TargetNode>,
    guard: RunGuard,
}

async fn bench() -> Bench {
    let engine = Engine::connect().await.unwrap();
    let images = ensure(&engine, &[Target::Node.into()], &ImageOptions::default(), &|_| ())
        .await
        .unwrap();
    let run = RunId::new("output-test");
    let guard = RunGuard::new(&engine, &run);
    let networks = Networks::create(&engine, &run).await.unwrap();
    let mut spec = NodeSpec::new("node-1", "1", images.reference(&Target::Node.into()).unwrap());
    spec.addresses.admin = Some(networks.admin.subnet.host(3));
    // Puppet holds in memory what a command prints, and may take a machine down with it.
    spec.memory = Some(3 << 30);
    let node = Arc::new(TargetNode::start(&engine, &run, &networks, spec).await.unwrap());
    Bench { node, guard }
}

impl Bench {
    async fn handle(&self, fuel: &str, message: &Value) -> Outcome {
        let (sender, _receiver) = mpsc::unbounded_channel();
        let nodes = BTreeMap::from([("1".to_owned(), Arc::clone(&self.node) as Arc<dyn Node>)]);
        Orchestrator::new(Profile::of(fuel).unwrap(), nodes, sender)
            .handle(message, CancellationToken::new())
            .await
    }

    async fn says(&self, script: &str) -> String {
        let command = mock_astute::Command::new(["sh", "-c", script], Duration::from_secs(60));
        self.node.run(command).await.unwrap().stdout
    }
}

fn graph(task: Value) -> Value {
    json!({"method": "task_deploy", "args": {"tasks_graph": {"null": [], "1": [task]}}})
}

fn hook(hook: Value) -> Value {
    json!({"method": "execute_tasks", "args": {"tasks": [hook]}})
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_task_that_its_time_ends_keeps_what_it_printed_and_nothing_of_it_runs_on() {
    let bench = bench().await;
    // The daemon has a session of its own, and a second one has left its parent.
    let command = "echo begun; echo wrong >&2; setsid sleep 1001 & (setsid sleep 1002 &) ; env | grep -c RUBYOPT; \
                   printf 'in the middle'; sleep 1003; echo never";
    bench
        .says(&format!(
            "mkdir -p /etc/x; echo \"exec {{ 'x': command => \\\"/bin/bash -c \\\\\\\"$(printf %s '{}')\\\\\\\"\\\" }}\" >/etc/x/x.pp",
            command.replace('\'', "'\\''")
        ))
        .await;
    // Puppet needs a second to start, and many on a machine that has other work to do.
    let begun = Instant::now();
    bench
        .handle(
            "9.2",
            &graph(json!({"id": "a", "type": "shell", "parameters": {"cmd": "true", "timeout": 200}})),
        )
        .await;
    let limit = 4 + 3 * begun.elapsed().as_secs();
    let shell = json!({"id": "a", "type": "shell", "parameters": {"cmd": command, "timeout": limit}});
    let raw = json!({"type": "shell", "uids": ["1"], "priority": 1, "parameters": {"cmd": command, "timeout": 4}});
    let puppet =
        json!({"id": "a", "type": "puppet", "parameters": {"puppet_manifest": "/etc/x/x.pp", "timeout": limit}});
    for (fuel, message, limit) in [
        ("9.2", graph(shell), limit),
        ("8.0", hook(raw), 4),
        ("9.2", graph(puppet), limit),
    ] {
        let begun = Instant::now();
        let outcome = bench.handle(fuel, &message).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(2 * limit + 8), "{took:?}");
        let record = &outcome.records[0];
        assert_eq!(record.status, TaskStatus::Failed, "{record:#?}");
        let said = printed(&record.attempts);
        assert!(said.contains("begun\n") && said.contains("wrong\n"), "{record:#?}");
        assert!(
            said.contains("\n0\n"),
            "the command sees the environment of before: {said}"
        );
        assert!(said.ends_with("in the middle") && !said.contains("never"), "{said:?}");
        assert_eq!(bench.says("pgrep -a sleep; pgrep -ax puppet").await, "");
    }
    bench.guard.clean_up().await.unwrap();
}

fn printed(attempts: &[Attempt]) -> String {
    let last = attempts.last().unwrap();
    // A hook's streams are told apart; what Puppet runs has one.
    format!("{}{}", last.stderr, last.stdout)
}

/// Three ways of printing: a command of a hook, a command in Puppet's wrapper, a manifest of its own.
#[rstest]
#[case::hook("hook", 256 << 20)]
#[case::shell("shell", 48 << 20)]
#[case::more_hook("hook", 1 << 30)]
#[case::more_shell("shell", 1 << 30)]
#[case::more_exec("exec", 1 << 30)]
#[case::more_notify("notify", 1 << 30)]
#[case::more_lines("lines", 2 << 20)]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
fn a_task_may_print_what_it_likes_and_the_rig_stays_small(#[case] task: &str, #[case] bytes: u64) {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::output_tests::prints_in_a_process_of_its_own"])
        .args(["--ignored", "--nocapture"])
        .env(TASK, format!("{task} {bytes}"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&child.stderr)
    );
    let peak = text
        .split("peak ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let peak: u64 = peak.unwrap_or_else(|| panic!("{text}")).parse().unwrap();
    eprintln!(
        "{task} printed {} MiB, the rig's peak was {} MiB",
        bytes >> 20,
        peak >> 10
    );
    assert!(peak >> 10 < 300, "the rig took {} MiB", peak >> 10);
}

/// Does nothing unless it is asked to: the peak of a process is of all that it did.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is started by the tests above"]
async fn prints_in_a_process_of_its_own() {
    let Ok(asked) = std::env::var(TASK) else { return };
    let (task, bytes) = asked.split_once(' ').unwrap();
    let bench = bench().await;
    let width = if task == "lines" { 80 } else { 1 << 20 };
    let print = format!("echo begun; head -c {bytes} /dev/zero | tr '\\0' x | fold -w {width}; echo; echo over");
    bench
        .says(&format!("printf '%s\\n' '{}' >/print.sh", print.replace('\'', "'\\''")))
        .await;
    let begun = Instant::now();
    let outcome = match task {
        "hook" => {
            let parameters = json!({"cmd": "sh /print.sh", "retries": 0});
            let message = json!({"type": "shell", "uids": ["1"], "priority": 1, "parameters": parameters});
            bench.handle("8.0", &hook(message)).await
        }
        "shell" | "lines" => {
            let parameters = json!({"cmd": "sh /print.sh", "retries": 0});
            bench
                .handle(
                    "9.2",
                    &graph(json!({"id": "a", "type": "shell", "parameters": parameters})),
                )
                .await
        }
        manifest => {
            let text = match manifest {
                "exec" => "exec { 'x': command => '/bin/sh /print.sh', logoutput => true, timeout => 0 }",
                _ => "notify { 'x': message => file('/big') }",
            };
            bench
                .says(&format!("sh /print.sh >/big; printf '%s' \"{text}\" >/x.pp"))
                .await;
            let parameters = json!({"puppet_manifest": "/x.pp", "retries": 0, "timeout": 600});
            bench
                .handle(
                    "9.2",
                    &graph(json!({"id": "a", "type": "puppet", "parameters": parameters})),
                )
                .await
        }
    };
    let record = &outcome.records[0];
    let last = record.attempts.last().unwrap();
    eprintln!(
        "{task}: {:?} after {:?}, {} bytes kept, error {:?}, Puppet's {:?}",
        record.status,
        begun.elapsed(),
        last.stdout.len(),
        record
            .error
            .as_deref()
            .map(|error| error.chars().take(500).collect::<String>()),
        last.puppet.as_ref().map(|run| (run.failed, run.errors.len())),
    );
    assert!(last.stdout.len() < 80 << 10 && last.stderr.len() < 80 << 10);
    if task != "notify" {
        assert!(last.stdout.starts_with("begun\nxxx") && last.stdout.contains(" bytes left out …]\n"));
    }
    // Puppet may die of what it must hold in memory, as on a real node; a command that is not in its hands does not.
    if task == "hook" || (record.status == TaskStatus::Successful && task != "notify") {
        assert!(
            last.stdout.ends_with("\nover\n"),
            "{:?}",
            &last.stdout[last.stdout.len() - 80..]
        );
    }
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak {}", peak.trim().trim_end_matches(" kB"));
    bench.guard.clean_up().await.unwrap();
}
