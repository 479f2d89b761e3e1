//! Nodes, networks and hooks on a real engine.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test, with the reason"
)]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bollard::query_parameters::KillContainerOptions;
use camino::Utf8Path;
use fuelrig::engine::{
    ContainerHook, Engine, HookOptions, ImageOptions, Networks, NodeSpec, RunGuard, RunId, Target, TargetNode, ensure,
};
use mock_astute::{Command, FileUpload, Node, NodeError, Output};
use plugin_builder::{HookError, HookRunner};

use crate::rig::Test;

pub(crate) const TESTS: &[Test] = &[
    ("a node comes up with its name its addresses and no failed unit", || {
        run(a_node_comes_up_with_its_name_its_addresses_and_no_failed_unit())
    }),
    ("a closed node fails at once to reach the outside", || {
        run(a_closed_node_fails_at_once_to_reach_the_outside())
    }),
    ("a killed node is gone within seconds and the error says how", || {
        run(a_killed_node_is_gone_within_seconds_and_the_error_says_how())
    }),
    ("a timeout ends all that a command started and spares services", || {
        run(a_timeout_ends_all_that_a_command_started_and_spares_services())
    }),
    ("a command that is dropped is ended", || {
        run(a_command_that_is_dropped_is_ended())
    }),
    (
        "a command ends when its process does even if a child holds its output",
        || run(a_command_ends_when_its_process_does_even_if_a_child_holds_its_output()),
    ),
    (
        "a command that the kernel ends for its memory does not take the node along",
        || run(a_command_that_the_kernel_ends_for_its_memory_does_not_take_the_node_along()),
    ),
    ("files are written whole with mode and owner and read back", || {
        run(files_are_written_whole_with_mode_and_owner_and_read_back())
    }),
    (
        "a reboot empties run and tmp and keeps disk addresses and the closed route",
        || run(a_reboot_empties_run_and_tmp_and_keeps_disk_addresses_and_the_closed_route()),
    ),
    ("two runs at once get subnets that do not overlap", || {
        run(two_runs_at_once_get_subnets_that_do_not_overlap())
    }),
    ("a hook runs in a container at the plugin's own place", || {
        run(a_hook_runs_in_a_container_at_the_plugins_own_place(
            "#!/bin/sh\nmkdir out; pwd > out/place; cat /proc/1/comm; [ ! -e /var/run/docker.sock ]\n",
            "docker-init",
            None,
        ))
    }),
    ("a hook that fails is told with its code and its last words", || {
        run(a_hook_runs_in_a_container_at_the_plugins_own_place(
            "#!/bin/sh\necho broken; exit 7\n",
            "broken",
            Some(7),
        ))
    }),
];

/// Runs a test to its end; what it finds wrong is a panic.
fn run(test: impl Future<Output = ()>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(test);
    Ok(())
}

async fn engine() -> Engine {
    Engine::connect().await.unwrap()
}

async fn node_image(engine: &Engine) -> String {
    let images = ensure(engine, &[Target::Node.into()], &ImageOptions::default(), &|_| ())
        .await
        .unwrap();
    images.reference(&Target::Node.into()).unwrap().to_owned()
}

/// A node in networks of its own, which go with it.
struct Bench {
    engine: Engine,
    node: TargetNode,
    networks: Networks,
    _guard: RunGuard,
}

async fn bench(shape: impl FnOnce(&mut NodeSpec)) -> Bench {
    let engine = engine().await;
    let run = RunId::new("engine-test");
    let guard = RunGuard::new(&engine, &run);
    let networks = Networks::create(&engine, &run).await.unwrap();
    let mut spec = NodeSpec::new("node-1", "1", &node_image(&engine).await);
    spec.addresses.admin = Some(networks.admin.subnet.host(3));
    spec.addresses.management = Some(networks.management.subnet.host(1));
    shape(&mut spec);
    let node = TargetNode::start(&engine, &run, &networks, spec).await.unwrap();
    Bench {
        engine,
        node,
        networks,
        _guard: guard,
    }
}

impl Bench {
    async fn shell(&self, script: &str, seconds: u64) -> Result<Output, NodeError> {
        self.node
            .run(Command::new(["sh", "-c", script], Duration::from_secs(seconds)))
            .await
    }

    async fn says(&self, script: &str) -> String {
        self.shell(script, 30).await.unwrap().stdout
    }
}

