//! The serialised graph against a plain reading of the tasks: for any tasks it has the edges that they demand and no
//! others, on the nodes that they name, or it is refused because of a loop.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use std::collections::{BTreeMap, BTreeSet};

use master::Master;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

const TASKS: usize = 9;

/// A node's uid, `master`, or `null` for the sync point.
type Node = String;
/// A task on a node.
type Spot = (String, Node);

/// What roles are named by: names, patterns, everybody, the master.
fn selector() -> impl Strategy<Value = Value> {
    select(vec![
        json!("*"),
        json!(["*"]),
        json!("compute"),
        json!(["primary-controller"]),
        json!(["controller", "compute"]),
        json!("/.*controller/"),
        json!(["/(primary-)?notes/", "compute"]),
        json!("/.*/"),
        json!("master"),
        json!(["master", "notes"]),
        json!(["nobody"]),
    ])
}

fn role_pattern(name: &str) -> Option<fn(&str) -> bool> {
    match name {
        "/.*controller/" => Some(|role| role.contains("controller")),
        "/(primary-)?notes/" => Some(|role| role.strip_prefix("primary-").unwrap_or(role).starts_with("notes")),
        "/.*/" => Some(|_| true),
        _ => None,
    }
}

/// Names of tasks, and patterns of them.
fn task_name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0..TASKS + 1).prop_map(|number| format!("t{number}")),
        1 => Just("/t[0-2]/".to_owned()),
        1 => Just("/1/".to_owned()),
    ]
}

/// A pattern is looked for at the start.
fn names_task(name: &str, id: &str) -> bool {
    match name {
        "/t[0-2]/" => ["t0", "t1", "t2"].iter().any(|start| id.starts_with(start)),
        "/1/" => id.starts_with('1'),
        name => name == id,
    }
}

fn cross() -> impl Strategy<Value = Value> {
    let role = prop_oneof![
        2 => Just(None),
        2 => Just(Some(json!("self"))),
        3 => selector().prop_map(Some),
    ];
    (task_name(), role, any::<Option<bool>>()).prop_map(|(name, role, any)| {
        let mut dependency = json!({"name": name});
        if let Some(role) = role {
            dependency["role"] = role;
        }
        if let Some(any) = any {
            dependency["policy"] = json!(if any { "any" } else { "all" });
        }
        dependency
    })
}

/// A task's fields without its id. Most edges lead from lower to higher numbers, so that loops are rare.
fn task() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![6 => Just("shell"), 1 => Just("skipped"), 1 => Just("stage")];
    let condition = prop_oneof![
        3 => Just(None),
        1 => Just(Some("settings:notes_service.metadata.enabled == true")),
        1 => Just(Some("cluster:mode == 'somewhere'")),
    ];
    let names = || prop::collection::vec(task_name(), 0..3);
    let crosses = || prop::collection::vec(cross(), 0..2);
    (
        kind,
        select(vec!["role", "roles", "groups", "tags"]),
        selector(),
        condition,
        (names(), names(), crosses(), crosses()),
    )
        .prop_map(
            |(kind, key, roles, condition, (requires, required_for, depends, depended))| {
                let mut task = json!({
                    "type": kind, "version": "2.1.0", key: roles, "parameters": {"cmd": "true", "timeout": 1},
                    "requires": requires, "required_for": required_for, "cross-depends": depends,
                    "cross-depended-by": depended,
                });
                if let Some(condition) = condition {
                    task["condition"] = json!(condition);
                }
                task
            },
        )
}

/// Numbered tasks and a group, with what would lead backwards left out but in one case of eight.
fn graphs() -> impl Strategy<Value = (Vec<Value>, usize)> {
    let group = (selector(), prop::collection::vec(0..TASKS, 0..3));
    let tasks = prop::collection::vec(task(), TASKS);
    (tasks, group, 0..TASKS, 0..8u8).prop_map(|(mut tasks, (roles, members), split, keeps)| {
        let number = |name: &str| name.strip_prefix('t').and_then(|number| number.parse::<usize>().ok());
        for (own, task) in tasks.iter_mut().enumerate() {
            task["id"] = json!(format!("t{own}"));
            for (key, forward) in [
                ("requires", false),
                ("cross-depends", false),
                ("required_for", true),
                ("cross-depended-by", true),
            ] {
                let right = |item: &Value| {
                    let name = item["name"].as_str().or(item.as_str()).unwrap();
                    keeps == 0
                        || number(name).is_some_and(|other| if forward { other > own } else { other < own })
                        || (name == "/t[0-2]/" && !forward && own > 2)
                };
                task[key].as_array_mut().unwrap().retain(right);
            }
        }
        let members: Vec<String> = members.iter().map(|member| format!("t{member}")).collect();
        tasks.push(json!({"id": "group", "type": "group", "role": roles, "tasks": members}));
        (tasks, split)
    })
}

/// The plain reading.
struct Reading<'a> {
    tasks: &'a [Value],
    /// Uid to names of roles.
    nodes: &'a BTreeMap<Node, Vec<String>>,
    places: BTreeMap<&'a str, BTreeSet<Node>>,
}

