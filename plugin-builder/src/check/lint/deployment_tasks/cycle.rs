//! Tasks that wait for each other.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};

use regex::Regex;

use super::model::{Edge, Task, texts};
use super::{patterns, tasks};
use crate::check::files::File;
use crate::check::lint::Subject;
use crate::check::lint::topic::Topic;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::fuel::{Core, CoreTask};

pub(in crate::check::lint) const TOPIC: Topic = Topic {
    title: "Cycles",
    rules: &[&TASK_CYCLE, &CYCLES_UNSEARCHED],
    run,
};

static TASK_CYCLE: Rule = Rule {
    code: "task-cycle",
    severity: Severity::Warning,
    title: "Deployment tasks wait for each other",
    concerns: "Fuel 7.0 and later; edges of the plugin's tasks together with those of the release's core graph",
    why: "A graph with a cycle cannot be ordered: Fuel refuses to deploy the environment as long as the plugin is \
          enabled.",
    fix: "Remove one of the edges that the finding lists. `requires: [a]` and a's `required_for` say the same; \
          `requires` together with `required_for` of one task is a cycle.",
    example: "- id: one\n  requires: [two]\n- id: two\n  requires: [one]",
};

static CYCLES_UNSEARCHED: Rule = Rule {
    code: "cycles-unsearched",
    severity: Severity::Note,
    title: "The deployment tasks are too many to be searched for cycles",
    concerns: "Fuel 7.0 and later; plugins with thousands of tasks or of patterns in their dependencies",
    why: "The search has a limit, so that a check ends in seconds. A cycle that it did not come to is found by Fuel \
          when it deploys.",
    fix: "Name tasks instead of patterns, or leave out edges that others imply.",
    example: "- id: each\n  requires: [/.*/]",
};

/// Tasks by number: the plugin's first, then the core's that the plugin does not replace.
struct Graph<'a> {
    own: &'a [Task<'a>],
    names: Vec<&'a str>,
    /// Which tasks come before each one, and how that is known.
    before: Vec<Vec<(usize, Reason)>>,
    /// How much may still be looked at; nothing more is found then.
    work_left: Cell<usize>,
}

/// Edges, names and roles that are looked at: about a second's work, and a hundred times that of the largest real
/// plugins, since some ways of looking grow with the square of the tasks' number.
const MOST_WORK: usize = 5_000_000;

/// Where an edge is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// In the plugin's task of this number, the edge of this number.
    Own { task: usize, edge: usize },
    /// In the core graph; a cross-dependency with the roles on the other end, or `None` for the same node.
    Core(Option<&'static [&'static str]>),
}

fn run(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tasks)) = tasks(subject) else { return };
    let mut seen = HashSet::new();
    let mut unsearched = Vec::new();
    for core in subject.cores() {
        // A cycle in several Fuel versions is told once.
        let graph = Graph::new(&tasks, core);
        for start in 0..tasks.len() {
            let Some(cycle) = graph.cycle_through(start, core) else {
                continue;
            };
            let mut members: Vec<&str> = cycle
                .iter()
                .filter_map(|(task, _)| graph.names.get(*task).copied())
                .collect();
            members.sort_unstable();
            if seen.insert(members) {
                report.push(describe(file, &graph, &cycle, core));
            }
        }
        if graph.work_left.get() == 0 {
            unsearched.push(core.version);
        }
    }
    if !unsearched.is_empty() {
        let versions = unsearched.join(", ");
        let message = format!("the search for cycles was given up for Fuel {versions}: too many tasks and edges");
        report.push(Finding::of(&CYCLES_UNSEARCHED, message).in_file(&file.path));
    }
}

