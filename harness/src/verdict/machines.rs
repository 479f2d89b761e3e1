//! What differs between two machines that were to become alike.
//!
//! Beside the comparison of one machine over time: here inode numbers, ctimes, process ids and start times say nothing,
//! since both machines were started on their own. What counts is content, and what runs, and an account's name and not its
//! number.

use std::collections::BTreeSet;

use super::accounts::renumbered;
use super::compare::{Finding, compare_files};
use super::judge::fold;
use super::noise::{Field, NoiseList};
use super::system::compare_system;
use super::{Blame, Difference, DifferenceKind};
use crate::capture::{FileKind, State};

/// Places that differ between machines to which the same was done. They say nothing of what was done to a third.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unsteady {
    places: BTreeSet<(DifferenceKind, String)>,
    /// Names that are made up anew each time: how their paths begin, and how long they are.
    made_up: BTreeSet<(String, usize)>,
}

impl Unsteady {
    /// Adds what differs between two machines that should not.
    pub(crate) fn learn(&mut self, one: &State, other: &State) {
        let findings = differing(one, other);
        let of_kind = |kind: DifferenceKind| {
            let findings = findings.iter();
            findings
                .filter(move |finding| finding.kind == kind)
                .map(|finding| finding.subject.as_str())
        };
        for came in of_kind(DifferenceKind::Created) {
            self.made_up
                .extend(of_kind(DifferenceKind::Removed).filter_map(|went| made_up(came, went)));
        }
        self.places
            .extend(findings.into_iter().map(|finding| (finding.kind, finding.subject)));
    }

    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    fn covers(&self, finding: &Finding) -> bool {
        let is_made_up = |path: &str| {
            self.made_up.iter().any(|(head, length)| {
                path.len() == *length && path.starts_with(head) && !path[head.len()..].contains('/')
            })
        };
        let mut above = Some(finding.subject.as_str());
        while let Some(path) = above {
            if is_made_up(path) {
                return true;
            }
            above = path.rsplit_once('/').map(|(parent, _)| parent);
        }
        self.places.contains(&(finding.kind, finding.subject.clone()))
    }
}

/// Whether two paths are one name made up twice (`/srv/tmp.aX4` and `/srv/tmp.9bQ`): equally long, in one directory, and
/// with a beginning of the name in common, which is given with the length.
fn made_up(came: &str, went: &str) -> Option<(String, usize)> {
    let (directory, name) = came.rsplit_once('/')?;
    let (other, twin) = went.rsplit_once('/')?;
    let common = name.chars().zip(twin.chars()).take_while(|(one, other)| one == other);
    let head: String = common.map(|(one, _)| one).collect();
    let is_one = directory == other && came.len() == went.len() && !head.is_empty();
    is_one.then(|| (format!("{directory}/{head}"), came.len()))
}

/// What differs on a machine that `expected` says how it should be: `before` of a difference is how it should be.
///
/// What the noise list hides and what is `unsteady` is left out.
pub(crate) fn compare_machines(
    expected: &State,
    found: &State,
    noise: &NoiseList,
    unsteady: &Unsteady,
) -> Vec<Difference> {
    let differences = differing(expected, found)
        .into_iter()
        .filter(|finding| noise.hides(Field::of(finding.kind), &finding.subject).is_none())
        .filter(|finding| !unsteady.covers(finding))
        .map(|finding| Difference {
            kind: finding.kind,
            subject: finding.subject,
            before: finding.before,
            after: finding.after,
            diff: finding.diff,
            note: finding.note,
            at: None,
            blame: Blame::Outside,
            resource: None,
        });
    fold(differences.collect())
}

fn differing(expected: &State, found: &State) -> Vec<Finding> {
    let (expected, found) = (stripped(expected, found, 0), stripped(found, expected, 1));
    let found = renumbered(found, &expected);
    let (mut findings, _) = compare_files(&expected.files, &found.files);
    findings.extend(compare_system(&expected, &found));
    // The comparison over time tells what was left behind; here what is missing counts as much.
    let missing = compare_system(&found, &expected)
        .into_iter()
        .filter(|finding| finding.kind == DifferenceKind::Process);
    findings.extend(missing.map(|finding| Finding {
        before: finding.after,
        after: Some("not there".to_owned()),
        ..finding
    }));
    findings
}

