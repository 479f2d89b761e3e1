//! What Nailgun sends: `granular_deploy` and `execute_tasks`.

use serde_json::{Map, Value};

use crate::message::{MessageError, flag, list, node_id, object, parameters};

/// The arguments of `granular_deploy`.
#[derive(Debug)]
pub(crate) struct GranularDeploy {
    /// Run before the roles, by priority.
    pub(crate) before: Vec<Hook>,
    /// One entry for each node and role.
    pub(crate) roles: Vec<NodeRole>,
    /// Run after the roles, by priority.
    pub(crate) after: Vec<Hook>,
}

/// A task outside of the roles, for several nodes at once.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    /// What Astute calls it: its id, its diagnostic name, or its type.
    pub(crate) name: String,
    /// A name that no other hook of the message has.
    pub(crate) label: String,
    /// `shell`, `sync`, …
    pub(crate) kind: String,
    /// The nodes.
    pub(crate) uids: Vec<String>,
    /// Lower ones run first.
    pub(crate) priority: i64,
    /// Whether its failure ends the deployment.
    pub(crate) fail_on_error: bool,
    /// Parameters by type.
    pub(crate) parameters: Map<String, Value>,
}

/// One role of one node.
#[derive(Debug, Clone)]
pub(crate) struct NodeRole {
    /// The node.
    pub(crate) uid: String,
    /// The role, `primary-controller`.
    pub(crate) role: String,
    /// Lower ones are deployed first.
    pub(crate) priority: i64,
    /// Whether its failure ends the deployment.
    pub(crate) critical: bool,
    /// Its tasks, by priority.
    pub(crate) tasks: Vec<RoleTask>,
    /// All of it, which becomes the node's astute.yaml for this role.
    pub(crate) info: Value,
}

/// A task of a role. Astute runs every one of them as Puppet, whatever its type says.
#[derive(Debug, Clone)]
pub(crate) struct RoleTask {
    /// Its id, or its manifest where it has none.
    pub(crate) id: String,
    /// What its type says.
    pub(crate) kind: String,
    priority: i64,
    /// Parameters of `puppet`.
    pub(crate) parameters: Map<String, Value>,
    /// As it was sent.
    pub(crate) sent: Value,
}

impl GranularDeploy {
    /// Reads `message.args`.
    pub(crate) fn read(message: &Value) -> Result<Self, MessageError> {
        let arguments = object(message.get("args").unwrap_or(&Value::Null), "args")?;
        let info = arguments.get("deployment_info").unwrap_or(&Value::Null);
        let place = "args.deployment_info";
        let roles = list(info, place)?
            .iter()
            .enumerate()
            .map(|(index, role)| NodeRole::read(role, &format!("{place}[{index}]")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            before: Hook::read_all(arguments, "pre_deployment")?,
            roles,
            after: Hook::read_all(arguments, "post_deployment")?,
        })
    }

    /// The order of the roles: by priority, and within one priority in batches in which a node stands once, of at
    /// most `most` nodes.
    pub(crate) fn batches(&self, most: usize) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.roles.len()).collect();
        order.sort_by_key(|&index| self.roles[index].priority);
        let mut batches = Vec::new();
        for same in order.chunk_by(|&one, &other| self.roles[one].priority == self.roles[other].priority) {
            let mut left = same.to_vec();
            while !left.is_empty() {
                let mut batch: Vec<usize> = Vec::new();
                left.retain(|&index| {
                    let taken = batch
                        .iter()
                        .any(|&other| self.roles[other].uid == self.roles[index].uid);
                    if !taken {
                        batch.push(index);
                    }
                    taken
                });
                batches.extend(batch.chunks(most.max(1)).map(<[usize]>::to_vec));
            }
        }
        batches
    }
}

impl Hook {
    /// Reads the list `key` of the arguments, sorted by priority; one that is absent is empty.
    pub(crate) fn read_all(arguments: &Map<String, Value>, key: &str) -> Result<Vec<Self>, MessageError> {
        let Some(hooks) = arguments.get(key).filter(|hooks| !hooks.is_null()) else {
            return Ok(Vec::new());
        };
        let place = format!("args.{key}");
        let mut hooks = list(hooks, &place)?
            .iter()
            .enumerate()
            .map(|(index, hook)| Self::read(hook, key, &format!("{place}[{index}]")))
            .collect::<Result<Vec<_>, _>>()?;
        hooks.sort_by_key(|hook| hook.priority);
        Ok(hooks)
    }

    fn read(hook: &Value, stage: &str, place: &str) -> Result<Self, MessageError> {
        let hook = object(hook, place)?;
        let text = |key: &str| hook.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let kind = text("type")
            .ok_or_else(|| MessageError::new(format!("{place}.type"), "must be a text that is not empty"))?
            .to_owned();
        let uids_place = format!("{place}.uids");
        let uids = list(hook.get("uids").unwrap_or(&Value::Null), &uids_place)?
            .iter()
            .map(|uid| node_id(uid, &uids_place))
            .collect::<Result<_, _>>()?;
        let priority = hook.get("priority").and_then(Value::as_i64).unwrap_or(0);
        let name = text("id")
            .or_else(|| text("diagnostic_name"))
            .unwrap_or(&kind)
            .to_owned();
        // Hooks of plugins have no id, and one plugin has many.
        let label = text("id").map_or_else(|| format!("{name} {kind} ({stage} {priority})"), str::to_owned);
        Ok(Self {
            name,
            label,
            kind,
            uids,
            priority,
            fail_on_error: flag(hook, "fail_on_error", true, place)?,
            parameters: parameters(hook, place)?,
        })
    }
}

