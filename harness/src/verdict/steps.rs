//! What has no time of its own: between which two glances it moved.

use super::{DifferenceKind, compare::Finding, system::compare_timeless};
use crate::capture::{Presence, State, nanoseconds};

/// What moved between two looks at a node.
#[derive(Debug)]
struct Step<'a> {
    from: &'a State,
    to: &'a State,
    findings: Vec<Finding>,
}

/// The second run as a row of looks: after the first run, after each task that was glanced at, after the second run.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    looks: Vec<&'a State>,
    steps: Vec<Step<'a>>,
}

/// When something was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Removal {
    /// When its directory changed, as it was seen at the glance after it.
    pub(crate) at_ns: i64,
    /// The glance before and the glance after it.
    pub(crate) from_ns: i64,
    pub(crate) to_ns: i64,
}

/// A stretch of the run in which something moved.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// From here to there by the node's clock, nanoseconds since 1970.
    pub(crate) from_ns: i64,
    pub(crate) to_ns: i64,
    /// How it moved then.
    pub(crate) finding: Finding,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(first: &'a State, glances: &'a [State], last: &'a State) -> Self {
        let looks: Vec<&State> = std::iter::once(first).chain(glances).chain([last]).collect();
        let steps = looks
            .windows(2)
            .map(|pair| Step {
                from: pair[0],
                to: pair[1],
                findings: compare_timeless(pair[0], pair[1]),
            })
            .collect();
        Self { looks, steps }
    }

    /// Whether anybody looked between the runs' ends.
    pub(crate) fn is_known(&self) -> bool {
        self.looks.len() > 2
    }

    /// Where the thing moved that this finding is of.
    pub(crate) fn of(&self, finding: &Finding) -> Vec<Stretch> {
        match finding.kind {
            DifferenceKind::Observer => return self.of_observer(&finding.subject),
            DifferenceKind::ServiceState => return self.of_service(finding),
            _ => {}
        }
        let same = |other: &&Finding| other.kind == finding.kind && other.subject == finding.subject;
        self.steps
            .iter()
            .filter_map(|step| {
                let finding = step.findings.iter().find(same)?;
                Some(stretch(step.from, step.to, finding))
            })
            .collect()
    }

    /// When something was removed, and whether only one look at its directory lies around it: at the first glance after
    /// which it was gone for good its directory had changed last at this time. `None` where no glance tells.
    pub(crate) fn removal(&self, path: &str) -> Option<Removal> {
        let mut from = self.looks.first()?;
        let mut removal = None;
        for look in &self.looks {
            let Some(directories) = &look.directories else { continue };
            match directories.tells_of(path) {
                Some(Presence::There) => removal = None,
                // One glance may tell it again of what another told before.
                Some(Presence::GoneSince(at_ns)) if removal.is_none() => {
                    removal = Some(Removal {
                        at_ns,
                        from_ns: nanoseconds(from.taken),
                        to_ns: nanoseconds(look.taken),
                    });
                }
                Some(Presence::GoneSince(_)) | None => {}
            }
            from = look;
        }
        removal
    }

    /// A unit that systemd has forgotten has no time any more. A glance sees only those that are active.
    fn of_service(&self, finding: &Finding) -> Vec<Stretch> {
        let active = |look: &State| {
            let service = look.services.get(&finding.subject);
            service.is_some_and(|service| service.active == "active")
        };
        self.steps
            .iter()
            .filter(|step| active(step.from) != active(step.to))
            .map(|step| stretch(step.from, step.to, finding))
            .collect()
    }

    /// An observer that takes long is left out of glances: its stretches reach over those.
    fn of_observer(&self, name: &str) -> Vec<Stretch> {
        let looks: Vec<&State> = self
            .looks
            .iter()
            .copied()
            .filter(|look| look.observers.contains_key(name))
            .collect();
        looks
            .windows(2)
            .filter_map(|pair| {
                let findings = compare_timeless(pair[0], pair[1]);
                let finding = findings
                    .iter()
                    .find(|finding| finding.kind == DifferenceKind::Observer && finding.subject == name)?;
                Some(stretch(pair[0], pair[1], finding))
            })
            .collect()
    }
}

