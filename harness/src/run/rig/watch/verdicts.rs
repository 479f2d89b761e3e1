//! What tasks were called, from the round in which they ran last.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::checkpoint::TaskOnNode;
use crate::run::environment::DeployedEnvironment;
use crate::verdict::{Background, Blame, Call, TaskVerdict, Verdict};

/// The verdicts on tasks that stand, in the order in which they were found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Verdicts {
    tasks: Vec<TaskVerdict>,
    /// Differences that several of them may have made.
    unattributed: Vec<Background>,
}

impl Verdicts {
    /// Forgets all but these tasks.
    pub(super) fn retain(&mut self, environment: &DeployedEnvironment, cut: &BTreeSet<TaskOnNode>) {
        let names = by_name(environment, cut);
        self.tasks
            .retain(|task| names.contains_key(&(task.node.as_str(), task.task.as_str())));
        self.unattributed
            .retain(|background| match &background.difference.blame {
                Blame::Candidates(tasks) => {
                    let stands = |task: &String| names.contains_key(&(background.node.as_str(), task.as_str()));
                    tasks.iter().any(stands)
                }
                _ => false,
            });
    }

    /// Those of these tasks that there is a verdict on.
    pub(super) fn judged(&self, environment: &DeployedEnvironment, cut: &BTreeSet<TaskOnNode>) -> BTreeSet<TaskOnNode> {
        let names = by_name(environment, cut);
        let judged = self.tasks.iter();
        judged
            .filter_map(|task| names.get(&(task.node.as_str(), task.task.as_str())))
            .map(|task| (*task).clone())
            .collect()
    }

    /// Adds the verdict on the tasks that ran, and gives the one on all of them.
    pub(super) fn add(&mut self, mut verdict: Verdict) -> Verdict {
        let earlier: BTreeSet<(String, String)> = self
            .tasks
            .iter()
            .map(|task| (task.node.clone(), task.task.clone()))
            .collect();
        // They are in the graph without anything to do.
        verdict
            .tasks
            .retain(|task| !earlier.contains(&(task.node.clone(), task.task.clone())));
        let mut tasks: Vec<TaskVerdict> = self
            .tasks
            .drain(..)
            .map(|task| TaskVerdict { earlier: true, ..task })
            .collect();
        tasks.append(&mut verdict.tasks);
        let mut unattributed = std::mem::take(&mut self.unattributed);
        unattributed.append(&mut verdict.unattributed);
        let verdict = Verdict {
            passed: unattributed.is_empty()
                && tasks.iter().all(|task| !task.fails)
                && (verdict.background.is_empty() || !verdict.strict),
            tasks,
            unattributed,
            ..verdict
        };
        let ran = |task: &&TaskVerdict| !matches!(task.called, Call::Skipped | Call::NotReached);
        self.tasks = verdict.tasks.iter().filter(ran).cloned().collect();
        self.unattributed.clone_from(&verdict.unattributed);
        verdict
    }
}

fn by_name<'a>(
    environment: &'a DeployedEnvironment,
    cut: &'a BTreeSet<TaskOnNode>,
) -> BTreeMap<(&'a str, &'a str), &'a TaskOnNode> {
    let named = cut.iter().filter_map(|task| {
        let node = environment.nodes.iter().find(|node| node.uid == task.0)?;
        Some(((node.name.as_str(), task.1.as_str()), task))
    });
    named.collect()
}
