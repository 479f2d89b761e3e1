//! A copy of the Trove plugin with tasks that are broken in one way each, and each is caught with the task, the node, the
//! path and the diff.

use std::collections::BTreeSet;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::rig::{self, Finished, PLUGIN, Test, ensure, output};

/// How long two deployments of Trove may take where the engine is slow and the machine busy.
const LIMIT: Duration = Duration::from_secs(1500);

pub(crate) const TESTS: &[Test] = &[(
    "tasks that append, stamp or fail the second time are blamed, and no other",
    broken_tasks,
)];

/// One of them says nothing, one says that it changed something, and the last one fails, after which nothing comes.
const TASKS: &str = "\
- id: note-the-deployment
  type: shell
  version: 2.0.0
  role: [primary-trove]
  requires: [primary-trove-service]
  required_for: [deploy_end]
  parameters:
    cmd: echo deployed >> /etc/trove/history
    timeout: 60
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
- id: only-once
  type: shell
  version: 2.0.0
  role: [primary-trove]
  requires: [note-the-deployment, stamp-the-config]
  required_for: [deploy_end]
  parameters:
    cmd: mkdir /var/lib/trove/once
    retries: 1
    timeout: 60
";

const STAMP: &str = "\
notice('PLUGIN: fuel-plugin-trove - stamp.pp')

exec { 'stamp':
  command => '/bin/sh -c \"echo \\\"# written $(date +%s%N)\\\" > /etc/trove/stamp.conf\"',
}
";

fn broken_tasks() -> Result<(), String> {
    let finished = deploy_broken()?;
    let failing = failing(&finished);
    let names: BTreeSet<&str> = failing.iter().filter_map(|judged| judged["task"].as_str()).collect();
    // The other tasks are Trove's own, and nothing is wrong with them.
    ensure(
        names == BTreeSet::from(["note-the-deployment", "stamp-the-config", "only-once"]),
        || format!("these are blamed: {names:?}\n{}", finished.stderr),
    )?;
    let appends = judged(&failing, "note-the-deployment", "silent_change")?;
    let difference_of_history = difference(appends, "/etc/trove/history")?;
    let diff = difference_of_history["diff"].as_str().unwrap_or_default();
    ensure(diff.contains("+deployed"), || {
        format!("the diff does not show the line: {difference_of_history:#}")
    })?;

    let stamps = judged(&failing, "stamp-the-config", "not_idempotent")?;
    let difference_of_config = difference(stamps, "/etc/trove/stamp.conf")?;
    let diff = difference_of_config["diff"].as_str().unwrap_or_default();
    ensure(diff.contains("-# written") && diff.contains("+# written"), || {
        format!("no diff: {difference_of_config:#}")
    })?;
    let resources = stamps["changed_resources"].as_array().cloned().unwrap_or_default();
    ensure(
        resources.iter().any(|resource| resource["name"] == "Exec[stamp]"),
        || format!("no resource: {stamps:#}"),
    )?;

    let fails = judged(&failing, "only-once", "not_rerunnable")?;
    let error = fails["error"].as_str().unwrap_or_default();
    ensure(
        error.contains("File exists") || finished.report.to_string().contains("File exists"),
        || format!("the report does not say why: {fails:#}"),
    )
}

/// Deploys a copy of the plugin with three tasks more; it must end with exit code 1.
fn deploy_broken() -> Result<Finished, String> {
    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).map_err(|path| format!("{path:?}"))?;
    let plugin = root.join("plugin");
    rig::copy_plugin(Utf8Path::new(PLUGIN), &plugin).map_err(|error| error.to_string())?;
    let tasks = plugin.join("deployment_tasks.yaml");
    let mut text = fs_err::read_to_string(&tasks).map_err(|error| error.to_string())?;
    text.push('\n');
    text.push_str(TASKS);
    fs_err::write(&tasks, text).map_err(|error| error.to_string())?;
    let manifest = plugin.join("deployment_scripts/puppet/manifests/stamp.pp");
    fs_err::write(manifest, STAMP).map_err(|error| error.to_string())?;
    let scenario = root.join("scenarios/broken.yaml");
    fs_err::create_dir_all(root.join("scenarios")).map_err(|error| error.to_string())?;
    let text = "fuel: '9.2'\n\
                plugins: [{path: ../plugin}]\n\
                environment: {release: mitaka-9.0}\n\
                nodes: [{name: node-1, roles: [controller, trove]}]\n";
    fs_err::write(&scenario, text).map_err(|error| error.to_string())?;
    let finished = rig::finish(rig::start(&scenario, &output("broken"))?, LIMIT)?;
    ensure(finished.code == Some(1), || {
        format!("exit code {:?}\n{}", finished.code, finished.stderr)
    })?;
    Ok(finished)
}

fn failing(finished: &Finished) -> Vec<&Value> {
    let tasks = finished.report["verdict"]["tasks"].as_array();
    let tasks = tasks.into_iter().flatten();
    tasks.filter(|judged| judged["fails"] == true).collect()
}

fn judged<'a>(failing: &[&'a Value], task: &str, called: &str) -> Result<&'a Value, String> {
    let judged = failing
        .iter()
        .find(|judged| judged["task"] == task)
        .ok_or_else(|| format!("`{task}` is not blamed"))?;
    ensure(judged["called"] == called && judged["node"] == "node-1", || {
        format!("called {judged:#}")
    })?;
    Ok(judged)
}

fn difference<'a>(judged: &'a Value, path: &str) -> Result<&'a Value, String> {
    let differences = judged["differences"].as_array();
    differences
        .into_iter()
        .flatten()
        .find(|difference| difference["subject"] == path)
        .ok_or_else(|| format!("{path} is not among the differences: {judged:#}"))
}
