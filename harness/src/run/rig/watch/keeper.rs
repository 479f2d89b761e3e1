//! Keeping the nodes' states while a deployment goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use mock_astute::{Command, FileUpload, Node, NodeError, Output};
use tokio::sync::Mutex;

use super::index;
use crate::checkpoint::{Cuts, TaskOnNode, TaskState};
use crate::engine::{Checkpoint, RunId, TargetNode};
use crate::event::{Events, RunEvent};

/// A node's kept state.
#[derive(Debug, Clone)]
pub(super) struct KeptState {
    pub(super) checkpoint: Checkpoint,
    /// `/etc/hosts`, which the engine makes anew at every start and which is in no image; `None` as it was at first.
    pub(super) hosts: Option<String>,
    /// The plugins' files that the node may have, by absolute path.
    pub(super) scripts: Arc<BTreeSet<String>>,
}

/// The order in which tasks began, and the states that were kept.
#[derive(Debug)]
pub(super) struct Kept {
    cuts: Cuts,
    states: BTreeMap<TaskState, KeptState>,
    /// How often a state was kept: a part of the images' names.
    count: usize,
}

impl Kept {
    /// The nodes' states before anything was deployed.
    pub(super) fn new(start: BTreeMap<String, Checkpoint>) -> Self {
        let cuts = Cuts::new(start.keys());
        let states = start.into_iter().map(|(uid, checkpoint)| {
            let state = KeptState {
                checkpoint,
                hosts: None,
                scripts: Arc::default(),
            };
            ((uid, 0), state)
        });
        Self {
            cuts,
            states: states.collect(),
            count: 0,
        }
    }

    /// What an earlier run kept: the order in which its tasks began, and the states that the engine still has.
    pub(super) fn again(order: Vec<TaskOnNode>, states: Vec<(index::State, Checkpoint)>) -> Self {
        let kept = states.iter().map(|(state, _)| (state.node.clone(), state.begun));
        let cuts = Cuts::again(order, kept);
        let states = states.into_iter().map(|(state, checkpoint)| {
            let scripts = Arc::new(state.scripts);
            let kept = KeptState {
                checkpoint,
                hosts: state.hosts,
                scripts,
            };
            ((state.node, state.begun), kept)
        });
        Self {
            cuts,
            states: states.collect(),
            count: 0,
        }
    }

    /// What is kept, for an index.
    pub(super) fn states(&self) -> Vec<index::State> {
        let states = self.states.iter();
        states
            .map(|((node, begun), state)| index::State {
                node: node.clone(),
                begun: *begun,
                image: state.checkpoint.image().to_owned(),
                hosts: state.hosts.clone(),
                scripts: state.scripts.as_ref().clone(),
            })
            .collect()
    }

    /// The tasks in the order in which they began.
    pub(super) fn order(&self) -> &[TaskOnNode] {
        self.cuts.order()
    }

    /// The last boundary at or before a place in that order.
    pub(super) fn boundary(&self, position: usize) -> usize {
        self.cuts.boundary(position)
    }

    /// What the nodes are started from at a boundary.
    pub(super) fn at(&self, boundary: usize) -> BTreeMap<String, KeptState> {
        let states = self.cuts.at(boundary).into_iter().flatten();
        states
            .filter_map(|(uid, begun)| Some((uid.clone(), self.states.get(&(uid, begun))?.clone())))
            .collect()
    }

    /// The nodes were restored to a boundary. Gives the images that are of no use any more, the oldest first.
    pub(super) fn restored(&mut self, boundary: usize) -> Vec<String> {
        let useless = self.cuts.restore(boundary);
        let images = useless.iter().filter_map(|state| self.states.remove(state));
        images.map(|state| state.checkpoint.image().to_owned()).collect()
    }
}

