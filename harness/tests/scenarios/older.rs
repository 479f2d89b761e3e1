//! A plugin of Fuel 7.0 and 8.0: its hooks, its own role, and the keys that the master makes.

use std::time::Duration;

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::rig::{self, Test, ensure, output};

const PLUGIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/early-greeter");
/// How long two deployments may take where the engine is slow and the machine busy.
const LIMIT: Duration = Duration::from_secs(1200);

pub(crate) const TESTS: &[Test] = &[(
    "a plugin of Fuel 8.0 is deployed by hooks and roles, and its silent hook is named",
    silent_hook,
)];

fn silent_hook() -> Result<(), String> {
    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    let scenario = Utf8PathBuf::from_path_buf(temporary.path().join("scenarios/early.yaml"))
        .map_err(|path| format!("{path:?}"))?;
    fs_err::create_dir_all(temporary.path().join("scenarios")).map_err(|error| error.to_string())?;
    let text = format!(
        "fuel: '8.0'\n\
         plugins: [{{path: {PLUGIN}, settings: {{greeting: hello}}}}]\n\
         environment: {{release: liberty-8.0}}\n\
         nodes: [{{name: node-1, roles: [controller, greeter], image: node}}]\n\
         verify:\n\
         - {{on: greeter, run: cat /etc/early-greeter/greeting, contains: hello}}\n\
         - {{on: node-1, run: cat /etc/early-greeter/after, contains: after the deployment}}\n\
         - {{on: master, run: ls /var/lib/fuel/keys/1/nova, contains: nova.pub}}\n"
    );
    fs_err::write(&scenario, text).map_err(|error| error.to_string())?;
    let finished = rig::finish(rig::start(&scenario, &output("early"))?, LIMIT)?;
    ensure(finished.code == Some(1), || {
        format!("exit code {:?}\n{}", finished.code, finished.stderr)
    })?;
    let verified = list(&finished.report["verify"]);
    ensure(
        verified.len() == 6 && verified.iter().all(|check| check["passed"] == true),
        || format!("checks: {verified:#?}"),
    )?;
    let tasks = list(&finished.report["verdict"]["tasks"]);
    let bad: Vec<&Value> = tasks.iter().filter(|task| task["called"] != "idempotent").collect();
    ensure(bad.len() == 1, || format!("not idempotent: {bad:#?}"))?;
    ensure(bad[0]["called"] == "silent_change" && bad[0]["kind"] == "shell", || {
        format!("{:#}", bad[0])
    })?;
    ensure(bad[0].to_string().contains("/etc/early-greeter/deployments"), || {
        format!("the file is not named: {:#}", bad[0])
    })?;
    ensure(tasks.iter().any(|task| task["node"] == "master"), || {
        "nothing was judged on the master".to_owned()
    })
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
