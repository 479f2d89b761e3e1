//! What differs between two states in anything but files.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    DifferenceKind,
    compare::{Finding, unified_diff},
};
use crate::capture::{Observation, Package, Process, Service, State};

/// Everything but files.
pub(crate) fn compare_system(before: &State, after: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    packages(before, after, &mut findings);
    services(before, after, &mut findings);
    accounts(before, after, &mut findings);
    sockets(before, after, &mut findings);
    processes(before, after, &mut findings);
    timeless(before, after, &mut findings);
    findings
}

/// What bears no time of its own, listening sockets included.
pub(crate) fn compare_timeless(before: &State, after: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    sockets(before, after, &mut findings);
    timeless(before, after, &mut findings);
    findings
}

fn timeless(before: &State, after: &State, findings: &mut Vec<Finding>) {
    maps(DifferenceKind::Mount, &before.mounts, &after.mounts, findings);
    maps(DifferenceKind::Sysctl, &before.sysctl, &after.sysctl, findings);
    lines(DifferenceKind::Address, &before.addresses, &after.addresses, findings);
    lines(DifferenceKind::Route, &before.routes, &after.routes, findings);
    for (name, is) in &after.packet_filter {
        let was = before.packet_filter.get(name).map_or("", String::as_str);
        if let Some(diff) = unified_diff(was, is) {
            findings.push(Finding::new(DifferenceKind::PacketFilter, name, None).diff(Some(diff)));
        }
    }
    observers(before, after, findings);
}

/// Keys of both maps whose values differ.
fn changed<'a, V: PartialEq>(
    before: &'a BTreeMap<String, V>,
    after: &'a BTreeMap<String, V>,
) -> impl Iterator<Item = (&'a String, Option<&'a V>, Option<&'a V>)> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .map(|key| (key, before.get(key), after.get(key)))
        .filter(|(_, was, is)| was != is)
}

fn packages(before: &State, after: &State, findings: &mut Vec<Finding>) {
    let shown = |package: &Package| match package.status.as_str() {
        "ii" => package.version.clone(),
        status => format!("{} ({status})", package.version),
    };
    let is_same = |was: &Package, is: &Package| shown(was) == shown(is) && was.architecture == is.architecture;
    for (name, was, is) in changed(&before.packages, &after.packages) {
        if let (Some(was), Some(is)) = (was, is)
            && is_same(was, is)
        {
            continue;
        }
        let mut finding = Finding::new(DifferenceKind::Package, name, package_time(name, after));
        finding.before = was.map(shown);
        finding.after = is.map(shown);
        findings.push(finding);
    }
    for (name, is) in &after.packages {
        let Some(was) = before.packages.get(name).filter(|was| is_same(was, is)) else {
            continue;
        };
        let (unpacked, unpacked_again) = (list_of_files(name, before), list_of_files(name, after));
        let again = unpacked.zip(unpacked_again).is_some_and(|(was, is)| was < is);
        if again || was.installed_ns < is.installed_ns {
            // Its scripts ran and its files were written: what they did to other places shows there.
            let finding = Finding::new(DifferenceKind::Package, name, package_time(name, after));
            findings.push(finding.from(shown(is)).to(format!("{}, installed again", shown(is))));
        }
    }
}

/// When dpkg last unpacked a package: it writes the list of its files then, and at no other time.
fn list_of_files(name: &str, state: &State) -> Option<i64> {
    let architecture = state.packages.get(name).map(|package| package.architecture.as_str());
    let plain = format!("/var/lib/dpkg/info/{name}.list");
    let qualified = architecture.map(|architecture| format!("/var/lib/dpkg/info/{name}:{architecture}.list"));
    [Some(plain), qualified]
        .into_iter()
        .flatten()
        .find_map(|path| state.files.get(&path))
        .map(|file| file.ctime_ns)
}

