//! `fpb` as the original has it.

use std::cell::RefCell;
use std::ffi::OsString;

use camino::Utf8Path;

use super::Streams;
use super::argparse::{Action, Asked, parse};
use super::log::{Level, Log};
use crate::build::{BuildError, BuildOptions, BuildProgress, build};
use crate::check::{check, check_in_steps};
use crate::create::{CreateError, LATEST_PACKAGE_VERSION, create};
use crate::finding::{Finding, Header, Report, Severity};
use crate::hook::{HOOK_FILE, HookError, HookRunner, HostHook};
use crate::plugin::LoadError;
use crate::python::repr_unicode;

/// Exit code of wrong usage, as Python's argparse has it.
const USAGE: i32 = 2;
/// Exit code of any failure: -1 as a shell sees it.
const FAILURE: i32 = 255;

const USAGE_TEXT: &str = "usage: fpb [-h]
           (--create plugin_name | --build path_to_directory | --check path_to_directory)
           [--debug] [--package-version PACKAGE_VERSION]";

const HELP_TEXT: &str = "
fpb is a fuel plugin builder which helps you create plugin for Fuel

optional arguments:
  -h, --help            show this help message and exit
  --create plugin_name  create a plugin skeleton
  --build path_to_directory
                        build a plugin
  --check path_to_directory
                        check that plugin is valid
  --debug               enable debug mode
  --package-version PACKAGE_VERSION
                        which package version to use";

/// The one thing that the original's help does not say.
const MORE_TEXT: &str = "
There is more, in today's manner: `fpb help` lists the subcommands.";

/// A failure as the original shows it.
struct Failure {
    header: Header,
    message: String,
    /// Our own words with the place, which help more than the original's traceback.
    detail: Option<String>,
}

pub(super) fn run(arguments: &[OsString], streams: &mut Streams<'_>) -> i32 {
    let asked = match parse(arguments) {
        Ok(asked) if asked.help => {
            streams.out(USAGE_TEXT);
            streams.out(HELP_TEXT);
            streams.out(MORE_TEXT);
            return 0;
        }
        Ok(asked) => asked,
        Err(message) => {
            streams.error(USAGE_TEXT);
            streams.error(&format!("fpb: error: {message}"));
            return USAGE;
        }
    };
    let log = Log { debug: asked.debug };
    match act(asked, &log, streams) {
        Ok(text) => {
            if let Some(text) = text {
                streams.out(text);
            }
            0
        }
        Err(failure) => {
            log.record(Level::Error, "cli", &failure.message, streams);
            if let Some(detail) = failure.detail {
                streams.error(&detail);
            }
            streams.error(&failure.header.to_string());
            streams.error(&failure.message);
            FAILURE
        }
    }
}

