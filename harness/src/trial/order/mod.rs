//! Other orders of a deployment's tasks that its graph allows, and the search for the two tasks that lack an edge.

mod draw;
mod found;
mod graph;
mod partial;
mod remedy;
mod search;

pub(crate) use draw::{Drawn, draw_orders};
pub use found::{MissingEdge, OrderTrial, TaskPlace};
pub(crate) use graph::TaskOrder;
pub(crate) use partial::{Order, PartialOrder};
pub(crate) use remedy::{Side, remedy};
pub(crate) use search::{Bisection, turns_round, without};
