//! The verdict's table, blame and what is shown.

use std::sync::Arc;

use mock_astute::{TaskRecord, TaskStatus};
use rstest::rstest;

use super::{
    fixture::{SECOND, at, directory, file, puppet, resource, state, task, unread},
    *,
};
use crate::capture::{FileKind, FileState, Observation, Package, Process, Service, Socket, State};

/// Run 1 was from 100 on, the state after it is of 200, the second run goes from 300 to 400.
fn judged(after_first: &State, after_second: &State, second: &[TaskRecord], strict: bool) -> Verdict {
    let before = state(50.0, &[]);
    let node = NodeRuns {
        name: "node-1",
        before: &before,
        after_first,
        after_second,
        first: &[],
        second,
        glances: &[],
    };
    judge(&[node], &NoiseList::standard().unwrap(), &[], strict)
}

fn files(before: &[(&str, FileState)], after: &[(&str, FileState)], second: &[TaskRecord]) -> Verdict {
    judged(&state(200.0, before), &state(500.0, after), second, false)
}

const CONF: &str = "/etc/trove/trove.conf";

fn changed() -> Vec<mock_astute::PuppetResource> {
    vec![resource("File[/etc/trove/trove.conf]", Some(CONF), None)]
}

#[rstest]
#[case::changed_and_differs("puppet", true, true, Call::NotIdempotent, true)]
#[case::unchanged_and_differs("puppet", false, true, Call::SilentChange, true)]
#[case::shell_and_differs("shell", false, true, Call::SilentChange, true)]
#[case::changed_and_same("puppet", true, false, Call::Noisy, false)]
#[case::unchanged_and_same("puppet", false, false, Call::Idempotent, false)]
#[case::shell_and_same("shell", false, false, Call::Idempotent, false)]
fn what_the_tool_said_and_what_the_machine_shows_make_the_call(
    #[case] kind: &str,
    #[case] says_changed: bool,
    #[case] differs: bool,
    #[case] call: Call,
    #[case] fails: bool,
) {
    let record = match kind {
        "puppet" => puppet("deploy", 300.0, 310.0, &[]),
        kind => task("deploy", kind, 300.0, 310.0),
    };
    let record = if says_changed {
        puppet("deploy", 300.0, 310.0, &changed())
    } else {
        record
    };
    let after = if differs {
        file("b\n", 305.0)
    } else {
        file("a\n", 120.0)
    };
    let verdict = files(&[(CONF, file("a\n", 120.0))], &[(CONF, after)], &[record]);
    assert_eq!(
        (verdict.tasks[0].called, verdict.tasks[0].fails, verdict.passed),
        (call, fails, !fails)
    );
}

#[test]
fn a_task_that_fails_on_the_second_run_is_not_re_runnable() {
    let mut failed = task("deploy", "shell", 300.0, 310.0);
    failed.status = TaskStatus::Failed;
    let mut after = task("later", "shell", 0.0, 0.0);
    (after.status, after.started, after.finished) = (TaskStatus::DependencyFailed, None, None);
    let mut stage = task("deploy_end", "skipped", 0.0, 0.0);
    (stage.status, stage.started, stage.finished) = (TaskStatus::DependencyFailed, None, None);
    let verdict = files(&[], &[], &[failed, after, stage]);
    assert_eq!(verdict.tasks[0].called, Call::NotRerunnable);
    assert_eq!(verdict.tasks[1].called, Call::NotReached);
    assert_eq!(verdict.tasks[2].called, Call::Skipped, "it would have done nothing");
    assert!(!verdict.passed);
}

#[rstest]
#[case::only_the_second_time(false, Call::NotRerunnable)]
#[case::both_times(true, Call::FailsAlways)]
fn a_failure_that_nailgun_tolerates_counts_if_it_is_new(#[case] failed_before: bool, #[case] called: Call) {
    let run = |from: f64, fails: bool| {
        let mut record = task("deploy", "shell", from, from + 10.0);
        if fails {
            (record.status, record.error) = (TaskStatus::Skipped, Some("exit code 1".to_owned()));
        }
        record
    };
    let (first, second) = ([run(100.0, failed_before)], [run(300.0, true)]);
    let (before, after) = (state(50.0, &[]), state(500.0, &[]));
    let node = NodeRuns {
        name: "node-1",
        before: &before,
        after_first: &after,
        after_second: &after,
        first: &first,
        second: &second,
        glances: &[],
    };
    let verdict = judge(&[node], &NoiseList::standard().unwrap(), &[], false);
    assert_eq!(verdict.tasks[0].called, called);
}

