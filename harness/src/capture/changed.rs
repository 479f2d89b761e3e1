//! Which directories changed between two looks, and what is in them: the only trace of what was removed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scope, files::path_text, files::read_time, frame::Sections};

/// Directories that changed since the look before, where configuration and data lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangedDirectories {
    /// Places that were looked through.
    pub under: Vec<String>,
    /// Places below them that were not.
    pub without: Vec<String>,
    /// The directories by path.
    pub changed: BTreeMap<String, ChangedDirectory>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangedDirectory {
    /// When it changed last, nanoseconds since 1970 by the node's clock.
    pub ctime_ns: i64,
    /// Names of what is in it now.
    pub names: BTreeSet<String>,
}

impl ChangedDirectories {
    /// Reads what the script told; `None` where it did not look, or found too much to tell.
    pub(super) fn read(sections: &Sections, scope: &Scope<'_>) -> Option<Self> {
        let looked = sections.text("directories.looked");
        if looked.trim() != "all" {
            return None;
        }
        let mut changed: BTreeMap<String, ChangedDirectory> = BTreeMap::new();
        for record in entries(sections.bytes("directories")) {
            let (time, path) = record.split_once(' ')?;
            let directory = ChangedDirectory {
                ctime_ns: read_time(time)?,
                names: BTreeSet::new(),
            };
            changed.insert(path.to_owned(), directory);
        }
        for path in entries(sections.bytes("directories.names")) {
            let (directory, name) = path.rsplit_once('/')?;
            if let Some(directory) = changed.get_mut(directory) {
                directory.names.insert(name.to_owned());
            }
        }
        let places = |places: &[String]| places.iter().map(|place| format!("{}{place}", scope.root)).collect();
        Some(Self {
            under: places(&scope.read),
            without: places(&scope.unread),
            changed,
        })
    }

    /// Whether a directory's change would have been seen.
    fn covers(&self, directory: &str) -> bool {
        let within = |place: &String| {
            directory
                .strip_prefix(place.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.under.iter().any(within) && !self.without.iter().any(within)
    }

    /// Whether `path` was there at this look, and since when it is not: the last change of the directory that held it,
    /// or that held the directory in which it was. `None` where nothing of that changed, or nobody could see it.
    pub(crate) fn tells_of(&self, path: &str) -> Option<Presence> {
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        for end in ends {
            let Some((directory, name)) = path[..end].rsplit_once('/') else {
                continue;
            };
            if !self.covers(directory) {
                continue;
            }
            if let Some(directory) = self.changed.get(directory) {
                if !directory.names.contains(name) {
                    return Some(Presence::GoneSince(directory.ctime_ns));
                }
                // That its directory is there says nothing of what is in that.
                if end == path.len() {
                    return Some(Presence::There);
                }
            }
        }
        None
    }
}

/// Whether something was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It was, as far as one can see.
    There,
    /// It was not, and what held it changed last at this time.
    GoneSince(i64),
}

/// NUL-ended strings.
fn entries(bytes: &[u8]) -> impl Iterator<Item = String> {
    bytes
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty())
        .map(path_text)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::still_there("/etc/a/x", Some(Presence::There))]
    #[case::gone("/etc/a/y", Some(Presence::GoneSince(7)))]
    #[case::gone_with_its_directory("/etc/gone/deep/z", Some(Presence::GoneSince(5)))]
    #[case::in_a_directory_that_did_not_change("/etc/b/x", None)]
    #[case::nothing_on_the_way_changed("/opt/b/x", None)]
    #[case::where_nobody_looked("/usr/lib/x", None)]
    #[case::where_nobody_wanted_to_look("/etc/dark/x", None)]
    fn a_directory_that_changed_tells_what_is_not_in_it(#[case] path: &str, #[case] expected: Option<Presence>) {
        let directory = |ctime_ns, names: &[&str]| ChangedDirectory {
            ctime_ns,
            names: names.iter().map(|&name| name.to_owned()).collect(),
        };
        let changed = ChangedDirectories {
            under: vec!["/etc".to_owned(), "/opt".to_owned()],
            without: vec!["/etc/dark".to_owned()],
            changed: [
                ("/etc".to_owned(), directory(5, &["a", "b", "dark"])),
                ("/etc/a".to_owned(), directory(7, &["x"])),
                ("/etc/dark".to_owned(), directory(7, &[])),
            ]
            .into(),
        };
        assert_eq!(changed.tells_of(path), expected);
    }
}
