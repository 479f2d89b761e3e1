//! Names and edges of what each Fuel version ships, as tables that cost nothing to read.

include!(concat!(env!("OUT_DIR"), "/cores.rs"));

/// What one Fuel version ships.
#[derive(Debug)]
pub(crate) struct Core {
    /// `9.2`
    pub(crate) version: &'static str,
    /// The roles that a user assigns.
    pub(crate) roles: &'static [&'static str],
    /// Whatever a task may name as a role: with `primary-…` and, in 9.x, tags.
    pub(crate) node_roles: &'static [&'static str],
    /// Ids of volumes.
    pub(crate) volumes: &'static [&'static str],
    /// Ids of network roles.
    pub(crate) network_roles: &'static [&'static str],
    /// Names of components.
    pub(crate) components: &'static [&'static str],
    /// The core tasks.
    pub(crate) tasks: &'static [CoreTask],
}

/// A core task and its edges.
#[derive(Debug)]
pub(crate) struct CoreTask {
    pub(crate) id: &'static str,
    /// `role`, `groups` and `tags`.
    pub(crate) roles: &'static [&'static str],
    pub(crate) requires: &'static [&'static str],
    pub(crate) required_for: &'static [&'static str],
    pub(crate) cross_depends: &'static [CoreRelation],
    pub(crate) cross_depended_by: &'static [CoreRelation],
}

/// An edge between tasks of different nodes; regular expressions are expanded to the core tasks that they match.
#[derive(Debug)]
pub(crate) struct CoreRelation {
    pub(crate) name: &'static str,
    /// The roles of the nodes on the other end; all if empty.
    pub(crate) roles: &'static [&'static str],
}

impl Core {
    /// What the Fuel of this version ships: the second half of `mitaka-9.0`. Fuel 6.0 had no task graph, and what
    /// came after 9.2 is not known here.
    pub(crate) fn of_fuel(version: &str) -> Option<&'static Self> {
        let wanted = if version.starts_with('9') {
            "9.2"
        } else {
            version.get(..3)?
        };
        CORES.iter().find(|core| core.version == wanted)
    }

    /// A core task.
    pub(crate) fn task(&self, id: &str) -> Option<&'static CoreTask> {
        self.tasks.iter().find(|task| task.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::Core;
    use rstest::rstest;

    #[rstest]
    #[case("6.0", None)]
    #[case("6.1", Some(86))]
    #[case("7.0", Some(131))]
    #[case("8.0", Some(174))]
    #[case("9.0", Some(204))]
    #[case("10.0", None)]
    fn each_fuel_version_has_its_core_tasks(#[case] version: &str, #[case] tasks: Option<usize>) {
        let core = Core::of_fuel(version);
        assert_eq!(core.map(|core| core.tasks.len()), tasks);
        if let Some(core) = core {
            assert!(core.node_roles.contains(&"primary-controller"));
            assert!(core.roles.contains(&"compute"));
            assert!(core.volumes.contains(&"os") && core.task("deploy_end").is_some());
        }
    }
}
