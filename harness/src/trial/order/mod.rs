//! Other orders of a deployment's tasks that its graph allows, and the search for the two tasks that lack an edge.

mod draw;
mod explain;
mod found;
mod graph;
mod partial;
mod remedy;
mod search;

pub(crate) use draw::{Drawn, draw_orders};
pub(crate) use explain::{Edge, Effect, Step, Tried, Unexplained};
pub use found::{MissingEdge, OrderTrial, TaskPlace};
pub(crate) use graph::TaskOrder;
pub(crate) use partial::{Order, PartialOrder};
pub(crate) use remedy::{Side, remedy};
pub(crate) use search::turns_round;
