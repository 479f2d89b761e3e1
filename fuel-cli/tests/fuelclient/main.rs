//! python-fuelclient 11.0.0, the client that the masters had, against the mock Nailgun as a process of its own; our
//! `fuel` beside it with the same commands; and the real client's own functional tests.
//!
//! It needs Python 3.11 and PyPI, and says so where they are not there.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]
#![expect(clippy::print_stdout, reason = "the tables are for whoever reads the test's output")]

mod functional;
mod master;
mod python;
mod session;
#[path = "../../src/test_plugin.rs"]
mod test_plugin;
mod workplace;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // The mock is this executable under its own name, so that it is a process that can be started and killed.
    if args
        .first()
        .is_some_and(|name| Path::new(name).ends_with("mock-nailgun"))
    {
        return ExitCode::from(u8::try_from(mock_nailgun::run(args)).unwrap_or(1));
    }
    let arguments = Arguments::from_args();
    let names = [
        "every_command_works_against_the_mock_and_ours_prints_the_same",
        "the_real_clients_own_functional_tests_pass_but_for_those_that_are_listed",
    ];
    let python = if std::env::var_os("FUELRIG_REAL_CLIENT").is_none() {
        Err("it takes minutes, so it runs only with FUELRIG_REAL_CLIENT=1".to_owned())
    } else if arguments.list {
        Err("only listed".to_owned())
    } else {
        python::Python::ready()
    };
    let trials = match python {
        Ok(python) => {
            let (first, second) = (python.clone(), python);
            vec![
                Trial::test(names[0], move || session::compare(&first)),
                Trial::test(names[1], move || functional::run(&second)),
            ]
        }
        Err(why) => {
            println!("SKIPPED: the real python-fuelclient: {why}");
            names
                .map(|name| Trial::test(name, || Ok(())).with_ignored_flag(!arguments.list))
                .into()
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}
