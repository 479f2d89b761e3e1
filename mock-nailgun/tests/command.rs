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

#[test]
fn a_plugins_directory_that_is_not_there_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("plugins").display().to_string();
    for (path, is_there) in [(missing, false), (directory.path().display().to_string(), true)] {
        let mut child = serve(&["--listen", "127.0.0.1:0", "--plugins-dir", &path])
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains(" listens on "), "{line}");
        if !is_there {
            line.clear();
            said.read_line(&mut line).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
        assert_eq!(rest, "");
        let warning = format!("warning: the plugins directory `{path}` is not there: ");
        assert_eq!(line.starts_with(&warning), !is_there, "{line}");
    }
}

#[test]
fn a_plugins_directory_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    let (code, said) = refused(&["--listen", "127.0.0.1:0", "--plugins-dir", &path]);
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        format!("error: the plugins directory `{path}` is no directory; give one with `--plugins-dir`\n")
    );
}