impl NodeRole {
    fn read(entry: &Value, place: &str) -> Result<Self, MessageError> {
        let role = object(entry, place)?;
        let uid = role.get("uid").unwrap_or(&Value::Null);
        let name = role
            .get("role")
            .and_then(Value::as_str)
            // It becomes part of a file's name.
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| MessageError::new(format!("{place}.role"), "must be the name of a role"))?;
        let mut tasks = match role.get("tasks") {
            None | Some(Value::Null) => Vec::new(),
            Some(tasks) => list(tasks, &format!("{place}.tasks"))?
                .iter()
                .enumerate()
                .map(|(index, task)| RoleTask::read(task, role, &format!("{place}.tasks[{index}]")))
                .collect::<Result<_, _>>()?,
        };
        tasks.sort_by_key(|task| task.priority);
        Ok(Self {
            uid: node_id(uid, &format!("{place}.uid"))?,
            role: name.to_owned(),
            priority: role.get("priority").and_then(Value::as_i64).unwrap_or(0),
            critical: flag(role, "fail_if_error", false, place)?,
            tasks,
            info: entry.clone(),
        })
    }
}

impl RoleTask {
    fn read(sent: &Value, role: &Map<String, Value>, place: &str) -> Result<Self, MessageError> {
        let task = object(sent, place)?;
        let mut parameters = parameters(task, place)?;
        parameters.insert("debug".to_owned(), flag(role, "puppet_debug", true, place)?.into());
        let id = task
            .get("id")
            .and_then(Value::as_str)
            .or_else(|| parameters.get("puppet_manifest").and_then(Value::as_str))
            .ok_or_else(|| MessageError::new(place, "has neither an id nor a manifest"))?
            .to_owned();
        Ok(Self {
            id,
            kind: task.get("type").and_then(Value::as_str).unwrap_or("puppet").to_owned(),
            priority: task.get("priority").and_then(Value::as_i64).unwrap_or(0),
            parameters,
            sent: sent.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles(entries: &[(&str, &str, i64)]) -> GranularDeploy {
        let info: Vec<Value> = entries
            .iter()
            .map(|(uid, role, priority)| json!({"uid": uid, "role": role, "priority": priority}))
            .collect();
        GranularDeploy::read(&json!({"args": {"deployment_info": info}})).unwrap()
    }

    fn named(deploy: &GranularDeploy, most: usize) -> Vec<Vec<String>> {
        deploy
            .batches(most)
            .iter()
            .map(|batch| {
                batch
                    .iter()
                    .map(|&index| format!("{}/{}", deploy.roles[index].role, deploy.roles[index].uid))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn roles_go_by_priority_and_a_node_stands_once_in_a_batch() {
        let deploy = roles(&[
            ("2", "compute", 300),
            ("1", "primary-controller", 100),
            ("2", "cinder", 300),
            ("3", "compute", 300),
        ]);
        assert_eq!(
            named(&deploy, 50),
            [
                vec!["primary-controller/1"],
                vec!["compute/2", "compute/3"],
                vec!["cinder/2"]
            ]
        );
    }

    #[test]
    fn a_batch_has_no_more_nodes_than_mcollective_calls_at_once() {
        let deploy = roles(&[("1", "compute", 1), ("2", "compute", 1), ("3", "compute", 1)]);
        assert_eq!(named(&deploy, 2), [vec!["compute/1", "compute/2"], vec!["compute/3"]]);
    }

    #[test]
    fn hooks_are_sorted_by_priority_and_named_apart() {
        let hook = |priority: i64, id: Value| json!({"type": "shell", "id": id, "uids": [1], "priority": priority, "diagnostic_name": "x-1.0.0"});
        let arguments =
            json!({"pre_deployment": [hook(200, Value::Null), hook(100, Value::Null), hook(50, json!("own"))]});
        let hooks = Hook::read_all(arguments.as_object().unwrap(), "pre_deployment").unwrap();
        let names: Vec<(&str, &str)> = hooks
            .iter()
            .map(|hook| (hook.name.as_str(), hook.label.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("own", "own"),
                ("x-1.0.0", "x-1.0.0 shell (pre_deployment 100)"),
                ("x-1.0.0", "x-1.0.0 shell (pre_deployment 200)"),
            ]
        );
        assert!(hooks[0].fail_on_error, "unless it says otherwise");
    }

    #[test]
    fn a_broken_message_is_refused_with_its_place() {
        let message = json!({"args": {"deployment_info": [{"uid": "1", "role": "../x"}]}});
        assert_eq!(
            GranularDeploy::read(&message).unwrap_err().to_string(),
            "args.deployment_info[0].role: must be the name of a role"
        );
    }
}
