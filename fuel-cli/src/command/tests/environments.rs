//! Environments, their settings, tasks and graph.

use rstest::rstest;
use serde_json::{Value, json};

use crate::test_master::{Master, node};

/// A master with an environment, and a directory to download into.
async fn with_an_environment() -> (Master, String) {
    let master = Master::start().await;
    let called = master.fuel(&["env", "create", "--name", "e", "--rel", "2"]).await;
    assert_eq!(
        (called.code, called.output.as_str()),
        (0, "Environment 'e' with id=1 was created!\n")
    );
    let directory = master.path("documents");
    fs_err::create_dir(&directory).unwrap();
    (master, directory.into_string())
}

#[tokio::test]
async fn settings_are_downloaded_edited_and_uploaded() {
    let (master, directory) = with_an_environment().await;
    let called = master
        .fuel(&["--env", "1", "settings", "--download", "--dir", &directory])
        .await;
    let file = format!("{directory}/settings_1.yaml");
    assert_eq!(
        called.output,
        format!("Settings configuration for environment with id=1 downloaded to {file}\n")
    );
    let text = fs_err::read_to_string(&file).unwrap();
    let edited = text.replace("value: admin@localhost", "value: 'root@localhost'");
    let edited = edited.replace("value: 'admin@localhost'", "value: 'root@localhost'");
    assert_ne!(text, edited);
    fs_err::write(&file, edited).unwrap();
    let called = master
        .fuel(&["--env", "1", "settings", "--upload", "--dir", &directory])
        .await;
    assert_eq!(
        (called.output.as_str(), called.errors.as_str()),
        ("Settings configuration uploaded.\n", "")
    );
    let attributes = master.client().await.attributes(1).await.unwrap();
    assert_eq!(attributes["editable"]["access"]["email"]["value"], "root@localhost");

    let called = master
        .fuel(&["--env", "1", "--json", "settings", "default", "--dir", &directory])
        .await;
    assert_eq!(
        called.output,
        format!("Default settings configuration downloaded to {directory}/settings_1.json.\n")
    );
    let defaults: Value =
        serde_json::from_slice(&fs_err::read(format!("{directory}/settings_1.json")).unwrap()).unwrap();
    assert_eq!(defaults["editable"]["access"]["email"]["value"], "admin@localhost");
}

#[tokio::test]
async fn a_broken_or_absent_file_is_refused_with_its_place() {
    let (master, directory) = with_an_environment().await;
    let upload = ["--env", "1", "settings", "--upload", "--dir", &directory];
    let file = format!("{directory}/settings_1.yaml");
    let called = master.fuel(&upload).await;
    assert_eq!(
        (called.code, called.errors),
        (1, format!("Can't open file '{file}': No such file or directory.\n"))
    );
    fs_err::write(&file, "editable: [\n").unwrap();
    let called = master.fuel(&upload).await;
    assert_eq!(called.code, 1);
    assert!(called.errors.starts_with(&format!("{file}:")), "{}", called.errors);
    let called = master
        .fuel(&["--env", "1", "settings", "--download", "--dir", "/nowhere"])
        .await;
    assert_eq!(
        (called.code, called.errors.as_str()),
        (1, "Directory '/nowhere' doesn't exist.\n")
    );
}

#[tokio::test]
async fn an_environment_is_renamed_and_an_operational_one_is_deleted_only_by_force() {
    let (master, _) = with_an_environment().await;
    let called = master.fuel(&["--env", "1", "env", "set", "--name", "other"]).await;
    assert_eq!(
        called.output,
        "Following attributes are changed for the environment: name=other\n"
    );
    let called = master.fuel(&["env"]).await;
    assert_eq!(
        called.output,
        "id | status | name  | release_id\n---+--------+-------+-----------\n1  | new    | other | 2         \n"
    );
    let called = master.fuel(&["--env", "1", "env", "--force", "delete"]).await;
    assert_eq!(
        (called.code, called.output.as_str()),
        (0, "Environment with id=1 was deleted\n")
    );
}

#[tokio::test]
async fn an_environments_own_tasks_are_downloaded_and_uploaded() {
    let (master, directory) = with_an_environment().await;
    let words = |way| {
        [
            "--env",
            "1",
            "env",
            "--deployment-tasks",
            way,
            "--dir",
            directory.as_str(),
        ]
    };
    let file = format!("{directory}/cluster_1/deployment_tasks.yaml");
    let called = master.fuel(&words("--download")).await;
    assert_eq!(
        called.output,
        format!("Deployment tasks for cluster 1 downloaded into {file}.\n")
    );
    fs_err::write(
        &file,
        "- {id: own, type: shell, role: [controller], parameters: {cmd: 'true'}}\n",
    )
    .unwrap();
    let called = master.fuel(&words("--upload")).await;
    assert_eq!(
        called.output,
        format!("Deployment tasks for cluster 1 uploaded from {file}\n")
    );
    let tasks = master.client().await.deployment_tasks(1).await.unwrap();
    assert!(tasks.iter().any(|task| task["id"] == "own"));
}

#[tokio::test]
async fn a_role_is_saved_to_a_file_and_the_graph_is_printed_with_its_parameters() {
    let (master, directory) = with_an_environment().await;
    let file = format!("{directory}/controller.yaml");
    let called = master
        .fuel(&["role", "--rel", "2", "--role", "controller", "--file", &file])
        .await;
    assert_eq!(
        called.output,
        format!("Role controller for releases successfully saved to {file}.\n")
    );
    assert!(fs_err::read_to_string(&file).unwrap().contains("name: controller\n"));

    let called = master
        .fuel(&["--env", "1", "graph", "--download", "--tasks", "hiera", "netconfig"])
        .await;
    assert!(
        called.output.starts_with(
            "# params:\n# - start: None\n# - end: None\n# - skip: []\n# - tasks: ['hiera', 'netconfig']\n\
             # - parents-for: None\n# - remove: []\ndigraph"
        ),
        "{}",
        called.output
    );
}

