//! The `fuelrig` command, and the commands of a Fuel master that the same executable is under other names.

mod arguments;
mod commands;
mod exit;
mod finished;
mod test;
mod watch;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

pub use exit::Exit;
pub use finished::Finished;
pub(crate) use finished::finish;

/// A remark on standard error.
pub(crate) fn note(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "note: {text}");
}

/// Runs the command that `args[0]` names and gives its exit code.
///
/// The executable is put into the master's container under several names: `fuel` and `mock-nailgun` there are this
/// program, so that a master can be started without a second build.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let called = args
        .first()
        .and_then(|name| Path::new(name).file_name())
        .and_then(|name| name.to_str())
        .unwrap_or("fuelrig")
        .to_owned();
    let code = match called.as_str() {
        "mock-nailgun" => mock_nailgun::run(args),
        "fuel" => fuel_cli::run(args),
        "fpb" => plugin_builder::run_fpb_process(args),
        _ => commands::run(args).code(),
    };
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
