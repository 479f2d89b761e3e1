//! The `fpb` command.

fn main() {
    std::process::exit(plugin_builder::run_fpb_process(std::env::args_os()));
}
