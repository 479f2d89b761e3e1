//! Keys that are written twice.

use super::{Subject, topic::Topic};
use crate::check::files::File;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::yaml::Node;

pub(super) const TOPIC: Topic = Topic {
    title: "Keys",
    rules: &[&DUPLICATE_KEY],
    run,
};

static DUPLICATE_KEY: Rule = Rule {
    code: "duplicate-key",
    severity: Severity::Warning,
    title: "A key is written twice in one mapping",
    concerns: "every Fuel version and every file",
    why: "The builder and every Fuel version take the last one and say nothing.",
    fix: "Remove one of the two, or give them different names.",
    example: "role: [controller]   # has no effect\nrole: [compute]",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for (file, tree) in subject.trees() {
        duplicates(file, tree, report);
    }
}

fn duplicates(file: &File, node: &Node, report: &mut Report) {
    if let Some(mapping) = node.as_mapping() {
        for duplicate in mapping.duplicates() {
            let key = duplicate.key.to_json();
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            let finding = Finding::of(&DUPLICATE_KEY, format!("`{key}` is written twice; this one counts"))
                .relating("this one has no effect", &file.path, duplicate.first, &file.text)
                .helping("remove one of the two");
            report.push(file.place(finding, duplicate.key.span));
        }
        for (_, value) in mapping.iter() {
            duplicates(file, value, report);
        }
    }
    for item in node.as_sequence().unwrap_or_default() {
        duplicates(file, item, report);
    }
}
