//! The package formats: which files count, and in which order the original checks them.

use std::fmt;

use crate::check::rules::{
    components, deployment_tasks, environment_config, interfaces, metadata, roles, tasks, volumes,
};
use crate::check::schema::Schema;

/// Whether a file must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It must be there and hold something.
    Required,
    /// If it is there it must hold something.
    Optional,
    /// It may hold nothing.
    MayBeEmpty,
}

/// One step of a check.
#[derive(Clone, Copy)]
pub(crate) enum CheckStep {
    /// A file against the schema of the whole of it.
    File(&'static str, Presence, fn(&Format) -> Schema),
    /// environment_config.yaml, setting by setting.
    Settings,
    /// tasks.yaml, only whether it holds something.
    TasksNotEmpty,
    /// tasks.yaml, parameters by type.
    TaskParameters,
    /// deployment_tasks.yaml, task by task.
    DeploymentTasks,
    /// Whether the releases' directories exist.
    ReleasePaths,
    /// Whether the format is known to the Fuel versions.
    Compatibility,
}

/// What a step does, for a log.
impl fmt::Display for CheckStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name, ..) => write!(formatter, "Start schema validation for {name}"),
            Self::Settings => formatter.write_str("Start schema validation for environment_config.yaml"),
            Self::TasksNotEmpty | Self::TaskParameters => formatter.write_str("Start tasks checking: tasks.yaml"),
            Self::DeploymentTasks => formatter.write_str("Start deployment tasks checking: deployment_tasks.yaml"),
            Self::ReleasePaths => formatter.write_str("Look for the directories of the releases"),
            Self::Compatibility => formatter.write_str("Compare the package version with the versions of Fuel"),
        }
    }
}

/// A package format.
pub(crate) struct Format {
    /// `package_version`.
    pub(crate) version: &'static str,
    /// Its first number.
    pub(crate) number: u32,
    /// The first Fuel version that knows it.
    pub(crate) minimum_fuel: &'static str,
    /// The steps, in the original's order.
    pub(crate) steps: &'static [CheckStep],
}

use CheckStep::{Compatibility, DeploymentTasks, File, ReleasePaths, Settings, TaskParameters, TasksNotEmpty};
use Presence::{MayBeEmpty, Optional, Required};

const METADATA: CheckStep = File("metadata.yaml", Required, metadata::metadata);
const DEPLOYMENT_TASKS: CheckStep = File("deployment_tasks.yaml", Required, deployment_tasks::root);
const NETWORK_ROLES: CheckStep = File("network_roles.yaml", Optional, |_| roles::network_roles());
const NODE_ROLES: CheckStep = File("node_roles.yaml", Optional, roles::node_roles);
const VOLUMES: CheckStep = File("volumes.yaml", Optional, |_| volumes::volumes());
const COMPONENTS: CheckStep = File("components.yaml", Optional, |_| components::components());

const STEPS_1: &[CheckStep] = &[
    METADATA,
    File("tasks.yaml", Required, tasks::root),
    Settings,
    TaskParameters,
    ReleasePaths,
    Compatibility,
];

/// All formats.
const FORMATS: &[Format] = &[
    Format {
        version: "1.0.0",
        number: 1,
        minimum_fuel: "6.0",
        steps: STEPS_1,
    },
    Format {
        version: "2.0.0",
        number: 2,
        minimum_fuel: "6.1",
        steps: STEPS_1,
    },
    Format {
        version: "3.0.0",
        number: 3,
        minimum_fuel: "7.0",
        steps: &[
            METADATA,
            File("tasks.yaml", Optional, tasks::root),
            Settings,
            DEPLOYMENT_TASKS,
            NETWORK_ROLES,
            NODE_ROLES,
            VOLUMES,
            // Parameters by type are never checked here: a defect of the original.
            TasksNotEmpty,
            ReleasePaths,
            Compatibility,
            DeploymentTasks,
        ],
    },
    Format {
        version: "4.0.0",
        number: 4,
        minimum_fuel: "8.0",
        steps: &[
            METADATA,
            File("tasks.yaml", MayBeEmpty, tasks::root),
            Settings,
            DEPLOYMENT_TASKS,
            NETWORK_ROLES,
            NODE_ROLES,
            VOLUMES,
            COMPONENTS,
            TaskParameters,
            ReleasePaths,
            Compatibility,
            DeploymentTasks,
        ],
    },
    Format {
        version: "5.0.0",
        number: 5,
        minimum_fuel: "9.0",
        steps: &[
            METADATA,
            File("tasks.yaml", MayBeEmpty, tasks::root),
            Settings,
            DEPLOYMENT_TASKS,
            NETWORK_ROLES,
            NODE_ROLES,
            VOLUMES,
            COMPONENTS,
            File("node_config.yaml", Optional, |_| interfaces::node_sections()),
            File("bond_config.yaml", Optional, |_| interfaces::attributes()),
            File("nic_config.yaml", Optional, |_| interfaces::attributes()),
            TaskParameters,
            ReleasePaths,
            Compatibility,
            DeploymentTasks,
        ],
    },
];

impl Format {
    /// The format of exactly this `package_version`.
    pub(crate) fn find(package_version: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.version == package_version)
    }

    /// The format that knows the most files.
    pub(crate) fn newest() -> &'static Self {
        const NEWEST: &Format = &FORMATS[FORMATS.len() - 1];
        NEWEST
    }

    /// All versions, oldest first.
    pub(crate) fn versions() -> impl Iterator<Item = &'static str> {
        FORMATS.iter().map(|format| format.version)
    }

    /// The schema of one setting's or the section's mapping.
    pub(crate) fn setting(key: &str) -> Schema {
        if key == "metadata" {
            environment_config::section()
        } else {
            environment_config::attribute()
        }
    }
}
