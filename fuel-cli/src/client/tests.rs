//! The client against the mock Nailgun.

use serde_json::json;

use super::{Client, Credentials};
use crate::error::ClientError;
use crate::registration::register;
use crate::settings::SettingsError;
use crate::test_master::{Master, fields, node};
use crate::test_plugin::metadata;

#[tokio::test]
async fn wrong_credentials_are_unauthorized() {
    let master = Master::start().await;
    let credentials = Credentials {
        password: "wrong".to_owned(),
        ..Credentials::default()
    };
    let error = Client::connect(&master.url(), &credentials).await.unwrap_err();
    assert!(matches!(error, ClientError::Unauthorized), "{error}");
    assert_eq!(error.status(), Some(401));
}

#[tokio::test]
async fn a_refusal_carries_its_status_and_nailguns_message() {
    let master = Master::start().await;
    let error = master.client().await.get("plugins/99/").await.unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(404), Some("Plugin not found")));
}

#[tokio::test]
async fn a_plugin_is_enabled_with_its_settings_and_reaches_the_deployment() {
    let master = Master::start().await;
    let client = master.client().await;
    master.write_plugin("plugins/greeter-1.0", "1.0.0", "4.0.0");
    register(&client, &metadata("1.0.0", "4.0.0"), false).await.unwrap();
    let release = client
        .releases()
        .await
        .unwrap()
        .into_iter()
        .find(|release| release.version == "mitaka-9.0" && release.state == "available")
        .unwrap();
    let environment = client.create_environment("test", release.id).await.unwrap().id;

    let error = client
        .enable_plugin(environment, "greeter", Some("1.0.0"), &fields(&[("greting", "x")]))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ClientError::Settings(SettingsError::UnknownField { suggestion, .. })
            if suggestion.as_deref() == Some("greeting")),
        "{error}"
    );
    client
        .enable_plugin(
            environment,
            "greeter",
            Some("1.0.0"),
            &fields(&[("greeting", "good day")]),
        )
        .await
        .unwrap();

    let mut assignment = Vec::new();
    for (number, role) in [(1, "controller"), (2, "compute")] {
        let created = client.register_node(&node(number)).await.unwrap();
        assignment.push((created["id"].as_u64().unwrap(), vec![role.to_owned()]));
    }
    client.assign(environment, &assignment).await.unwrap();
    assert_eq!(client.nodes(Some(environment)).await.unwrap().len(), 2);

    let info = client.deployment_info(environment).await.unwrap();
    let own = info.iter().find(|element| element["uid"] == "1").unwrap();
    assert_eq!(own["greeter"]["greeting"], "good day");
    let tasks = client.deployment_tasks(environment).await.unwrap();
    assert!(tasks.iter().any(|task| task["id"] == "greet"));
    let serialized = client.serialized_tasks(environment).await.unwrap();
    let on_node = serialized["tasks_graph"]["1"].as_array().unwrap();
    assert!(
        on_node
            .iter()
            .any(|task| task["id"] == "greet" && task["type"] == "shell")
    );

    let networks = client.network_configuration(environment).await.unwrap();
    client.put_network_configuration(environment, &networks).await.unwrap();

    let task = client.deploy_changes(environment).await.unwrap();
    let task = client.task(task.id).await.unwrap();
    assert!(
        ["pending", "running"].contains(&task.status.as_str()),
        "{}",
        task.status
    );
    assert!(!client.tasks(Some(environment)).await.unwrap().is_empty());
    let message = client.get_root("mock/astute/messages?wait=5").await.unwrap();
    assert_eq!(message["method"], "task_deploy");
    let reply = json!({"method": message["respond_to"], "args": {
        "task_uuid": message["args"]["task_uuid"], "status": "ready", "progress": 100}});
    client.post_root("mock/astute/replies", &reply).await.unwrap();
    client.notifications().await.unwrap();
}
