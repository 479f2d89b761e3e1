//! A plugin adds settings; what Fuel itself provides for the orchestrator it can neither change nor remove.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use mock_nailgun::Profile;
use rstest::rstest;
use serde_json::{Map, Value, json};

/// Deployment info of the first node, without the plugin `name` and with it, which has every given field.
async fn infos(version: &str, name: &str, fields: &[&str]) -> (Map<String, Value>, Map<String, Value>) {
    let mut infos = Vec::new();
    for is_on in [false, true] {
        let master = master::start_with(|config| config.profile = Profile::named(version).unwrap()).await;
        let directory = master.plugins.path().join(format!("{name}-1.0"));
        fs_err::create_dir_all(directory.join("repositories/ubuntu")).unwrap();
        let attributes: Map<String, Value> = fields
            .iter()
            .map(|field| {
                let attribute = json!({"type": "text", "label": "Field", "value": "the plugin's"});
                ((*field).to_owned(), attribute)
            })
            .collect();
        fs_err::write(
            directory.join("environment_config.yaml"),
            json!({"attributes": attributes}).to_string(),
        )
        .unwrap();
        fs_err::write(directory.join("tasks.yaml"), "[]").unwrap();
        master
            .post(
                "/plugins/",
                json!({
                    "name": name, "title": "Plugin", "version": "1.0.0", "package_version": "4.0.0",
                    "fuel_version": ["9.0"], "releases": [
                        {"os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"], "deployment_scripts_path": "d/", "repository_path": "r/"},
                        {"os": "ubuntu", "version": "liberty-8.0", "mode": ["ha"], "deployment_scripts_path": "d/", "repository_path": "r/"},
                    ],
                }),
            )
            .await;
        let environment = master.create_environment("one").await;
        let node = master.register_node(1).await;
        master
            .post(
                &format!("/clusters/{environment}/assignment/"),
                json!([{"id": node, "roles": ["controller"]}]),
            )
            .await;
        let path = format!("/clusters/{environment}/attributes/");
        let before = master.get(&path).await["editable"].clone();
        if is_on {
            // Sent as a plugin's section, whatever GET shows under that name.
            let versions = json!([{"metadata": {"plugin_id": 1}}]);
            let mut section = json!({"metadata": {
                "class": "plugin", "enabled": true, "chosen_id": 1, "toggleable": true, "weight": 70, "versions": versions,
            }});
            for (field, attribute) in &attributes {
                section["metadata"]["versions"][0][field] = attribute.clone();
            }
            let after = master.put(&path, json!({"editable": {name: section}})).await["editable"].clone();
            for (section, value) in before
                .as_object()
                .unwrap()
                .iter()
                .filter(|(section, _)| *section != name)
            {
                assert_eq!(after[section], *value, "{version}: {name} changed {section}");
            }
        }
        let path = format!("/clusters/{environment}/orchestrator/deployment/defaults/");
        infos.push(master.get(&path).await[0].as_object().unwrap().clone());
    }
    let with = infos.pop().unwrap();
    (infos.pop().unwrap(), with)
}

/// Whether `with` still holds everything that `without` does; what is drawn anew each time only has to be there.
fn kept(path: &str, without: &Value, with: &Value) {
    match (without, with) {
        (Value::Object(without), Value::Object(with)) => {
            for (key, value) in without {
                let below = format!("{path}/{key}");
                kept(
                    &below,
                    value,
                    with.get(key).unwrap_or_else(|| panic!("{below} is gone")),
                );
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                kept(&format!("{path}/{index}"), one, other);
            }
        }
        (Value::String(one), Value::String(other)) if one != other => {
            assert_ne!(other, "the plugin's", "{path} is the plugin's now");
            assert_eq!(one.len(), other.len(), "{path}: {one} became {other}");
        }
        (one, other) => assert_eq!(one, other, "{path}"),
    }
}

#[rstest]
#[case::its_own_name("backup", &["port"])]
#[case::a_generated_part("mysql", &["root_password", "extra"])]
#[case::a_section_of_the_release("storage", &["volumes_lvm", "osd_pool_size", "extra"])]
#[case::the_settings_that_are_poured_out("common", &["debug", "libvirt_type", "extra"])]
#[case::components("additional_components", &["sahara", "extra"])]
#[case::networks("network_scheme", &["endpoints", "roles"])]
#[case::nodes("nodes", &["uid"])]
#[case::a_scalar("master_ip", &["x"])]
#[case::the_list_of_plugins("plugins", &["x"])]
#[case::roles("roles", &["x"])]
#[tokio::test]
async fn whatever_a_plugin_is_called_fuels_own_values_stay(
    #[values("8.0", "9.2")] version: &str,
    #[case] name: &str,
    #[case] fields: &[&str],
) {
    let (without, with) = infos(version, name, fields).await;
    for (key, value) in &without {
        // The enabled plugin is in this list, and only there.
        if key != "plugins" {
            kept(
                &format!("/{key}"),
                value,
                with.get(key).unwrap_or_else(|| panic!("{version}: {key} is gone")),
            );
        }
    }
    if name == "backup" {
        assert_eq!(with["backup"]["port"], "the plugin's");
    }
    let listed = with["plugins"].as_array().unwrap();
    assert_eq!(listed.len(), 1, "{version}: {listed:?}");
}
