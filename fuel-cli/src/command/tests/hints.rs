//! Commands that a Fuel lacks.

use rstest::rstest;

use crate::test_master::Master;

#[rstest]
#[case(
    "6.1",
    "--env 1 role",
    "roles of an environment (there since 7.0): ask for its release's: `fuel role --rel ID`"
)]
#[case(
    "6.1",
    "--env 1 role --role controller --file /tmp/role.yaml",
    "roles of an environment (there since 7.0)"
)]
#[case(
    "6.1",
    "plugins --sync",
    "`plugins --sync` (there since 7.0): nothing has to be read again"
)]
#[case(
    "8.0",
    "deployment-tasks --tid 4",
    "a history of tasks (there since 9.0): see how far"
)]
#[case(
    "7.0",
    "--env 1 redeploy-changes",
    "`redeploy-changes` (there since 9.0): deploy what changed with"
)]
#[tokio::test]
async fn a_command_that_a_fuel_lacks_tells_what_to_do_instead_below_the_refusal(
    #[case] fuel: &str,
    #[case] command: &str,
    #[case] told: &str,
) {
    let master = Master::start_as(fuel).await;
    let called = master.fuel(&["env", "create", "--name", "one", "--rel", "2"]).await;
    assert_eq!(called.code, 0, "{called:?}");
    let words: Vec<&str> = command.split(' ').collect();
    let called = master.fuel(&words).await;
    assert_eq!((called.code, called.output.as_str()), (1, ""), "{called:?}");
    let (refusal, hint) = called.errors.split_once('\n').unwrap();
    assert!(
        refusal.starts_with("404 Client Error: Not Found for url: "),
        "{refusal}"
    );
    assert!(refusal.ends_with(" (not found)"), "{refusal}");
    let wanted = format!("hint: Fuel {fuel} does not have {told}");
    assert!(hint.starts_with(&wanted), "{hint}");
    assert_eq!(hint.matches('\n').count(), 1, "{hint}");
}

#[tokio::test]
async fn a_thing_that_is_not_there_is_no_missing_command() {
    let master = Master::start_as("9.2").await;
    let called = master.fuel(&["--env", "9", "role"]).await;
    assert_eq!(called.code, 1);
    assert!(called.errors.ends_with("(Cluster not found)\n"), "{called:?}");
}
