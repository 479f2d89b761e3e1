//! Looking at the nodes and at what Nailgun merged, and judging what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use fuel_cli::Client;
use futures_util::future::try_join_all;
use mock_astute::{Node, TaskRecord};

use super::{Rig, is_on};
use crate::capture::{self, Observer, Scope, State};
use crate::engine::Networks;
use crate::event::{Events, RunEvent, SnapshotOutcome};
use crate::run::RunError;
use crate::run::environment::{DeployedEnvironment, RegisteredNode};
use crate::run::merged::merged;
use crate::run::watched::Watched;
use crate::scenario::Observe;
use crate::snapshot;
use crate::verdict::{self, NodeRuns, Verdict};

impl Rig<'_> {
    pub(super) async fn capture(
        &self,
        environment: &DeployedEnvironment,
        nodes: &BTreeMap<String, Arc<dyn Node>>,
        previous: Option<&BTreeMap<String, State>>,
    ) -> Result<BTreeMap<String, State>, RunError> {
        self.look(self.events, environment, nodes, previous).await
    }

    /// As [`Self::capture`], told to these events.
    pub(super) async fn look(
        &self,
        events: &Events,
        environment: &DeployedEnvironment,
        nodes: &BTreeMap<String, Arc<dyn Node>>,
        previous: Option<&BTreeMap<String, State>>,
    ) -> Result<BTreeMap<String, State>, RunError> {
        let looks = environment.machines().map(|node| async move {
            let observers = self.observers(node);
            let scope = Scope::machine(&observers);
            let begun = Instant::now();
            let earlier = previous.and_then(|states| states.get(&node.uid));
            let state = capture::capture(nodes[&node.uid].as_ref(), earlier, &scope)
                .await
                .map_err(|error| RunError::infrastructure(&format!("cannot look at {}", node.name), error))?;
            events.emit(RunEvent::Captured {
                node: node.name.clone(),
                files: state.files.len(),
                took: begun.elapsed(),
            });
            Ok::<_, RunError>((node.uid.clone(), state))
        });
        Ok(try_join_all(looks).await?.into_iter().collect())
    }

    fn observers(&self, node: &RegisteredNode) -> Vec<Observer> {
        let applies = |observe: &&Observe| is_on(node, &observe.on);
        self.loaded
            .scenario
            .observe
            .iter()
            .filter(applies)
            .map(|observe| Observer {
                name: observe.name.clone(),
                command: observe.run.clone(),
            })
            .collect()
    }

    /// The nodes, glanced at after each of their tasks.
    pub(super) fn watched(
        &self,
        environment: &DeployedEnvironment,
        nodes: &BTreeMap<String, Arc<dyn Node>>,
    ) -> BTreeMap<String, Arc<Watched>> {
        environment
            .machines()
            .map(|node| {
                let watched = Watched::new(Arc::clone(&nodes[&node.uid]), self.observers(node));
                (node.uid.clone(), Arc::new(watched))
            })
            .collect()
    }

    pub(super) async fn snapshots(
        &self,
        client: &Client,
        environment: &DeployedEnvironment,
        networks: &Networks,
    ) -> Result<bool, RunError> {
        let directory = self
            .options
            .snapshots
            .clone()
            .unwrap_or_else(|| beside(self.loaded.directory()));
        let merged = merged(client, environment).await?;
        let networks = redaction(networks);
        let mut hold = true;
        for (node, merged) in environment.nodes.iter().zip(&merged) {
            let text = snapshot::document(&merged.attributes, &merged.tasks, &networks);
            let name = format!("{}-{}", self.loaded.name, node.name);
            let result = snapshot::compare(
                &directory,
                &name,
                &text,
                self.options.update_snapshots,
                self.options.frozen_snapshots,
            )
            .map_err(|error| RunError::Infrastructure(error.to_string()))?;
            hold &= !matches!(result.outcome, SnapshotOutcome::Differs(_));
            self.events.emit(RunEvent::Snapshot(result));
        }
        Ok(hold)
    }

    pub(super) fn judge(
        &self,
        environment: &DeployedEnvironment,
        states: [&BTreeMap<String, State>; 3],
        first: &[TaskRecord],
        second: &[TaskRecord],
        watched: &BTreeMap<String, Arc<Watched>>,
    ) -> Result<bool, RunError> {
        let judged = self.verdict(environment, states, first, second, watched)?;
        let passed = judged.passed;
        self.events.emit(RunEvent::Judged(Box::new(judged)));
        Ok(passed)
    }

    /// What the second deployment amounts to, told to nobody yet.
    pub(super) fn verdict(
        &self,
        environment: &DeployedEnvironment,
        states: [&BTreeMap<String, State>; 3],
        first: &[TaskRecord],
        second: &[TaskRecord],
        watched: &BTreeMap<String, Arc<Watched>>,
    ) -> Result<Verdict, RunError> {
        let of = |uid: &str, records: &[TaskRecord]| -> Vec<TaskRecord> {
            let here = |record: &&TaskRecord| mock_astute::place(&record.kind, &record.node_id) == uid;
            records.iter().filter(here).cloned().collect()
        };
        let records: Vec<(Vec<TaskRecord>, Vec<TaskRecord>, Vec<State>)> = environment
            .machines()
            .map(|node| {
                let glances = watched[&node.uid].take();
                (of(&node.uid, first), of(&node.uid, second), glances)
            })
            .collect();
        let runs: Vec<NodeRuns<'_>> = environment
            .machines()
            .zip(&records)
            .map(|(node, (first, second, glances))| NodeRuns {
                name: &node.name,
                before: &states[0][&node.uid],
                after_first: &states[1][&node.uid],
                after_second: &states[2][&node.uid],
                first,
                second,
                glances,
            })
            .collect();
        let noise = verdict::NoiseList::standard().map_err(|error| RunError::Defect(error.to_string()))?;
        let mut ignore = self.loaded.scenario.ignore.clone();
        ignore.extend(written_by_astute(environment));
        Ok(verdict::judge(&runs, &noise, &ignore, self.options.strict))
    }
}

