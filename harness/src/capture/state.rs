use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::SystemTime,
};

use super::ChangedDirectories;

/// All that was seen of a node at one moment.
#[derive(Debug, Clone)]
pub struct State {
    /// When the look began, by the node's clock.
    pub taken: SystemTime,
    /// What the rig's clock said around it.
    pub clock: ClockReading,
    /// Files by absolute path. A byte that is not UTF-8 is written `\xNN`.
    pub files: BTreeMap<String, FileState>,
    /// Packages by `name`, or `name:architecture` where several architectures of one name are installed, with `=version`
    /// behind it where several versions are.
    pub packages: BTreeMap<String, Package>,
    /// systemd units (services, sockets, timers, paths) by name.
    pub services: BTreeMap<String, Service>,
    /// Users by name, with the rest of their line in `/etc/passwd`.
    pub users: BTreeMap<String, String>,
    /// Groups by name, with the rest of their line in `/etc/group`.
    pub groups: BTreeMap<String, String>,
    /// Sockets that listen.
    pub sockets: BTreeSet<Socket>,
    /// Processes in user space, without those that made this capture.
    pub processes: Vec<Process>,
    /// Mounts by target: source, file system and options. What is mounted over another mount has its number behind the
    /// target: `/mnt (2)`.
    pub mounts: BTreeMap<String, String>,
    /// Addresses of the interfaces, one a line, without lifetimes.
    pub addresses: BTreeSet<String>,
    /// Routes of all tables, and the rules that choose among the tables.
    pub routes: BTreeSet<String>,
    /// Packet filter rules without counters, by `iptables`, `ip6tables` and `nft`.
    pub packet_filter: BTreeMap<String, String>,
    /// Kernel parameters that can be written, by dotted name.
    pub sysctl: BTreeMap<String, String>,
    /// What the observers saw, by name.
    pub observers: BTreeMap<String, Observation>,
    /// Directories that changed since the glance before; `None` where nobody looked for them.
    pub directories: Option<ChangedDirectories>,
    /// What nobody can see here and why: `packages: neither dpkg-query nor rpm is there`.
    pub unseen: BTreeSet<String>,
}

impl State {
    /// How far the node's clock is ahead of the rig's, in nanoseconds.
    ///
    /// Zero while the node's reading lies between the two of the rig: with containers on this machine it is one clock.
    pub fn clock_offset_ns(&self) -> i64 {
        let taken = nanoseconds(self.taken);
        let before = nanoseconds(self.clock.rig_before);
        let after = nanoseconds(self.clock.rig_after);
        if taken < before - TICK_NS {
            taken - before
        } else if taken > after {
            taken - after
        } else {
            0
        }
    }
}

/// The kernel stamps ctimes with the time of its last tick, so a stamp may be older than the change by one tick.
pub(crate) const TICK_NS: i64 = 20_000_000;

/// Nanoseconds since 1970; negative before.
pub(crate) fn nanoseconds(time: SystemTime) -> i64 {
    let saturated = |nanoseconds: u128| i64::try_from(nanoseconds).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => saturated(since.as_nanos()),
        Err(before) => -saturated(before.duration().as_nanos()),
    }
}

/// The rig's clock around a reading of the node's.
#[derive(Debug, Clone, Copy)]
pub struct ClockReading {
    /// When the node was asked.
    pub rig_before: SystemTime,
    /// When it had answered.
    pub rig_after: SystemTime,
}

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, pipe or socket, by the letter that `find -printf %y` gives.
    Special(char),
}

impl fmt::Display for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Link => "link",
            Self::Special('b' | 'c') => "device",
            Self::Special('p') => "pipe",
            Self::Special('s') => "socket",
            Self::Special(_) => "special file",
        })
    }
}

/// One entry of the file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// What it is.
    pub kind: FileKind,
    /// Permission bits, with set-id and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Last change of the content, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Last change of content or metadata, nanoseconds since 1970; no program can set it.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
    /// How many names the inode has.
    pub links: u64,
    /// Where a symbolic link points.
    pub target: Option<Arc<str>>,
    /// SHA-256 of the content of a regular file, where it was read.
    pub sha256: Option<Digest>,
    /// The content, where it is small text and no secret.
    pub text: Option<Arc<str>>,
    /// File capabilities (`cap_net_raw=ep`), empty for none; `None` where nobody looked.
    pub capabilities: Option<Arc<str>>,
    /// Extended attributes but for capabilities, access control lists among them, a `name=hexadecimal` a line; empty
    /// for none; `None` where nobody could look.
    pub attributes: Option<Arc<str>>,
}

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(content: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(content).into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let mut digest = [0; 32];
        if digits.len() != 64 || !digits.is_ascii() {
            return None;
        }
        for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
        }
        Some(Self(digest))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Version as the package manager writes it.
    pub version: String,
    /// Architecture.
    pub architecture: String,
    /// dpkg's status (`ii`, `rc`, `iU`); `ii` for every rpm.
    pub status: String,
    /// When rpm installed it, nanoseconds since 1970 to the second. dpkg does not say; the list of its files does.
    pub installed_ns: Option<i64>,
}

/// A systemd unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// `active`, `inactive`, `failed`, `activating`, …
    pub active: String,
    /// `running`, `exited`, `dead`, …
    pub sub: String,
    /// `enabled`, `disabled`, `static`, …; empty for a unit without file.
    pub enabled: String,
    /// Main process, 0 for none.
    pub main_pid: u32,
    /// How often systemd restarted it by itself.
    pub restarts: u64,
    /// When its main process (or, without one, the unit) last started, nanoseconds since 1970 by the node's clock.
    pub started_ns: Option<i64>,
    /// When it last became active or inactive.
    pub changed_ns: Option<i64>,
}

/// A socket that listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Socket {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address and port as `ss` writes them: `127.0.0.1:3306`, `[::]:80`, `*:873`.
    pub address: String,
    /// Names of the programs that hold it, sorted; empty where that is not known.
    pub programs: Vec<String>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Parent's process id.
    pub parent: u32,
    /// Real user id.
    pub uid: u32,
    /// Name that the kernel keeps (at most 15 bytes).
    pub name: String,
    /// Command line, arguments joined by spaces.
    pub command: String,
    /// Start, nanoseconds since 1970 by the node's clock, to about 10 ms.
    pub started_ns: i64,
    /// systemd unit by its control group, `None` for what belongs to none.
    pub unit: Option<String>,
}

/// What an observer saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Exit code; 124 where its time was up.
    pub exit_code: i64,
    /// Standard output.
    pub output: String,
    /// Standard error, its first 4 KiB.
    pub errors: String,
}
