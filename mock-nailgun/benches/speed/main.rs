//! How fast `mock-nailgun` answers, beside the real Nailgun: `cargo bench -p mock-nailgun`.
//!
//! Every situation gets a server process of its own, in release mode, with its state in memory, reached over loopback.
//! A figure is the median of several requests, the answer read to its end; beside it stands the least, which other work on
//! the machine moves less.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops where something is wrong, and prints its table"
)]

mod connection;
mod situation;

use std::time::{Duration, Instant};

use connection::Connection;
use serde_json::{Value, json};
use situation::{Environment, Server};

/// One line of the table.
struct Line {
    what: String,
    measured: Duration,
    least: Duration,
    /// In milliseconds.
    wanted: f64,
    /// What one process of Nailgun 9.2 with PostgreSQL took on the same kind of machine.
    real: &'static str,
    bytes: usize,
    memory: u64,
}

/// What a master with 50 plugins and 300 nodes may hold, in MB.
const MEMORY: f64 = 50.0;

fn main() {
    // `cargo test --benches` and `cargo bench` both start this; only the latter asks for figures.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: figures are taken by `cargo bench -p mock-nailgun`");
        return;
    }
    let mut lines = vec![start()];
    lines.extend(settings_of_fifty_plugins());
    for (nodes, wanted, real) in [
        (3, 5.0, "670 ms"),
        (100, 200.0, "16 s"),
        (300, 1000.0, "42.5 s, 2.4 GB"),
    ] {
        lines.push(of_nodes(
            "deployment info",
            "orchestrator/deployment/defaults",
            nodes,
            wanted,
            real,
        ));
    }
    for (nodes, wanted, real) in [
        (3, 10.0, "1.6 s"),
        (30, 60.0, "13 s"),
        (100, 300.0, "69 s"),
        (300, 1000.0, "unfinished after 240 s"),
    ] {
        lines.push(of_nodes("serialised tasks", "serialized_tasks", nodes, wanted, real));
    }
    println!("| what | median | least | at most | real Nailgun 9.2 | answer | peak memory |");
    println!("|---|---|---|---|---|---|---|");
    for line in &lines {
        println!(
            "| {} | {:.2} ms | {:.2} ms | {} ms | {} | {:.2} MB | {} MB |",
            line.what,
            milliseconds(line.measured),
            milliseconds(line.least),
            line.wanted,
            line.real,
            line.bytes as f64 / 1e6,
            line.memory / 1000,
        );
    }
    let rate = plugin_list_rate();
    println!("| plugin list, 50 plugins | {rate:.0} requests/s | | at least 2000 | | | |");
    let memory = memory_of_a_large_master();
    println!("| memory with 50 plugins and 300 nodes | {memory:.1} MB | | {MEMORY} MB | | | |");
    let missed: Vec<&str> = lines
        .iter()
        .filter(|line| milliseconds(line.measured) > line.wanted || line.memory > 300_000)
        .map(|line| line.what.as_str())
        .collect();
    if !missed.is_empty() || rate < 2000.0 || memory > MEMORY {
        println!("missed: {missed:?}, or the plugin list's rate or the memory");
        std::process::exit(1);
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// From the start of the process to the end of its first answer.
fn start() -> Line {
    let mut bytes = 0;
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let before = Instant::now();
            let server = Server::start();
            let answer = server.connect().send("GET", "/api/v1/version/", "");
            bytes = answer.expect_success().len();
            before.elapsed()
        })
        .collect();
    times.sort();
    Line {
        what: "start to the first answer".to_owned(),
        measured: times[times.len() / 2],
        least: times[0],
        wanted: 100.0,
        real: "",
        bytes,
        memory: 0,
    }
}

/// What a server process holds, in MB, with 50 enabled plugins and 300 nodes, when all of it has been read.
fn memory_of_a_large_master() -> f64 {
    let server = Server::start();
    let mut connection = server.connect();
    server.register_many_plugins(&mut connection, 50);
    let environment = Environment::create(&mut connection);
    enable_all(&environment, &mut connection);
    environment.assign(&mut connection, 300, &["compute"]);
    for path in ["plugins", "nodes", "clusters/1/attributes", "clusters/1/roles"] {
        connection.get(&format!("/api/v1/{path}/"));
    }
    server.memory() as f64 / 1000.0
}

