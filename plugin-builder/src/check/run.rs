//! The run of a check.

use camino::Utf8Path;

use crate::check::files::{File, Files};
use crate::check::format::{CheckStep, Format, Presence};
use crate::check::lint::{
    self, FILE_EMPTY, FILE_MISSING, METADATA_SHAPE, PACKAGE_VERSION, SCHEMA, Subject, TASK_UNASSIGNED,
};
use crate::check::releases;
use crate::check::rules::{deployment_tasks, environment_config, tasks};
use crate::check::schema::Schema;
use crate::check::validate::{Step, Violation, validate};
use crate::finding::{Finding, Header, Report, Severity};
use crate::python::{dict_order, repr};
use crate::yaml::{Node, Span, Yaml};

/// Checks a plugin's directory with the rules of its package format.
///
/// The findings' errors stand in the original builder's order; it stops at the first, this does not. What
/// the original accepts is never an error here. `directory` is shown in messages as it is given.
#[must_use]
pub fn check(directory: &Utf8Path) -> Report {
    check_in_steps(directory, &mut |_| {})
}

/// As [`check`], telling each step before it is done.
pub(crate) fn check_in_steps(directory: &Utf8Path, told: &mut dyn FnMut(&CheckStep)) -> Report {
    let mut report = Report::default();
    let mut files = Files::new(directory);
    if let Some(format) = choose_format(files.get("metadata.yaml"), &mut report) {
        for step in format.steps {
            told(step);
            run_step(step, format, &mut files, &mut report);
        }
        report.drop_repeated_rules(SCHEMA.code);
        lint::run(&Subject::new(format, &files), &mut report);
    } else {
        without_format(&mut files, &mut report);
    }
    report.drop_repeated();
    report
}

/// The original stops here; a mistyped `package_version` is told all the same, and what else is plainly wrong.
fn without_format(files: &mut Files<'_>, report: &mut Report) {
    for name in lint::file_names() {
        files.get(name);
    }
    lint::run_without_format(&Subject::new(Format::newest(), files), report);
}

/// `package_version` decides on everything else, and comes before every other check.
fn choose_format(file: &File, report: &mut Report) -> Option<&'static Format> {
    let tree = match &file.tree {
        Ok(tree) => tree,
        Err(error) => {
            report.push(file.unreadable(error));
            return None;
        }
    };
    let python_type = match &tree.value {
        Yaml::Mapping(_) => None,
        Yaml::Null => Some("NoneType"),
        Yaml::Bool(_) => Some("bool"),
        Yaml::Integer(_) => Some("int"),
        Yaml::Float(_) => Some("float"),
        Yaml::String(_) | Yaml::Binary(_) => Some("str"),
        Yaml::Timestamp(_) => Some("datetime.date"),
        Yaml::Sequence(_) => Some("list"),
        Yaml::Set(_) => Some("set"),
    };
    if let Some(python_type) = python_type {
        let message = format!("'{python_type}' object has no attribute 'get'");
        let finding = Finding::error(&METADATA_SHAPE, Header::Unexpected, message)
            .saying("metadata.yaml must be a mapping (`name: …`)");
        report.push(file.place(finding, tree.span));
        return None;
    }
    let value = tree.get("package_version");
    let version = match value {
        None => "None".to_owned(),
        Some(value) => value.as_str().map_or_else(|| repr(value), str::to_owned),
    };
    // A number that looks right is not: only text is compared.
    let format = value.and_then(Node::as_str).and_then(Format::find);
    if format.is_none() {
        let known: Vec<&str> = Format::versions().collect();
        let words = match value {
            None => "`package_version` is missing".to_owned(),
            Some(_) => format!("package version `{version}` is not known"),
        };
        let finding = Finding::error(
            &PACKAGE_VERSION,
            Header::Unexpected,
            format!("Wrong package version \"{version}\""),
        )
        .saying(words)
        .helping(format!("write one of '{}'", known.join("', '")));
        report.push(file.place(finding, value.unwrap_or(tree).span));
    }
    format
}

