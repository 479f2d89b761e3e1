//! A scripted node and an orchestrator around it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mock_astute::{Command, Event, FileUpload, Node, NodeError, Orchestrator, Outcome, Output, Profile};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) const SUMMARY: &str = "/var/lib/puppet/state/last_run_summary.yaml";
pub(crate) const REPORT: &str = "/var/lib/puppet/state/last_run_report.yaml";

/// What one run of Puppet does.
#[derive(Clone)]
pub(crate) enum Puppet {
    /// Takes this long and writes this summary.
    Writes(Duration, &'static str),
    /// Ends at once, with a good summary and this report.
    Reports(&'static str),
    /// Takes this long and writes nothing.
    Dies(Duration),
    /// The machine goes away while it runs.
    TakesTheNodeDown,
    /// It hangs, and the machine stops answering.
    HangsOnADeadNode,
}

/// A node that plays Puppet runs by manifest and keeps a diary.
#[derive(Default)]
pub(crate) struct FakeNode {
    pub(crate) name: String,
    pub(crate) files: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) diary: Mutex<Vec<String>>,
    pub(crate) commands: Mutex<Vec<Command>>,
    /// Manifests and commands that ran, from when to when.
    pub(crate) runs: Mutex<Vec<(String, Instant, Instant)>>,
    pub(crate) uploads: Mutex<Vec<FileUpload>>,
    pub(crate) script: Mutex<BTreeMap<String, VecDeque<Puppet>>>,
    pub(crate) refused_uploads: Mutex<u32>,
    pub(crate) log: Mutex<String>,
    pub(crate) offline: AtomicBool,
    pub(crate) reboot_takes: Mutex<Duration>,
    /// How long somebody looks at it after each task; nobody does where it is zero.
    pub(crate) look_takes: Mutex<Duration>,
    /// How long somebody keeps its state before each task; nobody does where it is zero.
    pub(crate) keep_takes: Mutex<Duration>,
}

pub(crate) const GOOD: &str = "resources: {failed: 0, changed: 1, failed_to_restart: 0}\n";
pub(crate) const BAD: &str = "resources: {failed: 1, changed: 0, failed_to_restart: 0}\n";

impl FakeNode {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            ..Self::default()
        })
    }

    /// The next runs of a manifest whose path contains `manifest`; when they are used up, runs are good.
    pub(crate) fn plays(self: Arc<Self>, manifest: &str, runs: impl IntoIterator<Item = Puppet>) -> Arc<Self> {
        self.script
            .lock()
            .unwrap()
            .insert(manifest.to_owned(), runs.into_iter().collect());
        self
    }

    fn note(&self, line: String) {
        self.diary.lock().unwrap().push(line);
    }

    pub(crate) fn diary(&self) -> Vec<String> {
        self.diary.lock().unwrap().clone()
    }

    pub(crate) fn put(&self, path: &str, content: &str) {
        self.files
            .lock()
            .unwrap()
            .insert(path.to_owned(), content.as_bytes().to_vec());
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let files = self.files.lock().unwrap();
        files
            .get(path)
            .map(|content| String::from_utf8(content.clone()).unwrap())
    }

    fn gone(&self) -> NodeError {
        NodeError::Gone {
            node: self.name.clone(),
            reason: "killed".to_owned(),
        }
    }
}

#[async_trait]
impl Node for FakeNode {
    async fn run(&self, command: Command) -> Result<Output, NodeError> {
        if command.argv[0] == "tail" {
            return Ok(Output {
                stdout: self.log.lock().unwrap().clone(),
                ..Output::default()
            });
        }
        self.commands.lock().unwrap().push(command.clone());
        let manifest = command.argv.get(2).cloned().unwrap_or_default();
        let program = match command.argv[0].as_str() {
            "/bin/sh" => "sh",
            "ln" => "link",
            _ => "puppet",
        };
        self.note(format!("{program} {manifest}"));
        let next = {
            let mut script = self.script.lock().unwrap();
            script
                .iter_mut()
                .find(|(key, _)| manifest.contains(key.as_str()))
                .and_then(|(_, runs)| runs.pop_front())
        };
        let (takes, summary) = match next.unwrap_or(Puppet::Writes(Duration::ZERO, GOOD)) {
            Puppet::Writes(takes, summary) => (takes, Some(summary)),
            Puppet::Reports(report) => {
                self.put(REPORT, report);
                (Duration::ZERO, Some(GOOD))
            }
            Puppet::Dies(takes) => (takes, None),
            Puppet::TakesTheNodeDown => return Err(self.gone()),
            Puppet::HangsOnADeadNode => {
                self.offline.store(true, Ordering::SeqCst);
                (Duration::from_secs(100_000), None)
            }
        };
        let begun = Instant::now();
        tokio::time::sleep(takes.min(command.timeout)).await;
        if program != "link" {
            let run = (manifest.clone(), begun, Instant::now());
            self.runs.lock().unwrap().push(run);
        }
        if takes > command.timeout {
            return Ok(Output {
                exit_code: -1,
                timed_out: true,
                ..Output::default()
            });
        }
        if program == "puppet" {
            self.note(format!("end {manifest}"));
        }
        if let Some(summary) = summary {
            self.put(SUMMARY, summary);
        }
        Ok(Output {
            exit_code: i64::from(summary.is_none()),
            ..Output::default()
        })
    }