impl<'a> Reading<'a> {
    fn new(tasks: &'a [Value], nodes: &'a BTreeMap<Node, Vec<String>>) -> Self {
        let mut reading = Self {
            tasks,
            nodes,
            places: BTreeMap::new(),
        };
        for task in tasks.iter().filter(|task| task["type"] != "group") {
            let id = task["id"].as_str().unwrap();
            let mut places = match task["type"].as_str() {
                Some("stage") => BTreeSet::from(["null".to_owned()]),
                _ => reading.meant(reading.selector(task)),
            };
            for group in tasks.iter().filter(|group| group["type"] == "group") {
                if group["tasks"].as_array().unwrap().iter().any(|member| member == id) {
                    places.extend(reading.meant(&group["role"]));
                }
            }
            reading.places.insert(id, places);
        }
        reading
    }

    fn selector(&self, task: &'a Value) -> &'a Value {
        let mut keys = ["role", "roles", "groups", "tags"].iter();
        keys.find_map(|key| task.get(*key)).unwrap()
    }

    fn meant(&self, selector: &Value) -> BTreeSet<Node> {
        let names = match selector {
            Value::Array(names) => names.clone(),
            name => vec![name.clone()],
        };
        let mut found = BTreeSet::new();
        for name in names.iter().map(|name| name.as_str().unwrap()) {
            if name == "master" {
                found.insert("master".to_owned());
            }
            let has = |role: &str| name == "*" || name == role || role_pattern(name).is_some_and(|is| is(role));
            let nodes = self
                .nodes
                .iter()
                .filter(|(_, roles)| roles.iter().any(|role| has(role)));
            found.extend(nodes.map(|(uid, _)| uid.clone()));
        }
        found
    }

    fn named(&self, name: &str) -> Vec<&'a str> {
        let ids = self.places.keys().copied();
        ids.filter(|id| names_task(name, id)).collect()
    }

    /// What a task on a node is linked to by a pair of fields.
    fn links(&self, task: &Value, node: &str, near: &str, far: &str) -> BTreeSet<Spot> {
        let id = task["id"].as_str().unwrap();
        let spot = |id: &str, node: &str| (id.to_owned(), node.to_owned());
        let own = spot(id, node);
        let mut links = BTreeSet::new();
        for name in task[near].as_array().unwrap() {
            for other in self.named(name.as_str().unwrap()) {
                let candidates = [node, "null"].map(|place| spot(other, place));
                links.extend(
                    candidates
                        .into_iter()
                        .filter(|(_, place)| self.places[other].contains(place)),
                );
            }
        }
        let mut to_itself = false;
        for dependency in task[far].as_array().unwrap() {
            let others = self.named(dependency["name"].as_str().unwrap());
            let mut places: Vec<Node> = match &dependency["role"] {
                Value::Null => self.nodes.keys().cloned().collect(),
                role if role == "self" => {
                    for other in others.iter().filter(|other| self.places[**other].contains(node)) {
                        links.insert(spot(other, node));
                        to_itself |= *other == id;
                    }
                    continue;
                }
                role => self.meant(role).into_iter().collect(),
            };
            if dependency["policy"] == "any" {
                places.retain(|place| others.iter().any(|other| self.places[*other].contains(place)));
                places.truncate(1);
            }
            for other in others {
                let there = places.iter().filter(|place| self.places[other].contains(*place));
                links.extend(there.map(|place| spot(other, place)));
            }
        }
        // A link to itself stays where it was looked for on its own node.
        if !to_itself {
            links.remove(&own);
        }
        links
    }

    /// Every task on every node with what it requires and what it is required for.
    fn graph(&self) -> BTreeMap<Spot, [BTreeSet<Spot>; 2]> {
        let mut graph = BTreeMap::new();
        for task in self.tasks.iter().filter(|task| task["type"] != "group") {
            let id = task["id"].as_str().unwrap();
            for node in &self.places[id] {
                let links = [("requires", "cross-depends"), ("required_for", "cross-depended-by")]
                    .map(|(near, far)| self.links(task, node, near, far));
                graph.insert((id.to_owned(), node.clone()), links);
            }
        }
        graph
    }

    fn happens(&self, id: &str) -> bool {
        let task = self.tasks.iter().find(|task| task["id"] == id).unwrap();
        let is_false = task["condition"]
            .as_str()
            .is_some_and(|text| text.contains("somewhere"));
        task["type"] == "shell" && !is_false
    }
}

