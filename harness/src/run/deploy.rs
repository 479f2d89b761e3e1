//! One deployment: what Nailgun orders, the orchestrator does, and Nailgun hears of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fuel_cli::Client;
use mock_astute::{Event, Node, Orchestrator, TaskRecord};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::environment::{DeployedEnvironment, refused};
use super::error::RunError;
use crate::event::{Events, RunEvent};

/// How long Nailgun may keep a call for the next message open.
const MESSAGE_WAIT: u64 = 5;

/// How often Nailgun is asked whether it is there while tasks run.
const LOOK: Duration = Duration::from_secs(5);

/// What a deployment ended with.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// What Nailgun sent, in order.
    pub(crate) messages: Vec<Value>,
    /// Everything about every task, in the order in which they began.
    pub(crate) records: Vec<TaskRecord>,
    /// Why it failed, in Nailgun's words.
    pub(crate) failure: Option<String>,
}

/// Presses "Deploy" and carries the messages between Nailgun and the orchestrator until the task is over.
pub(crate) async fn deploy(
    run: u8,
    client: &Client,
    environment: &DeployedEnvironment,
    nodes: &BTreeMap<String, Arc<dyn Node>>,
    timeout: Duration,
    events: &Events,
    cancel: &CancellationToken,
) -> Result<Deployment, RunError> {
    deploy_part(run, client, environment, nodes, timeout, events, cancel, |message| {
        message
    })
    .await
}

/// As [`deploy`], with each message changed by `part` on its way to the orchestrator.
#[expect(clippy::too_many_arguments, reason = "a struct would only rename them")]
pub(crate) async fn deploy_part(
    run: u8,
    client: &Client,
    environment: &DeployedEnvironment,
    nodes: &BTreeMap<String, Arc<dyn Node>>,
    timeout: Duration,
    events: &Events,
    cancel: &CancellationToken,
    part: impl Fn(Value) -> Value,
) -> Result<Deployment, RunError> {
    let begun = Instant::now();
    let task = match environment.graphs.as_slice() {
        [] => client.deploy_changes(environment.id).await,
        graphs => {
            let types: Vec<&str> = graphs.iter().map(String::as_str).collect();
            client.execute_graphs(environment.id, &types).await
        }
    };
    let task = task.map_err(|error| refused(&format!("deployment {run} is refused"), &error))?;
    let names: BTreeMap<String, String> = environment
        .machines()
        .map(|node| (node.uid.clone(), node.name.clone()))
        .collect();
    let mut messages = Vec::new();
    let mut records = Vec::new();
    let mut failure = None;
    loop {
        let state = client
            .task(task.id)
            .await
            .map_err(|error| refused("cannot read the deployment task", &error))?;
        match state.status.as_str() {
            "ready" => break,
            "error" => {
                failure = Some(state.message.unwrap_or_else(|| "Nailgun gives no reason".to_owned()));
                break;
            }
            _ => {}
        }
        let left = timeout.checked_sub(begun.elapsed()).ok_or_else(|| {
            RunError::Deployment(format!(
                "deployment {run} did not end within {} s\n  hint: raise `deployment_timeout` in the scenario",
                timeout.as_secs()
            ))
        })?;
        let message = client
            .get_root(&format!("mock/astute/messages?wait={MESSAGE_WAIT}"))
            .await
            .map_err(|error| refused("cannot fetch the Astute message", &error))?;
        if message.is_null() {
            continue;
        }
        let message = part(message);
        events.emit(RunEvent::DeploymentStarted {
            run,
            tasks: busy_tasks(&message),
        });
        let done = handle(
            run,
            client,
            &environment.astute,
            &message,
            &names,
            nodes,
            left,
            events,
            cancel,
        )
        .await?;
        records.extend(done);
        messages.push(message);
    }
    // In the order in which they ran; those that never did come last.
    records.sort_by_key(|record: &TaskRecord| (record.started.is_none(), record.started));
    Ok(Deployment {
        messages,
        records,
        failure,
    })
}

/// How many tasks of a message do something: of its graph, or of its hooks, once for each node, and its roles (to 8.0).
fn busy_tasks(message: &Value) -> usize {
    let arguments = &message["args"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let does_something = |task: &&Value| !task["type"].as_str().is_none_or(crate::verdict::does_nothing);
    let count = |tasks: &[Value]| tasks.iter().filter(does_something).count();
    let graph: usize = arguments["tasks_graph"]
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::values)
        .map(|tasks| count(&list(tasks)))
        .sum();
    let hooks: usize = ["pre_deployment", "post_deployment", "tasks"]
        .into_iter()
        .flat_map(|stage| list(&arguments[stage]))
        .filter(|hook| does_something(&hook))
        .map(|hook| list(&hook["uids"]).len())
        .sum();
    let roles: usize = list(&arguments["deployment_info"])
        .iter()
        .map(|role| count(&list(&role["tasks"])))
        .sum();
    graph + hooks + roles
}

