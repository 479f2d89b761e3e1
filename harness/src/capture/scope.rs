use std::time::Duration;

/// A command whose output is state that no file shows: a database schema, a cluster's members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observer {
    /// What it is called in the report; unique on a node.
    pub name: String,
    /// Run by `sh -c` as root on the node.
    pub command: String,
}

/// What a capture looks at.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// Observers of this node.
    pub observers: &'a [Observer],
    /// How long one observer may take.
    pub observer_timeout: Duration,
    /// How long everything may take.
    pub timeout: Duration,
    /// Where the tree begins: empty for the whole machine, a directory in tests.
    pub root: String,
    /// Whether anything but files is looked at.
    pub system: bool,
    /// Directories whose files are read at the first capture.
    pub read: Vec<String>,
    /// Directories whose files are listed but never read: their content says nothing, or there is too much of it.
    pub unread: Vec<String>,
    /// Files of up to this many bytes come over whole.
    pub small: u64,
    /// Larger ones are hashed on the node up to this many bytes at the first capture.
    pub largest_at_first: u64,
    /// The same for what moved since.
    pub largest_moved: u64,
    /// How many bytes of text one state keeps for showing differences.
    pub text_kept: usize,
}

impl<'a> Scope<'a> {
    /// A whole machine with these observers.
    pub fn machine(observers: &'a [Observer]) -> Self {
        let owned = |directories: &[&str]| directories.iter().map(|&directory| directory.to_owned()).collect();
        Self {
            observers,
            observer_timeout: Duration::from_secs(60),
            timeout: Duration::from_secs(300),
            root: String::new(),
            system: true,
            read: owned(&[
                "/etc",
                "/opt",
                "/root",
                "/home",
                "/srv",
                "/usr/local",
                "/var/lib",
                "/var/spool",
            ]),
            unread: owned(&[
                "/var/log",
                "/var/cache/apt",
                "/var/lib/apt",
                "/var/lib/dpkg",
                "/var/lib/mysql",
                "/var/lib/rabbitmq",
                "/var/lib/rpm",
                "/var/lib/yum",
            ]),
            small: 64 * 1024,
            largest_at_first: 8 * 1024 * 1024,
            largest_moved: 64 * 1024 * 1024,
            text_kept: 32 * 1024 * 1024,
        }
    }

    /// The files below `root` and nothing else.
    pub fn directory(root: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            system: false,
            ..Self::machine(&[])
        }
    }
}
