use std::collections::{BTreeMap, BTreeSet};

use super::{Package, Service, Socket};

/// Reads `name TAB architecture TAB version TAB status` lines; rpm's have the second of the installation behind them.
pub(crate) fn read_packages(text: &str) -> BTreeMap<String, Package> {
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .filter(|row: &Vec<&str>| row.len() >= 4)
        .collect();
    let mut architectures: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut versions: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for row in &rows {
        architectures.entry(row[0]).or_default().insert(row[1]);
        *versions.entry((row[0], row[1])).or_default() += 1;
    }
    rows.iter()
        .map(|row| {
            let mut name = row[0].to_owned();
            if architectures[row[0]].len() > 1 {
                name.push_str(&format!(":{}", row[1]));
            }
            // rpm keeps several kernels, and calls every key `gpg-pubkey`.
            if versions[&(row[0], row[1])] > 1 {
                name.push_str(&format!("={}", row[2]));
            }
            let package = Package {
                version: row[2].to_owned(),
                architecture: row[1].to_owned(),
                status: row[3].trim_end().to_owned(),
                installed_ns: row
                    .get(4)
                    .and_then(|seconds| seconds.parse::<i64>().ok())
                    .map(|seconds| seconds.saturating_mul(1_000_000_000)),
            };
            (name, package)
        })
        .collect()
}

/// Reads the blocks of `systemctl show`; `monotonic_zero_ns` is when the monotonic clock began.
pub(crate) fn read_units(text: &str, monotonic_zero_ns: i64) -> BTreeMap<String, Service> {
    let time = |microseconds: Option<&&str>| -> Option<i64> {
        let microseconds: i64 = microseconds?.parse().ok()?;
        (microseconds > 0).then(|| monotonic_zero_ns + microseconds.saturating_mul(1000))
    };
    let mut units = BTreeMap::new();
    for block in text.split("\n\n") {
        let fields: BTreeMap<&str, &str> = block.lines().filter_map(|line| line.split_once('=')).collect();
        let Some(&id) = fields.get("Id") else { continue };
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        let became_active = time(fields.get("ActiveEnterTimestampMonotonic"));
        let became_inactive = time(fields.get("InactiveEnterTimestampMonotonic"));
        let unit = Service {
            active: field("ActiveState").to_owned(),
            sub: field("SubState").to_owned(),
            enabled: field("UnitFileState").to_owned(),
            main_pid: field("MainPID").parse().unwrap_or_default(),
            restarts: field("NRestarts").parse().unwrap_or_default(),
            started_ns: time(fields.get("ExecMainStartTimestampMonotonic")).or(became_active),
            changed_ns: became_active.max(became_inactive),
        };
        units.insert(id.to_owned(), unit);
    }
    units
}

/// Reads `systemctl list-units --plain`: the unit, whether it is loaded, its two states, its description.
pub(crate) fn read_active_units(text: &str) -> BTreeMap<String, Service> {
    text.lines()
        .filter_map(|line| {
            // Before systemd 226 `--plain` leaves the dots in front.
            let mut words = line
                .split_ascii_whitespace()
                .skip_while(|word| matches!(*word, "●" | "*"));
            let (unit, _, active, sub) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let service = Service {
                active: active.to_owned(),
                sub: sub.to_owned(),
                ..Service::default()
            };
            Some((unit.to_owned(), service))
        })
        .collect()
}

/// Reads lines of `/etc/passwd` or `/etc/group`: the name, and the rest.
pub(crate) fn read_accounts(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        .collect()
}

/// Reads `ss -H -lntup`: protocol, state, two queues, local address, peer, `users:(("nginx",pid=7,fd=6),…)`.
pub(crate) fn read_sockets(text: &str) -> BTreeSet<Socket> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let protocol = fields.next()?.to_owned();
            let address = fields.nth(3)?.to_owned();
            let programs: BTreeSet<String> = line
                .split_once("users:")
                .map_or("", |(_, users)| users)
                .split("(\"")
                .skip(1)
                .fold(BTreeSet::new(), |mut programs, user| {
                    programs.extend(user.split('"').next().map(str::to_owned));
                    programs
                });
            Some(Socket {
                protocol,
                address,
                programs: programs.into_iter().collect(),
            })
        })
        .collect()
}

