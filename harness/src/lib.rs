//! A test rig for Fuel plugins: builds a plugin, deploys it twice through an emulated Fuel master and judges from the
//! machine's own state that the second run moved nothing.

pub mod capture;
mod checkpoint;
pub mod cli;
pub mod console;
pub mod engine;
pub mod event;
pub mod report;
pub mod run;
pub mod scenario;
pub mod snapshot;
pub mod testing;
pub mod trial;
pub mod verdict;
