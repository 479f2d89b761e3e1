//! What a check says: findings, each with its place and the rule behind it.

mod render;
mod report;
mod rule;
mod source;
mod types;

pub use render::Rendering;
pub use report::Report;
pub use rule::Rule;
pub(crate) use source::SourceText;
pub use types::{Finding, Header, Place, Related, Severity};
