//! Settings that are drawn from what plugins' environment_config.yaml allows.

mod drawing;
mod field;
mod pattern;
mod pieces;
mod reach;
mod shown;
mod shrink;
mod values;

#[cfg(test)]
mod corpus_tests;

pub(crate) use drawing::Drawing;
pub(crate) use field::Subject;
pub(crate) use reach::Surroundings;
pub use shown::ChangedSetting;
pub(crate) use shrink::{PROBES, Shrink};
