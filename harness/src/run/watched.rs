//! A node that is glanced at between the tasks of a deployment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use mock_astute::{Command, FileUpload, Node, NodeError, Output};

use crate::capture::{self, Observer, Scope, State};
use crate::verdict;

/// How long one glance may take altogether.
const PATIENCE: Duration = Duration::from_secs(30);
/// Observers are asked, and directories that changed are looked for, in a glance while all glances together take less than this part of the deployment,
const SHARE: u32 = 8;
/// and this much more, so that the first ones are asked.
const HEAD_START: Duration = Duration::from_secs(5);

/// Passes everything on to a node and glances at it after each task that runs somebody's code, so that what bears no
/// time of its own (routes, packet filter rules, mounts, what observers see) can be told from task to task.
pub(crate) struct Watched {
    node: Arc<dyn Node>,
    observers: Vec<Observer>,
    since: Instant,
    /// The same by the clock of the wall: what is removed before it is nothing that the second run did.
    begun: SystemTime,
    glances: Mutex<Glances>,
}

#[derive(Default)]
struct Glances {
    taken: Vec<State>,
    spent: Duration,
    /// When directories were looked for the last time, by the node's clock.
    listed: Option<SystemTime>,
}

impl Watched {
    pub(crate) fn new(node: Arc<dyn Node>, observers: Vec<Observer>) -> Self {
        Self {
            node,
            observers,
            since: Instant::now(),
            begun: SystemTime::now(),
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

    async fn task_begins(&self, task: &str) {
        self.node.task_begins(task).await;
    }

    async fn task_ended(&self, kind: &str) {
        self.node.task_ended(kind).await;
        if !verdict::runs_code(kind) {
            return;
        }
        // The rest of a glance takes a tenth of a second; these may take long.
        let may_look = may_observe(self.since.elapsed(), self.lock().spent);
        let observers = if may_look { &self.observers[..] } else { &[] };
        let since = may_look.then(|| self.lock().listed.unwrap_or(self.begun));
        let scope = Scope {
            timeout: PATIENCE,
            ..Scope::machine(observers)
        };
        let begun = Instant::now();
        let glance = capture::glance_since(self.node.as_ref(), &scope, since).await;
        let mut glances = self.lock();
        glances.spent += begun.elapsed();
        match glance {
            Ok(state) => {
                if state.directories.is_some() {
                    glances.listed = Some(state.taken);
                }
                glances.taken.push(state);
            }
            // Whoever is blamed later is then one of several; the captures at the boundaries see it all the same.
            Err(error) => tracing::warn!(%error, "no glance after this task"),
        }
    }
}

/// Whether observers may be asked again and directories looked for, this long after the deployment began and with this much of it spent on
/// glances: those that take long are left to the captures at the boundaries.
fn may_observe(elapsed: Duration, spent: Duration) -> bool {
    spent < elapsed / SHARE + HEAD_START
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_first_glance(1, 0, true)]
    #[case::quick_observers(800, 60, true)]
    #[case::slow_observers(80, 16, false)]
    #[case::slow_observers_after_a_long_task(200, 16, true)]
    fn slow_observers_are_asked_less_often(#[case] elapsed: u64, #[case] spent: u64, #[case] asked: bool) {
        assert_eq!(
            may_observe(Duration::from_secs(elapsed), Duration::from_secs(spent)),
            asked
        );
    }
}
