//! Which two tasks it was.

use super::{Order, PartialOrder};

/// Two neighbours of an order that ends as it should, which turned round make one that does not: found by halving the
/// way from the one to the other.
///
/// The way exchanges two neighbours at a time and only such that the graph lets run either way round, so that every
/// order on it is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Bisection {
    from: Order,
    /// Where each step of the way exchanges a task with the next one.
    steps: Vec<usize>,
    /// How many steps lead to the last order known to end well.
    good: usize,
    /// How many steps lead to the first order known not to.
    bad: usize,
}

impl Bisection {
    /// The way from an order that ends well to one that does not. They must differ.
    pub(crate) fn new(good: &[usize], bad: &[usize]) -> Self {
        let steps = way(good, bad);
        Self {
            from: good.to_vec(),
            good: 0,
            bad: steps.len(),
            steps,
        }
    }

    /// The order to try next; `None` once the two neighbours are found.
    pub(crate) fn next(&self) -> Option<Order> {
        (self.bad - self.good > 1).then(|| self.order(usize::midpoint(self.good, self.bad)))
    }

    /// Takes how [`Self::next`] ended.
    pub(crate) fn learn(&mut self, is_good: bool) {
        let middle = usize::midpoint(self.good, self.bad);
        if is_good {
            self.good = middle;
        } else {
            self.bad = middle;
        }
    }

    /// How many orders will have been tried in the end, at most.
    pub(crate) fn at_most(&self) -> usize {
        (self.bad - self.good).next_power_of_two().trailing_zeros() as usize
    }

    /// The neighbours, the one first that must come first.
    pub(crate) fn pair(&self) -> (usize, usize) {
        let (order, at) = (self.order(self.good), self.steps[self.good]);
        (order[at], order[at + 1])
    }

    /// The order that does not end well: the neighbours are turned round in it.
    pub(crate) fn bad(&self) -> Order {
        self.order(self.bad)
    }

    fn order(&self, steps: usize) -> Order {
        let mut order = self.from.clone();
        for &at in &self.steps[..steps] {
            order.swap(at, at + 1);
        }
        order
    }
}

/// Exchanges of neighbours that make the one order the other, as few as can be.
fn way(from: &[usize], to: &[usize]) -> Vec<usize> {
    let mut order = from.to_vec();
    let mut steps = Vec::new();
    for (place, wanted) in to.iter().enumerate() {
        let Some(at) = order.iter().position(|one| one == wanted) else {
            continue;
        };
        for step in (place..at).rev() {
            order.swap(step, step + 1);
            steps.push(step);
        }
    }
    steps
}

/// The orders nearest to this one in which none of the pairs is turned round: in the first one tasks wait longer, in the
/// second one others come sooner. What stands between the tasks of a pair can change sides in the one or the other.
pub(crate) fn without(order: &[usize], pairs: &[(usize, usize)], allowed: &PartialOrder) -> [Order; 2] {
    let mut kept = allowed.clone();
    for &(first, second) in pairs {
        kept.put_before(first, second);
    }
    [kept.nearest(order), kept.nearest_from_end(order)]
}

/// Whether the order has the second task before the first.
pub(crate) fn turns_round(order: &[usize], (first, second): (usize, usize)) -> bool {
    let place = |task| order.iter().position(|&one| one == task);
    place(second) < place(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::draw::tests::partial_orders;
    use super::super::draw_orders;
    use super::*;

    #[test]
    fn the_pair_is_found_in_as_many_orders_as_halving_takes() {
        let usual: Order = (0..10).collect();
        let reverse: Order = (0..10).rev().collect();
        let mut search = Bisection::new(&usual, &reverse);
        assert_eq!(search.at_most(), 6);
        let mut tried = 0;
        while let Some(order) = search.next() {
            tried += 1;
            search.learn(!turns_round(&order, (3, 7)));
        }
        assert_eq!(search.pair(), (3, 7));
        assert!(tried <= 6, "{tried}");
    }

    #[test]
    fn a_pair_that_is_put_right_leaves_the_rest_as_it_is() {
        let free = PartialOrder::new(4);
        assert_eq!(without(&[3, 2, 1, 0], &[(1, 2)], &free), [[3, 1, 2, 0], [3, 1, 2, 0]]);
        assert_eq!(without(&[3, 2, 1, 0], &[(1, 3)], &free), [[2, 1, 3, 0], [1, 3, 2, 0]]);
    }

    proptest! {
        /// Any set of pairs may lack an edge: the one that is named is one of them, and the order that shows it is
        /// allowed and bad only by it.
        #[test]
        fn the_pair_that_is_named_lacks_an_edge(
            allowed in partial_orders(), seed in any::<u64>(), wanted in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        ) {
            let pairs = allowed.free_pairs();
            prop_assume!(!pairs.is_empty());
            let lacking: Vec<(usize, usize)> = wanted.iter().map(|index| pairs[index.index(pairs.len())]).collect();
            let is_good = |order: &Order| !lacking.iter().any(|&pair| turns_round(order, pair));
            let usual: Order = (0..allowed.len()).collect();
            for bad in draw_orders(seed, 20, &allowed).orders.iter().filter(|order| !is_good(order)) {
                let mut search = Bisection::new(&usual, bad);
                let most = search.at_most();
                let mut tried = 0;
                while let Some(order) = search.next() {
                    prop_assert!(allowed.allows(&order));
                    tried += 1;
                    search.learn(is_good(&order));
                }
                prop_assert!(tried <= most);
                prop_assert!(lacking.contains(&search.pair()));
                prop_assert!(allowed.allows(&search.bad()) && !is_good(&search.bad()));
                let mut good = search.bad();
                let at = good.iter().position(|&task| task == search.pair().1).unwrap();
                good.swap(at, at + 1);
                prop_assert!(allowed.allows(&good) && is_good(&good));
                // With every pair put right that lacks an edge the end is good.
                prop_assert!(without(bad, &lacking, &allowed).iter().all(|order| is_good(order) && allowed.allows(order)));
            }
        }
    }
}
