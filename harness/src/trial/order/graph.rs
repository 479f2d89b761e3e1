//! Which orders the graph of Astute's messages allows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde_json::{Value, json};

use super::{Order, PartialOrder};

/// A task on a node, in the order in which an undisturbed deployment runs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderedTask {
    /// Nailgun's id of the node.
    pub(crate) uid: String,
    /// Task id.
    pub(crate) id: String,
    /// Whether it is a plugin's.
    pub(crate) own: bool,
    /// Which of the messages it is in.
    message: usize,
}

/// The tasks of a deployment that do something, and what must come before what.
#[derive(Debug, Clone)]
pub(crate) struct TaskOrder {
    /// The tasks, the usual order being 0, 1, 2, …
    pub(crate) tasks: Vec<OrderedTask>,
    /// What the graph says, and that Fuel's own tasks keep their order among themselves: what is tried is the plugins.
    pub(crate) allowed: PartialOrder,
    /// How many pairs with a plugin's task the graph leaves free, that cannot be turned round without turning round two
    /// of Fuel's own.
    pub(crate) held: usize,
}

/// A task by the key of its node in the graph and its id.
type Key<'a> = (&'a str, &'a str);

/// The key of the node of stages.
const SYNC_NODE: &str = "null";

impl TaskOrder {
    /// Reads the graphs of the messages; `is_own` says of a node's id and a task's whether it is a plugin's, `started`
    /// when it began. The graph reaches through tasks that do nothing, and each message through the one before it.
    pub(crate) fn read(
        messages: &[Value],
        is_own: impl Fn(&str, &str) -> bool,
        started: impl Fn(&str, &str) -> Option<SystemTime>,
    ) -> Self {
        let flat: Vec<&Value> = messages.iter().flat_map(each).collect();
        let mut tasks = Vec::new();
        let mut edges: Vec<(usize, usize)> = Vec::new();
        for (number, message) in flat.iter().enumerate() {
            let begin = tasks.len();
            let graph = Graph::read(message);
            let busy = graph
                .tasks
                .iter()
                .filter(|(_, kind)| !crate::verdict::does_nothing(kind));
            let keys: Vec<Key<'_>> = busy.map(|(key, _)| *key).collect();
            let numbers: BTreeMap<Key<'_>, usize> = keys.iter().copied().zip(begin..).collect();
            for &(uid, id) in &keys {
                tasks.push(OrderedTask {
                    uid: uid.to_owned(),
                    id: id.to_owned(),
                    own: is_own(uid, id),
                    message: number,
                });
                let reached = graph.reached_from((uid, id));
                let here = numbers[&(uid, id)];
                edges.extend(
                    reached
                        .iter()
                        .filter_map(|key| numbers.get(key))
                        .map(|&there| (here, there)),
                );
            }
            edges.extend((0..begin).flat_map(|earlier| (begin..tasks.len()).map(move |later| (earlier, later))));
        }
        let mut allowed = PartialOrder::new(tasks.len());
        for (one, other) in edges {
            allowed.put_before(one, other);
        }
        // What never began comes last.
        let mut began: Vec<(bool, Option<SystemTime>, usize)> = (tasks.iter().enumerate())
            .map(|(at, task)| (started(&task.uid, &task.id), at))
            .map(|(began, at)| (began.is_none(), began, at))
            .collect();
        began.sort_unstable();
        let usual = allowed.nearest(&began.into_iter().map(|(_, _, at)| at).collect::<Order>());
        Self::renumbered(&tasks, &allowed, &usual)
    }

    fn renumbered(tasks: &[OrderedTask], allowed: &PartialOrder, usual: &[usize]) -> Self {
        let tasks: Vec<OrderedTask> = usual.iter().map(|&at| tasks[at].clone()).collect();
        let mut renumbered = PartialOrder::new(tasks.len());
        for (one, &was) in usual.iter().enumerate() {
            for (other, &other_was) in usual.iter().enumerate() {
                if allowed.before(was, other_was) {
                    renumbered.put_before(one, other);
                }
            }
        }
        let free = |order: &PartialOrder| {
            let pairs = order.free_pairs().into_iter();
            pairs.filter(|&(one, other)| tasks[one].own || tasks[other].own).count()
        };
        let by_graph = free(&renumbered);
        let core: Order = (0..tasks.len()).filter(|&task| !tasks[task].own).collect();
        for pair in core.windows(2) {
            renumbered.put_before(pair[0], pair[1]);
        }
        Self {
            held: by_graph - free(&renumbered),
            allowed: renumbered,
            tasks,
        }
    }

    /// The messages with edges that leave this order alone, one task at a time. Every edge that they have stays.
    pub(crate) fn force(&self, messages: &[Value], order: &[usize]) -> Vec<Value> {
        let mut messages = messages.to_vec();
        let mut flat: Vec<&mut Value> = messages.iter_mut().flat_map(each_mut).collect();
        for pair in order.windows(2) {
            let (earlier, later) = (&self.tasks[pair[0]], &self.tasks[pair[1]]);
            // A message waits for the one before it anyway, and knows nothing of its tasks.
            if earlier.message != later.message {
                continue;
            }
            let tasks = flat[later.message]["args"]["tasks_graph"][&later.uid].as_array_mut();
            let Some(task) = tasks.into_iter().flatten().find(|task| task["id"] == later.id.as_str()) else {
                continue;
            };
            let edge = json!({"name": earlier.id, "node_id": earlier.uid});
            match task["requires"].as_array_mut() {
                Some(requires) => requires.push(edge),
                None => task["requires"] = json!([edge]),
            }
        }
        messages
    }
}

