//! The tests that a scenario is made of.

use std::collections::BTreeSet;
use std::process::ExitCode;

use camino::Utf8Path;
use libtest_mimic::{Arguments, Failed, Trial};

use super::shared::ScenarioRun;
use crate::cli::Finished;
use crate::engine::Engine;
use crate::run::TestOptions;
use crate::scenario::LoadedScenario;

/// A look at a finished run.
type Check = Box<dyn FnOnce(&Finished) -> Result<(), Failed> + Send>;

/// Runs the scenarios in `files` as tests: the `main` of a test target with `harness = false`.
///
/// Paths are relative to the package, as `cargo test` sets the working directory.
pub fn main(files: &[&str]) -> ExitCode {
    let reason = engine_reason();
    let mut trials = Vec::new();
    for file in files {
        trials.extend(scenario_trials(
            Utf8Path::new(file),
            TestOptions::default(),
            reason.as_deref(),
        ));
    }
    run_trials(trials, reason.as_deref())
}

/// Runs trials with the command line of libtest, and says first why container tests are ignored, if they are.
pub fn run_trials(trials: Vec<Trial>, reason: Option<&str>) -> ExitCode {
    let arguments = Arguments::from_args();
    if let Some(reason) = reason
        && !arguments.list
    {
        crate::cli::note(&format!("container tests are ignored: {reason}"));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Why container tests cannot run here; `None` where an engine answers.
pub fn engine_reason() -> Option<String> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Some(error.to_string()),
    };
    runtime.block_on(Engine::connect()).err().map(|error| error.to_string())
}

/// A test that needs an engine: ignored, and labelled so, where `reason` says that there is none.
pub fn container_trial(
    name: impl Into<String>,
    reason: Option<&str>,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let trial = Trial::test(name, test);
    match reason {
        Some(_) => trial.with_kind("no Docker engine").with_ignored_flag(true),
        None => trial,
    }
}

/// The tests of one scenario. A scenario that cannot be read is one failing test.
pub fn scenario_trials(file: &Utf8Path, options: TestOptions, reason: Option<&str>) -> Vec<Trial> {
    let loaded = match LoadedScenario::load(file) {
        Ok(loaded) => loaded,
        Err(error) => {
            let text = error.to_string();
            return vec![Trial::test(format!("{file} is a scenario"), move || {
                Err(Failed::from(text))
            })];
        }
    };
    let scenario = loaded.name.clone();
    let tasks = plugin_tasks(&loaded);
    let run = ScenarioRun::new(loaded, options);
    let mut trials = Vec::new();
    let mut add = |name: String, check: Check| {
        let run = run.clone();
        trials.push(container_trial(format!("{scenario}: {name}"), reason, move || {
            check(run.finished())
        }));
    };

    add(
        "both deployments end well".to_owned(),
        Box::new(|finished| match &finished.error {
            Some(error) => Err(Failed::from(error.clone())),
            None => Ok(()),
        }),
    );
    for task in tasks {
        add(
            format!("{task} changes nothing when it runs again"),
            Box::new(move |finished| task_holds(finished, &task)),
        );
    }
    for deployment in [1, 2] {
        for check in &run.loaded().scenario.verify {
            let label = check.label().to_owned();
            add(
                format!("{label} (after deployment {deployment})"),
                Box::new(move |finished| check_holds(finished, deployment, &label)),
            );
        }
    }
    for node in &run.loaded().scenario.nodes {
        let name = node.name.clone();
        add(
            format!("the merged attributes of {name} are as committed"),
            Box::new(move |finished| snapshot_holds(finished, &name)),
        );
    }
    add(
        "the verdict is passed".to_owned(),
        Box::new(|finished| match finished.report.passed {
            true => Ok(()),
            false => Err(Failed::from(crate::report::render(&finished.report))),
        }),
    );
    trials
}

/// Ids of the plugins' own tasks that do something on a node of the scenario, as Nailgun orders them.
///
/// Where Nailgun refuses the scenario there are none, and the test of the deployments says why.
fn plugin_tasks(loaded: &LoadedScenario) -> Vec<String> {
    let own: BTreeSet<String> = loaded
        .scenario
        .plugins
        .iter()
        .filter_map(|entry| plugin_builder::Plugin::load(&loaded.plugin_path(&entry.path)).ok())
        .flat_map(|plugin| plugin.deployment_tasks)
        .filter_map(|task| task["id"].as_str().map(str::to_owned))
        .collect();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let nodes = runtime.block_on(crate::run::render(loaded)).unwrap_or_default();
    let mut ids = Vec::new();
    for task in nodes.iter().flat_map(|node| &node.tasks) {
        let idle = task["type"].as_str().is_none_or(crate::verdict::does_nothing);
        if let Some(id) = task["id"].as_str()
            && !idle
            && own.contains(id)
            && !ids.iter().any(|known| known == id)
        {
            ids.push(id.to_owned());
        }
    }
    ids
}

fn task_holds(finished: &Finished, task: &str) -> Result<(), Failed> {
    let judged: Vec<_> = finished
        .report
        .verdict
        .iter()
        .flat_map(|verdict| &verdict.tasks)
        .filter(|judged| judged.task == task)
        .collect();
    if judged.is_empty() {
        return Err(Failed::from(match &finished.error {
            Some(error) => format!("there is no verdict: {error}"),
            None => format!("task `{task}` ran on no node of the scenario"),
        }));
    }
    for judged in judged {
        if judged.fails {
            let differences: Vec<String> = judged
                .differences
                .iter()
                .map(|difference| {
                    format!(
                        "{}: {}\n{}",
                        difference.kind,
                        difference.subject,
                        difference.diff.as_deref().unwrap_or("")
                    )
                })
                .collect();
            return Err(Failed::from(format!(
                "{} on {}: {}\n{}{}",
                judged.task,
                judged.node,
                judged.called.meaning(),
                differences.join("\n"),
                judged.error.as_deref().unwrap_or("")
            )));
        }
    }
    Ok(())
}

fn check_holds(finished: &Finished, deployment: u8, label: &str) -> Result<(), Failed> {
    let results: Vec<_> = finished
        .report
        .verify
        .iter()
        .filter(|check| check.run == deployment && check.name == label)
        .collect();
    if results.is_empty() {
        return Err(Failed::from(
            finished
                .error
                .clone()
                .unwrap_or_else(|| "the check did not run".to_owned()),
        ));
    }
    match results.iter().find(|check| !check.passed) {
        Some(failed) => Err(Failed::from(format!(
            "on {}: {}",
            failed.node,
            failed.detail.as_deref().unwrap_or("it does not hold")
        ))),
        None => Ok(()),
    }
}

fn snapshot_holds(finished: &Finished, node: &str) -> Result<(), Failed> {
    let suffix = format!("-{node}");
    match finished
        .report
        .snapshots
        .iter()
        .find(|snapshot| snapshot.name.ends_with(&suffix))
    {
        None => Err(Failed::from(
            finished
                .error
                .clone()
                .unwrap_or_else(|| "it was not compared".to_owned()),
        )),
        Some(snapshot) => match &snapshot.diff {
            Some(diff) => Err(Failed::from(format!("{} differs:\n{diff}", snapshot.file))),
            None => Ok(()),
        },
    }
}