#[test]
fn a_noisy_task_fails_only_a_strict_verdict() {
    let records = [puppet("deploy", 300.0, 310.0, &changed())];
    let same = state(200.0, &[(CONF, file("a\n", 120.0))]);
    assert!(judged(&same, &same, &records, false).passed);
    assert!(!judged(&same, &same, &records, true).passed);
}

#[test]
fn what_is_skipped_is_not_judged() {
    let mut skipped = task("hiera", "skipped", 0.0, 0.0);
    (skipped.status, skipped.started, skipped.finished) = (TaskStatus::Skipped, None, None);
    let verdict = files(&[], &[], &[skipped]);
    assert_eq!((verdict.tasks[0].called, verdict.passed), (Call::Skipped, true));
}

#[test]
fn the_wrapper_of_a_shell_task_and_a_notify_never_count_as_said() {
    let wrapper = resource("Exec[deploy_shell]", None, None);
    let mut shell = puppet("deploy", 300.0, 310.0, std::slice::from_ref(&wrapper));
    shell.kind = "shell".to_owned();
    let notify = puppet(
        "tell",
        320.0,
        330.0,
        &[resource("Notify[MODULAR: x]", None, None), wrapper],
    );
    let verdict = files(&[], &[], &[shell, notify]);
    assert_eq!(verdict.tasks[0].said, Said::Nothing);
    // The second is no shell task: an Exec of another name is a change like any other.
    assert_eq!(
        (verdict.tasks[1].said, verdict.tasks[1].called),
        (Said::Changed, Call::Noisy)
    );
    assert_eq!(verdict.ignored[0].what, "resource Notify[*]");
}

#[test]
fn a_rewrite_with_the_same_bytes_is_no_difference() {
    let verdict = files(
        &[
            (CONF, file("a\n", 120.0)),
            (
                "/etc/link",
                FileState {
                    kind: FileKind::Link,
                    target: Some(Arc::from("x")),
                    ..file("", 120.0)
                },
            ),
        ],
        &[
            (CONF, file("a\n", 305.0)),
            (
                "/etc/link",
                FileState {
                    kind: FileKind::Link,
                    target: Some(Arc::from("x")),
                    ..file("", 306.0)
                },
            ),
        ],
        &[task("deploy", "shell", 300.0, 310.0)],
    );
    assert_eq!(verdict.tasks[0].called, Call::Idempotent);
    assert_eq!(verdict.tasks[0].rewritten, ["/etc/link", CONF]);
}

#[test]
fn a_difference_belongs_to_the_task_in_whose_window_it_falls() {
    let records = [
        task("first", "shell", 300.0, 310.0),
        task("second", "shell", 310.5, 320.0),
        task("third", "shell", 330.0, 340.0),
    ];
    let verdict = files(
        &[],
        &[
            ("/etc/a", file("", 309.9)),
            ("/etc/b", file("", 310.495)),
            ("/etc/c", file("", 325.0)),
            ("/etc/d", file("", 340.01)),
        ],
        &records,
    );
    let owners: Vec<Vec<&str>> = verdict
        .tasks
        .iter()
        .map(|task| {
            task.differences
                .iter()
                .map(|difference| difference.subject.as_str())
                .collect()
        })
        .collect();
    assert_eq!(owners, [vec!["/etc/a"], vec!["/etc/b"], vec!["/etc/d"]]);
    assert_eq!(verdict.background.len(), 1);
    assert_eq!(
        (
            verdict.background[0].difference.subject.as_str(),
            &verdict.background[0].difference.blame
        ),
        ("/etc/c", &Blame::Outside)
    );
}

#[test]
fn background_alone_fails_only_a_strict_verdict() {
    let (before, after) = (state(200.0, &[]), state(500.0, &[("/etc/c", file("", 250.0))]));
    let records = [task("deploy", "shell", 300.0, 310.0)];
    let verdict = judged(&before, &after, &records, false);
    assert!(verdict.passed);
    assert_eq!(verdict.background.len(), 1);
    assert!(!judged(&before, &after, &records, true).passed);
}

