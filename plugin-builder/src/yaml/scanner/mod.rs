//! From characters to tokens, by PyYAML's rules.

mod block;
mod directive;
mod plain;
mod properties;
mod queue;
mod quoted;
mod simple_key;
mod tokens;

pub(super) use queue::Scanner;
