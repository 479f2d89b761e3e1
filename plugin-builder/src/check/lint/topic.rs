//! The topics: which rules there are, and what looks for them.

use super::{
    Subject, braces, builder, clashes, constraints, core_names, deployment_tasks, expressions, ignored_files,
    installed_paths, layout, legacy, mistyped_keys, secrets, setting_regexes, setting_values, task_files, timeouts,
    version, yaml_keys,
};
use crate::finding::{Report, Rule};

/// Rules that belong together, and the code that finds them.
pub(super) struct Topic {
    /// The headline in the documentation.
    pub(super) title: &'static str,
    /// What it can find.
    pub(super) rules: &'static [&'static Rule],
    /// Looks for them.
    pub(super) run: fn(&Subject<'_>, &mut Report),
}

/// A new topic is a file with a `TOPIC` and a line here.
const TOPICS: &[&Topic] = &[
    &builder::TOPIC,
    &yaml_keys::TOPIC,
    &mistyped_keys::TOPIC,
    &deployment_tasks::IDENTITY,
    &deployment_tasks::NAMES,
    &deployment_tasks::CYCLES,
    &deployment_tasks::PATTERNS,
    &deployment_tasks::ROLES,
    &legacy::TOPIC,
    &timeouts::TOPIC,
    &task_files::TOPIC,
    &installed_paths::TOPIC,
    &layout::TOPIC,
    &ignored_files::TOPIC,
    &version::TOPIC,
    &expressions::TOPIC,
    &setting_values::TOPIC,
    &setting_regexes::TOPIC,
    &braces::TOPIC,
    &secrets::TOPIC,
    &clashes::TOPIC,
    &core_names::TOPIC,
    &constraints::TOPIC,
];

/// Looks for everything that we find beyond the original's rules.
pub(crate) fn run(subject: &Subject<'_>, report: &mut Report) {
    for topic in TOPICS {
        (topic.run)(subject, report);
    }
    report.sort();
}

/// What can be looked for where `package_version` does not say which files and rules hold.
const WITHOUT_FORMAT: &[&Topic] = &[&yaml_keys::TOPIC, &mistyped_keys::TOPIC, &version::TOPIC];

/// As [`run`], for a plugin of no known package version; the subject's format is then any.
pub(crate) fn run_without_format(subject: &Subject<'_>, report: &mut Report) {
    for topic in WITHOUT_FORMAT {
        (topic.run)(subject, report);
    }
    report.sort();
}

/// All rules by topic, in the order of the documentation.
pub(crate) fn rules() -> impl Iterator<Item = (&'static str, &'static [&'static Rule])> {
    TOPICS.iter().map(|topic| (topic.title, topic.rules))
}