/// Whether an order of all spots respects every edge; links of a spot to itself are nothing.
fn has_order(graph: &BTreeMap<Spot, [BTreeSet<Spot>; 2]>) -> bool {
    let mut waits: BTreeMap<&Spot, BTreeSet<&Spot>> = graph.keys().map(|spot| (spot, BTreeSet::new())).collect();
    for (spot, [requires, required_for]) in graph {
        waits
            .get_mut(spot)
            .unwrap()
            .extend(requires.iter().filter(|other| *other != spot));
        for other in required_for.iter().filter(|other| *other != spot) {
            waits.get_mut(other).unwrap().insert(spot);
        }
    }
    while let Some(free) = waits
        .iter()
        .find(|(_, others)| others.is_empty())
        .map(|(spot, _)| *spot)
    {
        waits.remove(free);
        waits.values_mut().for_each(|others| {
            others.remove(free);
        });
    }
    waits.is_empty()
}

/// The graph that the master made, and which of its spots do anything.
fn made(answer: &Value) -> (BTreeMap<Spot, [BTreeSet<Spot>; 2]>, BTreeSet<Spot>) {
    let (mut graph, mut happen) = (BTreeMap::new(), BTreeSet::new());
    for (node, tasks) in answer["tasks_graph"].as_object().unwrap() {
        for task in tasks.as_array().unwrap() {
            let links = |key: &str| -> BTreeSet<Spot> {
                let list = task[key].as_array().cloned().unwrap_or_default();
                let count = list.len();
                let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
                let links: BTreeSet<Spot> = list
                    .iter()
                    .map(|link| (text(&link["name"]), text(&link["node_id"])))
                    .collect();
                assert_eq!(links.len(), count, "a link stands twice: {task}");
                links
            };
            let spot = (task["id"].as_str().unwrap().to_owned(), node.clone());
            if task["type"] != "skipped" {
                happen.insert(spot.clone());
            }
            let before = graph.insert(spot, [links("requires"), links("required_for")]);
            assert!(before.is_none(), "a task stands twice: {task}");
        }
    }
    (graph, happen)
}

/// What was compared, so that the test shows that it saw graphs of both kinds.
#[derive(Default)]
struct Seen {
    orders: usize,
    loops: usize,
    edges: usize,
}

async fn compare(
    master: &Master,
    environment: i64,
    nodes: &BTreeMap<Node, Vec<String>>,
    (tasks, split): &(Vec<Value>, usize),
    seen: &mut Seen,
) -> Result<(), TestCaseError> {
    // Some tasks are the release's, the others a plugin's; the group comes with the plugin.
    let (of_release, of_plugin) = tasks.split_at(*split);
    master
        .put("/releases/2/deployment_graphs/drawn", json!({"tasks": of_release}))
        .await;
    master
        .put("/plugins/1/deployment_graphs/drawn", json!({"tasks": of_plugin}))
        .await;
    let path = format!("/api/v1/clusters/{environment}/serialized_tasks/?graph_type=drawn");
    let (status, answer) = master.send("GET", &path, None).await;
    let reading = Reading::new(tasks, nodes);
    let wanted = reading.graph();
    if !has_order(&wanted) {
        seen.loops += 1;
        prop_assert_eq!(status, 400);
        let text = answer["message"].as_str().unwrap();
        prop_assert!(
            text.starts_with("Tasks can not be processed because it contains cycles in it: t"),
            "{}",
            text
        );
        return Ok(());
    }
    prop_assert_eq!(status, 200, "{}", answer);
    let (graph, happen) = made(&answer);
    for links in graph.values().flatten().flatten() {
        prop_assert!(graph.contains_key(links), "nothing is at {:?}", links);
    }
    prop_assert_eq!(&graph, &wanted);
    let expected: BTreeSet<Spot> = wanted.keys().filter(|(id, _)| reading.happens(id)).cloned().collect();
    prop_assert_eq!(happen, expected);
    seen.orders += 1;
    seen.edges += wanted.values().flatten().map(BTreeSet::len).sum::<usize>();
    Ok(())
}

#[test]
fn a_graph_has_every_edge_that_its_tasks_demand_and_no_other_or_is_refused_for_a_loop() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let roles: &[&[&str]] = &[&["controller"], &["compute"], &["notes"], &["controller"], &["notes"]];
    let (master, environment, nodes) = runtime.block_on(async {
        let master = master::start().await;
        let environment = master.environment_with(roles).await;
        let path = format!("/clusters/{environment}/orchestrator/deployment/defaults/");
        let infos = master.get(&path).await;
        let nodes: BTreeMap<Node, Vec<String>> = infos
            .as_array()
            .unwrap()
            .iter()
            .filter(|info| info["uid"] != "master")
            .map(|info| {
                let names = serde_json::from_value(info["roles"].clone()).unwrap();
                (info["uid"].as_str().unwrap().to_owned(), names)
            })
            .collect();
        (master, environment, nodes)
    });
    let seen = std::cell::RefCell::new(Seen::default());
    let config = Config {
        cases: 192,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&graphs(), |drawn| {
        runtime.block_on(compare(&master, environment, &nodes, &drawn, &mut seen.borrow_mut()))
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let seen = seen.into_inner();
    assert!(
        seen.orders > 60 && seen.edges > 300,
        "{} orders, {} edges",
        seen.orders,
        seen.edges
    );
    assert!(seen.loops > 0, "no loop was drawn");
}
