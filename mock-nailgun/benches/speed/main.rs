//! How fast `mock-nailgun` answers, beside the real Nailgun: `cargo bench -p mock-nailgun`.
//!
//! Every situation gets a server process of its own, in release mode, with its state in memory, reached over loopback.
//! A figure is the median of several requests, the answer read to its end.

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
    /// In milliseconds.
    wanted: f64,
    /// What one process of Nailgun 9.2 with PostgreSQL took on the same kind of machine.
    real: &'static str,
    bytes: usize,
    memory: u64,
}

fn main() {
    // `cargo test --benches` and `cargo bench` both start this; only the latter asks for figures.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: figures are taken by `cargo bench -p mock-nailgun`");
        return;
    }
    let mut lines = Vec::new();
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
    println!("| what | median | at most | real Nailgun 9.2 | answer | peak memory |");
    println!("|---|---|---|---|---|---|");
    for line in &lines {
        println!(
            "| {} | {:.2} ms | {} ms | {} | {:.2} MB | {} MB |",
            line.what,
            milliseconds(line.measured),
            line.wanted,
            line.real,
            line.bytes as f64 / 1e6,
            line.memory / 1000,
        );
    }
    let rate = plugin_list_rate();
    println!("| plugin list, 50 plugins | {rate:.0} requests/s | at least 2000 | | | |");
    let missed: Vec<&str> = lines
        .iter()
        .filter(|line| milliseconds(line.measured) > line.wanted || line.memory > 300_000)
        .map(|line| line.what.as_str())
        .collect();
    if !missed.is_empty() || rate < 2000.0 {
        println!("missed: {missed:?}");
        std::process::exit(1);
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The median time of `count` requests, after one that is not counted, and the size of the answer.
fn median(connection: &mut Connection, method: &str, path: &str, body: &str, count: usize) -> (Duration, usize) {
    let mut bytes = connection.send(method, path, body).expect_success().len();
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let start = Instant::now();
            bytes = connection.send(method, path, body).expect_success().len();
            start.elapsed()
        })
        .collect();
    times.sort();
    (times[count / 2], bytes)
}

fn settings_of_fifty_plugins() -> Vec<Line> {
    let server = Server::start();
    let mut connection = server.connect();
    server.register_many_plugins(&mut connection, 50);
    let environment = Environment::create(&mut connection);
    let path = format!("/api/v1/clusters/{}/attributes/", environment.id);
    let mut settings: Value = connection.get(&path);
    for (name, section) in settings["editable"].as_object_mut().unwrap() {
        if name.starts_with("plugin_") {
            section["metadata"]["enabled"] = json!(true);
        }
    }
    let whole = settings.to_string();
    connection.send("PUT", &path, &whole).expect_success();
    let mut line = |what: &str, method, path: &str, body: &str, wanted, real| {
        let (measured, bytes) = median(&mut connection, method, path, body, 21);
        Line {
            what: what.to_owned(),
            measured,
            wanted,
            real,
            bytes,
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
    environment.assign(&mut connection, nodes);
    let path = format!("/api/v1/clusters/{}/{path}/", environment.id);
    let (measured, bytes) = median(&mut connection, "GET", &path, "", if nodes > 100 { 5 } else { 11 });
    Line {
        what: format!("{what}, {nodes} nodes"),
        measured,
        wanted,
        real,
        bytes,
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
