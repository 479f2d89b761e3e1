use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, SystemTime},
};

use mock_astute::{Command, Node};

use super::{
    CaptureError, ChangedDirectories, ClockReading, FileKind, FileState, Observation, Scope, State,
    attributes::add_attributes,
    contents::{add_capabilities, add_contents, add_empty, add_hashes},
    files::{Record, is_counted, merge, read_records, read_time},
    frame::Sections,
    processes::{Boot, read_processes},
    state::{TICK_NS, nanoseconds},
    system::{
        read_accounts, read_active_units, read_addresses, read_mounts, read_packages, read_packet_filter,
        read_proc_sockets, read_routes, read_rules, read_sockets, read_sysctl, read_units,
    },
};

const SCRIPT: &str = include_str!("node.sh");

/// Where the script looks for file capabilities at a first capture.
const CAPABLE: [&str; 12] = [
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/local",
    "/opt",
    "/home",
    "/root",
    "/srv",
    "/var/lib",
];

/// How much a node may answer: far above what a machine of a million files does.
const ANSWER_LIMIT: usize = 1 << 30;

/// Looks at a node.
///
/// Without `previous` everything is walked. With it only what moved since is listed, and the rest is taken over; it
/// must be of the same node and scope.
///
/// # Errors
///
/// The node is gone or too slow, its `find` is not GNU's, or its answer was cut off.
pub async fn capture(node: &dyn Node, previous: Option<&State>, scope: &Scope<'_>) -> Result<State, CaptureError> {
    let since = previous.map(|previous| nanoseconds(previous.taken) - TICK_NS);
    let rig_before = SystemTime::now();
    let look = since.map_or(Look::Everything, Look::Since);
    let sections = ask(node, scope, look).await?;
    let meta = Meta::read(&sections.text("meta"))?;
    // The clock is the first thing that the node reads, so what comes after its reading does not tell of it.
    let clock = ClockReading {
        rig_before,
        rig_after: SystemTime::now(),
    };
    let mut files = previous.map(|previous| previous.files.clone()).unwrap_or_default();

    let moved = counted(read_records(sections.bytes("files"))?, scope);
    check_walk(&sections, moved.len(), since.is_none())?;
    if since.is_some() {
        let children = counted(read_records(sections.bytes("children"))?, scope);
        let merged = merge(&mut files, moved, children);
        add_read(&mut files, &sections, scope, |path| merged.moved.contains(path))?;
        add_attributes(
            &mut files,
            sections.bytes("attributes"),
            !has_getcap(&sections),
            |path| merged.moved.contains(path),
        );
        for trees in batches(merged.unknown) {
            let sections = ask(node, scope, Look::Trees(&trees)).await?;
            let listed = counted(read_records(sections.bytes("files"))?, scope);
            let paths: BTreeSet<String> = listed.iter().map(|(path, _)| path.clone()).collect();
            files.extend(listed);
            add_read(&mut files, &sections, scope, |path| paths.contains(path))?;
            add_attributes(
                &mut files,
                sections.bytes("attributes"),
                !has_getcap(&sections),
                |path| paths.contains(path),
            );
        }
    } else {
        files.extend(moved);
        let places = CAPABLE.map(|place| format!("{}{place}/", scope.root));
        add_read(&mut files, &sections, scope, |path| {
            places.iter().any(|place| path.starts_with(place))
        })?;
        let read: Vec<String> = scope
            .read
            .iter()
            .map(|place| format!("{}{place}/", scope.root))
            .collect();
        add_attributes(
            &mut files,
            sections.bytes("attributes"),
            !has_getcap(&sections),
            |path| read.iter().any(|place| path.starts_with(place)),
        );
    }

    let boot_ns = nanoseconds(meta.taken) - meta.uptime_ns;
    let boot = Boot {
        at_ns: boot_ns,
        ticks: meta.ticks,
    };
    let mut packages = read_packages(&sections.text("packages.dpkg"));
    packages.extend(read_packages(&sections.text("packages.rpm")));
    Ok(State {
        files,
        packages,
        services: read_units(&sections.text("units"), boot_ns),
        users: read_accounts(&sections.text("passwd")),
        groups: read_accounts(&sections.text("group")),
        processes: read_processes(&sections, boot, meta.pid),
        unseen: sections.text("unseen").lines().map(str::to_owned).collect(),
        ..timeless(&sections, scope, meta, clock)
    })
}

/// Looks only at what bears no time of its own: sockets, mounts, the network's settings, kernel parameters and what the
/// observers see. Quick enough for a look between any two tasks.
///
/// # Errors
///
/// As [`capture`].
pub async fn glance(node: &dyn Node, scope: &Scope<'_>) -> Result<State, CaptureError> {
    glance_since(node, scope, None).await
}

