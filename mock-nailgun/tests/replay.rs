//! The recorded exchanges with real Nailguns, replayed: what was recorded is set up over HTTP, the recorded requests are
//! sent, and status, content type and body must be the recorded ones.
//!
//! The recordings come from `FUELRIG_CONFORMANCE` (without it from `../shared/conformance`); other recordings of the same
//! form run through unchanged: one whose name no session knows is tried after every step of every session, and fails the
//! test where none of them gives the recorded answer. What sets a situation up comes from the folder itself, or else from
//! the one that the sessions were written for.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what fails here fails the test, and what was compared is printed"
)]

#[path = "../../plugin-builder/tests/beside/mod.rs"]
mod beside;
#[path = "replay/compare.rs"]
mod compare;
mod master;
#[path = "replay/play.rs"]
mod play;
#[path = "replay/recording.rs"]
mod recording;
#[path = "replay/search.rs"]
mod search;
#[path = "replay/session.rs"]
mod session;

use std::collections::BTreeMap;

use mock_nailgun::Profile;
use serde_json::{Value, json};

use play::{Library, Outcome, Player};
use search::Search;
use session::{Script, Session};

/// How many of a hundred recordings must be answered as recorded.
const WANTED: usize = 95;

fn script() -> Script {
    let text = include_str!("data/replay.yaml");
    serde_yaml::from_str(text).unwrap()
}

/// What became of each recording of one version.
async fn replay(version: &str, library: &Library, script: &Script) -> BTreeMap<String, Outcome> {
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    let known = script.recordings(version);
    let unknown = library
        .judged
        .iter()
        .filter(|recording| !known.contains(recording.name.as_str()));
    let mut search = Search::of(unknown);
    let played = script.played_for(version);
    for session in script
        .sessions
        .iter()
        .filter(|session| session.versions.iter().any(|name| name == played))
    {
        let player = Player::start(version, library, script).await;
        let earlier = before(script, session);
        for step in earlier.iter().flat_map(|earlier| &earlier.steps) {
            player.play(step, &mut BTreeMap::new()).await;
        }
        if earlier.is_empty() {
            search
                .at(&player, &format!("at the beginning of `{}`", session.name))
                .await;
        }
        for (number, step) in (1..).zip(&session.steps) {
            player.play(step, &mut outcomes).await;
            if player.changes_state(step) {
                search
                    .at(&player, &format!("after step {number} of `{}`", session.name))
                    .await;
            }
        }
    }
    outcomes.extend(search.outcomes());
    outcomes
}

/// The sessions that come before one, the first first.
fn before<'a>(script: &'a Script, session: &Session) -> Vec<&'a Session> {
    let mut chain = Vec::new();
    let mut name = session.after.as_deref();
    while let Some(wanted) = name {
        let earlier = script.sessions.iter().find(|session| session.name == wanted).unwrap();
        chain.insert(0, earlier);
        name = earlier.after.as_deref();
    }
    chain
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nearly_every_recorded_exchange_is_answered_as_recorded() {
    let folder = recording::folder().join("nailgun");
    if !folder.is_dir() {
        beside::is_missing(folder);
        return;
    }
    let script = script();
    let (mut all, mut equal, mut problems, mut listed) = (0, 0, Vec::new(), Vec::new());
    let mut versions: Vec<String> = folder
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    versions.sort();
    for version in &versions {
        if folder.join(version).is_file() {
            println!("{}: not replayed, is no folder", folder.join(version));
            continue;
        }
        if Profile::named(version).is_err() {
            problems.push(format!(
                "{}: is no folder of a Fuel version that there is a profile for, nothing of it was replayed",
                folder.join(version)
            ));
            continue;
        }
        for path in recording::other_files(&folder.join(version)) {
            println!("{path}: not replayed, a recording's name ends in .json");
        }
        let (judged, unreadable) = recording::read_all(&folder.join(version));
        problems.extend(unreadable);
        let library = Library {
            judged,
            for_set_up: recording::read_all(
                &recording::default_folder()
                    .join("nailgun")
                    .join(script.played_for(version)),
            )
            .0,
        };
        for (name, outcome) in replay(version, &library, &script).await {
            all += 1;
            let known = script
                .differences
                .iter()
                .find(|known| known.version == *version && known.recording == name);
            match (outcome, known) {
                (Outcome::Equal { texts_left_out }, None) => {
                    equal += 1;
                    if texts_left_out > 0 {
                        println!("{version} {name}: equal but for {texts_left_out} texts for people that are left out");
                    }
                }
                (Outcome::Equal { .. }, Some(_)) => {
                    problems.push(format!(
                        "{version} {name} is equal now: take it out of the list of differences"
                    ));
                }
                (Outcome::Different(differences), known) => {
                    let unexpected: Vec<&(String, String)> = differences
                        .iter()
                        .filter(|(pointer, _)| {
                            !known.is_some_and(|known| known.at.iter().any(|at| pointer.starts_with(at.as_str())))
                        })
                        .collect();
                    match known {
                        Some(known) if unexpected.is_empty() => {
                            listed.push(format!("{version} {name}: {}", known.because.trim()));
                        }
                        _ => problems.push(format!(
                            "{version} {name} differs in {} places:\n{}",
                            unexpected.len(),
                            unexpected
                                .iter()
                                .take(if std::env::var_os("FUELRIG_REPLAY_ALL").is_some() {
                                    1000
                                } else {
                                    12
                                })
                                .map(|(pointer, text)| format!("    {pointer}: {text}"))
                                .collect::<Vec<_>>()
                                .join("\n")
                        )),
                    }
                }
                (Outcome::WithoutSetUp(reason), _) => problems.push(format!("{version} {name}: {reason}")),
            }
        }
    }
    println!("{equal} of {all} recorded exchanges are answered as recorded; the others:");
    for line in &listed {
        println!("  {line}");
    }
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
    assert!(
        equal * 100 >= all * WANTED,
        "{equal} of {all} are equal, {WANTED} % are wanted"
    );
}

