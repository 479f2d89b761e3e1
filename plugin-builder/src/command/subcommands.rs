//! `fpb check|build|create|unpack|info`.

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};

use super::Streams;
use crate::build::{BuildError, BuildOptions, BuildProgress, build};
use crate::check::check;
use crate::create::{CreateError, create};
use crate::finding::Report;
use crate::hook::{HookError, HookRunner, HostHook};
use crate::package::{PackageKind, UnpackError, inspect, unpack};

const INVALID: i32 = 3;
const INFRASTRUCTURE: i32 = 4;

/// Builds, checks and creates Fuel plugins.
#[derive(Debug, Parser)]
#[command(name = "fpb")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check plugins: all findings, each with its place
    Check {
        /// The plugins' directories
        #[arg(required = true)]
        plugins: Vec<Utf8PathBuf>,
        /// How to print the findings
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Build a plugin's package
    Build {
        /// The plugin's directory
        plugin: Utf8PathBuf,
        /// Do not run the plugin's pre_build_hook
        #[arg(long)]
        no_hook: bool,
    },
    /// Create a plugin's skeleton
    Create {
        /// A path; its last component is the plugin's name
        path: Utf8PathBuf,
        /// The version of the plugin format
        #[arg(long, default_value = "4.0.0")]
        package_version: String,
    },
    /// Unpack a package as a master has it
    Unpack {
        /// A .rpm or .fp
        package: Utf8PathBuf,
        /// The directory of plugins
        #[arg(default_value = ".")]
        destination: Utf8PathBuf,
    },
    /// Say what a package is
    Info {
        /// A .rpm or .fp
        package: Utf8PathBuf,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(super) fn is_subcommand(word: &str) -> bool {
    matches!(word, "check" | "build" | "create" | "unpack" | "info" | "help")
}

/// The time for packages that the environment asks for, as reproducible-builds.org defines it.
pub(super) fn source_date_epoch() -> Option<i64> {
    std::env::var("SOURCE_DATE_EPOCH").ok()?.trim().parse().ok()
}

pub(super) fn run(arguments: &[String], streams: &mut Streams<'_>) -> i32 {
    let words = std::iter::once("fpb".to_owned()).chain(arguments.iter().cloned());
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.to_string();
            if error.use_stderr() {
                streams.error(text.trim_end())
            } else {
                streams.out(text.trim_end())
            }
            return error.exit_code();
        }
    };
    match arguments.command {
        Command::Check { plugins, format } => check_all(&plugins, format, streams),
        Command::Build { plugin, no_hook } => build_one(&plugin, no_hook, streams),
        Command::Create { path, package_version } => match create(&path, &package_version) {
            Ok(()) => {
                streams.out(&format!("created {path} (package version {package_version})"));
                0
            }
            Err(error) => {
                streams.error(&format!("error: {error}"));
                if matches!(error, CreateError::Io(_)) {
                    INFRASTRUCTURE
                } else {
                    INVALID
                }
            }
        },
        Command::Unpack { package, destination } => match unpack(&package, &destination) {
            Ok(unpacked) => {
                streams.out(&format!(
                    "{} {}: {}",
                    unpacked.name, unpacked.version, unpacked.directory
                ));
                0
            }
            Err(error) => package_error(&error, streams),
        },
        Command::Info { package } => match inspect(&package) {
            Ok(info) => {
                let kind = match info.kind {
                    PackageKind::Fp => "fp",
                    PackageKind::Rpm => "rpm",
                };
                streams.out(&format!("plugin: {}", info.plugin_name));
                streams.out(&format!("version: {}", info.version));
                streams.out(&format!("directory: {}", info.name));
                streams.out(&format!("kind: {kind}"));
                0
            }
            Err(error) => package_error(&error, streams),
        },
    }
}

fn check_all(plugins: &[Utf8PathBuf], format: Format, streams: &mut Streams<'_>) -> i32 {
    let reports: Vec<Report> = plugins.iter().map(|plugin| check(plugin)).collect();
    let failed = reports.iter().any(Report::has_errors);
    if format == Format::Json {
        let documents: Vec<serde_json::Value> = plugins
            .iter()
            .zip(&reports)
            .map(|(plugin, report)| {
                serde_json::json!({"plugin": plugin, "valid": !report.has_errors(), "findings": report.findings})
            })
            .collect();
        streams.out(&serde_json::Value::Array(documents).to_string());
    } else {
        for (plugin, report) in plugins.iter().zip(&reports) {
            for finding in &report.findings {
                streams.out(&format!("{finding}\n"));
            }
            let (errors, warnings) = (report.errors().count(), report.warnings().count());
            let verdict = if errors == 0 { "valid" } else { "not valid" };
            streams.out(&format!("{plugin}: {verdict}, {errors} errors, {warnings} warnings"));
        }
    }
    if failed { INVALID } else { 0 }
}

struct NoHook;

impl HookRunner for NoHook {
    fn run(&self, _plugin: &camino::Utf8Path) -> Result<(), HookError> {
        Ok(())
    }
}

fn build_one(plugin: &Utf8PathBuf, no_hook: bool, streams: &mut Streams<'_>) -> i32 {
    let steps = std::cell::RefCell::new(Vec::new());
    let progress = |step: BuildProgress| {
        if let BuildProgress::Repository { path, packages } = step {
            steps.borrow_mut().push(format!("{path}: {packages} packages"));
        }
    };
    let hook: &dyn HookRunner = if no_hook { &NoHook } else { &HostHook };
    let options = BuildOptions {
        hook,
        source_date_epoch: source_date_epoch(),
        progress: &progress,
    };
    let result = build(plugin, &options);
    for step in steps.borrow().iter() {
        streams.out(step);
    }
    match result {
        Ok(built) => {
            for finding in built.report.warnings() {
                streams.error(&finding.to_string());
            }
            streams.out(&format!("{} ({} bytes)", built.package, built.size));
            0
        }
        Err(error) => {
            streams.error(&format!("error: {error}"));
            if matches!(error, BuildError::Io(_)) {
                INFRASTRUCTURE
            } else {
                INVALID
            }
        }
    }
}

fn package_error(error: &UnpackError, streams: &mut Streams<'_>) -> i32 {
    streams.error(&format!("error: {error}"));
    if matches!(error, UnpackError::Io(_)) {
        INFRASTRUCTURE
    } else {
        INVALID
    }
}
