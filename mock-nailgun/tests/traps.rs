//! Twenty things that a plugin's developer trips over, each as the real Nailgun has it.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use master::Master;
use mock_nailgun::Profile;
use serde_json::{Value, json};

const PORT: &str = "attributes: {port: {type: text, label: Port, weight: 10, value: '80'}}";
const SHELL: &str = "type: shell, parameters: {cmd: 'true', timeout: 10}";

async fn fuel(version: &str) -> Master {
    master::start_empty(|config| config.profile = Profile::named(version).unwrap()).await
}

/// What a client sends of a plugin for the releases of every Fuel.
fn metadata(name: &str, version: &str, package: &str) -> Value {
    let releases: Vec<Value> = ["2015.1.0-7.0", "liberty-8.0", "mitaka-9.0"]
        .iter()
        .map(|release| {
            json!({
                "os": "ubuntu", "version": release, "mode": ["ha"],
                "deployment_scripts_path": "deployment_scripts/", "repository_path": "repositories/ubuntu",
            })
        })
        .collect();
    json!({
        "name": name, "title": name, "version": version, "package_version": package, "description": "A plugin",
        "fuel_version": ["9.0"], "is_hotpluggable": false, "releases": releases,
    })
}

/// Writes files of a plugin below its directory.
fn write(master: &Master, directory: &str, files: &[(&str, &str)]) {
    let directory = master.plugins.path().join(directory);
    fs_err::create_dir_all(&directory).unwrap();
    for (path, text) in files {
        let path = directory.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
}

/// Installs version 1.0.0 of a plugin of package version 3.0.0, the newest that every Fuel here takes, with those files.
async fn install(master: &Master, name: &str, files: &[(&str, &str)]) -> i64 {
    write(master, &format!("{name}-1.0"), files);
    let plugin = master.post("/plugins/", metadata(name, "1.0.0", "3.0.0")).await;
    plugin["id"].as_i64().unwrap()
}

/// Environment 1 with a node for each list of roles.
async fn environment(master: &Master, plugins: &[&str], roles: &[&[&str]]) {
    assert_eq!(master.create_environment("one").await, 1);
    for plugin in plugins {
        master.enable(1, plugin, |_| {}).await;
    }
    let mut assignment = Vec::new();
    for (number, roles) in (1..).zip(roles) {
        assignment.push(json!({"id": master.register_node(number).await, "roles": roles}));
    }
    if !assignment.is_empty() {
        master.post("/clusters/1/assignment/", json!(assignment)).await;
    }
}

async fn settings(master: &Master) -> Value {
    master.get("/clusters/1/attributes/").await["editable"].clone()
}

async fn save(master: &Master, editable: Value) -> (u16, Value) {
    let body = json!({"editable": editable});
    master.send("PUT", "/api/v1/clusters/1/attributes/", Some(body)).await
}

async fn infos(master: &Master) -> Value {
    master.get("/clusters/1/orchestrator/deployment/defaults/").await
}

/// A plugin's section, switched on.
async fn switched_on(master: &Master, plugin: &str) -> Value {
    let mut section = settings(master).await[plugin].clone();
    section["metadata"]["enabled"] = json!(true);
    section
}

/// The hooks of a plugin before a deployment.
async fn hooks(master: &Master) -> Vec<Value> {
    let hooks = master.get("/clusters/1/orchestrator/plugins_pre_hooks/").await;
    let of_plugin = |hook: &&Value| hook["diagnostic_name"].is_string();
    hooks.as_array().unwrap().iter().filter(of_plugin).cloned().collect()
}

/// The ids of the tasks on a node.
async fn tasks_on(master: &Master, node: &str) -> Vec<Value> {
    let graph = master.get("/clusters/1/serialized_tasks/").await["tasks_graph"].clone();
    graph[node].as_array().unwrap().clone()
}

fn has_task(tasks: &[Value], id: &str) -> bool {
    tasks.iter().any(|task| task["id"] == id && task["type"] != "skipped")
}

#[tokio::test]
async fn trap_01_enabling_needs_the_whole_section_and_a_part_of_it_only_leaves_junk_for_the_nodes() {
    let master = fuel("9.2").await;
    install(&master, "backup", &[("environment_config.yaml", PORT)]).await;
    environment(&master, &[], &[&["controller"]]).await;
    let (status, answer) = save(&master, json!({"backup": {"metadata": {"enabled": true}}})).await;
    assert_eq!(status, 200);
    assert_eq!(answer["editable"]["backup"]["metadata"]["enabled"], false);
    let infos = infos(&master).await;
    assert_eq!(infos[0]["backup"], json!({"metadata": {"enabled": true}}));
    assert_eq!(infos[0]["plugins"], json!([]));
}

#[tokio::test]
async fn trap_02_generated_passwords_change_with_every_get_until_they_are_saved_once() {
    let master = fuel("9.2").await;
    let config = "attributes: {secret: {type: hidden, value: {generator: password}}}";
    install(&master, "backup", &[("environment_config.yaml", config)]).await;
    environment(&master, &[], &[&["controller"]]).await;
    let secret = |editable: &Value| editable["backup"]["metadata"]["versions"][0]["secret"]["value"].clone();
    let (first, second) = (settings(&master).await, settings(&master).await);
    assert_ne!(secret(&first), secret(&second));
    master.enable(1, "backup", |_| {}).await;
    let saved = secret(&settings(&master).await);
    assert_eq!(secret(&settings(&master).await), saved);
    assert_eq!(infos(&master).await[0]["backup"]["secret"], saved);
}

#[tokio::test]
async fn trap_03_role_controller_skips_the_primary_controller_but_for_v1_packages_and_patterns() {
    let task = format!("- {{role: [controller], stage: pre_deployment, {SHELL}}}");
    for (package, directory, uids) in [
        ("4.0.0", "backup-1.0", json!(["2"])),
        ("1.0.0", "backup-1.0.0", json!(["1", "2"])),
    ] {
        let master = fuel("8.0").await;
        write(&master, directory, &[("tasks.yaml", &task)]);
        master.post("/plugins/", metadata("backup", "1.0.0", package)).await;
        environment(&master, &["backup"], &[&["controller"], &["controller"]]).await;
        let run = hooks(&master)
            .await
            .into_iter()
            .find(|hook| hook["parameters"]["cmd"] == "true");
        assert_eq!(run.unwrap()["uids"], uids, "{package}");
    }
    let master = fuel("9.2").await;
    let tasks = format!(
        "- {{id: one, version: 2.0.0, role: [controller], {SHELL}}}\n\
         - {{id: all, version: 2.0.0, role: ['/.*controller/'], {SHELL}}}"
    );
    install(&master, "backup", &[("deployment_tasks.yaml", &tasks)]).await;
    environment(&master, &["backup"], &[&["controller"], &["controller"]]).await;
    let (primary, other) = (tasks_on(&master, "1").await, tasks_on(&master, "2").await);
    assert!(!has_task(&primary, "one") && has_task(&other, "one"));
    assert!(has_task(&primary, "all") && has_task(&other, "all"));
}

#[tokio::test]
async fn trap_04_a_tasks_file_with_all_lines_commented_out_breaks_deployments_of_8_0_only() {
    for (version, tasks, status) in [
        ("8.0", "# - nothing\n", 500),
        ("8.0", "[]", 200),
        ("9.2", "# - nothing\n", 200),
    ] {
        let master = fuel(version).await;
        install(&master, "backup", &[("tasks.yaml", tasks)]).await;
        environment(&master, &["backup"], &[&["controller"]]).await;
        let path = match version {
            "8.0" => "/api/v1/clusters/1/orchestrator/plugins_pre_hooks/",
            _ => "/api/v1/clusters/1/serialized_tasks/",
        };
        let (found, answer) = master.send("GET", path, None).await;
        assert_eq!(found, status, "{version} {tasks}: {answer}");
    }
}

#[tokio::test]
async fn trap_05_9_x_refuses_old_tasks_unless_propagate_task_deploy_is_set() {
    let old = format!("- {{id: old, version: 1.0.0, role: '*', {SHELL}}}");
    let legacy = format!("- {{role: '*', stage: pre_deployment, {SHELL}}}");
    for (file, text) in [("deployment_tasks.yaml", &old), ("tasks.yaml", &legacy)] {
        let master = fuel("9.2").await;
        install(&master, "backup", &[(file, text)]).await;
        environment(&master, &[], &[]).await;
        let section = switched_on(&master, "backup").await;
        let (status, answer) = save(&master, json!({"backup": section})).await;
        assert_eq!(status, 400, "{file}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.starts_with("Cannot enable plugin with legacy tasks unless propagate_task_deploy"));
        let both = json!({"backup": section, "common": {"propagate_task_deploy": {"value": true}}});
        assert_eq!(save(&master, both).await.0, 200, "{file}");
    }
}

#[tokio::test]
async fn trap_06_an_update_loads_no_new_settings_a_sync_does_and_old_environments_never_get_them() {
    let master = fuel("9.2").await;
    let id = install(&master, "backup", &[("environment_config.yaml", PORT)]).await;
    environment(&master, &[], &[]).await;
    let config = "attributes: {port: {type: text, value: '80'}, path: {type: text, value: /var}}";
    write(&master, "backup-1.0", &[("environment_config.yaml", config)]);
    master
        .put(&format!("/plugins/{id}"), metadata("backup", "1.0.1", "4.0.0"))
        .await;
    let has_path = |editable: &Value| editable["backup"]["metadata"]["versions"][0].get("path").is_some();
    let defaults = || async { master.get("/clusters/1/attributes/defaults/").await["editable"].clone() };
    assert!(!has_path(&defaults().await), "the update loaded it");
    master.post("/plugins/sync/", json!({"ids": [id]})).await;
    assert!(has_path(&defaults().await));
    assert!(
        !has_path(&settings(&master).await),
        "an environment that was there got it"
    );
    let new = master.create_environment("two").await;
    let path = format!("/clusters/{new}/attributes/");
    assert!(has_path(&master.get(&path).await["editable"]));
}

#[tokio::test]
async fn trap_07_registering_again_is_409_with_the_plugin_as_json_text_in_the_message() {
    let master = fuel("9.2").await;
    let id = install(&master, "backup", &[]).await;
    let again = metadata("backup", "1.0.0", "4.0.0");
    let (status, answer) = master.send("POST", "/api/v1/plugins/", Some(again)).await;
    assert_eq!(status, 409);
    let plugin: Value = serde_json::from_str(answer["message"].as_str().unwrap()).unwrap();
    assert_eq!(plugin["id"], id);
}

#[tokio::test]
async fn trap_08_deleting_is_refused_only_while_it_is_enabled() {
    let master = fuel("9.2").await;
    let id = install(&master, "backup", &[]).await;
    environment(&master, &["backup"], &[]).await;
    let path = format!("/api/v1/plugins/{id}");
    let (status, answer) = master.send("DELETE", &path, None).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        "Can't delete plugin which is enabled for some environment."
    );
    master
        .enable(1, "backup", |section| section["metadata"]["enabled"] = json!(false))
        .await;
    assert_eq!(master.send("DELETE", &path, None).await.0, 204);
}

#[tokio::test]
async fn trap_09_8_0_lets_hotpluggable_plugins_change_when_deployed_and_9_x_any_but_not_while_it_deploys() {
    let editable = "attributes: {metadata: {always_editable: true}, port: {type: text, value: '80'}}";
    for version in ["8.0", "9.2"] {
        let master = fuel(version).await;
        for (name, hotpluggable, config) in [
            ("plain", false, PORT),
            ("hot", true, PORT),
            ("editable", false, editable),
        ] {
            write(&master, &format!("{name}-1.0"), &[("environment_config.yaml", config)]);
            let mut plugin = metadata(name, "1.0.0", "4.0.0");
            plugin["is_hotpluggable"] = json!(hotpluggable);
            master.post("/plugins/", plugin).await;
        }
        environment(&master, &[], &[&["controller"]]).await;
        let allowed = |name: &'static str| {
            let master = &master;
            async move {
                let section = switched_on(master, name).await;
                save(master, json!({name: section})).await.0 == 200
            }
        };
        master.put("/clusters/1/changes/", json!({})).await;
        let message = master.message().await;
        if version == "9.2" {
            assert!(!allowed("plain").await && !allowed("hot").await && allowed("editable").await);
        }
        let last = message
            .as_array()
            .and_then(|messages| messages.last())
            .unwrap_or(&message);
        let done = json!({
            "task_uuid": last["args"]["task_uuid"], "status": "ready", "progress": 100,
            "nodes": [{"uid": "1", "status": "ready", "progress": 100}, {"uid": "master", "status": "ready", "progress": 100}],
        });
        master.reply("deploy_resp", done).await;
        assert_eq!(master.get("/clusters/1/").await["status"], "operational");
        if version == "8.0" {
            // There `is_hotpluggable` is written over what environment_config says.
            assert!(!allowed("plain").await && allowed("hot").await && !allowed("editable").await);
            continue;
        }
        assert_eq!(master.get("/clusters/1/").await["is_locked"], false);
        assert!(allowed("plain").await && allowed("hot").await);
    }
}

