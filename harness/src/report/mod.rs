//! What a run leaves behind: `report.json` for machines, and a table for people.
//!
//! [`Aggregator`] listens to a run's events and makes the [`Report`] of them; [`render`] shows it.

mod aggregate;
mod details;
mod model;
mod render;
mod schema;
mod table;
mod task_logs;

#[cfg(test)]
mod tests;

pub use aggregate::Aggregator;
pub use model::{
    CaptureReport, DeploymentReport, PhaseReport, PluginReport, Report, ReportError, SnapshotReport, TaskReport,
    VerifyReport,
};
pub use render::{Style, render, render_with};
pub(crate) use render::{duration, size};
pub use schema::report_schema;
pub use task_logs::TaskLogs;
