//! The client: one struct, its calls by what they are about.

mod calls;
mod connection;

#[cfg(test)]
mod tests;

pub use connection::{Client, Credentials};