#[tokio::test]
async fn trap_10_in_a_locked_environment_the_whole_document_fails_at_a_core_section_even_unchanged() {
    let master = fuel("9.2").await;
    let editable = "attributes: {metadata: {always_editable: true}}";
    install(&master, "backup", &[("environment_config.yaml", editable)]).await;
    environment(&master, &[], &[&["controller"]]).await;
    master.put("/clusters/1/changes/", json!({})).await;
    let whole = settings(&master).await;
    let (status, answer) = save(&master, whole).await;
    assert_eq!(status, 403);
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with("Environment attribute '"), "{message}");
    assert!(
        message.ends_with("' couldn't be changed after or during deployment."),
        "{message}"
    );
    let section = switched_on(&master, "backup").await;
    assert_eq!(save(&master, json!({"backup": section})).await.0, 200);
}

#[tokio::test]
async fn trap_11_8_0_takes_a_bad_value_once_and_then_refuses_every_change() {
    for (version, first) in [("8.0", 200), ("9.2", 400)] {
        let master = fuel(version).await;
        install(&master, "backup", &[("environment_config.yaml", PORT)]).await;
        environment(&master, &["backup"], &[]).await;
        let mut section = settings(&master).await["backup"].clone();
        section["metadata"]["versions"][0]["port"]["value"] = json!(5);
        assert_eq!(save(&master, json!({"backup": section})).await.0, first, "{version}");
        let other = json!({"common": {"debug": {"value": true}}});
        let (status, answer) = save(&master, other).await;
        match version {
            "8.0" => {
                assert_eq!(status, 400);
                let message = answer["message"].as_str().unwrap();
                assert!(message.starts_with("[port] 5 is not of type 'string'"), "{message}");
            }
            _ => assert_eq!(status, 200),
        }
    }
}

