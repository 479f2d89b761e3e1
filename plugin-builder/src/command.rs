//! The `fpb` command.

use std::ffi::OsString;
use std::io::Write;

/// Runs `fpb` with these arguments, of which the first is the program's name, and returns its exit code.
pub fn run_fpb(arguments: impl IntoIterator<Item = OsString>, stdout: &mut dyn Write, stderr: &mut dyn Write) -> i32 {
    let _ = (arguments.into_iter().count(), stdout, stderr);
    todo!()
}