async fn a_node_comes_up_with_its_name_its_addresses_and_no_failed_unit() {
    let bench = bench(|spec| spec.hosts = vec![("node-2".to_owned(), [192, 168, 0, 2].into())]).await;
    assert_eq!(bench.node.readiness.failed_units, Vec::<String>::new());
    assert_eq!(bench.says("hostname -f").await, "node-1.domain.tld\n");
    let addresses = bench.says("ip -4 -o address show scope global").await;
    for network in [&bench.networks.admin, &bench.networks.management] {
        assert!(
            addresses.contains(&format!("/{} ", network.subnet.prefix())),
            "{addresses}"
        );
    }
    assert!(
        addresses.contains(&bench.networks.admin.subnet.host(3).to_string()),
        "{addresses}"
    );
    assert_eq!(
        bench.says("getent hosts node-2").await.split_whitespace().next(),
        Some("192.168.0.2")
    );
    assert_eq!(bench.node.hardware_addresses.len(), 2);
}

async fn a_closed_node_fails_at_once_to_reach_the_outside() {
    let bench = bench(|_| ()).await;
    let started = Instant::now();
    let output = bench
        .shell("curl -sS --max-time 20 http://192.0.2.77/", 30)
        .await
        .unwrap();
    assert_ne!(output.exit_code, 0);
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}: {}",
        started.elapsed(),
        output.stderr
    );
    let started = Instant::now();
    assert_eq!(bench.says("getent hosts name.example").await, "");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

