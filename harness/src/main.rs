//! The rig's one executable; what it is called as decides which command it is.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuelrig::cli::main(std::env::args_os().collect())
}
