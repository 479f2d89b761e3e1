//! deployment_tasks.yaml: names, edges and what the graph of a Fuel version makes of them.

mod cycle;
mod identity;
mod model;
mod names;
mod patterns;
mod roles;

pub(super) use cycle::TOPIC as CYCLES;
pub(super) use identity::TOPIC as IDENTITY;
pub(super) use model::{tasks, texts};
pub(super) use names::TOPIC as NAMES;
pub(super) use patterns::TOPIC as PATTERNS;
pub(super) use roles::TOPIC as ROLES;
