//! What a user of Nailgun does, call by call.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Client;
use crate::error::ClientError;
use crate::model::{Cluster, HistoryRecord, Notification, Plugin, Release, Task};
use crate::settings::Change;

/// Every call fails with a [`ClientError`]: where Nailgun refuses, with its status and message.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them")]
impl Client {
    /// `release`, `auth_required`, …
    pub async fn version(&self) -> Result<Value, ClientError> {
        self.get("version/").await
    }

    /// All registered plugins.
    pub async fn plugins(&self) -> Result<Vec<Plugin>, ClientError> {
        self.get_as("plugins/").await
    }

    /// Has Nailgun read plugins' files again: those of these ids, or all.
    pub async fn sync_plugins(&self, ids: Option<&[u64]>) -> Result<(), ClientError> {
        match ids {
            None => self.post_empty("plugins/sync/").await?,
            Some(ids) => self.post("plugins/sync/", &json!({ "ids": ids })).await?,
        };
        Ok(())
    }

    /// All releases.
    pub async fn releases(&self) -> Result<Vec<Release>, ClientError> {
        self.get_as("releases/").await
    }

    /// Creates an environment with VLAN segmentation, as `fuel env create` does.
    pub async fn create_environment(&self, name: &str, release_id: u64) -> Result<Cluster, ClientError> {
        self.create_environment_with(name, release_id, "vlan").await
    }

    /// Creates an environment: `net_segment_type` is `vlan`, `gre` or `tun`.
    pub async fn create_environment_with(
        &self,
        name: &str,
        release_id: u64,
        net_segment_type: &str,
    ) -> Result<Cluster, ClientError> {
        let body = json!({"nodes": [], "tasks": [], "name": name, "release_id": release_id,
            "net_segment_type": net_segment_type});
        let created = self.post("clusters/", &body).await?;
        self.typed("POST", "clusters/", created)
    }

    /// All environments.
    pub async fn environments(&self) -> Result<Vec<Cluster>, ClientError> {
        self.get_as("clusters/").await
    }

    /// One environment.
    pub async fn environment(&self, environment: u64) -> Result<Cluster, ClientError> {
        self.get_as(&format!("clusters/{environment}/")).await
    }

    /// Deletes an environment; the task does it.
    pub async fn delete_environment(&self, environment: u64, force: bool) -> Result<Value, ClientError> {
        let query = if force { "?force=1" } else { "" };
        self.delete(&format!("clusters/{environment}/{query}")).await
    }

    /// The settings: `{"editable": {section: {field: {…, "value": …}}}}`.
    pub async fn attributes(&self, environment: u64) -> Result<Value, ClientError> {
        self.get_mapping(&format!("clusters/{environment}/attributes")).await
    }

    /// Merges into the settings; gives all of them.
    pub async fn put_attributes(&self, environment: u64, attributes: &Value) -> Result<Value, ClientError> {
        self.put(&format!("clusters/{environment}/attributes/"), attributes)
            .await
    }

    /// Enables a plugin in an environment and sets fields of it; gives all settings of the environment.
    ///
    /// `version` is the plugin's full version, `None` for the newest; `fields` are values by field name. Nailgun takes
    /// a plugin's section only as a whole, so that is what is sent; an unknown field is
    /// [`SettingsError::UnknownField`](crate::SettingsError::UnknownField).
    pub async fn enable_plugin(
        &self,
        environment: u64,
        name: &str,
        version: Option<&str>,
        fields: &BTreeMap<String, Value>,
    ) -> Result<Value, ClientError> {
        self.change_plugin(environment, name, version, Change::Enable(fields))
            .await
    }

    /// Enables, disables or configures a plugin in an environment; gives all settings of the environment.
    ///
    /// Nailgun answers 200 to a section that does nothing, so the answer is looked at too.
    pub(crate) async fn change_plugin(
        &self,
        environment: u64,
        name: &str,
        version: Option<&str>,
        change: Change<'_>,
    ) -> Result<Value, ClientError> {
        let current = self.attributes(environment).await?;
        let body = change.body(&current, name, version)?;
        let answer = self.put_attributes(environment, &body).await?;
        change.confirm(&answer, name)?;
        Ok(answer)
    }

    /// The settings that a new environment would have.
    pub async fn default_attributes(&self, environment: u64) -> Result<Value, ClientError> {
        self.get_mapping(&format!("clusters/{environment}/attributes/defaults"))
            .await
    }

    /// Sends a whole document of settings; `force` also where the environment is locked (9.x).
    pub async fn put_all_attributes(
        &self,
        environment: u64,
        attributes: &Value,
        force: bool,
    ) -> Result<Value, ClientError> {
        let query = if force { "?force=1" } else { "" };
        self.put(&format!("clusters/{environment}/attributes{query}"), attributes)
            .await
    }

    /// Tells Nailgun of a machine, as the agent on a discovered node does; gives the node.
    pub async fn register_node(&self, node: &Value) -> Result<Value, ClientError> {
        self.post("nodes/", node).await
    }

    /// All nodes, or those of one environment.
    pub async fn nodes(&self, environment: Option<u64>) -> Result<Vec<Value>, ClientError> {
        match environment {
            None => self.get_as("nodes/").await,
            Some(environment) => self.get_as(&format!("nodes/?cluster_id={environment}")).await,
        }
    }

