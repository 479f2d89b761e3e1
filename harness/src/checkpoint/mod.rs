//! From which task on a deployment has to be repeated, as data: no engine, no clock.
//!
//! | module | what it knows |
//! |---|---|
//! | [`sources`] | a plugin's files by what they are for |
//! | [`mentions`] | which files a text names |
//! | [`inputs`] | what a task depends on: its parameters and files |
//! | [`first`] | the first task of a run whose inputs are others |
//! | [`cuts`] | when which node's state has to be kept, so that all nodes can be restored to one moment |

mod cuts;
mod first;
mod inputs;
mod mentions;
mod sources;

pub(crate) use cuts::{Cuts, TaskState};
pub(crate) use first::{FirstChanged, Why, first_changed};
pub(crate) use inputs::{Inputs, inputs};
pub(crate) use sources::{FileChange, Part, Reader, Sources, Stamp, stamp, stamps};

/// A task by Nailgun's id of its node and its own.
pub(crate) type TaskOnNode = (String, String);
