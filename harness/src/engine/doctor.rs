//! Looks at engine and machine before anybody waits for them in vain.

use std::path::Path;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use tokio::process::Command;

use super::base;
use super::connect::Engine;
use super::images::{self, Target};
use super::labels::RunId;
use super::node::{NodeSpec, TargetNode};
use super::sweep::RunGuard;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Good,
    /// It works, but slowly or not always.
    Warning,
    /// Runs will fail.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `engine`, `storage driver`.
    pub subject: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was seen.
    pub seen: String,
    /// What helps, where something is to be done.
    pub hint: Option<String>,
}

impl Finding {
    fn good(subject: &'static str, seen: impl Into<String>) -> Self {
        Self {
            subject,
            severity: Severity::Good,
            seen: seen.into(),
            hint: None,
        }
    }

    fn warning(subject: &'static str, seen: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            subject,
            severity: Severity::Warning,
            seen: seen.into(),
            hint: Some(hint.into()),
        }
    }

    fn problem(subject: &'static str, seen: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            subject,
            severity: Severity::Problem,
            seen: seen.into(),
            hint: Some(hint.into()),
        }
    }
}

/// Looks at the engine and at this machine. Never fails: what is wrong is a finding.
pub async fn doctor() -> Vec<Finding> {
    let engine = match Engine::connect().await {
        Ok(engine) => engine,
        Err(error) => {
            let text = error.to_string();
            let (seen, hint) = text.split_once("\nhint: ").unwrap_or((&text, "see the message"));
            return vec![Finding::problem("engine", seen, hint)];
        }
    };
    let mut findings = vec![
        Finding::good("engine", format!("Docker {} at {}", engine.version, engine.address)),
        api_version(&engine.api_version),
        storage_driver(&engine.storage_driver),
        memory(engine.memory),
        control_groups(&engine.cgroup_version),
    ];
    if engine.is_local() {
        findings.push(disk_space(&engine.root).await);
    } else {
        findings.push(Finding::problem(
            "place",
            format!("the engine at {} is on another machine", engine.address),
            "use an engine on this machine: the master's API is published on the engine's loopback",
        ));
    }
    findings.push(base_image(&engine).await);
    findings.push(systemd(&engine).await);
    findings.push(leftovers(&engine).await);
    findings
}

/// Private control group namespaces, which systemd needs, came with API 1.41.
fn api_version(version: &str) -> Finding {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let mut parts = version.split('.');
    match (number(parts.next()), number(parts.next())) {
        (Some(major), Some(minor)) if (major, minor) >= (1, 41) => Finding::good("API version", version),
        _ => Finding::problem("API version", version, "Docker 20.10 (API 1.41) or newer is needed"),
    }
}

fn storage_driver(driver: &str) -> Finding {
    match driver {
        "fuse-overlayfs" | "vfs" => Finding::warning(
            "storage driver",
            driver,
            "everything that looks at many files is five to ten times slower than on overlay2; set \"storage-driver\": \
             \"overlay2\" in /etc/docker/daemon.json if the file system allows it",
        ),
        other => Finding::good("storage driver", other),
    }
}

fn memory(bytes: u64) -> Finding {
    const NEEDED: u64 = 6 << 30;
    let seen = format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    if bytes < NEEDED {
        Finding::warning(
            "memory",
            seen,
            "a controller and a compute node take about 6 GiB together",
        )
    } else {
        Finding::good("memory", seen)
    }
}

fn control_groups(version: &str) -> Finding {
    let systemd = Path::new("/sys/fs/cgroup/systemd").is_dir();
    match version {
        "2" => Finding::good("control groups", "version 2"),
        // Version 1 needs the hierarchy that systemd keeps its books in.
        "1" if systemd || !Path::new("/sys/fs/cgroup").is_dir() => Finding::good("control groups", "version 1"),
        "1" => Finding::warning(
            "control groups",
            "version 1 without the hierarchy name=systemd",
            "if nodes do not come up: mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd cgroup \
             /sys/fs/cgroup/systemd",
        ),
        other => Finding::warning(
            "control groups",
            format!("version `{other}`"),
            "versions 1 and 2 are known to work",
        ),
    }
}

async fn disk_space(root: &str) -> Finding {
    const NEEDED: u64 = 8 << 30;
    let available = free_bytes(root).await;
    match available {
        None => Finding::warning(
            "disk space",
            format!("unknown for {root}"),
            "at least 8 GiB should be free there",
        ),
        Some(bytes) => {
            let seen = format!("{} GiB free for {root}", bytes >> 30);
            if bytes < NEEDED {
                Finding::warning(
                    "disk space",
                    seen,
                    "images and nodes take about 8 GiB; `fuelrig gc --images` frees some",
                )
            } else {
                Finding::good("disk space", seen)
            }
        }
    }
}

