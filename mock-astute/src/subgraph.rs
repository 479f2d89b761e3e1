//! Parts of a graph that alone are to run: what comes after some tasks and before others.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::graph::Graph;
use crate::message::{MessageError, list, object};

/// What lies between two sets of tasks, these included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subgraph {
    /// Where it begins; at the beginning of the graph without any.
    start: Vec<Boundary>,
    /// Where it ends; at the end of the graph without any.
    end: Vec<Boundary>,
}

/// `task` or `task/1,3-5`: a task on all of its nodes, or on some.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Boundary {
    task: String,
    nodes: Option<Vec<String>>,
}

/// Reads `subgraphs` of the metadata of tasks.
pub(crate) fn read(metadata: &Map<String, Value>) -> Result<Vec<Subgraph>, MessageError> {
    let place = "args.tasks_metadata.subgraphs";
    let Some(parts) = metadata.get("subgraphs").filter(|parts| !parts.is_null()) else {
        return Ok(Vec::new());
    };
    let mut subgraphs = Vec::new();
    for (index, part) in list(parts, place)?.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let part = object(part, &place)?;
        let boundaries = |key: &str| -> Result<Vec<Boundary>, MessageError> {
            let place = format!("{place}.{key}");
            let Some(names) = part.get(key).filter(|names| !names.is_null()) else {
                return Ok(Vec::new());
            };
            let names = list(names, &place)?.iter();
            names.map(|name| Boundary::read(name, &place)).collect()
        };
        subgraphs.push(Subgraph {
            start: boundaries("start")?,
            end: boundaries("end")?,
        });
    }
    Ok(subgraphs)
}

impl Boundary {
    fn read(value: &Value, place: &str) -> Result<Self, MessageError> {
        let wrong = || MessageError::new(place, format!("{value} is no `task` nor `task/1,3-5`"));
        let text = value.as_str().ok_or_else(wrong)?;
        let Some((task, nodes)) = text.split_once('/') else {
            return Ok(Self {
                task: text.to_owned(),
                nodes: None,
            });
        };
        let mut uids = Vec::new();
        for item in nodes.split(',') {
            match item.split_once('-') {
                Some((first, last)) => {
                    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
                    uids.extend((number(first)?..=number(last)?).map(|uid| uid.to_string()));
                }
                None => uids.push(item.trim().to_owned()),
            }
        }
        Ok(Self {
            task: task.to_owned(),
            nodes: Some(uids),
        })
    }

    fn is(&self, id: &str, node: &str) -> bool {
        let here = |nodes: &Vec<String>| nodes.iter().any(|uid| uid == node);
        self.task == id && self.nodes.as_ref().is_none_or(here)
    }
}

/// The tasks that lie in any of the parts, by number.
pub(crate) fn inside(graph: &Graph, subgraphs: &[Subgraph]) -> BTreeSet<usize> {
    let mut inside = BTreeSet::new();
    for part in subgraphs {
        let after = reached(graph, &part.start, &graph.dependants);
        let before = reached(graph, &part.end, &graph.requires);
        inside.extend(after.intersection(&before));
    }
    inside
}

/// The boundary's tasks and all that edges lead to from them.
fn reached(graph: &Graph, from: &[Boundary], edges: &[Vec<usize>]) -> BTreeSet<usize> {
    let is_boundary = |task: &usize| {
        let node = &graph.nodes[graph.tasks[*task].node];
        let id = &graph.tasks[*task].message.id;
        from.is_empty() || from.iter().any(|boundary| boundary.is(id, node))
    };
    let mut open: Vec<usize> = (0..graph.tasks.len()).filter(is_boundary).collect();
    let mut found = BTreeSet::new();
    while let Some(task) = open.pop() {
        if found.insert(task) {
            open.extend(&edges[task]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::message::TaskDeploy;

    /// `first` on two nodes, then `middle` on each, then `last` on node 1; `aside` hangs on nothing.
    fn deploy(subgraphs: Value) -> Result<TaskDeploy, MessageError> {
        let tasks = |node: &str| {
            json!([
                {"id": "first", "type": "shell"},
                {"id": "middle", "type": "shell", "requires": [{"name": "first", "node_id": node}]},
                {"id": "aside", "type": "shell"},
            ])
        };
        let mut of_1 = tasks("1");
        let last = json!({"id": "last", "type": "shell", "requires": [
            {"name": "middle", "node_id": "1"}, {"name": "middle", "node_id": "2"},
        ]});
        of_1.as_array_mut().unwrap().push(last);
        TaskDeploy::read(&json!({"args": {
            "tasks_graph": {"null": [], "1": of_1, "2": tasks("2")}, "tasks_metadata": {"subgraphs": subgraphs},
        }}))
    }

    #[rstest]
    #[case(json!([]), &["first/1", "middle/1", "aside/1", "last/1", "first/2", "middle/2", "aside/2"])]
    #[case(json!([{"start": ["middle"]}]), &["middle/1", "last/1", "middle/2"])]
    #[case(json!([{"end": ["middle/2"]}]), &["first/2", "middle/2"])]
    #[case(json!([{"start": ["first/2"], "end": ["last"]}]), &["last/1", "first/2", "middle/2"])]
    #[case(json!([{"start": ["middle/1-2"], "end": ["middle/1,2"]}]), &["middle/1", "middle/2"])]
    #[case(json!([{"start": ["aside/1"]}, {"end": ["first/1"]}]), &["first/1", "aside/1"])]
    #[case(json!([{"start": ["nothing"]}]), &[])]
    fn what_lies_outside_is_skipped(#[case] subgraphs: Value, #[case] expected: &[&str]) {
        let deploy = deploy(subgraphs).unwrap();
        let graph = Graph::build_parts(deploy.nodes, &deploy.subgraphs).unwrap();
        let happens = |task: &usize| graph.tasks[*task].message.kind != "skipped";
        let names: Vec<String> = (0..graph.tasks.len())
            .filter(happens)
            .map(|task| graph.name(task))
            .collect();
        assert_eq!(names, expected);
    }

    #[rstest]
    #[case(json!({}), "args.tasks_metadata.subgraphs: must be a list, not an object")]
    #[case(json!([{"start": [7]}]), "args.tasks_metadata.subgraphs[0].start: 7 is no `task` nor `task/1,3-5`")]
    #[case(json!([{"end": ["a/1-x"]}]), "args.tasks_metadata.subgraphs[0].end: \"a/1-x\" is no `task` nor `task/1,3-5`")]
    fn what_cannot_be_read_is_refused_with_its_place(#[case] subgraphs: Value, #[case] text: &str) {
        assert_eq!(deploy(subgraphs).unwrap_err().to_string(), text);
    }
}
