//! Where a deployment is cut off.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::Draw;

/// A task of the plugins as the undisturbed deployment ran it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// Nailgun's id of the node.
    pub(crate) uid: String,
    /// Task id.
    pub(crate) task: String,
    /// Task type.
    pub(crate) kind: String,
    /// When it began.
    pub(crate) started: SystemTime,
    /// How long after its begin it changed something for the first time, as far as that is known.
    pub(crate) idle: Duration,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Span {
    /// How long this share is of the time in which it changes something.
    pub(crate) fn part(&self, share: f64) -> Duration {
        self.took.saturating_sub(self.idle).mul_f64(share)
    }
}

/// Where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// When the task has ended and nothing after it has begun.
    After,
    /// When this share is over of the time in which the task changes something.
    Inside(f64),
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The processes of the task are killed, the machine goes on: Astute is lost.
    Killed,
    /// The machine loses its power and is started again: memory, and with it /run and /tmp, is lost.
    Power,
}

/// One point at which the deployment is cut off.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CrashPoint {
    /// The task, as an index into the spans.
    pub(crate) span: usize,
    /// Where.
    pub(crate) place: Place,
    /// How.
    pub(crate) cut: Cut,
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.cut {
            Cut::Killed => "task killed",
            Cut::Power => "power cut",
        };
        match self.place {
            Place::After => write!(formatter, "{how} after it"),
            Place::Inside(share) => write!(formatter, "{how} at {:.0} %", share * 100.0),
        }
    }
}

/// Draws `count` points for these tasks: the same ones for the same seed, whatever the tasks' times are.
///
/// Points are dealt out and not strewn, so that few of them reach far: every task is cut off once inside before any is
/// cut off after its end, and both before any has its second point inside. The points inside one task lie in equal
/// parts of its time, one at random in each, and its processes are killed and its machine loses its power by turns.
/// After a task the power is cut: without that nothing would differ from running twice.
pub(crate) fn draw_crashes(seed: u64, count: usize, tasks: usize) -> Vec<CrashPoint> {
    let mut draw = Draw::new(seed);
    let mut order: Vec<usize> = (0..tasks).collect();
    draw.shuffle(&mut order);
    let slots: Vec<(usize, bool)> = (0..)
        // Inside, after, and then inside for good: there is only one end to a task.
        .flat_map(|round| order.iter().map(move |&task| (task, round != 1)))
        .take(if tasks == 0 { 0 } else { count })
        .collect();
    let inside = |task: usize| slots.iter().filter(|(of, inside)| *of == task && *inside).count();
    let parts: Vec<usize> = (0..tasks).map(inside).collect();
    // Which part of its time a task's next point lies in, and how its next one is cut off.
    let mut turns: Vec<Vec<usize>> = parts
        .iter()
        .map(|&parts| {
            let mut turns: Vec<usize> = (0..parts).collect();
            draw.shuffle(&mut turns);
            turns
        })
        .collect();
    let mut power: Vec<bool> = (0..tasks).map(|_| draw.below(2) == 1).collect();
    slots
        .iter()
        .map(|&(span, inside)| {
            if !inside {
                return CrashPoint {
                    span,
                    place: Place::After,
                    cut: Cut::Power,
                };
            }
            let part = turns[span].pop().unwrap_or_default() as f64;
            let share = (part + draw.share()) / parts[span].max(1) as f64;
            let cut = if power[span] { Cut::Power } else { Cut::Killed };
            power[span] = !power[span];
            CrashPoint {
                span,
                place: Place::Inside(share),
                cut,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_seed_draws_the_same_points_and_another_seed_others() {
        assert_eq!(draw_crashes(42, 20, 3), draw_crashes(42, 20, 3));
        assert_ne!(draw_crashes(42, 20, 3), draw_crashes(43, 20, 3));
    }

    #[test]
    fn every_task_is_cut_off_inside_before_any_is_after_and_after_before_any_twice_inside() {
        let points = draw_crashes(5, 12, 4);
        let tasks = |points: &[CrashPoint]| points.iter().map(|point| point.span).collect::<BTreeSet<_>>().len();
        assert_eq!([&points[..4], &points[4..8], &points[8..]].map(tasks), [4, 4, 4]);
        assert!(points[4..8].iter().all(|point| point.place == Place::After));
        assert!(
            points[..4]
                .iter()
                .chain(&points[8..])
                .all(|point| point.place != Place::After)
        );
    }

    #[test]
    fn points_inside_a_task_lie_in_equal_parts_and_are_cut_both_ways() {
        let mut shares = Vec::new();
        let mut cuts = [0, 0];
        for point in draw_crashes(9, 11, 1) {
            if let Place::Inside(share) = point.place {
                shares.push((share * 10.0) as usize);
                cuts[usize::from(point.cut == Cut::Power)] += 1;
            }
        }
        shares.sort_unstable();
        assert_eq!(shares, (0..10).collect::<Vec<_>>());
        assert_eq!(cuts, [5, 5]);
    }

    #[test]
    fn without_a_task_there_is_no_point() {
        assert!(draw_crashes(1, 20, 0).is_empty());
    }
}