/// How many bytes are free for the engine's directory, where that is of this machine.
pub(super) async fn free_bytes(root: &str) -> Option<u64> {
    // Another user may not look into Docker's directory; its parent is on the same file system nearly always.
    let mut directory = Utf8Path::new(root);
    while !directory.exists() {
        directory = directory.parent()?;
    }
    let output = Command::new("df").args(["-Pk", directory.as_str()]).output().await;
    parse_df(&String::from_utf8_lossy(&output.ok()?.stdout))
}

fn parse_df(output: &str) -> Option<u64> {
    let kibibytes: u64 = output.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kibibytes * 1024)
}

async fn base_image(engine: &Engine) -> Finding {
    let debootstrap = ["/usr/sbin/debootstrap", "/usr/bin/debootstrap"]
        .iter()
        .any(|path| Path::new(path).exists());
    match engine.has_image(base::DEFAULT).await {
        Ok(true) => Finding::good("base image", format!("{} is there", base::DEFAULT)),
        Ok(false) if debootstrap => Finding::good(
            "base image",
            format!("{} will be pulled, or made with debootstrap", base::DEFAULT),
        ),
        Ok(false) => Finding::warning(
            "base image",
            format!("{} is not there yet, and debootstrap is not installed", base::DEFAULT),
            "nothing to do where a registry answers; elsewhere `apt-get install debootstrap`",
        ),
        Err(error) => Finding::problem("base image", error.to_string(), "see the engine's log"),
    }
}

/// Boots a node for the proof, where its image is there.
async fn systemd(engine: &Engine) -> Finding {
    const SUBJECT: &str = "systemd in containers";
    let reference = match images::built(engine, Target::Node, base::DEFAULT).await {
        Ok(Some(reference)) => reference,
        Ok(None) => return Finding::good(SUBJECT, "not tried: the image `node` is not built yet"),
        Err(error) => return Finding::problem(SUBJECT, error.to_string(), "see the engine's log"),
    };
    let run = RunId::new("doctor");
    let guard = RunGuard::new(engine, &run);
    let mut spec = NodeSpec::new("doctor", "0", &reference);
    spec.boot_timeout = Duration::from_secs(60);
    let started = Instant::now();
    let finding = match TargetNode::start_with(engine, &run, &[], spec).await {
        Ok(node) if node.readiness.failed_units.is_empty() => Finding::good(
            SUBJECT,
            format!("a node boots in {:.1} s", started.elapsed().as_secs_f64()),
        ),
        Ok(node) => Finding::warning(
            SUBJECT,
            format!(
                "a node boots, but these units fail: {}",
                node.readiness.failed_units.join(", ")
            ),
            "look at them in a node that is kept (`--keep always`)",
        ),
        Err(error) => Finding::problem(
            SUBJECT,
            error.to_string(),
            "nodes need the capabilities SYS_ADMIN and NET_ADMIN and an unconfined seccomp profile; a rootless or \
             restricted engine may deny them",
        ),
    };
    // What is left would be found by label; the finding matters more.
    let _ = guard.clean_up().await;
    finding
}

async fn leftovers(engine: &Engine) -> Finding {
    match engine.dead_runs().await {
        Ok(runs) if runs.is_empty() => Finding::good("leftovers", "none"),
        Ok(runs) => Finding::warning(
            "leftovers",
            format!("{} of runs that ended or died: {}", runs.len(), runs.join(", ")),
            "`fuelrig gc` removes them",
        ),
        Err(error) => Finding::problem("leftovers", error.to_string(), "see the engine's log"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1.41", Severity::Good)]
    #[case("1.53", Severity::Good)]
    #[case("2.0", Severity::Good)]
    #[case("1.40", Severity::Problem)]
    #[case("", Severity::Problem)]
    fn an_engine_older_than_20_10_is_a_problem(#[case] version: &str, #[case] severity: Severity) {
        assert_eq!(api_version(version).severity, severity);
    }

    #[rstest]
    #[case("overlay2", Severity::Good)]
    #[case("btrfs", Severity::Good)]
    #[case("fuse-overlayfs", Severity::Warning)]
    fn a_slow_storage_driver_is_warned_of(#[case] driver: &str, #[case] severity: Severity) {
        assert_eq!(storage_driver(driver).severity, severity);
    }

    #[test]
    fn free_space_is_read_from_df() {
        let output = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 264000000 1 73400320 23% /\n";
        assert_eq!(parse_df(output), Some(70 << 30));
    }
}