fn run_step(step: &CheckStep, format: &'static Format, files: &mut Files<'_>, report: &mut Report) {
    match step {
        CheckStep::File(name, presence, schema) => {
            let file = files.get(name);
            if let Some(tree) = content(file, *presence, report) {
                run_schema(file, &schema(format), tree, &[], report);
            }
        }
        CheckStep::Settings => settings(files.get("environment_config.yaml"), format, report),
        // The step before has said it already.
        CheckStep::TasksNotEmpty => {}
        CheckStep::TaskParameters => task_parameters(files.get("tasks.yaml"), format, report),
        CheckStep::DeploymentTasks => each_deployment_task(files.get("deployment_tasks.yaml"), format, report),
        CheckStep::ReleasePaths => {
            let directory = files.directory();
            releases::paths(directory, files.get("metadata.yaml"), report);
        }
        CheckStep::Compatibility => releases::compatibility(format, files.get("metadata.yaml"), report),
    }
}

/// The file's tree, if there is one to check.
fn content<'a>(file: &'a File, presence: Presence, report: &mut Report) -> Option<&'a Node> {
    match &file.tree {
        Ok(tree) if tree.is_null() => {
            if presence != Presence::MayBeEmpty {
                let message = format!("File '{}' is empty", file.path);
                let finding = Finding::error(&FILE_EMPTY, Header::Validation, message).in_file(&file.path);
                report.push(finding.helping("a list without entries is written `[]`; an optional file may be deleted"));
            }
            None
        }
        Ok(tree) => Some(tree),
        Err(error) if error.is_not_found() => {
            if presence == Presence::Required {
                let message = format!("File '{}' does not exist", file.path);
                report.push(Finding::error(&FILE_MISSING, Header::Validation, message).in_file(&file.path));
            }
            None
        }
        Err(error) => {
            report.push(file.unreadable(error));
            None
        }
    }
}

fn settings(file: &File, format: &Format, report: &mut Report) {
    let tree = match &file.tree {
        Ok(tree) => tree,
        Err(error) => {
            report.push(file.unreadable(error));
            return;
        }
    };
    // Anything that Python takes for false is as good as no settings.
    if tree.is_falsy() {
        return;
    }
    run_schema(file, &environment_config::root(format), tree, &[], report);
    let Some(attributes) = tree.get("attributes").and_then(Node::as_mapping) else {
        return;
    };
    for (key, value) in dict_order(attributes) {
        let name = key.as_str().map_or_else(|| repr(key), str::to_owned);
        let prefix = [Step::Key("attributes".to_owned()), Step::Key(name.clone())];
        run_schema(file, &Format::setting(&name), value, &prefix, report);
    }
}

fn task_parameters(file: &File, format: &Format, report: &mut Report) {
    let Ok(tree) = &file.tree else { return };
    for (index, task) in tree.as_sequence().unwrap_or_default().iter().enumerate() {
        let schema = task
            .get("type")
            .and_then(Node::as_str)
            .and_then(|kind| tasks::parameters(format, kind));
        if let (Some(schema), Some(parameters)) = (schema, task.get("parameters")) {
            let prefix = [Step::Index(index), Step::Key("parameters".to_owned())];
            run_schema(file, &schema, parameters, &prefix, report);
        }
    }
}

fn each_deployment_task(file: &File, format: &Format, report: &mut Report) {
    let Ok(tree) = &file.tree else { return };
    let tasks = tree.as_sequence().unwrap_or_default();
    for (index, task) in tasks.iter().enumerate() {
        let Some(kind) = task.get("type").and_then(Node::as_str) else {
            continue;
        };
        let Some(schema) = deployment_tasks::of_type(format, kind) else {
            continue;
        };
        if format.number >= 4 && kind != "stage" {
            unassigned_task(file, task, tasks, report);
        }
        run_schema(file, &schema, task, &[Step::Index(index)], report);
    }
}

