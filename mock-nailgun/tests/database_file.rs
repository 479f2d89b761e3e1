//! Database files that cannot be used, and disks that are full: an error that says so, and nothing is lost.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

/// `mock-nailgun serve` on that file, by way of `command`.
fn serve(mut command: Command, database: &Utf8Path) -> Child {
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--plugins-dir",
            "/nowhere",
            "--database",
        ])
        .arg(database)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mock-nailgun"))
}

/// The program where no file grows beyond `blocks` of 512 bytes: what a disk of that size does.
fn program_on_a_disk_of(blocks: u32) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_mock-nailgun"));
    command
}

/// What the program says of a file that it cannot start with.
fn refusal(command: Command, database: &Utf8Path) -> String {
    let mut child = serve(command, database);
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{text}");
    text
}

/// A server process that ends when this is dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(command: Command, database: &Utf8Path) -> Self {
        let mut child = serve(command, database);
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.contains(" listens on "), "{line}");
        let address = line.trim().rsplit(' ').next().unwrap();
        Self {
            url: format!("http://{address}/api/v1"),
            child,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory with the database of a server that ran and holds one environment.
async fn used() -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(directory.path().join("nailgun.sqlite")).unwrap();
    let server = Server::start(program(), &path);
    create(&server, "one").await;
    drop(server);
    // What the killed server left in the journal goes into the file.
    let file = rusqlite::Connection::open(path.as_std_path()).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    (directory, path)
}

async fn create(server: &Server, name: &str) {
    let body = json!({"name": name, "release_id": 2});
    let sent = reqwest::Client::new()
        .post(format!("{}/clusters/", server.url))
        .json(&body);
    assert_eq!(sent.send().await.unwrap().status(), 201);
}

async fn get(server: &Server, path: &str) -> Value {
    let response = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(directory.path().join("notes.txt")).unwrap();
    let text = "my notes\n".repeat(1000);
    fs_err::write(&path, &text).unwrap();
    assert_eq!(
        refusal(program(), &path),
        format!(
            "error: cannot open the database `{path}`: file is not a database; it was left as it is, give another file\n"
        )
    );
    assert_eq!(fs_err::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused_and_stays() {
    let (_directory, path) = used().await;
    let whole = fs_err::read(&path).unwrap();
    for part in [whole.len() - 4096, whole.len() / 2, 5000, 700] {
        fs_err::write(&path, &whole[..part]).unwrap();
        let said = refusal(program(), &path);
        assert!(
            said.starts_with(&format!("error: cannot open the database `{path}`: ")) && said.contains("left as it is"),
            "{part}: {said}"
        );
        assert_eq!(fs_err::read(&path).unwrap(), &whole[..part], "{part}");
    }
    fs_err::write(&path, &whole).unwrap();
    let server = Server::start(program(), &path);
    assert_eq!(get(&server, "/clusters/").await[0]["name"], "one");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_refused_and_stays() {
    let (directory, path) = used().await;
    let whole = fs_err::read(&path).unwrap();
    let allow = |path: &Utf8Path, mode: u32| {
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // Permissions do not hold for root, so root runs a copy as nobody.
    let copy = Utf8PathBuf::try_from(directory.path().join("mock-nailgun")).unwrap();
    fs_err::copy(env!("CARGO_BIN_EXE_mock-nailgun"), &copy).unwrap();
    let root = Utf8PathBuf::try_from(directory.path().to_owned()).unwrap();
    let is_root = fs_err::metadata("/proc/self")
        .map(|status| std::os::unix::fs::MetadataExt::uid(&status))
        .unwrap()
        == 0;
    let nobody = || {
        let mut command = Command::new(&copy);
        if is_root {
            command.uid(65534).gid(65534);
        }
        command
    };
    for (file, folder) in [(0o444, 0o555), (0o444, 0o777)] {
        allow(&path, file);
        allow(&root, folder);
        let said = refusal(nobody(), &path);
        assert_eq!(
            said,
            format!(
                "error: the database `{path}` cannot be written; make the file and its directory writable, or copy it \
                 elsewhere\n"
            )
        );
    }
    allow(&root, 0o755);
    assert_eq!(fs_err::read(&path).unwrap(), whole);
}

#[tokio::test]
async fn a_database_whose_directory_does_not_exist_is_refused() {
    let said = refusal(program(), Utf8Path::new("/nowhere/nailgun.sqlite"));
    assert!(
        said.starts_with("error: cannot open the database `/nowhere/nailgun.sqlite`: "),
        "{said}"
    );
    assert!(
        said.ends_with("; does its directory exist, and can it be written?\n"),
        "{said}"
    );
}

#[tokio::test]
async fn a_disk_too_small_for_the_tables_is_an_error_and_room_mends_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(directory.path().join("nailgun.sqlite")).unwrap();
    for blocks in [0, 8, 64, 200] {
        let said = refusal(program_on_a_disk_of(blocks), &path);
        assert!(
            said.starts_with("error: cannot open the database `"),
            "{blocks}: {said}"
        );
        assert!(said.ends_with("; is there room on its disk?\n"), "{blocks}: {said}");
    }
    let server = Server::start(program(), &path);
    assert_eq!(get(&server, "/releases/").await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn on_a_full_disk_requests_that_save_fail_and_nothing_that_was_saved_is_lost() {
    let (_directory, path) = used().await;
    let server = Server::start(program_on_a_disk_of(4000), &path);
    let client = reqwest::Client::new();
    let url = format!("{}/clusters/1/attributes/", server.url);
    let filling = "x".repeat(100_000);
    let mut saved = 0;
    let refused = loop {
        let body = json!({"editable": {format!("section_{saved}"): {"text": filling}}});
        let response = client.put(&url).json(&body).send().await.unwrap();
        if response.status() != 200 {
            break response;
        }
        saved += 1;
        assert!(saved < 100, "the disk never was full");
    };
    assert_eq!(refused.status(), 500);
    let said = refused.text().await.unwrap();
    assert!(said.contains("nothing of this request was saved"), "{said}");
    // It goes on answering, again and again, and what it answers is what it saved.
    for _ in 0..3 {
        let body = json!({"editable": {"more": {"text": filling}}});
        assert_eq!(client.put(&url).json(&body).send().await.unwrap().status(), 500);
        let settings = get(&server, "/clusters/1/attributes/").await;
        assert!(settings["editable"].get("more").is_none());
        let last = format!("section_{}", saved - 1);
        assert_eq!(settings["editable"][last]["text"], filling.as_str());
    }
    drop(server);

    let server = Server::start(program(), &path);
    let settings = get(&server, "/clusters/1/attributes/").await;
    for number in 0..saved {
        assert_eq!(
            settings["editable"][format!("section_{number}")]["text"],
            filling.as_str()
        );
    }
    create(&server, "two").await;
}

#[tokio::test]
async fn a_file_of_another_fuel_version_is_refused_and_goes_on_under_its_own() {
    let (_directory, path) = used().await;
    let before = fs_err::read(&path).unwrap();
    let refused = program()
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--fuel-version",
            "8.0",
            "--database",
        ])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(refused.stderr).unwrap(),
        format!(
            "error: the database `{path}` was made for Fuel 9.2, and Fuel 8.0 was asked for; it was left as it is: start \
             with `--fuel-version 9.2`, or give another file for Fuel 8.0\n"
        )
    );
    assert_eq!(fs_err::read(&path).unwrap(), before);
    let server = Server::start(program(), &path);
    assert_eq!(get(&server, "/clusters/").await[0]["name"], "one");
}
