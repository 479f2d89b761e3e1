//! YAML as the original builder and Nailgun read it: YAML 1.1 with PyYAML's types, with the place of
//! every key and every value.
//!
//! `yes` is a boolean, `0777` is 511, `12:30:45` is 45045, `2016-01-02` is a date, `1e3` is a string, and
//! the last of two equal keys wins. What a document may cost is limited: size, depth, and the number of
//! values after aliases are expanded.
//!
//! The scanner and the grammar follow PyYAML 3.10, the version that the original builder was used with, state by
//! state, because its verdicts, its messages and their places depend on them; the parsers at hand read YAML 1.2.
//! PyYAML's licence lies beside this file.
//!
//! The way of a text: `characters` → `scanner` → `parser` → `graph` → `construct`.

mod characters;
mod construct;
mod error;
mod event;
mod graph;
mod implicit;
mod limits;
mod load;
mod mapping;
mod merge;
mod node;
mod number;
mod parser;
mod problem;
mod scalar;
mod scanner;
mod tag;
mod text;
mod timestamp;
mod token;

pub(crate) use characters::lines;
pub use error::{YamlError, YamlErrorKind};
pub use load::{load, parse};
pub use mapping::{Duplicate, Mapping};
pub use node::{Integer, Node, Span, Yaml};
pub use text::to_text;
pub use timestamp::{TimeOfDay, Timestamp};
