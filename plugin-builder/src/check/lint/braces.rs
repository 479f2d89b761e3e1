//! Braces: Nailgun passes texts through Python's `str.format`.

use super::conditions::tasks;
use super::scalar_place::inside;
use super::setting::{attributes, fuel_versions};
use super::{Subject, topic::Topic};
use crate::check::files::File;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::python::{field_root, parse_format};
use crate::yaml::{Mapping, Node, Yaml};

pub(super) const TOPIC: Topic = Topic {
    title: "Braces in texts",
    rules: &[&BRACES_RAISE, &BRACES_KEPT, &BRACES_HALVED],
    run,
};

static BRACES_RAISE: Rule = Rule {
    code: "braces-raise",
    severity: Severity::Warning,
    title: "A text in the settings breaks Nailgun 8.0, which formats it",
    concerns: "8.0: every text of environment_config.yaml but regular expressions",
    why: "Nailgun 8.0 passes every text of the section through Python's `str.format` with `{settings}` and `{cluster}`; any \
          other brace is an exception, and the environment's settings cannot be read.",
    fix: "Write `{{` and `}}` for braces; both 8.0 and 9.x make one of two.",
    example: "description: 'A JSON object, such as {\"a\": 1}'   # {{\"a\": 1}}",
};

static BRACES_KEPT: Rule = Rule {
    code: "braces-kept",
    severity: Severity::Warning,
    title: "A field in a text is not filled in, because of another brace",
    concerns: "9.x: texts of environment_config.yaml, parameters of tasks",
    why: "Nailgun 9.x fills in the whole text or, if any brace in it is no field that it knows, nothing at all: the field \
          stays as it is written, without an error.",
    fix: "Double the braces that are no fields: `{{`, `}}`.",
    example: "parameters: {cmd: \"curl {MASTER_IP} | awk '{print $1}'\", timeout: 60}   # awk '{{print $1}}'",
};

static BRACES_HALVED: Rule = Rule {
    code: "braces-halved",
    severity: Severity::Warning,
    title: "A template's braces are halved",
    concerns: "8.0 and 9.x: texts of environment_config.yaml",
    why: "Nailgun passes the text through Python's `str.format`, which makes `{ x }` of `{{ x }}`, so that the template is none \
          any more.",
    fix: "Write four braces where two are meant: `{{{{ x }}}}`.",
    example: "value: 'http://{{ host }}/'   # '{{{{ host }}}}'",
};

/// What Nailgun has for texts in settings, and for texts in parameters of tasks (9.x).
const SETTING_FIELDS: &[&str] = &["settings", "cluster"];
const TASK_FIELDS: &[&str] = &[
    "CLUSTER_ID",
    "OPENSTACK_VERSION",
    "MASTER_IP",
    "CN_HOSTNAME",
    "SETTINGS",
];

fn run(subject: &Subject<'_>, report: &mut Report) {
    let versions = fuel_versions(subject);
    let (raises, keeps) = (versions.contains(&"8.0"), versions.contains(&"9.2"));
    if (raises || keeps)
        && let Some((file, attributes)) = attributes(subject)
    {
        for node in texts(attributes) {
            setting_text(file, node, raises, report);
        }
    }
    if keeps {
        for (file, task) in tasks(subject, "deployment_tasks.yaml") {
            for node in task
                .get("parameters")
                .and_then(Node::as_mapping)
                .into_iter()
                .flat_map(texts)
            {
                task_text(file, node, report);
            }
        }
    }
}

/// All texts with braces; what is below `regex` is not formatted.
fn texts(mapping: &Mapping) -> Vec<&Node> {
    let mut found = Vec::new();
    let mut waiting: Vec<&Node> = Vec::new();
    push(mapping, &mut waiting);
    while let Some(node) = waiting.pop() {
        match &node.value {
            Yaml::String(text) if text.contains(['{', '}']) => found.push(node),
            Yaml::Sequence(items) => waiting.extend(items),
            Yaml::Mapping(mapping) => push(mapping, &mut waiting),
            _ => {}
        }
    }
    found
}

fn push<'a>(mapping: &'a Mapping, waiting: &mut Vec<&'a Node>) {
    waiting.extend(
        mapping
            .iter()
            .filter(|(key, _)| key.as_str() != Some("regex"))
            .map(|(_, value)| value),
    );
}

fn setting_text(file: &File, node: &Node, raises: bool, report: &mut Report) {
    let text = node.as_str().unwrap_or_default();
    let fault = match parse_format(text) {
        Err(fault) => Some((fault.offset, fault.why.to_owned())),
        Ok(found) => {
            if found.fields.is_empty() && is_template(text) {
                let finding = Finding::of(&BRACES_HALVED, "Nailgun makes one brace of each two in this template")
                    .helping("write `{{{{` and `}}}}`");
                let offset = found.doubled.first().copied().unwrap_or(0);
                report.push(file.place(finding, inside(file, node, offset)));
                return;
            }
            found
                .fields
                .into_iter()
                .find(|(field, _)| !SETTING_FIELDS.contains(&field_root(field)))
                .map(|(field, offset)| (offset, format!("`{{{field}}}`, which is no field of Nailgun's")))
        }
    };
    let Some((offset, why)) = fault else { return };
    let has_field = SETTING_FIELDS.iter().any(|field| text.contains(&format!("{{{field}.")));
    let finding = if raises {
        Finding::of(&BRACES_RAISE, format!("Nailgun 8.0 cannot format this text: {why}"))
    } else if has_field {
        Finding::of(
            &BRACES_KEPT,
            format!("Nailgun 9.x fills in nothing in this text: {why}"),
        )
    } else {
        return;
    };
    report.push(file.place(
        finding.helping("write `{{` and `}}` for braces"),
        inside(file, node, offset),
    ));
}

fn task_text(file: &File, node: &Node, report: &mut Report) {
    let text = node.as_str().unwrap_or_default();
    // Puppet and shell write `${MASTER_IP}` for variables of their own.
    let Some(field) = TASK_FIELDS.iter().find(|field| {
        let brace = format!("{{{field}");
        text.match_indices(&brace).any(|(index, _)| {
            let after = text[index + brace.len()..].chars().next();
            !text[..index].ends_with('$') && matches!(after, Some('}' | '.' | '['))
        })
    }) else {
        return;
    };
    let fault = match parse_format(text) {
        Err(fault) => Some((fault.offset, fault.why.to_owned())),
        Ok(found) => found
            .fields
            .into_iter()
            .find(|(name, _)| !TASK_FIELDS.contains(&field_root(name)))
            .map(|(name, offset)| (offset, format!("`{{{name}}}`, which is no field of Nailgun's"))),
    };
    if let Some((offset, why)) = fault {
        let message = format!("`{{{field}}}` stays as it is, because of {why}");
        let finding = Finding::of(&BRACES_KEPT, message).helping("write `{{` and `}}` for braces");
        report.push(file.place(finding, inside(file, node, offset)));
    }
}

/// Whether doubled braces look like a template's: `{{ name }}`, `{{name}}`.
fn is_template(text: &str) -> bool {
    text.split("{{").skip(1).any(|rest| {
        rest.split_once("}}").is_some_and(|(inside, _)| {
            let name = inside.trim();
            !name.is_empty()
                && name
                    .chars()
                    .all(|next| next.is_ascii_alphanumeric() || "_.|() '".contains(next))
        })
    })
}