    /// Assigns nodes with their roles to an environment.
    pub async fn assign(&self, environment: u64, nodes: &[(u64, Vec<String>)]) -> Result<(), ClientError> {
        let body: Vec<Value> = nodes
            .iter()
            .map(|(id, roles)| json!({"id": id, "roles": roles}))
            .collect();
        self.post(&format!("clusters/{environment}/assignment/"), &json!(body))
            .await?;
        Ok(())
    }

    /// Takes nodes out of an environment; those that are deployed already are so by the next deployment.
    pub async fn unassign(&self, environment: u64, nodes: &[u64]) -> Result<(), ClientError> {
        let body: Vec<Value> = nodes.iter().map(|id| json!({ "id": id })).collect();
        self.post(&format!("clusters/{environment}/unassignment/"), &json!(body))
            .await?;
        Ok(())
    }

    /// `networks` and `networking_parameters` of an environment.
    pub async fn network_configuration(&self, environment: u64) -> Result<Value, ClientError> {
        self.get_mapping(&format!("clusters/{environment}/network_configuration/neutron"))
            .await
    }

    /// Changes the networks of an environment.
    pub async fn put_network_configuration(
        &self,
        environment: u64,
        configuration: &Value,
    ) -> Result<Value, ClientError> {
        self.put(
            &format!("clusters/{environment}/network_configuration/neutron"),
            configuration,
        )
        .await
    }

    /// What would become astute.yaml of each node; one element has the `uid` `master`.
    pub async fn deployment_info(&self, environment: u64) -> Result<Vec<Value>, ClientError> {
        self.get_as(&format!("clusters/{environment}/orchestrator/deployment/defaults/"))
            .await
    }

    /// The graph as Astute would get it: `tasks_graph`, `tasks_metadata`, … (9.x).
    pub async fn serialized_tasks(&self, environment: u64) -> Result<Value, ClientError> {
        self.get(&format!("clusters/{environment}/serialized_tasks/")).await
    }

    /// As [`Client::serialized_tasks`], of the graph of this type.
    pub async fn serialized_tasks_of(&self, environment: u64, graph_type: &str) -> Result<Value, ClientError> {
        self.get(&format!(
            "clusters/{environment}/serialized_tasks/?graph_type={graph_type}"
        ))
        .await
    }

    /// Gives an environment a graph of its own, or another one of that type (9.x): `fuel2 graph upload`.
    pub async fn upload_graph(&self, environment: u64, graph_type: &str, tasks: &Value) -> Result<Value, ClientError> {
        let path = format!("clusters/{environment}/deployment_graphs/{graph_type}/");
        self.put(&path, &json!({ "tasks": tasks })).await
    }

    /// Runs graphs in turn (9.x): `fuel2 graph execute`.
    pub async fn execute_graphs(&self, environment: u64, graph_types: &[&str]) -> Result<Task, ClientError> {
        let graphs: Vec<Value> = graph_types.iter().map(|kind| json!({ "type": kind })).collect();
        let body = json!({"cluster": environment, "graphs": graphs});
        let task = self.post("graphs/execute/", &body).await?;
        self.typed("POST", "graphs/execute/", task)
    }

    /// The tasks of release, plugins and environment, merged.
    pub async fn deployment_tasks(&self, environment: u64) -> Result<Vec<Value>, ClientError> {
        self.get_as(&format!("clusters/{environment}/deployment_tasks/")).await
    }

    /// Presses "Deploy changes".
    pub async fn deploy_changes(&self, environment: u64) -> Result<Task, ClientError> {
        let path = format!("clusters/{environment}/changes");
        let task = self.put(&path, &json!({})).await?;
        self.typed("PUT", &path, task)
    }

    /// A task of Nailgun's.
    pub async fn task(&self, task: u64) -> Result<Task, ClientError> {
        self.get_as(&format!("tasks/{task}/")).await
    }

    /// All tasks, or those of one environment.
    pub async fn tasks(&self, environment: Option<u64>) -> Result<Vec<Task>, ClientError> {
        match environment {
            None => self.get_as("tasks/").await,
            Some(environment) => self.get_as(&format!("tasks/?cluster_id={environment}")).await,
        }
    }

    /// What each deployment task of a transaction came to (9.x), with Puppet's summaries if asked for.
    pub async fn deployment_history(
        &self,
        transaction: u64,
        include_summary: bool,
    ) -> Result<Vec<HistoryRecord>, ClientError> {
        let summary = u8::from(include_summary);
        self.get_as(&format!(
            "transactions/{transaction}/deployment_history/?include_summary={summary}"
        ))
        .await
    }

    /// Makes a notification; `topic` is `discover`, `done`, `error`, `warning` or `release`.
    pub async fn notify(&self, topic: &str, message: &str) -> Result<(), ClientError> {
        let body = json!({"message": message, "topic": topic});
        self.post("notifications/", &body).await?;
        Ok(())
    }

    /// All notifications.
    pub async fn notifications(&self) -> Result<Vec<Notification>, ClientError> {
        self.get_as("notifications/").await
    }
}
