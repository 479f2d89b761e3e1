//! The Docker side of the rig: images, networks, the emulated master, target nodes, and cleaning up after them.

mod access;
mod base;
#[cfg(test)]
mod capture_tests;
mod checkpoint;
mod connect;
mod containers;
mod context;
mod dockerfile;
mod doctor;
mod error;
mod exec;
mod executable;
mod hook;
mod images;
mod labels;
#[cfg(test)]
mod live_tests;
mod master;
mod networks;
mod node;
mod node_access;
#[cfg(test)]
mod output_tests;
mod post_mortem;
mod process;
mod pulse;
mod routes;
mod service;
mod subnet;
mod sweep;
mod tell;
mod warm_puppet;

pub use checkpoint::Checkpoint;
pub use connect::Engine;
pub use doctor::{Finding, Severity, doctor};
pub use error::{EngineError, ImageError};
pub use hook::{ContainerHook, HookOptions, HookSink};
pub use images::{Image, ImageOptions, ImageProgress, Images, ProgressSink, Target, ensure};
pub use labels::RunId;
pub use master::{Master, MasterOptions, MasterOutput};
pub use networks::{Network, Networks};
pub use node::{NodeAddresses, NodeSpec, Place, Readiness, TargetNode};
pub(crate) use post_mortem::MasterPlace;
pub use subnet::Subnet;
pub use sweep::{GcOptions, RunGuard, Swept};
pub(crate) use warm_puppet::SERVER as PUPPET_SERVER;
