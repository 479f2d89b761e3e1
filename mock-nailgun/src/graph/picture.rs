//! A graph as DOT text.

use std::fmt::Write as _;

use super::task::GraphTask;

/// The tasks and what they require, for Graphviz.
pub(crate) fn picture(tasks: &[GraphTask]) -> String {
    let mut text = "digraph \"\" {\n".to_owned();
    let exists = |name: &str| tasks.iter().any(|task| task.id() == name);
    for task in tasks {
        let shape = match task.kind() {
            "stage" => "rect",
            "group" => "diamond",
            _ => "ellipse",
        };
        let _ = writeln!(text, "  \"{}\" [shape={shape}];", escape(task.id()));
        for name in task.names("requires").iter().filter(|name| exists(name)) {
            let _ = writeln!(text, "  \"{}\" -> \"{}\";", escape(name), escape(task.id()));
        }
        for name in task.names("required_for").iter().filter(|name| exists(name)) {
            let _ = writeln!(text, "  \"{}\" -> \"{}\";", escape(task.id()), escape(name));
        }
    }
    text.push_str("}\n");
    text
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