#[test]
fn a_node_whose_clock_is_ahead_is_judged_by_its_own_clock() {
    let (before, same) = (state(50.0, &[]), state(200.0, &[]));
    let mut after = state(500.0, &[("/etc/a", file("", 365.0))]);
    (after.clock.rig_before, after.clock.rig_after) = (at(440.0), at(440.0));
    let second = [task("deploy", "shell", 300.0, 310.0)];
    let node = NodeRuns {
        name: "node-1",
        before: &before,
        after_first: &same,
        after_second: &after,
        first: &[],
        second: &second,
        glances: &[],
    };
    let verdict = judge(&[node], &NoiseList::default(), &[], false);
    assert_eq!(verdict.tasks[0].called, Call::SilentChange);
}

#[test]
fn what_was_removed_is_blamed_by_its_directory() {
    let verdict = files(
        &[
            ("/etc", directory(100.0)),
            ("/etc/d", directory(120.0)),
            ("/etc/d/a", file("x", 120.0)),
            ("/etc/d/b", file("y", 120.0)),
        ],
        &[("/etc", directory(305.0))],
        &[task("deploy", "shell", 300.0, 310.0)],
    );
    let [difference] = verdict.tasks[0].differences.as_slice() else {
        panic!("{:?}", verdict.tasks[0])
    };
    assert_eq!(
        (difference.kind, difference.subject.as_str()),
        (DifferenceKind::Removed, "/etc/d")
    );
    assert_eq!(difference.note.as_deref(), Some("with 2 entries below it"));
}

#[test]
fn a_difference_of_text_is_shown_line_by_line_with_its_resource() {
    let verdict = files(
        &[(CONF, file("one\ntwo\nthree\n", 120.0))],
        &[(CONF, file("one\n2\nthree\n", 305.0))],
        &[puppet("deploy", 300.0, 310.0, &changed())],
    );
    let difference = &verdict.tasks[0].differences[0];
    assert_eq!(
        difference.diff.as_deref(),
        Some("@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n")
    );
    let resource = difference.resource.as_ref().unwrap();
    assert_eq!(
        (resource.name.as_str(), resource.line, resource.certain),
        ("File[/etc/trove/trove.conf]", Some(7), true)
    );
    assert_eq!(difference.at.as_deref(), Some("1970-01-01T00:05:05Z"));
}

#[test]
fn without_a_resource_of_its_name_the_last_one_before_is_shown_as_likely() {
    let resources = [
        resource("Exec[early]", None, Some("1970-01-01T00:05:01Z")),
        resource("Exec[late]", None, Some("1970-01-01T01:05:04.5+01:00")),
        resource("Exec[after]", None, Some("1970-01-01T00:05:08Z")),
    ];
    let verdict = files(
        &[],
        &[("/etc/a", file("x", 305.0))],
        &[puppet("deploy", 300.0, 310.0, &resources)],
    );
    let resource = verdict.tasks[0].differences[0].resource.as_ref().unwrap();
    assert_eq!((resource.name.as_str(), resource.certain), ("Exec[late]", false));
}

#[rstest]
#[case::another_size(unread(5, 120.0), unread(6, 305.0), Some(None))]
#[case::same_size(
    unread(5, 120.0),
    unread(5, 305.0),
    Some(Some("written anew with the same size; what it held before is not known"))
)]
#[case::metadata_only(unread(5, 120.0), FileState { ctime_ns: 305 * SECOND, ..unread(5, 120.0) }, None)]
fn a_file_that_nobody_had_read_is_judged_as_far_as_it_goes(
    #[case] was: FileState,
    #[case] is: FileState,
    #[case] note: Option<Option<&str>>,
) {
    let verdict = files(
        &[("/usr/bin/x", was)],
        &[("/usr/bin/x", is)],
        &[task("deploy", "shell", 300.0, 310.0)],
    );
    let found = verdict.tasks[0]
        .differences
        .first()
        .map(|difference| difference.note.as_deref());
    assert_eq!(found, note);
}

