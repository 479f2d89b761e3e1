//! The state under many clients and under a killed process.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod master;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use camino::Utf8Path;
use mock_nailgun::Database;
use serde_json::{Value, json};

const CLIENTS: usize = 50;

fn plugin(name: &str) -> Value {
    json!({
        "name": name, "title": "Plugin", "version": "1.0.0", "package_version": "4.0.0", "fuel_version": ["9.0"],
        "releases": [{"os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"]}],
    })
}

/// A second connection to the file that writes, again and again, as a second server or `sqlite3` does: whoever has read
/// by then and wants to write would be told that the database is locked.
struct Writer {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<u64>,
}

fn another_process_that_writes(file: camino::Utf8PathBuf) -> Writer {
    let (stop, stopped) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let mut written = 0;
        while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_millis(3)) {
            let Ok(connection) = rusqlite::Connection::open(file.as_std_path()) else {
                continue;
            };
            // Before the tables are made there is nothing to write to.
            let begun = connection.execute_batch(
                "BEGIN IMMEDIATE; UPDATE notifications SET document = json_set(document, '$.status', 'read')",
            );
            if begun.is_ok() {
                std::thread::sleep(Duration::from_millis(2));
                connection.execute_batch("COMMIT").unwrap();
                written += 1;
            }
        }
        written
    });
    Writer { stop, thread }
}

impl Writer {
    /// How often it wrote.
    fn stop(self) -> u64 {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clients_at_once_beside_another_process_that_writes_get_no_error_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = camino::Utf8PathBuf::try_from(directory.path().join("nailgun.sqlite")).unwrap();
    let writer = another_process_that_writes(file.clone());
    let master = std::sync::Arc::new(master::start_with(|config| config.database = Database::File(file)).await);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let master = std::sync::Arc::clone(&master);
            tokio::spawn(async move {
                let registered = master.post("/plugins/", plugin(&format!("plugin_{number}"))).await;
                let environment = master.create_environment(&format!("environment {number}")).await;
                master.register_node(u8::try_from(number).unwrap()).await;
                let name = format!("plugin_{number}");
                let settings = master.enable(environment, &name, |_| {}).await;
                assert_eq!(settings["editable"][&name]["metadata"]["enabled"], true);
                let link = json!({"title": "dashboard", "url": "/"});
                master
                    .post(&format!("/clusters/{environment}/plugin_links/"), link)
                    .await;
                for path in ["/plugins/", "/clusters/", "/nodes/", "/notifications/"] {
                    assert!(master.get(path).await.is_array());
                }
                let (status, _) = master
                    .send("DELETE", &format!("/api/v1/plugins/{}", registered["id"]), None)
                    .await;
                assert_eq!(status, 400, "an enabled plugin is not deleted");
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert!(writer.stop() > 0, "the other process wrote nothing");
    for (path, expected) in [("/plugins/", CLIENTS), ("/clusters/", CLIENTS), ("/nodes/", CLIENTS)] {
        assert_eq!(master.get(path).await.as_array().unwrap().len(), expected, "{path}");
    }
    for environment in master.get("/clusters/").await.as_array().unwrap() {
        let path = format!("/clusters/{}/attributes/", environment["id"]);
        let editable = master.get(&path).await["editable"].clone();
        let sections = editable.as_object().unwrap().values();
        let enabled = sections
            .filter(|section| section["metadata"]["class"] == "plugin" && section["metadata"]["enabled"] == true);
        assert_eq!(enabled.count(), 1, "{path}");
    }
}

/// A process that serves, and where.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn spawn(database: &Utf8Path, plugins: &Utf8Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_mock-nailgun"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database", database.as_str()])
            .args([
                "--plugins-dir",
                plugins.as_str(),
                "--fuel-version",
                "9.2",
                "--auth",
                "none",
            ])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn start(database: &Utf8Path, plugins: &Utf8Path) -> Self {
        let mut child = Self::spawn(database, plugins);
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(line.starts_with("mock-nailgun 9.2 listens on "), "{line}");
        Self {
            child,
            url: format!("http://{address}/api/v1"),
        }
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn get(client: &reqwest::Client, url: &str) -> Value {
    client.get(url).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_at_any_moment_leaves_nothing_half_written() {
    const ROUNDS: u64 = 12;
    let directory = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(directory.path()).unwrap();
    let (database, plugins) = (root.join("nailgun.sqlite"), root.join("plugins"));
    fs_err::create_dir(&plugins).unwrap();
    let client = reqwest::Client::new();
    let mut acknowledged: Vec<String> = Vec::new();
    // The first kills fall into the making of the tables and releases.
    for delay in [2, 10, 20, 40, 80] {
        let mut child = Process::spawn(&database, &plugins);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for round in 0..ROUNDS {
        let process = Process::start(&database, &plugins);
        let url = process.url.clone();
        let moment = Duration::from_millis(5 + (round * 37) % 180);
        let writer = tokio::spawn({
            let client = client.clone();
            async move {
                let mut done = Vec::new();
                for number in 0.. {
                    let (path, name) = match number % 2 {
                        0 => ("plugins", format!("plugin_{round}_{number}")),
                        _ => ("clusters", format!("environment_{round}_{number}")),
                    };
                    let body = match path {
                        "plugins" => plugin(&name),
                        _ => json!({"name": name, "release_id": 2}),
                    };
                    match client.post(format!("{url}/{path}/")).json(&body).send().await {
                        Ok(response) => {
                            assert_eq!(response.status(), 201);
                            done.push(name);
                        }
                        Err(_) => break,
                    }
                }
                done
            }
        });
        tokio::time::sleep(moment).await;
        process.kill();
        acknowledged.extend(writer.await.unwrap());
    }
    let file = rusqlite::Connection::open(database.as_std_path()).unwrap();
    let whole: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let foreign: i64 = file
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(foreign, 0);
    drop(file);

    let process = Process::start(&database, &plugins);
    assert_eq!(
        get(&client, &format!("{}/releases/", process.url))
            .await
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let registered = get(&client, &format!("{}/plugins/", process.url)).await;
    let environments = get(&client, &format!("{}/clusters/", process.url)).await;
    let names: Vec<&str> = registered
        .as_array()
        .unwrap()
        .iter()
        .chain(environments.as_array().unwrap())
        .map(|object| object["name"].as_str().unwrap())
        .collect();
    assert!(!acknowledged.is_empty());
    for name in &acknowledged {
        assert!(names.contains(&name.as_str()), "{name} was acknowledged, and is gone");
    }
    // A plugin is its row, its graph and its place in every environment; an environment its settings and its plugins.
    for plugin in registered.as_array().unwrap() {
        let graphs = get(
            &client,
            &format!("{}/plugins/{}/deployment_graphs/", process.url, plugin["id"]),
        )
        .await;
        assert_eq!(graphs.as_array().unwrap().len(), 1, "{plugin}");
    }
    for environment in environments.as_array().unwrap() {
        let settings = get(
            &client,
            &format!("{}/clusters/{}/attributes/", process.url, environment["id"]),
        )
        .await;
        let editable = settings["editable"].as_object().unwrap();
        assert!(editable.contains_key("common"), "{environment} has no settings");
        for plugin in registered.as_array().unwrap() {
            let name = plugin["name"].as_str().unwrap();
            assert!(
                editable.contains_key(name),
                "{} is not connected to {name}",
                environment["name"]
            );
        }
    }
    process.kill();
}
