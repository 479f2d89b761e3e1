//! Every method of every path: it answers, in both forms of its address; it is in the OpenAPI document, and nothing else
//! is; and the coverage table in the documentation says so.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../../plugin-builder/tests/beside/mod.rs"]
mod beside;
mod master;
#[path = "replay/recording.rs"]
#[expect(dead_code, reason = "only the requests are read here")]
mod recording;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use camino::Utf8Path;
use master::Master;
use mock_nailgun::Profile;
use serde_json::{Value, json};

/// Method, address, status and body.
#[derive(Debug, serde::Deserialize)]
struct Call(String, String, u16, #[serde(default)] Option<Value>);

fn calls() -> Vec<Call> {
    serde_yaml::from_str(include_str!("data/endpoints.yaml")).unwrap()
}

/// Methods and paths of the OpenAPI document below `/api/v1`, as `GET plugins/{id}`, with what is said of them.
async fn documented(master: &Master) -> BTreeMap<(String, String), Value> {
    let (status, document) = master.send("GET", "/mock/openapi.json", None).await;
    assert_eq!(status, 200);
    let mut documented = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if let Some(path) = path.strip_prefix("/api/v1/") {
            for (method, operation) in methods.as_object().unwrap() {
                documented.insert((path.to_owned(), method.to_uppercase()), operation.clone());
            }
        }
    }
    documented
}

/// The path of the document that an address is of: the one with the fewest names in it.
fn template<'a>(paths: &BTreeSet<&'a str>, address: &str) -> Option<&'a str> {
    let segments: Vec<&str> = address
        .split('?')
        .next()
        .unwrap()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    paths
        .iter()
        .filter(|path| {
            let parts: Vec<&str> = path.split('/').collect();
            parts.len() == segments.len()
                && parts
                    .iter()
                    .zip(&segments)
                    .all(|(part, segment)| part.starts_with('{') || part == segment)
        })
        .min_by_key(|path| path.matches('{').count())
        .copied()
}

#[tokio::test]
async fn every_documented_method_answers_in_both_forms_of_its_address() {
    // What changes something does so once: each form has a master of its own.
    for (root, slash) in [("/api/v1/", ""), ("/api/v1/", "/"), ("/api/", "/"), ("/api/", "")] {
        every_method_answers(root, slash).await;
    }
}

async fn every_method_answers(root: &str, slash: &str) {
    let master = master::start().await;
    let environment = master
        .environment_with(&[&["controller"], &["compute"], &["notes"]])
        .await;
    let task = master.put(&format!("/clusters/{environment}/changes"), json!({})).await;
    assert_eq!((environment, task["id"].as_i64()), (1, Some(1)));
    let message = master.message().await;
    master
        .reply(
            "transaction_resp",
            json!({"task_uuid": message["args"]["task_uuid"], "status": "ready", "progress": 100}),
        )
        .await;

    let documented = documented(&master).await;
    let paths: BTreeSet<&str> = documented.keys().map(|(path, _)| path.as_str()).collect();
    let mut missing: BTreeSet<&(String, String)> = documented.keys().collect();
    for Call(method, address, wanted, body) in calls() {
        let (path, query) = address
            .split_once('?')
            .map_or((address.as_str(), String::new()), |(path, query)| {
                (path, format!("?{query}"))
            });
        let form = format!("{root}{path}{slash}{query}");
        let (status, answer) = master.send(&method, &form, body).await;
        assert_eq!(status, wanted, "{method} {form}: {answer}");
        let path = template(&paths, &address).unwrap_or_else(|| panic!("{address} is not documented"));
        missing.remove(&(path.to_owned(), method));
    }
    assert!(missing.is_empty(), "documented, and not called: {missing:?}");
}

