//! Waiting for files to change.
//!
//! Their status is looked at again and again: that works on every file system, in containers and with every way in which
//! editors save, and costs a millisecond or two for a plugin.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::checkpoint::{Stamp, stamp, stamps};

/// How often files are looked at. What changes is taken when it has not changed for as long: an editor that saves several
/// files is done then.
const INTERVAL: Duration = Duration::from_millis(100);

/// Files and directories, and how they were when they were looked at last.
#[derive(Debug)]
pub(crate) struct Changes {
    places: Vec<Utf8PathBuf>,
    seen: BTreeMap<Utf8PathBuf, Stamp>,
}

impl Changes {
    /// Looks at these places; what changes from now on is told.
    pub(crate) fn of(places: Vec<Utf8PathBuf>) -> Self {
        let seen = look(&places);
        Self { places, seen }
    }

    /// Goes over to other places. What changed in the old ones and not told yet is told all the same.
    pub(crate) fn also(&mut self, places: Vec<Utf8PathBuf>) {
        let new: Vec<Utf8PathBuf> = places
            .into_iter()
            .filter(|place| !self.places.contains(place))
            .collect();
        self.seen.extend(look(&new));
        self.places.extend(new);
    }

    /// Waits until something has changed and nothing changes any more; gives the files.
    pub(crate) async fn next(&mut self) -> Vec<Utf8PathBuf> {
        loop {
            let mut now = self.look_again().await;
            if now == self.seen {
                continue;
            }
            loop {
                let later = self.look_again().await;
                if later == now {
                    break;
                }
                now = later;
            }
            let mut changed: Vec<Utf8PathBuf> = now
                .iter()
                .filter(|(path, stamp)| self.seen.get(*path) != Some(stamp))
                .map(|(path, _)| path.clone())
                .collect();
            changed.extend(self.seen.keys().filter(|path| !now.contains_key(*path)).cloned());
            self.seen = now;
            if !changed.is_empty() {
                return changed;
            }
        }
    }

    async fn look_again(&self) -> BTreeMap<Utf8PathBuf, Stamp> {
        tokio::time::sleep(INTERVAL).await;
        let places = self.places.clone();
        // A walk waits for the disk.
        tokio::task::spawn_blocking(move || look(&places))
            .await
            .unwrap_or_else(|_| self.seen.clone())
    }
}

fn look(places: &[Utf8PathBuf]) -> BTreeMap<Utf8PathBuf, Stamp> {
    let mut seen = BTreeMap::new();
    for place in places {
        if place.is_dir() {
            seen.extend(stamps(place));
        } else if let Some(stamp) = of_file(place) {
            seen.insert(place.clone(), stamp);
        }
    }
    seen
}

fn of_file(path: &Utf8Path) -> Option<Stamp> {
    stamp(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_another_took_the_place_of_has_changed_and_swap_files_are_nobodys() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(temporary.path()).unwrap();
        fs_err::write(directory.join("a.sh"), "1").unwrap();
        fs_err::create_dir_all(directory.join(".git")).unwrap();
        let mut changes = Changes::of(vec![directory.to_owned()]);
        fs_err::write(directory.join(".a.sh.swp"), "x").unwrap();
        fs_err::write(directory.join(".git/index"), "x").unwrap();
        let quiet = tokio::time::timeout(Duration::from_millis(500), changes.next()).await;
        assert!(quiet.is_err(), "{quiet:?}");
        // The same size, and for all that is known the same time.
        fs_err::write(directory.join("a.sh~"), "2").unwrap();
        fs_err::rename(directory.join("a.sh~"), directory.join("a.sh")).unwrap();
        assert_eq!(changes.next().await, [directory.join("a.sh")]);
        fs_err::remove_file(directory.join("a.sh")).unwrap();
        assert_eq!(changes.next().await, [directory.join("a.sh")]);
    }

    #[tokio::test]
    async fn what_is_saved_in_one_go_is_told_at_once() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(temporary.path()).unwrap();
        let mut changes = Changes::of(vec![directory.to_owned()]);
        let files = ["a", "b", "c"].map(|name| directory.join(name));
        let save = async {
            for file in &files {
                fs_err::write(file, "1").unwrap();
                tokio::time::sleep(INTERVAL / 3).await;
            }
        };
        let (changed, ()) = tokio::join!(changes.next(), save);
        assert_eq!(changed, files);
    }
}
