//! A graph as DOT text, and the parts of a graph that a user asks for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::resolver::pattern_of;
use super::task::GraphTask;
use crate::http::ApiError;

/// What of a graph is shown, and what of it would run.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// Ids of the tasks that run; all without it.
    pub(crate) tasks: Option<Vec<String>>,
    /// Ids of tasks that do not run.
    pub(crate) skip: Vec<String>,
    /// What comes before it does not run.
    pub(crate) start: Option<String>,
    /// What comes after it does not run.
    pub(crate) end: Option<String>,
    /// Only this task and what comes before it is shown.
    pub(crate) parents_for: Option<String>,
    /// Types that are not shown.
    pub(crate) remove: Vec<String>,
    /// The only types that are shown; all without it.
    pub(crate) types: Option<Vec<String>>,
}

/// Tasks and what follows what, by number.
struct Edges<'a> {
    tasks: &'a [GraphTask],
    /// From, to, and whether it leads across nodes.
    list: BTreeSet<(usize, usize, bool)>,
}

impl<'a> Edges<'a> {
    fn new(tasks: &'a [GraphTask]) -> Self {
        let mut list = BTreeSet::new();
        for (number, task) in tasks.iter().enumerate() {
            let near = |field: &str| task.names(field).into_iter().map(|name| (name, false));
            let far = |field: &str| task.cross(field).into_iter().map(|other| (other.name, true));
            let mut add = |(name, across): (String, bool), is_before: bool| {
                let pattern = pattern_of(&name);
                for other in (0..tasks.len()).filter(|other| pattern.matches(tasks[*other].id()) && *other != number) {
                    let (from, to) = if is_before { (other, number) } else { (number, other) };
                    list.insert((from, to, across));
                }
            };
            near("requires")
                .chain(far("cross-depends"))
                .for_each(|other| add(other, true));
            near("required_for")
                .chain(far("cross-depended-by"))
                .for_each(|other| add(other, false));
        }
        Self { tasks, list }
    }

    fn number(&self, id: &str) -> Result<usize, ApiError> {
        let found = self.tasks.iter().position(|task| task.id() == id);
        found.ok_or_else(|| ApiError::bad_request(format!("Task {id} is not present in graph")))
    }

    /// A task and everything before it, or after it.
    fn reached(&self, id: &str, backwards: bool) -> Result<BTreeSet<usize>, ApiError> {
        let mut open = vec![self.number(id)?];
        let mut found = BTreeSet::new();
        while let Some(task) = open.pop() {
            if found.insert(task) {
                let next = self.list.iter().filter_map(|(from, to, _)| match backwards {
                    true => (*to == task).then_some(*from),
                    false => (*from == task).then_some(*to),
                });
                open.extend(next);
            }
        }
        Ok(found)
    }

    /// What lies between two tasks, these included.
    fn between(&self, start: Option<&str>, end: Option<&str>) -> Result<BTreeSet<usize>, ApiError> {
        let mut inside: BTreeSet<usize> = (0..self.tasks.len()).collect();
        for (id, backwards) in [(start, false), (end, true)] {
            if let Some(id) = id {
                let reached = self.reached(id, backwards)?;
                inside.retain(|task| reached.contains(task));
            }
        }
        Ok(inside)
    }
}

/// The tasks between two of them, and those of `include` besides.
///
/// # Errors
/// 400 for an id that there is not.
pub(crate) fn between(
    tasks: Vec<GraphTask>,
    start: Option<&str>,
    end: Option<&str>,
    include: &[String],
) -> Result<Vec<GraphTask>, ApiError> {
    if start.is_none() && end.is_none() {
        return Ok(tasks);
    }
    let inside = Edges::new(&tasks).between(start, end)?;
    let wanted = |number: &usize, task: &GraphTask| inside.contains(number) || include.iter().any(|id| id == task.id());
    Ok(tasks
        .into_iter()
        .enumerate()
        .filter_map(|(number, task)| wanted(&number, &task).then_some(task))
        .collect())
}

