//! Plugin directories become packages.

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{BuildOptions, BuildProgress, HookRunner};

use super::error::RunError;
use crate::event::{Events, Phase, RunEvent};

/// A package that is ready to be installed, and which entry of the scenario it is.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) file: Utf8PathBuf,
    pub(crate) name: String,
    pub(crate) version: String,
}

/// Checks and builds the plugin in `directory`; blocking.
pub(crate) fn build_plugin(directory: &Utf8Path, hook: &dyn HookRunner, events: &Events) -> Result<Package, RunError> {
    let report = plugin_builder::check(directory);
    for finding in &report.findings {
        if finding.severity == plugin_builder::Severity::Warning {
            events.emit(RunEvent::Warning(finding.to_string()));
        }
    }
    if report.has_errors() {
        return Err(RunError::Invalid(errors_of(directory, &report)));
    }
    // Two runs may use one plugin directory: one builds, the other waits.
    let lock = lock(directory)?;
    let progress = |event: BuildProgress| {
        events.emit(RunEvent::Detail(Phase::Build, step(&event)));
    };
    let built = plugin_builder::build(
        directory,
        &BuildOptions {
            hook,
            source_date_epoch: None,
            progress: &progress,
        },
    )
    .map_err(|error| RunError::Invalid(format!("{directory}: {error}")))?;
    drop(lock);
    package(&built.package)
}

fn step(progress: &BuildProgress) -> String {
    match progress {
        BuildProgress::Hook => "running pre_build_hook".to_owned(),
        BuildProgress::Check => "checking".to_owned(),
        BuildProgress::Digest => "summing files".to_owned(),
        BuildProgress::Repository { path, packages } => format!("indexing {path}: {packages} packages"),
        BuildProgress::Package => "writing the package".to_owned(),
        BuildProgress::Bytes { done, total } => format!("{} of {} MB", done / 1_000_000, total / 1_000_000),
        other => format!("{other:?}"),
    }
}

/// What a package file says of itself.
pub(crate) fn package(file: &Utf8Path) -> Result<Package, RunError> {
    let info = plugin_builder::inspect(file).map_err(|error| RunError::Invalid(error.to_string()))?;
    Ok(Package {
        file: file.to_owned(),
        name: info.plugin_name,
        version: info.version,
    })
}

/// Every error of a report, as text.
pub(crate) fn errors_of(directory: &Utf8Path, report: &plugin_builder::Report) -> String {
    let errors: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == plugin_builder::Severity::Error)
        .map(ToString::to_string)
        .collect();
    format!("{directory} is not a valid plugin\n{}", errors.join("\n"))
}

fn lock(directory: &Utf8Path) -> Result<std::fs::File, RunError> {
    let error = |error| RunError::infrastructure(&format!("cannot lock {directory}"), error);
    let file = std::fs::File::open(directory).map_err(error)?;
    file.lock().map_err(error)?;
    Ok(file)
}