/// A task that names no roles runs nowhere; the original only warns.
fn unassigned_task(file: &File, task: &Node, tasks: &[Node], report: &mut Report) {
    let assigned = ["roles", "groups", "role"]
        .iter()
        .any(|key| task.get(key).is_some_and(|value| !value.is_falsy()));
    if assigned {
        return;
    }
    let id = task.get("id").map_or_else(
        || "None".to_owned(),
        |id| id.as_str().map_or_else(|| repr(id), str::to_owned),
    );
    let message = format!(
        "Task {id} does not contain roles/groups/role fields. That may lead to tasks being unassigned to nodes."
    );
    let skipped = task.get("type").and_then(Node::as_str) == Some("skipped");
    let grouped = || {
        let mut listed = tasks
            .iter()
            .filter_map(|group| group.get("tasks")?.as_sequence())
            .flatten();
        listed.any(|name| name.as_str() == Some(id.as_str()))
    };
    let mut finding = if skipped {
        Finding::of(
            &TASK_UNASSIGNED,
            format!("task `{id}` names no roles; it is skipped anyway"),
        )
    } else if grouped() {
        Finding::of(
            &TASK_UNASSIGNED,
            format!("task `{id}` names no roles but those of its group"),
        )
    } else {
        Finding::of(
            &TASK_UNASSIGNED,
            format!("task `{id}` names no roles, so it may run nowhere"),
        )
        .helping("add `role: [controller]`")
    };
    if finding.help.is_none() {
        finding.severity = Severity::Note;
    }
    finding.builder_message = Some(message);
    report.push(file.place(finding, task.span));
}

/// Runs a schema; `prefix` is the way from the file's root to the value.
fn run_schema(file: &File, schema: &Schema, node: &Node, prefix: &[Step], report: &mut Report) {
    let Ok(tree) = &file.tree else { return };
    let outcome = validate(schema, node);
    for violation in outcome.violations {
        let full: Vec<Step> = prefix.iter().cloned().chain(violation.path.iter().cloned()).collect();
        let span = locate(tree, &full, violation.key.as_deref());
        report.push(schema_finding(file, &violation, prefix, &full, span));
    }
    if let Some(abort) = outcome.abort {
        let full: Vec<Step> = prefix.iter().cloned().chain(abort.path).collect();
        let finding =
            Finding::error(&SCHEMA, abort.header, abort.message).saying(format!("{} {}", subject(&full), abort.words));
        report.push(file.place(finding, locate(tree, &full, None)));
    }
}

fn schema_finding(file: &File, violation: &Violation, prefix: &[Step], full: &[Step], span: Span) -> Finding {
    let shown: Vec<String> = prefix
        .iter()
        .chain(&violation.shown_path)
        .map(Step::to_string)
        .collect();
    let mut message = format!("File '{}', {}", file.path, violation.message);
    if !shown.is_empty() {
        message.push_str(&format!(", value path '{}'", shown.join(" -> ")));
    }
    let finding =
        Finding::error(&SCHEMA, Header::Validation, message).saying(format!("{} {}", subject(full), violation.words));
    let finding = match &violation.help {
        Some(help) => finding.helping(help.clone()),
        None => finding,
    };
    file.place(finding, span)
}

/// What a message is about: `` `attributes.a.label` ``, or the file.
fn subject(path: &[Step]) -> String {
    if path.is_empty() {
        return "the file".to_owned();
    }
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    format!("`{text}`")
}

/// Where a path leads to; a null value has no look of its own, so its key is shown.
fn locate(tree: &Node, path: &[Step], key: Option<&str>) -> Span {
    let mut node = tree;
    let mut span = tree.span;
    for step in path {
        let next = match step {
            Step::Key(key) => node.as_mapping().and_then(|mapping| mapping.entry(key)),
            Step::Index(index) => node
                .as_sequence()
                .and_then(|items| items.get(*index))
                .map(|item| (item, item)),
        };
        let Some((key, value)) = next else { return span };
        span = if value.is_null() { key.span } else { value.span };
        node = value;
    }
    let key = key.and_then(|key| node.as_mapping().and_then(|mapping| mapping.entry(key)));
    key.map_or(span, |(key, _)| key.span)
}
