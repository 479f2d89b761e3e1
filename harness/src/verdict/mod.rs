//! What the second run moved, which task did it, and what each task is called for it.
//!
//! | the tool said | the machine shows | called |
//! |---|---|---|
//! | changed | differs | [`Call::NotIdempotent`] |
//! | unchanged, or nothing | differs | [`Call::SilentChange`] |
//! | changed | same | [`Call::Noisy`] |
//! | unchanged, or nothing | same | [`Call::Idempotent`] |
//! | failed on run 2 | | [`Call::NotRerunnable`] |
//! | failed on both, tolerated | same | [`Call::FailsAlways`] |
//!
//! One task runs at a time on a node, so a change whose time is known (a file's ctime, a service's start) belongs to
//! the task in whose window it falls. What falls outside every window is background: shown apart, failing only where
//! warnings do.
//! What has no time (routes, sysctl, observers) belongs to the task between whose beginning and end a glance saw it move;
//! where there was no glance, to the only task that can have done it, or to several candidates, and the report says so.

mod accounts;
mod blame;
mod compare;
mod judge;
mod machines;
mod model;
mod noise;
mod said;
mod steps;
mod system;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub(crate) use blame::runs_code;
pub(crate) use judge::does_nothing;
pub use judge::{NodeRuns, judge};
pub(crate) use machines::{Unsteady, compare_machines};
pub use model::{
    Background, Blame, Call, Difference, DifferenceKind, IgnoredCount, ResourceRef, Said, TaskVerdict, Unseen, Verdict,
};
pub use noise::{Ignore, NoiseError, NoiseList};
pub(crate) use said::evaluated_ns;