/// The tasks and what follows what, for Graphviz: what does not run is dashed, and so is what leads across nodes.
///
/// # Errors
/// 400 for an id that there is not.
pub(crate) fn picture(tasks: &[GraphTask], view: &View) -> Result<String, ApiError> {
    let edges = Edges::new(tasks);
    for id in view.tasks.iter().flatten().chain(&view.skip) {
        edges.number(id)?;
    }
    let inside = edges.between(view.start.as_deref(), view.end.as_deref())?;
    let parents = match &view.parents_for {
        Some(id) => Some(edges.reached(id, true)?),
        None => None,
    };
    let has = |list: &[String], text: &str| list.iter().any(|item| item == text);
    let runs = |number: usize| {
        let id = tasks[number].id();
        let is_chosen = view.tasks.as_ref().is_none_or(|ids| has(ids, id));
        is_chosen && !has(&view.skip, id) && inside.contains(&number) && tasks[number].kind() != "skipped"
    };
    let shown: BTreeSet<usize> = (0..tasks.len())
        .filter(|number| {
            let kind = tasks[*number].kind();
            parents.as_ref().is_none_or(|parents| parents.contains(number))
                && !has(&view.remove, kind)
                && view.types.as_ref().is_none_or(|types| has(types, kind))
        })
        .collect();
    let mut text = "digraph \"\" {\n".to_owned();
    for number in &shown {
        let shape = match tasks[*number].kind() {
            "stage" => "rect",
            "group" => "diamond",
            _ => "ellipse",
        };
        let style = if runs(*number) { "" } else { ", style=dashed" };
        let _ = writeln!(text, "  \"{}\" [shape={shape}{style}];", escape(tasks[*number].id()));
    }
    for (from, to, across) in &edges.list {
        if shown.contains(from) && shown.contains(to) {
            let style = if *across { " [style=dashed]" } else { "" };
            let (from, to) = (escape(tasks[*from].id()), escape(tasks[*to].id()));
            let _ = writeln!(text, "  \"{from}\" -> \"{to}\"{style};");
        }
    }
    text.push_str("}\n");
    Ok(text)
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::graph::Origin;

    /// start → a → b → end, c beside; b waits for c across nodes.
    fn tasks() -> Vec<GraphTask> {
        let list = json!([
            {"id": "start", "type": "stage"},
            {"id": "a", "type": "puppet", "requires": ["start"], "required_for": ["b"]},
            {"id": "b", "type": "shell", "cross-depends": [{"name": "/c.*/"}], "requires": ["gone"]},
            {"id": "c", "type": "group"},
            {"id": "end", "type": "skipped", "requires": ["b"]},
        ]);
        let list = list.as_array().unwrap().iter();
        list.map(|task| GraphTask {
            origin: Origin::Cluster,
            fields: task.as_object().unwrap().clone(),
        })
        .collect()
    }

    fn view(given: &Value) -> View {
        let texts = |key: &str| crate::graph::strings(&given[key]);
        let text = |key: &str| given[key].as_str().map(str::to_owned);
        View {
            tasks: given["tasks"].is_array().then(|| texts("tasks")),
            skip: texts("skip"),
            start: text("start"),
            end: text("end"),
            parents_for: text("parents_for"),
            remove: texts("remove"),
            types: given["types"].is_array().then(|| texts("types")),
        }
    }

    const EDGES: &[&str] = &["start>a", "a>b", "c>b*", "b>end"];

    /// A star after what is dashed.
    #[rstest]
    #[case(json!({}), &["start", "a", "b", "c", "end*"], EDGES)]
    #[case(json!({"tasks": ["a"]}), &["start*", "a", "b*", "c*", "end*"], EDGES)]
    #[case(json!({"skip": ["a", "c"]}), &["start", "a*", "b", "c*", "end*"], EDGES)]
    #[case(json!({"start": "a"}), &["start*", "a", "b", "c*", "end*"], EDGES)]
    #[case(json!({"end": "a"}), &["start", "a", "b*", "c*", "end*"], EDGES)]
    #[case(json!({"start": "c", "end": "b", "tasks": ["b"]}), &["start*", "a*", "b", "c*", "end*"], EDGES)]
    #[case(json!({"parents_for": "b"}), &["start", "a", "b", "c"], &["start>a", "a>b", "c>b*"])]
    #[case(json!({"parents_for": "c"}), &["c"], &[])]
    #[case(json!({"remove": ["stage", "group"]}), &["a", "b", "end*"], &["a>b", "b>end"])]
    #[case(json!({"types": ["puppet", "shell"]}), &["a", "b"], &["a>b"])]
    fn a_picture_shows_what_was_asked_for(#[case] given: Value, #[case] nodes: &[&str], #[case] links: &[&str]) {
        let text = picture(&tasks(), &view(&given)).unwrap();
        let plain = |line: &str| line.trim().trim_end_matches(';').replace('"', "").replace(" -> ", ">");
        let (mut found, mut edges) = (Vec::new(), Vec::new());
        for line in text.lines().map(plain).filter(|line| !line.ends_with(['{', '}'])) {
            let name = line.split(' ').next().unwrap().to_owned();
            let star = if line.contains("dashed") { "*" } else { "" };
            match line.contains('>') {
                true => edges.push(format!("{name}{star}")),
                false => found.push(format!("{name}{star}")),
            }
        }
        edges.sort();
        let mut links: Vec<String> = links.iter().map(|link| (*link).to_owned()).collect();
        links.sort();
        assert_eq!(
            (found, edges),
            (nodes.iter().map(|name| (*name).to_owned()).collect(), links)
        );
    }

    #[rstest]
    #[case(json!({"start": "x"}))]
    #[case(json!({"end": "x"}))]
    #[case(json!({"parents_for": "x"}))]
    #[case(json!({"skip": ["a", "x"]}))]
    #[case(json!({"tasks": ["x"]}))]
    fn a_task_that_there_is_not_is_refused(#[case] given: Value) {
        let error = picture(&tasks(), &view(&given)).unwrap_err();
        assert_eq!(
            (error.status, error.text()),
            (400, "Task x is not present in graph".to_owned())
        );
    }

    #[rstest]
    #[case(None, None, &[], &["start", "a", "b", "c", "end"])]
    #[case(Some("a"), None, &[], &["a", "b", "end"])]
    #[case(None, Some("b"), &[], &["start", "a", "b", "c"])]
    #[case(Some("a"), Some("b"), &["end"], &["a", "b", "end"])]
    fn tasks_between_two_are_found(
        #[case] start: Option<&str>,
        #[case] end: Option<&str>,
        #[case] include: &[&str],
        #[case] expected: &[&str],
    ) {
        let include: Vec<String> = include.iter().map(|id| (*id).to_owned()).collect();
        let found = between(tasks(), start, end, &include).unwrap();
        assert_eq!(found.iter().map(GraphTask::id).collect::<Vec<_>>(), expected);
    }
}
