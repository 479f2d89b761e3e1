//! The hooks of a stage, with their priorities.

use plugin_builder::expression::{Expression, ExpressionError, Models};
use serde_json::{Map, Value, json};

use super::order::{Ordered, Part};
use super::plan::Plan;
use super::plugin_tasks;
use crate::environment::{self, Environment};
use crate::graph::{self, GraphTask, Origin, RoleResolver};
use crate::http::ApiError;
use crate::settings;
use crate::store::Node;

/// Between the priorities of two hooks.
pub(super) const STEP: u64 = 100;

/// What of a Puppet task of the graph reaches Astute.
const PUPPET_PARAMETERS: &[&str] = &["puppet_manifest", "puppet_modules", "timeout", "cwd"];

/// When hooks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    PreDeployment,
    PostDeployment,
}

/// The hooks of a stage, in the order in which they run. What plugins bring besides the graph has no ids, and comes
/// whichever tasks of the graph are chosen.
///
/// # Errors
/// As Nailgun's: clashing tasks, plugins whose files it cannot serialise.
pub(crate) fn hooks(environment: &Environment<'_>, stage: Stage, plan: &Plan) -> Result<Vec<Value>, ApiError> {
    let deployed = resolver(environment, |node| {
        is_among(plan.nodes(), node) && plan.is_deployed(&node.uid())
    })?;
    let resolver = resolver(environment, |node| is_among(plan.nodes(), node))?;
    let plugins = plugin_tasks::plugins(environment, &deployed)?;
    let mut hooks: Vec<Map<String, Value>> = Vec::new();
    if stage == Stage::PreDeployment {
        hooks.extend(plugins.iter().flat_map(|plugin| plugin.repository(environment)));
        hooks.extend(plugins.iter().filter_map(|plugin| plugin.scripts(environment)));
    }
    let writer = TaskWriter::new(environment)?;
    let tasks = graph::merged(environment, graph::DEFAULT)?;
    let ordered = Ordered::new(&tasks, &writer.core)?;
    let part = match stage {
        Stage::PreDeployment => Part::Before,
        Stage::PostDeployment => Part::After,
    };
    for task in ordered.tasks.iter().filter(|task| ordered.part(task) == part) {
        let mut uids = resolver.uids(task.selector());
        uids.retain(|uid| plan.happens(task, uid));
        if uids.is_empty() {
            continue;
        }
        if let Some(mut hook) = writer.write(task)? {
            hook.insert("uids".to_owned(), json!(uids));
            hooks.push(hook);
        }
    }
    let name = match stage {
        Stage::PreDeployment => "pre_deployment",
        Stage::PostDeployment => "post_deployment",
    };
    hooks.extend(plugin_tasks::stage_tasks(&plugins, environment, &deployed, name)?);
    let priorities = (1u64..).map(|number| number * STEP);
    Ok(hooks
        .into_iter()
        .zip(priorities)
        .map(|(mut hook, priority)| {
            hook.insert("priority".to_owned(), json!(priority));
            Value::Object(hook)
        })
        .collect())
}

fn is_among(ids: Option<&[i64]>, node: &Node) -> bool {
    ids.is_none_or(|ids| ids.contains(&node.id))
}

pub(super) fn resolver(
    environment: &Environment<'_>,
    takes_part: impl Fn(&Node) -> bool,
) -> Result<RoleResolver, ApiError> {
    let roles = environment.roles()?;
    let mut names = Vec::new();
    for node in environment.nodes.iter().filter(|node| !node.pending_deletion) {
        if takes_part(node) {
            names.push((node.uid(), environment::role_names_of(&roles, node)?));
        }
    }
    Ok(RoleResolver::new(names))
}

/// Writes tasks of the graph for Astute.
pub(super) struct TaskWriter {
    /// Core tasks that really happen.
    pub(super) core: std::sync::Arc<Map<String, Value>>,
    models: Models,
    placeholders: Value,
}

impl TaskWriter {
    pub(super) fn new(environment: &Environment<'_>) -> Result<Self, ApiError> {
        let profile = &environment.config.profile;
        Ok(Self {
            core: profile
                .core_tasks()
                .map_err(|error| ApiError::unexpected(error.to_string()))?,
            models: environment.models(environment.editable()),
            placeholders: json!({
                "CLUSTER_ID": environment.cluster.id,
                "OPENSTACK_VERSION": environment.release.version,
                "MASTER_IP": environment.config.master_ip.to_string(),
                "SETTINGS": settings::Generators::new(environment.config).settings(),
            }),
        })
    }

    /// Id, type, parameters and `fail_on_error` of a task; `None` where it does not happen: a group, a stage, a core task
    /// that the table of core tasks does not have, a condition that does not hold.
    pub(super) fn write(&self, task: &GraphTask) -> Result<Option<Map<String, Value>>, ApiError> {
        if matches!(task.kind(), "group" | "stage" | "skipped" | "role") || !self.holds(task)? {
            return Ok(None);
        }
        let mut hook = Map::new();
        let mut parameters = if task.origin == Origin::Release {
            let Some(core) = self.core.get(task.id()) else {
                return Ok(None);
            };
            if core["anonymous"] != true {
                hook.insert("id".to_owned(), json!(task.id()));
            }
            if core["fail_on_error"] == true {
                hook.insert("fail_on_error".to_owned(), json!(true));
            }
            core["parameters"].clone()
        } else {
            hook.insert("id".to_owned(), json!(task.id()));
            hook.insert("fail_on_error".to_owned(), json!(true));
            Value::Object(task.parameters())
        };
        if let (Some(members), "puppet") = (parameters.as_object_mut(), task.kind()) {
            // Recorded on 8.0: `retries` of a plugin's task does not reach Astute.
            members.retain(|key, _| PUPPET_PARAMETERS.contains(&key.as_str()));
        }
        if let Some(members) = parameters.as_object_mut() {
            members.shift_remove("strategy");
        }
        settings::format_strings(&mut parameters, &self.placeholders);
        hook.insert("type".to_owned(), json!(task.kind()));
        hook.insert("parameters".to_owned(), parameters);
        Ok(Some(hook))
    }

    fn holds(&self, task: &GraphTask) -> Result<bool, ApiError> {
        let Some(condition) = task.field("condition").as_str() else {
            return Ok(true);
        };
        Expression::parse(condition)
            .map_err(ExpressionError::from)
            .and_then(|expression| expression.holds(&self.models, false))
            .map_err(|error| ApiError::bad_request(format!("Task '{}': {error}", task.id())))
    }
}
