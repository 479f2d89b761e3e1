//! The plugin's own version.

use super::{Subject, topic::Topic};
use crate::check::version::StrictVersion;
use crate::finding::{Finding, Report, Rule, Severity};

pub(super) const TOPIC: Topic = Topic {
    title: "The plugin's version",
    rules: &[&VERSION_FORM],
    run,
};

static VERSION_FORM: Rule = Rule {
    code: "version-form",
    severity: Severity::Warning,
    title: "The plugin's version cannot be built",
    concerns: "every package version",
    why: "`fpb --check` does not look at it, but the build and Nailgun split it at its dots and fail otherwise.",
    fix: "Write two or three numbers, with an optional suffix a1 or b1.",
    example: "version: 'v1.0'   # write '1.0.0'",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tree)) = subject.tree("metadata.yaml") else {
        return;
    };
    let Some(version) = tree.get("version") else { return };
    if let Some(text) = version.as_str().filter(|text| StrictVersion::parse(text).is_none()) {
        let finding = Finding::of(&VERSION_FORM, format!("version `{text}` cannot be built"));
        report.push(file.place(finding.helping("write a version like '1.0.0'"), version.span));
    }
}
