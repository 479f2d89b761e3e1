//! The master's own system: a machine that is there only where a deployment does something on the master.
//!
//! The master's services are small images without a shell or Puppet. What runs on the master itself (`role: master`,
//! the keys that `copy_files` hands out) gets a machine of the nodes' image, at the master's address and with its
//! repositories. It is looked at and judged like every other one.

use std::sync::Arc;

use fuel_cli::Client;
use serde_json::Value;

use super::Rig;
use crate::engine::{Image, Images, NodeSpec, Place, Target, TargetNode};
use crate::run::RunError;
use crate::run::environment::{DeployedEnvironment, MASTER, refused};

impl Rig<'_> {
    /// Starts the machine, if it is needed.
    pub(super) async fn master_system(
        &self,
        client: &Client,
        environment: &DeployedEnvironment,
        images: &Images,
        place: Place,
    ) -> Result<Option<Arc<TargetNode>>, RunError> {
        if !self.needs_master_system(client, environment).await? {
            return Ok(None);
        }
        let image = images
            .reference(&Image::Target(Target::Node))
            .map_err(|error| RunError::Infrastructure(error.to_string()))?;
        let mut spec = NodeSpec::new(MASTER, MASTER, image);
        spec.part_of = Some(place);
        let started = TargetNode::start_without_legs(self.engine, self.run, spec)
            .await
            .map_err(|error| RunError::Infrastructure(error.to_string()))?;
        self.warn_of_failed_units(&started);
        Ok(Some(Arc::new(started)))
    }

    pub(super) async fn needs_master_system(
        &self,
        client: &Client,
        environment: &DeployedEnvironment,
    ) -> Result<bool, RunError> {
        let scenario = &self.loaded.scenario;
        let mut named = scenario.verify.iter().map(|check| &check.on);
        let mut observed = scenario.observe.iter().map(|observe| &observe.on);
        if named.any(|on| on == MASTER) || observed.any(|on| on == MASTER) {
            return Ok(true);
        }
        match client.serialized_tasks(environment.id).await {
            Ok(serialized) => Ok(concerns_master(&serialized["tasks_graph"])),
            // Before 9.0 there is no graph, and the core's own hooks make keys on the master.
            Err(error) if error.status() == Some(404) => Ok(true),
            Err(error) => Err(refused("cannot read the serialised tasks", &error)),
        }
    }
}

/// Whether a graph has something to do on the master, or to read from it.
fn concerns_master(graph: &Value) -> bool {
    let does_something = |task: &Value| !task["type"].as_str().is_none_or(crate::verdict::does_nothing);
    graph.as_object().into_iter().flatten().any(|(uid, tasks)| {
        let mut tasks = tasks.as_array().into_iter().flatten();
        tasks.any(|task| {
            let kind = task["type"].as_str().unwrap_or_default();
            kind == "copy_files" || (mock_astute::place(kind, uid) == MASTER && does_something(task))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::only_stages(json!({"master": [{"id": "a", "type": "skipped"}], "1": [{"id": "b", "type": "puppet"}]}), false)]
    #[case::a_command(json!({"master": [{"id": "a", "type": "shell"}]}), true)]
    #[case::a_command_for_the_master_in_a_node(json!({"1": [{"id": "a", "type": "master_shell"}]}), true)]
    #[case::files_of_the_master(json!({"1": [{"id": "a", "type": "copy_files"}]}), true)]
    fn a_master_that_only_waits_needs_no_machine(#[case] graph: Value, #[case] needed: bool) {
        assert_eq!(concerns_master(&graph), needed);
    }
}
