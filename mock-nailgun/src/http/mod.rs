//! The REST API.

mod attributes;
mod authentication;
mod call;
mod changes;
mod clusters;
mod components;
mod deployment;
mod error;
mod json_schema;
mod links;
mod network;
mod nodes;
mod notifications;
mod plugins;
mod releases;
mod rig;
mod roles;
mod route;
mod service;
mod tasks;

pub(crate) use call::Call;
pub(crate) use error::ApiError;
pub(crate) use service::{Service, application};