/// dpkg writes the list of a package's files when it unpacks it; what was removed shows in the database's own time. rpm
/// says it itself, but only to the second: where its database changed last in or right after that second, that is it.
fn package_time(name: &str, after: &State) -> Option<i64> {
    const SECOND: i64 = 1_000_000_000;
    let databases = [
        "/var/lib/dpkg/status",
        "/var/lib/rpm/rpmdb.sqlite",
        "/var/lib/rpm/rpmdb.sqlite-wal",
        "/var/lib/rpm/Packages",
    ];
    list_of_files(name, after).or_else(|| {
        let database = databases
            .iter()
            .filter_map(|path| after.files.get(*path))
            .map(|file| file.ctime_ns)
            .max();
        let installed = after.packages.get(name).and_then(|package| package.installed_ns);
        match (installed, database) {
            (Some(installed), Some(database)) if (installed..installed + 2 * SECOND).contains(&database) => {
                Some(database)
            }
            (Some(installed), _) => Some(installed + SECOND / 2),
            (None, database) => database,
        }
    })
}

fn services(before: &State, after: &State, findings: &mut Vec<Finding>) {
    for (unit, was, is) in changed(&before.services, &after.services) {
        let (Some(was), Some(is)) = (was, is) else {
            // systemd forgets units that nobody needs; only one that runs tells of a change.
            if let Some(is) = is.filter(|is| is.active == "active" || is.active == "failed") {
                let finding = Finding::new(DifferenceKind::ServiceState, unit, is.changed_ns.or(is.started_ns));
                findings.push(finding.from("not loaded").to(state(is)));
            } else if let Some(was) = was.filter(|was| was.active == "active") {
                findings.push(
                    Finding::new(DifferenceKind::ServiceState, unit, None)
                        .from(state(was))
                        .to("not running, unloaded"),
                );
            }
            continue;
        };
        if (&was.active, &was.enabled) != (&is.active, &is.enabled) {
            let finding = Finding::new(DifferenceKind::ServiceState, unit, is.changed_ns.or(is.started_ns));
            findings.push(finding.from(state(was)).to(state(is)));
        } else if is.active == "active" && is.main_pid != was.main_pid {
            // A one-shot unit that ran again while it was active the whole time has no process to show.
            let finding = Finding::new(DifferenceKind::ServiceRestarted, unit, is.started_ns)
                .from(format!("pid {}", was.main_pid))
                .to(format!("pid {}", is.main_pid));
            findings.push(if is.restarts > was.restarts {
                finding.note(format!(
                    "systemd restarted it by itself ({} times): it crashes",
                    is.restarts - was.restarts
                ))
            } else {
                finding
            });
        } else if is.active == "active"
            && is
                .started_ns
                .zip(was.started_ns)
                .is_some_and(|(is, was)| later(is, was))
        {
            findings.push(
                Finding::new(DifferenceKind::ServiceRestarted, unit, is.started_ns)
                    .from("active")
                    .to("active, started anew"),
            );
        }
    }
}

/// Times that are reckoned from the monotonic clock agree to some 10 ms between two captures.
fn later(is: i64, was: i64) -> bool {
    is - was > 500_000_000
}

fn state(service: &Service) -> String {
    let mut shown = service.active.clone();
    if !service.sub.is_empty() && service.sub != service.active {
        shown.push_str(&format!(" ({})", service.sub));
    }
    if !service.enabled.is_empty() {
        shown.push_str(&format!(", {}", service.enabled));
    }
    shown
}

fn accounts(before: &State, after: &State, findings: &mut Vec<Finding>) {
    let kinds = [
        (DifferenceKind::User, "/etc/passwd", &before.users, &after.users),
        (DifferenceKind::Group, "/etc/group", &before.groups, &after.groups),
    ];
    for (kind, file, before, is) in kinds {
        let time = after.files.get(file).map(|file| file.ctime_ns);
        let from = findings.len();
        maps(kind, before, is, findings);
        findings[from..].iter_mut().for_each(|finding| finding.time_ns = time);
    }
}