/// Enables the plugins that the benchmark made, by the whole document, which it gives back.
fn enable_all(environment: &Environment, connection: &mut Connection) -> String {
    let path = format!("/api/v1/clusters/{}/attributes/", environment.id);
    let mut settings: Value = connection.get(&path);
    for (name, section) in settings["editable"].as_object_mut().unwrap() {
        if name.starts_with("plugin_") {
            section["metadata"]["enabled"] = json!(true);
        }
    }
    let whole = settings.to_string();
    connection.send("PUT", &path, &whole).expect_success();
    whole
}

/// Times of requests.
struct Times {
    median: Duration,
    least: Duration,
    /// Size of the last answer.
    bytes: usize,
}

/// The times of `count` requests, after one that is not counted.
fn times(connection: &mut Connection, method: &str, path: &str, body: &str, count: usize) -> Times {
    let mut bytes = connection.send(method, path, body).expect_success().len();
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let start = Instant::now();
            bytes = connection.send(method, path, body).expect_success().len();
            start.elapsed()
        })
        .collect();
    times.sort();
    Times {
        median: times[count / 2],
        least: times[0],
        bytes,
    }
}

fn settings_of_fifty_plugins() -> Vec<Line> {
    let server = Server::start();
    let mut connection = server.connect();
    server.register_many_plugins(&mut connection, 50);
    let environment = Environment::create(&mut connection);
    let path = format!("/api/v1/clusters/{}/attributes/", environment.id);
    let whole = enable_all(&environment, &mut connection);
    let mut line = |what: &str, method, path: &str, body: &str, wanted, real| {
        let times = times(&mut connection, method, path, body, 51);
        Line {
            what: what.to_owned(),
            measured: times.median,
            least: times.least,
            wanted,
            real,
            bytes: times.bytes,
            memory: server.peak_memory(),
        }
    };
    let roles = format!("/api/v1/clusters/{}/roles/", environment.id);
    vec![
        line("settings GET, 50 plugins enabled", "GET", &path, "", 3.0, "121 ms"),
        line(
            "settings PUT of the whole, 50 plugins enabled",
            "PUT",
            &path,
            &whole,
            15.0,
            "993 ms",
        ),
        line("roles, 50 plugins enabled", "GET", &roles, "", 5.0, "3.9 s"),
    ]
}

/// A request for an environment with the full core graph and two plugins with roles.
fn of_nodes(what: &str, path: &str, nodes: usize, wanted: f64, real: &'static str) -> Line {
    let server = Server::start();
    let mut connection = server.connect();
    server.register_role_plugins(&mut connection);
    let environment = Environment::create(&mut connection);
    environment.enable(&mut connection, &["fuel-plugin-trove", "notes_service"]);
    environment.assign(&mut connection, nodes, &["trove", "notes"]);
    let path = format!("/api/v1/clusters/{}/{path}/", environment.id);
    let count = match nodes {
        101.. => 5,
        31.. => 11,
        _ => 41,
    };
    let times = times(&mut connection, "GET", &path, "", count);
    Line {
        what: format!("{what}, {nodes} nodes"),
        measured: times.median,
        least: times.least,
        wanted,
        real,
        bytes: times.bytes,
        memory: server.peak_memory(),
    }
}

/// Requests a second on the list of 50 plugins, from four connections.
fn plugin_list_rate() -> f64 {
    const SECONDS: u64 = 3;
    let server = Server::start();
    server.register_many_plugins(&mut server.connect(), 50);
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let count: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let mut connection = server.connect();
                scope.spawn(move || {
                    let mut count = 0;
                    while Instant::now() < end {
                        connection.send("GET", "/api/v1/plugins/", "").expect_success();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    count as f64 / SECONDS as f64
}
