//! The orchestrator of a Fuel master: takes Astute messages and runs their tasks on things that implement [`Node`].
//!
//! [`Orchestrator::handle`] takes one message as Nailgun sends it, `{"method": "task_deploy", "respond_to": …,
//! "args": …}`, and answers with [`Event`]s while it works and an [`Outcome`] at the end. What a Fuel version does in
//! its own way is in its [`Profile`].

mod deployment;
mod event;
mod granular;
mod graph;
mod liveness;
mod message;
mod node;
mod orchestrator;
mod profile;
mod puppet;
mod reply;
mod report;
mod scheduler;
mod subgraph;
mod task;

pub use event::{Attempt, Event, PuppetResource, PuppetRun, TaskRecord, TaskStatus};
pub use message::place;
pub use node::{Command, FileUpload, Node, NodeError, Output};
pub use orchestrator::{Orchestrator, Outcome, OutcomeStatus};
pub use profile::{HookProfile, Profile, PuppetProfile, ShellProfile, SyncProfile, UploadProfile};
