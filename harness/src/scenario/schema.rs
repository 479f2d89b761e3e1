//! The JSON Schema of a scenario file, for editors.

use super::model::Scenario;

/// The schema as pretty-printed JSON with a final newline; committed as `scenarios/schema.json`.
pub fn scenario_schema() -> String {
    let schema = schemars::schema_for!(Scenario);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_scenario_schema_is_current() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/schema.json");
        let committed = fs_err::read_to_string(file).unwrap_or_default();
        assert!(
            committed == scenario_schema(),
            "scenarios/schema.json is not current: run `cargo run -- schema scenario > scenarios/schema.json`"
        );
    }
}
