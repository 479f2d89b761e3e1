//! Reports from events, and how they are shown.

use std::time::{Duration, SystemTime};

use mock_astute::{Attempt, TaskRecord, TaskStatus};

use super::{table::cut, *};
use crate::{
    event::{Consumer, InstalledPlugin, Phase, RunEvent, SnapshotOutcome, SnapshotResult, VerifyResult},
    verdict::{
        Background, Blame, Call, Difference, DifferenceKind, IgnoredCount, ResourceRef, Said, TaskVerdict, Verdict,
    },
};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn difference(kind: DifferenceKind, subject: &str) -> Difference {
    Difference {
        kind,
        subject: subject.to_owned(),
        before: None,
        after: None,
        diff: None,
        note: None,
        at: None,
        blame: Blame::Window,
        resource: None,
    }
}

fn task(task: &str, kind: &str, called: Call, said: Said) -> TaskVerdict {
    TaskVerdict {
        node: "node-1".to_owned(),
        task: task.to_owned(),
        kind: kind.to_owned(),
        called,
        fails: called.fails(false),
        said,
        differences: Vec::new(),
        rewritten: Vec::new(),
        changed_resources: Vec::new(),
        first_run_changes: 3,
        first_seconds: Some(12.34),
        second_seconds: Some(2.5),
        first_attempts: 1,
        second_attempts: 1,
        error: None,
        earlier: false,
    }
}

fn verdict() -> Verdict {
    let mut deploy = task("trove-deploy", "puppet", Call::NotIdempotent, Said::Changed);
    deploy.differences = vec![
        Difference {
            before: Some("4 bytes".to_owned()),
            after: Some("5 bytes".to_owned()),
            diff: Some("@@ -1 +1 @@\n-one\n+two\u{1b}\n".to_owned()),
            resource: Some(ResourceRef {
                name: "File[/etc/trove/trove.conf]".to_owned(),
                file: Some("deploy.pp".to_owned()),
                line: Some(7),
                events: Vec::new(),
                certain: true,
            }),
            ..difference(DifferenceKind::Content, "/etc/trove/trove.conf")
        },
        Difference {
            before: Some("pid 71".to_owned()),
            after: Some("pid 99".to_owned()),
            ..difference(DifferenceKind::ServiceRestarted, "trove-api.service")
        },
    ];
    let mut script = task("trove-script", "shell", Call::SilentChange, Said::Nothing);
    script.differences = vec![difference(DifferenceKind::Created, "/etc/new\nline")];
    script.second_attempts = 2;
    let mut noisy = task("trove-noisy", "puppet", Call::Noisy, Said::Changed);
    noisy.changed_resources = vec![ResourceRef {
        name: "Exec[date]".to_owned(),
        file: None,
        line: None,
        events: vec!["executed successfully".to_owned()],
        certain: true,
    }];
    let mut calm = task("trove-calm", "puppet", Call::Idempotent, Said::Unchanged);
    calm.rewritten = vec!["/etc/a".to_owned()];
    Verdict {
        passed: false,
        strict: false,
        tasks: vec![
            deploy,
            script,
            noisy,
            calm,
            task("hosts", "skipped", Call::Skipped, Said::Nothing),
        ],
        unattributed: vec![Background {
            node: "node-1".to_owned(),
            difference: Difference {
                before: Some("0".to_owned()),
                after: Some("1".to_owned()),
                blame: Blame::Candidates(vec!["trove-deploy".to_owned(), "trove-script".to_owned()]),
                ..difference(DifferenceKind::Sysctl, "net.ipv4.ip_forward")
            },
        }],
        background: vec![Background {
            node: "node-1".to_owned(),
            difference: Difference {
                blame: Blame::Outside,
                ..difference(DifferenceKind::Content, "/srv/counter")
            },
        }],
        ignored: vec![
            IgnoredCount {
                what: "path /var/lib/trove/heartbeat".to_owned(),
                because: "written every 10 s".to_owned(),
                scenario: true,
                count: 1,
                example: "/var/lib/trove/heartbeat".to_owned(),
            },
            IgnoredCount {
                what: "path /var/log/**".to_owned(),
                because: "logs are written all the time".to_owned(),
                scenario: false,
                count: 9,
                example: "/var/log/a".to_owned(),
            },
        ],
        unseen: vec![crate::verdict::Unseen {
            nodes: vec!["node-1".to_owned()],
            what: "packages: neither dpkg-query nor rpm is there".to_owned(),
        }],
    }
}