/// The state without what belongs to one machine's own history; `twin` is the machine that it is compared with.
fn stripped(state: &State, twin: &State, side: i64) -> State {
    let mut stripped = state.clone();
    for (path, file) in &mut stripped.files {
        // Of a file that neither machine had moved nobody read the content: a size and a time of writing that are the
        // same say that it is the one from the image.
        let from_image = twin.files.get(path).is_some_and(|twin| {
            (file.sha256.is_none() || twin.sha256.is_none()) && (file.size, file.mtime_ns) == (twin.size, twin.mtime_ns)
        });
        if from_image || file.kind != FileKind::File {
            file.mtime_ns = 0;
        }
        file.inode = 0;
        // Equal ctimes would say that nothing moved, and nobody would look further.
        file.ctime_ns = side;
    }
    for service in stripped.services.values_mut() {
        service.main_pid = u32::from(service.main_pid != 0);
        service.restarts = 0;
        service.started_ns = None;
        service.changed_ns = None;
    }
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FileState, Process, Service};
    use crate::verdict::fixture::{directory, file, state, unread};

    fn found(expected: &State, found: &State) -> Vec<String> {
        shown(compare_machines(
            expected,
            found,
            &NoiseList::default(),
            &Unsteady::default(),
        ))
    }

    fn shown(differences: Vec<Difference>) -> Vec<String> {
        differences
            .into_iter()
            .map(|difference| format!("{} {}", difference.kind, difference.subject))
            .collect()
    }

    fn elsewhere(file: FileState) -> FileState {
        FileState {
            inode: file.inode + 77,
            mtime_ns: file.mtime_ns + 5,
            ctime_ns: file.ctime_ns + 5,
            ..file
        }
    }

    #[test]
    fn the_same_content_on_another_machine_is_no_difference() {
        let one = state(9.0, &[("/etc", directory(1.0)), ("/etc/a", file("a", 1.0))]);
        let other = state(
            99.0,
            &[
                ("/etc", elsewhere(directory(1.0))),
                ("/etc/a", elsewhere(file("a", 1.0))),
            ],
        );
        assert!(found(&one, &other).is_empty(), "{:?}", found(&one, &other));
    }

    #[test]
    fn other_content_is_a_difference_even_with_every_number_the_same() {
        let one = state(9.0, &[("/etc/a", file("a", 1.0))]);
        let other = state(9.0, &[("/etc/a", file("b", 1.0))]);
        assert_eq!(found(&one, &other), ["content /etc/a"]);
    }

    #[test]
    fn a_file_of_the_image_that_nobody_read_is_the_same_by_its_size_and_time() {
        let one = state(9.0, &[("/usr/bin/a", unread(5, 1.0)), ("/usr/bin/b", unread(5, 1.0))]);
        let moved = FileState {
            inode: 9,
            ..file("12345", 1.0)
        };
        let other = state(9.0, &[("/usr/bin/a", moved), ("/usr/bin/b", unread(5, 2.0))]);
        assert_eq!(found(&one, &other), ["content /usr/bin/b"]);
    }

    #[test]
    fn a_service_is_compared_by_its_state_and_not_by_its_process() {
        let service = |active: &str, main_pid| Service {
            active: active.to_owned(),
            main_pid,
            started_ns: Some(i64::from(main_pid)),
            ..Service::default()
        };
        let with = |one: Service| {
            let mut state = state(9.0, &[]);
            state.services.insert("a.service".to_owned(), one);
            state
        };
        assert!(found(&with(service("active", 7)), &with(service("active", 4711))).is_empty());
        assert_eq!(
            found(&with(service("active", 7)), &with(service("failed", 0))),
            ["service state a.service"]
        );
    }

    #[test]
    fn a_process_that_is_missing_counts_as_one_that_is_left_behind_does() {
        let with = |commands: &[&str]| {
            let mut state = state(9.0, &[]);
            state.processes = commands
                .iter()
                .zip(10..)
                .map(|(command, pid)| Process {
                    pid,
                    parent: 1,
                    uid: 0,
                    name: "daemon".to_owned(),
                    command: (*command).to_owned(),
                    started_ns: i64::from(pid),
                    unit: None,
                })
                .collect();
            state
        };
        assert_eq!(
            found(&with(&["/bin/daemon"]), &with(&[])),
            ["process left behind /bin/daemon"]
        );
        assert_eq!(
            found(&with(&["/bin/daemon"]), &with(&["/bin/daemon", "/bin/other"])),
            ["process left behind /bin/other"]
        );
    }

    #[test]
    fn what_differs_undisturbed_is_left_out_by_its_place_and_made_up_names_by_how_they_begin() {
        let one = state(9.0, &[("/etc/secret", file("x", 1.0)), ("/srv/tmp.abc", file("", 1.0))]);
        let other = state(9.0, &[("/etc/secret", file("y", 1.0)), ("/srv/tmp.def", file("", 1.0))]);
        let third = state(
            9.0,
            &[
                ("/etc/half", file("", 1.0)),
                ("/etc/secret", file("z", 1.0)),
                ("/srv/left", file("", 1.0)),
                ("/srv/tmp.ghi", file("", 1.0)),
            ],
        );
        let mut unsteady = Unsteady::default();
        unsteady.learn(&one, &other);
        let differences = compare_machines(&one, &third, &NoiseList::default(), &unsteady);
        assert_eq!(shown(differences), ["created /etc/half", "created /srv/left"]);
    }
}