/// A recording as its file would be.
fn made_up(name: &str, method: &str, path: &str, body: Value, status: u16, answer: Value) -> recording::Recording {
    let content_type = match status {
        ..=399 => json!("application/json"),
        // Its body is empty.
        401 => Value::Null,
        _ => json!("text/html"),
    };
    recording::parse(
        name,
        &json!({
            "request": {"method": method, "path": path, "body": body},
            "response": {"status": status, "headers": {"Content-Type": content_type}, "body": answer},
        }),
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_that_no_session_knows_are_found_between_its_steps_and_with_one_another_or_are_told() {
    let version = "9.2";
    let (for_set_up, _) = recording::read_all(&recording::default_folder().join("nailgun").join(version));
    if for_set_up.is_empty() {
        println!("SKIPPED: there are no recorded exchanges to set a situation up with");
        return;
    }
    let link = json!({"id": 1, "title": "New", "url": "http://x/", "description": "d", "hidden": false});
    let path = "/api/v1/plugins/6/links/1";
    let error = |message: &str| json!({"message": message, "errors": []});
    let judged = vec![
        // Only once the one below has happened, which needs the link that a step makes.
        made_up("a_link_is_read", "GET", path, Value::Null, 200, link.clone()),
        made_up("link_is_changed", "PUT", path, json!({"title": "New"}), 200, link),
        made_up("login", "POST", "/api/v1/plugins/", Value::Null, 401, Value::from("")),
        made_up(
            "other_words",
            "GET",
            "/api/v1/plugins/77",
            Value::Null,
            404,
            error("Plugin is gone"),
        ),
        made_up("other_status", "GET", "/api/v1/plugins/77", Value::Null, 200, json!({})),
        recording::parse("a_body", &json!([{"id": 1, "made": "up"}])).unwrap(),
    ];
    let mut script = script();
    script.sessions.truncate(2);
    let outcomes = replay(version, &Library { judged, for_set_up }, &script).await;
    let told = |name: &str| match &outcomes[name] {
        Outcome::Equal { .. } => "equal".to_owned(),
        Outcome::Different(differences) => format!("different: {differences:?}"),
        Outcome::WithoutSetUp(text) => text.clone(),
    };
    assert_eq!(
        outcomes.len(),
        6,
        "what a session plays as its set-up is not judged: {outcomes:?}"
    );
    for name in ["a_link_is_read", "link_is_changed", "login"] {
        assert_eq!(told(name), "equal", "{name}");
    }
    assert!(told("other_words").contains("`Plugin is gone` recorded, `Plugin not found` made"));
    assert!(told("other_status").contains("Some(200) recorded, 404 made"));
    assert!(told("a_body").contains("no session knows it"));
}
