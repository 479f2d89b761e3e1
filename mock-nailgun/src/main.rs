//! The `mock-nailgun` command.

fn main() {
    std::process::exit(mock_nailgun::run(std::env::args_os().collect()));
}
