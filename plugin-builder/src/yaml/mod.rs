//! YAML as the original builder and Nailgun read it: YAML 1.1 with PyYAML's types, with the place of
//! every key and every value.
//!
//! `yes` is a boolean, `0777` is 511, `12:30:45` is 45045, `2016-01-02` is a date, `1e3` is a string, and
//! the last of two equal keys wins. What a document may cost is limited: size, depth, and the number of
//! nodes after aliases are expanded.

mod composer;
mod error;
mod indentation;
mod mapping;
mod node;
mod scalar;
mod strictness;
mod text;
mod timestamp;

pub use composer::{load, parse};
pub use error::{YamlError, YamlErrorKind};
pub use mapping::{Duplicate, Mapping};
pub use node::{Integer, Node, Span, Yaml};
pub use text::to_text;
pub use timestamp::{TimeOfDay, Timestamp};
