use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::message::{Reference, TaskMessage};

#[derive(Debug, Clone)]
struct Plan {
    /// Node, dependencies (always on earlier tasks), fail_on_error, concurrency limit, verdict.
    tasks: Vec<(usize, Vec<usize>, bool, i64, u8)>,
    nodes: usize,
    tolerance: i64,
}

fn plans() -> impl Strategy<Value = Plan> {
    (1_usize..5, 1_usize..30, 0_i64..3).prop_flat_map(|(nodes, count, tolerance)| {
        let task = (
            0..=nodes,
            proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
            any::<bool>(),
            0_i64..3,
            0_u8..6,
        );
        proptest::collection::vec(task, count).prop_map(move |tasks| Plan {
            tasks: tasks
                .into_iter()
                .enumerate()
                .map(|(index, (node, earlier, fail_on_error, limit, verdict))| {
                    let requires = match index {
                        0 => Vec::new(),
                        _ => earlier.iter().map(|earlier| earlier.index(index)).collect(),
                    };
                    (node, requires, fail_on_error, limit, verdict)
                })
                .collect(),
            nodes,
            tolerance,
        })
    })
}

/// The plan as a graph; node 0 is the sync node.
fn graph(plan: &Plan) -> Graph {
    let node_name = |node: usize| match node {
        0 => SYNC_NODE.to_owned(),
        node => node.to_string(),
    };
    let id = |index: usize| format!("task-{index}");
    let mut nodes: BTreeMap<usize, Vec<TaskMessage>> = (0..=plan.nodes).map(|node| (node, Vec::new())).collect();
    for (index, (node, requires, fail_on_error, limit, _)) in plan.tasks.iter().enumerate() {
        let mut parameters = Map::new();
        parameters.insert("strategy".into(), json!({"type": "parallel", "amount": limit}));
        nodes.entry(*node).or_default().push(TaskMessage {
            id: id(index),
            kind: "shell".into(),
            parameters,
            fail_on_error: *fail_on_error,
            requires: requires
                .iter()
                .map(|&earlier| Reference {
                    name: id(earlier),
                    node: node_name(plan.tasks[earlier].0),
                })
                .collect(),
            required_for: Vec::new(),
        });
    }
    Graph::build(
        nodes
            .into_iter()
            .map(|(node, tasks)| (node_name(node), tasks))
            .collect(),
    )
    .unwrap()
}

fn verdict(plan: &Plan, graph: &Graph, task: usize) -> Verdict {
    let index: usize = graph.tasks[task].message.id["task-".len()..].parse().unwrap();
    match plan.tasks[index].4 {
        0 => Verdict::Failed,
        1 => Verdict::Skipped,
        _ => Verdict::Successful,
    }
}

fn groups(plan: &Plan) -> Vec<ToleranceGroup> {
    vec![ToleranceGroup {
        name: "some".into(),
        nodes: (1..=plan.nodes).map(|node| node.to_string()).collect(),
        tolerance: plan.tolerance,
    }]
}

/// Runs the plan to its end; `pick` says which of the running tasks ends next.
fn play(plan: &Plan, graph: &Graph, picks: &[prop::sample::Index]) -> (Vec<usize>, Vec<TaskStatus>) {
    let mut scheduler = Scheduler::new(graph, &groups(plan), 3);
    let mut running: Vec<usize> = Vec::new();
    let mut order = Vec::new();
    let mut picks = picks.iter().cycle();
    for _ in 0..=2 * graph.tasks.len() {
        loop {
            let started = scheduler.start();
            if started.is_empty() {
                break;
            }
            for &task in &started {
                for &required in &graph.requires[task] {
                    let status = scheduler.status(required).expect("a dependency still runs");
                    let good = matches!(status, TaskStatus::Successful | TaskStatus::Skipped);
                    assert!(good || graph.is_sync_point(task), "{status:?} did not block");
                }
            }
            running.extend(&started);
            order.extend(started);
        }
        let mut busy: Vec<usize> = running.iter().map(|&task| graph.tasks[task].node).collect();
        busy.sort_unstable();
        let before = busy.len();
        busy.dedup();
        assert_eq!(before, busy.len(), "two tasks at once on a node");
        let sync = usize::from(busy.iter().any(|&node| graph.nodes[node] == SYNC_NODE));
        assert!(busy.len() - sync <= 3, "too many busy nodes");
        if running.is_empty() {
            scheduler.close();
            let statuses = (0..graph.tasks.len())
                .map(|task| scheduler.status(task).expect("every task has ended"))
                .collect();
            return (order, statuses);
        }
        let task = running.remove(picks.next().unwrap().index(running.len()));
        scheduler.finish(task, verdict(plan, graph, task));
    }
    panic!("the deployment does not end");
}

proptest! {
    #[test]
    fn no_dependency_is_violated_and_every_deployment_ends(
        plan in plans(),
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        let graph = graph(&plan);
        let first = play(&plan, &graph, &picks);
        prop_assert_eq!(first, play(&plan, &graph, &picks), "the scheduler is deterministic");
    }

    #[test]
    fn without_failures_every_task_runs(mut plan in plans(), pick in any::<prop::sample::Index>()) {
        for task in &mut plan.tasks {
            task.4 = 5;
        }
        let graph = graph(&plan);
        let (order, statuses) = play(&plan, &graph, &[pick]);
        prop_assert_eq!(order.len(), graph.tasks.len());
        prop_assert!(statuses.iter().all(|status| *status == TaskStatus::Successful));
    }
}
