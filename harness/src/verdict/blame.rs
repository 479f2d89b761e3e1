//! Which task did it.

use std::time::SystemTime;

use mock_astute::TaskRecord;

use crate::capture::{TICK_NS, nanoseconds};

/// When each task of one run was busy on a node, by the node's clock.
#[derive(Debug)]
pub(crate) struct Windows {
    windows: Vec<Window>,
}

#[derive(Debug)]
struct Window {
    task: usize,
    from: i64,
    to: i64,
    runs_code: bool,
}

/// Whose a difference is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The task with this number, by its time.
    Window(usize),
    /// The task that ran between two glances.
    Seen(usize),
    /// The only task that can have done it.
    Only(usize),
    /// The only one of several that does not say that it changed nothing.
    Likely(usize),
    /// Any of these.
    Candidates(Vec<usize>),
    /// Nobody's.
    Outside,
}

impl Windows {
    /// The windows of these tasks; `clock_offset_ns` is how far the node's clock is ahead of the rig's.
    pub(crate) fn new(records: &[TaskRecord], clock_offset_ns: i64) -> Self {
        let by_node = |time: SystemTime| nanoseconds(time).saturating_add(clock_offset_ns);
        let windows = records.iter().enumerate().filter_map(|(task, record)| {
            let (from, to) = (record.started?, record.finished?);
            Some(Window {
                task,
                from: by_node(from),
                to: by_node(to),
                runs_code: runs_code(&record.kind),
            })
        });
        Self {
            windows: windows.collect(),
        }
    }

    /// Whose a change at this time is. A time that is nearer than a tick to a window, and in no other, belongs to it.
    pub(crate) fn owner_at(&self, time_ns: i64) -> Owner {
        let distance = |window: &Window| {
            if time_ns < window.from {
                window.from.saturating_sub(time_ns)
            } else {
                time_ns.saturating_sub(window.to).max(0)
            }
        };
        self.windows
            .iter()
            .map(|window| (distance(window), window))
            .filter(|(distance, _)| *distance <= TICK_NS)
            .min_by_key(|(distance, _)| *distance)
            .map_or(Owner::Outside, |(_, window)| Owner::Window(window.task))
    }

    /// Whose a change is that has no time and is no file: only tasks that run somebody's code can have made it.
    ///
    /// `denies` is whether the tool says that the task with this number changed nothing. That is no proof, so it only
    /// decides between tasks of which others do not say so.
    pub(crate) fn owner_without_time(&self, denies: impl Fn(usize) -> bool) -> Owner {
        let candidates: Vec<usize> = self.running_code().map(|window| window.task).collect();
        if let [only] = candidates.as_slice() {
            return Owner::Only(*only);
        }
        one_of(candidates, denies)
    }

    /// Whose a change without a time is that happened between these two moments, by the same rule.
    pub(crate) fn owner_between(&self, from_ns: i64, to_ns: i64, denies: impl Fn(usize) -> bool) -> Owner {
        let candidates: Vec<usize> = self
            .running_code()
            .filter(|window| window.from < to_ns && window.to > from_ns)
            .map(|window| window.task)
            .collect();
        if let [only] = candidates.as_slice() {
            return Owner::Seen(*only);
        }
        one_of(candidates, denies)
    }

    /// How many tasks were at work between these two moments.
    pub(crate) fn count_between(&self, from_ns: i64, to_ns: i64) -> usize {
        let at_work = |window: &&Window| window.from < to_ns && window.to > from_ns;
        self.windows.iter().filter(at_work).count()
    }

    fn running_code(&self) -> impl Iterator<Item = &Window> {
        self.windows.iter().filter(|window| window.runs_code)
    }
}

/// Of several, one that does not say that it changed nothing, if it is the only such one.
fn one_of(mut candidates: Vec<usize>, denies: impl Fn(usize) -> bool) -> Owner {
    if candidates.iter().any(|&task| !denies(task)) {
        candidates.retain(|&task| !denies(task));
    }
    match candidates.as_slice() {
        [] => Owner::Outside,
        [likely] => Owner::Likely(*likely),
        _ => Owner::Candidates(candidates),
    }
}

/// Task types that only put files in place.
const COPYING: [&str; 5] = ["sync", "upload_file", "upload_files", "copy_files", "cobbler_sync"];

/// Whether tasks of this type run somebody's code.
pub(crate) fn runs_code(kind: &str) -> bool {
    !COPYING.contains(&kind)
}
