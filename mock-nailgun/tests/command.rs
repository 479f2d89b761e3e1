//! The `mock-nailgun` command: what it says of wrong options, and how it ends.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use rstest::rstest;

fn serve(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-nailgun"));
    command.arg("serve").args(options).stderr(Stdio::piped());
    command
}

fn refused(options: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = serve(options).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[rstest]
#[case(&["--fuel-version", "10.0"], "there is no profile for Fuel 10.0; there are: 6.1, 7.0, 8.0, 9.2")]
#[case(&["--listen", "localhost:8001"], "an IP address and a port are needed, like 127.0.0.1:8001 or 0.0.0.0:0")]
#[case(&["--listen", "127.0.0.1"], "an IP address and a port are needed")]
#[case(&["--auth", "keystone"], "[possible values: none, fake]")]
#[case(&["--admin-network", "10.20.0.0"], "`10.20.0.0` is not an IPv4 network like 10.20.0.0/24")]
#[case(&["--database", ""], "a file, or `:memory:`, is needed")]
fn a_wrong_value_is_named_with_what_would_be_right(#[case] options: &[&str], #[case] text: &str) {
    let (code, said) = refused(options);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(text), "{said}");
    assert!(said.contains(options[0]), "{said}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = refused(&["--listen", &address]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with(&format!("error: cannot listen on {address}: Address already in use")),
        "{said}"
    );
}

#[rstest]
#[case("INT")]
#[case("TERM")]
fn a_signal_ends_it_as_asked(#[case] signal: &str) {
    let mut child = serve(&["--listen", "127.0.0.1:0", "--auth", "fake", "--fuel-version", "8.0"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("mock-nailgun 8.0 listens on 127.0.0.1:"), "{line}");
    let sent = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
