//! A node that is glanced at between the tasks of a deployment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use mock_astute::{Command, FileUpload, Node, NodeError, Output};

use crate::capture::{self, Observer, Scope, State};
use crate::verdict;

/// How long one glance may take altogether.
const PATIENCE: Duration = Duration::from_secs(30);
/// A glance that took longer than this was kept up by observers: the later ones do without them.
const QUICK: Duration = Duration::from_secs(1);

/// Passes everything on to a node and glances at it after each task that runs somebody's code, so that what bears no
/// time of its own (routes, packet filter rules, mounts, what observers see) can be told from task to task.
pub(crate) struct Watched {
    node: Arc<dyn Node>,
    observers: Vec<Observer>,
    glances: Mutex<Glances>,
}

#[derive(Default)]
struct Glances {
    taken: Vec<State>,
    without_observers: bool,
}

impl Watched {
    pub(crate) fn new(node: Arc<dyn Node>, observers: Vec<Observer>) -> Self {
        Self {
            node,
            observers,
            glances: Mutex::default(),
        }
    }

    /// What was seen, in order.
    pub(crate) fn take(&self) -> Vec<State> {
        std::mem::take(&mut self.lock().taken)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Glances> {
        self.glances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Node for Watched {
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

    async fn task_ended(&self, kind: &str) {
        self.node.task_ended(kind).await;
        if !verdict::runs_code(kind) {
            return;
        }
        let observers = if self.lock().without_observers {
            &[][..]
        } else {
            &self.observers
        };
        let scope = Scope {
            timeout: PATIENCE,
            ..Scope::machine(observers)
        };
        let begun = Instant::now();
        match capture::glance(self.node.as_ref(), &scope).await {
            Ok(state) => {
                let mut glances = self.lock();
                glances.taken.push(state);
                glances.without_observers |= begun.elapsed() > QUICK;
            }
            // Whoever is blamed later is then one of several; the captures at the boundaries see it all the same.
            Err(error) => tracing::warn!(%error, "no glance after this task"),
        }
    }
}
