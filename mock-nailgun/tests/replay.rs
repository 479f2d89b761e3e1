//! The recorded exchanges with real Nailguns, replayed: what was recorded is set up over HTTP, the recorded requests are
//! sent, and status, content type and body must be the recorded ones.
//!
//! The recordings come from `FUELRIG_CONFORMANCE` (without it from `../shared/conformance`); other recordings of the same
//! form run through unchanged: one whose name no session knows is sent at the end of every session, and counts as equal
//! where one of them gives the recorded answer, else as one without a set-up.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what fails here fails the test, and what was compared is printed"
)]

#[path = "replay/compare.rs"]
mod compare;
mod master;
#[path = "replay/play.rs"]
mod play;
#[path = "replay/recording.rs"]
mod recording;
#[path = "replay/session.rs"]
mod session;

use std::collections::BTreeMap;

use camino::Utf8Path;
use mock_nailgun::Profile;

use play::{Outcome, Player};
use session::{Script, Session};

/// How many of a hundred recordings must be answered as recorded.
const WANTED: usize = 95;

fn script() -> Script {
    let text = include_str!("data/replay.yaml");
    serde_yaml::from_str(text).unwrap()
}

/// What became of each recording of one version.
async fn replay(version: &str, folder: &Utf8Path, script: &Script) -> BTreeMap<String, Outcome> {
    let recordings = recording::read_all(folder);
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    for session in script
        .sessions
        .iter()
        .filter(|session| session.versions.iter().any(|name| name == version))
    {
        let mut player = Player::start(version, &recordings, script).await;
        for earlier in before(script, session) {
            player.play(earlier, &mut BTreeMap::new()).await;
        }
        player.play(session, &mut outcomes).await;
    }
    // What no session knows is tried at the end of each.
    let unknown: Vec<&recording::Recording> = recordings
        .iter()
        .filter(|recording| !outcomes.contains_key(&recording.name))
        .collect();
    for recording in unknown {
        let mut outcome = Outcome::WithoutSetUp("no request was recorded".to_owned());
        if recording.request.is_some() {
            for session in script
                .sessions
                .iter()
                .filter(|session| session.versions.iter().any(|name| name == version))
            {
                let mut player = Player::start(version, &recordings, script).await;
                for session in before(script, session).into_iter().chain([session]) {
                    player.play(session, &mut BTreeMap::new()).await;
                }
                match player.replay(recording, true).await {
                    Outcome::Equal { texts_left_out } => {
                        outcome = Outcome::Equal { texts_left_out };
                        break;
                    }
                    Outcome::Different(differences) => {
                        outcome =
                            Outcome::WithoutSetUp(format!("differs after `{}`: {}", session.name, differences[0].1));
                    }
                    Outcome::WithoutSetUp(reason) => outcome = Outcome::WithoutSetUp(reason),
                }
            }
        }
        outcomes.insert(recording.name.clone(), outcome);
    }
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
        println!("SKIPPED: there are no recorded exchanges in {folder}");
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
    for version in versions.iter().filter(|version| folder.join(version).is_dir()) {
        if Profile::named(version).is_err() {
            problems.push(format!("{version}: there is no profile for it, nothing was replayed"));
            continue;
        }
        for (name, outcome) in replay(version, &folder.join(version), &script).await {
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
                (Outcome::WithoutSetUp(reason), _) => {
                    listed.push(format!("{version} {name}: without set-up: {reason}"))
                }
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
    // The script's own recordings; others are judged by who gives them.
    if std::env::var_os("FUELRIG_CONFORMANCE").is_none() {
        assert!(
            equal * 100 >= all * WANTED,
            "{equal} of {all} are equal, {WANTED} % are wanted"
        );
    }
}
