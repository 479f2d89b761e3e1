use std::collections::{BTreeMap, BTreeSet};

use super::{Process, frame::Sections};
use crate::engine::PUPPET_SERVER;

/// What turns a process's start, in ticks since boot, into the node's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Boot {
    /// When the machine's monotonic clock began, nanoseconds since 1970.
    pub(crate) at_ns: i64,
    /// Ticks in a second.
    pub(crate) ticks: i64,
}

/// Reads what `grep` printed of `/proc/*/{stat,status,cgroup,cmdline}`; `own` is the process that made the capture.
pub(crate) fn read_processes(sections: &Sections, boot: Boot, own: u32) -> Vec<Process> {
    let users = lines_by_pid(&sections.text("processes.status"), "/status:Uid:")
        .filter_map(|(pid, line)| Some((pid, line.split_ascii_whitespace().next()?.parse().ok()?)))
        .collect::<BTreeMap<u32, u32>>();
    let commands = read_commands(sections.bytes("processes.cmdline"));
    let units = read_units_of(&sections.text("processes.cgroup"));

    let all: Vec<Process> = lines_by_pid(&sections.text("processes.stat"), "/stat:")
        .filter_map(|(pid, line)| {
            let mut process = read_stat(pid, line, boot)?;
            process.command.clone_from(commands.get(&pid)?);
            process.uid = users.get(&pid).copied().unwrap_or_default();
            process.unit = units.get(&pid).cloned();
            Some(process)
        })
        .collect();
    let own = family(&all, own);
    all.into_iter()
        .filter(|process| !own.contains(&process.pid) && process.name != PUPPET_SERVER)
        .collect()
}

/// The unit of each process that has one, by its control groups.
fn read_units_of(text: &str) -> BTreeMap<u32, String> {
    // cgroup v2 has the one line `0::/path`; on v1 systemd has the hierarchy `name=systemd`. Where both are mounted, a
    // systemd in a container may use either, and leave its processes at the root of the other.
    let groups: Vec<(u32, bool, &str)> = lines_by_pid(text, "/cgroup:")
        .filter_map(|(pid, line)| {
            let mut fields = line.splitn(3, ':');
            let (id, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            let named = controllers == "name=systemd";
            (named || id == "0").then_some((pid, named, path))
        })
        .collect();
    let mut units = BTreeMap::new();
    for hierarchy in [false, true] {
        // A container's own control group may stand before that of its units.
        let above = groups
            .iter()
            .find(|&&(pid, named, _)| pid == 1 && named == hierarchy)
            .map_or("", |(_, _, path)| path.strip_suffix("/init.scope").unwrap_or(path));
        for &(pid, _, path) in groups.iter().filter(|&&(_, named, _)| named == hierarchy) {
            if let Some(unit) = unit_of(path.strip_prefix(above).unwrap_or(path)) {
                units.insert(pid, unit);
            }
        }
    }
    units
}

/// `/proc/12/stat:rest` as (12, rest).
fn lines_by_pid<'a>(text: &'a str, middle: &'a str) -> impl Iterator<Item = (u32, &'a str)> {
    text.lines().filter_map(move |line| {
        let (pid, rest) = line.strip_prefix("/proc/")?.split_once(middle)?;
        Some((pid.parse().ok()?, rest))
    })
}

/// `/proc/12/cmdline NUL argument NUL` for each argument.
fn read_commands(bytes: &[u8]) -> BTreeMap<u32, String> {
    let mut commands: BTreeMap<u32, String> = BTreeMap::new();
    let mut parts = bytes.split(|&byte| byte == 0);
    while let (Some(place), Some(argument)) = (parts.next(), parts.next()) {
        let pid = std::str::from_utf8(place)
            .ok()
            .and_then(|place| place.strip_prefix("/proc/")?.strip_suffix("/cmdline")?.parse().ok());
        let Some(pid) = pid else { continue };
        let argument = String::from_utf8_lossy(argument);
        commands
            .entry(pid)
            .and_modify(|command| {
                command.push(' ');
                command.push_str(&argument);
            })
            .or_insert_with(|| argument.to_string());
    }
    for command in commands.values_mut() {
        command.truncate(command.trim_end().len());
    }
    commands
}

/// `12 (name) S parent …`: the name may hold blanks and brackets, the start is field 22.
fn read_stat(pid: u32, line: &str, boot: Boot) -> Option<Process> {
    let (head, tail) = line.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split_ascii_whitespace();
    let state = fields.next()?;
    if state == "Z" {
        return None;
    }
    let parent = fields.next()?.parse().ok()?;
    let ticks: i64 = fields.nth(17)?.parse().ok()?;
    Some(Process {
        pid,
        parent,
        uid: 0,
        name: name.to_owned(),
        command: String::new(),
        started_ns: boot.at_ns + ticks.saturating_mul(1_000_000_000 / boot.ticks.max(1)),
        unit: None,
    })
}

