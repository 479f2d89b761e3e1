//! Scenario files: what to deploy and what must hold.

mod load;
mod model;
mod schema;

pub use load::{LoadedScenario, SUPPORTED_FUEL, ScenarioError};
pub use model::{Environment, GraphEntry, NodeEntry, Observe, PluginEntry, Scenario, Verify};
pub use schema::scenario_schema;
