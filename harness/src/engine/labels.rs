//! The labels by which everything that the rig makes is found again.

use std::collections::HashMap;
use std::fmt;

use super::process::Owner;

/// Label of everything that belongs to a run: its id.
pub(crate) const RUN: &str = "fuelrig.run";
/// Name of the scenario.
pub(crate) const SCENARIO: &str = "fuelrig.scenario";
/// Process id of the rig, for people.
pub(crate) const PID: &str = "fuelrig.pid";
/// The process that owns the run, exactly: see [`Owner`].
pub(crate) const OWNER: &str = "fuelrig.owner";
/// What a container is in its run: `nginx`, `node-1`.
pub(crate) const NAME: &str = "fuelrig.name";
/// Of a node: the networks in which it was started, by the engine's names, with commas between.
pub(crate) const LEGS: &str = "fuelrig.legs";
/// Set on the volume that marks a run as kept on purpose.
pub(crate) const KEPT: &str = "fuelrig.kept";
/// Label of an image: the target that it was built from.
pub(crate) const IMAGE: &str = "fuelrig.image";

/// One run of one scenario: the name of everything that is made for it.
#[derive(Debug, Clone)]
pub struct RunId {
    id: String,
    scenario: String,
    owner: Owner,
}

impl RunId {
    /// A new run of `scenario`, owned by this process.
    pub fn new(scenario: &str) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect();
        Self {
            id,
            scenario: scenario.to_owned(),
            owner: Owner::current(),
        }
    }

    /// The eight hexadecimal digits that tell this run from others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The scenario's name.
    pub fn scenario(&self) -> &str {
        &self.scenario
    }

    /// Name in the engine of what is called `name` in the run: `fuelrig-1a2b3c4d-node-1`.
    pub fn object_name(&self, name: &str) -> String {
        format!("fuelrig-{}-{name}", self.id)
    }

    pub(crate) fn labels(&self, name: &str) -> HashMap<String, String> {
        HashMap::from([
            (RUN.to_owned(), self.id.clone()),
            (SCENARIO.to_owned(), self.scenario.clone()),
            (PID.to_owned(), self.owner.pid.to_string()),
            (OWNER.to_owned(), self.owner.to_string()),
            (NAME.to_owned(), name.to_owned()),
        ])
    }

    #[cfg(test)]
    pub(crate) fn owned_by(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.id)
    }
}

/// Filter of the engine's list requests: all that carries `label` (`key` or `key=value`).
pub(crate) fn filter(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![label.to_owned()])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_of_a_run_names_run_scenario_and_owner() {
        let run = RunId::new("trove");
        let labels = run.labels("node-1");
        assert_eq!(labels[RUN], run.id());
        assert_eq!(labels[SCENARIO], "trove");
        assert_eq!(labels[NAME], "node-1");
        assert_eq!(labels[PID], std::process::id().to_string());
        assert_eq!(labels[OWNER].parse(), Ok(Owner::current()));
    }

    #[test]
    fn two_runs_of_one_scenario_have_different_names() {
        assert_ne!(
            RunId::new("trove").object_name("node-1"),
            RunId::new("trove").object_name("node-1")
        );
    }
}
