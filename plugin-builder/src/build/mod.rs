//! From a plugin's directory to its package.

mod checksums;
mod contents;
mod error;
mod gzip;
mod rpm;
mod run;
mod stale;
mod tar_package;
mod unfinished;

pub use error::BuildError;
pub use run::{BuildOptions, BuildProgress, Built, build};
