//! What becomes of messages: tables of `tests/data/outcomes/`, written from what is known of the real Astute, of which
//! each line names a message, what its nodes do, and what must come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mock_astute::{OutcomeStatus, Profile};
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::fake::{BAD, Deployment, FakeNode, GOOD, Puppet, deploy_on};

/// One line of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it proves.
    name: String,
    #[serde(default = "newest")]
    fuel: String,
    /// `task_deploy`: tasks by node.
    graph: Option<Value>,
    /// `task_deploy`: this many nodes, each with these tasks.
    each_of: Option<(usize, Value)>,
    /// `granular_deploy`: `deployment_info`.
    roles: Option<Value>,
    #[serde(default)]
    before: Vec<Value>,
    #[serde(default)]
    after: Vec<Value>,
    /// `execute_tasks`.
    tasks: Option<Value>,
    /// What else the message says.
    #[serde(default)]
    arguments: Map<String, Value>,
    /// Runs of manifests and commands, by node: `good 10`, `bad`, `dies 5`, `hangs`, each with the seconds that it takes.
    #[serde(default)]
    plays: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    offline: Vec<String>,
    /// Seconds that a reboot takes.
    #[serde(default)]
    reboot_takes: u64,
    /// After so many seconds somebody stops it.
    stop_at: Option<u64>,
    gives: Expected,
}

/// What must come of it; what is not named may be as it likes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: String,
    /// Every record: `<task>/<node> <status>`.
    records: Option<Vec<String>>,
    /// From when to when each run of a task took place, in seconds since the message.
    #[serde(default)]
    runs: BTreeMap<String, Vec<(u64, u64)>>,
    /// How many runs began at which second.
    starts: Option<BTreeMap<u64, usize>>,
    /// Part of what is said of a failed task.
    #[serde(default)]
    errors: BTreeMap<String, String>,
    /// Replies that are among those that were sent, in this order; keys that are not named may be there.
    #[serde(default)]
    told: Vec<Value>,
    /// What no reply says, anywhere.
    #[serde(default)]
    untold: Vec<String>,
    last: Option<Value>,
    /// Parts of command lines that a node was given, in this order.
    #[serde(default)]
    commands: BTreeMap<String, Vec<String>>,
    /// What stands in files of a node, as a part.
    #[serde(default)]
    files: BTreeMap<String, BTreeMap<String, String>>,
    /// Seconds that everything took.
    took: Option<u64>,
}

fn newest() -> String {
    "9.2".to_owned()
}

#[rstest]
#[case::graph(include_str!("../data/outcomes/graph.yaml"), 45)]
#[case::types_of_tasks(include_str!("../data/outcomes/types.yaml"), 30)]
#[case::granular(include_str!("../data/outcomes/granular.yaml"), 30)]
#[tokio::test(start_paused = true)]
async fn messages_come_to_what_the_table_says(#[case] table: &str, #[case] at_least: usize) {
    let cases: Vec<Case> = serde_yaml::from_str(table).unwrap();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two lines have one name");
    assert!(cases.len() >= at_least, "{} lines", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let problems = play(case).await;
        wrong.extend(problems.into_iter().map(|problem| format!("{}: {problem}", case.name)));
    }
    assert!(
        wrong.is_empty(),
        "{} things are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

async fn play(case: &Case) -> Vec<String> {
    let message = case.message();
    let mut nodes: BTreeMap<String, Arc<FakeNode>> = BTreeMap::new();
    for id in case.node_ids() {
        nodes.insert(id.clone(), FakeNode::new(&format!("node-{id}")));
    }
    for (id, script) in &case.plays {
        for (manifest, runs) in script {
            nodes[id].clone().plays(manifest, runs.iter().map(|run| puppet(run)));
        }
    }
    for id in &case.offline {
        nodes[id].offline.store(true, Ordering::SeqCst);
    }
    for node in nodes.values() {
        *node.reboot_takes.lock().unwrap() = Duration::from_secs(case.reboot_takes);
        node.put("/master/file", "of the master");
    }
    let cancel = CancellationToken::new();
    if let Some(seconds) = case.stop_at {
        let stop = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            stop.cancel();
        });
    }
    let begun = Instant::now();
    let given: Vec<(&str, Arc<FakeNode>)> = nodes.iter().map(|(id, node)| (id.as_str(), node.clone())).collect();
    let done = deploy_on(Profile::of(&case.fuel).unwrap(), &given, message, cancel).await;
    let took = begun.elapsed().as_secs();
    case.gives.compare(&done, &nodes, begun, took)
}

/// `good 10`.
fn puppet(run: &str) -> Puppet {
    let (word, seconds) = run.split_once(' ').unwrap_or((run, "0"));
    let takes = Duration::from_secs(seconds.parse().unwrap());
    match word {
        "good" => Puppet::Writes(takes, GOOD),
        "bad" => Puppet::Writes(takes, BAD),
        "unstarted" => Puppet::Writes(takes, "resources: {failed: 0, changed: 1, failed_to_restart: 1}\n"),
        "dies" => Puppet::Dies(takes),
        "hangs" => Puppet::HangsOnADeadNode,
        other => panic!("{other} is no run"),
    }
}

