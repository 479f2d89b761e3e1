//! A mock of Nailgun, the REST service of a Fuel master.
//!
//! It answers as Nailgun does (paths, bodies, status codes, texts), merges settings, assigns roles, allocates
//! addresses and serialises task graphs. It runs nothing on nodes: a deployment becomes an Astute message, which the
//! rig fetches from `GET /mock/astute/messages` and whose replies it posts to `POST /mock/astute/replies`.
//!
//! What one Fuel version does differently from another is data: [`Profile`].

mod command;
mod config;
mod environment;
mod graph;
mod hooks;
mod http;
mod pieces;
mod profile;
mod server;
mod settings;
mod store;
mod yaql;

pub use command::run;
pub use config::{Authentication, Config, Database, Network, NetworkError};
pub use plugin_builder::expression::{Expression, ExpressionError, Models};
pub use profile::{Profile, ProfileError};
pub use server::{Server, StartError};
pub use store::StoreError;