#[tokio::test]
async fn a_deployment_is_started_and_its_task_is_listed() {
    let (master, _) = with_an_environment().await;
    let client = master.client().await;
    let id = client.register_node(&node(1)).await.unwrap()["id"].as_u64().unwrap();
    client.assign(1, &[(id, vec!["controller".to_owned()])]).await.unwrap();
    let called = master.fuel(&["--env", "1", "deploy-changes"]).await;
    assert_eq!(
        called.output,
        "Deployment task with id 1 for the environment 1 has been started.\n"
    );
    let called = master.fuel(&["task"]).await;
    let mut lines = called.output.lines();
    let words = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        words(lines.next().unwrap()),
        ["id", "status", "name", "cluster", "progress", "uuid"]
    );
    assert_eq!(words(lines.nth(1).unwrap())[2..4], ["deploy", "1"]);
}

#[rstest]
#[case("9.2", &["1.yaml", "common.yaml", "master.yaml"])]
#[case("8.0", &["cinder_1.yaml", "primary-controller_1.yaml"])]
#[tokio::test]
async fn deployment_info_is_downloaded_edited_uploaded_and_forgotten(#[case] fuel: &str, #[case] files: &[&str]) {
    let master = Master::start_as(fuel).await;
    let directory = master.path("documents");
    let deployment = |action: &'static str| ["--env", "1", "deployment", action, "--dir", directory.as_str()];
    master.client().await.register_node(&node(1)).await.unwrap();
    for words in [
        &["env", "create", "--name", "e", "--rel", "2"] as &[&str],
        &[
            "--env",
            "1",
            "node",
            "set",
            "--node",
            "1",
            "--role",
            "controller,cinder",
        ],
    ] {
        assert_eq!(master.fuel(words).await.code, 0, "{words:?}");
    }
    let called = master.fuel(&deployment("--download")).await;
    assert_eq!(
        (called.code, called.errors.as_str()),
        (1, "There is no deployment info for this environment!\n")
    );
    let called = master.fuel(&deployment("--upload")).await;
    assert_eq!(
        (called.code, called.errors),
        (1, format!("Directory '{directory}' doesn't exist.\n"))
    );

    let place = directory.join("deployment_1");
    fs_err::create_dir_all(&place).unwrap();
    fs_err::write(place.join("7.yaml"), "uid: '7'\n").unwrap();
    let called = master.fuel(&deployment("--default")).await;
    let expected = format!("Default deployment info was downloaded to {place}\n");
    assert_eq!((called.output, called.errors.as_str()), (expected, ""));
    let mut written: Vec<String> = place
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    written.sort();
    // What an earlier download left would be uploaded too, so it is gone.
    assert_eq!(written, files);

    let file = place.join(if fuel == "9.2" { "1.yaml" } else { "cinder_1.yaml" });
    let text = fs_err::read_to_string(&file).unwrap();
    fs_err::write(&file, format!("{text}greeting: moin\n")).unwrap();
    let called = master.fuel(&deployment("--upload")).await;
    assert_eq!(called.output, "deployment facts were uploaded.\n", "{}", called.errors);
    let path = "clusters/1/orchestrator/deployment/";
    let kept = master.client().await.get(path).await.unwrap();
    assert!(
        kept.as_array()
            .unwrap()
            .iter()
            .any(|fact| fact["uid"] == "1" && fact["greeting"] == "moin"),
        "{kept}"
    );
    let called = master.fuel(&deployment("--download")).await;
    assert_eq!(
        called.output,
        format!("Current deployment info was downloaded to {place}\n")
    );
    assert!(fs_err::read_to_string(&file).unwrap().contains("greeting: moin"));

    let called = master.fuel(&deployment("--delete")).await;
    assert_eq!(called.output, "deployment facts deleted.\n");
    assert_eq!(master.client().await.get(path).await.unwrap(), json!([]));

    fs_err::remove_dir_all(&place).unwrap();
    fs_err::create_dir(&place).unwrap();
    let called = master.fuel(&deployment("--upload")).await;
    assert_eq!(called.code, 1, "an empty list would be taken for all nodes");
    assert!(
        called.errors.contains("holds no deployment info in .yaml files"),
        "{}",
        called.errors
    );
}

#[tokio::test]
async fn networks_are_downloaded_edited_and_uploaded() {
    let (master, directory) = with_an_environment().await;
    let words = |action: &'static str| ["--env", "1", "network", action, "--dir", directory.as_str()];
    let file = format!("{directory}/network_1.yaml");
    let called = master.fuel(&words("--download")).await;
    assert_eq!(
        called.output,
        format!("Network configuration for environment with id=1 downloaded to {file}\n")
    );
    let text = fs_err::read_to_string(&file).unwrap();
    assert!(text.contains("8.8.4.4"), "{text}");
    fs_err::write(&file, text.replace("8.8.4.4", "9.9.9.9")).unwrap();
    let called = master.fuel(&words("--upload")).await;
    assert_eq!(
        (called.output.as_str(), called.errors.as_str()),
        ("Network configuration uploaded.\n", "")
    );
    let networks = master.client().await.network_configuration(1).await.unwrap();
    assert!(networks.to_string().contains("9.9.9.9"));
    let called = master.fuel(&["--env", "7", "network", "--download"]).await;
    assert!(called.errors.ends_with("(Cluster not found)\n"), "{}", called.errors);
}
