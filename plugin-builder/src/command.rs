//! The `fpb` command: the original's flags, texts and exit codes, and subcommands beside them.

mod original;
mod subcommands;

use std::ffi::OsString;
use std::io::Write;

/// Runs `fpb` with these arguments, of which the first is the program's name, and returns its exit code.
///
/// `fpb --create|--build|--check` are the original's: 0, or 2 for wrong usage and 255 for anything else,
/// with its texts. `fpb check|build|create|unpack|info` are ours: they show all findings with their
/// places; 0, 2 for wrong usage, 3 for an invalid plugin or package, 4 if a file cannot be read or written.
pub fn run_fpb(arguments: impl IntoIterator<Item = OsString>, stdout: &mut dyn Write, stderr: &mut dyn Write) -> i32 {
    let arguments: Vec<String> = arguments
        .into_iter()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let mut streams = Streams { stdout, stderr };
    match arguments.first() {
        Some(first) if subcommands::is_subcommand(first) => subcommands::run(&arguments, &mut streams),
        _ => original::run(&arguments, &mut streams),
    }
}

/// Where a command writes. A stream that is closed is no reason to stop.
struct Streams<'a> {
    stdout: &'a mut dyn Write,
    stderr: &'a mut dyn Write,
}

impl Streams<'_> {
    fn out(&mut self, line: &str) {
        let _ = writeln!(self.stdout, "{line}");
    }

    fn error(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{line}");
    }
}
