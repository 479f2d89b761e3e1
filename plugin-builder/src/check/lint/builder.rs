//! What the original builder itself refuses or warns of: the documentation of those codes.

use super::topic::Topic;
use crate::finding::{Rule, Severity};

pub(super) const TOPIC: Topic = Topic {
    title: "The builder's own rules",
    rules: &[
        &SCHEMA,
        &YAML,
        &FILE_MISSING,
        &FILE_EMPTY,
        &METADATA_SHAPE,
        &PACKAGE_VERSION,
        &RELEASE_PATH,
        &FUEL_VERSION,
        &TASK_UNASSIGNED,
    ],
    // The check itself finds them, in the original's order.
    run: |_, _| {},
};

pub(crate) static SCHEMA: Rule = Rule {
    code: "schema",
    severity: Severity::Error,
    title: "A value is not what the format asks for",
    concerns: "the package version that metadata.yaml names",
    why: "The builder does not build the plugin.",
    fix: "The finding names the key, what it must be, and what it is; `fpb create` writes files that explain each key.",
    example: "weight: '25'   # must be a number: 25",
};

pub(crate) static YAML: Rule = Rule {
    code: "yaml",
    severity: Severity::Error,
    title: "A file is no YAML",
    concerns: "every package version",
    why: "Neither the builder nor Nailgun can read the file. Both read YAML 1.1.",
    fix: "Mend the place that the finding names; a text with `: `, ` #` or a leading `*`, `&`, `%`, `@` needs quotes.",
    example: "description: Trove: databases   # write 'Trove: databases'",
};

pub(crate) static FILE_MISSING: Rule = Rule {
    code: "file-missing",
    severity: Severity::Error,
    title: "A file that the format needs is missing",
    concerns: "metadata.yaml and environment_config.yaml always, tasks.yaml for package version 1.0.0 and 2.0.0, \
               deployment_tasks.yaml from 3.0.0 on",
    why: "The builder does not build the plugin.",
    fix: "Create the file; deployment_tasks.yaml without tasks holds `[]`.",
    example: "# deployment_tasks.yaml\n[]",
};

pub(crate) static FILE_EMPTY: Rule = Rule {
    code: "file-empty",
    severity: Severity::Error,
    title: "A file holds nothing but comments",
    concerns: "every file but environment_config.yaml, and tasks.yaml from package version 4.0.0 on",
    why: "The builder does not build the plugin.",
    fix: "Write `[]` for a list without entries, or delete a file that may be missing.",
    example: "# volumes.yaml\n# volumes: []",
};

pub(crate) static METADATA_SHAPE: Rule = Rule {
    code: "metadata-shape",
    severity: Severity::Error,
    title: "metadata.yaml is no mapping",
    concerns: "every package version",
    why: "The builder does not build the plugin.",
    fix: "Write `key: value` lines (name, title, version, package_version and so on), without a dash before them.",
    example: "- name: trove   # remove the dash",
};

pub(crate) static PACKAGE_VERSION: Rule = Rule {
    code: "package-version",
    severity: Severity::Error,
    title: "`package_version` is missing or unknown",
    concerns: "metadata.yaml",
    why: "The builder does not build the plugin: it chooses its rules by this text.",
    fix: "Write one of '1.0.0' (Fuel 6.0), '2.0.0' (6.1), '3.0.0' (7.0), '4.0.0' (8.0), '5.0.0' (9.0 and later).",
    example: "package_version: 4   # write '4.0.0'",
};

pub(crate) static RELEASE_PATH: Rule = Rule {
    code: "release-path",
    severity: Severity::Error,
    title: "A release's directory is not named or does not exist",
    concerns: "every package version",
    why: "The builder does not build the plugin.",
    fix: "Each entry of `releases` names `deployment_scripts_path` and `repository_path`; create the directories, and \
          put `.gitkeep` into empty ones, since Git keeps no empty directory.",
    example: "releases:\n  - os: ubuntu\n    version: mitaka-9.0\n    mode: ['ha']\n    deployment_scripts_path: \
              deployment_scripts/\n    repository_path: repositories/ubuntu",
};

pub(crate) static FUEL_VERSION: Rule = Rule {
    code: "fuel-version",
    severity: Severity::Error,
    title: "`fuel_version` names a Fuel that does not know the package version, or no version at all",
    concerns: "every package version",
    why: "The builder does not build the plugin.",
    fix: "Remove the old Fuel version, or lower `package_version`.",
    example: "package_version: '4.0.0'\nfuel_version: ['7.0', '8.0']   # 4.0.0 begins with Fuel 8.0",
};

pub(crate) static TASK_UNASSIGNED: Rule = Rule {
    code: "task-unassigned",
    severity: Severity::Warning,
    title: "A task names no roles",
    concerns: "deployment_tasks.yaml from package version 4.0.0 on; only a note for a skipped task, and for one that a \
               group of the plugin lists",
    why: "Nailgun assigns a task to nodes by `role`, `roles` or `groups`; without them it may run nowhere. The original \
          builder warns of it too.",
    fix: "Add `role: [primary-controller, controller]`, or whatever roles it is meant for.",
    example: "- id: trove-database\n  type: puppet",
};
