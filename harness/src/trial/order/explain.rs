//! What orders that were tried have shown, and which one to try next to learn more.

use std::collections::{BTreeMap, BTreeSet};

use super::search::{Bisection, turns_round, without};
use super::{Order, PartialOrder};

/// What an order ended with, a line for each place that is not as it should be and for each task that failed; nothing
/// where it ended as it should.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    /// The lines.
    pub(crate) lines: BTreeSet<String>,
    /// The deployment failed, so that some tasks never ran.
    pub(crate) cut_short: bool,
}

impl Effect {
    /// Whether the order ended as it should.
    pub(crate) fn is_good(&self) -> bool {
        self.lines.is_empty()
    }
}

/// Two tasks that lack an edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The tasks, the one first that must come first.
    pub(crate) pair: (usize, usize),
    /// An order that does not end well, and does with the two the other way round.
    pub(crate) bad: Order,
    /// The number of the trial that led to it.
    pub(crate) found_by: usize,
}

/// How the search for what one order shows goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// This order is to be tried.
    Try(Order),
    /// It is over.
    Ended {
        /// The pairs that the order turns round and that lack an edge, as indices into [`Tried::edges`].
        edges: Vec<usize>,
        /// Why there may be more of them.
        unexplained: Option<Unexplained>,
    },
}

/// Why no pair is named, or not every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unexplained {
    /// The usual order, one task at a time, does not end well either.
    Usual,
    /// With these pairs put right the end is good, but they alone do not do all that the order shows: to put them right
    /// moved other tasks as well.
    Rest,
    /// It would take more orders than may be tried.
    GivenUp,
}

/// Orders that were tried, none of them twice, and what they have shown.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    allowed: PartialOrder,
    effects: BTreeMap<Order, Effect>,
    /// Pairs that lack an edge, in the order in which they were found.
    pub(crate) edges: Vec<Edge>,
}

impl Tried {
    /// Nothing was tried yet.
    pub(crate) fn new(allowed: PartialOrder) -> Self {
        Self {
            allowed,
            effects: BTreeMap::new(),
            edges: Vec::new(),
        }
    }

    /// Takes how an order ended.
    pub(crate) fn learn(&mut self, order: Order, effect: Effect) {
        self.effects.insert(order, effect);
    }

    /// How an order ended, if it was tried.
    pub(crate) fn effect(&self, order: &[usize]) -> Option<&Effect> {
        self.effects.get(order)
    }

    /// Looks for the pairs that explain how this order ended, which did not end well, by what was tried up to now. While
    /// more has to be tried, at most `left` orders, it says what; whoever calls it tries that, and calls it again.
    pub(crate) fn explain(&mut self, order: &Order, number: usize, left: usize) -> Step {
        let usual: Order = (0..order.len()).collect();
        match self.effects.get(&usual) {
            None => return Step::Try(usual),
            Some(effect) if !effect.is_good() => return ended(BTreeSet::new(), Some(Unexplained::Usual)),
            Some(_) => {}
        }
        let mut shown = BTreeSet::new();
        let mut bad = order.clone();
        while let Some(effect) = self.effects.get(&bad) {
            let turned = self.turned_round(&bad);
            if effect.is_good() || self.is_explained(effect, &turned) {
                shown.extend(turned);
                return self.over(order, shown);
            }
            if !turned.is_empty() {
                shown.extend(turned);
                let pairs: Vec<(usize, usize)> = self.edges.iter().map(|edge| edge.pair).collect();
                let [later, sooner] = without(&bad, &pairs, &self.allowed);
                let is_good = |order: &Order| self.effects.get(order).is_some_and(Effect::is_good);
                bad = match (is_good(&later), effect.cut_short) {
                    (false, _) => later,
                    // Nothing says that there is more.
                    (true, true) => return self.over(order, shown),
                    (true, false) if is_good(&sooner) => return self.over(order, shown),
                    (true, false) => sooner,
                };
                continue;
            }
            let mut way = Bisection::new(&usual, &bad);
            while let Some(order) = way.next() {
                match self.effects.get(&order) {
                    Some(effect) => way.learn(effect.is_good()),
                    None if way.at_most() > left => return ended(shown, Some(Unexplained::GivenUp)),
                    None => return Step::Try(order),
                }
            }
            self.edges.push(Edge {
                pair: way.pair(),
                bad: way.bad(),
                found_by: number,
            });
        }
        // It has not been tried.
        if left == 0 {
            ended(shown, Some(Unexplained::GivenUp))
        } else {
            Step::Try(bad)
        }
    }

    /// The end of a search; where these pairs do not do all that the order shows, it says so.
    fn over(&self, order: &[usize], shown: BTreeSet<usize>) -> Step {
        let all: Vec<usize> = shown.iter().copied().collect();
        let effect = self.effects.get(order);
        let is_all = effect.is_none_or(|effect| effect.cut_short || self.is_explained(effect, &all));
        ended(shown, (!is_all).then_some(Unexplained::Rest))
    }

    fn turned_round(&self, order: &[usize]) -> Vec<usize> {
        let edges = self.edges.iter().enumerate();
        edges
            .filter(|(_, edge)| turns_round(order, edge.pair))
            .map(|(at, _)| at)
            .collect()
    }

