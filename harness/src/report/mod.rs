//! What a run leaves behind: `report.json` for machines, `junit.xml` for test servers, `report.html` and a table for
//! people.
//!
//! [`Aggregator`] listens to a run's events and makes the [`Report`] of them; [`render`] shows it and [`write_all`]
//! writes the files.

mod aggregate;
mod details;
mod files;
mod html;
mod junit;
mod model;
mod orders;
mod render;
mod schema;
mod table;
mod task_logs;
mod trials;

#[cfg(test)]
mod tests;

pub use aggregate::Aggregator;
pub use files::{ReportFiles, write_all};
pub use model::{
    CaptureReport, DeploymentReport, PhaseReport, PluginReport, Report, ReportError, SnapshotReport, TaskReport,
    TrialReport, VerifyReport,
};
pub use render::{Style, render, render_with};
pub(crate) use render::{counted, duration, size};
pub use schema::report_schema;
pub use task_logs::TaskLogs;
