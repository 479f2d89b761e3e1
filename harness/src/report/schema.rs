//! The JSON Schema of `report.json`.

use super::Report;

/// The schema as pretty-printed JSON with a final newline; committed as `docs/report.schema.json`.
pub fn report_schema() -> String {
    let schema = schemars::schema_for!(Report);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_report_schema_is_current() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/report.schema.json");
        let committed = fs_err::read_to_string(file).unwrap_or_default();
        assert!(
            committed == report_schema(),
            "docs/report.schema.json is not current: run `cargo run -- schema report > docs/report.schema.json`"
        );
    }
}