/// Reads `/proc/net/{tcp,tcp6,udp,udp6}` where there is no `ss`: addresses stay hexadecimal, programs unknown.
pub(crate) fn read_proc_sockets(text: &str) -> BTreeSet<Socket> {
    text.lines()
        .filter_map(|line| {
            let (file, rest) = line.strip_prefix("/proc/net/")?.split_once(':')?;
            let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
            let (local, state) = (fields.get(1)?, fields.get(3)?);
            // 0A is LISTEN of TCP, 07 an unconnected UDP socket.
            let listens = (file.starts_with("tcp") && *state == "0A") || (file.starts_with("udp") && *state == "07");
            let (address, port) = local.split_once(':')?;
            let port = u16::from_str_radix(port, 16).ok()?;
            let protocol = file.trim_end_matches('6').to_owned();
            listens.then(|| Socket {
                protocol,
                address: format!("{address}:{port}"),
                programs: Vec::new(),
            })
        })
        .collect()
}

/// Reads `/proc/self/mountinfo`: per target what is mounted and how, without the kernel's own numbers. What is mounted
/// over another mount has its number behind the target.
pub(crate) fn read_mounts(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().filter_map(|line| {
        let (head, tail) = line.split_once(" - ")?;
        let head: Vec<&str> = head.split(' ').collect();
        let mut tail = tail.split(' ');
        let (kind, source, options) = (tail.next()?, tail.next()?, tail.next().unwrap_or_default());
        let (place, target, how) = (head.get(3)?, head.get(4)?, head.get(5)?);
        Some((*target, format!("{kind} {source} {place} {how} {options}")))
    });
    let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
    let mut mounts = BTreeMap::new();
    for (target, mount) in rows {
        let depth = depths.entry(target).or_default();
        *depth += 1;
        let key = if *depth == 1 {
            target.to_owned()
        } else {
            format!("{target} ({depth})")
        };
        mounts.insert(key, mount);
    }
    mounts
}