/// The same nodes, as the orchestrator takes them.
pub(super) fn as_nodes(watched: &BTreeMap<String, Arc<Watched>>) -> BTreeMap<String, Arc<dyn Node>> {
    watched
        .iter()
        .map(|(uid, node)| (uid.clone(), Arc::clone(node) as Arc<dyn Node>))
        .collect()
}

/// What stands for `/etc/astute.yaml` in the noise list before 9.0: Astute itself writes a file for each role.
fn written_by_astute(environment: &DeployedEnvironment) -> Vec<verdict::Ignore> {
    if !environment.astute.hooks.are_sent {
        return Vec::new();
    }
    let roles: BTreeSet<&String> = environment.nodes.iter().flat_map(|node| &node.roles).collect();
    roles
        .into_iter()
        .map(|role| verdict::Ignore {
            path: Some(format!("/etc/{role}.yaml")),
            because: "the nodes' statuses differ from deployment to deployment".to_owned(),
            ..verdict::Ignore::default()
        })
        .collect()
}

fn redaction(networks: &Networks) -> Vec<snapshot::Network> {
    [
        ("admin", &networks.admin),
        ("management", &networks.management),
        ("storage", &networks.storage),
        ("public", &networks.public),
    ]
    .into_iter()
    .map(|(name, network)| snapshot::Network {
        name: name.to_owned(),
        base: network.subnet.host(0),
        prefix: network.subnet.prefix(),
    })
    .collect()
}

/// `snapshots` beside a directory, without `..` where the path says its own parent.
fn beside(directory: &Utf8Path) -> Utf8PathBuf {
    match (directory.file_name(), directory.parent()) {
        (Some(_), Some(parent)) => parent.join("snapshots"),
        _ => directory.join("..").join("snapshots"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_lie_beside_the_scenarios() {
        assert_eq!(beside(Utf8Path::new("scenarios")), "snapshots");
        assert_eq!(beside(Utf8Path::new("/home/x/scenarios")), "/home/x/snapshots");
        assert_eq!(beside(Utf8Path::new(".")), "./../snapshots");
        assert_eq!(beside(Utf8Path::new("..")), "../../snapshots");
    }
}
