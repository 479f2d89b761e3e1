//! What to write into deployment_tasks.yaml.

/// One of two tasks that lack an edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    /// Task id.
    pub(crate) task: &'a str,
    /// Node name.
    pub(crate) node: &'a str,
    /// Whether it is a plugin's: what Fuel brings itself cannot be edited.
    pub(crate) own: bool,
    /// The role that gives the task to its node.
    pub(crate) role: &'a str,
}

/// What makes `second` wait for `first`.
pub(crate) fn remedy(first: Side<'_>, second: Side<'_>) -> String {
    let (task, key, entry) = match (first.node == second.node, second.own) {
        (true, true) => (second.task, "requires", first.task.to_owned()),
        (true, false) => (first.task, "required_for", second.task.to_owned()),
        _ if first.task == second.task => {
            return format!(
                "a task cannot wait for itself on another node: give `{}` on {} a task of its own, and make the other \
                 one wait for it with `cross-depends`",
                first.task, first.node
            );
        }
        (false, true) => (second.task, "cross-depends", across(first)),
        (false, false) => (first.task, "cross-depended-by", across(second)),
    };
    format!("add to task `{task}` in deployment_tasks.yaml: `{key}: [{entry}]`")
}

fn across(other: Side<'_>) -> String {
    format!("{{name: {}, role: {}}}", other.task, other.role)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn side<'a>(task: &'a str, node: &'a str, own: bool) -> Side<'a> {
        Side {
            task,
            node,
            own,
            role: "primary-controller",
        }
    }

    #[rstest]
    #[case::on_one_node(side("b", "node-1", true), "task `b` in deployment_tasks.yaml: `requires: [a]`")]
    #[case::before_one_of_fuel_s_own(
        side("b", "node-1", false),
        "task `a` in deployment_tasks.yaml: `required_for: [b]`"
    )]
    #[case::on_two_nodes(
        side("b", "node-2", true),
        "task `b` in deployment_tasks.yaml: `cross-depends: [{name: a, role: primary-controller}]`"
    )]
    #[case::on_two_nodes_before_one_of_fuel_s_own(
        side("b", "node-2", false),
        "task `a` in deployment_tasks.yaml: `cross-depended-by: [{name: b, role: primary-controller}]`"
    )]
    #[case::one_task_on_two_nodes(side("a", "node-2", true), "give `a` on node-1 a task of its own")]
    fn the_edge_goes_where_it_can_be_written(#[case] second: Side<'_>, #[case] text: &str) {
        let remedy = remedy(side("a", "node-1", true), second);
        assert!(remedy.contains(text), "{remedy}");
    }
}
