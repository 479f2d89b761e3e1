//! Which other orders are tried.

use std::collections::BTreeSet;

use super::{Order, PartialOrder};
use crate::trial::Draw;

/// Up to this many orders are listed and shuffled, so that none is missed; of more they are drawn one by one.
const LISTED: usize = 5000;

/// How many exchanges of neighbours a drawn order is away from the usual one, at most: enough for any order of some
/// sixty tasks to be about as likely as any other.
const EXCHANGES: usize = 200_000;

/// Orders that were drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// The orders, all different, none of them the usual one.
    pub(crate) orders: Vec<Order>,
    /// How many pairs of tasks may run either way round.
    pub(crate) pairs: usize,
    /// How many orders it takes, from the first on, until each of these pairs was turned round once.
    pub(crate) cover: usize,
}

/// Draws up to `count` orders other than the usual one, which is 0, 1, 2, …: the same ones for the same seed, and the
/// first of a larger count are those of a smaller one. There are fewer where no more exist.
///
/// They are dealt out so that few of them reach far: the first one turns round every pair that may run either way
/// round, or as many as go together, the next ones those that are left. What comes then is random.
pub(crate) fn draw_orders(seed: u64, count: usize, allowed: &PartialOrder) -> Drawn {
    let mut draw = Draw::new(seed);
    let pairs = allowed.free_pairs();
    let mut orders = covering(&pairs, allowed, &mut draw);
    let cover = orders.len();
    let usual: Order = (0..allowed.len()).collect();
    let mut known: BTreeSet<Order> = orders.iter().cloned().collect();
    if let Some(mut all) = allowed.all_but(&usual, LISTED) {
        draw.shuffle(&mut all);
        orders.extend(all.into_iter().filter(|order| !known.contains(order)));
    } else {
        known.insert(usual.clone());
        // More than a few thousand exist: only who wants nearly all of them meets the same one that often.
        for _ in 0..count.saturating_mul(20) {
            if orders.len() >= count {
                break;
            }
            let order = random(&usual, allowed, &mut draw);
            if known.insert(order.clone()) {
                orders.push(order);
            }
        }
    }
    orders.truncate(count);
    Drawn {
        orders,
        pairs: pairs.len(),
        cover,
    }
}

/// Orders that together turn round every one of the pairs.
fn covering(pairs: &[(usize, usize)], allowed: &PartialOrder, draw: &mut Draw) -> Vec<Order> {
    let mut orders = Vec::new();
    let mut left = pairs.to_vec();
    while !left.is_empty() {
        draw.shuffle(&mut left);
        let mut decided = allowed.clone();
        for &(one, other) in &left {
            // Where it cannot be, the others have decided that this pair stays as usual.
            decided.put_before(other, one);
        }
        let mut seen: Vec<(usize, usize)> = pairs.to_vec();
        draw.shuffle(&mut seen);
        for (one, other) in seen {
            let (one, other) = if draw.below(2) == 0 { (one, other) } else { (other, one) };
            let _ = decided.put_before(one, other) || decided.put_before(other, one);
        }
        // Every pair is decided by now: there is one order left.
        let order = decided.nearest(&(0..allowed.len()).collect::<Order>());
        left.retain(|&(one, other)| decided.before(one, other));
        orders.push(order);
    }
    orders
}

/// A random order, any about as likely as any other: neighbours are exchanged where that is allowed, again and again
/// (Karzanov, Khachiyan: On the conductance of order Markov chains, 1991).
fn random(usual: &[usize], allowed: &PartialOrder, draw: &mut Draw) -> Order {
    let mut order = usual.to_vec();
    let count = order.len();
    for _ in 0..count.saturating_pow(3).min(EXCHANGES) {
        let at = draw.below(count - 1);
        if draw.below(2) == 0 && allowed.is_free(order[at], order[at + 1]) {
            order.swap(at, at + 1);
        }
    }
    order
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Partial orders of up to nine tasks, in which the usual order is allowed.
    pub(crate) fn partial_orders() -> impl Strategy<Value = PartialOrder> {
        (2_usize..9).prop_flat_map(|count| {
            proptest::collection::vec((0..count, 0..count), 0..2 * count).prop_map(move |edges| {
                let mut order = PartialOrder::new(count);
                for (one, other) in edges {
                    order.put_before(one.min(other), one.max(other));
                }
                order
            })
        })
    }

    /// How many pairs an order turns round.
    fn turned(order: &[usize]) -> BTreeSet<(usize, usize)> {
        let pairs = order.iter().enumerate();
        pairs
            .flat_map(|(at, &first)| order[at + 1..].iter().map(move |&second| (second, first)))
            .filter(|(one, other)| one < other)
            .collect()
    }

    #[test]
    fn tasks_without_any_edge_run_in_reverse_first() {
        let drawn = draw_orders(3, 4, &PartialOrder::new(12));
        assert_eq!(drawn.orders[0], (0..12).rev().collect::<Order>());
        assert_eq!((drawn.orders.len(), drawn.pairs, drawn.cover), (4, 66, 1));
        assert_ne!(drawn, draw_orders(4, 4, &PartialOrder::new(12)));
    }

    #[test]
    fn a_chain_has_no_other_order() {
        let mut chain = PartialOrder::new(5);
        for one in 0..4 {
            chain.put_before(one, one + 1);
        }
        let drawn = draw_orders(1, 20, &chain);
        assert_eq!((drawn.orders.len(), drawn.pairs, drawn.cover), (0, 0, 0));
    }

    #[test]
    fn random_orders_are_about_equally_likely() {
        let allowed = PartialOrder::new(3);
        let mut draw = Draw::new(5);
        let mut seen = std::collections::BTreeMap::<Order, usize>::new();
        for _ in 0..6000 {
            *seen.entry(random(&[0, 1, 2], &allowed, &mut draw)).or_default() += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| (700..1300).contains(count)), "{seen:?}");
    }

    proptest! {
        #[test]
        fn drawn_orders_respect_every_edge_differ_and_are_drawn_again(
            allowed in partial_orders(), seed in any::<u64>(), count in 0_usize..30,
        ) {
            let drawn = draw_orders(seed, count, &allowed);
            let usual: Order = (0..allowed.len()).collect();
            let different: BTreeSet<&Order> = drawn.orders.iter().collect();
            prop_assert_eq!(different.len(), drawn.orders.len());
            for order in &drawn.orders {
                prop_assert!(allowed.allows(order), "{:?}", order);
                prop_assert_ne!(order, &usual);
            }
            let exist = allowed.all_but(&usual, 50_000).map_or(usize::MAX, |all| all.len());
            prop_assert_eq!(drawn.orders.len(), count.min(exist));
            prop_assert_eq!(&drawn, &draw_orders(seed, count, &allowed));
            // A trial keeps its number when more are asked for.
            let more = draw_orders(seed, count + 5, &allowed);
            prop_assert_eq!(&drawn.orders[..], &more.orders[..drawn.orders.len()]);
        }

        #[test]
        fn the_first_orders_turn_every_pair_round_that_may_be(allowed in partial_orders(), seed in any::<u64>()) {
            let drawn = draw_orders(seed, 100, &allowed);
            let turned: BTreeSet<(usize, usize)> =
                drawn.orders.iter().take(drawn.cover).flat_map(|order| turned(order)).collect();
            prop_assert_eq!(turned.into_iter().collect::<Vec<_>>(), allowed.free_pairs());
        }
    }
}
