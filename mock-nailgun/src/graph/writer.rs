//! Tasks as Astute gets them.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::resolver::{Place, RoleResolver};
use super::serialize::Selection;
use super::task::{GraphTask, Origin};
use crate::environment::{DeploymentInfo, Environment};
use crate::http::ApiError;
use crate::pieces::Pieces;
use crate::settings;
use plugin_builder::expression::{Expression, ExpressionError, Models};

/// Writes tasks.
pub(crate) struct Writer<'a> {
    resolver: &'a RoleResolver,
    infos: &'a DeploymentInfo,
    selection: &'a Selection,
    core_tasks: Arc<Map<String, Value>>,
    has_plugins: bool,
    models: Models,
    placeholders: Value,
}

/// A task that is ready to be written at any of its places.
pub(crate) struct Written {
    /// `{"id": …, "type": …, "fail_on_error": …, "parameters": …`, without the end.
    text: Bytes,
    /// The same for the master, where core tasks do nothing.
    skipped: Bytes,
    /// Whether the task does anything anywhere.
    works: bool,
    works_on_master: bool,
    /// Whether `data` of the parameters, which are still open, is the node's deployment info.
    tells: bool,
}

impl<'a> Writer<'a> {
    /// For an environment whose nodes are told `infos`.
    pub(crate) fn new(
        environment: &Environment<'_>,
        resolver: &'a RoleResolver,
        infos: &'a DeploymentInfo,
        selection: &'a Selection,
    ) -> Result<Self, ApiError> {
        let profile = &environment.config.profile;
        let flat = environment.flat_settings();
        let hostname = flat
            .get("public_ssl")
            .map_or(Value::Null, |section| section["hostname"].clone());
        Ok(Self {
            resolver,
            infos,
            selection,
            core_tasks: profile
                .core_tasks()
                .map_err(|error| ApiError::unexpected(error.to_string()))?,
            has_plugins: environment.plugins.iter().any(|connected| connected.enabled),
            models: Models::from([
                ("settings".to_owned(), Value::Object(flat)),
                ("cluster".to_owned(), environment.cluster_model()),
            ]),
            placeholders: json!({
                "CLUSTER_ID": environment.cluster.id,
                "OPENSTACK_VERSION": environment.release.version,
                "MASTER_IP": environment.config.master_ip.to_string(),
                "CN_HOSTNAME": hostname,
                "SETTINGS": settings::Generators::new(environment.config).settings(),
            }),
        })
    }

    /// Makes a task ready to be written.
    pub(crate) fn prepare(&self, task: &GraphTask) -> Result<Written, ApiError> {
        let mut skipped = Pieces::default();
        skipped.push("{\"id\":");
        skipped.push_json_string(task.id());
        skipped.push(",\"type\":\"skipped\",\"fail_on_error\":false");
        let skipped = Bytes::from(skipped.into_text());
        let chosen = self
            .selection
            .tasks
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|id| id == task.id()));
        let work = if chosen { self.work(task)? } else { None };
        let Some((kind, mut parameters)) = work else {
            return Ok(Written {
                text: skipped.clone(),
                skipped,
                works: false,
                works_on_master: false,
                tells: false,
            });
        };
        settings::format_strings(&mut parameters, &self.placeholders);
        let tells = task.origin == Origin::Release
            && self
                .core_tasks
                .get(task.id())
                .is_some_and(|core| core["content"] == "deployment_info");
        let mut text = Pieces::default();
        text.push("{\"id\":");
        text.push_json_string(task.id());
        text.push(",\"type\":");
        text.push_json_string(&kind);
        text.push(",\"fail_on_error\":");
        text.push_json(task.fields.get("fail_on_error").unwrap_or(&Value::Bool(true)));
        text.push(",\"parameters\":");
        let parameters = parameters.to_string();
        // What is made for each node is added after formatting, so that braces in settings stay.
        text.push(if tells {
            &parameters[..parameters.len() - 1]
        } else {
            &parameters
        });
        Ok(Written {
            text: Bytes::from(text.into_text()),
            skipped,
            works: true,
            // Nothing of the core happens on the master: there the rig has already done it.
            works_on_master: task.origin != Origin::Release,
            tells,
        })
    }

    /// Type and parameters of what a task does; `None` where it does nothing.
    fn work(&self, task: &GraphTask) -> Result<Option<(String, Value)>, ApiError> {
        if matches!(task.kind(), "stage" | "skipped") {
            return Ok(None);
        }
        if task.origin == Origin::Release {
            let Some(core) = self.core_tasks.get(task.id()).filter(|core| core["type"].is_string()) else {
                return Ok(None);
            };
            if core["needs_plugins"] == true && !self.has_plugins {
                return Ok(None);
            }
            let mut parameters = core["parameters"].clone();
            if let Some(members) = parameters.as_object_mut() {
                members.entry("cwd").or_insert_with(|| json!("/"));
            }
            return Ok(Some((core["type"].as_str().unwrap_or_default().to_owned(), parameters)));
        }
        if !self.holds(task)? {
            return Ok(None);
        }
        Ok(Some((task.kind().to_owned(), Value::Object(task.parameters()))))
    }

    fn holds(&self, task: &GraphTask) -> Result<bool, ApiError> {
        let condition = match task.fields.get("condition") {
            None | Some(Value::Null) => return Ok(true),
            Some(Value::String(condition)) => condition,
            // Computed already.
            Some(value) => return Ok(plugin_builder::expression::is_true(value)),
        };
        Expression::parse(condition)
            .map_err(ExpressionError::from)
            .and_then(|expression| expression.holds(&self.models, false))
            .map_err(|error| ApiError::bad_request(format!("Task '{}': {error}", task.id())))
    }

    /// Writes a task at a place, without its links and the brace at its end; tells whether it does anything there.
    pub(crate) fn write(&self, task: &Written, place: Place, text: &mut Pieces) -> bool {
        let works = task.works && (task.works_on_master || place != self.resolver.master());
        if !works {
            text.push_shared(&task.skipped);
            return false;
        }
        text.push_shared(&task.text);
        if task.tells {
            if let Some(yaml) = self.resolver.uid(place).and_then(|uid| self.infos.escaped_yaml(uid)) {
                text.push(",\"data\":\"");
                text.append(yaml);
                text.push("\"");
            }
            text.push("}");
        }
        true
    }
}
