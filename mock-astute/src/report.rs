//! What Puppet says of a run: `last_run_summary.yaml` and `last_run_report.yaml`.

use serde_json::{Map, Value as Json, json};
use serde_yaml::{Mapping, Value};

use crate::event::{PuppetResource, PuppetRun};

/// Reports above this size are not parsed; an honest catalogue stays far below, and parsing takes many times as much.
const LARGEST_REPORT: usize = 16 * 1024 * 1024;
/// Reports above this size do not go into the task history.
const LARGEST_RAW_REPORT: usize = 4 * 1024 * 1024;
/// How many lines of errors and of output are kept.
const KEPT_LINES: usize = 200;
/// How many characters of a line are kept.
const LINE_LENGTH: usize = 4096;

/// Both files together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// The run by Puppet's own account.
    pub(crate) run: PuppetRun,
    /// What its `exec` resources printed, line by line, where they log it.
    pub(crate) exec_output: Vec<String>,
}

/// Reads both files as far as they can be read.
///
/// The summary decides: missing or unreadable, or without `resources.failed`, it counts as one failure. The report
/// only explains, so nothing in it can make a run fail.
pub(crate) fn read(summary: Option<&[u8]>, report: Option<&[u8]>) -> Account {
    let mut account = Account::default();
    let run = &mut account.run;
    run.summary = answered(summary.and_then(parse).as_ref());
    let count = |key: &str| run.summary["resources"][key].as_u64();
    run.failed = count("failed").unwrap_or(1);
    run.failed_to_restart = count("failed_to_restart").unwrap_or(0);
    run.changed = count("changed").unwrap_or(0);
    match report {
        None => {}
        Some(report) if report.len() > LARGEST_REPORT => run.errors.push(format!(
            "last_run_report.yaml has {} bytes and was not read",
            report.len()
        )),
        Some(report) => match parse(report) {
            Some(report) => explain(&report, &mut account),
            None => run
                .errors
                .push("last_run_report.yaml is no YAML that can be read".to_owned()),
        },
    }
    account
}

/// What Astute's agent answers when it is asked for the summary of the last run, from that file.
fn answered(summary: Option<&Value>) -> Map<String, Json> {
    let section = |key: &str| {
        let section = get(summary?, key)?;
        serde_json::to_value(section).ok().filter(Json::is_object)
    };
    let mut resources = json!({"failed": 1, "changed": 0, "total": 0, "restarted": 0, "out_of_sync": 0});
    if let (Some(resources), Some(Json::Object(counted))) = (resources.as_object_mut(), section("resources")) {
        let count = |(key, count): (String, Json)| (key.trim_start_matches(':').to_owned(), count);
        resources.extend(counted.into_iter().map(count));
    }
    let mut answer = Map::from_iter([("resources".to_owned(), resources)]);
    for key in ["time", "events", "changes", "version"] {
        if let Some(section) = section(key) {
            answer.insert(key.to_owned(), section);
        }
    }
    answer
}

/// What a task that asks for the raw report is answered: the report itself, or, of a run that only told what it would
/// do, what its log says.
pub(crate) fn raw_report(report: &[u8], noop: bool) -> Json {
    if report.len() > LARGEST_RAW_REPORT {
        return format!("last_run_report.yaml has {} bytes and is left out", report.len()).into();
    }
    if !noop {
        return String::from_utf8_lossy(report).into();
    }
    let report = parse(report).unwrap_or(Value::Null);
    let logs = get(&report, "logs").and_then(Value::as_sequence).into_iter().flatten();
    let told = logs.filter_map(|log| {
        let text = |key| get(log, key).and_then(Value::as_str);
        if text("level")?.trim_start_matches(':') == "info" {
            return None;
        }
        let mut entry = json!({"source": text("source")?, "message": text("message")?});
        if let Some(file) = text("file") {
            entry["file"] = file.into();
        }
        if let Some(line) = get(log, "line").and_then(Value::as_u64) {
            entry["line"] = line.into();
        }
        Some(entry)
    });
    told.collect()
}