#[rstest]
#[case(FileState { mode: 0o600, ctime_ns: 305 * SECOND, ..file("a", 120.0) }, DifferenceKind::Mode, "0644", "0600")]
#[case(FileState { uid: 33, ctime_ns: 305 * SECOND, ..file("a", 120.0) }, DifferenceKind::Owner, "uid 0, gid 0", "uid 33, gid 0")]
#[case(FileState { capabilities: Some(Arc::from("cap_net_raw=ep")), ctime_ns: 305 * SECOND, ..file("a", 120.0) }, DifferenceKind::Capabilities, "none", "cap_net_raw=ep")]
#[case(FileState { attributes: Some(Arc::from("user.x=1")), ctime_ns: 305 * SECOND, ..file("a", 120.0) }, DifferenceKind::Attributes, "none", "user.x=1")]
#[case(FileState { links: 2, ctime_ns: 305 * SECOND, ..file("a", 120.0) }, DifferenceKind::Links, "1 name", "2 names")]
#[case(
    directory(305.0),
    DifferenceKind::Type,
    "file, 1 byte, sha256 ca978112ca1b…, mode 0644",
    "directory, mode 0755"
)]
fn each_property_of_a_file_is_a_difference_of_its_own(
    #[case] is: FileState,
    #[case] kind: DifferenceKind,
    #[case] before: &str,
    #[case] after: &str,
) {
    let was = FileState {
        capabilities: Some(Arc::from("")),
        attributes: Some(Arc::from("")),
        ..file("a", 120.0)
    };
    let verdict = files(
        &[("/etc/x", was)],
        &[("/etc/x", is)],
        &[task("deploy", "shell", 300.0, 310.0)],
    );
    let [difference] = verdict.tasks[0].differences.as_slice() else {
        panic!("{:?}", verdict.tasks[0])
    };
    assert_eq!(difference.kind, kind);
    assert_eq!(
        (difference.before.as_deref(), difference.after.as_deref()),
        (Some(before), Some(after))
    );
}

fn service(pid: u32, started: f64) -> Service {
    Service {
        active: "active".to_owned(),
        sub: "running".to_owned(),
        enabled: "enabled".to_owned(),
        main_pid: pid,
        restarts: 0,
        started_ns: Some((started * 1e9) as i64),
        changed_ns: Some((started * 1e9) as i64),
    }
}

#[test]
fn a_restarted_service_shows_by_its_process() {
    let (mut before, mut after) = (state(200.0, &[]), state(500.0, &[]));
    before
        .services
        .insert("trove-api.service".to_owned(), service(71, 150.0));
    after
        .services
        .insert("trove-api.service".to_owned(), service(99, 305.0));
    before.services.insert("steady.service".to_owned(), service(5, 100.0));
    after.services.insert("steady.service".to_owned(), service(5, 100.02));
    let restarted = resource("Service[trove-api]", None, None);
    let verdict = judged(&before, &after, &[puppet("deploy", 300.0, 310.0, &[restarted])], false);
    let [difference] = verdict.tasks[0].differences.as_slice() else {
        panic!("{:?}", verdict.tasks[0])
    };
    assert_eq!(
        (difference.kind, difference.subject.as_str()),
        (DifferenceKind::ServiceRestarted, "trove-api.service")
    );
    assert_eq!(
        (difference.before.as_deref(), difference.after.as_deref()),
        (Some("pid 71"), Some("pid 99"))
    );
    assert!(difference.resource.as_ref().is_some_and(|resource| resource.certain));
}

