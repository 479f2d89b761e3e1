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
    Drawn, Edge, Effect, MissingEdge, Order, OrderTrial, Side, Span, Step, TaskOrder, TaskPlace, TrialKind, Tried,
    Unexplained, draw_orders, remedy, turns_round,
};

/// How many more orders are tried at most to find what one order shows. A pair among a dozen tasks takes seven.
const SEARCHED: usize = 48;

/// What is known of the orders.
struct Search {
    order: TaskOrder,
    /// Which role gives a task to a node, as far as the plugins' own files say.
    roles: BTreeMap<String, Vec<String>>,
    tried: Tried,
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
        let mut tried = Tried::new(order.allowed.clone());
        let nodes: BTreeSet<&str> = order.tasks.iter().map(|task| &*task.uid).collect();
        if nodes.len() < 2 {
            // On one node one task runs at a time anyway: the usual order is what the others are compared with.
            tried.learn((0..order.tasks.len()).collect(), Effect::default());
        }
        let mut search = Search {
            order,
            roles: self.roles_of_tasks(),
            tried,
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
        let failure = match search.tried.effect(tasks) {
            // The search for another order's pair came by here.
            Some(effect) => (!effect.is_good()).then(|| Failure {
                sentence: format!("the end is not the usual one: {}", joined(&effect.lines)),
                differences: Vec::new(),
            }),
            None => {
                let (effect, failure) = self.run_in(&format!("order-{number}"), search, tasks).await?;
                search.tried.learn(tasks.clone(), effect);
                failure
            }
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

    /// Finds the pairs that lack an edge, of which this order, which does not end well, shows something.
    async fn explain(
        &mut self,
        search: &mut Search,
        tasks: &Order,
        number: usize,
        trial: &mut OrderTrial,
    ) -> Result<(), RunError> {
        let phase = Phase::Trials(TrialKind::Order);
        loop {
            match search.tried.explain(tasks, number, SEARCHED - trial.searched) {
                Step::Try(order) => {
                    trial.searched += 1;
                    let text = format!("order {number}: searching for the pair, {} more tried", trial.searched);
                    self.rig.events.emit(RunEvent::Detail(phase, text));
                    let name = format!("order-{number}-search-{}", trial.searched);
                    let (effect, _) = self.run_in(&name, search, &order).await?;
                    search.tried.learn(order, effect);
                }
                Step::Ended { edges, unexplained } => {
                    let edges = edges.into_iter().map(|at| &search.tried.edges[at]);
                    trial.missing_edges = edges.map(|edge| self.missing_edge(search, edge)).collect();
                    trial.unexplained = unexplained.map(why);
                    return Ok(());
                }
            }
        }
    }

    fn missing_edge(&self, search: &Search, edge: &Edge) -> MissingEdge {
        let (first, second) = edge.pair;
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
        let effect = search.tried.effect(&edge.bad).cloned().unwrap_or_default();
        let place = |side: Side<'_>| TaskPlace {
            node: side.node.to_owned(),
            task: side.task.to_owned(),
        };
        MissingEdge {
            first: place(side(first)),
            second: place(side(second)),
            remedy: remedy(side(first), side(second)),
            effect: effect.lines.into_iter().collect(),
            order: self.places(search, &edge.bad),
            found_by: edge.found_by,
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

fn why(unexplained: Unexplained) -> String {
    match unexplained {
        Unexplained::Usual => "no pair can be named: with one task at a time even the usual order does not end as it \
                               does with tasks of several nodes at the same time"
            .to_owned(),
        Unexplained::Rest => {
            "these alone do not do all that this order shows: to put them right moves other tasks too; mend \
                              them, then look again"
                .to_owned()
        }
        Unexplained::GivenUp => {
            format!("the search ended, {SEARCHED} more orders are its limit: mend what is named, then look again")
        }
    }
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
                "the graph allows no more than {}",
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