fn explain(report: &Value, account: &mut Account) {
    let Account { run, exec_output } = account;
    if let Some(resources) = get(report, "resource_statuses").and_then(Value::as_mapping) {
        for (name, status) in resources {
            let Some(name) = name.as_str() else { continue };
            let is = |key| get(status, key).and_then(Value::as_bool).unwrap_or(false);
            let (changed, failed) = (is("changed"), is("failed") || is("failed_to_restart"));
            if !changed && !failed {
                continue;
            }
            let resource = resource(name, status);
            if failed {
                run.failed_resources.push(resource.clone());
            }
            if changed {
                run.changed_resources.push(resource);
            }
        }
    }
    let logs = get(report, "logs").and_then(Value::as_sequence);
    for log in logs.into_iter().flatten() {
        let Some(message) = get(log, "message").and_then(Value::as_str) else {
            continue;
        };
        let text = |key| get(log, key).and_then(Value::as_str).unwrap_or_default();
        // Levels are symbols: `!ruby/sym err` in one Puppet, `:err` in another, `err` in a third.
        let level = text("level").trim_start_matches(':');
        if matches!(level, "err" | "alert" | "emerg" | "crit") && run.errors.len() < KEPT_LINES {
            let place = match (get(log, "file"), get(log, "line").and_then(Value::as_u64)) {
                (Some(Value::String(file)), Some(line)) if !message.contains(file.as_str()) => {
                    format!(" ({file}:{line})")
                }
                _ => String::new(),
            };
            run.errors.push(cut(&format!("{}{place}", without_backtrace(message))));
        }
        // Output carries the tag `returns`; that the command was executed, or was not, is said without it.
        let is_output = get(log, "tags")
            .and_then(Value::as_sequence)
            .is_some_and(|tags| tags.iter().any(|tag| tag.as_str() == Some("returns")));
        if is_output && text("source").ends_with("]/returns") && exec_output.len() < KEPT_LINES {
            exec_output.push(cut(message));
        }
    }
}

fn resource(name: &str, status: &Value) -> PuppetResource {
    let title = name.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
    PuppetResource {
        name: name.to_owned(),
        file: get(status, "file").and_then(Value::as_str).map(str::to_owned),
        line: get(status, "line").and_then(Value::as_u64),
        time: get(status, "time").and_then(Value::as_str).map(rfc_3339),
        events: get(status, "events")
            .and_then(Value::as_sequence)
            .into_iter()
            .flatten()
            .filter_map(|event| get(event, "message")?.as_str())
            .take(KEPT_LINES)
            .map(cut)
            .collect(),
        // The report does not name the parameter `path`; as a rule the title is it.
        path: title
            .filter(|title| name.starts_with("File[") && title.starts_with('/'))
            .map(str::to_owned),
    }
}

/// YAML writes a time as `2017-01-02 03:04:05.6 +00:00`.
fn rfc_3339(time: &str) -> String {
    let words: Vec<&str> = time.split(' ').collect();
    match words.as_slice() {
        [date, clock, zone] => format!("{date}T{clock}{zone}"),
        _ => time.to_owned(),
    }
}

/// `--trace` puts Ruby's backtrace below the message.
fn without_backtrace(message: &str) -> String {
    let lines: Vec<&str> = message
        .lines()
        .filter(|line| !(line.starts_with('/') && line.contains(":in `")))
        .collect();
    lines.join("\n")
}

/// A line, cut to a bearable length.
pub(crate) fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Parses YAML of Ruby's: tags like `!ruby/object:Puppet::Util::Log` and `!ruby/sym` fall away.
fn parse(text: &[u8]) -> Option<Value> {
    serde_yaml::from_slice(text).ok().map(untagged)
}

fn untagged(value: Value) -> Value {
    match value {
        Value::Tagged(tagged) => untagged(tagged.value),
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(untagged).collect()),
        Value::Mapping(entries) => Value::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| (untagged(key), untagged(value)))
                .collect::<Mapping>(),
        ),
        other => other,
    }
}

