//! The mock's own way to a situation: one request that makes all of it.

mod master;

use serde_json::{Value, json};

fn notification(topic: &str) -> Value {
    json!({"method": "POST", "path": "/api/v1/notifications/", "body": {"topic": topic, "message": "a message"}})
}

#[tokio::test]
async fn a_situation_is_loaded_as_a_whole_or_not_at_all() {
    let master = master::start().await;
    let count = async || master.get("/notifications/").await.as_array().unwrap().len();
    let before = count().await;
    let load = async |requests: Value| master.send("POST", "/mock/load", Some(requests)).await;
    let (status, answer) = load(json!([notification("done"), notification("none")])).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        "request 1 of the situation: Notification topic is not found or invalid"
    );
    assert_eq!(count().await, before);
    let (status, answer) = load(json!([notification("done")])).await;
    assert_eq!((status, &answer[0]["status"]), (200, &json!(201)));
    assert_eq!(count().await, before + 1);
}

#[tokio::test]
async fn nodes_are_deleted_together_and_none_if_one_is_unknown() {
    let master = master::start().await;
    let (first, second) = (master.register_node(1).await, master.register_node(2).await);
    let (status, _) = master
        .send("DELETE", &format!("/api/v1/nodes/?ids={first},99"), None)
        .await;
    assert_eq!(status, 404);
    assert_eq!(master.get("/nodes/").await.as_array().unwrap().len(), 2);
    let path = format!("/api/v1/nodes/?ids={first},{second}");
    assert_eq!(master.send("DELETE", &path, None).await, (200, json!({})));
    assert_eq!(master.get("/nodes/").await, json!([]));
}
