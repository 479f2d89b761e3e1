//! What has befallen the machines of a run, asked after something failed on them: a task that finds no room, no memory
//! or no network says so in its own words, or not at all.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{InspectContainerOptions, StatsOptionsBuilder};
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::connect::Engine;
use super::containers::Condition;
use super::doctor::free_bytes;
use super::exec::ExecRequest;
use super::images::Target;
use super::labels::{LEGS, RunId};

/// How long all of it may take: somebody waits for the error that it is to explain.
const PATIENCE: Duration = Duration::from_secs(20);
/// An engine with less room than this, in bytes, cannot start anything.
const LEAST_ROOM: u64 = 1 << 20;
/// What a hook's container is called in its run: it comes and goes.
pub(super) const HOOK: &str = "hook";

/// Asks a node what its kernel and its disks say, and whether it reaches the master ($1). One line each:
/// `killed NUMBER`, `full PLACE`, `crammed PLACE` (in memory), `cut PORT…`.
const ASK: &str = r#"
for file in $(find /sys/fs/cgroup -name memory.oom_control -o -name memory.events 2>/dev/null); do
    sed -n 's/^oom_kill \([1-9][0-9]*\)$/killed \1/p' "$file"
done
full() { awk 'NR > 1 && $2 > 0 && $4 < 64 && $NF !~ "^/(proc|sys|dev|etc/)" { print ($1 == "tmpfs" ? "crammed " : "full ") $NF }'; }
{ df -P -k 2>/dev/null | full; df -P -i 2>/dev/null | full; } | sort -u
if [ -n "$1" ]; then
    closed=
    for port in 873 8080; do
        timeout 3 bash -c ": </dev/tcp/$1/$port" 2>/dev/null || closed="$closed $port"
    done
    [ -z "$closed" ] || echo "cut$closed"
fi
exit 0
"#;

/// Something that is wrong with a machine of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What, where, and what to do.
    pub(crate) text: String,
    /// Whether no plugin is to blame for it: a container that somebody removed, a network that is cut, a full disk.
    pub(crate) of_the_machine: bool,
}

impl Trouble {
    fn machine(text: String) -> Self {
        Self {
            text,
            of_the_machine: true,
        }
    }
}

/// The master as it was started.
#[derive(Debug, Clone)]
pub(crate) struct MasterPlace {
    /// Its address in the admin network.
    pub(crate) ip: Ipv4Addr,
    /// Container ids by service.
    pub(crate) containers: BTreeMap<&'static str, String>,
}

impl Engine {
    /// What is wrong with the containers and networks of a run. Takes at most 20 s, and says nothing where the engine
    /// does not.
    pub(crate) async fn post_mortem(&self, run: &RunId, master: Option<&MasterPlace>) -> Vec<Trouble> {
        tokio::time::timeout(PATIENCE, self.look_at_all(run, master))
            .await
            .unwrap_or_default()
    }

    async fn look_at_all(&self, run: &RunId, master: Option<&MasterPlace>) -> Vec<Trouble> {
        let Ok(mut containers) = self.containers_of(run.id()).await else {
            return Vec::new();
        };
        containers.remove(HOOK);
        let full = self.is_local() && free_bytes(&self.root).await.is_some_and(|bytes| bytes < LEAST_ROOM);
        if full {
            return vec![Trouble::machine(format!(
                "no room is left for the engine's directory, {}\n  hint: make room there (`docker system df` tells what \
                 takes it)",
                self.root
            ))];
        }
        let mut troubles: Vec<Trouble> = (master.into_iter())
            .flat_map(|master| master.containers.keys())
            .filter(|service| !containers.contains_key(**service))
            .map(|service| gone(service, "container was removed"))
            .collect();
        let mut nodes = Vec::new();
        let is_service = |name: &str| Target::MASTER.iter().any(|target| target.name() == name);
        for (name, id) in &containers {
            match self.condition(id).await {
                // One that did not start is what failed, and told already.
                Ok(Condition::Gone(reason)) if !reason.starts_with("container was not started") => {
                    troubles.push(gone(name, &reason));
                }
                Ok(Condition::Running) if !is_service(name) => nodes.push((name, id)),
                _ => {}
            }
        }
        // Without its master every node is cut off, which says nothing.
        let master = master.filter(|_| troubles.is_empty()).map(|master| master.ip);
        let asked = nodes.into_iter().map(|(name, id)| self.look_at_node(name, id, master));
        troubles.extend(join_all(asked).await.into_iter().flatten());
        troubles
    }

    async fn look_at_node(&self, name: &str, id: &str, master: Option<Ipv4Addr>) -> Vec<Trouble> {
        let inspected = self.docker.inspect_container(id, None::<InspectContainerOptions>).await;
        let inspected = inspected.unwrap_or_default();
        if inspected.state.as_ref().and_then(|state| state.paused) == Some(true) {
            return vec![Trouble::machine(format!(
                "{name} stands still: its container was paused\n  hint: nothing of the rig leaves a node so"
            ))];
        }
        let lost = lost_legs(&inspected);
        if !lost.is_empty() {
            return vec![Trouble::machine(format!(
                "{name} is in the network(s) {} no more\n  hint: nothing of the rig takes a node out of its networks; \
                 `docker network ls` shows whether they are still there",
                lost.join(", ")
            ))];
        }
        let limit = inspected.host_config.and_then(|host| host.memory).unwrap_or_default();
        let address = master.map(|ip| ip.to_string()).unwrap_or_default();
        let request = ExecRequest {
            argv: ["sh", "-c", ASK, "sh", &address].map(str::to_owned).to_vec(),
            output_limit: 64 * 1024,
            ..ExecRequest::default()
        };
        match self.exec(id, request).await {
            Ok(output) if output.code == 0 => self.read(name, &String::from_utf8_lossy(&output.stdout), limit, master),
            // Where no shell comes up there is no room for its process, or no memory, as a rule.
            _ => (self.starved(id).await.into_iter())
                .map(|need| Trouble {
                    text: format!("{name} {need}"),
                    of_the_machine: false,
                })
                .collect(),
        }
    }