#[tokio::test]
async fn trap_12_values_for_a_version_that_is_not_on_are_lost() {
    let master = fuel("9.2").await;
    install(&master, "backup", &[("environment_config.yaml", PORT)]).await;
    environment(&master, &[], &[]).await;
    let port = |editable: &Value| editable["backup"]["metadata"]["versions"][0]["port"]["value"].clone();
    let mut section = settings(&master).await["backup"].clone();
    section["metadata"]["versions"][0]["port"]["value"] = json!("8080");
    assert_eq!(save(&master, json!({"backup": section})).await.0, 200);
    assert_eq!(port(&settings(&master).await), "80");
    section["metadata"]["enabled"] = json!(true);
    assert_eq!(save(&master, json!({"backup": section})).await.0, 200);
    assert_eq!(port(&settings(&master).await), "8080");
}

#[tokio::test]
async fn trap_13_switching_off_a_plugin_whose_role_a_node_has_is_taken_and_breaks_the_deployment() {
    let master = fuel("9.2").await;
    let roles = "backup: {name: Backup, description: Keeps copies, has_primary: false, weight: 100}";
    install(&master, "backup", &[("node_roles.yaml", roles)]).await;
    environment(&master, &["backup"], &[&["controller"], &["backup"]]).await;
    infos(&master).await;
    master
        .enable(1, "backup", |section| section["metadata"]["enabled"] = json!(false))
        .await;
    let path = "/api/v1/clusters/1/orchestrator/deployment/defaults/";
    assert_eq!(master.send("GET", path, None).await.0, 500);
}

