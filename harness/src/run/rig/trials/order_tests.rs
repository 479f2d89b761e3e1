//! The plugins of `scenarios/beyond/` whose tasks lack an edge, and those that look like it, on real nodes.

use std::collections::BTreeSet;

use rstest::rstest;

use super::bench_tests::{Told, bench};
use crate::trial::{TrialResult, TrialsPlan};

fn orders(order: usize) -> TrialsPlan {
    TrialsPlan {
        order,
        seed: Some(1),
        ..TrialsPlan::default()
    }
}

/// The pairs that were named, whose second task must wait for the first.
fn named(told: &Told) -> BTreeSet<(&str, &str)> {
    let orders = told.trials.iter().filter_map(|trial| trial.order.as_ref());
    orders
        .flat_map(|order| &order.missing_edges)
        .map(|edge| (&*edge.first.task, &*edge.second.task))
        .collect()
}

/// Of the three tasks the first and the last lack the edge; the search must tell them from the one between.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn the_pair_that_lacks_an_edge_is_named_by_the_first_order() {
    let told = bench(&["needs-its-directory"], orders(1)).await;
    assert!(told.idempotent);
    let order = told.trials[0].order.as_ref().unwrap();
    assert_eq!(
        named(&told),
        BTreeSet::from([("needs-its-directory-make", "needs-its-directory-write")])
    );
    let edge = &order.missing_edges[0];
    assert_eq!(edge.effect, ["node-1: task `needs-its-directory-write` fails"]);
    assert!(
        edge.remedy.ends_with("`requires: [needs-its-directory-make]`"),
        "{}",
        edge.remedy
    );
    assert!((1..=3).contains(&order.searched) && order.unexplained.is_none());
}

/// All of them at once: the search tells them apart.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn more_every_pair_of_several_is_named_by_the_first_order() {
    let plugins = ["one-file-two-writers", "owner-if-there", "needs-its-directory"];
    let told = bench(&plugins, orders(1)).await;
    assert!(told.idempotent);
    let expected = [
        ("needs-its-directory-make", "needs-its-directory-write"),
        ("one-file-two-writers-defaults", "one-file-two-writers-tuning"),
        ("owner-if-there-account", "owner-if-there-directory"),
    ];
    assert_eq!(named(&told), BTreeSet::from(expected));
    assert_eq!(told.trials[0].order.as_ref().unwrap().unexplained, None);
}

#[rstest]
#[case::more_one_file_two_writers("one-file-two-writers", "defaults", "tuning")]
#[case::more_owner_if_there("owner-if-there", "account", "directory")]
#[case::more_needs_its_directory("needs-its-directory", "make", "write")]
#[case::more_start_before_configure("start-before-configure", "file", "unit")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_pair_that_lacks_an_edge_is_named(#[case] plugin: &str, #[case] first: &str, #[case] second: &str) {
    let told = bench(&[plugin], orders(20)).await;
    assert!(told.idempotent);
    let expected = (format!("{plugin}-{first}"), format!("{plugin}-{second}"));
    assert_eq!(named(&told), BTreeSet::from([(&*expected.0, &*expected.1)]));
}

#[rstest]
#[case::two_that_commute(&["files-of-their-own", "users-of-two-tasks"], 1)]
#[case::more_all(&["one-file-in-turn", "files-of-their-own", "restart-by-either", "users-of-two-tasks"], 4)]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn plugins_whose_edges_are_right_or_whose_tasks_commute_pass_every_order(
    #[case] plugins: &[&str],
    #[case] count: usize,
) {
    let told = bench(plugins, orders(count)).await;
    assert!(told.idempotent);
    assert_eq!(told.trials.len(), count);
    assert!(told.trials.iter().all(TrialResult::passed));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn more_where_the_graph_allows_only_one_order_it_says_so() {
    let told = bench(&["token-in-memory"], orders(20)).await;
    assert!(told.trials.is_empty());
    assert!(
        told.notes[0].starts_with("there is only one order of 2 tasks"),
        "{:?}",
        told.notes
    );
}
