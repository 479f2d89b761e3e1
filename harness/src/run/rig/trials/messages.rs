//! Astute's messages with only some of their tasks left to do.

use serde_json::{Value, json};

use super::TaskOnNode;

/// The messages in which every task but the wanted ones is `skipped`: the graph stays whole, so that the order of those
/// that are left is what it was. Messages without a graph (6.1 to 8.0) stay as they are.
pub(in crate::run::rig) fn only(messages: &[Value], wanted: impl Fn(&TaskOnNode) -> bool) -> Vec<Value> {
    let mut messages = messages.to_vec();
    for message in messages.iter_mut().flat_map(each) {
        let graph = message["args"].get_mut("tasks_graph").and_then(Value::as_object_mut);
        for (uid, tasks) in graph.into_iter().flatten() {
            for task in tasks.as_array_mut().into_iter().flatten() {
                let id = task["id"].as_str().unwrap_or_default().to_owned();
                if !wanted(&(uid.clone(), id)) {
                    task["type"] = json!("skipped");
                }
            }
        }
    }
    messages
}

/// A message, or each of a list of them.
fn each(message: &mut Value) -> impl Iterator<Item = &mut Value> {
    match message {
        Value::Array(several) => several.iter_mut(),
        one => std::slice::from_mut(one).iter_mut(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wanted_has_nothing_to_do_and_keeps_its_place() {
        let message = json!({"method": "task_deploy", "args": {"tasks_graph": {
            "null": [{"id": "deploy_start", "type": "stage"}],
            "1": [{"id": "a", "type": "shell", "requires": [{"name": "deploy_start", "node_id": null}]},
                  {"id": "b", "type": "shell", "requires": [{"name": "a", "node_id": "1"}]}],
        }}});
        let left = only(&[json!([message])], |(uid, task)| uid == "1" && task == "b");
        let tasks = &left[0][0]["args"]["tasks_graph"]["1"];
        assert_eq!(
            (&tasks[0]["type"], &tasks[1]["type"]),
            (&json!("skipped"), &json!("shell"))
        );
        assert_eq!(tasks[0]["requires"][0]["name"], "deploy_start");
    }
}