    /// Says so where a container has used up its processes or its memory, as the engine sees it from outside.
    pub(super) async fn starved(&self, container: &str) -> Option<String> {
        let once = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        let stats = self.docker.stats(container, Some(once)).next().await?.ok()?;
        let is_used_up = |used: u64, limit: u64| limit > 0 && used >= limit / 100 * 95;
        let processes = stats.pids_stats.unwrap_or_default();
        let (used, limit) = (
            processes.current.unwrap_or_default(),
            processes.limit.unwrap_or_default(),
        );
        if is_used_up(used, limit) {
            return Some(format!(
                "has {used} processes of at most {limit}, so that nothing more can be started in it\n  \
                 hint: something forks without end"
            ));
        }
        let memory = stats.memory_stats.unwrap_or_default();
        let (used, limit) = (memory.usage.unwrap_or_default(), memory.limit.unwrap_or_default());
        is_used_up(used, limit).then(|| {
            format!(
                "has used up its {} MiB of memory, so that nothing more can be started in it\n  \
                 hint: /run and /tmp of a node are in memory too; `memory` of the node in the scenario gives it more",
                limit >> 20
            )
        })
    }

    fn read(&self, name: &str, answer: &str, limit: i64, master: Option<Ipv4Addr>) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        let killed: u64 = lines(answer, "killed")
            .filter_map(|number| number.parse::<u64>().ok())
            .sum();
        if killed > 0 {
            troubles.push(Trouble {
                text: format!(
                    "{name}: the kernel has killed {killed} process(es) for want of memory; the node has {} MiB\n  \
                     hint: give it more (`memory` of the node in the scenario), or let the task need less",
                    limit >> 20
                ),
                of_the_machine: false,
            });
        }
        let full: Vec<&str> = lines(answer, "full").collect();
        if !full.is_empty() {
            troubles.push(Trouble::machine(format!(
                "{name}: no room is left on {}\n  hint: the disks of nodes lie in the engine's directory, {}: make room \
                 there (`docker system df` tells what takes it)",
                full.join(", "),
                self.root
            )));
        }
        let crammed: Vec<&str> = lines(answer, "crammed").collect();
        if !crammed.is_empty() {
            troubles.push(Trouble {
                text: format!(
                    "{name}: no room is left on {}, which a node has in memory\n  hint: nothing large belongs there",
                    crammed.join(", ")
                ),
                of_the_machine: false,
            });
        }
        if let (Some(ports), Some(master)) = (lines(answer, "cut").next(), master) {
            troubles.push(Trouble::machine(format!(
                "{name} does not reach the master at {master}, port(s) {}: its network is cut\n  hint: look for what \
                 drops its packets (a firewall that was loaded meanwhile, a bridge that was taken down)",
                ports.replace(' ', " and ")
            )));
        }
        troubles
    }
}

fn gone(name: &str, reason: &str) -> Trouble {
    Trouble::machine(format!(
        "{name} is gone: {reason}\n  hint: nothing of the rig does that in the middle of a run; \
         `docker events --since 10m` may show what did"
    ))
}

/// The networks in which a node was started and does not stand any more.
fn lost_legs(inspected: &ContainerInspectResponse) -> Vec<&str> {
    let labels = inspected.config.as_ref().and_then(|config| config.labels.as_ref());
    let legs = labels.and_then(|labels| labels.get(LEGS)).map_or("", String::as_str);
    let networks = inspected.network_settings.as_ref();
    let networks = networks.and_then(|settings| settings.networks.as_ref());
    legs.split(',')
        .filter(|leg| !leg.is_empty() && networks.is_some_and(|networks| !networks.contains_key(*leg)))
        .collect()
}

fn lines<'a>(answer: &'a str, word: &str) -> impl Iterator<Item = &'a str> {
    let word = format!("{word} ");
    answer.lines().filter_map(move |line| line.strip_prefix(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::{ContainerConfig, NetworkSettings};

    #[test]
    fn a_node_misses_the_networks_in_which_it_was_started_and_no_others() {
        let of = |legs: &str, networks: &[&str]| ContainerInspectResponse {
            config: Some(ContainerConfig {
                labels: Some([(LEGS.to_owned(), legs.to_owned())].into()),
                ..ContainerConfig::default()
            }),
            network_settings: Some(NetworkSettings {
                networks: Some(
                    networks
                        .iter()
                        .map(|name| ((*name).to_owned(), Default::default()))
                        .collect(),
                ),
                ..NetworkSettings::default()
            }),
            ..ContainerInspectResponse::default()
        };
        assert_eq!(lost_legs(&of("r-admin,r-public", &["r-public"])), ["r-admin"]);
        assert!(lost_legs(&of("r-admin", &["r-admin", "bridge"])).is_empty());
        // The master's own system shares another's networks.
        assert!(lost_legs(&of("", &[])).is_empty());
    }
}