#[test]
fn packages_and_users_are_blamed_by_the_files_that_name_them() {
    let mut before = state(200.0, &[("/etc/passwd", file("a", 120.0))]);
    let mut after = state(
        500.0,
        &[
            ("/etc/passwd", file("ab", 315.0)),
            ("/var/lib/dpkg/info/rsync.list", file("", 305.0)),
        ],
    );
    let package = |version: &str| Package {
        version: version.to_owned(),
        architecture: "amd64".to_owned(),
        status: "ii".to_owned(),
        installed_ns: None,
    };
    before.packages.insert("rsync".to_owned(), package("1"));
    after.packages.insert("rsync".to_owned(), package("2"));
    after.users.insert("trove".to_owned(), "x:110:110".to_owned());
    let verdict = judged(
        &before,
        &after,
        &[task("one", "shell", 300.0, 310.0), task("two", "shell", 311.0, 320.0)],
        false,
    );
    let kinds = |task: usize| {
        verdict.tasks[task]
            .differences
            .iter()
            .map(|difference| difference.kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(0), [DifferenceKind::Package]);
    assert_eq!(kinds(1), [DifferenceKind::Content, DifferenceKind::User]);
}

fn process(pid: u32, parent: u32, command: &str, started: f64, unit: Option<&str>) -> Process {
    Process {
        pid,
        parent,
        uid: 0,
        name: command.to_owned(),
        command: command.to_owned(),
        started_ns: (started * 1e9) as i64,
        unit: unit.map(str::to_owned),
    }
}

#[test]
fn a_process_that_outlives_its_task_is_a_difference_but_no_service_is() {
    let (mut before, mut after) = (state(200.0, &[]), state(500.0, &[]));
    let init = process(1, 0, "init", 1.0, Some("init.scope"));
    before.processes = vec![init.clone(), process(9, 1, "agent", 150.0, None)];
    after.processes = vec![
        init,
        process(19, 1, "agent", 302.0, None),
        process(20, 1, "agent", 305.0, None),
        process(30, 1, "worker", 306.0, Some("trove-api.service")),
    ];
    let verdict = judged(&before, &after, &[task("deploy", "shell", 300.0, 310.0)], false);
    let [difference] = verdict.tasks[0].differences.as_slice() else {
        panic!("{:?}", verdict.tasks[0])
    };
    assert_eq!(
        (difference.kind, difference.after.as_deref()),
        (DifferenceKind::Process, Some("pid 20, user 0"))
    );
}

#[test]
fn a_socket_belongs_to_the_task_that_started_its_program() {
    let (mut before, mut after) = (state(200.0, &[]), state(500.0, &[]));
    let socket = |address: &str| Socket {
        protocol: "tcp".to_owned(),
        address: address.to_owned(),
        programs: vec!["nginx".to_owned()],
    };
    before.sockets.insert(socket("0.0.0.0:80"));
    after.sockets.extend([socket("0.0.0.0:80"), socket("0.0.0.0:81")]);
    after.processes = vec![process(30, 1, "nginx", 315.0, Some("nginx.service"))];
    let verdict = judged(
        &before,
        &after,
        &[task("one", "shell", 300.0, 310.0), task("two", "shell", 312.0, 320.0)],
        false,
    );
    assert_eq!(verdict.tasks[1].differences[0].subject, "tcp 0.0.0.0:81");
}

#[test]
fn what_has_no_time_is_blamed_only_when_one_task_can_have_done_it() {
    let (mut before, mut after) = (state(200.0, &[]), state(500.0, &[]));
    before.sysctl.insert("net.ipv4.ip_forward".to_owned(), "0".to_owned());
    after.sysctl.insert("net.ipv4.ip_forward".to_owned(), "1".to_owned());
    let seen = |output: &str| Observation {
        exit_code: 0,
        output: output.to_owned(),
        errors: String::new(),
    };
    before.observers.insert("schema".to_owned(), seen("a\n"));
    after.observers.insert("schema".to_owned(), seen("a\nb\n"));
    let one = [
        task("copy", "upload_file", 300.0, 301.0),
        task("deploy", "shell", 302.0, 310.0),
    ];
    let verdict = judged(&before, &after, &one, false);
    assert_eq!(verdict.tasks[1].differences.len(), 2);
    assert!(
        verdict.tasks[1]
            .differences
            .iter()
            .all(|difference| difference.blame == Blame::Only)
    );

    let two = [task("one", "shell", 300.0, 301.0), task("two", "shell", 302.0, 310.0)];
    let verdict = judged(&before, &after, &two, false);
    assert!(verdict.tasks.iter().all(|task| task.called == Call::Idempotent));
    assert_eq!(verdict.unattributed.len(), 2);
    assert_eq!(
        verdict.unattributed[0].difference.blame,
        Blame::Candidates(vec!["one".to_owned(), "two".to_owned()])
    );
    assert!(!verdict.passed, "a difference that nobody owns up to is a difference");
}

#[test]
fn what_has_no_time_is_likely_of_the_only_task_that_does_not_deny_it() {
    let (mut before, mut after) = (state(200.0, &[]), state(500.0, &[]));
    before.sysctl.insert("net.ipv4.ip_forward".to_owned(), "0".to_owned());
    after.sysctl.insert("net.ipv4.ip_forward".to_owned(), "1".to_owned());
    let denies = puppet("calm", 300.0, 301.0, &[]);
    let records = [denies.clone(), task("script", "shell", 302.0, 310.0)];
    let verdict = judged(&before, &after, &records, false);
    assert_eq!(verdict.tasks[1].differences[0].blame, Blame::Likely);

    let all_deny = [denies, puppet("calm too", 302.0, 310.0, &[])];
    let verdict = judged(&before, &after, &all_deny, false);
    assert!(matches!(&verdict.unattributed[0].difference.blame, Blame::Candidates(tasks) if tasks.len() == 2));
}

#[test]
fn a_package_that_was_installed_again_is_a_difference_though_its_version_is_the_same() {
    let with = |taken: f64, unpacked: f64| {
        let mut state = state(taken, &[("/var/lib/dpkg/info/bench.list", file("/usr\n", unpacked))]);
        let package = Package {
            version: "1.0".to_owned(),
            architecture: "all".to_owned(),
            status: "ii".to_owned(),
            installed_ns: None,
        };
        state.packages.insert("bench".to_owned(), package);
        state
    };
    let records = [task("deploy", "shell", 300.0, 310.0)];
    let verdict = judged(&with(200.0, 120.0), &with(500.0, 305.0), &records, false);
    let difference = &verdict.tasks[0].differences[0];
    assert_eq!(
        (difference.kind, difference.after.as_deref()),
        (DifferenceKind::Package, Some("1.0, installed again"))
    );
    assert!(judged(&with(200.0, 120.0), &with(500.0, 120.0), &records, false).passed);
}

#[test]
fn what_no_tool_can_see_is_said_once_for_all_nodes() {
    let mut blind = state(500.0, &[]);
    blind.unseen.insert("packages: no tool".to_owned());
    let before = state(50.0, &[]);
    let runs = ["node-1", "node-2"].map(|name| NodeRuns {
        name,
        before: &before,
        after_first: &blind,
        after_second: &blind,
        first: &[],
        second: &[],
        glances: &[],
    });
    let verdict = judge(&runs, &NoiseList::default(), &[], false);
    assert_eq!(
        verdict.unseen,
        [Unseen {
            nodes: vec!["node-1".to_owned(), "node-2".to_owned()],
            what: "packages: no tool".to_owned()
        }]
    );
}

#[test]
fn what_the_lists_hide_is_counted_with_its_reason() {
    let ignore = Ignore {
        path: Some("/var/lib/trove/heartbeat".to_owned()),
        because: "written every 10 s".to_owned(),
        ..Ignore::default()
    };
    let (before, first) = (state(50.0, &[]), state(200.0, &[]));
    let after = state(
        500.0,
        &[
            ("/var/lib/trove/heartbeat", file("x", 305.0)),
            ("/var/log/a", file("x", 305.0)),
            ("/var/log/b", file("x", 305.0)),
        ],
    );
    let second = [task("deploy", "shell", 300.0, 310.0)];
    let node = NodeRuns {
        name: "node-1",
        before: &before,
        after_first: &first,
        after_second: &after,
        first: &[],
        second: &second,
        glances: &[],
    };
    let verdict = judge(&[node], &NoiseList::standard().unwrap(), &[ignore], false);
    assert!(verdict.passed);
    let counts: Vec<_> = verdict
        .ignored
        .iter()
        .map(|entry| (entry.what.as_str(), entry.count, entry.scenario))
        .collect();
    assert_eq!(
        counts,
        [
            ("path /var/lib/trove/heartbeat", 1, true),
            ("path /var/log/**", 2, false)
        ]
    );
}

#[test]
fn the_first_runs_changes_are_counted_per_task() {
    let before = state(50.0, &[]);
    let after = state(
        200.0,
        &[
            ("/etc/a", file("x", 110.0)),
            ("/etc/b", file("y", 111.0)),
            ("/var/log/x", file("z", 111.0)),
        ],
    );
    let node = NodeRuns {
        name: "node-1",
        before: &before,
        after_first: &after,
        after_second: &after,
        first: &[task("deploy", "shell", 100.0, 120.5)],
        second: &[task("deploy", "shell", 300.0, 301.25)],
        glances: &[],
    };
    let verdict = judge(&[node], &NoiseList::standard().unwrap(), &[], false);
    let task = &verdict.tasks[0];
    assert_eq!(
        (task.first_run_changes, task.first_seconds, task.second_seconds),
        (2, Some(20.5), Some(1.25))
    );
    assert_eq!((task.first_attempts, task.second_attempts), (1, 1));
}

#[test]
fn a_clock_that_lies_between_the_rigs_two_readings_has_no_offset() {
    let mut seen = state(100.0, &[]);
    seen.clock.rig_before = at(99.0);
    seen.clock.rig_after = at(101.0);
    assert_eq!(seen.clock_offset_ns(), 0);
    seen.clock.rig_after = at(99.5);
    assert_eq!(seen.clock_offset_ns(), SECOND / 2);
    seen.clock.rig_before = at(103.0);
    assert_eq!(seen.clock_offset_ns(), -3 * SECOND);
}

#[test]
fn a_long_difference_is_cut_and_says_so() {
    let many: String = (0..500).map(|line| format!("{line}\n")).collect();
    let diff = compare::unified_diff("", &many).unwrap();
    assert!(diff.ends_with("… 381 more lines\n"), "{diff}");
    assert_eq!(compare::unified_diff("a", "a"), None);
}
