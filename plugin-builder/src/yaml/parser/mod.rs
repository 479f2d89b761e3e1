//! From tokens to events: PyYAML's grammar, as a stack of states.

mod block;
mod document;
mod flow;
mod node;
mod state;

pub(super) use state::Parser;
