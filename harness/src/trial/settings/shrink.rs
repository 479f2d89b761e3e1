//! Which of the drawn settings a failure needs.

use std::collections::BTreeSet;

/// How many times the deployment is repeated for it at most.
pub(crate) const PROBES: usize = 8;

/// Puts drawn settings back to the scenario's, part by part, while what is left still fails.
///
/// First by halves: a single cause among many is found in a few probes. Where neither half fails alone, one by one.
#[derive(Debug, Clone)]
pub(crate) struct Shrink {
    suspects: Vec<usize>,
    step: Step,
    left: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// The first half alone, or the second.
    Halves {
        second: bool,
    },
    /// All but the suspect at this place.
    OneByOne {
        place: usize,
    },
    Done,
}

impl Shrink {
    /// For the settings that were drawn, by their places in the list of fields.
    pub(crate) fn new(drawn: BTreeSet<usize>) -> Self {
        let step = if drawn.len() > 1 {
            Step::Halves { second: false }
        } else {
            Step::Done
        };
        Self {
            suspects: drawn.into_iter().collect(),
            step,
            left: PROBES,
        }
    }

    /// What to try next: only these are as drawn, all others as in the scenario. `None` when there is nothing more to try.
    pub(crate) fn probe(&self) -> Option<BTreeSet<usize>> {
        if self.left == 0 {
            return None;
        }
        let middle = self.suspects.len() / 2;
        match self.step {
            Step::Halves { second: false } => Some(self.suspects[..middle].iter().copied().collect()),
            Step::Halves { second: true } => Some(self.suspects[middle..].iter().copied().collect()),
            Step::OneByOne { place } => {
                let others = self.suspects.iter().enumerate().filter(|(other, _)| *other != place);
                Some(others.map(|(_, suspect)| *suspect).collect())
            }
            Step::Done => None,
        }
    }

    /// What became of the last probe.
    pub(crate) fn tell(&mut self, fails: bool) {
        self.left = self.left.saturating_sub(1);
        let middle = self.suspects.len() / 2;
        self.step = match (&self.step, fails) {
            (Step::Halves { second }, true) => {
                if *second {
                    self.suspects.drain(..middle);
                } else {
                    self.suspects.truncate(middle);
                }
                Step::Halves { second: false }
            }
            (Step::Halves { second: false }, false) => Step::Halves { second: true },
            // Of two, each is needed.
            (Step::Halves { second: true }, false) if self.suspects.len() == 2 => Step::Done,
            (Step::Halves { second: true }, false) => Step::OneByOne { place: 0 },
            (Step::OneByOne { place }, true) => {
                self.suspects.remove(*place);
                Step::OneByOne { place: *place }
            }
            (Step::OneByOne { place }, false) => Step::OneByOne { place: place + 1 },
            (Step::Done, _) => Step::Done,
        };
        let is_over = match self.step {
            Step::Halves { .. } => self.suspects.len() == 1,
            Step::OneByOne { place } => place >= self.suspects.len() || self.suspects.len() == 1,
            Step::Done => true,
        };
        if is_over {
            self.step = Step::Done;
        }
    }

    /// The settings that are left; whether each of them is needed.
    pub(crate) fn outcome(&self) -> (BTreeSet<usize>, bool) {
        (self.suspects.iter().copied().collect(), self.step == Step::Done)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is left when a failure needs these.
    fn shrunk(count: usize, needed: &BTreeSet<usize>) -> (BTreeSet<usize>, bool, usize) {
        let mut shrink = Shrink::new((0..count).collect());
        let mut probes = 0;
        while let Some(probe) = shrink.probe() {
            probes += 1;
            shrink.tell(needed.is_subset(&probe));
        }
        let (left, minimal) = shrink.outcome();
        (left, minimal, probes)
    }

    proptest! {
        #[test]
        fn a_single_cause_is_found_among_sixteen(count in 1_usize..=16, cause in 0_usize..16) {
            let needed = BTreeSet::from([cause % count]);
            let (left, minimal, _) = shrunk(count, &needed);
            prop_assert_eq!((left, minimal), (needed, true));
        }

        #[test]
        fn what_is_left_always_fails_and_is_minimal_where_that_is_said(
            count in 1_usize..30,
            causes in prop::collection::btree_set(0_usize..30, 1..4),
        ) {
            let needed: BTreeSet<usize> = causes.into_iter().map(|cause| cause % count).collect();
            let (left, minimal, probes) = shrunk(count, &needed);
            prop_assert!(needed.is_subset(&left) && probes <= PROBES);
            prop_assert!(!minimal || left == needed, "{left:?} for {needed:?}");
        }
    }
}
