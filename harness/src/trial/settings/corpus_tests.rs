//! Every plugin of the corpus on every version of Fuel whose release it names: Nailgun takes whatever is drawn for it.
//!
//! The corpus lies beside the repository; without it nothing is tried, which is said.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use fuel_cli::{Client, Credentials};
use mock_nailgun::{Config, Profile, Server};
use plugin_builder::expression::Models;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Drawing, Subject, Surroundings};

/// How many settings are drawn for each plugin.
const DRAWN: usize = 6;

/// What plugins' own conditions ask for that is not there, whatever the settings.
const NOT_OF_THE_VALUES: &[&str] = &["is undefined", "restrictions didn't pass"];

#[rstest]
#[case("6.1")]
#[case("7.0")]
#[case("8.0")]
#[case("9.2")]
#[tokio::test]
async fn nailgun_takes_what_is_drawn_for_every_plugin_of_the_corpus(#[case] version: &str) {
    let corpus = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/plugins"));
    if !corpus.is_dir() {
        println!("skipped: there is no {corpus}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    let server = Server::start(Config::new(Profile::named(version).unwrap(), directory.clone()))
        .await
        .unwrap();
    let client = Client::connect(&format!("http://{}", server.address()), &Credentials::default())
        .await
        .unwrap();
    let mut sources: Vec<Utf8PathBuf> = corpus
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().into_path())
        .collect();
    sources.sort();
    let mut sums = Sums::default();
    for (number, source) in sources.iter().enumerate() {
        plugin(&client, source, &directory, number as u64, &mut sums).await;
    }
    println!("Fuel {version}: {sums:?}");
    assert!(sums.refused.is_empty(), "{:#?}", sums.refused);
    // Nothing was passed over that matters.
    assert!(sums.plugins >= 15 && sums.fields > 60 && sums.taken > 70, "{sums:?}");
}

#[derive(Debug, Default)]
struct Sums {
    plugins: usize,
    fields: usize,
    taken: usize,
    left: BTreeMap<String, usize>,
    /// Plugins that Nailgun does not enable with the settings that they come with.
    not_enabled: usize,
    refused: Vec<String>,
}

async fn plugin(client: &Client, source: &Utf8Path, directory: &Utf8Path, seed: u64, sums: &mut Sums) {
    client.post_root("mock/reset", &json!({})).await.unwrap();
    let Ok(metadata) = plugin_builder::yaml::load(&source.join("metadata.yaml")) else {
        return;
    };
    let metadata = metadata.to_json();
    let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
    let (name, version) = (text("name"), text("version"));
    let short: Vec<&str> = match text("package_version").starts_with("1.") {
        true => version.split('.').collect(),
        false => version.split('.').take(2).collect(),
    };
    let target = directory.join(format!("{name}-{}", short.join(".")));
    let _ = fs_err::remove_dir_all(&target);
    fs_err::create_dir_all(&target).unwrap();
    for entry in source.read_dir_utf8().unwrap().map(Result::unwrap) {
        if entry.file_name().ends_with(".yaml") {
            fs_err::copy(entry.path(), target.join(entry.file_name())).unwrap();
        }
    }
    let Ok(registered) = client.post("plugins/", &metadata).await else {
        return;
    };
    let releases = client.get("releases/").await.unwrap();
    let releases = releases.as_array().unwrap().iter();
    for release in releases.filter(|release| release["state"] == "available") {
        let id = release["id"].as_u64().unwrap();
        let Ok(created) = client.create_environment(&format!("of-{id}"), id).await else {
            // 6.1 reads a plugin's files no sooner, and there are broken ones.
            let plugin = format!("plugins/{}/", registered["id"]);
            client.delete(&plugin).await.unwrap();
            return;
        };
        let environment = created.id;
        let Ok(mut attributes) = client.attributes(environment).await else {
            continue;
        };
        if attributes["editable"][&name].is_null() {
            continue;
        }
        sums.plugins += 1;
        if let Some(enabled) = enabled(client, environment, &name, &mut attributes["editable"]).await {
            drawn(client, environment, &name, enabled, seed, sums).await;
        } else {
            sums.not_enabled += 1;
        }
        return;
    }
}

/// The settings of the environment once the plugin is on, with its own values where these are taken.
async fn enabled(client: &Client, environment: u64, name: &str, editable: &mut Value) -> Option<Value> {
    editable[name]["metadata"]["enabled"] = json!(true);
    let body = json!({"editable": {name: editable[name], "common": {"propagate_task_deploy": {"value": true}}}});
    let body = match editable["common"]["propagate_task_deploy"].is_null() {
        true => json!({"editable": {name: editable[name]}}),
        false => body,
    };
    client.put_attributes(environment, &body).await.ok()?;
    let mut attributes = client.attributes(environment).await.ok()?;
    Some(attributes["editable"].take())
}

async fn drawn(client: &Client, environment: u64, name: &str, editable: Value, seed: u64, sums: &mut Sums) {
    let networks = client.network_configuration(environment).await.unwrap();
    let models = Models::from([
        (
            "cluster".to_owned(),
            client.get(&format!("clusters/{environment}/")).await.unwrap(),
        ),
        ("version".to_owned(), client.version().await.unwrap()),
        (
            "networking_parameters".to_owned(),
            networks["networking_parameters"].clone(),
        ),
    ]);
    let surroundings = Surroundings::new(editable.clone(), models);
    let subject = Subject {
        plugin: name,
        fixed: &[],
    };
    let mut drawing = Drawing::new(seed, &editable, &[subject], surroundings).unwrap();
    sums.fields += drawing.fields().len();
    for (why, left) in drawing.left() {
        *sums.left.entry(why.clone()).or_default() += left.len();
    }
    for _ in 0..DRAWN {
        let Some(values) = drawing.next() else { break };
        let body = json!({ "editable": drawing.sections(&values) });
        match client.put_attributes(environment, &body).await {
            Ok(_) => {
                drawing.take(&values);
                sums.taken += 1;
                client.attributes(environment).await.unwrap();
            }
            Err(error) => {
                let message = error.to_string();
                if !NOT_OF_THE_VALUES.iter().any(|known| message.contains(known)) {
                    let changed: Vec<String> = drawing
                        .changed(&values)
                        .into_iter()
                        .map(|place| format!("{} = {}", drawing.fields()[place].name, values[place]))
                        .collect();
                    sums.refused.push(format!("{name}: {message} of {changed:?}"));
                }
            }
        }
    }
}
