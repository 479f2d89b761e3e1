//! The functional tests that python-fuelclient's package brings.

use std::collections::BTreeMap;

use libtest_mimic::Failed;

use super::master::sample_environment;
use super::python::{Python, SOURCES};
use super::workplace::Workplace;

/// How many tests the package has; fewer would mean that they were not found.
const TESTS: usize = 35;

/// Runs them and compares with the list of those that may fail, which must be exact.
pub(crate) fn run(python: &Python) -> Result<(), Failed> {
    let listed: BTreeMap<String, String> =
        serde_yaml::from_str(include_str!("functional.yaml")).map_err(|error| error.to_string())?;
    let workplace = Workplace::new();
    let sample = workplace.path("sample.json");
    fs_err::write(&sample, sample_environment().to_string()).unwrap();
    // Where the tests believe that Nailgun's sources are; nothing has to be in it.
    let web_root = workplace.path("fuel_web");
    fs_err::create_dir(&web_root).unwrap();
    let master = workplace.start_master();
    let output = workplace
        .command(&python.bin.join("python"), python, &master)
        .arg(format!("{SOURCES}/functional.py"))
        .args([
            "fuelclient.tests.functional.v1.test_client",
            "fuelclient.tests.functional.v2.test_client",
        ])
        .env("FUEL_WEB_ROOT", &web_root)
        .env("FUELRIG_SAMPLE_ENVIRONMENT", &sample)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut wrong = Vec::new();
    let (mut passed, mut seen) = (0, 0);
    let mut table = String::from("python-fuelclient's functional tests against mock-nailgun 9.2\n");
    for line in text.lines() {
        let parts: Vec<&str> = line.splitn(3, '|').collect();
        let [name, outcome, problem] = parts.as_slice() else {
            continue;
        };
        seen += 1;
        passed += usize::from(*outcome == "passed");
        let reason = listed.get(*name);
        table.push_str(&format!(
            "{outcome:<7} {name}{}\n",
            reason.map(|why| format!(": {why}")).unwrap_or_default()
        ));
        match (*outcome == "passed", reason) {
            (true, Some(_)) => wrong.push(format!("{name} is listed as failing and passes: take it off the list")),
            (false, None) => wrong.push(format!("{name}: {problem}")),
            _ => {}
        }
    }
    println!("{table}{passed} of {seen} pass\n");
    if seen != TESTS {
        let errors = String::from_utf8_lossy(&output.stderr);
        wrong.push(format!("{seen} tests ran instead of {TESTS}\n{errors}"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}