#[tokio::test]
async fn trap_14_clashes_of_roles_and_tasks_are_taken_and_surface_later_and_a_core_task_is_overridden() {
    let master = fuel("9.2").await;
    install(
        &master,
        "roles",
        &[("node_roles.yaml", "compute: {name: Mine, description: x, weight: 1}")],
    )
    .await;
    let tasks = format!("- {{id: same, version: 2.0.0, role: '*', {SHELL}}}");
    for name in ["first", "second"] {
        install(&master, name, &[("deployment_tasks.yaml", &tasks)]).await;
    }
    let core = format!("- {{id: netconfig, version: 2.0.0, role: '*', {SHELL}}}");
    install(&master, "core", &[("deployment_tasks.yaml", &core)]).await;
    environment(&master, &["core"], &[&["controller"]]).await;
    let overridden = tasks_on(&master, "1")
        .await
        .into_iter()
        .find(|task| task["id"] == "netconfig");
    assert_eq!(overridden.unwrap()["type"], "shell");
    for (plugins, path, text) in [
        (
            &["roles"][..],
            "roles",
            "Plugin (ID=1) is unable to register the following node roles: compute",
        ),
        (
            &["first", "second"][..],
            "deployment_tasks",
            "Plugin second-1.0.0 is overlapping with plugin first-1.0.0 by introducing the same deployment task with id same",
        ),
    ] {
        for plugin in plugins {
            master.enable(1, plugin, |_| {}).await;
        }
        let answer = master
            .send_text("GET", &format!("/api/v1/clusters/1/{path}/"), None)
            .await;
        assert_eq!(answer, (400, text.to_owned()));
        for plugin in plugins {
            master
                .enable(1, plugin, |section| section["metadata"]["enabled"] = json!(false))
                .await;
        }
    }
}

