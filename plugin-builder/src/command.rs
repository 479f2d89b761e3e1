//! The `fpb` command: the original's flags, texts and exit codes, and subcommands beside them.

mod answer;
mod argparse;
mod arguments;
mod build;
mod check;
mod create;
mod explain;
mod log;
mod original;
mod package;
mod schema;
mod subcommands;

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write};

/// Runs `fpb` with these arguments, of which the first is the program's name, and returns its exit code.
///
/// `fpb --create|--build|--check` are the original's: 0, or 2 for wrong usage and 255 for anything else,
/// with its texts. The subcommands (`fpb help` lists them) are ours: 0; 2 for wrong usage, 3 for an invalid plugin
/// or package (`check --strict`: also for one with warnings), 4 if a file cannot be read or written.
pub fn run_fpb(arguments: impl IntoIterator<Item = OsString>, stdout: &mut dyn Write, stderr: &mut dyn Write) -> i32 {
    run_in(arguments, stdout, stderr, false)
}

/// [`run_fpb`] for a process of its own: it writes to the standard streams, with colour where a person reads them.
pub fn run_fpb_process(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colour = wanted && std::io::stdout().is_terminal();
    run_in(
        arguments,
        &mut std::io::stdout().lock(),
        &mut std::io::stderr().lock(),
        colour,
    )
}

fn run_in(
    arguments: impl IntoIterator<Item = OsString>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    colour: bool,
) -> i32 {
    let arguments: Vec<OsString> = arguments.into_iter().skip(1).collect();
    let mut streams = Streams {
        stdout,
        stderr,
        colour,
        lost: None,
    };
    if !subcommands::is_meant(&arguments) {
        return original::run(&arguments, &mut streams);
    }
    let code = subcommands::run(&arguments, &mut streams);
    let flushed = streams.stdout.flush();
    streams.note_loss(flushed);
    match streams.lost.take() {
        Some(reason) => {
            streams.error(&format!("error: standard output cannot be written: {reason}"));
            answer::Kind::Infrastructure.exit_code()
        }
        None => code,
    }
}

/// Where a command writes. A reader that went away is no reason to stop; a full disk is one to fail.
struct Streams<'a> {
    stdout: &'a mut dyn Write,
    stderr: &'a mut dyn Write,
    /// Whether standard output takes colours.
    colour: bool,
    /// Why something did not arrive at standard output.
    lost: Option<String>,
}

impl Streams<'_> {
    fn out(&mut self, line: &str) {
        let written = writeln!(self.stdout, "{line}");
        self.note_loss(written);
    }

    fn note_loss(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.lost.get_or_insert_with(|| error.to_string());
        }
    }

    /// Writes a line over the one before; the last one stays.
    fn rewrite_error_line(&mut self, line: &str, last: bool) {
        let end = if last { "\n" } else { "" };
        let _ = write!(self.stderr, "\r{line}{end}");
        let _ = self.stderr.flush();
    }

    fn error(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{line}");
    }
}

/// The time for packages that the environment asks for, as reproducible-builds.org defines it.
fn source_date_epoch() -> Option<i64> {
    std::env::var("SOURCE_DATE_EPOCH").ok()?.trim().parse().ok()
}
