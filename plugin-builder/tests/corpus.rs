//! Checks and reads real plugins, and compares with what the original builder said about each.

mod beside;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{Plugin, check};
use serde_json::Value;

static CORPUS: LazyLock<Utf8PathBuf> =
    LazyLock::new(|| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"));

#[test]
fn real_plugins_get_the_verdict_of_the_original_builder() {
    let Ok(verdicts) = fs_err::read_to_string(CORPUS.join("verdicts.jsonl")) else {
        beside::is_missing("../shared/corpus/verdicts.jsonl");
        return;
    };
    let (mut plugins, mut failing, mut same, mut wrong) = (0, 0, 0, Vec::new());
    for line in verdicts.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let name = recorded["dir"].as_str().unwrap();
        let plugin = CORPUS.join("plugins").join(name);
        let report = check(&plugin);
        plugins += 1;
        let ok = recorded["ok"].as_bool().unwrap();
        let messages: Vec<String> = report.errors().map(ToString::to_string).collect();
        if ok != messages.is_empty() {
            wrong.push(format!("{name}: {messages:?}, recorded {}", recorded["error"]));
        }
        if let Some(error) = recorded["error"].as_str() {
            failing += 1;
            let first = report
                .errors()
                .next()
                .and_then(|finding| finding.builder_message.clone());
            let first = first.unwrap_or_default().replace(plugin.as_str(), "<PLUGIN>");
            same += usize::from(first == error);
            if first != error {
                println!("{name}\n  recorded {error}\n  ours     {first}");
            }
        }
        if ok && let Err(error) = Plugin::load(&plugin) {
            wrong.push(format!("{name}: valid, but cannot be read: {error}"));
        }
    }
    assert_eq!(same, failing, "each first message is that of the original builder");
    println!("{plugins} plugins, {failing} with a message, {same} the same");
    assert!(
        wrong.is_empty(),
        "{} of {plugins} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What real plugins have, by code: a rule that changes its mind shows here.
#[test]
fn real_plugins_have_these_findings() {
    let Ok(plugins) = CORPUS.join("plugins").read_dir_utf8() else {
        beside::is_missing("../shared/corpus/plugins");
        return;
    };
    let mut counts: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
    for plugin in plugins {
        let plugin = plugin.unwrap();
        for finding in check(plugin.path()).findings {
            let (count, plugins) = counts
                .entry(format!("{} {}", finding.severity, finding.code))
                .or_default();
            *count += 1;
            plugins.insert(plugin.file_name().to_owned());
        }
    }
    let mut table = String::new();
    for (name, (count, plugins)) in counts {
        table.push_str(&format!("{name}: {count} in {}\n", plugins.len()));
    }
    insta::assert_snapshot!(table);
}
