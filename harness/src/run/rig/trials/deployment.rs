//! A deployment of a trial: the messages of the first deployment once more, without Nailgun.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_astute::{Command, Event, Node, OutcomeStatus, TaskStatus};
use serde_json::Value;
use tokio::sync::mpsc;

use super::interruptible::Interruptible;
use super::messages::only;
use super::{Bench, TaskOnNode};
use crate::event::{Events, Phase, RunEvent};
use crate::run::RunError;
use crate::run::deploy;
use crate::trial::{CrashPoint, Cut, Place, Span, TrialKind};

/// How long other nodes' tasks may go on once one node is cut off.
const GRACE: Duration = Duration::from_secs(1);

/// Waits for the script that Astute writes for the shell task $1 (the brackets keep this one from finding itself), then
/// for $2 seconds, and kills what carries the environment variable $3, if there is one. All of it in the node: on a
/// machine that is busy, asking the engine takes longer than many a command.
const CUT_COMMAND: &str = r#"
until cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' |
    grep -q -- "bash /etc/puppet/[s]hell_manifests/$1_command\.sh"; do
    sleep 0.05
done
sleep "$2"
[ -z "$3" ] || kill -KILL $(grep -lzxF -- "$3" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n')
"#;

/// How a deployment of a trial failed, in a sentence.
pub(super) type Deployed = Result<(), String>;

impl Bench<'_> {
    /// Deploys without any disturbance; `run` counts the deployments of this trial.
    pub(super) async fn deploy(&self, log: &Events, run: u8, phase: Phase) -> Result<Deployed, RunError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let work = self.send(&self.known.messages, self.as_nodes(), sender);
        let (deployed, ()) = tokio::join!(work, self.listen(log, run, phase, receiver, |_| ()));
        deployed
    }

    /// Deploys up to the point and cuts off there. The nodes are up again afterwards.
    pub(super) async fn deploy_until(&self, log: &Events, point: &CrashPoint, spans: &[Span]) -> Result<(), RunError> {
        let span = &spans[point.span];
        let nodes: BTreeMap<String, Arc<Interruptible>> = self
            .known
            .nodes
            .iter()
            .map(|(uid, node)| (uid.clone(), Arc::new(Interruptible::new(Arc::clone(node)))))
            .collect();
        let as_nodes = nodes
            .iter()
            .map(|(uid, node)| (uid.clone(), Arc::clone(node) as Arc<dyn Node>))
            .collect();
        let messages = match point.place {
            Place::After => self.messages_up_to(span),
            Place::Inside(_) => self.known.messages.clone(),
        };
        let (sender, receiver) = mpsc::unbounded_channel();
        let (begun, mut wait_for_begin) = mpsc::unbounded_channel();
        let (ended, mut wait_for_end) = mpsc::unbounded_channel();
        // Moved into the listener, so that nobody waits for a task any more when the deployment is over.
        let watch = move |event: &Event| match event {
            // Nobody listens any more once the power is cut.
            Event::TaskStarted { node_id, task, .. } if (node_id, task) == (&span.uid, &span.task) => {
                let _ = begun.send(Instant::now());
            }
            Event::TaskFinished(record) if (&record.node_id, &record.task) == (&span.uid, &span.task) => {
                let _ = ended.send(());
            }
            _ => {}
        };
        let cut = async {
            if let Place::Inside(share) = point.place
                && let Some(begun) = wait_for_begin.recv().await
            {
                let reached = async {
                    if span.kind == "shell" {
                        // Puppet takes its time to start; what is to be cut off is the command.
                        let mark = (point.cut == Cut::Killed).then(|| nodes[&span.uid].mark());
                        self.cut_command(span, span.part(share), mark.as_deref().unwrap_or_default())
                            .await;
                    } else {
                        tokio::time::sleep(span.idle.saturating_sub(begun.elapsed())).await;
                        tokio::time::sleep(span.part(share)).await;
                    }
                };
                // A task that is faster this time is over by then: it is cut off at its end.
                tokio::select! {
                    () = reached => {}
                    _ = wait_for_end.recv() => {}
                }
            } else {
                wait_for_end.recv().await;
            }
            let cuts = nodes.values().map(|node| node.cut(point.cut));
            futures_util::future::join_all(cuts).await
        };
        let deployment = async {
            let listening = self.listen(log, 1, Phase::Trials(TrialKind::Crash), receiver, watch);
            tokio::join!(self.send(&messages, as_nodes, sender), listening).0
        };
        let (deployed, cuts) = tokio::join!(deployment, cut);
        cuts.into_iter()
            .collect::<Result<(), _>>()
            .map_err(super::engine_error)?;
        // It fails, as is meant; only Ctrl-C and the engine count.
        drop(deployed?);
        if point.cut == Cut::Power {
            let starts = self.known.nodes.values().map(|node| node.power_on());
            futures_util::future::try_join_all(starts)
                .await
                .map_err(super::engine_error)?;
        }
        Ok(())
    }

    /// Waits until the command of a shell task has run for this long on its node, and kills what carries the mark.
    async fn cut_command(&self, span: &Span, after: Duration, mark: &str) {
        let Some(node) = self.known.nodes.get(&span.uid) else {
            return;
        };
        let after = format!("{:.3}", after.as_secs_f64());
        let argv = ["sh", "-c", CUT_COMMAND, "sh", &span.task, &after, mark];
        let command = Command::new(argv, Duration::from_secs(self.rig.loaded.scenario.deployment_timeout));
        // A node that does not answer fails the deployment, which tells why.
        let _ = node.run(command).await;
    }

    /// The messages with nothing to do after this task, so that nothing begins before the cut.
    fn messages_up_to(&self, span: &Span) -> Vec<Value> {
        let records = self.known.records;
        let last = records
            .iter()
            .find(|record| (&record.node_id, &record.task) == (&span.uid, &span.task))
            .and_then(|record| record.finished);
        let done: BTreeSet<TaskOnNode> = records
            .iter()
            .filter(|record| record.finished.is_some() && record.finished <= last)
            .map(|record| (record.node_id.clone(), record.task.clone()))
            .collect();
        only(&self.known.messages, |task| done.contains(task))
    }

    /// Sends the messages to an orchestrator of these nodes.
    pub(super) async fn send(
        &self,
        messages: &[Value],
        nodes: BTreeMap<String, Arc<dyn Node>>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Deployed, RunError> {
        let cancel = self.rig.cancel.child_token();
        let limit = Duration::from_secs(self.rig.loaded.scenario.deployment_timeout);
        let orchestrator = deploy::orchestrator(&self.known.environment.astute, nodes, events).with_stop_grace(GRACE);
        for message in messages {
            let handled = tokio::time::timeout(limit, orchestrator.handle(message, cancel.clone())).await;
            if self.rig.cancel.is_cancelled() {
                return Err(RunError::Interrupted);
            }
            let Ok(outcome) = handled else {
                return Ok(Err(format!("it did not end within {} s", limit.as_secs())));
            };
            if outcome.status != OutcomeStatus::Ready {
                let failed = outcome
                    .records
                    .iter()
                    .filter(|record| record.status == TaskStatus::Failed);
                let named: Vec<String> = failed
                    .map(|record| {
                        let why = record.error.as_deref().unwrap_or("no reason is known").trim();
                        format!("{}: task `{}`: {why}", self.name(&record.node_id), record.task)
                    })
                    .collect();
                return Ok(Err(if named.is_empty() {
                    outcome.error.unwrap_or_else(|| "no reason is known".to_owned())
                } else {
                    named.join("; ")
                }));
            }
        }
        Ok(Ok(()))
    }

    /// Takes the events of a deployment to the trial's logs and to the person who waits.
    pub(super) async fn listen(
        &self,
        log: &Events,
        run: u8,
        phase: Phase,
        mut receiver: mpsc::UnboundedReceiver<Event>,
        watch: impl Fn(&Event),
    ) {
        while let Some(event) = receiver.recv().await {
            watch(&event);
            match event {
                Event::TaskStarted { node_id, task, .. } => {
                    let text = format!("{}: {task}", self.name(&node_id));
                    self.rig.events.emit(RunEvent::Detail(phase, text));
                }
                Event::TaskFinished(record) if record.started.is_some() => log.emit(RunEvent::TaskFinished {
                    run,
                    node: self.name(&record.node_id).to_owned(),
                    record,
                }),
                Event::TaskFinished(_) | Event::Reply(_) => {}
            }
        }
    }
}
