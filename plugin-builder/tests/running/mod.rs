//! Calling `fpb` in this process.

use std::ffi::OsString;

/// Exit code, standard output, standard error.
pub(crate) fn fpb(arguments: &[&str]) -> (i32, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let words = std::iter::once("fpb").chain(arguments.iter().copied());
    let code = plugin_builder::run_fpb(words.map(OsString::from), &mut stdout, &mut stderr);
    (
        code,
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}