async fn a_killed_node_is_gone_within_seconds_and_the_error_says_how() {
    let bench = bench(|_| ()).await;
    let node = bench.node.clone();
    let running = tokio::spawn(async move { node.run(Command::new(["sleep", "300"], Duration::from_secs(300))).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let killed = Instant::now();
    bench
        .engine
        .client()
        .kill_container(bench.node.container(), None::<KillContainerOptions>)
        .await
        .unwrap();
    let error = running.await.unwrap().unwrap_err();
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    assert_eq!(
        error.to_string(),
        "node-1 is gone: container exited with code 137 (killed)"
    );
    assert!(!bench.node.is_online().await);
}

async fn a_timeout_ends_all_that_a_command_started_and_spares_services() {
    let bench = bench(|_| ()).await;
    let script = "echo begun; setsid sleep 1001 & (trap '' TERM; sleep 1002; sleep 1003) & (env -i sleep 1004; :) & \
                  systemctl start cron; sleep 1005";
    let output = bench.shell(script, 2).await.unwrap();
    assert!(output.timed_out);
    assert_eq!((output.exit_code, output.stdout.as_str()), (-1, "begun\n"));
    assert_eq!(bench.says("pgrep -a sleep; systemctl is-active cron").await, "active\n");
}

async fn a_command_that_is_dropped_is_ended() {
    let bench = bench(|_| ()).await;
    let command = bench.shell("sleep 1001", 300);
    assert!(tokio::time::timeout(Duration::from_millis(500), command).await.is_err());
    for _ in 0..50 {
        if bench.says("pgrep -a sleep").await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it still runs");
}

async fn a_command_ends_when_its_process_does_even_if_a_child_holds_its_output() {
    let bench = bench(|_| ()).await;
    let started = Instant::now();
    let output = bench.shell("sleep 1001 & echo said; exit 5", 60).await.unwrap();
    assert_eq!(
        (output.exit_code, output.stdout.as_str(), output.timed_out),
        (5, "said\n", false)
    );
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    // It outlived its command, which is for the verdict to see.
    assert!(bench.says("pgrep -a sleep").await.contains("sleep 1001"));
}

async fn a_command_that_the_kernel_ends_for_its_memory_does_not_take_the_node_along() {
    let bench = bench(|spec| spec.memory = Some(256 << 20)).await;
    let output = bench
        .shell("perl -e '$x = \"a\" x 900_000_000; sleep 1; print length $x'", 60)
        .await
        .unwrap();
    assert_eq!(output.exit_code, 137, "{output:?}");
    assert!(bench.node.is_online().await);
}

async fn files_are_written_whole_with_mode_and_owner_and_read_back() {
    let bench = bench(|_| ()).await;
    let content: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    // /run is a tmpfs, which the engine's archive requests do not see.
    let file = FileUpload {
        path: "/run/new place/it's".to_owned(),
        content: content.clone(),
        mode: 0o640,
        directory_mode: 0o750,
        owner: "root".to_owned(),
        group: "daemon".to_owned(),
    };
    bench.node.write_file(file.clone()).await.unwrap();
    assert_eq!(bench.node.read_file(&file.path).await.unwrap(), Some(content));
    let seen = bench
        .says("stat -c '%a %U %G %n' '/run/new place' '/run/new place/'*; ls -A '/run/new place' | wc -l")
        .await;
    assert_eq!(
        seen,
        "750 root root /run/new place\n640 root daemon /run/new place/it's\n1\n"
    );

    bench.says("ln -s '/run/new place/it'\"'\"'s' /etc/link").await;
    let through = FileUpload {
        path: "/etc/link".to_owned(),
        content: Vec::new(),
        ..file.clone()
    };
    bench.node.write_file(through).await.unwrap();
    assert_eq!(bench.node.read_file(&file.path).await.unwrap(), Some(Vec::new()));
    assert_eq!(bench.says("readlink /etc/link").await, "/run/new place/it's\n");
    // As MCollective's agent does, whatever that means to the directory.
    assert_eq!(bench.says("stat -c %a /etc").await, "750\n");

    bench.node.remove_file(&file.path).await.unwrap();
    bench.node.remove_file(&file.path).await.unwrap();
    assert_eq!(bench.node.read_file(&file.path).await.unwrap(), None);
    let refused = FileUpload {
        path: "/etc".to_owned(),
        ..file
    };
    let error = bench.node.write_file(refused).await.unwrap_err();
    assert_eq!(error.to_string(), "node-1: cannot write /etc: /etc is a directory");
}

async fn a_reboot_empties_run_and_tmp_and_keeps_disk_addresses_and_the_closed_route() {
    let bench = bench(|_| ()).await;
    let addresses = bench
        .says("ip -4 -o address show scope global | awk '{ print $4 }' | sort; touch /tmp/a /root/b")
        .await;
    let booted = bench.says("stat -c %Y /proc/1").await;
    bench.node.reboot(Duration::from_secs(120)).await.unwrap();
    assert_eq!(bench.says("ls /tmp/a /root/b 2>/dev/null").await, "/root/b\n");
    assert_eq!(
        bench
            .says("ip -4 -o address show scope global | awk '{ print $4 }' | sort")
            .await,
        addresses
    );
    assert!(bench.says("ip route").await.contains("unreachable default"));
    assert_ne!(bench.says("stat -c %Y /proc/1").await, booted);
}

async fn two_runs_at_once_get_subnets_that_do_not_overlap() {
    let engine = engine().await;
    let runs = [RunId::new("one"), RunId::new("other")];
    let _guards = runs.each_ref().map(|run| RunGuard::new(&engine, run));
    let (one, other) = tokio::join!(Networks::create(&engine, &runs[0]), Networks::create(&engine, &runs[1]));
    let (one, other) = (one.unwrap(), other.unwrap());
    for (a, b) in [
        (&one.admin, &other.admin),
        (&one.management, &other.management),
        (&one.storage, &other.storage),
        (&one.public, &other.public),
    ] {
        assert!(!a.subnet.overlaps(&b.subnet), "{a:?} {b:?}");
    }
}

async fn a_hook_runs_in_a_container_at_the_plugins_own_place(script: &str, said: &str, code: Option<i32>) {
    let engine = engine().await;
    let run = RunId::new("hook-test");
    let _guard = RunGuard::new(&engine, &run);
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    let plugin = Utf8Path::from_path(directory.path()).unwrap();
    let hook = plugin.join("pre_build_hook");
    fs_err::write(&hook, script).unwrap();
    fs_err::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let output = Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_owned()));
    let runner = ContainerHook::new(&engine, &run, HookOptions::new(&node_image(&engine).await, output));

    let result = runner.run(plugin);
    assert_eq!(lines.lock().unwrap().first().map(String::as_str), Some(said));
    match (result, code) {
        (Ok(()), None) => assert_eq!(
            fs_err::read_to_string(plugin.join("out/place")).unwrap(),
            format!("{plugin}\n")
        ),
        (Err(HookError::Exit { code, output }), Some(expected)) => assert_eq!((code, output.trim()), (expected, said)),
        (result, code) => panic!("{result:?} instead of {code:?}"),
    }
}