/// As [`glance`], and looks for the directories that changed after a time by the node's clock, for they tell what was
/// removed.
///
/// # Errors
///
/// As [`capture`].
pub async fn glance_since(
    node: &dyn Node,
    scope: &Scope<'_>,
    since: Option<SystemTime>,
) -> Result<State, CaptureError> {
    let rig_before = SystemTime::now();
    let since = since.map(|since| nanoseconds(since) - TICK_NS);
    let sections = ask(node, scope, Look::Timeless(since)).await?;
    let meta = Meta::read(&sections.text("meta"))?;
    let clock = ClockReading {
        rig_before,
        rig_after: SystemTime::now(),
    };
    Ok(timeless(&sections, scope, meta, clock))
}

/// Whether somebody looked for capabilities with the tool that is made for it.
fn has_getcap(sections: &Sections) -> bool {
    sections.text("capabilities").starts_with("looked\n")
}

fn timeless(sections: &Sections, scope: &Scope<'_>, meta: Meta, clock: ClockReading) -> State {
    let mut sockets = read_sockets(&sections.text("sockets.ss"));
    sockets.extend(read_proc_sockets(&sections.text("sockets.proc")));
    let mut routes = read_routes(&sections.text("routes"));
    routes.extend(read_rules(&sections.text("rules")));
    State {
        taken: meta.taken,
        clock,
        files: BTreeMap::new(),
        packages: BTreeMap::new(),
        services: read_active_units(&sections.text("units.active")),
        users: BTreeMap::new(),
        groups: BTreeMap::new(),
        sockets,
        processes: Vec::new(),
        mounts: read_mounts(&sections.text("mounts")),
        addresses: read_addresses(&sections.text("addresses")),
        routes,
        packet_filter: ["iptables", "ip6tables", "nft"]
            .iter()
            .map(|&name| (name.to_owned(), read_packet_filter(&sections.text(name))))
            .collect(),
        sysctl: read_sysctl(&sections.text("sysctl")),
        observers: read_observations(sections, scope),
        directories: ChangedDirectories::read(sections, scope),
        unseen: BTreeSet::new(),
    }
}

/// How much the script is to look at.
#[derive(Debug, Clone, Copy)]
enum Look<'a> {
    /// All there is.
    Everything,
    /// All but the files that did not move since this time, in nanoseconds since 1970.
    Since(i64),
    /// These trees of files, whole, and nothing else.
    Trees(&'a [String]),
    /// What has no time, and the directories that changed since this one.
    Timeless(Option<i64>),
}

/// Runs the script once.
async fn ask(node: &dyn Node, scope: &Scope<'_>, look: Look<'_>) -> Result<Sections, CaptureError> {
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let within = |directories: &[String]| directories.join("\n");
    let since = match look {
        Look::Since(since) | Look::Timeless(Some(since)) => format!(
            "{}.{:09}",
            since.div_euclid(1_000_000_000),
            since.rem_euclid(1_000_000_000)
        ),
        _ => String::new(),
    };
    let trees = match look {
        Look::Trees(trees) => trees.join("\n"),
        Look::Timeless(_) => "none".to_owned(),
        _ => String::new(),
    };
    let (system, observers) = match look {
        Look::Trees(_) => ("no", &[][..]),
        Look::Timeless(_) => ("timeless", scope.observers),
        _ if scope.system => ("yes", scope.observers),
        _ => ("no", scope.observers),
    };
    let environment = [
        ("FUELRIG_MARK", mark.clone()),
        ("FUELRIG_ROOT", scope.root.clone()),
        ("FUELRIG_SINCE", since),
        ("FUELRIG_TREES", trees),
        ("FUELRIG_READ", within(&scope.read)),
        ("FUELRIG_UNREAD", within(&scope.unread)),
        ("FUELRIG_SMALL", scope.small.to_string()),
        (
            "FUELRIG_LARGEST",
            if matches!(look, Look::Everything) {
                scope.largest_at_first
            } else {
                scope.largest_moved
            }
            .to_string(),
        ),
        ("FUELRIG_SYSTEM", system.to_owned()),
        ("FUELRIG_PATIENCE", scope.observer_timeout.as_secs().max(1).to_string()),
    ];
    let mut argv = vec!["sh".to_owned(), "-c".to_owned(), SCRIPT.to_owned(), "sh".to_owned()];
    argv.extend(observers.iter().map(|observer| observer.command.clone()));
    let mut command = Command::new(argv, scope.timeout);
    command.environment = environment
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    command.output_limit = ANSWER_LIMIT;
    let output = node.run(command).await?;
    if output.timed_out {
        return Err(CaptureError::TimedOut {
            seconds: scope.timeout.as_secs(),
        });
    }
    Sections::open(&output.stdout, &mark).map_err(|error| {
        if output.exit_code == 0 && output.stderr.is_empty() {
            return error;
        }
        let stderr = output.stderr.trim_end();
        let stderr = stderr
            .char_indices()
            .rev()
            .nth(2000)
            .map_or(stderr, |(at, _)| &stderr[at..])
            .to_owned();
        CaptureError::BrokeOff {
            exit_code: output.exit_code,
            stderr,
        }
    })
}

