//! What the original builder accepts and Fuel stumbles over: our own findings, a file per topic.

mod builder;
mod ignored_files;
mod subject;
mod topic;
mod version;
mod yaml_keys;

pub(crate) use builder::{
    FILE_EMPTY, FILE_MISSING, FUEL_VERSION, METADATA_SHAPE, PACKAGE_VERSION, RELEASE_PATH, SCHEMA, TASK_UNASSIGNED,
    YAML,
};
pub(crate) use subject::Subject;
pub(crate) use topic::{rules, run};
