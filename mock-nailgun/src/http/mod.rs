//! The REST API.

mod attributes;
mod authentication;
mod call;
mod changes;
mod clusters;
mod components;
mod coverage;
mod deployment;
mod disks;
mod error;
mod graphs;
mod json_schema;
mod links;
mod network;
mod network_fields;
mod network_groups;
mod node_attributes;
mod node_fields;
mod node_groups;
mod nodes;
mod notifications;
mod openapi;
mod plugins;
mod provisioning;
mod releases;
mod rig;
mod role_editing;
mod roles;
mod route;
mod run;
mod service;
mod situation;
mod tasks;

pub(crate) use call::Call;
pub(crate) use error::ApiError;
pub(crate) use service::{Service, application};
