//! `--order`: the tasks run in other orders that their graph allows, and where the end is another, the two tasks that
//! lack an edge are searched for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use mock_astute::{Event, TaskStatus};
use tokio::sync::mpsc;

use super::{Bench, Failure};
use crate::event::{Phase, RunEvent};
use crate::report::counted;
use crate::run::RunError;
use crate::trial::{
    Bisection, Drawn, MissingEdge, Order, OrderTrial, Side, Span, TaskOrder, TaskPlace, TrialKind, draw_orders, remedy,
    turns_round, without,
};

/// How many more orders are tried at most to find what one order shows. A pair among a dozen tasks takes seven.
const SEARCHED: usize = 48;

/// What an order ended with, a line for each place that is not as it should be and for each task that failed; nothing
/// where it ended as it should.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Effect {
    lines: BTreeSet<String>,
    /// The deployment failed, so that some tasks never ran.
    cut_short: bool,
}

/// What is known of the orders.
struct Search {
    order: TaskOrder,
    /// Which role gives a task to a node, as far as the plugins' own files say.
    roles: BTreeMap<String, Vec<String>>,
    edges: Vec<((usize, usize), MissingEdge)>,
    /// Orders that were tried. None is tried twice.
    tried: BTreeMap<Order, Effect>,
}

impl Bench<'_> {
    /// Draws the orders and tries each; whether all passed.
    pub(super) async fn orders(&mut self, count: usize, spans: &[Span]) -> Result<bool, RunError> {
        let own: BTreeSet<(&str, &str)> = spans.iter().map(|span| (&*span.uid, &*span.task)).collect();
        let records = self.known.records.iter();
        let began: BTreeMap<(&str, &str), SystemTime> = records
            .filter_map(|record| Some(((&*record.node_id, &*record.task), record.started?)))
            .collect();
        let order = TaskOrder::read(
            &self.known.messages,
            |uid, task| own.contains(&(uid, task)),
            |uid, task| began.get(&(uid, task)).copied(),
        );
        let drawn = draw_orders(self.seed, count, &order.allowed);
        for note in notes(&order, &drawn, count) {
            self.rig.events.emit(RunEvent::TrialsNote(TrialKind::Order, note));
        }
        let mut search = Search {
            order,
            roles: self.roles_of_tasks(),
            edges: Vec::new(),
            tried: BTreeMap::new(),
        };
        let mut passed = true;
        for (tasks, number) in drawn.orders.iter().zip(1..) {
            if self.wants(number) {
                passed &= self.try_order(&mut search, tasks, number, &drawn, count).await?;
            }
        }
        Ok(passed)
    }

    async fn try_order(
        &mut self,
        search: &mut Search,
        tasks: &Order,
        number: usize,
        drawn: &Drawn,
        count: usize,
    ) -> Result<bool, RunError> {
        let begun = Instant::now();
        let turned = search.order.allowed.free_pairs();
        let turned = turned.into_iter().filter(|&pair| turns_round(tasks, pair)).count();
        let what = format!("{turned} of {} turned round", counted(drawn.pairs, "pair", "pairs"));
        let mut result = self.result(TrialKind::Order, number, count, what);
        result.of = drawn.orders.len();
        let mut trial = OrderTrial {
            tasks: self.places(search, tasks),
            ..OrderTrial::default()
        };
        let failure = if let Some(effect) = search.tried.get(tasks).filter(|effect| !effect.lines.is_empty()) {
            // The search for another order's pair came by here.
            Some(Failure {
                sentence: format!("the end is not the usual one: {}", joined(&effect.lines)),
                differences: Vec::new(),
            })
        } else if search.tried.contains_key(tasks) {
            None
        } else {
            let (effect, failure) = self.run_in(&format!("order-{number}"), search, tasks).await?;
            search.tried.insert(tasks.clone(), effect);
            failure
        };
        if failure.is_some() {
            self.explain(search, tasks, number, &mut trial).await?;
        }
        result.order = Some(trial);
        Ok(self.tell(result, failure, begun))
    }

    /// Runs the tasks in this order on nodes from the kept state.
    async fn run_in(
        &mut self,
        name: &str,
        search: &Search,
        tasks: &[usize],
    ) -> Result<(Effect, Option<Failure>), RunError> {
        self.renew().await?;
        let log = self.log(name);
        let messages = search.order.force(&self.known.messages, tasks);
        let (sender, receiver) = mpsc::unbounded_channel();
        let failed = Mutex::new(BTreeSet::new());
        let watch = |event: &Event| {
            if let Event::TaskFinished(record) = event
                && record.status == TaskStatus::Failed
            {
                let line = format!("{}: task `{}` fails", self.name(&record.node_id), record.task);
                failed.lock().unwrap_or_else(PoisonError::into_inner).insert(line);
            }
        };
        let work = self.send(&messages, self.as_nodes(), sender);
        let listening = self.listen(&log, 1, Phase::Trials(TrialKind::Order), receiver, watch);
        let (deployed, ()) = tokio::join!(work, listening);
        let mut lines = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Err(why) = deployed? {
            if lines.is_empty() {
                lines.insert(why.clone());
            }
            let failure = Failure {
                sentence: format!("in this order it fails: {why}"),
                differences: Vec::new(),
            };
            return Ok((Effect { lines, cut_short: true }, Some(failure)));
        }
        let failure = self.compare().await?;
        // A task that failed and may fail counts by what it leaves.
        let differences = failure.iter().flat_map(|failure| &failure.differences);
        let lines = differences
            .map(|entry| format!("{}: {} {}", entry.node, entry.difference.kind, entry.difference.subject))
            .collect();
        Ok((
            Effect {
                lines,
                cut_short: false,
            },
            failure,
        ))
    }

    /// How an order ends, from what is known or by trying it.
    async fn ends(
        &mut self,
        search: &mut Search,
        tasks: &Order,
        number: usize,
        trial: &mut OrderTrial,
    ) -> Result<Effect, RunError> {
        if let Some(effect) = search.tried.get(tasks) {
            return Ok(effect.clone());
        }
        trial.searched += 1;
        let text = format!("order {number}: searching for the pair, order {} more", trial.searched);
        let phase = Phase::Trials(TrialKind::Order);
        self.rig.events.emit(RunEvent::Detail(phase, text));
        let name = format!("order-{number}-search-{}", trial.searched);
        let (effect, _) = self.run_in(&name, search, tasks).await?;
        search.tried.insert(tasks.clone(), effect.clone());
        Ok(effect)
    }

    /// Finds the pairs that lack an edge, of which this order, which does not end well, shows something.
    async fn explain(
        &mut self,
        search: &mut Search,
        tasks: &Order,
        number: usize,
        trial: &mut OrderTrial,
    ) -> Result<(), RunError> {
        let usual: Order = (0..tasks.len()).collect();
        if !self.usual_order_holds(search, &usual, number, trial).await? {
            trial.unexplained = Some(
                "no pair can be named: with one task at a time even the usual order ends so, and only with tasks of \
                 several nodes at the same time it does not"
                    .to_owned(),
            );
            return Ok(());
        }
        let mut bad = tasks.clone();
        loop {
            let effect = search.tried.get(&bad).cloned().unwrap_or_default();
            let shown: Vec<usize> = (0..search.edges.len())
                .filter(|&at| turns_round(&bad, search.edges[at].0))
                .collect();
            for &at in &shown {
                let edge = &search.edges[at].1;
                if !trial.missing_edges.contains(edge) {
                    trial.missing_edges.push(edge.clone());
                }
            }
            if !shown.is_empty() {
                let known: BTreeSet<&String> = shown.iter().flat_map(|&at| &search.edges[at].1.effect).collect();
                // After a failure nobody knows what the tasks that never ran would have done.
                if !effect.cut_short && effect.lines.iter().all(|line| known.contains(line)) {
                    return Ok(());
                }
                let pairs: Vec<(usize, usize)> = search.edges.iter().map(|(pair, _)| *pair).collect();
                let righted = without(&bad, &pairs, &search.order.allowed);
                if trial.searched >= SEARCHED {
                    trial.unexplained = Some(given_up());
                    return Ok(());
                }
                if self.ends(search, &righted, number, trial).await?.lines.is_empty() {
                    return Ok(());
                }
                bad = righted;
            }
            let mut way = Bisection::new(&usual, &bad);
            if trial.searched + way.at_most() > SEARCHED {
                trial.unexplained = Some(given_up());
                return Ok(());
            }
            while let Some(order) = way.next() {
                let is_good = self.ends(search, &order, number, trial).await?.lines.is_empty();
                way.learn(is_good);
            }
            let edge = self.missing_edge(search, &way, number);
            search.edges.push((way.pair(), edge));
        }
    }

    /// Whether the usual order ends well with one task at a time. On one node it did: that is what the others are compared
    /// with.
    async fn usual_order_holds(
        &mut self,
        search: &mut Search,
        usual: &Order,
        number: usize,
        trial: &mut OrderTrial,
    ) -> Result<bool, RunError> {
        let nodes: BTreeSet<&str> = search.order.tasks.iter().map(|task| &*task.uid).collect();
        if nodes.len() < 2 {
            search.tried.entry(usual.clone()).or_default();
        }
        Ok(self.ends(search, usual, number, trial).await?.lines.is_empty())
    }

    fn missing_edge(&self, search: &Search, way: &Bisection, number: usize) -> MissingEdge {
        let (first, second) = way.pair();
        let side = |task: usize| {
            let task = &search.order.tasks[task];
            let of_node = self.known.environment.nodes.iter().find(|node| node.uid == task.uid);
            let of_node = of_node.map(|node| &*node.roles).unwrap_or_default();
            let of_task = search.roles.get(&task.id).map(Vec::as_slice).unwrap_or_default();
            let role = of_node.iter().find(|role| of_task.contains(role)).or(of_node.first());
            Side {
                task: &task.id,
                node: self.name(&task.uid),
                own: task.own,
                role: role.map_or("*", String::as_str),
            }
        };
        let bad = way.bad();
        let effect = search.tried.get(&bad).cloned().unwrap_or_default();
        let place = |side: Side<'_>| TaskPlace {
            node: side.node.to_owned(),
            task: side.task.to_owned(),
        };
        MissingEdge {
            first: place(side(first)),
            second: place(side(second)),
            remedy: remedy(side(first), side(second)),
            effect: effect.lines.into_iter().collect(),
            order: self.places(search, &bad),
            found_by: number,
        }
    }

    fn places(&self, search: &Search, tasks: &[usize]) -> Vec<TaskPlace> {
        let tasks = tasks.iter().map(|&task| &search.order.tasks[task]);
        tasks
            .map(|task| TaskPlace {
                node: self.name(&task.uid).to_owned(),
                task: task.id.clone(),
            })
            .collect()
    }

    /// The roles that the plugins' own files name for their tasks; nothing for a plugin that is only a package.
    fn roles_of_tasks(&self) -> BTreeMap<String, Vec<String>> {
        let loaded = self.rig.loaded;
        let plugins = loaded.scenario.plugins.iter();
        let plugins = plugins.filter_map(|entry| plugin_builder::Plugin::load(&loaded.plugin_path(&entry.path)).ok());
        let mut roles = BTreeMap::new();
        for task in plugins.flat_map(|plugin| plugin.deployment_tasks) {
            let named = ["groups", "roles", "role"].iter().find_map(|key| task.get(key));
            let named = match named.and_then(|named| named.as_array()) {
                Some(several) => several
                    .iter()
                    .filter_map(|role| Some(role.as_str()?.to_owned()))
                    .collect(),
                None => named
                    .and_then(|named| named.as_str())
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
            };
            if let Some(id) = task["id"].as_str() {
                roles.insert(id.to_owned(), named);
            }
        }
        roles
    }
}

