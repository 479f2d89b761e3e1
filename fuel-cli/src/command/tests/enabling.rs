//! Enabling, disabling and configuring a plugin in one command each; what `--install` asks for and tells.

use serde_json::{Value, json};

use crate::test_master::Master;
use crate::test_plugin;

/// A master with the plugin in two versions and an environment.
async fn with_an_environment() -> Master {
    let master = Master::start().await;
    master.write_plugin("plugins/greeter-1.0", "1.0.0", "4.0.0");
    master.write_plugin("plugins/greeter-2.0", "2.0.0", "4.0.0");
    assert_eq!(master.fuel(&["plugins", "--sync"]).await.code, 0);
    assert_eq!(
        master.fuel(&["env", "create", "--name", "e", "--rel", "2"]).await.code,
        0
    );
    master
}

/// The section of the plugin in the environment.
async fn section(master: &Master) -> Value {
    master.client().await.attributes(1).await.unwrap()["editable"]["greeter"].clone()
}

fn version<'section>(section: &'section Value, wanted: &str) -> &'section Value {
    section["metadata"]["versions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|version| version["metadata"]["plugin_version"] == wanted)
        .unwrap()
}

#[tokio::test]
async fn a_plugin_is_enabled_configured_and_disabled_in_one_command_each() {
    let master = with_an_environment().await;
    let called = master
        .fuel(&["--env", "1", "plugins", "--enable", "greeter==1.0.0"])
        .await;
    assert_eq!(
        (called.code, called.output.as_str(), called.errors.as_str()),
        (
            0,
            "Plugin greeter==1.0.0 was successfully enabled in environment 1.\n",
            ""
        )
    );
    let shown = section(&master).await;
    assert_eq!(shown["metadata"]["enabled"], true);
    assert_eq!(
        shown["metadata"]["chosen_id"],
        version(&shown, "1.0.0")["metadata"]["plugin_id"]
    );

    let called = master
        .fuel(&["--env", "1", "plugins", "--configure", "greeting=good day"])
        .await;
    assert_eq!(
        (called.code, called.output.as_str()),
        (0, "Plugin greeter was successfully configured in environment 1.\n")
    );
    let shown = section(&master).await;
    assert_eq!(version(&shown, "1.0.0")["greeting"]["value"], "good day");
    assert_eq!(version(&shown, "2.0.0")["greeting"]["value"], "hello");

    let called = master.fuel(&["--env", "1", "plugins", "--disable", "greeter"]).await;
    assert_eq!(
        (called.code, called.output.as_str()),
        (0, "Plugin greeter was successfully disabled in environment 1.\n")
    );
    assert_eq!(section(&master).await["metadata"]["enabled"], false);
}

#[tokio::test]
async fn a_plugin_is_enabled_in_its_newest_version_and_configured_at_once() {
    let master = with_an_environment().await;
    let words = [
        "--env",
        "1",
        "plugins",
        "--enable",
        "greeter",
        "--configure",
        "greeting=moin",
    ];
    let called = master.fuel(&words).await;
    assert_eq!((called.code, called.errors.as_str()), (0, ""));
    let shown = section(&master).await;
    assert_eq!(version(&shown, "2.0.0")["greeting"]["value"], "moin");
    assert_eq!(
        shown["metadata"]["chosen_id"],
        version(&shown, "2.0.0")["metadata"]["plugin_id"]
    );
}

#[tokio::test]
async fn what_cannot_be_enabled_or_configured_is_refused_with_what_to_do() {
    let master = with_an_environment().await;
    let cases: [(&[&str], i32, &str); 8] = [
        (&["plugins", "--enable", "greeter"], 1, "\"--env\" required!\n"),
        (
            &["--env", "1", "plugins", "--enable", "greter"],
            1,
            "plugin `greter` is not in the settings of the environment\n  hint: did you mean `greeter`?\n",
        ),
        (
            &["--env", "1", "plugins", "--enable", "greeter==3.0.0"],
            1,
            "plugin `greeter` has no version `3.0.0` in the environment\n  hint: it has 1.0.0, 2.0.0\n",
        ),
        (
            &[
                "--env",
                "1",
                "plugins",
                "--enable",
                "greeter",
                "--configure",
                "greting=x",
            ],
            1,
            "plugin `greeter` has no setting `greting`\n  hint: did you mean `greeting`? its settings are greeting\n",
        ),
        (
            &["--env", "1", "plugins", "--configure", "greeting=x"],
            1,
            "--configure greeting: no plugin is enabled in the environment\n  hint: enable one in the same command: \
             --enable NAME --configure …\n",
        ),
        (
            &[
                "--env",
                "1",
                "plugins",
                "--plugin",
                "greeter",
                "--configure",
                "greeting=x",
            ],
            1,
            "plugin `greeter` is not enabled in the environment, and Nailgun keeps no settings of plugins that are \
             off\n  hint: enable it in the same command: --enable greeter --configure …\n",
        ),
        (
            &["--env", "1", "plugins", "--configure", "greeting"],
            2,
            "error: --configure takes KEY=VALUE, `greeting` is none\n\nFor more information, try '--help'.\n",
        ),
        (
            &["--env", "1", "plugins", "--disable", "greeter"],
            1,
            "plugin `greeter` is not enabled in the environment: there is nothing to disable\n",
        ),
    ];
    for (words, code, errors) in cases {
        let called = master.fuel(words).await;
        assert_eq!((called.code, called.errors.as_str()), (code, errors), "{words:?}");
    }
}

#[tokio::test]
async fn a_plugin_that_is_made_for_another_fuel_is_installed_only_by_force() {
    let master = Master::start().await;
    let mut metadata = test_plugin::metadata("1.0.0", "4.0.0");
    metadata["fuel_version"] = json!(["8.0"]);
    metadata["releases"][0]["version"] = json!("liberty-8.0");
    let package = master.package_with("greeter", &metadata);
    let called = master.fuel(&["plugins", "--install", package.as_str()]).await;
    assert_eq!(called.code, 1);
    let why = format!(
        "{package}: plugin greeter 1.0.0 is not made for this Fuel\n  fuel_version: the plugin names 8.0; this master \
         runs 9.1\n  releases: the plugin names ubuntu liberty-8.0; this master has ubuntu mitaka-9.0\n"
    );
    assert_eq!(
        called.errors,
        format!("{why}  hint: install a version of the plugin that is made for this Fuel, or add --force\n")
    );
    assert!(master.client().await.plugins().await.unwrap().is_empty());
    assert_eq!(fs_err::read_dir(master.path("plugins")).unwrap().count(), 0);

    let called = master
        .fuel(&["plugins", "--install", package.as_str(), "--force"])
        .await;
    assert_eq!((called.code, called.errors), (0, format!("WARNING: {why}")));
    assert_eq!(master.client().await.plugins().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_installed_plugin_makes_a_notification() {
    let master = Master::start().await;
    let package = master.package("greeter", "1.0.0", "4.0.0");
    assert_eq!(master.fuel(&["plugins", "--install", package.as_str()]).await.code, 0);
    let notifications = master.client().await.notifications().await.unwrap();
    let last = notifications.last().unwrap();
    assert_eq!(
        (last.topic.as_str(), last.message.as_str()),
        ("done", "Plugin greeter 1.0.0 is installed: Greeter.")
    );
}
