//! Keys that are nearly, but not quite, ones that Fuel knows.

use super::known_keys::{Below, FILES, Keys};
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

fn run(subject: &Subject<'_>, report: &mut Report) {
    for (name, below) in FILES {
        if let Some((file, tree)) = subject.tree(name) {
            go_through(file, tree, *below, report);
        }
    }
    for name in ["tasks.yaml", "deployment_tasks.yaml"] {
        if let Some((file, items)) = subject.items(name) {
            for task in items {
                parameters_outside(file, task, report);
            }
        }
    }
}

fn go_through(file: &File, node: &Node, below: Below, report: &mut Report) {
    match below {
        Below::Values => {}
        Below::One(known) => keys(file, node, known, report),
        Below::Each(known) => {
            for item in node.as_sequence().unwrap_or_default() {
                keys(file, item, known, report);
            }
        }
        Below::Named(inside) => {
            for (name, value) in node.as_mapping().into_iter().flat_map(Mapping::iter) {
                if name.as_str() != Some("metadata") {
                    go_through(file, value, *inside, report);
                }
            }
        }
    }
}

fn keys(file: &File, node: &Node, known: Keys, report: &mut Report) {
    let Some(mapping) = node.as_mapping() else { return };
    for (key, value) in mapping.iter() {
        let Some(text) = key.as_str() else { continue };
        if let Some(known) = known.iter().find(|known| known.name == text) {
            go_through(file, value, known.below, report);
            continue;
        }
        // A key that stands beside the one it resembles is another one.
        let meant = slip_of(text, known.iter().map(|known| known.name)).filter(|meant| mapping.get(meant).is_none());
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