    /// Whether these pairs do all that the order shows. After a failure nobody knows what the tasks that never ran would
    /// have done.
    fn is_explained(&self, effect: &Effect, turned: &[usize]) -> bool {
        let effects = turned.iter().filter_map(|&at| self.effects.get(&self.edges[at].bad));
        let known: BTreeSet<&String> = effects.flat_map(|effect| &effect.lines).collect();
        !effect.cut_short && effect.lines.iter().all(|line| known.contains(line))
    }
}

fn ended(edges: BTreeSet<usize>, unexplained: Option<Unexplained>) -> Step {
    Step::Ended {
        edges: edges.into_iter().collect(),
        unexplained,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::draw::tests::partial_orders;
    use super::super::draw_orders;
    use super::*;

    /// How an order ends where these pairs lack an edge; those marked make a task fail, after which nothing runs.
    fn run(order: &Order, lacking: &[((usize, usize), bool)]) -> Effect {
        let place = |task| order.iter().position(|&one| one == task);
        let turned = lacking.iter().filter(|(pair, _)| turns_round(order, *pair));
        // The second task of a pair is the one that misses the first.
        let failed = turned
            .clone()
            .filter(|(_, fails)| *fails)
            .min_by_key(|(pair, _)| place(pair.1));
        match failed {
            Some((pair, _)) => Effect {
                lines: BTreeSet::from([format!("{} fails", pair.1)]),
                cut_short: true,
            },
            None => Effect {
                lines: turned.map(|(pair, _)| format!("content {pair:?}")).collect(),
                cut_short: false,
            },
        }
    }

    proptest! {
        /// Whichever pairs lack an edge: each order that ends badly leads to one of them at least, to all that show
        /// something unless it says so, and to no other.
        #[test]
        fn pairs_that_lack_an_edge_are_named_and_no_other(
            allowed in partial_orders(),
            seed in any::<u64>(),
            wanted in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..5),
        ) {
            let pairs = allowed.free_pairs();
            prop_assume!(!pairs.is_empty());
            let lacking: BTreeMap<(usize, usize), bool> =
                wanted.iter().map(|(index, fails)| (pairs[index.index(pairs.len())], *fails)).collect();
            let lacking: Vec<((usize, usize), bool)> = lacking.into_iter().collect();
            let mut tried = Tried::new(allowed.clone());
            tried.learn((0..allowed.len()).collect(), Effect::default());
            let drawn = draw_orders(seed, 8, &allowed);
            for (order, number) in drawn.orders.iter().zip(1..) {
                if tried.effect(order).is_none() {
                    tried.learn(order.clone(), run(order, &lacking));
                }
                if tried.effect(order).is_some_and(Effect::is_good) {
                    continue;
                }
                let mut searched = 0;
                let (edges, unexplained) = loop {
                    match tried.explain(order, number, 100 - searched) {
                        Step::Try(next) => {
                            prop_assert!(allowed.allows(&next));
                            prop_assert!(tried.effect(&next).is_none(), "tried twice");
                            searched += 1;
                            let effect = run(&next, &lacking);
                            tried.learn(next, effect);
                        }
                        Step::Ended { edges, unexplained } => {
                            break (edges, unexplained);
                        }
                    }
                };
                prop_assert!(!edges.is_empty());
                prop_assert!(lacking.len() > 1 || unexplained.is_none());
                prop_assert!(matches!(unexplained, None | Some(Unexplained::Rest)));
                let all_ran = tried.effect(order).is_some_and(|effect| !effect.cut_short);
                for (pair, _) in lacking.iter().filter(|(pair, _)| turns_round(order, *pair)) {
                    prop_assert!(!all_ran || unexplained.is_some() || edges.iter().any(|&at| tried.edges[at].pair == *pair), "{:?} is not named", pair);
                }
            }
            for edge in &tried.edges {
                prop_assert!(lacking.iter().any(|(pair, _)| *pair == edge.pair));
            }
        }
    }

    #[test]
    fn where_the_usual_order_ends_badly_too_no_pair_is_named() {
        let mut tried = Tried::new(PartialOrder::new(2));
        let bad = Effect {
            lines: BTreeSet::from(["content".to_owned()]),
            cut_short: false,
        };
        tried.learn(vec![1, 0], bad.clone());
        assert_eq!(tried.explain(&vec![1, 0], 1, 9), Step::Try(vec![0, 1]));
        tried.learn(vec![0, 1], bad);
        assert_eq!(
            tried.explain(&vec![1, 0], 1, 9),
            ended(BTreeSet::new(), Some(Unexplained::Usual))
        );
    }

    #[test]
    fn a_search_that_would_take_too_long_is_given_up() {
        let mut tried = Tried::new(PartialOrder::new(9));
        tried.learn((0..9).collect(), Effect::default());
        let reverse: Order = (0..9).rev().collect();
        tried.learn(reverse.clone(), run(&reverse, &[((2, 5), false)]));
        assert_eq!(
            tried.explain(&reverse, 1, 5),
            ended(BTreeSet::new(), Some(Unexplained::GivenUp))
        );
        assert!(matches!(tried.explain(&reverse, 1, 6), Step::Try(_)));
    }
}
