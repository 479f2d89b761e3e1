//! Deployment graphs: merging them, and turning them into what Astute runs.

mod computed;
mod layout;
mod legacy;
mod links;
mod loops;
mod merged;
mod picture;
mod resolver;
mod serialize;
mod stored;
mod task;
mod task_fields;
mod writer;

pub(crate) use merged::{DEFAULT, api_shape, exists, listed, merged, own, plugins, release};
pub(crate) use picture::{View, between, picture};
pub(crate) use resolver::{RoleResolver, pattern_of};
pub(crate) use serialize::{Selection, SerializedGraph, serialize};
pub(crate) use stored::{check_each, check_tasks, stored_shape};
pub(crate) use task::{GraphTask, Origin, strings};