/// The tasks of one message, and which wait for which.
struct Graph<'a> {
    tasks: BTreeMap<Key<'a>, &'a str>,
    dependants: BTreeMap<Key<'a>, Vec<Key<'a>>>,
}

impl<'a> Graph<'a> {
    fn read(message: &'a Value) -> Self {
        let mut tasks = BTreeMap::new();
        let mut dependants: BTreeMap<Key<'a>, Vec<Key<'a>>> = BTreeMap::new();
        for (uid, list) in message["args"]["tasks_graph"].as_object().into_iter().flatten() {
            for task in list.as_array().into_iter().flatten() {
                let key = (uid.as_str(), task["id"].as_str().unwrap_or_default());
                tasks.insert(key, task["type"].as_str().unwrap_or_default());
                for earlier in references(&task["requires"]) {
                    dependants.entry(earlier).or_default().push(key);
                }
                let later = references(&task["required_for"]);
                dependants.entry(key).or_default().extend(later);
            }
        }
        Self { tasks, dependants }
    }

    /// Everything that waits for this task, directly or by way of others.
    fn reached_from(&self, from: Key<'a>) -> BTreeSet<Key<'a>> {
        let mut reached = BTreeSet::new();
        let mut left = vec![from];
        while let Some(key) = left.pop() {
            for &next in self.dependants.get(&key).into_iter().flatten() {
                if next != from && reached.insert(next) {
                    left.push(next);
                }
            }
        }
        reached
    }
}

fn references(list: &Value) -> impl Iterator<Item = Key<'_>> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|reference| {
        let node = reference["node_id"].as_str().unwrap_or(SYNC_NODE);
        Some((node, reference["name"].as_str()?))
    })
}

/// A message, or each of a list of them.
fn each(message: &Value) -> impl Iterator<Item = &Value> {
    match message {
        Value::Array(several) => several.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

fn each_mut(message: &mut Value) -> impl Iterator<Item = &mut Value> {
    match message {
        Value::Array(several) => several.iter_mut(),
        one => std::slice::from_mut(one).iter_mut(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Two of Fuel's own tasks, three of a plugin's, and one of the plugin's on a second node; `b` waits for `a` by way
    /// of a stage.
    fn message() -> Value {
        json!([{"method": "task_deploy", "args": {"tasks_graph": {
            "null": [{"id": "stage", "type": "stage", "requires": [{"name": "a", "node_id": "1"}]}],
            "1": [
                {"id": "a", "type": "shell"},
                {"id": "b", "type": "shell", "requires": [{"name": "stage", "node_id": null}]},
                {"id": "c", "type": "puppet", "required_for": [{"name": "core-2", "node_id": "1"}]},
                {"id": "core-1", "type": "puppet", "requires": [{"name": "idle", "node_id": "1"}]},
                {"id": "core-2", "type": "puppet", "requires": null},
                {"id": "idle", "type": "skipped"},
            ],
            "2": [{"id": "a", "type": "shell", "requires": [{"name": "a", "node_id": "1"}]}],
        }}}])
    }

    fn read() -> TaskOrder {
        let began = ["a", "b", "c", "core-1", "core-2"];
        TaskOrder::read(
            &[message()],
            |_, task| !task.starts_with("core"),
            |uid, task| {
                let at = began.iter().position(|id| *id == task)?;
                let after = Duration::from_secs(at as u64 * 10 + u64::from(uid == "2"));
                Some(SystemTime::UNIX_EPOCH + after)
            },
        )
    }

    fn shown(order: &TaskOrder) -> Vec<String> {
        let tasks = order.tasks.iter();
        tasks.map(|task| format!("{}/{}", task.id, task.uid)).collect()
    }

    #[test]
    fn the_usual_order_is_that_of_the_deployment_and_edges_reach_through_what_does_nothing() {
        let order = read();
        assert_eq!(shown(&order), ["a/1", "a/2", "b/1", "c/1", "core-1/1", "core-2/1"]);
        assert!(order.allowed.before(0, 2) && order.allowed.before(0, 1) && order.allowed.before(3, 5));
        assert!(order.allowed.is_free(1, 2) && order.allowed.is_free(3, 4));
        // Fuel's own keep their order.
        assert!(order.allowed.before(4, 5));
        assert_eq!(order.held, 0);
    }

    #[test]
    fn an_order_is_forced_by_edges_beside_those_that_are_there() {
        let order = read();
        let forced = order.force(&[message()], &[3, 0, 2, 4, 1, 5]);
        let graph = &forced[0][0]["args"]["tasks_graph"];
        assert_eq!(graph["1"][0]["requires"], json!([{"name": "c", "node_id": "1"}]));
        assert_eq!(
            graph["1"][1]["requires"],
            json!([{"name": "stage", "node_id": null}, {"name": "a", "node_id": "1"}])
        );
        assert_eq!(graph["1"][4]["requires"], json!([{"name": "a", "node_id": "2"}]));
        let again = TaskOrder::read(&forced, |_, task| !task.starts_with("core"), |_, _| None);
        assert_eq!(shown(&again), ["c/1", "a/1", "b/1", "core-1/1", "a/2", "core-2/1"]);
        assert!(again.allowed.free_pairs().is_empty());
    }

    #[test]
    fn a_pair_that_only_another_order_of_fuel_s_own_tasks_would_turn_round_is_counted() {
        let message = json!({"args": {"tasks_graph": {"1": [
            {"id": "core-1", "type": "puppet"},
            {"id": "core-2", "type": "puppet"},
            {"id": "own", "type": "puppet", "requires": [{"name": "core-2", "node_id": "1"}]},
        ]}}});
        let order = TaskOrder::read(&[message], |_, task| task == "own", |_, _| None);
        assert_eq!(order.held, 1);
        assert!(order.allowed.free_pairs().is_empty());
    }
}