/// A key of a mapping; old Puppets write keys as symbols in places.
fn get<'value>(value: &'value Value, key: &str) -> Option<&'value Value> {
    let mapping = value.as_mapping()?;
    mapping.get(key).or_else(|| mapping.get(format!(":{key}").as_str()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::missing(None, 1)]
    #[case::empty(Some(""), 1)]
    #[case::no_yaml(Some("a: [b"), 1)]
    #[case::without_resources(Some("version: {config: 1}\n"), 1)]
    #[case::without_failed(Some("resources: {changed: 2}\n"), 1)]
    #[case::good(Some("resources: {failed: 0, changed: 2}\n"), 0)]
    #[case::bad(Some("resources: {failed: 3}\n"), 3)]
    fn a_summary_without_a_count_of_failures_is_a_failure(#[case] summary: Option<&str>, #[case] failed: u64) {
        assert_eq!(read(summary.map(str::as_bytes), None).run.failed, failed);
    }

    #[test]
    fn a_report_of_ruby_objects_tells_what_changed_and_what_failed() {
        let report = r#"--- !ruby/object:Puppet::Transaction::Report
host: node-1.domain.tld
logs:
- !ruby/object:Puppet::Util::Log
  level: !ruby/sym err
  message: "Could not start Service[trove]"
  source: "/Stage[main]/Trove/Service[trove]/ensure"
  file: /etc/puppet/modules/trove/manifests/init.pp
  line: 7
- level: notice
  message: hello
  source: "/Stage[main]/Main/Exec[task_shell]/returns"
  tags: [notice, exec, returns]
resource_statuses:
  File[/etc/trove/trove.conf]: !ruby/object:Puppet::Resource::Status
    resource: File[/etc/trove/trove.conf]
    file: /etc/puppet/modules/trove/manifests/init.pp
    line: 3
    changed: true
    failed: false
    time: 2017-01-02 03:04:05.678 +00:00
    events:
    - !ruby/object:Puppet::Transaction::Event
      message: "defined content as '{md5}d41d8'"
      status: !ruby/sym success
  Service[trove]: !ruby/object:Puppet::Resource::Status
    changed: false
    failed: true
    events: []
  Package[trove]:
    changed: false
    failed: false
"#;
        let Account { run, exec_output } = read(
            Some(b"resources: {failed: 1, changed: 1, failed_to_restart: 0}"),
            Some(report.as_bytes()),
        );
        assert_eq!((run.failed, run.changed), (1, 1));
        assert_eq!(
            run.changed_resources,
            [PuppetResource {
                name: "File[/etc/trove/trove.conf]".into(),
                file: Some("/etc/puppet/modules/trove/manifests/init.pp".into()),
                line: Some(3),
                time: Some("2017-01-02T03:04:05.678+00:00".into()),
                events: vec!["defined content as '{md5}d41d8'".into()],
                path: Some("/etc/trove/trove.conf".into()),
            }]
        );
        assert_eq!(run.failed_resources[0].name, "Service[trove]");
        assert_eq!(
            run.errors,
            ["Could not start Service[trove] (/etc/puppet/modules/trove/manifests/init.pp:7)"]
        );
        assert_eq!(exec_output, ["hello"]);
    }

    #[test]
    fn a_broken_report_does_not_change_what_the_summary_says() {
        let run = read(Some(b"resources: {failed: 0}"), Some(b"{")).run;
        assert_eq!(run.failed, 0);
        assert_eq!(run.errors.len(), 1);
    }

    #[test]
    fn the_history_gets_the_summary_as_astutes_agent_answers_it() {
        let read = |text: &str| Json::Object(read(Some(text.as_bytes()), None).run.summary);
        assert_eq!(
            read("resources: {failed: 0, skipped: 3}\ntime: {total: 1.5}\nversion: {puppet: 7.23.0}\nother: 1\n"),
            json!({
                "resources": {"failed": 0, "changed": 0, "total": 0, "restarted": 0, "out_of_sync": 0, "skipped": 3},
                "time": {"total": 1.5},
                "version": {"puppet": "7.23.0"},
            })
        );
        let nothing = json!({"failed": 1, "changed": 0, "total": 0, "restarted": 0, "out_of_sync": 0});
        assert_eq!(read("no: resources"), json!({"resources": nothing}));
        assert_eq!(read("resources: [1]"), json!({"resources": nothing}));
    }

    #[test]
    fn the_raw_report_of_a_noop_run_is_what_its_log_would_do() {
        let report = b"logs:\n- {level: notice, source: 'File[/a]', message: would have, file: /m.pp, line: 3}\n\
            - {level: ':info', source: Class, message: Unscheduling}\n- {level: warning, source: Puppet, message: odd}\n";
        assert_eq!(
            raw_report(report, true),
            json!([
                {"source": "File[/a]", "message": "would have", "file": "/m.pp", "line": 3},
                {"source": "Puppet", "message": "odd"},
            ])
        );
        assert_eq!(raw_report(b"logs: []\n", false), json!("logs: []\n"));
        assert_eq!(raw_report(b"a: [b", true), json!([]));
    }

    const SUMMARY: &[u8] = include_bytes!("../tests/data/last_run_summary-puppet-7.23.yaml");
    const REPORT: &[u8] = include_bytes!("../tests/data/last_run_report-puppet-7.23.yaml");
    const SHELL_REPORT: &[u8] = include_bytes!("../tests/data/last_run_report-failed-shell-task-puppet-7.23.yaml");

    #[test]
    fn a_report_of_puppet_7_is_read_without_its_backtraces() {
        let run = read(Some(SUMMARY), Some(REPORT)).run;
        assert_eq!((run.failed, run.changed, run.failed_to_restart), (2, 2, 0));
        let names = |resources: &[PuppetResource]| -> Vec<String> {
            resources.iter().map(|resource| resource.name.clone()).collect()
        };
        assert_eq!(names(&run.changed_resources), ["File[/srv/x]", "File[named]"]);
        assert_eq!(run.changed_resources[0].path.as_deref(), Some("/srv/x"));
        assert_eq!(run.changed_resources[1].path, None);
        assert_eq!(
            names(&run.failed_resources),
            ["Package[no-such-package]", "File[/srv/nope]"]
        );
        assert!(
            run.errors[0].ends_with("E: Unable to locate package no-such-package"),
            "{}",
            run.errors[0]
        );
    }

    #[test]
    fn the_output_of_a_shell_task_is_what_its_command_printed() {
        assert_eq!(read(None, Some(SHELL_REPORT)).exec_output, ["hello", "err"]);
    }
}
