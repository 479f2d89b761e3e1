//! The client: one struct, its calls by what they are about.

mod calls;
mod connection;

pub use connection::{Client, Credentials};
