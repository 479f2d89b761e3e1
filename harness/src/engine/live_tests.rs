//! Tests on a real engine of what only this module can reach; the others are in `tests/scenarios/engine.rs`.

use super::dockerfile::Dockerfile;
use super::images::build;
use super::process::Owner;
use super::*;

pub(super) async fn node_image(engine: &Engine) -> String {
    let images = ensure(engine, &[Target::Node.into()], &ImageOptions::default(), &|_| ())
        .await
        .unwrap();
    images.reference(&Target::Node.into()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn what_a_dead_run_left_is_swept_unless_it_was_kept_and_a_live_run_is_not_touched() {
    let engine = Engine::connect().await.unwrap();
    let alive = RunId::new("alive");
    let _guard = RunGuard::new(&engine, &alive);
    let me = Owner::current();
    let dead = RunId::new("dead").owned_by(Owner {
        started: me.started + 1,
        ..me.clone()
    });
    let kept = RunId::new("kept").owned_by(Owner {
        started: me.started + 1,
        ..me
    });
    for run in [&alive, &dead, &kept] {
        Networks::create(&engine, run).await.unwrap();
    }
    engine.keep(&kept).await.unwrap();

    let swept = engine.sweep().await.unwrap();
    // Another test run on this engine may sweep at the same time.
    assert!(
        swept.left.contains(&(alive.id().to_owned(), "its process lives")),
        "{swept:?}"
    );
    assert!(
        swept.left.contains(&(kept.id().to_owned(), "it was kept on purpose")),
        "{swept:?}"
    );
    assert!(!engine.dead_runs().await.unwrap().contains(&dead.id().to_owned()));
    let swept = engine.remove_run(kept.id()).await.unwrap();
    assert_eq!((swept.networks, swept.volumes), (4, 1), "{swept:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_build_that_fails_names_the_step_and_shows_its_last_lines_alone() {
    let engine = Engine::connect().await.unwrap();
    let base = node_image(&engine).await;
    let dockerfile = "ARG BASE\nFROM ${BASE} AS nginx\nRUN echo early\nRUN echo one; echo two >&2; exit 9\n";
    let recipe = Dockerfile::parse(dockerfile).recipe("nginx").unwrap();
    let archive = context::archive(&recipe, &[], &[]).unwrap();
    let error = build(
        &engine,
        Target::Nginx,
        &recipe,
        &base,
        "fuelrig/nginx:never",
        archive,
        &|_| (),
    )
    .await
    .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(
            "building image `nginx` failed in Step 4/5 : RUN echo one; echo two >&2; exit 9: the command ended with code 9"
        ),
        "{text}"
    );
    assert!(
        text.contains("\n  | one") && text.contains("\n  | two") && !text.contains("| early"),
        "{text}"
    );
    assert!(!engine.has_image("fuelrig/nginx:never").await.unwrap());
}
