//! The subcommands: which is meant, and running it.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Arg, CommandFactory as _, Parser as _};

use super::Streams;
use super::answer::{Kind, Refusal};
use super::arguments::{Arguments, Command, Format, SUBCOMMANDS};
use super::{argparse, build, check, create, explain, package, schema};

/// Whether these words are for a subcommand rather than for the original's options.
///
/// A first word that is no option is one, unless an action of the original's follows: it would only ever say that
/// an action is missing, where naming the subcommand that was meant helps more.
pub(super) fn is_meant(arguments: &[OsString]) -> bool {
    let Some(first) = arguments.first().and_then(|first| first.to_str()) else {
        return false;
    };
    if SUBCOMMANDS.contains(&first) || (arguments.len() == 1 && matches!(first, "--version" | "-V")) {
        return true;
    }
    !first.is_empty() && !first.starts_with('-') && !arguments.iter().any(argparse::names_an_action)
}

pub(super) fn run(arguments: &[OsString], streams: &mut Streams<'_>) -> i32 {
    let words = std::iter::once(OsString::from("fpb")).chain(arguments.iter().cloned());
    let parsed = match Arguments::try_parse_from(words) {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error, arguments, streams),
    };
    match parsed.command {
        Command::Create(arguments) => create::run(&arguments, streams),
        Command::Check(arguments) => check::run(&arguments, streams),
        Command::Explain(arguments) => explain::run(&arguments, streams),
        Command::Build(arguments) => build::run(&arguments, streams),
        Command::Unpack(arguments) => package::unpack_one(&arguments, streams),
        Command::Info(arguments) => package::describe_all(&arguments, streams),
        Command::Schema(arguments) => schema::run(&arguments, streams),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut with_original_options(), "fpb", &mut streams.stdout);
            0
        }
    }
}

fn usage(error: &clap::Error, arguments: &[OsString], streams: &mut Streams<'_>) -> i32 {
    let text = error.to_string();
    let text = text.trim_end();
    if error.kind() == ErrorKind::DisplayVersion {
        // A script that looks for a version wants to know whose words the program speaks.
        streams.out(&format!("{text} (compatible with fuel-plugin-builder 4.2.0)"));
    } else if !error.use_stderr() {
        streams.out(text);
    } else if wants_json(arguments) {
        let refusal = Refusal::new(Kind::Usage, text.trim_start_matches("error: "));
        return refusal.tell(Format::Json, streams);
    } else {
        streams.error(text);
    }
    error.exit_code()
}

/// Whether an error of usage is to be told as JSON too, although the words could not be read.
fn wants_json(arguments: &[OsString]) -> bool {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--format=json" || (word == "--format" && words.clone().next().is_some_and(|next| next == "json")) {
            return true;
        }
    }
    false
}

/// The subcommands, and the options that [`argparse`] reads, for completion.
fn with_original_options() -> clap::Command {
    let directory = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .help(help)
            .value_name("DIRECTORY")
            .value_hint(clap::ValueHint::DirPath)
    };
    Arguments::command()
        .arg(directory("create", "create a plugin skeleton"))
        .arg(directory("build", "build a plugin"))
        .arg(directory("check", "check that plugin is valid"))
        .arg(Arg::new("debug").long("debug").help("enable debug mode").num_args(0))
        .arg(
            Arg::new("package-version")
                .long("package-version")
                .help("which package version to use")
                .value_parser(crate::check::Format::versions().collect::<Vec<_>>()),
        )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::arguments::{Arguments, SUBCOMMANDS};

    #[test]
    fn every_subcommand_is_known_by_name_before_the_arguments_are_read() {
        let command = Arguments::command();
        let mut names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        names.push("help");
        assert_eq!(names, SUBCOMMANDS);
        Arguments::command().debug_assert();
        super::with_original_options().debug_assert();
    }
}
