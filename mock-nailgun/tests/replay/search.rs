//! Recordings that no session knows: in which of the situations that sessions make does a request get the recorded answer?

use std::collections::BTreeMap;

use super::play::{Outcome, Player};
use super::recording::Recording;

/// A recording that is looked for.
struct Wanted<'a> {
    recording: &'a Recording,
    /// What came nearest: the number of differences, where, and the first of them. None once it was answered as recorded.
    nearest: Option<(usize, String)>,
    /// Texts that were left out of the recorded answer.
    found: Option<usize>,
}

/// The recordings that are looked for.
pub(crate) struct Search<'a>(Vec<Wanted<'a>>);

impl<'a> Search<'a> {
    pub(crate) fn of(recordings: impl Iterator<Item = &'a Recording>) -> Self {
        Self(
            recordings
                .map(|recording| Wanted {
                    recording,
                    nearest: None,
                    found: None,
                })
                .collect(),
        )
    }

    /// Tries all that were not found yet on copies of a master. What one of them that fits makes is a situation for the
    /// others: they may belong together.
    pub(crate) async fn at(&mut self, master: &Player<'_>, place: &str) {
        if self.0.iter().all(|wanted| wanted.found.is_some()) {
            return;
        }
        let mut copy = master.fork().await;
        let mut next = Vec::new();
        for wanted in self.0.iter_mut().filter(|wanted| wanted.found.is_none()) {
            let (mut outcome, mut changed) = copy.attempt(wanted.recording, true).await;
            if let Outcome::Different(differences) = &outcome
                && differences[0].0 == "status"
                && !changed
            {
                // Whether a token was sent is not recorded.
                let (other, other_changed) = copy.attempt(wanted.recording, false).await;
                if matches!(other, Outcome::Equal { .. }) {
                    (outcome, changed) = (other, other_changed);
                }
            }
            match outcome {
                Outcome::Equal { texts_left_out } => {
                    wanted.found = Some(texts_left_out);
                    println!("{}: fits {place}", wanted.recording.name);
                    if changed {
                        let fork = std::mem::replace(&mut copy, master.fork().await);
                        next.push((fork, format!("{place} and `{}`", wanted.recording.name)));
                        continue;
                    }
                }
                Outcome::Different(differences) => {
                    let count = differences.len() + if differences[0].0 == "status" { 1000 } else { 0 };
                    if wanted.nearest.as_ref().is_none_or(|(least, _)| count < *least) {
                        let (pointer, text) = &differences[0];
                        wanted.nearest = Some((count, format!("{place} it differs in {pointer}: {text}")));
                    }
                }
                Outcome::WithoutSetUp(reason) => wanted.nearest = Some((0, reason)),
            }
            if changed {
                copy = master.fork().await;
            }
        }
        for (fork, place) in next {
            Box::pin(self.at(&fork, &place)).await;
        }
    }

    /// What became of each.
    pub(crate) fn outcomes(self) -> BTreeMap<String, Outcome> {
        let outcome = |wanted: Wanted<'_>| match (wanted.found, wanted.nearest) {
            (Some(texts_left_out), _) => Outcome::Equal { texts_left_out },
            (None, Some((_, text))) => {
                Outcome::WithoutSetUp(format!("no session knows it, and none answers it as recorded; {text}"))
            }
            (None, None) => Outcome::WithoutSetUp("there is no session of that version to try it in".to_owned()),
        };
        self.0
            .into_iter()
            .map(|wanted| (wanted.recording.name.clone(), outcome(wanted)))
            .collect()
    }
}
