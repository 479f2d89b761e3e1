//! The orchestrator's two engines on scripted nodes; time is paused, so a minute's timeout costs nothing.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

#[path = "../../../plugin-builder/tests/beside/mod.rs"]
mod beside;
mod fake;
mod granular;
mod graph;
mod outcomes;
