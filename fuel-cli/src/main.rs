//! The `fuel` command.

fn main() {
    std::process::exit(fuel_cli::run(std::env::args_os().collect()));
}