fn events() -> Vec<RunEvent> {
    vec![
        RunEvent::Started {
            scenario: "trove".to_owned(),
            file: "scenarios/trove.yaml".to_owned(),
            run: "r1".to_owned(),
            fuel: "9.2".to_owned(),
            at: at(1_700_000_000),
        },
        RunEvent::EngineFound("Docker Engine 20.10.24, overlay2".to_owned()),
        RunEvent::PluginInstalled(InstalledPlugin {
            name: "fuel-plugin-trove".to_owned(),
            version: "1.0.0".to_owned(),
            package: "fuel-plugin-trove-1.0-1.0.0-1.noarch.rpm".to_owned(),
            sha256: "ab".repeat(32),
            size: 56_500_000,
        }),
        RunEvent::PhaseFinished(Phase::Deploy(1), Duration::from_millis(61_250)),
        RunEvent::DeploymentStarted { run: 1, tasks: 4 },
        RunEvent::Verified(VerifyResult {
            run: 2,
            node: "node-1".to_owned(),
            name: "api answers".to_owned(),
            passed: false,
            detail: Some("exit code 7 instead of 0\n$ curl".to_owned()),
            took: Duration::from_secs(30),
        }),
        RunEvent::Snapshot(SnapshotResult {
            name: "trove node-1".to_owned(),
            file: "snapshots/trove.snap".to_owned(),
            outcome: SnapshotOutcome::Same,
        }),
    ]
}

fn report(events: &[RunEvent]) -> Report {
    let mut aggregator = Aggregator::new();
    events.iter().for_each(|event| aggregator.consume(event));
    aggregator.report()
}

