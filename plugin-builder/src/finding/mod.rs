//! What a check says: findings, each with its place and the rule behind it.

mod render;
mod report;
mod rule;
mod types;

pub use render::Rendering;
pub use report::Report;
pub use rule::Rule;
pub use types::{Finding, Header, Place, Related, Severity};
