//! Tasks of tasks.yaml in a graph, for environments with `propagate_task_deploy`.

use serde_json::{Map, Value, json};

use super::task::{GraphTask, Origin};
use crate::environment::{self, Environment};

/// The stages that tasks.yaml knows.
const STAGES: &[&str] = &["pre_deployment", "post_deployment"];

/// What follows each stage's end.
fn next_stage(stage: &str) -> Option<&'static str> {
    (stage == "pre_deployment").then_some("deploy_start")
}

/// The tasks of tasks.yaml of enabled plugins as graph tasks `<stage>_0`, `<stage>_1`, …: sorted by the number after
/// the stage's slash, plugins by name; each waits for the one before, the first for the stage's end, the last is waited
/// for by the next stage.
pub(crate) fn adapted(environment: &Environment<'_>) -> Vec<GraphTask> {
    STAGES
        .iter()
        .flat_map(|stage| adapt_stage(environment, stage))
        .collect()
}

fn adapt_stage(environment: &Environment<'_>, stage: &str) -> Vec<GraphTask> {
    let mut found: Vec<(f64, String, Value)> = Vec::new();
    // The environment's plugins are sorted by name.
    for connected in environment.plugins.iter().filter(|connected| connected.enabled) {
        let directory = environment::plugin_directory(&connected.plugin);
        for task in &connected.plugin.files.tasks {
            let text = task["stage"].as_str().unwrap_or_default();
            let (name, number) = text.split_once('/').unwrap_or((text, "0"));
            if name == stage {
                found.push((number.parse().unwrap_or(0.0), directory.clone(), task.clone()));
            }
        }
    }
    found.sort_by(|left, right| left.0.total_cmp(&right.0));
    let count = found.len();
    found
        .into_iter()
        .enumerate()
        .map(|(index, (_, directory, task))| {
            let mut fields = task.as_object().cloned().unwrap_or_default();
            fields.shift_remove("stage");
            let mut parameters: Map<String, Value> = fields
                .get("parameters")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default();
            parameters
                .entry("cwd")
                .or_insert_with(|| json!(format!("/etc/fuel/plugins/{directory}/")));
            fields.extend([
                ("id".to_owned(), json!(format!("{stage}_{index}"))),
                ("version".to_owned(), json!("2.0.0")),
                ("parameters".to_owned(), Value::Object(parameters)),
            ]);
            if index == 0 {
                fields.insert("requires".to_owned(), json!([format!("{stage}_end")]));
            } else {
                let before = json!([{"name": format!("{stage}_{}", index - 1)}]);
                fields.insert("cross-depends".to_owned(), before);
            }
            if index + 1 == count
                && let Some(next) = next_stage(stage)
            {
                fields.insert("required_for".to_owned(), json!([next]));
            }
            GraphTask {
                origin: Origin::Plugin(directory),
                fields,
            }
        })
        .collect()
}
