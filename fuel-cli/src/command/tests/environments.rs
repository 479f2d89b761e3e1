//! Environments, their settings, tasks and graph.

use serde_json::Value;

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
