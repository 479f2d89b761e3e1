//! What each Fuel version ships: its core tasks, and its release with roles, settings, networks and volumes.
//!
//! The data is there twice: as YAML text for those who serve it ([`FuelData`]), and as tables for those who only
//! look names up.

mod core;
mod data;

pub(crate) use core::{Core, CoreTask};
pub use data::{FUEL_6_1, FUEL_7_0, FUEL_8_0, FUEL_9_2, FUEL_DATA, FuelData};
