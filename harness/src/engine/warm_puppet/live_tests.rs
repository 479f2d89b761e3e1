//! That a run of the loaded Puppet is what a run of its own is, on a real node.

use std::time::Duration;

use mock_astute::{Command, FileUpload, Node as _, Output};

use super::DIRECTORY;
use crate::engine::live_tests::node_image;
use crate::engine::{Engine, NodeSpec, RunGuard, RunId, TargetNode};

/// Says all that a process of a task may find out about itself and about the Puppet above it.
const SAYS_WHAT_IT_SEES: &str = r#"
exec { 'look':
  path      => '/usr/bin:/bin',
  command   => 'bash -c "env | sort; pwd; umask; ls /proc/self/fd; readlink /proc/self/fd/0; ulimit -a; id; cat /proc/self/cgroup; locale; read -r _ _ _ puppet _ </proc/\$PPID/stat; cat /proc/\$puppet/comm; xargs -0 echo </proc/\$puppet/cmdline | xargs; tr \\\\0 \\\\n </proc/\$puppet/environ | sort; readlink /proc/\$puppet/cwd; ps -o sid= -p \$puppet | grep -cw \$puppet"',
  logoutput => true,
}
file { '/etc/seen.conf': content => "${facts['os']['family']} ${facts['networking']['hostname']} é\n" }
notify { 'said': }
"#;

const FAILS: &str =
    "exec { 'fail': path => '/bin', command => 'sh -c \"echo out; echo err >&2; exit 3\"', logoutput => true }\n";

async fn apply(node: &TargetNode, words: &[&str], manifest: &str, timeout: u64) -> Output {
    let file = FileUpload {
        path: "/root/x.pp".to_owned(),
        content: manifest.as_bytes().to_vec(),
        mode: 0o644,
        directory_mode: 0o755,
        owner: "root".to_owned(),
        group: "root".to_owned(),
    };
    node.write_file(file).await.unwrap();
    node.remove_file("/etc/seen.conf").await.unwrap();
    let words = words.iter().chain(&[
        "/usr/bin/puppet",
        "apply",
        "x.pp",
        "--detailed-exitcodes",
        "--color=false",
    ]);
    let mut command = Command::new(words.copied(), Duration::from_secs(timeout));
    command.cwd = "/root".to_owned();
    command
        .environment
        .push(("LC_ALL".to_owned(), "en_US.UTF-8".to_owned()));
    node.run(command).await.unwrap()
}

async fn shell(node: &TargetNode, script: &str) -> String {
    let output = node
        .run(Command::new(["sh", "-c", script], Duration::from_secs(60)))
        .await
        .unwrap();
    output.stdout.trim().to_owned()
}

/// What was said, without times and the command's own mark.
fn steady(output: &Output) -> (i64, String, String) {
    let lines = |text: &str| {
        let without_times = text.lines().map(|line| match line.split_once(" in ") {
            Some((before, after)) if after.ends_with(" seconds") => before,
            _ => line,
        });
        let kept = without_times.filter(|line| !line.contains("FUELRIG_"));
        kept.collect::<Vec<_>>().join("\n")
    };
    (output.exit_code, lines(&output.stdout), lines(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_run_of_the_loaded_puppet_sees_does_and_says_what_one_of_its_own_does() {
    let engine = Engine::connect().await.unwrap();
    let run = RunId::new("warm-puppet");
    let _guard = RunGuard::new(&engine, &run);
    let image = node_image(&engine).await;
    let node = TargetNode::start_without_legs(&engine, &run, NodeSpec::new("node-1", "1", &image))
        .await
        .unwrap();
    let is_there = format!("for i in $(seq 600); do [ -S {DIRECTORY}/socket ] && echo yes && break; sleep 0.1; done");
    assert_eq!(shell(&node, &is_there).await, "yes");

    // `env` in front, and the command is no longer the one that goes through the server.
    for manifest in [
        SAYS_WHAT_IT_SEES,
        FAILS,
        "file { '/etc/seen.conf': ensure => ",
        "include missing\n",
    ] {
        let own = apply(&node, &["env"], manifest, 120).await;
        let own_file = node.read_file("/etc/seen.conf").await.unwrap();
        let loaded = apply(&node, &[], manifest, 120).await;
        assert_eq!(steady(&loaded), steady(&own), "{manifest}");
        if manifest == SAYS_WHAT_IT_SEES {
            let seen = [
                "returns: LC_ALL=en_US.UTF-8",
                "returns: /root",
                "returns: 0022",
                "returns: puppet",
                "said",
            ];
            assert!(seen.iter().all(|text| own.stdout.contains(text)), "{}", own.stdout);
        }
        assert_eq!(node.read_file("/etc/seen.conf").await.unwrap(), own_file, "{manifest}");
    }
    assert!(shell(&node, "pgrep -cx fuelrig-puppet").await.parse::<u8>().unwrap() > 0);

    // What the timeout ends is the run with all below it, not the server.
    let sleeps = "exec { '/bin/sleep 4321': }\n";
    let output = apply(&node, &[], sleeps, 8).await;
    assert!(output.timed_out);
    assert_eq!(
        shell(&node, "pgrep -f '[s]leep 4321|[x].pp' || echo none").await,
        "none"
    );
    assert_eq!(apply(&node, &[], FAILS, 120).await.exit_code, 4);

    // A package brought another Puppet: from now on each run has its own.
    shell(
        &node,
        r#"touch "$(ruby -e 'puts $LOAD_PATH.map { |place| place + "/puppet.rb" }.find { |file| File.exist?(file) }')""#,
    )
    .await;
    for _ in 0..2 {
        assert_eq!(apply(&node, &[], FAILS, 120).await.exit_code, 4);
    }
    assert_eq!(shell(&node, "pgrep -x fuelrig-puppet || echo none").await, "none");
}