/// Keeps states while tasks run.
pub(super) struct Keeper {
    /// Whose the states are.
    pub(super) run: RunId,
    /// Whether any are kept; the order of tasks is taken down in any case.
    pub(super) keeps: bool,
    pub(super) events: Events,
    pub(super) nodes: BTreeMap<String, Arc<TargetNode>>,
    /// The tasks before which nothing is kept.
    pub(super) core: Arc<BTreeSet<String>>,
    /// The plugins' files as they are in this deployment.
    pub(super) scripts: Arc<BTreeSet<String>>,
    pub(super) kept: Arc<Mutex<Kept>>,
}

impl Keeper {
    /// The nodes, which are kept before each task of a plugin.
    pub(super) fn wrapped(self) -> BTreeMap<String, Arc<dyn Node>> {
        let keeper = Arc::new(self);
        let wrap = |(uid, node): (&String, &Arc<TargetNode>)| {
            let node = KeptNode {
                node: Arc::clone(node),
                keeper: Arc::clone(&keeper),
            };
            (uid.clone(), Arc::new(node) as Arc<dyn Node>)
        };
        keeper.nodes.iter().map(wrap).collect()
    }

    /// Keeps these states. Nobody begins a task meanwhile: the lock is held.
    async fn keep(&self, kept: &mut Kept, wanted: Vec<TaskState>) {
        let first = kept.count;
        kept.count += wanted.len();
        let keeps = wanted
            .into_iter()
            .zip(first..)
            .map(|((uid, begun), number)| async move {
                let node = self.nodes.get(&uid)?;
                // A node that cannot be read cannot be kept either, which is told below.
                let hosts = node.read_file("/etc/hosts").await.ok().flatten();
                let hosts = hosts.map(|text| String::from_utf8_lossy(&text).into_owned());
                match node.keep(&self.run, &format!("state-{number}")).await {
                    Ok(checkpoint) => Some(((uid, begun), checkpoint, hosts)),
                    Err(error) => {
                        self.events.emit(RunEvent::Warning(format!(
                            "{error}\n  hint: a later change is deployed from an earlier task than it need be"
                        )));
                        None
                    }
                }
            });
        for (state, checkpoint, hosts) in join_all(keeps).await.into_iter().flatten() {
            kept.cuts.kept(&state.0, state.1);
            let scripts = Arc::clone(&self.scripts);
            let kept_state = KeptState {
                checkpoint,
                hosts,
                scripts,
            };
            kept.states.insert(state, kept_state);
        }
    }
}

/// A node whose state is kept before tasks of plugins.
struct KeptNode {
    node: Arc<TargetNode>,
    keeper: Arc<Keeper>,
}

#[async_trait]
impl Node for KeptNode {
    async fn run(&self, command: Command) -> Result<Output, NodeError> {
        self.node.run(command).await
    }

    async fn write_file(&self, file: FileUpload) -> Result<(), NodeError> {
        self.node.write_file(file).await
    }

    async fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, NodeError> {
        self.node.read_file(path).await
    }

    async fn remove_file(&self, path: &str) -> Result<(), NodeError> {
        self.node.remove_file(path).await
    }

    async fn reboot(&self, timeout: Duration) -> Result<(), NodeError> {
        self.node.reboot(timeout).await
    }

    async fn is_online(&self) -> bool {
        self.node.is_online().await
    }

    async fn task_begins(&self, task: &str) {
        let keeper = &self.keeper;
        let mut kept = keeper.kept.lock().await;
        let wanted = kept
            .cuts
            .begins(self.node.uid(), task, keeper.keeps && !keeper.core.contains(task));
        keeper.keep(&mut kept, wanted).await;
    }

    async fn task_ended(&self, _kind: &str) {
        let mut kept = self.keeper.kept.lock().await;
        if let Some(begun) = kept.cuts.ended(self.node.uid()) {
            let state = (self.node.uid().to_owned(), begun);
            self.keeper.keep(&mut kept, vec![state]).await;
        }
    }
}
