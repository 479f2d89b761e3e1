//! Servers that answer what Nailgun never would.

use std::collections::BTreeMap;

use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::configuration::Variables;
use crate::test_master::{Called, call};

/// Calls `fuel` with a server that answers these bodies, by path below `/api/v1/`, and 404 to everything else.
async fn fuel(words: &[&str], answers: &[(&str, &str)]) -> Called {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut bodies: BTreeMap<String, String> = answers
        .iter()
        .map(|(path, body)| (format!("/api/v1/{path}"), (*body).to_owned()))
        .collect();
    bodies.insert("/api/v1/version/".to_owned(), r#"{"auth_required": false}"#.to_owned());
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap();
            let named = |known: &&String| known.trim_end_matches('/') == path.trim_end_matches('/');
            let (status, body) = match bodies.keys().find(named) {
                Some(known) => ("200 OK", bodies[known].as_str()),
                None => ("404 Not Found", "not found"),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let variables = Variables::from([("SERVER_PORT".to_owned(), port.to_string())]);
    let called = call(words, &variables).await;
    server.abort();
    called
}

#[rstest]
#[case(&["node"], "nodes/", "[5]")]
#[case(&["node", "--json"], "nodes/", "[{\"id\": 1}, null]")]
#[case(&["node", "--node", "1"], "nodes/1/", "[1]")]
#[case(&["role", "--rel", "1"], "releases/1/roles/", "null")]
#[case(&["role", "--rel", "1"], "releases/1/roles/", "[{\"name\": null}]")]
#[case(&["role", "--rel", "1"], "releases/1/roles/", "[[\"controller\"]]")]
#[tokio::test]
async fn a_list_of_something_else_is_told_and_nothing_is_printed(
    #[case] words: &[&str],
    #[case] path: &str,
    #[case] body: &str,
) {
    let called = fuel(words, &[(path, body)]).await;
    assert_eq!((called.code, called.output.as_str()), (1, ""), "{called:?}");
    assert!(
        called.errors.contains(": the answer is not as expected: "),
        "{called:?}"
    );
}

#[rstest]
#[case(&["--env", "1", "settings", "--download"], "clusters/1/attributes")]
#[case(&["--env", "1", "settings", "--default"], "clusters/1/attributes/defaults")]
#[case(&["--env", "1", "network", "--download"], "clusters/1/network_configuration/neutron")]
#[tokio::test]
async fn a_document_that_is_none_is_told_and_no_file_is_written(
    #[case] words: &[&str],
    #[case] path: &str,
    #[values("null", "[1]", "5")] body: &str,
) {
    let directory = tempfile::tempdir().unwrap();
    let named = directory.path().to_str().unwrap();
    let words = [words, &["--dir", named]].concat();
    let environment = r#"{"id": 1, "name": "e", "status": "new", "release_id": 2}"#;
    let called = fuel(&words, &[("clusters/1/", environment), (path, body)]).await;
    assert_eq!((called.code, called.output.as_str()), (1, ""), "{called:?}");
    assert!(
        called.errors.contains(": the answer is not as expected: "),
        "{called:?}"
    );
    assert_eq!(fs_err::read_dir(directory.path()).unwrap().count(), 0);
}

#[rstest]
#[case("null")]
#[case("[1]")]
#[tokio::test]
async fn a_role_that_is_none_is_not_saved(#[case] body: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.yaml");
    let words = ["role", "--rel", "1", "--role", "x", "--file", file.to_str().unwrap()];
    let called = fuel(&words, &[("releases/1/roles/x/", body)]).await;
    assert_eq!(called.code, 1, "{called:?}");
    assert!(
        called
            .errors
            .contains("releases/1/roles/x/: the answer is not as expected: "),
        "{called:?}"
    );
    assert!(!file.exists());
}

#[rstest]
#[case(&["--env", "1", "env", "--deployment-tasks", "--download"], "clusters/1/deployment_tasks")]
#[case(&["rel", "--rel", "1", "--deployment-tasks", "--download"], "releases/1/deployment_tasks/")]
#[tokio::test]
async fn tasks_that_are_none_are_not_saved(
    #[case] words: &[&str],
    #[case] path: &str,
    #[values("null", "5")] body: &str,
) {
    let directory = tempfile::tempdir().unwrap();
    let words = [words, &["--dir", directory.path().to_str().unwrap()]].concat();
    let called = fuel(&words, &[(path, body)]).await;
    assert_eq!(called.code, 1, "{called:?}");
    assert!(called.errors.contains("deployment_tasks"), "{called:?}");
    assert!(
        called.errors.contains(": the answer is not as expected: "),
        "{called:?}"
    );
    assert_eq!(fs_err::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_name_with_escape_codes_is_shown_and_not_obeyed() {
    let nodes = r#"[{"id": 1, "name": "\u001b[2J\nroot", "status": "ready"}]"#;
    let called = fuel(&["node"], &[("nodes/", nodes)]).await;
    assert_eq!((called.code, called.output.lines().count()), (0, 3), "{called:?}");
    assert!(called.output.contains(r" ready  | \u{1b}[2J\nroot "), "{called:?}");
    // As data it is what it was.
    let called = fuel(&["node", "--json"], &[("nodes/", nodes)]).await;
    assert!(called.output.contains(r#""name": "\u001b[2J\nroot""#), "{called:?}");
}
