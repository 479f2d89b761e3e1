//! The `fpb` command.

use std::io;

fn main() {
    let arguments = std::env::args_os();
    let code = plugin_builder::run_fpb(arguments, &mut io::stdout().lock(), &mut io::stderr().lock());
    std::process::exit(code);
}
