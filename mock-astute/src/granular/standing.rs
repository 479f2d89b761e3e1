//! How far nodes are, role by role, and what of it Nailgun is told.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A node's status in replies; a lower one never follows a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Deploying,
    Ready,
    Error,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Deploying => "deploying",
            Self::Ready => "ready",
            Self::Error => "error",
        }
    }
}

/// One role of a node.
#[derive(Debug, Clone)]
struct Role {
    name: String,
    critical: bool,
    progress: usize,
    status: Status,
}

/// One node.
#[derive(Debug, Default)]
struct Node {
    roles: Vec<Role>,
    told: Option<(Status, usize)>,
}

/// All nodes of a deployment.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    nodes: BTreeMap<String, Node>,
}

impl Standings {
    /// Adds a role that a node will have.
    pub(crate) fn expect(&mut self, uid: &str, role: &str, critical: bool) {
        self.nodes.entry(uid.to_owned()).or_default().roles.push(Role {
            name: role.to_owned(),
            critical,
            progress: 0,
            status: Status::Deploying,
        });
    }

    /// A role of a node moved on; gives what to tell, if it is news.
    ///
    /// With several roles the progress is their mean, and the end is told after the last of them: an error if one
    /// failed, at once where the role is critical.
    pub(crate) fn update(
        &mut self,
        uid: &str,
        role: &str,
        status: Status,
        progress: usize,
        task: Option<&Value>,
    ) -> Option<Map<String, Value>> {
        let node = self.nodes.get_mut(uid)?;
        let changed = node.roles.iter_mut().find(|known| known.name == role)?;
        changed.status = status;
        changed.progress = progress.min(100);
        let critical = changed.critical;

        let over = node.roles.iter().all(|role| role.status != Status::Deploying);
        let failed = node.roles.iter().any(|role| role.status == Status::Error);
        let mean = node.roles.iter().map(|role| role.progress).sum::<usize>() / node.roles.len();
        let (whole, mean) = match (over, failed) {
            (true, true) => (Status::Error, 100),
            (true, false) => (Status::Ready, 100),
            (false, _) if status == Status::Error && critical => (Status::Error, 100),
            (false, _) => (Status::Deploying, mean),
        };
        let news = node
            .told
            .is_none_or(|(told, told_progress)| whole > told || (whole == told && mean > told_progress));
        if !news {
            return None;
        }
        node.told = Some((whole, mean));
        let mut entry = Map::new();
        entry.insert("uid".to_owned(), json!(uid));
        entry.insert("role".to_owned(), json!(role));
        entry.insert("status".to_owned(), json!(whole.name()));
        entry.insert("progress".to_owned(), json!(mean));
        if whole == Status::Error {
            entry.insert("error_type".to_owned(), json!("deploy"));
        }
        if let Some(task) = task {
            entry.insert("task".to_owned(), task.clone());
        }
        Some(entry)
    }

    /// The ids of all nodes.
    pub(crate) fn uids(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_roles() -> Standings {
        let mut standings = Standings::default();
        standings.expect("1", "primary-controller", true);
        standings.expect("1", "cinder", false);
        standings
    }

    fn told(entry: Option<Map<String, Value>>) -> Option<(String, u64)> {
        entry.map(|entry| {
            (
                entry["status"].as_str().unwrap().to_owned(),
                entry["progress"].as_u64().unwrap(),
            )
        })
    }

    #[test]
    fn a_node_with_two_roles_is_ready_after_the_last_of_them() {
        let mut standings = two_roles();
        let mut tell = |role: &str, status, progress| told(standings.update("1", role, status, progress, None));
        assert_eq!(
            tell("primary-controller", Status::Deploying, 50),
            Some(("deploying".into(), 25))
        );
        assert_eq!(
            tell("primary-controller", Status::Ready, 100),
            Some(("deploying".into(), 50))
        );
        assert_eq!(tell("cinder", Status::Deploying, 0), None, "lower than what was told");
        assert_eq!(tell("cinder", Status::Ready, 100), Some(("ready".into(), 100)));
    }

    #[test]
    fn the_failure_of_a_critical_role_is_told_at_once() {
        let mut standings = two_roles();
        let entry = standings.update("1", "primary-controller", Status::Error, 100, None);
        assert_eq!(entry.as_ref().unwrap()["error_type"], "deploy");
        assert_eq!(told(entry), Some(("error".into(), 100)));
    }

    #[test]
    fn the_failure_of_another_role_is_told_at_the_end() {
        let mut standings = two_roles();
        assert_eq!(
            told(standings.update("1", "cinder", Status::Error, 100, None)),
            Some(("deploying".into(), 50))
        );
        assert_eq!(
            told(standings.update("1", "primary-controller", Status::Ready, 100, None)),
            Some(("error".into(), 100))
        );
    }
}