impl<'a> Graph<'a> {
    fn new(own: &'a [Task<'a>], core: &'static Core) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut names = Vec::new();
        for task in own {
            // Of two tasks with one id the last one counts; the first keeps its place.
            numbers.insert(task.id, names.len());
            names.push(task.id);
        }
        let mut shipped: Vec<(usize, &'static CoreTask)> = Vec::new();
        for task in core.tasks {
            if !numbers.contains_key(task.id) {
                shipped.push((names.len(), task));
                numbers.insert(task.id, names.len());
                names.push(task.id);
            }
        }
        let mut graph = Self {
            own,
            before: vec![Vec::new(); names.len()],
            names,
            work_left: Cell::new(MOST_WORK),
        };
        // Before 9.x an environment heeds cross-dependencies only if it is told to.
        let crosses = core.version.starts_with('9');
        for (number, task) in own.iter().enumerate() {
            for (index, edge) in task.edges.iter().enumerate() {
                if edge.relation.is_some() && !crosses {
                    continue;
                }
                if edge.name.starts_with('/') && !graph.work(numbers.len()) {
                    continue;
                }
                for other in edge_targets(edge, number, &numbers) {
                    let reason = Reason::Own {
                        task: number,
                        edge: index,
                    };
                    graph.add(number, other, edge.is_behind(), reason);
                }
            }
        }
        for (number, task) in shipped {
            let local = [(task.requires, true), (task.required_for, false)];
            for (name, behind) in local
                .iter()
                .flat_map(|(list, behind)| list.iter().map(|name| (*name, *behind)))
            {
                if let Some(other) = numbers.get(name) {
                    graph.add(number, *other, behind, Reason::Core(None));
                }
            }
            let crossing = [(task.cross_depends, true), (task.cross_depended_by, false)];
            if !crosses {
                continue;
            }
            for (relation, behind) in crossing
                .iter()
                .flat_map(|(list, behind)| list.iter().map(|one| (one, *behind)))
            {
                if let Some(other) = numbers.get(relation.name) {
                    graph.add(number, *other, behind, Reason::Core(Some(relation.roles)));
                }
            }
        }
        graph
    }

    fn add(&mut self, task: usize, other: usize, behind: bool, reason: Reason) {
        let (later, earlier) = if behind { (task, other) } else { (other, task) };
        if let Some(edges) = self.before.get_mut(later) {
            edges.push((earlier, reason));
        }
    }

    /// Spends some of the work that the search may take; false when too little is left.
    fn work(&self, steps: usize) -> bool {
        let rest = self.work_left.get().checked_sub(steps);
        self.work_left.set(rest.unwrap_or(0));
        rest.is_some()
    }

    /// The shortest way from a task back to itself against the edges: each step with the edge that it takes.
    fn cycle_through(&self, start: usize, core: &'static Core) -> Option<Vec<(usize, Reason)>> {
        let mut came_from: Vec<Option<(usize, Reason)>> = vec![None; self.names.len()];
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(current) = queue.pop_front() {
            let edges = self.before.get(current)?;
            if !self.work(edges.len() + 1) {
                return None;
            }
            for (earlier, reason) in edges {
                if *earlier == start {
                    let mut steps = vec![(current, *reason)];
                    let mut at = current;
                    while let Some((previous, reason)) = came_from.get(at).copied().flatten() {
                        steps.push((previous, reason));
                        at = previous;
                    }
                    steps.reverse();
                    return self.is_certain(&steps, core).then_some(steps);
                }
                if let Some(slot) = came_from.get_mut(*earlier).filter(|slot| slot.is_none()) {
                    *slot = Some((current, *reason));
                    queue.push_back(*earlier);
                }
            }
        }
        None
    }

    /// Edges are between tasks of nodes. It is a cycle if a node of some role runs all of its tasks and each edge
    /// holds between tasks of that node, or if every edge holds between all nodes.
    fn is_certain(&self, steps: &[(usize, Reason)], core: &'static Core) -> bool {
        let scopes: Vec<Scope<'_>> = steps.iter().map(|(_, reason)| self.scope(*reason)).collect();
        if scopes
            .iter()
            .all(|scope| matches!(scope, Scope::Nodes(roles) if roles.is_empty()))
        {
            return true;
        }
        if !self.work(steps.len() * (self.own.len() + core.node_roles.len())) {
            return false;
        }
        let all: Vec<Vec<&str>> = steps.iter().map(|(task, _)| self.roles(*task, core)).collect();
        let mut candidates = core.node_roles.iter().copied().chain(all.iter().flatten().copied());
        candidates.any(|role| {
            all.iter().all(|roles| runs_on(roles, role))
                && scopes.iter().all(|scope| match scope {
                    Scope::SameNode => true,
                    Scope::Nodes(roles) => roles.is_empty() || roles.contains(&"self") || runs_on(roles, role),
                })
        })
    }