fn sockets(before: &State, after: &State, findings: &mut Vec<Finding>) {
    let shown = |socket: &crate::capture::Socket| match socket.programs.as_slice() {
        [] => "listens".to_owned(),
        programs => format!("held by {}", programs.join(", ")),
    };
    let by_address = |state: &State| -> BTreeMap<String, crate::capture::Socket> {
        let named = state.sockets.iter();
        named
            .map(|socket| (format!("{} {}", socket.protocol, socket.address), socket.clone()))
            .collect()
    };
    let (had, has) = (by_address(before), by_address(after));
    let began = crate::capture::nanoseconds(before.taken);
    for (address, was, is) in changed(&had, &has) {
        // Whose program was started since: the last of them opened it.
        let time = is.and_then(|socket| {
            let holders = after
                .processes
                .iter()
                .filter(|process| socket.programs.contains(&process.name));
            holders
                .map(|process| process.started_ns)
                .filter(|&started| started > began)
                .max()
        });
        let mut finding = Finding::new(DifferenceKind::Socket, address, time);
        finding.before = was.map(shown);
        finding.after = is.map(shown);
        findings.push(finding);
    }
}

/// Processes of no service that are there after and were not before, by what they are and not by their number.
fn processes(before: &State, after: &State, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<(&str, u32, String), usize> = BTreeMap::new();
    for process in loose(before) {
        *known
            .entry((&process.command, process.uid, chain(before, process)))
            .or_default() += 1;
    }
    let mut loose_now: Vec<&Process> = loose(after).collect();
    loose_now.sort_by_key(|process| process.started_ns);
    for process in loose_now {
        let count = known
            .entry((&process.command, process.uid, chain(after, process)))
            .or_default();
        if *count > 0 {
            *count -= 1;
            continue;
        }
        findings.push(
            Finding::new(DifferenceKind::Process, &process.command, Some(process.started_ns))
                .to(format!("pid {}, user {}", process.pid, process.uid)),
        );
    }
}

fn loose(state: &State) -> impl Iterator<Item = &Process> {
    state
        .processes
        .iter()
        .filter(|process| process.pid != 1 && !process.unit.as_ref().is_some_and(|unit| unit.ends_with(".service")))
}

/// Names of the parents up to the first process.
fn chain(state: &State, process: &Process) -> String {
    let mut names = Vec::new();
    let mut parent = process.parent;
    while parent > 1 && names.len() < 32 {
        let Some(process) = state.processes.iter().find(|process| process.pid == parent) else {
            break;
        };
        names.push(process.name.as_str());
        parent = process.parent;
    }
    names.join(" < ")
}

fn maps(
    kind: DifferenceKind,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) {
    for (name, was, is) in changed(before, after) {
        let mut finding = Finding::new(kind, name, None);
        finding.before = was.cloned();
        finding.after = is.cloned();
        if kind == DifferenceKind::Mount && name.ends_with(')') && was.is_none() {
            finding = finding.note("mounted over what is mounted there already");
        }
        findings.push(finding);
    }
}

fn lines(kind: DifferenceKind, before: &BTreeSet<String>, after: &BTreeSet<String>, findings: &mut Vec<Finding>) {
    findings.extend(
        before
            .difference(after)
            .map(|line| Finding::new(kind, line, None).from("there").to("gone")),
    );
    findings.extend(
        after
            .difference(before)
            .map(|line| Finding::new(kind, line, None).from("not there").to("there")),
    );
}

fn observers(before: &State, after: &State, findings: &mut Vec<Finding>) {
    for (name, was, is) in changed(&before.observers, &after.observers) {
        let (Some(was), Some(is)) = (was, is) else { continue };
        let same = (was.exit_code, &was.output) == (is.exit_code, &is.output);
        if !same {
            let shown = |seen: &Observation| format!("exit code {}, {} bytes", seen.exit_code, seen.output.len());
            let finding = Finding::new(DifferenceKind::Observer, name, None)
                .from(shown(was))
                .to(shown(is))
                .diff(unified_diff(&was.output, &is.output));
            findings.push(
                match is.errors.lines().next().filter(|_| is.exit_code != was.exit_code) {
                    Some(line) => finding.note(line),
                    None => finding,
                },
            );
        }
    }
}
