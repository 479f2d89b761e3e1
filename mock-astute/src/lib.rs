//! The orchestrator of a Fuel master: takes Astute messages and runs their tasks on things that implement [`Node`].

mod event;
mod node;

pub use event::{Attempt, Event, PuppetResource, PuppetRun, TaskRecord, TaskStatus};
pub use node::{Command, FileUpload, Node, NodeError, Output};
