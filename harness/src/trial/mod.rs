//! Trials beyond running twice: what they are, how they are drawn from a seed, and what they end with.
//!
//! Everything here is data: a seed and what is known of the undisturbed deployment go in, a list of trials comes out,
//! the same at every call. `run/trials/` carries them out.

mod crash;
mod draw;
mod model;
mod order;
mod settings;

pub(crate) use crash::{CrashPoint, Cut, Place, Span, draw_crashes};
pub(crate) use draw::Draw;
pub use model::{TrialKind, TrialResult, TrialsPlan};
pub(crate) use order::{
    Drawn, Edge, Effect, Order, Side, Step, TaskOrder, Tried, Unexplained, draw_orders, remedy, turns_round,
};
pub use order::{MissingEdge, OrderTrial, TaskPlace};
pub use settings::ChangedSetting;
pub(crate) use settings::{Drawing, PROBES, Shrink, Subject, Surroundings};