#[test]
fn the_table_says_at_a_glance_what_every_task_is_called_and_what_differs_stands_below() {
    let report = report(&[events(), vec![RunEvent::Judged(Box::new(verdict()))]].concat());
    let expected = "
trove  Fuel 9.2, Docker Engine 20.10.24, overlay2
plugin fuel-plugin-trove 1.0.0  fuel-plugin-trove-1.0-1.0.0-1.noarch.rpm, 56 MB, sha256 abababababab…
took deployment 1 61 s

node    task          type    run 1  moved            run 2  said       differs  verdict
node-1  trove-deploy  puppet   12 s      3            2.5 s  changed          2  not idempotent
node-1  trove-script  shell    12 s      3  2.5 s (2 tries)  nothing          1  silent change
node-1  trove-noisy   puppet   12 s      3            2.5 s  changed          -  noisy
node-1  trove-calm    puppet   12 s      3            2.5 s  unchanged        -  idempotent
and 1 task with nothing to run

node-1 / trove-deploy: not idempotent — it said that it changed something, and the machine differs
  content  /etc/trove/trove.conf: 4 bytes → 5 bytes
    by File[/etc/trove/trove.conf] (deploy.pp:7)
      @@ -1 +1 @@
      -one
      +two\\u{1b}
  service restarted  trove-api.service: pid 71 → pid 99

node-1 / trove-script: silent change — it did not say so, but the machine differs
  created  /etc/new\\nline

node-1 / trove-noisy: noisy — it reports a change and makes none
  says that it changed Exec[date]: executed successfully

not as it was, and no single task can be blamed
  on node-1
    kernel parameter  net.ipv4.ip_forward: 0 → 1
      any of these may have done it: trove-deploy, trove-script

rewritten with the same content (no difference)
  node-1 / trove-calm: /etc/a

moved outside every task (1; fails nothing)
  node-1  content  /srv/counter

hidden as known to move (10)
  1 × path /var/lib/trove/heartbeat: written every 10 s (scenario)
  9 by 1 rule of the noise list; report.json names each

not looked at: the node has no tool for it
  node-1: packages: neither dpkg-query nor rpm is there

checks: 0 of 1 held
  api answers on node-1 after deployment 2
    exit code 7 instead of 0
    $ curl

FAILED trove: 1 not idempotent, 1 silent change, 1 noisy, 1 difference of unknown origin, 1 check failed, 1 idempotent
";
    let shown = render_with(&report, &Style::plain(120));
    assert_eq!(shown, expected, "\n{shown}");
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_narrow_terminal_loses_columns_and_then_letters_but_never_the_verdict() {
    let report = report(&[RunEvent::Judged(Box::new(verdict()))]);
    let shown = render_with(&report, &Style::plain(60));
    let table: Vec<&str> = shown
        .lines()
        .skip_while(|line| !line.starts_with("node "))
        .take(5)
        .collect();
    assert!(table.iter().all(|line| line.chars().count() <= 60), "{table:#?}");
    assert!(
        table[0].ends_with("differs  verdict") && table[1].ends_with("not idempotent"),
        "{table:#?}"
    );
    assert_eq!(cut("primary-controller", 9), "prim…ller");
}

#[test]
fn colours_come_only_when_they_are_asked_for() {
    let report = report(&[RunEvent::Judged(Box::new(verdict()))]);
    assert!(!render_with(&report, &Style::plain(100)).contains('\u{1b}'));
    let coloured = render_with(
        &report,
        &Style {
            colours: true,
            ..Style::plain(100)
        },
    );
    assert!(coloured.contains("\u{1b}[31mnot idempotent\u{1b}[0m"), "{coloured}");
}

#[test]
fn a_run_passes_only_when_verdict_checks_and_snapshots_all_hold() {
    let good = Verdict {
        passed: true,
        ..Verdict::default()
    };
    let judged = RunEvent::Judged(Box::new(good));
    assert!(report(std::slice::from_ref(&judged)).passed);
    assert!(!report(&[]).passed, "no verdict is no pass");
    assert!(
        !report(&[events(), vec![judged.clone()]].concat()).passed,
        "a check failed"
    );
    let differs = RunEvent::Snapshot(SnapshotResult {
        name: "trove".to_owned(),
        file: "snapshots/trove.snap".to_owned(),
        outcome: SnapshotOutcome::Differs("-a\n+b\n".to_owned()),
    });
    let differing = report(&[judged.clone(), differs]);
    assert!(!differing.passed);
    assert!(render_with(&differing, &Style::plain(100)).contains("1 snapshot differs"));
    assert!(!report(&[judged, RunEvent::Failed("interrupted".to_owned())]).passed);
}

#[test]
fn a_failed_deployment_shows_the_failed_task_with_the_end_of_its_output() {
    let record = TaskRecord {
        node_id: "1".to_owned(),
        task: "trove-deploy".to_owned(),
        kind: "shell".to_owned(),
        status: TaskStatus::Failed,
        started: Some(at(10)),
        finished: Some(at(13)),
        attempts: vec![Attempt {
            started: at(10),
            finished: at(13),
            exit_code: Some(2),
            stdout: "so far\n".to_owned(),
            stderr: "no such host\n".to_owned(),
            puppet: None,
            error: None,
        }],
        error: Some("exit code 2".to_owned()),
    };
    let finished = RunEvent::TaskFinished {
        run: 1,
        node: "node-1".to_owned(),
        record: Box::new(record),
    };
    let report = report(
        &[
            events(),
            vec![finished, RunEvent::Failed("deployment 1 failed".to_owned())],
        ]
        .concat(),
    );
    let shown = render_with(&report, &Style::plain(100));
    assert!(
        shown.contains("node-1 / trove-deploy failed in deployment 1\n  exit code 2\n  | so far\n  | no such host\n"),
        "{shown}"
    );
    assert!(shown.trim_end().ends_with("NO VERDICT: deployment 1 failed"), "{shown}");
}

#[test]
fn the_json_comes_back_as_the_same_report_and_agrees_with_its_schema() {
    let directory = tempfile::tempdir().unwrap();
    let directory = camino::Utf8Path::from_path(directory.path()).unwrap().join("run");
    let report = report(&[events(), vec![RunEvent::Judged(Box::new(verdict()))]].concat());
    let files = write_all(&report, &directory).unwrap();
    let text = fs_err::read_to_string(&files.json).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    let schema = serde_json::to_value(schemars::schema_for!(Report)).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for key in written.as_object().unwrap().keys() {
        assert!(properties.contains_key(key), "{key}");
    }
    assert_eq!(report.started.as_deref(), Some("2023-11-14T22:13:20Z"));
}

#[test]
fn a_report_that_cannot_be_written_names_its_place() {
    let report = Report::default();
    let error = write_all(&report, camino::Utf8Path::new("/proc/nowhere")).unwrap_err();
    assert!(error.to_string().starts_with("/proc/nowhere/report.json: "), "{error}");
}

/// A task that ran from `from` on for so many seconds.
fn ran(run: u8, node: &str, task: &str, from: u64, took: u64) -> RunEvent {
    RunEvent::TaskFinished {
        run,
        node: node.to_owned(),
        record: Box::new(TaskRecord {
            node_id: "1".to_owned(),
            task: task.to_owned(),
            kind: "puppet".to_owned(),
            status: TaskStatus::Successful,
            started: Some(at(from)),
            finished: Some(at(from + took)),
            attempts: Vec::new(),
            error: None,
        }),
    }
}

fn whole_run() -> Vec<RunEvent> {
    let tasks = vec![
        ran(1, "node-1", "trove-deploy", 100, 30),
        ran(1, "node-1", "trove-calm", 130, 10),
        ran(1, "node-2", "trove-calm", 105, 20),
        ran(2, "node-1", "trove-deploy", 300, 5),
        ran(2, "node-1", "trove-calm", 305, 5),
    ];
    [events(), tasks, vec![RunEvent::Judged(Box::new(verdict()))]].concat()
}

#[test]
fn the_page_holds_everything_and_asks_nothing_of_the_network() {
    let directory = tempfile::tempdir().unwrap();
    let directory = camino::Utf8Path::from_path(directory.path()).unwrap();
    fs_err::create_dir_all(directory.join("tasks")).unwrap();
    let log = format!("{}the end <of it>", "x".repeat(20_000));
    fs_err::write(directory.join("tasks/2-node-1-trove-deploy.log"), log).unwrap();
    let files = write_all(&report(&whole_run()), directory).unwrap();
    let page = fs_err::read_to_string(files.html).unwrap();
    for shown in [
        "not idempotent",
        "silent change",
        "/etc/trove/trove.conf",
        "/etc/new\\nline",
        "File[/etc/trove/trove.conf]",
        "<span class=\"del\">-one</span>",
        "net.ipv4.ip_forward",
        "/srv/counter",
        "written every 10 s",
        "logs are written all the time",
        "exit code 7 instead of 0",
        "snapshots/trove.snap",
        "the end &lt;of it&gt;",
        "href=\"tasks/2-node-1-trove-deploy.log\"",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"));
    assert!(page.len() < 60_000, "a log is cut: {}", page.len());
}

#[test]
fn the_timeline_has_both_deployments_of_every_node_on_one_scale() {
    let page = html::page(&report(&whole_run()), &|_, _, _| None);
    assert_eq!(page.matches("<svg").count(), 3, "two lanes of node-1, one of node-2");
    // 40 s are 1000 units: the task of 30 s takes 750 of them, in the second deployment 5 s take 125.
    assert!(
        page.contains("class=\"successful\" x=\"0.00\" y=\"3\" width=\"750.00\""),
        "{page}"
    );
    assert!(
        page.contains("class=\"fails\" x=\"0.00\" y=\"3\" width=\"125.00\""),
        "{page}"
    );
    assert!(page.contains("trove-calm (puppet), 20 s, successful"));
}

#[test]
fn what_a_plugin_prints_or_is_called_cannot_break_the_page() {
    let mut verdict = verdict();
    verdict.tasks[0].task = "</summary><img src=x onerror=alert(1)>".to_owned();
    let page = html::page(&report(&[RunEvent::Judged(Box::new(verdict))]), &|_, _, _| None);
    assert!(!page.contains("<img") && page.contains("&lt;img src=x"));
}

#[test]
fn a_run_without_a_verdict_has_a_page_that_says_why() {
    let page = html::page(
        &report(&[events(), vec![RunEvent::Failed("node-1 is gone: killed".to_owned())]].concat()),
        &|_, _, _| None,
    );
    assert!(page.contains("no verdict") && page.contains("node-1 is gone: killed"));
}

#[test]
fn junit_has_a_case_for_every_task_check_and_snapshot() {
    let written = junit::junit(&report(&whole_run())).unwrap();
    for shown in [
        "<testsuite name=\"trove tasks\" tests=\"6\" skipped=\"1\" errors=\"0\" failures=\"3\">",
        "<testcase name=\"trove-deploy\" classname=\"trove.node-1\" time=\"2.500\">",
        "type=\"not idempotent\"",
        "content /etc/trove/trove.conf: 4 bytes → 5 bytes",
        "<testcase name=\"hosts\" classname=\"trove.node-1\" time=\"2.500\">\n            <skipped/>",
        "<testsuite name=\"trove checks\" tests=\"2\" skipped=\"0\" errors=\"0\" failures=\"1\">",
        "message=\"exit code 7 instead of 0\"",
    ] {
        assert!(written.contains(shown), "{shown}\n{written}");
    }
    let lost = junit::junit(&report(&[RunEvent::Failed("no engine\nat all".to_owned())])).unwrap();
    assert!(lost.contains("<error message=\"no engine\">"), "{lost}");
}
