//! Which task runs next: the rules of Astute's graph engine as a state machine that runs nothing itself.
//!
//! The same calls in the same order always give the same answers.

use std::collections::HashMap;

use crate::event::TaskStatus;
use crate::graph::Graph;
use crate::message::{SYNC_NODE, ToleranceGroup};

/// What became of a task that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did its work.
    Successful,
    /// It did not.
    Failed,
    /// There was nothing to do.
    Skipped,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeStanding {
    /// It has tasks left.
    Working,
    /// All its tasks ended well.
    Successful,
    /// One of its tasks failed or could not run for another's failure.
    Failed,
    /// The deployment stopped before its tasks were through.
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Ended(TaskStatus),
}

#[derive(Debug)]
struct Node {
    tasks: Vec<usize>,
    ended: usize,
    busy: bool,
    /// A task of it failed.
    failed: bool,
    /// A task of it could not run for another's failure.
    deprived: bool,
    /// Its failure has been counted against its groups.
    counted: bool,
    critical: bool,
    groups: Vec<usize>,
}

/// The state of one deployment.
#[derive(Debug)]
pub(crate) struct Scheduler<'graph> {
    graph: &'graph Graph,
    states: Vec<State>,
    /// How many dependencies of each task have not ended.
    open: Vec<usize>,
    nodes: Vec<Node>,
    groups: Vec<(String, i64)>,
    running_by_id: HashMap<&'graph str, usize>,
    running: usize,
    max_busy_nodes: usize,
    cursor: usize,
    stopped: bool,
}

impl<'graph> Scheduler<'graph> {
    /// A deployment that has not begun.
    ///
    /// Nodes that no group names form a group of their own that tolerates nothing.
    pub(crate) fn new(graph: &'graph Graph, groups: &[ToleranceGroup], max_busy_nodes: usize) -> Self {
        let mut nodes: Vec<Node> = graph
            .nodes
            .iter()
            .map(|name| Node {
                tasks: Vec::new(),
                ended: 0,
                busy: false,
                failed: false,
                deprived: false,
                counted: false,
                critical: false,
                groups: groups
                    .iter()
                    .enumerate()
                    .filter(|(_, group)| group.nodes.contains(name))
                    .map(|(index, _)| index)
                    .collect(),
            })
            .collect();
        for (index, task) in graph.tasks.iter().enumerate() {
            nodes[task.node].tasks.push(index);
        }
        let mut tolerances: Vec<(String, i64)> = groups
            .iter()
            .map(|group| (group.name.clone(), group.tolerance))
            .collect();
        tolerances.push(("zero_tolerance_as_default_for_nodes".to_owned(), 0));
        for node in &mut nodes {
            if node.groups.is_empty() {
                node.groups.push(tolerances.len() - 1);
            }
            node.critical = node.groups.iter().any(|&group| tolerances[group].1 <= 0);
        }
        Self {
            graph,
            states: vec![State::Waiting; graph.tasks.len()],
            open: graph.requires.iter().map(Vec::len).collect(),
            nodes,
            groups: tolerances,
            running_by_id: HashMap::new(),
            running: 0,
            max_busy_nodes,
            cursor: 0,
            stopped: false,
        }
    }

    /// Tasks that are to start now; they count as running until [`Self::finish`].
    ///
    /// Empty with nothing running means that the deployment is over.
    pub(crate) fn start(&mut self) -> Vec<usize> {
        let mut started = Vec::new();
        if self.stopped {
            return started;
        }
        let count = self.nodes.len();
        for step in 0..count {
            if self.busy_nodes() >= self.max_busy_nodes {
                break;
            }
            let node = (self.cursor + step) % count;
            if self.nodes[node].busy {
                continue;
            }
            if let Some(task) = self.choose(node) {
                self.states[task] = State::Running;
                self.nodes[node].busy = true;
                self.running += 1;
                *self.running_by_id.entry(self.id(task)).or_default() += 1;
                started.push(task);
            }
        }
        if let Some(&last) = started.last() {
            self.cursor = (self.graph.tasks[last].node + 1) % count;
        }
        started
    }

    /// Takes the end of a running task; gives the tasks that can never run because of it.
    pub(crate) fn finish(&mut self, task: usize, verdict: Verdict) -> Vec<usize> {
        debug_assert_eq!(self.states[task], State::Running);
        let status = match verdict {
            Verdict::Successful => TaskStatus::Successful,
            Verdict::Skipped => TaskStatus::Skipped,
            Verdict::Failed if self.graph.tasks[task].message.fail_on_error => TaskStatus::Failed,
            Verdict::Failed => TaskStatus::Skipped,
        };
        self.nodes[self.graph.tasks[task].node].busy = false;
        self.running -= 1;
        if let Some(running) = self.running_by_id.get_mut(self.id(task)) {
            *running -= 1;
        }
        self.end(task, status)
    }

    /// Counts a node as failed without any task of it having run; gives the tasks that can never run because of it.
    pub(crate) fn fail_node(&mut self, node: usize) -> Vec<usize> {
        let mut lost = Vec::new();
        self.mark_failed(node, &mut lost);
        self.spread(lost)
    }

