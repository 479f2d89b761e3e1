//! Files that only a later package version knows.

use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};

pub(super) const TOPIC: Topic = Topic {
    title: "Files",
    rules: &[&IGNORED_FILE],
    run,
};

static IGNORED_FILE: Rule = Rule {
    code: "ignored-file",
    severity: Severity::Warning,
    title: "A file is there that the package version does not know",
    concerns: "every Fuel version; which files count depends on `package_version`",
    why: "Neither the builder nor Nailgun reads the file, so what it says has no effect.",
    fix: "Raise `package_version` to the one that knows the file, or delete the file.",
    example: "# metadata.yaml, beside a components.yaml\npackage_version: '3.0.0'",
};

/// The files that came later, each with the package version that brought it and the first Fuel that reads it.
const SINCE: &[(&str, u32, &str)] = &[
    ("deployment_tasks.yaml", 3, "7.0"),
    ("network_roles.yaml", 3, "7.0"),
    ("node_roles.yaml", 3, "7.0"),
    ("volumes.yaml", 3, "7.0"),
    ("components.yaml", 4, "8.0"),
    ("node_config.yaml", 5, "9.1"),
    ("nic_config.yaml", 5, "9.1"),
    ("bond_config.yaml", 5, "9.1"),
];

fn run(subject: &Subject<'_>, report: &mut Report) {
    for (name, since, fuel) in SINCE {
        let path = subject.directory.join(name);
        if subject.format.number < *since && path.is_file() {
            let version = subject.format.version;
            let finding = Finding::of(&IGNORED_FILE, format!("package version {version} does not know {name}"))
                .in_file(&path)
                .helping(format!(
                    "delete it, or write `package_version: '{since}.0.0'` (Fuel {fuel} and later)"
                ));
            report.push(finding);
        }
    }
}