fn stretch(from: &State, to: &State, finding: &Finding) -> Stretch {
    Stretch {
        from_ns: nanoseconds(from.taken),
        to_ns: nanoseconds(to.taken),
        finding: finding.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::capture::{ChangedDirectories, ChangedDirectory, Observation, Service, State};
    use crate::verdict::{
        Blame, Call, NodeRuns, NoiseList, Verdict,
        fixture::{directory, file, state, task},
        judge,
    };

    fn with_routes(taken: f64, routes: &[&str]) -> State {
        let mut state = state(taken, &[]);
        state.routes = routes.iter().map(|&route| route.to_owned()).collect();
        state
    }

    /// Three shell tasks, with a glance after each of the given times.
    fn glanced(first: &State, glances: &[State], last: &State) -> Verdict {
        let before = state(50.0, &[]);
        let second = [
            task("first", "shell", 300.0, 310.0),
            task("second", "shell", 311.0, 320.0),
            task("third", "shell", 321.0, 330.0),
        ];
        let node = NodeRuns {
            name: "node-1",
            before: &before,
            after_first: first,
            after_second: last,
            first: &[],
            second: &second,
            glances,
        };
        judge(&[node], &NoiseList::default(), &[], false)
    }

    fn blamed(verdict: &Verdict) -> Vec<(&str, &Blame)> {
        verdict
            .tasks
            .iter()
            .flat_map(|task| {
                let differences = task.differences.iter();
                differences.map(|difference| (task.task.as_str(), &difference.blame))
            })
            .collect()
    }

    #[test]
    fn what_has_no_time_belongs_to_the_task_between_two_glances() {
        let routes = ["10.0.0.0/8 dev lo"];
        let glances = [
            with_routes(310.5, &[]),
            with_routes(320.5, &routes),
            with_routes(330.5, &routes),
        ];
        let verdict = glanced(&state(200.0, &[]), &glances, &with_routes(500.0, &routes));
        assert_eq!(blamed(&verdict), [("second", &Blame::Seen)]);
        assert_eq!(verdict.tasks[1].called, Call::SilentChange);
        assert!(verdict.unattributed.is_empty() && verdict.background.is_empty());
    }

    #[test]
    fn where_a_glance_failed_the_tasks_between_the_others_are_candidates() {
        let routes = ["10.0.0.0/8 dev lo"];
        let glances = [with_routes(310.5, &[]), with_routes(330.5, &routes)];
        let verdict = glanced(&state(200.0, &[]), &glances, &with_routes(500.0, &routes));
        let candidates = Blame::Candidates(vec!["second".to_owned(), "third".to_owned()]);
        assert_eq!(verdict.unattributed[0].difference.blame, candidates);
    }

    #[test]
    fn what_moved_after_the_last_glance_is_background_and_what_came_back_is_nothing() {
        let routes = ["10.0.0.0/8 dev lo"];
        let glances = [310.5, 320.5, 330.5].map(|taken| with_routes(taken, &[]));
        let verdict = glanced(&state(200.0, &[]), &glances, &with_routes(500.0, &routes));
        assert_eq!((blamed(&verdict).len(), verdict.background.len()), (0, 1));

        let there_and_back = [
            with_routes(310.5, &routes),
            with_routes(320.5, &[]),
            with_routes(330.5, &[]),
        ];
        let verdict = glanced(&state(200.0, &[]), &there_and_back, &state(500.0, &[]));
        assert_eq!((blamed(&verdict).len(), verdict.background.len()), (0, 0));
    }

    #[test]
    fn two_tasks_that_move_the_same_thing_are_both_blamed_each_with_its_part() {
        let filter = |taken: f64, rules: &str| {
            let mut state = state(taken, &[]);
            state.packet_filter.insert("iptables".to_owned(), rules.to_owned());
            state
        };
        let glances = [
            filter(310.5, "-A INPUT -j ONE\n"),
            filter(320.5, "-A INPUT -j ONE\n"),
            filter(330.5, "-A INPUT -j ONE\n-A INPUT -j TWO\n"),
        ];
        let verdict = glanced(
            &filter(200.0, ""),
            &glances,
            &filter(500.0, "-A INPUT -j ONE\n-A INPUT -j TWO\n"),
        );
        assert_eq!(blamed(&verdict), [("first", &Blame::Seen), ("third", &Blame::Seen)]);
        let diff = verdict.tasks[2].differences[0].diff.as_deref().unwrap();
        assert!(
            diff.contains("+-A INPUT -j TWO") && !diff.contains("+-A INPUT -j ONE"),
            "{diff}"
        );
    }

    #[test]
    fn an_observer_that_glances_leave_out_has_the_tasks_since_as_candidates() {
        let seen = |taken: f64, output: &str| {
            let mut state = state(taken, &[]);
            let observation = Observation {
                exit_code: 0,
                output: output.to_owned(),
                errors: String::new(),
            };
            state.observers.insert("rows".to_owned(), observation);
            state
        };
        let glances = [seen(310.5, "1\n"), state(320.5, &[]), state(330.5, &[])];
        let verdict = glanced(&seen(200.0, "1\n"), &glances, &seen(500.0, "1\n2\n"));
        let candidates = Blame::Candidates(vec!["second".to_owned(), "third".to_owned()]);
        assert_eq!(verdict.unattributed[0].difference.blame, candidates);
    }

    #[test]
    fn a_service_that_is_gone_belongs_to_the_task_after_which_it_was() {
        let running = |taken: f64, active: &str| {
            let mut state = state(taken, &[]);
            let service = Service {
                active: active.to_owned(),
                ..Service::default()
            };
            state.services.insert("bench.service".to_owned(), service);
            state
        };
        let glances = [running(310.5, "active"), state(320.5, &[]), state(330.5, &[])];
        let verdict = glanced(&running(200.0, "active"), &glances, &state(500.0, &[]));
        assert_eq!(blamed(&verdict), [("second", &Blame::Seen)]);
    }

    /// What is in `/etc/d` at a glance, if it changed since the one before, and when it changed last.
    fn listing(taken: f64, changed: Option<(f64, &[&str])>) -> State {
        let changed = changed.map(|(at, names)| {
            let directory = ChangedDirectory {
                ctime_ns: (at * 1e9) as i64,
                names: names.iter().map(|&name| name.to_owned()).collect(),
            };
            ("/etc/d".to_owned(), directory)
        });
        let directories = ChangedDirectories {
            under: vec!["/etc".to_owned()],
            without: Vec::new(),
            changed: changed.into_iter().collect(),
        };
        let mut state = state(taken, &[]);
        state.directories = Some(directories);
        state
    }

    fn held(taken: f64, moved: f64, names: &[&str]) -> State {
        let mut files = vec![("/etc/d", directory(moved))];
        files.extend(names.iter().map(|&name| (name, file("x", 100.0))));
        state(taken, &files)
    }

    #[test]
    fn what_was_removed_belongs_to_the_task_after_which_it_was_gone_though_others_work_in_its_directory() {
        // `first` removes one, `second` works there, `third` removes another.
        let glances = [
            listing(310.5, Some((305.0, &["b", "c"]))),
            listing(320.5, Some((315.0, &["b", "c", "d"]))),
            listing(330.5, Some((325.0, &["c", "d"]))),
        ];
        let verdict = glanced(
            &held(200.0, 100.0, &["/etc/d/a", "/etc/d/b", "/etc/d/c"]),
            &glances,
            &held(500.0, 325.0, &["/etc/d/c"]),
        );
        let removed: Vec<(&str, &str, Option<&str>)> = verdict
            .tasks
            .iter()
            .flat_map(|task| {
                task.differences
                    .iter()
                    .map(|difference| (task.task.as_str(), difference))
            })
            .map(|(task, difference)| (task, difference.subject.as_str(), difference.note.as_deref()))
            .collect();
        assert_eq!(removed, [("first", "/etc/d/a", None), ("third", "/etc/d/b", None)]);
        assert!(verdict.unattributed.is_empty() && verdict.background.is_empty());
    }

    #[test]
    fn what_is_removed_made_and_removed_again_belongs_to_the_last() {
        let glances = [
            listing(310.5, Some((305.0, &[]))),
            listing(320.5, Some((315.0, &["a"]))),
            listing(330.5, Some((325.0, &[]))),
        ];
        let verdict = glanced(&held(200.0, 100.0, &["/etc/d/a"]), &glances, &held(500.0, 325.0, &[]));
        assert_eq!(blamed(&verdict), [("third", &Blame::Window)]);
    }

    #[test]
    fn without_a_look_between_two_tasks_the_later_one_of_them_is_named_and_the_note_says_so() {
        let glances = [
            state(310.5, &[]),
            listing(320.5, Some((315.0, &[]))),
            listing(330.5, None),
        ];
        let verdict = glanced(&held(200.0, 100.0, &["/etc/d/a"]), &glances, &held(500.0, 315.0, &[]));
        assert_eq!(blamed(&verdict), [("second", &Blame::Window)]);
        assert!(verdict.tasks[1].differences[0].note.is_some());
    }
}
