//! What the real Nailguns of each Fuel were seen or read to do, beside the recorded exchanges.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod bodies;
mod deployments;
#[path = "../master/mod.rs"]
mod master;
mod objects;
mod refusals;

use master::Master;
use mock_nailgun::Profile;
use serde_json::{Value, json};

async fn fuel(version: &str) -> Master {
    master::start_empty(|config| config.profile = Profile::named(version).unwrap()).await
}

/// A plugin for the release of that Fuel, as a client sends it.
fn plugin(name: &str, version: &str, package: &str) -> Value {
    let releases: Vec<Value> = ["2014.2-6.1", "2015.1.0-7.0", "liberty-8.0", "mitaka-9.0"]
        .iter()
        .map(|release| json!({"os": "ubuntu", "version": release, "mode": ["ha"], "repository_path": "repositories/ubuntu", "deployment_scripts_path": "deployment_scripts/"}))
        .collect();
    json!({
        "name": name, "title": name, "version": version, "package_version": package, "description": "d",
        "fuel_version": ["9.0"], "releases": releases,
    })
}

fn write(master: &Master, directory: &str, name: &str, text: &str) {
    let directory = master.plugins.path().join(directory);
    fs_err::create_dir_all(&directory).unwrap();
    fs_err::write(directory.join(name), text).unwrap();
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Status and the first line of the message, or of the text.
async fn refusal(master: &Master, method: &str, path: &str, body: Value) -> (u16, String) {
    let body = if body.is_null() { None } else { Some(body) };
    let (status, answer) = master.send(method, &format!("/api/v1{path}"), body).await;
    let text = answer["message"].as_str().or(answer.as_str()).unwrap_or_default();
    (status, text.lines().next().unwrap_or_default().to_owned())
}

fn refused(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}
