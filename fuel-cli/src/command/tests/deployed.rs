//! Plugins of an environment that is deployed: what each version of Fuel lets be changed (facts 2.6).

use rstest::rstest;
use serde_json::{Value, json};

use crate::test_master::{Master, node};
use crate::test_plugin;

/// In 6.1 nothing of a deployed environment changes any more.
const EVERYTHING: &str = "Environment attributes can't be changed after, or in deploy.";
/// 7.0 asks the section itself.
const SECTION: &str = "Environment attribute 'greeter' couldn't be changed after or during deployment.";
/// 8.0 asks the plugin's version; 9.2 does so while a deployment runs.
const VERSION: &str = "Plugin 'greeter' version '1.0.0' couldn't be changed after or during deployment.";

/// What a plugin may say of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    /// `is_hotpluggable` in metadata.yaml.
    HotPluggable,
    /// `always_editable` in the `metadata` of environment_config.yaml.
    AlwaysEditable,
}

/// Environment 1 has the plugin enabled, environment 2 has not; both have a controller.
async fn with_two_environments(fuel: &str, release: &str, package_version: &str, says: Says) -> Master {
    let master = Master::start_as(fuel).await;
    let mut metadata = test_plugin::metadata("1.0.0", package_version);
    metadata["fuel_version"] = json!([fuel]);
    metadata["releases"][0]["version"] = json!(release);
    metadata["is_hotpluggable"] = json!(says == Says::HotPluggable);
    test_plugin::write(&master.path("plugins/greeter-1.0"), &metadata);
    if says == Says::AlwaysEditable {
        let file = master.path("plugins/greeter-1.0/environment_config.yaml");
        let text = fs_err::read_to_string(&file).unwrap();
        let text = text.replace("attributes:\n", "attributes:\n  metadata: {always_editable: true}\n");
        fs_err::write(&file, text).unwrap();
    }
    done(&master, &["plugins", "--register", "greeter==1.0.0"]).await;
    for (number, name) in [(1, "with"), (2, "without")] {
        done(&master, &["env", "create", "--name", name, "--rel", "2"]).await;
        let created = master.client().await.register_node(&node(number)).await.unwrap();
        let (environment, id) = (number.to_string(), created["id"].to_string());
        let words = [
            "--env",
            &environment,
            "node",
            "set",
            "--node",
            &id,
            "--role",
            "controller",
        ];
        done(&master, &words).await;
    }
    done(&master, &["--env", "1", "plugins", "--enable", "greeter"]).await;
    master
}

async fn done(master: &Master, words: &[&str]) {
    let called = master.fuel(words).await;
    assert_eq!((called.code, called.errors.as_str()), (0, ""), "{words:?}");
}

/// Starts a deployment; gives what Astute gets of it.
async fn start(master: &Master, environment: &str) -> Value {
    done(master, &["--env", environment, "deploy-changes"]).await;
    let client = master.client().await;
    let message = client.get_root("mock/astute/messages?wait=20").await.unwrap();
    match message.as_array() {
        Some(messages) => messages.last().unwrap().clone(),
        None => message,
    }
}

/// Ends it well.
async fn finish(master: &Master, message: &Value, node: &str) {
    let reply = json!({"method": message["respond_to"], "args": {
        "task_uuid": message["args"]["task_uuid"], "status": "ready", "progress": 100,
        "nodes": [{"uid": node, "status": "ready", "progress": 100}]}});
    master
        .client()
        .await
        .post_root("mock/astute/replies", &reply)
        .await
        .unwrap();
}

const CHANGES: [[&str; 5]; 3] = [
    ["--env", "1", "plugins", "--configure", "greeting=good day"],
    ["--env", "1", "plugins", "--disable", "greeter"],
    ["--env", "2", "plugins", "--enable", "greeter==1.0.0"],
];

/// Each change is refused with this text and changes nothing, or is made where there is none.
async fn changes_are(master: &Master, refusal: Option<&str>) {
    for words in CHANGES {
        let environment = words[1].parse().unwrap();
        let before = master.client().await.attributes(environment).await.unwrap();
        let called = master.fuel(&words).await;
        let after = master.client().await.attributes(environment).await.unwrap();
        let Some(text) = refusal else {
            assert_eq!((called.code, called.errors.as_str()), (0, ""), "{words:?}");
            assert_ne!(before, after, "{words:?}");
            continue;
        };
        let expected = format!(
            "403 Client Error: Forbidden for url: {}/api/v1/clusters/{environment}/attributes/ ({text})\n",
            master.url()
        );
        assert_eq!(
            (called.code, called.output.as_str(), called.errors),
            (1, "", expected),
            "{words:?}"
        );
        assert_eq!(before, after, "{words:?}");
    }
}

#[rstest]
#[case("6.1", "2014.2.2-6.1", "2.0.0", Says::Nothing, Some(EVERYTHING))]
#[case("6.1", "2014.2.2-6.1", "2.0.0", Says::HotPluggable, Some(EVERYTHING))]
#[case("6.1", "2014.2.2-6.1", "2.0.0", Says::AlwaysEditable, Some(EVERYTHING))]
#[case("7.0", "2015.1.0-7.0", "3.0.0", Says::Nothing, Some(SECTION))]
#[case("7.0", "2015.1.0-7.0", "3.0.0", Says::HotPluggable, Some(SECTION))]
#[case("7.0", "2015.1.0-7.0", "3.0.0", Says::AlwaysEditable, None)]
#[case("8.0", "liberty-8.0", "4.0.0", Says::Nothing, Some(VERSION))]
#[case("8.0", "liberty-8.0", "4.0.0", Says::HotPluggable, None)]
#[case("9.2", "mitaka-9.0", "4.0.0", Says::Nothing, None)]
#[case("9.2", "mitaka-9.0", "4.0.0", Says::HotPluggable, None)]
#[tokio::test]
async fn a_plugin_of_a_deployed_environment_is_changed_only_where_its_fuel_let_it_be(
    #[case] fuel: &str,
    #[case] release: &str,
    #[case] package_version: &str,
    #[case] says: Says,
    #[case] refusal: Option<&str>,
) {
    let master = with_two_environments(fuel, release, package_version, says).await;
    for number in ["1", "2"] {
        let message = start(&master, number).await;
        finish(&master, &message, number).await;
        let environment = master
            .client()
            .await
            .environment(number.parse().unwrap())
            .await
            .unwrap();
        assert_eq!(environment.status, "operational");
    }
    changes_are(&master, refusal).await;
}

#[rstest]
#[case(Says::Nothing, Some(VERSION))]
// 9.x writes `is_hotpluggable` to a key that its own check does not read.
#[case(Says::HotPluggable, Some(VERSION))]
#[case(Says::AlwaysEditable, None)]
#[tokio::test]
async fn while_fuel_9_2_deploys_only_what_is_always_editable_is_changed(
    #[case] says: Says,
    #[case] refusal: Option<&str>,
) {
    let master = with_two_environments("9.2", "mitaka-9.0", "4.0.0", says).await;
    for number in ["1", "2"] {
        start(&master, number).await;
    }
    changes_are(&master, refusal).await;
}