impl Case {
    fn message(&self) -> Value {
        let mut arguments = self.arguments.clone();
        arguments.insert("task_uuid".to_owned(), json!("uuid-1"));
        let mut graph = self.graph.clone();
        if let Some((count, tasks)) = &self.each_of {
            graph = Some((1..=*count).map(|id| (id.to_string(), tasks.clone())).collect());
        }
        let (method, respond_to) = if let Some(mut graph) = graph {
            if graph.get("null").is_none() {
                graph["null"] = json!([]);
            }
            arguments.insert("tasks_graph".to_owned(), graph);
            ("task_deploy", "transaction_resp")
        } else if let Some(tasks) = &self.tasks {
            arguments.insert("tasks".to_owned(), tasks.clone());
            ("execute_tasks", "deploy_resp")
        } else {
            let roles = self.roles.clone().unwrap_or_else(|| json!([]));
            arguments.insert("deployment_info".to_owned(), roles);
            arguments.insert("pre_deployment".to_owned(), self.before.clone().into());
            arguments.insert("post_deployment".to_owned(), self.after.clone().into());
            ("granular_deploy", "deploy_resp")
        };
        json!({"api_version": "1", "method": method, "respond_to": respond_to, "args": arguments})
    }

    /// All nodes that the message names, and the master.
    fn node_ids(&self) -> BTreeSet<String> {
        let mut ids = BTreeSet::from(["master".to_owned()]);
        if let Some((count, _)) = &self.each_of {
            ids.extend((1..=*count).map(|id| id.to_string()));
        }
        let graph = self.graph.as_ref().and_then(Value::as_object);
        ids.extend(
            graph
                .into_iter()
                .flat_map(Map::keys)
                .filter(|id| *id != "null")
                .cloned(),
        );
        let roles = self
            .roles
            .iter()
            .chain(&self.tasks)
            .filter_map(Value::as_array)
            .flatten();
        for item in roles.chain(&self.before).chain(&self.after) {
            let uids = item["uids"].as_array().into_iter().flatten().chain([&item["uid"]]);
            ids.extend(uids.filter_map(Value::as_str).map(str::to_owned));
        }
        ids
    }
}

impl Expected {
    fn compare(
        &self,
        done: &Deployment,
        nodes: &BTreeMap<String, Arc<FakeNode>>,
        begun: Instant,
        took: u64,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut same = |what: &str, is: String, should: String| {
            if is != should {
                wrong.push(format!("{what} {is}, not {should}"));
            }
        };
        let status = match done.outcome.status {
            OutcomeStatus::Ready => "ready",
            OutcomeStatus::Error => "error",
            OutcomeStatus::Stopped => "stopped",
        };
        same("status", status.to_owned(), self.status.clone());
        if let Some(records) = &self.records {
            same("records", format!("{:?}", done.statuses()), format!("{records:?}"));
        }
        if let Some(seconds) = self.took {
            same("took", took.to_string(), seconds.to_string());
        }
        let second = |time: Instant| time.duration_since(begun).as_secs();
        let mut runs: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
        let mut starts: BTreeMap<u64, usize> = BTreeMap::new();
        for (id, node) in nodes {
            for (what, from, to) in node.runs.lock().unwrap().iter() {
                let spans = runs.entry(format!("{}/{id}", shortened(what))).or_default();
                spans.push((second(*from), second(*to)));
                *starts.entry(second(*from)).or_default() += 1;
            }
        }
        for (task, spans) in &self.runs {
            let is = runs.get(task).cloned().unwrap_or_default();
            same(&format!("runs of {task}"), format!("{is:?}"), format!("{spans:?}"));
        }
        if let Some(expected) = &self.starts {
            same("starts", format!("{starts:?}"), format!("{expected:?}"));
        }
        let replies = done.replies();
        if let Some(last) = &self.last {
            let is = replies.last().cloned().unwrap_or(Value::Null);
            if is != *last {
                same("last reply", is.to_string(), last.to_string());
            }
        }
        for (task, text) in &self.errors {
            let mut records = done.outcome.records.iter();
            let record = records.find(|record| format!("{}/{}", record.task, record.node_id) == *task);
            let error = record.and_then(|record| record.error.clone()).unwrap_or_default();
            if !error.contains(text) {
                wrong.push(format!("error of {task} is {error:?}, without {text:?}"));
            }
        }
        let mut rest = replies.iter();
        for told in &self.told {
            if !rest.any(|reply| holds(reply, told)) {
                let all: Vec<String> = replies.iter().map(ToString::to_string).collect();
                wrong.push(format!(
                    "no reply {told} where it should be among\n  {}",
                    all.join("\n  ")
                ));
            }
        }
        for text in &self.untold {
            if let Some(reply) = replies.iter().find(|reply| reply.to_string().contains(text.as_str())) {
                wrong.push(format!("{text} is told: {reply}"));
            }
        }
        for (id, expected) in &self.commands {
            let commands: Vec<String> = {
                let commands = nodes[id].commands.lock().unwrap();
                commands.iter().map(|command| command.argv.join(" ")).collect()
            };
            let fits = commands.len() == expected.len()
                && commands
                    .iter()
                    .zip(expected)
                    .all(|(command, part)| command.contains(part.as_str()));
            if !fits {
                wrong.push(format!("node {id} was given {commands:#?}, not {expected:#?}"));
            }
        }
        for (id, files) in &self.files {
            for (path, part) in files {
                let text = nodes[id].text(path).unwrap_or_default();
                if !text.contains(part.as_str()) {
                    wrong.push(format!("{path} of node {id} is {text:?}, without {part:?}"));
                }
            }
        }
        wrong
    }
}

/// A task by its manifest, wrapper or command.
fn shortened(what: &str) -> &str {
    let name = what.rsplit_once("&& ").map_or(what, |(_, command)| command);
    let name = name.strip_prefix("/etc/puppet/shell_manifests/").unwrap_or(name);
    name.strip_suffix("_manifest.pp")
        .or_else(|| name.strip_suffix(".pp"))
        .unwrap_or(name)
}

/// Whether all that `part` says stands in `whole`.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| holds(whole, part))
        }
        (whole, part) => whole == part,
    }
}
