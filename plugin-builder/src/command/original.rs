//! `fpb` as the original has it.

use camino::Utf8Path;

use super::Streams;
use crate::build::{BuildError, BuildOptions, build};
use crate::check::check;
use crate::create::{CreateError, LATEST_PACKAGE_VERSION, create};
use crate::finding::{Finding, Header, Report};
use crate::hook::{HookError, HostHook};
use crate::plugin::LoadError;

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
                        which package version to use (only with --create)

subcommands of this implementation: fpb check|build|create|unpack|info";

const OPTIONS: &[&str] = &[
    "--create",
    "--build",
    "--check",
    "--debug",
    "--package-version",
    "--help",
];

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    action: Option<(&'static str, String)>,
    debug: bool,
    package_version: Option<String>,
    help: bool,
}

/// A failure as the original shows it.
struct Failure {
    header: Header,
    message: String,
    /// Our own words with the place, which help more.
    detail: Option<String>,
}

pub(super) fn run(arguments: &[String], streams: &mut Streams<'_>) -> i32 {
    let asked = match parse(arguments) {
        Ok(asked) if asked.help => {
            streams.out(USAGE_TEXT);
            streams.out(HELP_TEXT);
            return 0;
        }
        Ok(asked) => asked,
        Err(message) => {
            streams.error(USAGE_TEXT);
            streams.error(&format!("fpb: error: {message}"));
            return USAGE;
        }
    };
    let Some((action, path)) = asked.action else {
        return USAGE;
    };
    let result = match action {
        // An empty name asks for nothing, as the original has it.
        "--create" if path.is_empty() => return 0,
        "--create" => create_plugin(&path, asked.package_version.as_deref()).map(|()| "Plugin is created"),
        "--check" => check_plugin(&path, asked.debug, streams).map(|()| "Plugin is valid"),
        _ => build_plugin(&path, asked.debug, streams).map(|()| "Plugin is built"),
    };
    match result {
        Ok(text) => {
            streams.out(text);
            0
        }
        Err(failure) => {
            if let Some(detail) = failure.detail {
                streams.error(&detail);
            }
            streams.error(&failure.header.to_string());
            streams.error(&failure.message);
            FAILURE
        }
    }
}

/// Argparse's rules as far as these options need them: `--name value`, `--name=value`, abbreviations.
fn parse(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut arguments = arguments.iter();
    let mut unknown = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "-h" {
            asked.help = true;
            continue;
        }
        let (name, attached) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let Some(option) = resolve(name)? else {
            unknown.push(argument.clone());
            continue;
        };
        match option {
            "--help" => asked.help = true,
            "--debug" => asked.debug = true,
            _ => {
                let value = match attached {
                    Some(value) => value,
                    None => match arguments.next() {
                        Some(value) if !value.starts_with('-') || value == "-" => value.clone(),
                        _ => return Err(format!("argument {option}: expected one argument")),
                    },
                };
                if option == "--package-version" {
                    asked.package_version = Some(value);
                } else if let Some((other, _)) = asked.action.as_ref().filter(|(other, _)| *other != option) {
                    return Err(format!("argument {option}: not allowed with argument {other}"));
                } else {
                    asked.action = Some((option, value));
                }
            }
        }
    }
    if asked.help {
        return Ok(asked);
    }
    let Some((action, _)) = &asked.action else {
        return Err("one of the arguments --create --build --check is required".to_owned());
    };
    if !unknown.is_empty() {
        return Err(format!("unrecognized arguments: {}", unknown.join(" ")));
    }
    if asked.package_version.is_some() && *action != "--create" {
        return Err("--package-version works only with --create".to_owned());
    }
    Ok(asked)
}

fn resolve(name: &str) -> Result<Option<&'static str>, String> {
    if let Some(exact) = OPTIONS.iter().find(|option| **option == name) {
        return Ok(Some(exact));
    }
    if !name.starts_with("--") || name.len() < 3 {
        return Ok(None);
    }
    let matching: Vec<&'static str> = OPTIONS
        .iter()
        .copied()
        .filter(|option| option.starts_with(name))
        .collect();
    match matching.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => Err(format!("ambiguous option: {name} could match {}", several.join(", "))),
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

fn check_plugin(path: &str, debug: bool, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let report = check(Utf8Path::new(path));
    warn(&report, debug, streams);
    match report.errors().next() {
        None => Ok(()),
        Some(finding) => Err(finding_failure(finding)),
    }
}

fn build_plugin(path: &str, debug: bool, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let epoch = super::subcommands::source_date_epoch();
    let options = BuildOptions {
        hook: &HostHook,
        source_date_epoch: epoch,
        progress: &|_| {},
    };
    match build(Utf8Path::new(path), &options) {
        Ok(built) => {
            warn(&built.report, debug, streams);
            Ok(())
        }
        Err(error) => Err(build_failure(path, error)),
    }
}

/// The original logs its own warnings; ours are shown only when asked for more.
fn warn(report: &Report, debug: bool, streams: &mut Streams<'_>) {
    for finding in report.warnings() {
        match &finding.builder_message {
            Some(message) => streams.error(&format!("WARNING {message}")),
            None if debug => streams.error(&finding.to_string()),
            None => {}
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
        BuildError::Load(LoadError::Key {
            key: "package_version", ..
        }) => {
            // The builder is chosen before anything else is read.
            return check_failure(path, detail);
        }
        BuildError::Load(LoadError::Key { key, .. }) => format!("'{key}'"),
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

#[cfg(test)]
mod tests {
    use super::{Asked, parse};
    use rstest::rstest;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[rstest]
    #[case("", "one of the arguments --create --build --check is required")]
    #[case("--check a --build b", "argument --build: not allowed with argument --check")]
    #[case("--create", "argument --create: expected one argument")]
    #[case("--check a --package-version 4.0.0", "--package-version works only with --create")]
    fn usage_errors_have_the_texts_of_the_original(#[case] arguments: &str, #[case] message: &str) {
        assert_eq!(parse(&words(arguments)), Err(message.to_owned()));
    }

    #[test]
    fn options_may_be_abbreviated() {
        let asked = parse(&words("--cr x --pack 1.0.0")).unwrap();
        let expected = Asked {
            action: Some(("--create", "x".to_owned())),
            package_version: Some("1.0.0".to_owned()),
            ..Asked::default()
        };
        assert_eq!(asked, expected);
    }
}
