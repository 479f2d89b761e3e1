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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::environment::RegisteredNode;
    use crate::verdict::{Difference, DifferenceKind, Said};

    fn environment() -> DeployedEnvironment {
        DeployedEnvironment {
            id: 1,
            astute: mock_astute::Profile::fuel_9_2(),
            graphs: Vec::new(),
            master: None,
            nodes: vec![RegisteredNode {
                uid: "1".to_owned(),
                name: "node-1".to_owned(),
                fqdn: "node-1.domain.tld".to_owned(),
                addresses: BTreeMap::new(),
                roles: Vec::new(),
            }],
        }
    }

    fn task(task: &str, called: Call) -> TaskVerdict {
        TaskVerdict {
            node: "node-1".to_owned(),
            task: task.to_owned(),
            kind: "shell".to_owned(),
            called,
            fails: called.fails(false),
            said: Said::Nothing,
            differences: Vec::new(),
            rewritten: Vec::new(),
            changed_resources: Vec::new(),
            first_run_changes: 0,
            first_seconds: None,
            second_seconds: None,
            first_attempts: 1,
            second_attempts: 1,
            error: None,
            earlier: false,
        }
    }

    fn verdict(tasks: &[(&str, Call)]) -> Verdict {
        let tasks: Vec<TaskVerdict> = tasks.iter().map(|(name, called)| task(name, *called)).collect();
        Verdict {
            passed: tasks.iter().all(|task| !task.fails),
            tasks,
            ..Verdict::default()
        }
    }

    fn cut(tasks: &[&str]) -> BTreeSet<TaskOnNode> {
        tasks.iter().map(|task| ("1".to_owned(), (*task).to_owned())).collect()
    }

    fn told(verdict: &Verdict) -> Vec<(&str, Call, bool)> {
        let tasks = verdict.tasks.iter();
        tasks
            .map(|task| (task.task.as_str(), task.called, task.earlier))
            .collect()
    }

    #[test]
    fn what_did_not_run_again_stands_and_what_did_is_judged_anew() {
        let mut verdicts = Verdicts::default();
        let first = verdicts.add(verdict(&[("a", Call::Idempotent), ("b", Call::SilentChange)]));
        assert!(!first.passed);
        verdicts.retain(&environment(), &cut(&["a"]));
        // In the graph, `a` has nothing to do.
        let second = verdicts.add(verdict(&[("a", Call::Skipped), ("b", Call::Idempotent)]));
        assert!(second.passed);
        assert_eq!(
            told(&second),
            [("a", Call::Idempotent, true), ("b", Call::Idempotent, false)]
        );
    }

    #[test]
    fn an_earlier_task_that_fails_the_verdict_goes_on_failing_it() {
        let mut verdicts = Verdicts::default();
        verdicts.add(verdict(&[("a", Call::NotIdempotent), ("b", Call::Idempotent)]));
        verdicts.retain(&environment(), &cut(&["a"]));
        assert!(!verdicts.add(verdict(&[("b", Call::Idempotent)])).passed);
    }

    #[test]
    fn a_task_that_was_not_reached_has_not_been_judged() {
        let mut verdicts = Verdicts::default();
        verdicts.add(verdict(&[
            ("a", Call::Idempotent),
            ("b", Call::NotRerunnable),
            ("c", Call::NotReached),
        ]));
        let all = cut(&["a", "b", "c"]);
        verdicts.retain(&environment(), &all);
        assert_eq!(verdicts.judged(&environment(), &all), cut(&["a", "b"]));
    }

    #[test]
    fn a_difference_of_several_tasks_stands_while_one_of_them_does() {
        let mut verdicts = Verdicts::default();
        let mut first = verdict(&[("a", Call::Idempotent), ("b", Call::Idempotent)]);
        first.unattributed.push(Background {
            node: "node-1".to_owned(),
            difference: Difference {
                kind: DifferenceKind::Route,
                subject: "default".to_owned(),
                before: None,
                after: None,
                diff: None,
                note: None,
                at: None,
                blame: Blame::Candidates(vec!["a".to_owned(), "b".to_owned()]),
                resource: None,
            },
        });
        verdicts.add(first);
        verdicts.retain(&environment(), &cut(&["a"]));
        assert!(!verdicts.add(verdict(&[("b", Call::Idempotent)])).passed);
        verdicts.retain(&environment(), &cut(&[]));
        assert!(verdicts.add(verdict(&[("a", Call::Idempotent)])).passed);
    }
}
