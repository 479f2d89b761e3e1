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
/// The page shows the ends of the tasks' logs that stand in `tasks/` below the directory. Where one file cannot be
/// written the others still are: on a disk that is nearly full the small ones may fit.
///
/// # Errors
///
/// The directory cannot be made or files cannot be written; each of them is named.
pub fn write_all(report: &Report, directory: &Utf8Path) -> Result<ReportFiles, ReportError> {
    let files = ReportFiles {
        json: directory.join("report.json"),
        html: directory.join("report.html"),
        junit: directory.join("junit.xml"),
    };
    let logs = |run: u8, node: &str, task: &str| {
        let file = Utf8Path::new("tasks").join(task_logs::file_name(run, node, task));
        // A log that is not there, or no text, is left out of the page; its task is not.
        let text = fs_err::read_to_string(directory.join(&file)).ok()?;
        Some((text, file.into_string()))
    };
    let json = serde_json::to_string_pretty(report).map(|json| json + "\n");
    let written = [
        write(&files.json, json),
        write(&files.junit, junit(report)),
        write(&files.html, Ok::<_, std::io::Error>(page(report, &logs))),
    ];
    let failures: Vec<ReportError> = written.into_iter().filter_map(Result::err).collect();
    match ReportError::of_all(failures) {
        Some(error) => Err(error),
        None => Ok(files),
    }
}

/// Writes a file so that a reader who waits for it never sees half of it.
fn write(path: &Utf8Path, text: Result<String, impl std::fmt::Display>) -> Result<(), ReportError> {
    let text = text.map_err(|error| ReportError::new(path, &error))?;
    let draft = Utf8PathBuf::from(format!("{path}.new"));
    let written = path
        .parent()
        .map_or(Ok(()), fs_err::create_dir_all)
        .and_then(|()| fs_err::write(&draft, text))
        .and_then(|()| fs_err::rename(&draft, path));
    written.map_err(|error| {
        // What there is of it takes up room that the next file may need. It may never have been made.
        let _ = fs_err::remove_file(&draft);
        ReportError::new(path, &error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Aggregator;

    #[test]
    fn every_file_that_cannot_be_written_is_named_and_the_others_are_written() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        for file in ["report.json", "report.html"] {
            // Nothing can be renamed onto a directory that is not empty.
            fs_err::create_dir_all(directory.join(file).join("in the way")).unwrap();
        }
        let text = write_all(&Aggregator::new().report(), directory)
            .unwrap_err()
            .to_string();
        assert!(text.contains("report.json") && text.contains("report.html"), "{text}");
        let mut left: Vec<String> = fs_err::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["junit.xml", "report.html", "report.json"]);
    }
}