#[expect(clippy::too_many_arguments, reason = "one caller; a struct would only rename them")]
async fn handle(
    run: u8,
    client: &Client,
    profile: &mock_astute::Profile,
    message: &Value,
    names: &BTreeMap<String, String>,
    nodes: &BTreeMap<String, Arc<dyn Node>>,
    left: Duration,
    events: &Events,
    cancel: &CancellationToken,
) -> Result<Vec<TaskRecord>, RunError> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let stop = cancel.child_token();
    let orchestrator = orchestrator(profile, nodes.clone(), sender);
    let work = async {
        let timed = tokio::time::timeout(left, orchestrator.handle(message, stop.clone())).await;
        // The channel closes with the orchestrator, which lets the courier end.
        drop(orchestrator);
        Ok(timed)
    };
    // A Nailgun that is gone ends the deployment: nobody would hear how the tasks end.
    let deployment = async { tokio::try_join!(work, carry(run, client, names, receiver, events)) };
    let (outcome, under_way) = tokio::select! {
        ended = deployment => ended?,
        lost = silence(client) => return Err(lost),
    };
    if cancel.is_cancelled() {
        return Err(RunError::Interrupted);
    }
    let outcome = outcome.map_err(|_| {
        let tasks: Vec<String> = under_way
            .iter()
            .map(|((node, task), since)| format!("\n  {node}: task `{task}` ran for {} s", since.elapsed().as_secs()))
            .collect();
        RunError::Deployment(format!(
            "deployment {run} was ended after {} s, in the middle of it{}\n  hint: raise `deployment_timeout` in the \
             scenario if a task may take so long",
            left.as_secs_f64().ceil(),
            tasks.concat()
        ))
    })?;
    Ok(outcome.records)
}

/// The orchestrator of these nodes, as a Fuel version has it.
pub(crate) fn orchestrator(
    profile: &mock_astute::Profile,
    nodes: BTreeMap<String, Arc<dyn Node>>,
    events: mpsc::UnboundedSender<Event>,
) -> Orchestrator {
    Orchestrator::new(profile.clone(), nodes, events)
}

/// Ends when Nailgun has not answered twice in a row: a long task would not notice.
async fn silence(client: &Client) -> RunError {
    let mut silent = false;
    loop {
        tokio::time::sleep(LOOK).await;
        match client.get("version").await {
            Ok(_) => silent = false,
            Err(error) if silent => return refused("the master does not answer any more", &error),
            Err(_) => silent = true,
        }
    }
}

/// Tasks that have begun and not ended, by node and task, and when they began.
type UnderWay = BTreeMap<(String, String), Instant>;

/// Hands every reply to Nailgun, in order, and every other event to the run's stream. Gives what was under way when the
/// orchestrator ended.
async fn carry(
    run: u8,
    client: &Client,
    names: &BTreeMap<String, String>,
    mut receiver: mpsc::UnboundedReceiver<Event>,
    events: &Events,
) -> Result<UnderWay, RunError> {
    let mut under_way = UnderWay::new();
    let name = |uid: &str| names.get(uid).cloned().unwrap_or_else(|| uid.to_owned());
    while let Some(event) = receiver.recv().await {
        match event {
            Event::Reply(reply) => {
                client
                    .post_root("mock/astute/replies", &reply)
                    .await
                    .map_err(|error| refused("cannot hand Astute's reply to Nailgun", &error))?;
            }
            Event::TaskStarted { node_id, task, .. } => {
                under_way.insert((name(&node_id), task.clone()), Instant::now());
                events.emit(RunEvent::TaskStarted {
                    run,
                    node: name(&node_id),
                    task,
                });
            }
            Event::TaskFinished(record) => {
                under_way.remove(&(name(&record.node_id), record.task.clone()));
                if record.started.is_some() {
                    events.emit(RunEvent::TaskFinished {
                        run,
                        node: name(&record.node_id),
                        record,
                    });
                }
            }
        }
    }
    Ok(under_way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tasks_that_do_nothing_are_not_counted() {
        let message = json!({"args": {"tasks_graph": {
            "null": [{"id": "deploy_start", "type": "skipped"}],
            "1": [{"id": "a", "type": "puppet"}, {"id": "b", "type": "skipped"}, {"id": "c", "type": "shell"}]
        }}});
        assert_eq!(busy_tasks(&message), 2);
    }

    #[test]
    fn hooks_count_once_for_each_node_and_the_tasks_of_roles_too() {
        let message = json!({"args": {
            "pre_deployment": [{"type": "sync", "uids": ["1", "2"]}],
            "post_deployment": [{"type": "shell", "uids": ["1"]}],
            "deployment_info": [{"uid": "1", "tasks": [{"id": "a", "type": "puppet"}, {"id": "b", "type": "skipped"}]}]
        }});
        assert_eq!(busy_tasks(&message), 4);
    }
}
