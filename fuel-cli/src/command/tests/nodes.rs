//! Nodes: assignment, removal, names, tasks.

use rstest::rstest;

use crate::test_master::{Master, node};

/// A master with an environment and four nodes.
async fn with_nodes() -> Master {
    let master = Master::start().await;
    assert_eq!(
        master.fuel(&["env", "create", "--name", "e", "--rel", "2"]).await.code,
        0
    );
    let client = master.client().await;
    for number in 1..=4 {
        client.register_node(&node(number)).await.unwrap();
    }
    master
}

#[tokio::test]
async fn nodes_are_assigned_listed_and_removed() {
    let master = with_nodes().await;
    let called = master
        .fuel(&[
            "--env",
            "1",
            "node",
            "set",
            "--node",
            "3",
            "1",
            "--role",
            "compute,cinder",
        ])
        .await;
    assert_eq!(
        called.output,
        "Nodes [1, 3] with roles ['cinder', 'compute'] were added to environment 1\n"
    );
    let called = master.fuel(&["node", "--node-id", "00:03"]).await;
    assert_eq!(
        called.output,
        "id | status   | name             | cluster | ip          | mac               | roles | pending_roles   | online | group_id\n\
         ---+----------+------------------+---------+-------------+-------------------+-------+-----------------+--------+---------\n\
         \u{20}3 | discover | Untitled (00:03) |       1 | 10.20.0.103 | 52:54:00:00:00:03 |       | cinder, compute |      1 |        1\n"
    );
    let called = master.fuel(&["node", "remove", "--node", "3"]).await;
    assert_eq!(
        called.output,
        "Nodes with ids [3] were removed from environment with id 1.\n"
    );
    let called = master.fuel(&["--env", "1", "node", "remove", "--all"]).await;
    assert_eq!(called.output, "All nodes from environment with id 1 were removed.\n");
    assert!(master.client().await.nodes(Some(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_node_gets_another_name() {
    let master = with_nodes().await;
    let called = master.fuel(&["node", "--node", "1", "--hostname", "ctrl"]).await;
    assert_eq!(called.output, "Hostname for node with id 1 has been changed to ctrl.\n");
    let called = master.fuel(&["node", "--node", "1", "--name", "The first"]).await;
    assert_eq!(
        called.output,
        "Name for node with id 1 has been changed to The first.\n"
    );
    let nodes = master.client().await.nodes(None).await.unwrap();
    let first = nodes.iter().find(|node| node["id"] == 1).unwrap();
    assert_eq!(
        (&first["hostname"], &first["name"]),
        (&"ctrl".into(), &"The first".into())
    );
}

#[rstest]
#[case(&["--env", "1", "node", "set", "--node", "1"], "\"--node\", \"--role\" and \"--env\" required!\n")]
#[case(&["node", "--node", "ff:ff"], "Node with mac endfix \"ff:ff\" was not found.\n")]
#[case(&["node", "--node", "first"], "'first' is not valid node id.\n")]
#[case(&["node", "--node", "1,2", "--name", "x"], "You should select only one node to change.\n")]
#[case(&["node", "remove"], "\"--node\" and \"--env\" required!\n")]
#[case(
    &["--env", "1", "node", "remove"],
    "You have to select which nodes to remove with --node-id. Try --all for removing all nodes.\n"
)]
#[case(
    &["node", "--node", "1", "--delete-from-db"],
    "Nodes with ids [1] cannot be deleted from cluster because they are online. You might want to use the --force option.\n"
)]
#[case(&["node", "--node", "1", "--deploy"], "Input nodes are not assigned to any environment!\n")]
#[case(&["node", "--node", "1", "--tasks", "hiera"], "Input nodes are not assigned to any environment!\n")]
#[tokio::test]
async fn wrong_use_is_told_in_fuelclients_words(#[case] words: &[&str], #[case] errors: &str) {
    let called = with_nodes().await.fuel(words).await;
    assert_eq!((called.code, called.errors.as_str()), (1, errors));
}
