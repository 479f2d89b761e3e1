//! The fault bench: a plugin whose tasks have one known fault each, or look as if they had, on one node.
//!
//! `UPDATE_FAULTS=1 cargo test -p fuelrig --test scenarios "known fault"` writes docs/faults.md anew.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::Value;

use crate::rig::{self, Finished, Test, ensure, output};

pub(crate) const TESTS: &[Test] = &[(
    "every known fault is found and no clean task is blamed",
    every_known_fault_is_found,
)];

const BENCH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/faults");
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md");

/// How long two deployments of some seventy tasks may take where the machine is busy.
const LIMIT: Duration = Duration::from_secs(3600);

/// A line of `expected.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    task: String,
    does: String,
    called: String,
    #[serde(default)]
    seen: BTreeSet<String>,
}

fn every_known_fault_is_found() -> Result<(), String> {
    let bench = Utf8Path::new(BENCH);
    let expected = fs_err::read_to_string(bench.join("expected.yaml")).map_err(|error| error.to_string())?;
    let expected: Vec<Expected> = serde_yaml::from_str(&expected).map_err(|error| error.to_string())?;
    let finished = deploy(bench)?;
    let mut wrong = Vec::new();
    for one in &expected {
        wrong.extend(judged_wrong(one, &finished.report));
    }
    wrong.extend(blamed_beside(&expected, &finished.report));
    ensure(wrong.is_empty(), || {
        format!(
            "{} of {} tasks are not judged as they should be:\n{}\n{}",
            wrong.len(),
            expected.len(),
            wrong.join("\n"),
            finished.stderr
        )
    })?;
    ensure(finished.code == Some(1), || {
        format!("exit code {:?}\n{}", finished.code, finished.stderr)
    })?;
    compare_table(&table(&expected, &finished.report))
}

/// Runs a copy, so that neither a package nor a snapshot is left beside the original.
fn deploy(bench: &Utf8Path) -> Result<Finished, String> {
    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).map_err(|path| format!("{path:?}"))?;
    let copy = root.join("scenarios");
    rig::copy_plugin(bench, &copy).map_err(|error| error.to_string())?;
    rig::finish(rig::start(&copy.join("many.yaml"), &output("faults"))?, LIMIT)
}

fn tasks(report: &Value) -> impl Iterator<Item = &Value> {
    report["verdict"]["tasks"].as_array().into_iter().flatten()
}

fn kinds(judged: &Value) -> BTreeSet<String> {
    let differences = judged["differences"].as_array().into_iter().flatten();
    differences
        .filter_map(|difference| difference["kind"].as_str().map(str::to_owned))
        .collect()
}

/// What is wrong with the verdict on one task.
fn judged_wrong(expected: &Expected, report: &Value) -> Option<String> {
    let Some(judged) = tasks(report).find(|judged| judged["task"] == expected.task.as_str()) else {
        return Some(format!("{}: it is not in the report", expected.task));
    };
    let seen = kinds(judged);
    if judged["called"] == expected.called.as_str() && seen == expected.seen {
        return None;
    }
    Some(format!(
        "{} ({}): called {} with {seen:?}, not {} with {:?}\n{:#}",
        expected.task, expected.does, judged["called"], expected.called, expected.seen, judged["differences"]
    ))
}

/// Blame for anything that is not on the bench, or for nobody in particular.
fn blamed_beside(expected: &[Expected], report: &Value) -> Vec<String> {
    let on_the_bench: BTreeSet<&str> = expected.iter().map(|one| one.task.as_str()).collect();
    let mut wrong: Vec<String> = tasks(report)
        .filter(|judged| judged["fails"] == true || judged["called"] == "noisy")
        .filter(|judged| !on_the_bench.contains(judged["task"].as_str().unwrap_or_default()))
        .map(|judged| format!("a task of Fuel's own is blamed: {judged:#}"))
        .collect();
    for place in ["unattributed", "background"] {
        let entries = report["verdict"][place].as_array().into_iter().flatten();
        wrong.extend(entries.map(|entry| format!("{place}: {entry:#}")));
    }
    wrong
}

/// The table of docs/faults.md.
fn table(expected: &[Expected], report: &Value) -> String {
    let judged: BTreeMap<&str, &Value> = tasks(report)
        .filter_map(|judged| Some((judged["task"].as_str()?, judged)))
        .collect();
    let (faults, clean): (Vec<_>, Vec<_>) = expected.iter().partition(|one| one.called != "idempotent");
    let mut text = format!(
        "# The fault bench\n\n\
         `scenarios/faults/` holds a plugin with {} tasks that have one known fault each and {} that are clean and look\n\
         suspicious. All of them run on one controller, in turn, twice. Each fault must be found, with these kinds of\n\
         differences and no others, and blamed on its own task; a clean one must not be blamed for anything, and neither\n\
         must Fuel's own tasks. The test `every known fault is found and no clean task is blamed` deploys it, compares it\n\
         with `scenarios/faults/expected.yaml` and with this file, which it writes where `UPDATE_FAULTS` is set.\n\n\
         ## Faults\n\n| what the task does at every run | seen as | blamed | called |\n|---|---|---|---|\n",
        faults.len(),
        clean.len()
    );
    let mut rows = |ones: &[&Expected]| {
        for one in ones {
            let judged = judged.get(one.task.as_str()).copied().unwrap_or(&Value::Null);
            let seen: Vec<String> = kinds(judged).into_iter().map(|kind| kind.replace('_', " ")).collect();
            let seen = if seen.is_empty() {
                "–".to_owned()
            } else {
                seen.join(", ")
            };
            let called = judged["called"].as_str().unwrap_or_default().replace('_', " ");
            text.push_str(&format!("| {} | {seen} | `{}` | {called} |\n", one.does, one.task));
        }
    };
    rows(&faults);
    let rewrites = |one: &&Expected| {
        let judged = judged.get(one.task.as_str());
        judged.is_some_and(|judged| judged["rewritten"].as_array().is_some_and(|paths| !paths.is_empty()))
    };
    let mut clean_rows = String::new();
    for one in &clean {
        let seen = if rewrites(one) {
            "rewritten with the same content"
        } else {
            "–"
        };
        clean_rows.push_str(&format!("| {} | {seen} | `{}` |\n", one.does, one.task));
    }
    text.push_str("\n## Clean\n\n| what the task does at every run | shown apart as | task |\n|---|---|---|\n");
    text.push_str(&clean_rows);
    text
}

fn compare_table(table: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_FAULTS").is_some() {
        return fs_err::write(TABLE, table).map_err(|error| error.to_string());
    }
    let committed = fs_err::read_to_string(TABLE).map_err(|error| error.to_string())?;
    ensure(committed == table, || {
        format!(
            "docs/faults.md is not current: run `UPDATE_FAULTS=1 cargo test -p fuelrig --test scenarios \"known fault\"`\n{table}"
        )
    })
}
