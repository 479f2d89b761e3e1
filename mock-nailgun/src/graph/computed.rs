//! Fields of tasks that YAQL computes, node by node.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::task::GraphTask;
use crate::environment::{DeploymentInfo, Environment};
use crate::http::ApiError;
use crate::store::{HistoryRecord, Task, find, find_all, runs};
use crate::yaql::{Contexts, Root, Yaql};

/// Fields that say where a task runs; they are read before there is a node to compute for.
const SELECTORS: &[&str] = &[
    "role",
    "roles",
    "groups",
    "tags",
    "tasks",
    "id",
    "task_name",
    "type",
    "version",
];

/// Computes fields of tasks.
pub(crate) struct Computer<'a> {
    environment: &'a Environment<'a>,
    infos: &'a DeploymentInfo,
    /// What stages see: what is common to all nodes.
    common: Value,
    /// Runs that ended, latest first; read when they are first needed.
    runs: RefCell<Option<Rc<[i64]>>>,
    told: RefCell<BTreeMap<i64, Option<Rc<DeploymentInfo>>>>,
}

impl<'a> Computer<'a> {
    /// For an environment whose nodes are told `infos`. `anew`: as if it were deployed for the first time.
    pub(crate) fn new(environment: &'a Environment<'a>, infos: &'a DeploymentInfo, anew: bool) -> Self {
        Self {
            environment,
            infos,
            common: infos.common(),
            runs: RefCell::new(anew.then(|| Rc::from([]))),
            told: RefCell::default(),
        }
    }

    /// A task as it is on a node, `None` for the sync point.
    ///
    /// # Errors
    /// 400 with task, field and column for an expression that cannot be read or has no value.
    pub(crate) fn compute(&self, task: &GraphTask, uid: Option<&str>) -> Result<GraphTask, ApiError> {
        let new = match uid.and_then(|uid| self.infos.told(uid)) {
            Some(told) => Root::Told(told),
            None => Root::Document(&self.common),
        };
        let before = uid.map(|uid| self.before(task.id(), uid)).transpose()?.flatten();
        let old = before.as_ref().zip(uid).and_then(|(infos, uid)| infos.told(uid));
        let contexts = Contexts {
            new,
            old: old.map(Root::Told),
        };
        let mut computed = task.clone();
        if let Some(condition) = computed.fields.get_mut("condition").filter(|value| value.is_object()) {
            evaluate(task, "condition", condition, contexts)?;
            *condition = Value::Bool(plugin_builder::expression::is_true(condition));
        }
        let happens = computed.fields.get("condition") != Some(&Value::Bool(false));
        for (name, value) in &mut computed.fields {
            // What does not happen needs no parameters.
            if name != "condition" && (happens || name != "parameters") {
                evaluate(task, name, value, contexts)?;
            }
        }
        Ok(computed)
    }

    /// What the nodes were told by the latest run in which the task succeeded on the node.
    fn before(&self, task: &str, uid: &str) -> Result<Option<Rc<DeploymentInfo>>, ApiError> {
        for run in self.runs()?.iter() {
            let record: Option<HistoryRecord> = find(
                self.environment.database,
                "document ->> 'task_id' = ?1 AND document ->> 'node_id' = ?2 AND document ->> 'task_name' = ?3",
                rusqlite::params![run, uid, task],
            )?;
            if record.is_some_and(|record| record.status == "ready") {
                return self.told_by(*run);
            }
        }
        Ok(None)
    }

    fn runs(&self) -> Result<Rc<[i64]>, ApiError> {
        if let Some(runs) = &*self.runs.borrow() {
            return Ok(Rc::clone(runs));
        }
        let tasks: Vec<Task> = find_all(
            self.environment.database,
            "document ->> 'cluster' = ?1 AND document ->> 'name' = 'deployment'",
            [self.environment.cluster.id],
        )?;
        let found: Rc<[i64]> = tasks
            .iter()
            .rev()
            .filter(|task| !task.dry_run && !task.noop)
            .map(|task| task.id)
            .collect();
        *self.runs.borrow_mut() = Some(Rc::clone(&found));
        Ok(found)
    }

    fn told_by(&self, run: i64) -> Result<Option<Rc<DeploymentInfo>>, ApiError> {
        if let Some(told) = self.told.borrow().get(&run) {
            return Ok(told.clone());
        }
        let told = runs::get(self.environment.database, run, runs::Part::DeploymentInfo)?.map(Rc::new);
        self.told.borrow_mut().insert(run, told.clone());
        Ok(told)
    }
}

/// Puts values in place of every `{yaql_exp: …}` in a field.
fn evaluate(task: &GraphTask, field: &str, value: &mut Value, contexts: Contexts<'_>) -> Result<(), ApiError> {
    match value {
        Value::Object(members) => {
            let Some(expression) = members.get("yaql_exp") else {
                return members
                    .values_mut()
                    .try_for_each(|member| evaluate(task, field, member, contexts));
            };
            let refused =
                |reason: String| ApiError::bad_request(format!("Task '{}': YAQL of `{field}`: {reason}", task.id()));
            if SELECTORS.contains(&field) {
                return Err(refused("this field cannot be computed".to_owned()));
            }
            let expression = expression
                .as_str()
                .ok_or_else(|| refused("`yaql_exp` must be a string".to_owned()))?;
            let parsed = Yaql::parse(expression).map_err(|error| refused(format!("{error} in `{expression}`")))?;
            let result = parsed
                .evaluate(contexts)
                .map_err(|error| refused(format!("{error} in `{expression}`")))?;
            *value = result.into_value();
            Ok(())
        }
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| evaluate(task, field, item, contexts)),
        _ => Ok(()),
    }
}
