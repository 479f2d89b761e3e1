//! Keys that are nearly, but not quite, ones that Fuel knows.

use super::{Subject, topic::Topic};
use crate::check::files::File;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::suggestion::slip_of;
use crate::yaml::{Mapping, Node};

pub(super) const TOPIC: Topic = Topic {
    title: "Mistyped keys",
    rules: &[&MISTYPED_KEY, &MISPLACED_PARAMETER],
    run,
};

static MISTYPED_KEY: Rule = Rule {
    code: "mistyped-key",
    severity: Severity::Warning,
    title: "A key is nearly one that Fuel knows",
    concerns: "every file and every Fuel version",
    why: "Neither the builder nor Nailgun refuses unknown keys: they have no effect.",
    fix: "Write the key that is meant.",
    example: "requried_for: [deploy_end]   # required_for",
};

static MISPLACED_PARAMETER: Rule = Rule {
    code: "misplaced-parameter",
    severity: Severity::Warning,
    title: "A task's parameter stands outside of `parameters`",
    concerns: "tasks.yaml and deployment_tasks.yaml, every Fuel version",
    why: "Only what is below `parameters` reaches the orchestrator.",
    fix: "Indent it below `parameters`.",
    example: "- id: trove\n  type: puppet\n  puppet_manifest: deploy.pp",
};

const TASK: &[&str] = &[
    "id",
    "type",
    "version",
    "role",
    "roles",
    "groups",
    "tags",
    "tasks",
    "stage",
    "requires",
    "required_for",
    "cross-depends",
    "cross-depended-by",
    "condition",
    "parameters",
    "reexecute_on",
    "refresh_on",
    "test_pre",
    "test_post",
    "fault_tolerance",
    "strategy",
    "fail_on_error",
    "required",
    "cross_depends",
    "cross_depended_by",
    "task_name",
];
const PARAMETERS: &[&str] = &[
    "puppet_manifest",
    "puppet_modules",
    "timeout",
    "retries",
    "interval",
    "cmd",
    "cwd",
    "src",
    "dst",
    "files",
    "path",
    "data",
    "permissions",
    "dir_permissions",
    "strategy",
    "amount",
];
const METADATA: &[&str] = &[
    "name",
    "title",
    "version",
    "package_version",
    "description",
    "fuel_version",
    "licenses",
    "authors",
    "homepage",
    "groups",
    "is_hotpluggable",
    "releases",
    "build_version",
];
const RELEASE: &[&str] = &[
    "os",
    "version",
    "mode",
    "deployment_scripts_path",
    "repository_path",
    "is_release",
];
const ATTRIBUTE: &[&str] = &[
    "type",
    "label",
    "weight",
    "value",
    "values",
    "description",
    "restrictions",
    "regex",
    "nullable",
    "min",
    "max",
    "generator",
    "generator_arg",
];
const NODE_ROLE: &[&str] = &[
    "name",
    "description",
    "has_primary",
    "public_ip_required",
    "weight",
    "conflicts",
    "limits",
    "restrictions",
    "update_required",
    "update_once",
    "group",
    "tags",
    "fault_tolerance",
];

fn run(subject: &Subject<'_>, report: &mut Report) {
    if let Some((file, tree)) = subject.tree("metadata.yaml") {
        keys(file, tree, METADATA, report);
        for release in subject.releases() {
            keys(file, release, RELEASE, report);
        }
    }
    for name in ["tasks.yaml", "deployment_tasks.yaml"] {
        let Some((file, items)) = subject.items(name) else {
            continue;
        };
        for task in items {
            keys(file, task, TASK, report);
            parameters_outside(file, task, report);
            if let Some(parameters) = task.get("parameters") {
                keys(file, parameters, PARAMETERS, report);
            }
        }
    }
    if let Some((file, entries)) = subject.entries("node_roles.yaml") {
        for (_, _, role) in entries {
            keys(file, role, NODE_ROLE, report);
        }
    }
    if let Some((file, tree)) = subject.tree("environment_config.yaml") {
        let attributes = tree.get("attributes").and_then(Node::as_mapping);
        for (key, attribute) in attributes.into_iter().flat_map(Mapping::iter) {
            if key.as_str() != Some("metadata") {
                keys(file, attribute, ATTRIBUTE, report);
            }
        }
    }
}

fn keys(file: &File, node: &Node, known: &[&str], report: &mut Report) {
    let Some(mapping) = node.as_mapping() else { return };
    for (key, _) in mapping.iter() {
        let Some(text) = key.as_str().filter(|text| !known.contains(text)) else {
            continue;
        };
        // A key that stands beside the one it resembles is another one.
        let meant = slip_of(text, known.iter().copied()).filter(|meant| mapping.get(meant).is_none());
        if let Some(meant) = meant {
            let finding = Finding::of(&MISTYPED_KEY, format!("Fuel does not know the key `{text}`"))
                .helping(format!("did you mean `{meant}`?"));
            report.push(file.place(finding, key.span));
        }
    }
}

fn parameters_outside(file: &File, task: &Node, report: &mut Report) {
    for name in ["puppet_manifest", "puppet_modules", "cmd"] {
        let entry = task.as_mapping().and_then(|mapping| mapping.entry(name));
        if let Some((key, _)) = entry {
            let finding = Finding::of(&MISPLACED_PARAMETER, format!("`{name}` stands outside of `parameters`"))
                .helping("indent it below `parameters:`");
            report.push(file.place(finding, key.span));
        }
    }
}
