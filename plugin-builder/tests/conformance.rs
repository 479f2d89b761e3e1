//! Replays recorded verdicts of the original builder.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beside;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{Report, check, create};
use serde_json::Value;

static SHARED: LazyLock<Utf8PathBuf> = LazyLock::new(|| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"));

fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    (directory, path)
}

fn verdict(report: &Report, plugin: &Utf8Path) -> Vec<String> {
    report
        .errors()
        .map(|finding| {
            let message = finding.builder_message.clone().unwrap_or_else(|| finding.to_string());
            message.replace(plugin.as_str(), "<PLUGIN>")
        })
        .collect()
}

/// What the original says first and we do not, by what is in the file, and why.
const OTHER_FIRST_MESSAGES: &[(&str, &str)] = &[(
    "!!python/object/apply:",
    "PyYAML runs the function that the file names and goes on with its result; no file runs code here",
)];

#[derive(Default)]
struct Score {
    cases: usize,
    verdicts: usize,
    failing: usize,
    first_messages: usize,
    known_messages: usize,
}

#[test]
fn every_recorded_case_gets_the_verdict_of_the_original_builder() {
    let Ok(cases) = fs_err::read_to_string(SHARED.join("conformance/fpb-cases.jsonl")) else {
        beside::is_missing("../shared/conformance/fpb-cases.jsonl");
        return;
    };
    let (_keep, root) = directory();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let (mut wrong, mut other_messages) = (Vec::new(), Vec::new());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let version = case["package_version"].as_str().unwrap();
        let number = version.split('.').next().unwrap();
        let plugin = root.join(number).join(format!("tmpl{number}"));
        if !plugin.exists() {
            create(&plugin, version).unwrap();
        }
        let file = plugin.join(case["file"].as_str().unwrap());
        let original = fs_err::read(&file).ok();
        match case["content"].as_str() {
            Some(content) => fs_err::write(&file, content).unwrap(),
            None => drop(fs_err::remove_file(&file)),
        }
        let report = check(&plugin);
        let messages = verdict(&report, &plugin);
        let score = scores.entry(version.to_owned()).or_default();
        score.cases += 1;
        let expected = case["full"]["ok"].as_bool().unwrap();
        if expected == messages.is_empty() {
            score.verdicts += 1;
        } else {
            wrong.push(format!(
                "{} {} {}: {messages:?}, recorded {}",
                case["id"], version, case["file"], case["full"]["error"]
            ));
        }
        if let Some(error) = case["full"]["error"].as_str() {
            score.failing += 1;
            let first = messages.first().is_some_and(|message| message == error);
            let known = messages.iter().any(|message| message == error);
            score.first_messages += usize::from(first);
            score.known_messages += usize::from(known);
            let content = case["content"].as_str().unwrap_or_default();
            let excused = OTHER_FIRST_MESSAGES.iter().any(|(sign, _)| content.contains(sign));
            if first == excused {
                other_messages.push(format!(
                    "{} {version}\n  recorded {error}\n  ours     {messages:?}",
                    case["id"]
                ));
            }
        }
        match original {
            Some(original) => fs_err::write(&file, original).unwrap(),
            None => drop(fs_err::remove_file(&file)),
        }
    }
    for (version, score) in &scores {
        println!(
            "{version}: {} of {} verdicts; of {} messages {} are the first, {} among ours",
            score.verdicts, score.cases, score.failing, score.first_messages, score.known_messages
        );
    }
    assert!(
        wrong.is_empty(),
        "{} wrong verdicts:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let (failing, first) = scores.values().fold((0, 0), |sum, score| {
        (sum.0 + score.failing, sum.1 + score.first_messages)
    });
    assert!(
        other_messages.is_empty(),
        "{first} of {failing} first messages; these are others, or should be:\n{}",
        other_messages.join("\n")
    );
    assert!(first * 1000 >= failing * 997, "{first} of {failing} first messages");
}