/// The last part of a control group's path that is a unit.
fn unit_of(path: &str) -> Option<String> {
    path.rsplit('/')
        .find(|part| part.ends_with(".service") || part.ends_with(".scope") || part.ends_with(".socket"))
        .map(str::to_owned)
}

/// The capture's own processes: all below it, and those above it that did not begin with the machine.
fn family(all: &[Process], own: u32) -> BTreeSet<u32> {
    let mut family = BTreeSet::from([own]);
    let parent_of = |pid: u32| {
        all.iter()
            .find(|process| process.pid == pid)
            .map(|process| process.parent)
    };
    let mut above = own;
    while let Some(parent) = parent_of(above).filter(|&parent| parent > 1 && !family.contains(&parent)) {
        family.insert(parent);
        above = parent;
    }
    // Not what is below the ancestors: where the node is the rig's own machine, they have more children.
    family.extend(
        all.iter()
            .filter(|process| below(all, process, own))
            .map(|process| process.pid),
    );
    family
}

fn below(all: &[Process], process: &Process, own: u32) -> bool {
    let mut at = process.parent;
    for _ in 0..all.len() {
        if at == own {
            return true;
        }
        match all.iter().find(|candidate| candidate.pid == at) {
            Some(parent) => at = parent.parent,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let tail = "S 7 7 7 0 -1 4194624 74 786 0 6 0 0 0 0 20 0 1 0 250 2654208";
        let boot = Boot {
            at_ns: 1_000_000_000,
            ticks: 100,
        };
        let process = read_stat(12, &format!("12 (a (b) c) {tail}"), boot).unwrap();
        assert_eq!(
            (process.name.as_str(), process.parent, process.started_ns),
            ("a (b) c", 7, 3_500_000_000)
        );
    }

    #[test]
    fn arguments_of_one_process_are_joined() {
        let commands = read_commands(b"/proc/1/cmdline\0/sbin/init\0/proc/9/cmdline\0sh\0/proc/9/cmdline\0-c\nx\0");
        assert_eq!(commands[&1], "/sbin/init");
        assert_eq!(commands[&9], "sh -c\nx");
    }

    #[rstest]
    #[case("/system.slice/nginx.service", Some("nginx.service"))]
    #[case("/system.slice/system-getty.slice/getty@tty1.service", Some("getty@tty1.service"))]
    #[case("/user.slice/user-0.slice/session-1.scope", Some("session-1.scope"))]
    #[case("/", None)]
    fn a_control_group_names_its_unit(#[case] path: &str, #[case] expected: Option<&str>) {
        assert_eq!(unit_of(path).as_deref(), expected);
    }

    #[rstest]
    #[case::v2("/proc/1/cgroup:0::/init.scope\n/proc/9/cgroup:0::/system.slice/nginx.service\n")]
    #[case::v1(
        "/proc/1/cgroup:1:name=systemd:/init.scope\n/proc/9/cgroup:1:name=systemd:/system.slice/nginx.service\n"
    )]
    #[case::both_and_the_second_is_used(
        "/proc/1/cgroup:1:name=systemd:/\n/proc/1/cgroup:0::/init.scope\n\
         /proc/9/cgroup:1:name=systemd:/\n/proc/9/cgroup:0::/system.slice/nginx.service\n"
    )]
    #[case::below_the_containers_own(
        "/proc/1/cgroup:0::/docker.scope/init.scope\n/proc/9/cgroup:0::/docker.scope/system.slice/nginx.service\n\
         /proc/12/cgroup:0::/docker.scope\n"
    )]
    fn a_process_belongs_to_its_unit_whichever_hierarchy_systemd_uses(#[case] text: &str) {
        let mut units = read_units_of(text);
        units.remove(&1);
        assert_eq!(units, BTreeMap::from([(9, "nginx.service".to_owned())]));
    }

    #[test]
    fn the_captures_own_processes_are_left_out_with_their_wrapper() {
        let process = |pid, parent| Process {
            pid,
            parent,
            uid: 0,
            name: String::new(),
            command: String::new(),
            started_ns: 0,
            unit: None,
        };
        let all = [
            process(1, 0),
            process(5, 1),
            process(20, 0),
            process(21, 20),
            process(22, 21),
            process(30, 20),
        ];
        assert_eq!(family(&all, 21), BTreeSet::from([20, 21, 22]));
    }
}
