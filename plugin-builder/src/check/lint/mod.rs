//! What the original builder accepts and Fuel stumbles over: our own findings, a file per topic.

mod braces;
mod builder;
mod clashes;
mod conditions;
mod constraints;
mod core_names;
mod core_settings;
mod deployment_tasks;
mod expression_paths;
mod expression_truth;
mod expressions;
mod ignored_files;
mod installed_paths;
mod known_keys;
mod layout;
mod legacy;
mod mistyped_keys;
mod plugin_contents;
mod scalar_place;
mod secrets;
mod setting;
mod setting_regexes;
mod setting_values;
mod subject;
mod task_files;
mod timeouts;
mod topic;
mod version;
mod yaml_keys;

pub(crate) use builder::{
    FILE_EMPTY, FILE_MISSING, FUEL_VERSION, METADATA_SHAPE, PACKAGE_VERSION, RELEASE_PATH, SCHEMA, TASK_UNASSIGNED,
    YAML,
};
pub(crate) use known_keys::file_names;
pub(crate) use subject::Subject;
pub(crate) use topic::{rules, run, run_without_format};
