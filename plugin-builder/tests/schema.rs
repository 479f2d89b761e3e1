//! The JSON Schemas that `fpb schema` prints.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beside;
mod running;

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::yaml::{self, Node, Yaml};
use plugin_builder::{check, create};
use rstest::rstest;
use serde_json::Value;
use std::collections::BTreeMap;

use running::fpb;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/fpb-cases.jsonl");

fn schemas(version: &str) -> serde_json::Map<String, Value> {
    let (code, output, _) = fpb(&["schema", "--package-version", version]);
    assert_eq!(code, 0);
    serde_json::from_str(&output).unwrap()
}

#[rstest]
fn a_schema_is_valid_and_accepts_what_is_created(#[values("1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0")] version: &str) {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("new")).unwrap();
    create(&plugin, version).unwrap();
    let mut seen = 0;
    for (file, schema) in schemas(version) {
        jsonschema::meta::validate(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let path = plugin.join(&file);
        if !path.exists() {
            continue;
        }
        seen += 1;
        let content = yaml::load(&path).unwrap().to_json();
        let errors: Vec<String> = validator.iter_errors(&content).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
    }
    assert!(seen >= 3);
}

#[test]
fn one_file_is_named_by_its_path_or_its_stem_and_another_is_answered_with_those_that_there_are() {
    let (_, whole, _) = fpb(&["schema", "plugin/volumes.yaml", "--package-version", "4.0.0"]);
    let (_, stem, _) = fpb(&["schema", "volumes", "--package-version", "4.0.0"]);
    assert_eq!(whole, stem);
    assert_eq!(
        serde_json::from_str::<Value>(&whole).unwrap(),
        schemas("4.0.0")["volumes.yaml"]
    );
    let (code, _, errors) = fpb(&["schema", "components.yaml", "--package-version", "3.0.0"]);
    assert_eq!(code, 2);
    assert!(
        errors.contains("package version 3.0.0 knows no file `components.yaml`"),
        "{errors}"
    );
    assert!(errors.contains("volumes.yaml"), "{errors}");
}

#[test]
fn the_schemas_of_all_files_are_written_to_a_directory() {
    let keep = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::from_path_buf(keep.path().join("schemas")).unwrap();
    assert_eq!(fpb(&["schema", "--output", directory.as_str()]).0, 0);
    for (file, schema) in schemas("5.0.0") {
        let text = fs_err::read_to_string(directory.join(file.replace(".yaml", ".schema.json"))).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), schema);
    }
}

/// YAML that JSON has no words for: the schema's verdict is about something else then.
fn unlike_json(node: &Node) -> bool {
    match &node.value {
        Yaml::Float(_) | Yaml::Timestamp(_) | Yaml::Binary(_) | Yaml::Set(_) => true,
        // Python's `$` also matches before a final line break.
        Yaml::String(text) => text.ends_with('\n'),
        Yaml::Sequence(items) => items.iter().any(unlike_json),
        Yaml::Mapping(mapping) => mapping
            .iter()
            .any(|(key, value)| key.as_str().is_none() || unlike_json(key) || unlike_json(value)),
        Yaml::Null | Yaml::Bool(_) | Yaml::Integer(_) => false,
    }
}

#[test]
fn the_schemas_agree_with_the_check_on_the_recorded_cases() {
    let Ok(cases) = fs_err::read_to_string(CASES) else {
        beside::is_missing("../shared/conformance/fpb-cases.jsonl");
        return;
    };
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(keep.path()).unwrap();
    let mut validators: BTreeMap<(String, String), jsonschema::Validator> = BTreeMap::new();
    let (mut same, mut refused, mut left_out, mut wrong) = (0, 0, 0, Vec::new());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let version = case["package_version"].as_str().unwrap();
        let name = case["file"].as_str().unwrap();
        let Some(content) = case["content"].as_str() else {
            continue;
        };
        let plugin = root.join(version);
        if !plugin.exists() {
            // A directory's name with dots is none for a plugin.
            create(&root.join("created"), version).unwrap();
            fs_err::rename(root.join("created"), &plugin).unwrap();
            for (file, schema) in schemas(version) {
                let validator = jsonschema::validator_for(&schema).unwrap();
                validators.insert((version.to_owned(), file), validator);
            }
        }
        let Some(validator) = validators.get(&(version.to_owned(), name.to_owned())) else {
            continue;
        };
        let file = plugin.join(name);
        let before = fs_err::read(&file).ok();
        fs_err::write(&file, content).unwrap();
        let report = check(&plugin);
        let tree = yaml::load(&file);
        match before {
            Some(before) => fs_err::write(&file, before).unwrap(),
            None => fs_err::remove_file(&file).unwrap(),
        }
        let Ok(tree) = tree else { continue };
        let here = |code: &str| {
            report
                .errors()
                .any(|finding| finding.code == code && finding.place.as_ref().is_some_and(|place| place.file == file))
        };
        // Emptiness is told before the rules, and the rules of another format do not count.
        let not_asked = ["file-empty", "package-version", "metadata-shape"]
            .iter()
            .any(|code| here(code));
        // Settings that Python takes for false are none; in an editor they should be a mapping.
        let no_settings = name == "environment_config.yaml" && tree.is_falsy();
        // Whether a regular expression of a role compiles is for Python to say.
        let role = report.errors().any(|finding| {
            finding
                .builder_message
                .as_ref()
                .is_some_and(|message| message.contains("SRE error"))
        });
        if not_asked || no_settings || role || unlike_json(&tree) {
            left_out += 1;
            continue;
        }
        let broken = here("schema");
        if broken != validator.is_valid(&tree.to_json()) {
            same += 1;
            refused += usize::from(broken);
        } else {
            wrong.push(format!("{version} {name}: refused {broken}\n{content}"));
        }
    }
    println!("{same} the same, of which {refused} are refused; {left_out} left out");
    assert!(
        wrong.is_empty(),
        "{} wrong, {same} the same:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(same > 1000 && refused > 300, "{same} the same, {refused} refused");
}