    /// Starts nothing more; what runs may end.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether nothing more is started.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// How many tasks run.
    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// Ends what is still waiting as not reached and gives it.
    pub(crate) fn close(&mut self) -> Vec<usize> {
        let rest: Vec<usize> = (0..self.states.len())
            .filter(|&task| self.states[task] == State::Waiting)
            .collect();
        for &task in &rest {
            self.states[task] = State::Ended(TaskStatus::NotReached);
            self.nodes[self.graph.tasks[task].node].ended += 1;
        }
        rest
    }

    /// How a task ended; `None` while it has not.
    pub(crate) fn status(&self, task: usize) -> Option<TaskStatus> {
        match self.states[task] {
            State::Ended(status) => Some(status),
            State::Waiting | State::Running => None,
        }
    }

    /// Share of a node's tasks that ended, 0 to 100.
    pub(crate) fn progress(&self, node: usize) -> usize {
        let node = &self.nodes[node];
        (100 * node.ended).checked_div(node.tasks.len()).unwrap_or(100)
    }

    /// Where a node stands.
    pub(crate) fn standing(&self, node: usize) -> NodeStanding {
        let node = &self.nodes[node];
        if node.ended < node.tasks.len() {
            NodeStanding::Working
        } else if node.failed || node.deprived {
            NodeStanding::Failed
        } else if node
            .tasks
            .iter()
            .any(|&task| self.states[task] == State::Ended(TaskStatus::NotReached))
        {
            NodeStanding::Stopped
        } else {
            NodeStanding::Successful
        }
    }

    /// Whether the node's failure fails the deployment.
    pub(crate) fn is_critical(&self, node: usize) -> bool {
        self.nodes[node].critical
    }

    /// Whether a critical node failed.
    pub(crate) fn lost_a_critical_node(&self) -> bool {
        self.nodes.iter().any(|node| node.critical && node.failed)
    }

    /// Names of the groups that lost more nodes than they tolerate.
    pub(crate) fn exceeded_groups(&self) -> Vec<&str> {
        self.groups
            .iter()
            .filter(|(_, tolerance)| *tolerance < 0)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    fn id(&self, task: usize) -> &'graph str {
        &self.graph.tasks[task].message.id
    }

    /// The sync node does no work, so it takes no one's place.
    fn busy_nodes(&self) -> usize {
        self.nodes
            .iter()
            .zip(&self.graph.nodes)
            .filter(|(node, name)| node.busy && *name != SYNC_NODE)
            .count()
    }

    /// The heaviest task of a node that may run; the first of equals.
    fn choose(&self, node: usize) -> Option<usize> {
        let mut best: Option<usize> = None;
        for &task in &self.nodes[node].tasks {
            if self.states[task] != State::Waiting || self.open[task] > 0 {
                continue;
            }
            let running = self.running_by_id.get(self.id(task)).copied().unwrap_or(0);
            if self.graph.tasks[task].limit.is_some_and(|limit| running >= limit) {
                continue;
            }
            if best.is_none_or(|best| self.graph.weights[task] > self.graph.weights[best]) {
                best = Some(task);
            }
        }
        best
    }

    /// Ends one task and draws the conclusions.
    fn end(&mut self, task: usize, status: TaskStatus) -> Vec<usize> {
        let node = self.graph.tasks[task].node;
        let mut lost = Vec::new();
        self.record(task, status, &mut lost);
        if status == TaskStatus::Failed {
            self.mark_failed(node, &mut lost);
        }
        self.spread(lost)
    }

    /// Ends the tasks of `lost` and all that waits for them.
    fn spread(&mut self, mut lost: Vec<usize>) -> Vec<usize> {
        let mut ended = Vec::new();
        while let Some(task) = lost.pop() {
            if self.states[task] == State::Waiting {
                ended.push(task);
                self.record(task, TaskStatus::DependencyFailed, &mut lost);
            }
        }
        ended.sort_unstable();
        ended
    }

    fn record(&mut self, task: usize, status: TaskStatus, lost: &mut Vec<usize>) {
        self.states[task] = State::Ended(status);
        let failed = matches!(status, TaskStatus::Failed | TaskStatus::DependencyFailed);
        for &dependant in &self.graph.dependants[task] {
            self.open[dependant] -= 1;
            // A stage waits for its predecessors to end, however they end.
            if failed && !self.graph.is_sync_point(dependant) {
                lost.push(dependant);
            }
        }
        let index = self.graph.tasks[task].node;
        let node = &mut self.nodes[index];
        node.ended += 1;
        node.deprived |= status == TaskStatus::DependencyFailed;
        // A node that only lost tasks to the failure of others works on, and has failed when it is through.
        if node.deprived && node.ended == node.tasks.len() {
            self.count_failure(index);
        }
    }

    /// A task of the node failed: nothing more runs on it.
    fn mark_failed(&mut self, node: usize, lost: &mut Vec<usize>) {
        self.nodes[node].failed = true;
        lost.extend(
            self.nodes[node]
                .tasks
                .iter()
                .copied()
                .filter(|&task| self.states[task] == State::Waiting),
        );
        self.count_failure(node);
    }

    /// Makes the node's groups pay, once, and pulls the emergency brake where one cannot.
    fn count_failure(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        if node.counted {
            return;
        }
        node.counted = true;
        self.stopped |= node.critical;
        for &group in &node.groups {
            let (_, tolerance) = &mut self.groups[group];
            *tolerance -= 1;
            self.stopped |= *tolerance < 0;
        }
    }
}

#[cfg(test)]
mod tests;