#[tokio::test]
async fn a_method_that_is_not_documented_is_405_and_a_path_that_a_version_lacks_404() {
    let newest = documented(&master::start().await).await;
    for version in ["6.1", "7.0", "8.0", "9.2"] {
        let master = master::start_with(|config| config.profile = Profile::named(version).unwrap()).await;
        let documented = documented(&master).await;
        for (path, method) in newest.keys() {
            let address = format!(
                "/api/v1/{}",
                path.replace("{id}", "1")
                    .replace("{link}", "1")
                    .replace("{name}", "x")
                    .replace("{type}", "x")
            );
            if documented.contains_key(&(path.clone(), method.clone())) {
                continue;
            }
            let (status, answer) = master.send(method, &address, None).await;
            // A method may have come later than its path.
            let has_path = documented.keys().any(|(other, _)| other == path);
            let wanted = if has_path { (405, "None") } else { (404, "not found") };
            assert_eq!((status, answer.as_str().unwrap()), wanted, "{version}: {method} {path}");
        }
        for (path, _) in documented
            .keys()
            .filter(|(path, _)| !path.contains("link") && !path.contains("deployment_graphs"))
        {
            let address = format!("/api/v1/{}", path.replace("{id}", "1").replace("{name}", "x"));
            for method in ["PATCH", "DELETE", "POST"] {
                if !documented.contains_key(&(path.clone(), method.to_owned())) {
                    let (status, answer) = master.send(method, &address, None).await;
                    assert_eq!((status, &answer), (405, &json!("None")), "{version}: {method} {path}");
                }
            }
        }
    }
}

/// The table of the documentation.
fn table(documented: &BTreeMap<(String, String), Value>, recorded: &BTreeMap<(String, String), usize>) -> String {
    let mut text = String::from(
        "# What of Nailgun's API there is\n\n\
         Made from the route table, the list of calls and the recorded exchanges by `UPDATE_API_TABLE=1 cargo test -p \
         mock-nailgun --test endpoints`; the same test checks that it is current. All paths are below `/api/v1` and \
         `/api`, with or without a slash at the end. The OpenAPI document is at `GET /mock/openapi.json`.\n\n\
         * depth: *real* does what Nailgun does; *mocked* answers as Nailgun does, but a stand-in is behind it.\n\
         * called: what the list of calls wants of it (`mock-nailgun/tests/data/endpoints.yaml`), with the status: *succeeds*, or only *refused*.\n\
         * recorded: how many exchanges with real Nailguns 8.0 and 9.2 are replayed against it \
         (`mock-nailgun/tests/data/replay.yaml`).\n\n\
         | path | method | since | depth | what | called | recorded |\n|---|---|---|---|---|---|---|\n",
    );
    let paths: BTreeSet<&str> = documented.keys().map(|(path, _)| path.as_str()).collect();
    let calls = calls();
    for ((path, method), operation) in documented {
        let statuses: Vec<String> = calls
            .iter()
            .filter(|Call(called, address, _, _)| called == method && template(&paths, address) == Some(path.as_str()))
            .map(|Call(_, _, status, _)| {
                let what = if *status < 400 { "succeeds" } else { "refused" };
                format!("{what} ({status})")
            })
            .collect();
        let said = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
        let count = recorded.get(&(path.clone(), method.clone())).copied().unwrap_or(0);
        writeln!(
            text,
            "| `{path}` | {method} | {} | {} | {} | {} | {} |",
            said("x-since"),
            said("x-depth"),
            said("summary"),
            statuses.join(", "),
            if count == 0 { String::new() } else { count.to_string() },
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn the_coverage_table_is_current() {
    let folder = recording::folder().join("nailgun");
    if std::env::var_os("FUELRIG_CONFORMANCE").is_some() {
        println!("SKIPPED: the coverage table counts the recordings in ../shared/conformance, not others");
        return;
    }
    if !folder.is_dir() {
        beside::is_missing(folder);
        return;
    }
    let documented = documented(&master::start().await).await;
    let paths: BTreeSet<&str> = documented.keys().map(|(path, _)| path.as_str()).collect();
    let mut recorded: BTreeMap<(String, String), usize> = BTreeMap::new();
    for version in ["8.0", "9.2"] {
        for recording in recording::read_all(&folder.join(version)).0 {
            if let Some(request) = recording.request
                && let Some(address) = request.path.strip_prefix("/api/v1/")
                && let Some(path) = template(&paths, address)
            {
                *recorded.entry((path.to_owned(), request.method)).or_default() += 1;
            }
        }
    }
    let made = table(&documented, &recorded);
    let file = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/nailgun-api.md"));
    if std::env::var_os("UPDATE_API_TABLE").is_some() {
        fs_err::write(file, &made).unwrap();
    }
    let kept = fs_err::read_to_string(file).unwrap_or_default();
    assert!(
        kept == made,
        "docs/nailgun-api.md is not current: run this test with UPDATE_API_TABLE=1 and commit the file"
    );
}