fn act(asked: Asked, log: &Log, streams: &mut Streams<'_>) -> Result<Option<&'static str>, Failure> {
    let Some((action, path)) = asked.action.filter(|(_, path)| !path.is_empty()) else {
        // An empty path asks for nothing, as the original has it.
        return Ok(None);
    };
    match action {
        Action::Create => {
            log.record(
                Level::Debug,
                "create",
                &format!("Start plugin creation \"{path}\""),
                streams,
            );
            create_plugin(&path, asked.package_version.as_deref()).map(|()| Some("Plugin is created"))
        }
        Action::Check => check_plugin(&path, log, streams).map(|()| Some("Plugin is valid")),
        Action::Build => {
            log.record(
                Level::Debug,
                "build",
                &format!("Start plugin building \"{path}\""),
                streams,
            );
            build_plugin(&path, log, streams).map(|()| Some("Plugin is built"))
        }
    }
}

fn create_plugin(path: &str, package_version: Option<&str>) -> Result<(), Failure> {
    let version = package_version
        .filter(|version| !version.is_empty())
        .unwrap_or(LATEST_PACKAGE_VERSION);
    create(Utf8Path::new(path), version).map_err(|error| {
        let header = if matches!(error, CreateError::Name) {
            Header::Validation
        } else {
            Header::Unexpected
        };
        Failure {
            header,
            message: error.to_string(),
            detail: None,
        }
    })
}

fn check_plugin(path: &str, log: &Log, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let report = check_in_steps(Utf8Path::new(path), &mut |step| {
        log.record(Level::Debug, "check", &step.to_string(), streams);
    });
    warn(&report, log, streams);
    match report.errors().next() {
        None => Ok(()),
        Some(finding) => Err(finding_failure(finding)),
    }
}

/// Runs the hook on this host and keeps what it prints for the log.
struct RecordedHook {
    printed: RefCell<Vec<String>>,
}

impl HookRunner for RecordedHook {
    fn run(&self, plugin: &Utf8Path) -> Result<(), HookError> {
        let mut printed = self.printed.borrow_mut();
        printed.push(format!("Execute command \"./{HOOK_FILE}\""));
        let result = HostHook.run_for_output(plugin);
        if let Ok(output) | Err(HookError::Exit { output, .. }) = &result {
            printed.push(format!("Stdout and stderr of command \"./{HOOK_FILE}\":"));
            printed.extend(output.lines().map(str::to_owned));
        }
        result.map(|_| ())
    }
}

fn build_plugin(path: &str, log: &Log, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let hook = RecordedHook {
        printed: RefCell::default(),
    };
    let steps = RefCell::new(Vec::new());
    let options = BuildOptions {
        hook: &hook,
        source_date_epoch: super::source_date_epoch(),
        progress: &|step| {
            let text = match step {
                BuildProgress::Repository { path, packages } => format!("Index repository {path}: {packages} packages"),
                BuildProgress::Check => "Check the plugin".to_owned(),
                BuildProgress::Digest => "Sum the files".to_owned(),
                BuildProgress::Package => "Write the package".to_owned(),
                _ => return,
            };
            steps.borrow_mut().push(text);
        },
    };
    let result = build(Utf8Path::new(path), &options);
    for line in hook.printed.take() {
        log.record(Level::Debug, "utils", &line, streams);
    }
    for line in steps.take() {
        log.record(Level::Debug, "build", &line, streams);
    }
    match result {
        Ok(built) => {
            warn(&built.report, log, streams);
            Ok(())
        }
        Err(error) => {
            if let BuildError::Invalid(report) = &error {
                warn(report, log, streams);
            }
            Err(build_failure(path, error))
        }
    }
}

/// The original logs its own warnings; ours are shown only when asked for more.
fn warn(report: &Report, log: &Log, streams: &mut Streams<'_>) {
    let shown = report.findings.iter().filter(|finding| match finding.severity {
        Severity::Error => false,
        Severity::Warning => true,
        Severity::Note => finding.builder_message.is_some(),
    });
    for finding in shown {
        match &finding.builder_message {
            // Format 5.0.0 is checked by this part as well.
            Some(message) => log.record(Level::Warning, "validator_v4", message, streams),
            // A log has a line for each record.
            None => {
                let place = finding
                    .place
                    .as_ref()
                    .map(|place| format!("{place}: "))
                    .unwrap_or_default();
                let line = format!("{place}{}[{}]: {}", finding.severity, finding.code, finding.message);
                log.record(Level::Debug, "finding", &line, streams);
            }
        }
    }
}

fn finding_failure(finding: &Finding) -> Failure {
    Failure {
        header: finding.builder_header.unwrap_or(Header::Unexpected),
        message: finding
            .builder_message
            .clone()
            .unwrap_or_else(|| finding.message.clone()),
        detail: Some(finding.to_string()),
    }
}

fn build_failure(path: &str, error: BuildError) -> Failure {
    let detail = error.to_string();
    let message = match &error {
        BuildError::Invalid(report) => {
            if let Some(finding) = report.errors().next() {
                return finding_failure(finding);
            }
            detail.clone()
        }
        // A key that is asked for before anything is checked; but the builder is chosen even before that.
        BuildError::Load(LoadError::Key { key, .. }) if chooses_a_builder(path) => repr_unicode(key),
        BuildError::Load(_) => return check_failure(path, detail),
        BuildError::Version(version) => format!("invalid version number '{version}'"),
        BuildError::Hook(HookError::Exit { code, .. }) => {
            // One blank at the end, as the original joins the command's words.
            format!("Shell command executed with \"{code}\" exit code: ./pre_build_hook ")
        }
        _ => detail.clone(),
    };
    Failure {
        header: Header::Unexpected,
        message,
        detail: Some(detail),
    }
}

/// Whether `package_version` can be read and is known.
fn chooses_a_builder(path: &str) -> bool {
    let report = check(Utf8Path::new(path));
    let refused = report.errors().next().map(|finding| finding.code);
    !matches!(
        refused,
        Some("metadata-shape" | "package-version" | "yaml" | "file-missing")
    )
}

fn check_failure(path: &str, detail: String) -> Failure {
    let report = check(Utf8Path::new(path));
    match report.errors().next() {
        Some(finding) => finding_failure(finding),
        None => Failure {
            header: Header::Unexpected,
            message: detail.clone(),
            detail: Some(detail),
        },
    }
}
