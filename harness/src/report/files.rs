//! The files of a report.

use camino::{Utf8Path, Utf8PathBuf};

use super::html::page;
use super::junit::junit;
use super::task_logs;
use super::{Report, ReportError};

/// Where a run's report stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiles {
    /// Everything, for machines.
    pub json: Utf8PathBuf,
    /// The page for people.
    pub html: Utf8PathBuf,
    /// The test cases, for test servers.
    pub junit: Utf8PathBuf,
}

/// Writes `report.json`, `report.html` and `junit.xml` into the run's directory, each in one step.
///
/// The page shows the ends of the tasks' logs that stand in `tasks/` below the directory.
///
/// # Errors
///
/// The directory cannot be made or a file cannot be written.
pub fn write_all(report: &Report, directory: &Utf8Path) -> Result<ReportFiles, ReportError> {
    let files = ReportFiles {
        json: directory.join("report.json"),
        html: directory.join("report.html"),
        junit: directory.join("junit.xml"),
    };
    let mut json = serde_json::to_string_pretty(report).map_err(|error| ReportError::new(&files.json, &error))?;
    json.push('\n');
    write(&files.json, &json)?;
    let xml = junit(report).map_err(|error| ReportError::new(&files.junit, &error))?;
    write(&files.junit, &xml)?;
    let logs = |run: u8, node: &str, task: &str| {
        let file = Utf8Path::new("tasks").join(task_logs::file_name(run, node, task));
        // A log that is not there, or no text, is left out of the page; its task is not.
        let text = fs_err::read_to_string(directory.join(&file)).ok()?;
        Some((text, file.into_string()))
    };
    write(&files.html, &page(report, &logs))?;
    Ok(files)
}

/// Writes a file so that a reader who waits for it never sees half of it.
fn write(path: &Utf8Path, text: &str) -> Result<(), ReportError> {
    if let Some(directory) = path.parent() {
        fs_err::create_dir_all(directory).map_err(|error| ReportError::new(path, &error))?;
    }
    let draft = Utf8PathBuf::from(format!("{path}.new"));
    fs_err::write(&draft, text).map_err(|error| ReportError::new(path, &error))?;
    fs_err::rename(&draft, path).map_err(|error| ReportError::new(path, &error))
}
