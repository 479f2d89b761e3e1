//! The first task of a run whose inputs are others than they were.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::TaskOnNode;
use super::inputs::Inputs;

/// From where a deployment has to be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FirstChanged {
    /// Place in the order in which the tasks began; one behind the last for tasks that are new and come after all.
    pub(crate) position: usize,
    /// The task.
    pub(crate) task: TaskOnNode,
    /// Why.
    pub(crate) why: Why,
}

/// Why a task has to be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Files that it uses: path on a node and `changed`, `added` or `removed`.
    Files(Vec<(String, &'static str)>),
    /// The node's settings, which every later task can read.
    Settings,
    /// Its parameters, by name.
    Parameters(Vec<String>),
    /// Its type was this one.
    Kind(String),
    /// There is no such task any more.
    Gone,
    /// A task that has not run must come before it.
    After(String),
    /// It is new.
    New,
    /// It did not end well the last time.
    Failed,
    /// The packages that nodes install.
    Packages,
    /// Somebody asked for it.
    Asked,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(files) => {
                let shown: Vec<String> = files
                    .iter()
                    .take(3)
                    .map(|(path, how)| format!("{} {how}", in_plugin(path)))
                    .collect();
                f.write_str(&shown.join(", "))?;
                match files.len().saturating_sub(3) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::Settings => f.write_str("the node's settings (astute.yaml) changed"),
            Self::Parameters(names) => write!(f, "its {} changed", names.join(", ")),
            Self::Kind(before) => write!(f, "its type was {before}"),
            Self::Gone => f.write_str("it was removed"),
            Self::After(other) => write!(f, "`{other}`, which has not run, comes before it now"),
            Self::New => f.write_str("it is new"),
            Self::Packages => f.write_str("the packages of a repository are others"),
            Self::Asked => f.write_str("as asked for"),
            Self::Failed => f.write_str("it did not end well the last time"),
        }
    }
}

/// A path on a node as its plugin's author knows it: below `deployment_scripts`.
fn in_plugin(path: &str) -> &str {
    path.strip_prefix("/etc/fuel/plugins/")
        .and_then(|path| path.split_once('/'))
        .map_or(path, |(_, inside)| inside)
}

/// Compares what ran, in the order in which the tasks began, with what Nailgun would have run now: its graph
/// (`{node: [task, …]}`) and the inputs of the tasks in it that do something.
pub(crate) fn first_changed(
    ran: &[(TaskOnNode, Inputs)],
    graph: &Value,
    now: &BTreeMap<TaskOnNode, Inputs>,
) -> Option<FirstChanged> {
    let requirements = Requirements::of(graph);
    let mut before: BTreeSet<&TaskOnNode> = BTreeSet::new();
    for (position, (task, inputs)) in ran.iter().enumerate() {
        let why = match now.get(task) {
            None => Some(Why::Gone),
            Some(now_inputs) => differs(inputs, now_inputs).or_else(|| {
                let required = requirements.all(task);
                let late = required
                    .into_iter()
                    .find(|other| now.contains_key(other) && !before.contains(other));
                late.map(|(_, other)| Why::After(other))
            }),
        };
        if let Some(why) = why {
            return Some(FirstChanged {
                position,
                task: task.clone(),
                why,
            });
        }
        before.insert(task);
    }
    let new = now.keys().find(|task| !before.contains(task))?;
    Some(FirstChanged {
        position: ran.len(),
        task: new.clone(),
        why: Why::New,
    })
}

