//! What must come before what.

/// Tasks by number, in the order in which they run.
pub(crate) type Order = Vec<usize>;

/// A partial order of numbered things, with all that follows from it: what comes before what, directly or by way of
/// others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartialOrder {
    /// For each thing, a bit for each one that comes after it.
    after: Vec<Vec<u64>>,
}

impl PartialOrder {
    /// Nothing has to wait for anything.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            after: vec![vec![0; count.div_ceil(64)]; count],
        }
    }

    /// How many things there are.
    pub(crate) fn len(&self) -> usize {
        self.after.len()
    }

    /// Whether `one` must come before `other`.
    pub(crate) fn before(&self, one: usize, other: usize) -> bool {
        self.after[one][other / 64] >> (other % 64) & 1 == 1
    }

    /// Whether either may come first.
    pub(crate) fn is_free(&self, one: usize, other: usize) -> bool {
        one != other && !self.before(one, other) && !self.before(other, one)
    }

    /// All pairs of which either may come first, the smaller number first.
    pub(crate) fn free_pairs(&self) -> Vec<(usize, usize)> {
        let all = (0..self.len()).flat_map(|one| (one + 1..self.len()).map(move |other| (one, other)));
        all.filter(|&(one, other)| self.is_free(one, other)).collect()
    }

    /// From now on `one` comes before `other`. `false`, and nothing is changed, where it must come after it.
    pub(crate) fn put_before(&mut self, one: usize, other: usize) -> bool {
        if one == other || self.before(other, one) {
            return false;
        }
        if self.before(one, other) {
            return true;
        }
        let mut follows = self.after[other].clone();
        follows[other / 64] |= 1 << (other % 64);
        for earlier in 0..self.len() {
            if earlier == one || self.before(earlier, one) {
                for (bits, more) in self.after[earlier].iter_mut().zip(&follows) {
                    *bits |= more;
                }
            }
        }
        true
    }

    /// Whether the order has all things once, none before one that must come first.
    #[cfg(test)]
    pub(crate) fn allows(&self, order: &[usize]) -> bool {
        let mut numbers = order.to_vec();
        numbers.sort_unstable();
        numbers == (0..self.len()).collect::<Order>()
            && order
                .iter()
                .enumerate()
                .all(|(at, &one)| order[..at].iter().all(|&earlier| !self.before(one, earlier)))
    }

    /// The allowed order that is nearest to a wish: of what may come next, that which the wish has first.
    pub(crate) fn nearest(&self, wish: &[usize]) -> Order {
        let mut left = wish.to_vec();
        let mut order = Order::with_capacity(left.len());
        while !left.is_empty() {
            let may_come = |&one: &usize| left.iter().all(|&other| !self.before(other, one));
            // There is always one: nothing comes before itself.
            let at = left.iter().position(may_come).unwrap_or_default();
            order.push(left.remove(at));
        }
        order
    }

    /// As [`Self::nearest`], from the end: of what may come last, that which the wish has last.
    pub(crate) fn nearest_from_end(&self, wish: &[usize]) -> Order {
        let mut left = wish.to_vec();
        let mut order = Order::with_capacity(left.len());
        while !left.is_empty() {
            let may_come = |&one: &usize| left.iter().all(|&other| !self.before(one, other));
            let at = left.iter().rposition(may_come).unwrap_or_default();
            order.push(left.remove(at));
        }
        order.reverse();
        order
    }

    /// All allowed orders but for `usual`; `None` where there are more than `limit`.
    pub(crate) fn all_but(&self, usual: &[usize], limit: usize) -> Option<Vec<Order>> {
        let mut found = Vec::new();
        let mut order = Order::with_capacity(self.len());
        // The usual one is among them.
        let complete = self.extend(&mut order, &mut found, limit + 1);
        found.retain(|order| order != usual);
        complete.then_some(found)
    }

    /// Adds every allowed order that begins like this one; `false` once there are more than `limit`.
    fn extend(&self, order: &mut Order, found: &mut Vec<Order>, limit: usize) -> bool {
        if order.len() == self.len() {
            found.push(order.clone());
            return found.len() <= limit;
        }
        let left: Vec<usize> = (0..self.len()).filter(|one| !order.contains(one)).collect();
        for &one in &left {
            if left.iter().any(|&other| self.before(other, one)) {
                continue;
            }
            order.push(one);
            let goes_on = self.extend(order, found, limit);
            order.pop();
            if !goes_on {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diamond() -> PartialOrder {
        let mut diamond = PartialOrder::new(4);
        for (one, other) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
            assert!(diamond.put_before(one, other));
        }
        diamond
    }

    #[test]
    fn what_follows_from_two_edges_is_known_and_what_contradicts_them_is_refused() {
        let mut diamond = diamond();
        assert!(diamond.before(0, 3));
        assert_eq!(diamond.free_pairs(), [(1, 2)]);
        assert!(!diamond.put_before(3, 0));
        assert_eq!(diamond, self::diamond());
    }

    #[test]
    fn every_allowed_order_is_found_once_and_the_usual_one_left_out() {
        assert_eq!(diamond().all_but(&[0, 1, 2, 3], 10), Some(vec![vec![0, 2, 1, 3]]));
        assert_eq!(
            PartialOrder::new(4).all_but(&[0, 1, 2, 3], 23).map(|all| all.len()),
            Some(23)
        );
        assert_eq!(PartialOrder::new(4).all_but(&[0, 1, 2, 3], 22), None);
    }

    #[test]
    fn the_nearest_allowed_order_leaves_the_wish_only_where_it_must() {
        let mut order = PartialOrder::new(4);
        order.put_before(0, 1);
        assert_eq!(order.nearest(&[3, 1, 2, 0]), [3, 2, 0, 1]);
        assert_eq!(order.nearest_from_end(&[3, 1, 2, 0]), [3, 0, 1, 2]);
    }
}