#[tokio::test]
async fn trap_15_releases_match_by_prefix_and_once_fuel_version_is_ignored_and_components_need_the_whole() {
    let master = fuel("9.2").await;
    let component = "- {name: 'storage:block:mine', compatible: [], label: Mine}";
    write(&master, "backup-1.0", &[("components.yaml", component)]);
    let mut plugin = metadata("backup", "1.0.0", "4.0.0");
    plugin["fuel_version"] = json!(["5.0"]);
    plugin["releases"] = json!([{"os": "ubuntu", "version": "mitaka-9", "mode": ["ha"]}]);
    master.post("/plugins/", plugin.clone()).await;
    environment(&master, &[], &[]).await;
    assert!(settings(&master).await.get("backup").is_some());
    let components = master.get("/releases/2/components/").await;
    assert!(!components.to_string().contains("storage:block:mine"));
    plugin["releases"][0]["version"] = json!("liberty-8.0");
    master.put("/plugins/1", plugin.clone()).await;
    assert!(
        settings(&master).await.get("backup").is_some(),
        "what fitted once stays"
    );
    plugin["releases"][0]["version"] = json!("mitaka-9.0");
    master.put("/plugins/1", plugin).await;
    let components = master.get("/releases/2/components/").await;
    assert!(components.to_string().contains("storage:block:mine"));
}

#[tokio::test]
async fn trap_16_repositories_are_set_up_where_there_is_a_file_and_to_8_0_where_a_task_runs() {
    let tasks = format!("- {{role: [compute], stage: pre_deployment, {SHELL}}}");
    let package: &[(&str, &str)] = &[("tasks.yaml", &tasks), ("repositories/ubuntu/Packages", "")];
    for (files, path) in [
        (package, Some("/etc/apt/sources.list.d/backup-1.0.0.list")),
        (&package[..1], None),
    ] {
        let master = fuel("8.0").await;
        install(&master, "backup", files).await;
        environment(&master, &["backup"], &[&["controller"], &["compute"]]).await;
        let hooks = hooks(&master).await;
        let list = hooks
            .iter()
            .find(|hook| hook["type"] == "upload_file" && hook["parameters"]["path"].to_string().contains(".list"));
        assert_eq!(list.and_then(|hook| hook["parameters"]["path"].as_str()), path);
        assert!(hooks.iter().all(|hook| hook["uids"] == json!(["2"])), "{hooks:?}");
    }
    for files in [&package[1..], &[]] {
        let master = fuel("9.2").await;
        install(&master, "backup", files).await;
        environment(&master, &["backup"], &[&["controller"]]).await;
        let plugin = infos(&master).await[0]["plugins"][0].clone();
        // The file's name on the node is made of this one.
        match files.len() {
            0 => assert!(plugin.get("repositories").is_none(), "{plugin}"),
            _ => assert_eq!(plugin["repositories"][0]["name"], "backup-1.0"),
        }
    }
}