fn differs(before: &Inputs, now: &Inputs) -> Option<Why> {
    if before.kind != now.kind {
        return Some(Why::Kind(before.kind.clone()));
    }
    if before.parameters != now.parameters {
        let names: BTreeSet<&String> = before.parameters.keys().chain(now.parameters.keys()).collect();
        let differing: Vec<String> = names
            .into_iter()
            .filter(|name| before.parameters.get(*name) != now.parameters.get(*name))
            .cloned()
            .collect();
        // Nailgun hands a node its settings as a file to be written.
        let is_settings = now.kind == "upload_file" && differing.iter().all(|name| name == "data");
        return Some(if is_settings {
            Why::Settings
        } else {
            Why::Parameters(differing)
        });
    }
    let paths: BTreeSet<&String> = before.files.keys().chain(now.files.keys()).collect();
    let files: Vec<(String, &'static str)> = paths
        .into_iter()
        .filter_map(|path| match (before.files.get(path), now.files.get(path)) {
            (Some(old), Some(new)) if old == new => None,
            (Some(_), Some(_)) => Some((path.clone(), "changed")),
            (None, _) => Some((path.clone(), "added")),
            (_, None) => Some((path.clone(), "removed")),
        })
        .collect();
    (!files.is_empty()).then_some(Why::Files(files))
}

/// What waits for what in a graph.
struct Requirements {
    of: BTreeMap<TaskOnNode, Vec<TaskOnNode>>,
}

impl Requirements {
    fn of(graph: &Value) -> Self {
        let mut of: BTreeMap<TaskOnNode, Vec<TaskOnNode>> = BTreeMap::new();
        for (uid, tasks) in graph.as_object().into_iter().flatten() {
            for task in tasks.as_array().into_iter().flatten() {
                let own = (uid.clone(), task["id"].as_str().unwrap_or_default().to_owned());
                of.entry(own.clone()).or_default().extend(references(&task["requires"]));
                for other in references(&task["required_for"]) {
                    of.entry(other).or_default().push(own.clone());
                }
            }
        }
        Self { of }
    }

    /// All that must have ended before a task begins.
    fn all(&self, task: &TaskOnNode) -> BTreeSet<TaskOnNode> {
        let mut all = BTreeSet::new();
        let mut left = vec![task];
        while let Some(task) = left.pop() {
            for required in self.of.get(task).into_iter().flatten() {
                if all.insert(required.clone()) {
                    left.push(required);
                }
            }
        }
        all
    }
}

/// `[{name, node_id}, …]`; tasks of no node stand under `null`.
fn references(list: &Value) -> Vec<TaskOnNode> {
    let references = list.as_array().into_iter().flatten();
    references
        .filter_map(|reference| {
            let node = match &reference["node_id"] {
                Value::String(node) => node.clone(),
                Value::Null => "null".to_owned(),
                other => other.to_string(),
            };
            Some((node, reference["name"].as_str()?.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::checkpoint::inputs::{inputs, tests::scripts};

    const FILES: [(&str, &str); 3] = [("a.sh", "1"), ("b.sh", "1"), ("c.sh", "1")];

    fn task(id: &str, cmd: &str, requires: &[&str]) -> Value {
        let requires: Vec<Value> = requires
            .iter()
            .map(|name| json!({"name": name, "node_id": "1"}))
            .collect();
        json!({"id": id, "type": "shell", "requires": requires, "parameters": {"cmd": cmd}})
    }

    fn three() -> Vec<Value> {
        vec![
            task("a", "sh a.sh", &[]),
            task("b", "sh b.sh", &["a"]),
            task("c", "sh c.sh", &["b"]),
        ]
    }

    /// What `first_changed` says of this graph and these files, after the three tasks ran in their order.
    fn compared(tasks: &[Value], files: &[(&str, &str)]) -> Option<(usize, String, String)> {
        let core = BTreeSet::new();
        let (_before, old) = scripts(&FILES);
        let before = inputs(&json!({"1": three()}), &old, &core);
        let ran: Vec<_> = before.into_iter().collect();
        let (_now, new) = scripts(files);
        let graph = json!({"1": tasks});
        let first = first_changed(&ran, &graph, &inputs(&graph, &new, &core))?;
        Some((first.position, first.task.1, first.why.to_string()))
    }

    fn says(position: usize, task: &str, why: &str) -> Option<(usize, String, String)> {
        Some((position, task.to_owned(), why.to_owned()))
    }

    #[test]
    fn the_same_tasks_with_the_same_files_need_not_be_repeated() {
        assert_eq!(compared(&three(), &FILES), None);
    }

    #[rstest]
    #[case::of_the_last_task(&[("a.sh", "1"), ("b.sh", "1"), ("c.sh", "2")], says(2, "c", "c.sh changed"))]
    #[case::of_two_tasks(&[("a.sh", "1"), ("b.sh", "2"), ("c.sh", "2")], says(1, "b", "b.sh changed"))]
    #[case::that_nobody_names(&[("a.sh", "1"), ("b.sh", "1"), ("c.sh", "1"), ("x", "")], says(0, "a", "x added"))]
    #[case::that_is_gone(&[("a.sh", "1"), ("c.sh", "1")], says(1, "b", "b.sh removed"))]
    fn a_file_counts_for_the_first_task_that_uses_it(
        #[case] files: &[(&str, &str)],
        #[case] expected: Option<(usize, String, String)>,
    ) {
        assert_eq!(compared(&three(), files), expected);
    }

    #[test]
    fn other_parameters_a_task_that_is_gone_and_a_new_one_are_told() {
        let mut tasks = three();
        tasks[1] = task("b", "sh b.sh; true", &["a"]);
        assert_eq!(compared(&tasks, &FILES), says(1, "b", "its cmd changed"));
        let mut tasks = three();
        tasks[1]["type"] = json!("skipped");
        // Nobody names its file any more, so it may be the first task's.
        assert_eq!(compared(&tasks, &FILES), says(0, "a", "b.sh added"));
        let mut tasks = three();
        tasks.push(task("d", "true", &["c"]));
        assert_eq!(compared(&tasks, &FILES), says(3, "d", "it is new"));
    }

    #[test]
    fn a_new_task_that_comes_before_others_lets_them_be_repeated() {
        let mut tasks = three();
        tasks.push(task("d", "true", &["a"]));
        tasks[2] = task("c", "sh c.sh", &["b", "d"]);
        assert_eq!(
            compared(&tasks, &FILES),
            says(2, "c", "`d`, which has not run, comes before it now")
        );
    }

    #[test]
    fn another_order_lets_be_repeated_what_came_too_early() {
        let tasks = [
            task("a", "sh a.sh", &["b"]),
            task("b", "sh b.sh", &[]),
            task("c", "sh c.sh", &["b"]),
        ];
        assert_eq!(
            compared(&tasks, &FILES),
            says(0, "a", "`b`, which has not run, comes before it now")
        );
    }
}