    async fn write_file(&self, file: FileUpload) -> Result<(), NodeError> {
        self.note(format!("write {}", file.path));
        let mut refused = self.refused_uploads.lock().unwrap();
        if *refused > 0 {
            *refused -= 1;
            return Err(NodeError::Refused {
                node: self.name.clone(),
                action: "write".to_owned(),
                reason: "disk full".to_owned(),
            });
        }
        self.files
            .lock()
            .unwrap()
            .insert(file.path.clone(), file.content.clone());
        self.uploads.lock().unwrap().push(file);
        Ok(())
    }

    async fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, NodeError> {
        Ok(self.files.lock().unwrap().get(path).cloned())
    }

    async fn remove_file(&self, path: &str) -> Result<(), NodeError> {
        self.files.lock().unwrap().remove(path);
        Ok(())
    }

    async fn reboot(&self, _: Duration) -> Result<(), NodeError> {
        self.note("reboot".to_owned());
        let takes = *self.reboot_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        Ok(())
    }

    async fn is_online(&self) -> bool {
        !self.offline.load(Ordering::SeqCst)
    }

    async fn task_begins(&self, task: &str) {
        let takes = *self.keep_takes.lock().unwrap();
        if takes > Duration::ZERO {
            self.note(format!("keep before {task}"));
            tokio::time::sleep(takes).await;
        }
    }

    async fn task_ended(&self, kind: &str) {
        let takes = *self.look_takes.lock().unwrap();
        if takes > Duration::ZERO {
            self.note(format!("look after {kind}"));
            tokio::time::sleep(takes).await;
            self.note("looked".to_owned());
        }
    }
}

/// A whole deployment and all that came of it.
pub(crate) struct Deployment {
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<Event>,
}

impl Deployment {
    /// `args` of the replies, without `task_uuid`.
    pub(crate) fn replies(&self) -> Vec<Value> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Reply(reply) => {
                    assert!(["transaction_resp", "deploy_resp"].contains(&reply["method"].as_str().unwrap()));
                    let mut arguments = reply["args"].as_object().unwrap().clone();
                    assert_eq!(arguments.remove("task_uuid"), Some(json!("uuid-1")));
                    Some(Value::Object(arguments))
                }
                _ => None,
            })
            .collect()
    }

    /// `<task>/<node> <status>` of every record.
    pub(crate) fn statuses(&self) -> Vec<String> {
        self.outcome
            .records
            .iter()
            .map(|record| format!("{}/{} {:?}", record.task, record.node_id, record.status))
            .collect()
    }
}

/// A message with this graph, with `arguments` beside it.
pub(crate) fn message(graph: Value, arguments: Value) -> Value {
    let mut graph = graph;
    if graph.get("null").is_none() {
        graph["null"] = json!([]);
    }
    let mut all = json!({"task_uuid": "uuid-1", "tasks_graph": graph, "tasks_directory": {}});
    for (key, value) in arguments.as_object().unwrap() {
        all[key] = value.clone();
    }
    json!({"api_version": "1", "method": "task_deploy", "respond_to": "transaction_resp", "args": all})
}

pub(crate) async fn deploy(nodes: &[(&str, Arc<FakeNode>)], message: Value) -> Deployment {
    deploy_until(nodes, message, CancellationToken::new()).await
}

pub(crate) async fn deploy_until(
    nodes: &[(&str, Arc<FakeNode>)],
    message: Value,
    cancel: CancellationToken,
) -> Deployment {
    deploy_on(Profile::fuel_9_2(), nodes, message, cancel).await
}

pub(crate) async fn deploy_on(
    profile: Profile,
    nodes: &[(&str, Arc<FakeNode>)],
    message: Value,
    cancel: CancellationToken,
) -> Deployment {
    let (sender, mut receiver) = unbounded_channel();
    let nodes = nodes
        .iter()
        .map(|(id, node)| ((*id).to_owned(), node.clone() as Arc<dyn Node>))
        .collect();
    let orchestrator = Orchestrator::new(profile, nodes, sender);
    let outcome = orchestrator.handle(&message, cancel).await;
    drop(orchestrator);
    let mut events = Vec::new();
    while let Some(event) = receiver.recv().await {
        events.push(event);
    }
    Deployment { outcome, events }
}

pub(crate) fn puppet(id: &str) -> Value {
    json!({"id": id, "type": "puppet", "parameters": {"puppet_manifest": format!("{id}.pp")}})
}

pub(crate) fn after(mut task: Value, name: &str, node: Value) -> Value {
    task["requires"] = json!([{"name": name, "node_id": node}]);
    task
}