/// Reads `ip -o address show`: interface, family and address, without index and lifetimes.
pub(crate) fn read_addresses(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| {
            let line = line.split('\\').next()?;
            let (_, line) = line.split_once(": ")?;
            Some(line.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// Reads routes, one a line, without what counts down and without the table that the kernel makes of the addresses.
pub(crate) fn read_routes(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.contains(" table local "))
        .map(|line| {
            let mut words = line.split_ascii_whitespace();
            let mut kept = Vec::new();
            while let Some(word) = words.next() {
                if word == "expires" {
                    words.next();
                } else {
                    kept.push(word);
                }
            }
            kept.join(" ")
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// Reads `ip rule show`: the rules that choose among the tables of routes, `rule 0: from all lookup local`.
pub(crate) fn read_rules(text: &str) -> BTreeSet<String> {
    text.lines()
        .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .map(|line| format!("rule {line}"))
        .collect()
}

/// Reads `iptables-save` without comments and counters.
pub(crate) fn read_packet_filter(text: &str) -> String {
    let mut rules = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let line = if line.starts_with(':') {
            line.split(" [").next().unwrap_or(line)
        } else {
            line
        };
        rules.push_str(line);
        rules.push('\n');
    }
    rules
}

/// Reads `/proc/sys/a/b:value` lines to `a.b`; a parameter of several lines has several.
pub(crate) fn read_sysctl(text: &str) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines() {
        // A colon may stand in a name (an interface `eth0:1`), but no name ends before the first one that does not.
        let Some((path, value)) = line.strip_prefix("/proc/sys/").and_then(|line| line.split_once(':')) else {
            continue;
        };
        let known = values.entry(path.replace('/', ".")).or_default();
        if !known.is_empty() {
            known.push('\n');
        }
        known.push_str(value);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_two_architectures_keep_apart() {
        let packages = read_packages("libc6\tamd64\t2.36\tii \nlibc6\ti386\t2.36\tii \nrsync\tamd64\t3.2.7-1\trc \n");
        assert_eq!(
            packages.keys().collect::<Vec<_>>(),
            ["libc6:amd64", "libc6:i386", "rsync"]
        );
        assert_eq!(packages["rsync"].status, "rc");
    }

    #[test]
    fn a_unit_has_its_times_by_the_nodes_clock() {
        let units = read_units(
            "MainPID=71\nNRestarts=2\nExecMainStartTimestampMonotonic=2500000\nId=nginx.service\nActiveState=active\n\
             SubState=running\nUnitFileState=enabled\nActiveEnterTimestampMonotonic=3000000\n\
             InactiveEnterTimestampMonotonic=0\n\nId=a.socket\nActiveState=inactive\nSubState=dead\n",
            1_000_000_000,
        );
        let nginx = &units["nginx.service"];
        assert_eq!((nginx.main_pid, nginx.restarts), (71, 2));
        assert_eq!(
            (nginx.started_ns, nginx.changed_ns),
            (Some(3_500_000_000), Some(4_000_000_000))
        );
        assert_eq!(units["a.socket"].started_ns, None);
    }

    #[test]
    fn a_socket_names_its_programs_once() {
        let sockets = read_sockets(
            "tcp   LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    users:((\"nginx\",pid=9,fd=6),(\"nginx\",pid=8,fd=6))\n\
             udp   UNCONN 0      0      127.0.0.1:323       0.0.0.0:*\n",
        );
        let shown: Vec<_> = sockets
            .iter()
            .map(|socket| (socket.address.as_str(), socket.programs.join(",")))
            .collect();
        assert_eq!(
            shown,
            [("0.0.0.0:80", "nginx".to_owned()), ("127.0.0.1:323", String::new())]
        );
    }

    #[test]
    fn without_ss_the_kernels_tables_tell_who_listens() {
        let sockets = read_proc_sockets(
            "/proc/net/tcp:  sl  local_address rem_address   st\n\
             /proc/net/tcp:   0: 0100007F:0050 00000000:0000 0A 00000000:00000000\n\
             /proc/net/tcp:   1: 0100007F:0051 0100007F:0052 01 00000000:00000000\n\
             /proc/net/udp6:   1: 00000000000000000000000000000000:0044 0:0000 07 0:0\n",
        );
        let shown: Vec<_> = sockets
            .iter()
            .map(|socket| format!("{} {}", socket.protocol, socket.address))
            .collect();
        assert_eq!(shown, ["tcp 0100007F:80", "udp 00000000000000000000000000000000:68"]);
    }

    #[test]
    fn counters_and_lifetimes_do_not_count() {
        let rules =
            read_packet_filter("# Generated\n*filter\n:INPUT ACCEPT [12:3400]\n-A INPUT -j DROP\nCOMMIT\n# Done\n");
        assert_eq!(rules, "*filter\n:INPUT ACCEPT\n-A INPUT -j DROP\nCOMMIT\n");
        let addresses =
            read_addresses("2: eth0    inet 10.0.0.2/24 scope global eth0\\       valid_lft 86s preferred_lft 86s\n");
        assert_eq!(
            addresses,
            BTreeSet::from(["eth0 inet 10.0.0.2/24 scope global eth0".to_owned()])
        );
        let routes = read_routes(
            "default via 10.0.0.1 dev eth0 expires 59sec metric 5\n\nlocal 10.0.0.2 dev lo table local proto kernel\n",
        );
        assert_eq!(
            routes,
            BTreeSet::from(["default via 10.0.0.1 dev eth0 metric 5".to_owned()])
        );
    }

    #[test]
    fn what_is_mounted_twice_at_one_place_is_there_twice() {
        let line = "36 35 0:43 / /mnt rw,relatime shared:1 - tmpfs bench rw,size=1k\n";
        let mounts = read_mounts(&line.repeat(2));
        assert_eq!(
            mounts.into_iter().collect::<Vec<_>>(),
            [
                ("/mnt".to_owned(), "tmpfs bench / rw,relatime rw,size=1k".to_owned()),
                ("/mnt (2)".to_owned(), "tmpfs bench / rw,relatime rw,size=1k".to_owned())
            ]
        );
    }

    #[test]
    fn an_rpm_knows_when_it_was_installed() {
        let packages = read_packages("bash\tx86_64\t4.2-1\tii\t1763827270\nrsync\tamd64\t3.2\tii \n");
        assert_eq!(packages["bash"].installed_ns, Some(1_763_827_270_000_000_000));
        assert_eq!(packages["rsync"].installed_ns, None);
    }

    #[test]
    fn kernel_parameters_have_their_dotted_names() {
        let values = read_sysctl("/proc/sys/net/ipv4/ip_forward:1\n/proc/sys/a/b:1\n/proc/sys/a/b:2\n");
        assert_eq!(values["net.ipv4.ip_forward"], "1");
        assert_eq!(values["a.b"], "1\n2");
    }
}
