//! Copies of the Trove plugin, each broken in one way, and each caught with the task, the node, the path and the diff.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::rig::{self, Finished, PLUGIN, Test, ensure, output};

/// How long two deployments of Trove may take where the engine is slow and the machine busy.
const LIMIT: Duration = Duration::from_secs(1500);

pub(crate) const TESTS: &[Test] = &[
    (
        "a shell task that appends to a file is a silent change",
        appending_shell_task,
    ),
    (
        "a Puppet exec that writes a timestamp into a config is not idempotent",
        timestamp_in_a_config,
    ),
    ("a task whose second run fails is not re-runnable", failing_second_run),
];

fn appending_shell_task() -> Result<(), String> {
    let task = "\
- id: note-the-deployment
  type: shell
  version: 2.0.0
  role: [primary-trove]
  requires: [primary-trove-service]
  required_for: [deploy_end]
  parameters:
    cmd: echo deployed >> /etc/trove/history
    timeout: 60
";
    let finished = deploy_broken("appends", task, &[])?;
    let judged = judged(&finished, "note-the-deployment")?;
    ensure(judged["called"] == "silent_change", || format!("called {judged:#}"))?;
    let difference = difference(judged, "/etc/trove/history")?;
    let diff = difference["diff"].as_str().unwrap_or_default();
    ensure(diff.contains("+deployed"), || {
        format!("the diff does not show the line: {difference:#}")
    })
}

fn timestamp_in_a_config() -> Result<(), String> {
    let task = "\
- id: stamp-the-config
  type: puppet
  version: 2.0.0
  role: [primary-trove]
  requires: [primary-trove-service]
  required_for: [deploy_end]
  parameters:
    puppet_manifest: puppet/manifests/stamp.pp
    puppet_modules: puppet/modules:/etc/puppet/modules
    timeout: 120
";
    let manifest = "\
notice('PLUGIN: fuel-plugin-trove - stamp.pp')

exec { 'stamp':
  command => '/bin/sh -c \"echo \\\"# written $(date +%s%N)\\\" > /etc/trove/stamp.conf\"',
}
";
    let finished = deploy_broken(
        "stamps",
        task,
        &[("deployment_scripts/puppet/manifests/stamp.pp", manifest)],
    )?;
    let judged = judged(&finished, "stamp-the-config")?;
    ensure(judged["called"] == "not_idempotent", || format!("called {judged:#}"))?;
    let difference = difference(judged, "/etc/trove/stamp.conf")?;
    let diff = difference["diff"].as_str().unwrap_or_default();
    ensure(diff.contains("-# written") && diff.contains("+# written"), || {
        format!("no diff: {difference:#}")
    })?;
    let resources = judged["changed_resources"].as_array().cloned().unwrap_or_default();
    ensure(
        resources.iter().any(|resource| resource["name"] == "Exec[stamp]"),
        || format!("no resource: {judged:#}"),
    )
}

fn failing_second_run() -> Result<(), String> {
    let task = "\
- id: only-once
  type: shell
  version: 2.0.0
  role: [primary-trove]
  requires: [primary-trove-service]
  required_for: [deploy_end]
  parameters:
    cmd: mkdir /var/lib/trove/once
    retries: 1
    timeout: 60
";
    let finished = deploy_broken("fails-again", task, &[])?;
    let judged = judged(&finished, "only-once")?;
    ensure(judged["called"] == "not_rerunnable", || format!("called {judged:#}"))?;
    let error = judged["error"].as_str().unwrap_or_default();
    ensure(
        error.contains("File exists") || finished.report.to_string().contains("File exists"),
        || format!("the report does not say why: {judged:#}"),
    )
}

/// Deploys a copy of the plugin with one more task; it must end with exit code 1.
fn deploy_broken(name: &str, task: &str, files: &[(&str, &str)]) -> Result<Finished, String> {
    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).map_err(|path| format!("{path:?}"))?;
    let plugin = root.join("plugin");
    rig::copy_plugin(Utf8Path::new(PLUGIN), &plugin).map_err(|error| error.to_string())?;
    let tasks = plugin.join("deployment_tasks.yaml");
    let mut text = fs_err::read_to_string(&tasks).map_err(|error| error.to_string())?;
    text.push('\n');
    text.push_str(task);
    fs_err::write(&tasks, text).map_err(|error| error.to_string())?;
    for (path, content) in files {
        fs_err::write(plugin.join(path), content).map_err(|error| error.to_string())?;
    }
    let scenario = root.join("scenarios").join(format!("{name}.yaml"));
    fs_err::create_dir_all(root.join("scenarios")).map_err(|error| error.to_string())?;
    let text = "fuel: '9.2'\n\
                plugins: [{path: ../plugin}]\n\
                environment: {release: mitaka-9.0}\n\
                nodes: [{name: node-1, roles: [controller, trove]}]\n";
    fs_err::write(&scenario, text).map_err(|error| error.to_string())?;
    let finished = rig::finish(rig::start(&scenario, &output(name))?, LIMIT)?;
    ensure(finished.code == Some(1), || {
        format!("exit code {:?}\n{}", finished.code, finished.stderr)
    })?;
    Ok(finished)
}

fn judged<'a>(finished: &'a Finished, task: &str) -> Result<&'a Value, String> {
    let tasks = finished.report["verdict"]["tasks"].as_array();
    let failing: Vec<&Value> = tasks
        .into_iter()
        .flatten()
        .filter(|judged| judged["fails"] == true)
        .collect();
    // The other tasks are Trove's own, and nothing is wrong with them.
    ensure(failing.len() == 1, || {
        let names: Vec<String> = failing
            .iter()
            .map(|judged| format!("{}: {}", judged["task"], judged["called"]))
            .collect();
        format!("one task is broken, these are blamed: {names:?}\n{}", finished.stderr)
    })?;
    ensure(failing[0]["task"] == task && failing[0]["node"] == "node-1", || {
        format!("the wrong one: {:#}", failing[0])
    })?;
    Ok(failing[0])
}

fn difference<'a>(judged: &'a Value, path: &str) -> Result<&'a Value, String> {
    let differences = judged["differences"].as_array();
    differences
        .into_iter()
        .flatten()
        .find(|difference| difference["subject"] == path)
        .ok_or_else(|| format!("{path} is not among the differences: {judged:#}"))
}