/// What the node says of itself.
#[derive(Debug, Clone, Copy)]
struct Meta {
    taken: SystemTime,
    uptime_ns: i64,
    ticks: i64,
    pid: u32,
}

impl Meta {
    fn read(text: &str) -> Result<Self, CaptureError> {
        let values: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let value = |name: &str| {
            values
                .get(name)
                .copied()
                .ok_or_else(|| CaptureError::Unreadable(format!("the node did not tell its `{name}`")))
        };
        let wrong = |name: &str| CaptureError::Unreadable(format!("the node's `{name}` is no number"));
        let taken = read_time(value("taken")?)
            .and_then(|taken| u64::try_from(taken).ok())
            .ok_or_else(|| wrong("taken"))?;
        Ok(Self {
            taken: SystemTime::UNIX_EPOCH + Duration::from_nanos(taken),
            uptime_ns: read_time(value("uptime")?).ok_or_else(|| wrong("uptime"))?,
            ticks: value("ticks")?.parse().map_err(|_| wrong("ticks"))?,
            pid: value("pid")?.parse().map_err(|_| wrong("pid"))?,
        })
    }
}

fn counted(records: Vec<Record>, scope: &Scope<'_>) -> Vec<Record> {
    records
        .into_iter()
        .map(|(path, state)| {
            (
                if path == "/" {
                    path
                } else {
                    path.trim_end_matches('/').to_owned()
                },
                state,
            )
        })
        .filter(|(path, _)| is_counted(path, &scope.root))
        .collect()
}

/// A file that went away in mid-walk is no error; an option that `find` does not know is one.
fn check_walk(sections: &Sections, found: usize, first: bool) -> Result<(), CaptureError> {
    let errors = sections.text("walk.errors");
    let refusal = errors.lines().find(|line| {
        let about = line.split_once(": ").map_or("", |(_, about)| about);
        !about.starts_with(['\'', '`', '/', '‘'])
    });
    match refusal {
        Some(line) => Err(CaptureError::Walk(line.to_owned())),
        None if first && found == 0 => Err(CaptureError::Walk("it found nothing".to_owned())),
        None => Ok(()),
    }
}

fn add_read(
    files: &mut BTreeMap<String, FileState>,
    sections: &Sections,
    scope: &Scope<'_>,
    looked_at: impl Fn(&str) -> bool,
) -> Result<(), CaptureError> {
    if has_getcap(sections) {
        // Somebody looked at these: what is not in the list has none.
        let nothing: Arc<str> = Arc::from("");
        for (_, file) in files
            .iter_mut()
            .filter(|(path, file)| file.kind == FileKind::File && looked_at(path))
        {
            file.capabilities = Some(nothing.clone());
        }
    }
    add_hashes(files, sections.bytes("hashes"));
    add_contents(files, sections.bytes("contents"), scope.text_kept)?;
    add_empty(files);
    add_capabilities(files, &sections.text("capabilities"));
    Ok(())
}

/// Trees for one more question each: what fits into one environment variable, without what cannot be said in it.
fn batches(mut paths: Vec<String>) -> Vec<Vec<String>> {
    const ROOM: usize = 64 * 1024;
    paths.sort();
    let mut batches: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for path in paths {
        if path.contains('\n') || path.contains("\\x") || path.len() > ROOM {
            continue;
        }
        match batches.last_mut() {
            Some(batch) if room > path.len() => {
                room -= path.len() + 1;
                batch.push(path);
            }
            _ => {
                room = ROOM - path.len();
                batches.push(vec![path]);
            }
        }
    }
    batches
}

fn read_observations(sections: &Sections, scope: &Scope<'_>) -> BTreeMap<String, Observation> {
    let observers = scope.observers.iter().enumerate();
    observers
        .map(|(number, observer)| {
            let observation = Observation {
                exit_code: sections
                    .text(&format!("observer.{number}.code"))
                    .trim()
                    .parse()
                    .unwrap_or(-1),
                output: sections.text(&format!("observer.{number}")),
                errors: sections.text(&format!("observer.{number}.errors")),
            };
            (observer.name.clone(), observation)
        })
        .collect()
}