#[tokio::test]
async fn trap_17_patch_versions_share_a_directory_from_package_2_on_and_v1_has_the_full_version() {
    let master = fuel("9.2").await;
    for (name, version, package) in [("new", "1.0.3", "2.0.0"), ("old", "1.0.3", "1.0.0")] {
        master.post("/plugins/", metadata(name, version, package)).await;
    }
    environment(&master, &["new", "old"], &[&["controller"]]).await;
    let infos = infos(&master).await;
    let local = |index: usize| infos[0]["plugins"][index]["scripts"][0]["local_path"].clone();
    assert_eq!(local(0), "/etc/fuel/plugins/new-1.0/");
    assert_eq!(local(1), "/etc/fuel/plugins/old-1.0.3/");
}

#[tokio::test]
async fn trap_18_nodes_get_bare_values_and_the_list_of_plugins_has_another_form_in_every_fuel() {
    for (version, plugins) in [("7.0", None), ("8.0", Some(json!(["on"]))), ("9.2", Some(json!("on")))] {
        let master = fuel(version).await;
        for name in ["on", "off"] {
            install(&master, name, &[("environment_config.yaml", PORT)]).await;
        }
        environment(&master, &["on"], &[&["controller"]]).await;
        let info = infos(&master).await[0].clone();
        assert_eq!(info["on"]["port"], "80");
        assert_eq!(info["on"]["metadata"]["enabled"], true);
        let disabled = (version == "7.0").then_some(&json!(false)).cloned();
        assert_eq!(
            info.get("off").map(|section| section["metadata"]["enabled"].clone()),
            disabled
        );
        match plugins {
            Some(Value::String(name)) => assert_eq!(info["plugins"][0]["name"], name),
            other => assert_eq!(info.get("plugins"), other.as_ref()),
        }
    }
}

#[tokio::test]
async fn trap_19_texts_are_formatted_as_python_does_and_a_brace_breaks_8_0() {
    let config = "attributes:\n  url: {type: text, value: 'http://{settings.MASTER_IP}/'}\n";
    let brace = format!("{config}  awk: {{type: text, value: \"awk '{{print $1}}'\"}}\n");
    for (version, config, status) in [
        ("8.0", config, 200),
        ("8.0", brace.as_str(), 500),
        ("9.2", brace.as_str(), 200),
    ] {
        let master = fuel(version).await;
        install(&master, "backup", &[("environment_config.yaml", config)]).await;
        environment(&master, &[], &[]).await;
        let (found, answer) = master.send("GET", "/api/v1/clusters/1/attributes/", None).await;
        assert_eq!(found, status, "{version}: {answer}");
        if status == 200 {
            let fields = &answer["editable"]["backup"]["metadata"]["versions"][0];
            assert_eq!(fields["url"]["value"], "http://10.20.0.2/");
            let awk = fields
                .get("awk")
                .map_or("awk '{print $1}'", |awk| awk["value"].as_str().unwrap());
            assert_eq!(awk, "awk '{print $1}'");
        }
    }
}

#[tokio::test]
async fn trap_20_a_path_that_leads_nowhere_is_null_in_a_task_and_an_error_in_a_restriction() {
    let master = fuel("9.2").await;
    let tasks = format!(
        "- {{id: happens, version: 2.0.0, role: '*', condition: 'settings:backup.port.value == null', {SHELL}}}\n\
         - {{id: never, version: 2.0.0, role: '*', condition: 'settings:no.such.value == true', {SHELL}}}"
    );
    install(
        &master,
        "backup",
        &[("environment_config.yaml", PORT), ("deployment_tasks.yaml", &tasks)],
    )
    .await;
    environment(&master, &["backup"], &[&["controller"]]).await;
    let tasks = tasks_on(&master, "1").await;
    // The value is bare there: nothing is below it.
    assert!(has_task(&tasks, "happens") && !has_task(&tasks, "never"));
    for (strict, status) in [("", 400), (", strict: false", 200)] {
        let master = fuel("9.2").await;
        let config = format!(
            "attributes: {{check: {{type: checkbox, label: Check, value: true, restrictions: \
             [{{condition: 'settings:no.such.value == true'{strict}}}]}}}}"
        );
        install(&master, "backup", &[("environment_config.yaml", &config)]).await;
        environment(&master, &[], &[]).await;
        let section = switched_on(&master, "backup").await;
        let (found, answer) = save(&master, json!({"backup": section})).await;
        assert_eq!(found, status, "{answer}");
        if status == 400 {
            let message = answer["message"].as_str().unwrap();
            assert!(
                message.contains("is undefined. Set options.strict to false to allow undefined values."),
                "{message}"
            );
        }
    }
}