fn given_up() -> String {
    format!("the search ended after {SEARCHED} more orders: mend what is named, then look again")
}

fn joined(lines: &BTreeSet<String>) -> String {
    lines.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
}

/// What is to be known before the first order is tried.
fn notes(order: &TaskOrder, drawn: &Drawn, count: usize) -> Vec<String> {
    let own = order.tasks.iter().filter(|task| task.own).count();
    let core = order.tasks.len() - own;
    let mut tasks = counted(own, "task of plugins", "tasks of plugins");
    if core > 0 {
        tasks.push_str(&format!(" and {core} of Fuel's own after the first of them"));
    }
    let mut notes = Vec::new();
    let existing = drawn.orders.len();
    if existing == 0 {
        notes.push(format!(
            "there is only one order of {tasks} that the graph allows, so no other one is tried"
        ));
    } else {
        let pairs = counted(drawn.pairs, "pair", "pairs");
        let cover = match drawn.cover {
            1 => "the first order turns round all of them".to_owned(),
            cover if cover <= existing => format!("the first {cover} orders together turn round each of them"),
            cover => format!("not all of them are turned round here: `--order {cover}` does it"),
        };
        notes.push(format!(
            "{tasks}: {pairs} may run either way round by the graph; {cover}"
        ));
        if existing < count {
            notes.push(format!(
                "no more than {} exist",
                counted(existing, "other order", "other orders")
            ));
        }
    }
    if order.held > 0 {
        notes.push(format!(
            "{} left as usual: to turn them round, Fuel's own tasks would have to change places among themselves",
            counted(order.held, "pair is", "pairs are")
        ));
    }
    notes
}