    /// The roles whose nodes run a task; `*` for a stage, which belongs to no node.
    fn roles(&self, task: usize, core: &'static Core) -> Vec<&str> {
        let id = self.names.get(task).copied().unwrap_or_default();
        let mut roles: Vec<&str> = match self.own.get(task) {
            Some(own) if own.kind == "stage" => vec!["*"],
            Some(own) => own.roles.iter().map(|(role, _)| *role).collect(),
            None => match core.task(id).map(|task| task.roles) {
                None | Some([]) => vec!["*"],
                Some(roles) => roles.to_vec(),
            },
        };
        // A group gives its roles to the tasks that it lists.
        for group in self.own.iter().filter(|task| task.kind == "group") {
            if texts(group.node.get("tasks")).iter().any(|(name, _)| *name == id) {
                roles.extend(group.roles.iter().map(|(role, _)| *role));
            }
        }
        roles
    }

    fn scope(&self, reason: Reason) -> Scope<'_> {
        match reason {
            Reason::Core(None) => Scope::SameNode,
            Reason::Core(Some(roles)) => Scope::Nodes(roles.to_vec()),
            Reason::Own { task, edge } => match self.edge(task, edge).and_then(|edge| edge.relation.as_ref()) {
                None => Scope::SameNode,
                Some(relation) => Scope::Nodes(relation.roles.iter().map(|(role, _)| *role).collect()),
            },
        }
    }

    fn edge(&self, task: usize, edge: usize) -> Option<&Edge<'a>> {
        self.own.get(task)?.edges.get(edge)
    }
}

/// Between which nodes an edge holds.
enum Scope<'a> {
    SameNode,
    /// Nodes with one of these roles; all nodes if there are none.
    Nodes(Vec<&'a str>),
}

fn runs_on(roles: &[&str], role: &str) -> bool {
    roles.iter().any(|name| {
        *name == role || *name == "*" || patterns::pattern(name).is_some_and(|pattern| pattern.is_match(role))
    })
}

/// The tasks that an edge points at. One that is content with any node binds nothing for certain, nor does a
/// cross-dependency on the task itself: it means the other nodes.
fn edge_targets(edge: &Edge<'_>, task: usize, numbers: &BTreeMap<&str, usize>) -> Vec<usize> {
    if edge.relation.as_ref().is_some_and(|relation| relation.any) {
        return Vec::new();
    }
    let mut targets = match patterns::pattern(edge.name) {
        Some(pattern) => matching(&pattern, numbers),
        None => numbers.get(edge.name).copied().into_iter().collect(),
    };
    targets.retain(|other| edge.relation.is_none() || *other != task);
    targets
}

fn matching(pattern: &Regex, numbers: &BTreeMap<&str, usize>) -> Vec<usize> {
    let matching = numbers.iter().filter(|(name, _)| pattern.is_match(name));
    matching.map(|(_, number)| *number).collect()
}

/// The cycle task by task, each step with its place where it is the plugin's.
fn describe(file: &File, graph: &Graph<'_>, cycle: &[(usize, Reason)], core: &'static Core) -> Finding {
    let name = |task: usize| graph.names.get(task).copied().unwrap_or_default();
    let mut way: Vec<&str> = cycle.iter().map(|(task, _)| name(*task)).collect();
    way.extend(way.first().copied());
    let message = if cycle.len() == 1 {
        format!("task `{}` waits for itself", way.first().unwrap_or(&""))
    } else {
        format!(
            "tasks wait for each other in Fuel {}: {}",
            core.version,
            way.join(" after ")
        )
    };
    let mut finding = Finding::of(&TASK_CYCLE, message).helping("remove one of these edges");
    let mut placed = false;
    for (index, (later, reason)) in cycle.iter().enumerate() {
        let earlier = cycle
            .get(index + 1)
            .or(cycle.first())
            .map_or("", |(task, _)| name(*task));
        match reason {
            Reason::Own { task, edge } => {
                let Some(edge) = graph.edge(*task, *edge) else { continue };
                if placed {
                    let text = format!("`{}` has `{}` here", name(*task), edge.key);
                    finding = finding.relating(text, &file.path, edge.span, &file.text);
                } else {
                    finding = file.place(finding, edge.span);
                    placed = true;
                }
            }
            Reason::Core(_) => {
                let text = format!("Fuel itself runs `{}` after `{earlier}`", name(*later));
                let help = finding.help.take().unwrap_or_default();
                finding = finding.helping(format!("{help}; {text}"));
            }
        }
    }
    finding
}
