use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What two runs of a deployment amount to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether everything holds.
    pub passed: bool,
    /// Whether warnings fail too.
    pub strict: bool,
    /// Every task of the second run on every node, in the order in which they ran.
    pub tasks: Vec<TaskVerdict>,
    /// Differences that several tasks may have made: they fail the verdict, nobody knows for whom.
    pub unattributed: Vec<Background>,
    /// What moved outside every task's window: it fails a strict verdict only.
    pub background: Vec<Background>,
    /// What the noise list and the scenario's `ignore` hid.
    pub ignored: Vec<IgnoredCount>,
    /// What nobody looked at, for want of a tool on the node.
    #[serde(default)]
    pub unseen: Vec<Unseen>,
}

/// One task on one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskVerdict {
    /// Node name.
    pub node: String,
    /// Task id.
    pub task: String,
    /// Task type.
    pub kind: String,
    /// What it is called.
    pub called: Call,
    /// Whether that fails the verdict.
    pub fails: bool,
    /// What the tool said of the second run.
    pub said: Said,
    /// What differs after the second run, other than before it.
    pub differences: Vec<Difference>,
    /// Paths that the second run wrote anew with the same content.
    pub rewritten: Vec<String>,
    /// Resources that Puppet says it changed in the second run.
    pub changed_resources: Vec<ResourceRef>,
    /// How many places of the machine the first run moved.
    pub first_run_changes: usize,
    /// How long the first run took, in seconds.
    pub first_seconds: Option<f64>,
    /// How long the second run took, in seconds.
    pub second_seconds: Option<f64>,
    /// Attempts of the first run; more than one means that it did not converge at once.
    pub first_attempts: usize,
    /// Attempts of the second run.
    pub second_attempts: usize,
    /// Why it failed.
    pub error: Option<String>,
    /// It did not run this time: this is what an earlier run amounted to, and its inputs are what they were.
    #[serde(default)]
    pub earlier: bool,
}

/// What a task is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// It failed on the second run.
    NotRerunnable,
    /// It said that it changed something, and the machine differs.
    NotIdempotent,
    /// It did not say so, but the machine differs.
    SilentChange,
    /// It said that it changed something, but the machine is the same.
    Noisy,
    /// It fails in both runs, and its `fail_on_error: false` lets Fuel go on: what it would do, nobody has seen.
    FailsAlways,
    /// It changed nothing and said so.
    Idempotent,
    /// It did not get its turn in the second run: a task before it failed.
    NotReached,
    /// There was nothing to run: not judged.
    Skipped,
}

impl Call {
    /// Whether it fails a verdict of this strictness.
    pub fn fails(self, strict: bool) -> bool {
        match self {
            Self::NotRerunnable | Self::NotIdempotent | Self::SilentChange | Self::NotReached => true,
            Self::Noisy | Self::FailsAlways => strict,
            Self::Idempotent | Self::Skipped => false,
        }
    }

    /// What it means, in a sentence for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NotRerunnable => "it fails when it is run again",
            Self::NotIdempotent => "it said that it changed something, and the machine differs",
            Self::SilentChange => "it did not say so, but the machine differs",
            Self::Noisy => "it reports a change and makes none",
            Self::FailsAlways => "it fails in both runs, and only its `fail_on_error: false` lets Fuel go on",
            Self::Idempotent => "the second run changed nothing",
            Self::NotReached => "a task before it failed",
            Self::Skipped => "there was nothing to run",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::NotRerunnable => "not re-runnable",
            Self::NotIdempotent => "not idempotent",
            Self::SilentChange => "silent change",
            Self::Noisy => "noisy",
            Self::FailsAlways => "fails always",
            Self::Idempotent => "idempotent",
            Self::NotReached => "not reached",
            Self::Skipped => "skipped",
        })
    }
}

/// What the tool said of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Puppet changed a resource.
    Changed,
    /// Puppet changed none.
    Unchanged,
    /// The task's type says nothing: shell, sync, upload_file, …
    Nothing,
}

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Nothing => "nothing",
        })
    }
}

/// One place of a machine that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// What of it moved.
    pub kind: DifferenceKind,
    /// A path, a unit, a package, a user, …
    pub subject: String,
    /// How it was, in a few words.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
    /// Unified diff of text.
    pub diff: Option<String>,
    /// What the reader should know of how certain this is.
    pub note: Option<String>,
    /// When it moved by the node's clock, RFC 3339, where that is known.
    pub at: Option<String>,
    /// How it is known which task did it.
    pub blame: Blame,
    /// The Puppet resource that did it.
    pub resource: Option<ResourceRef>,
}

/// Kinds of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// A file, directory or link that was not there.
    Created,
    /// One that is not there any more.
    Removed,
    /// A file became a directory, a link, …
    Type,
    /// A file's content.
    Content,
    /// Where a symbolic link points.
    Target,
    /// Permission bits.
    Mode,
    /// Owner or group.
    Owner,
    /// File capabilities.
    Capabilities,
    /// Extended attributes, access control lists among them.
    Attributes,
    /// How many names a file has.
    Links,
    /// A package was installed, removed or changed its version.
    Package,
    /// A unit changed its state.
    ServiceState,
    /// A unit's main process is another one.
    ServiceRestarted,
    /// A user.
    User,
    /// A group.
    Group,
    /// A listening socket.
    Socket,
    /// A process that outlives its task.
    Process,
    /// A mount.
    Mount,
    /// An address of an interface.
    Address,
    /// A route.
    Route,
    /// Packet filter rules.
    PacketFilter,
    /// A kernel parameter.
    Sysctl,
    /// What an observer saw.
    Observer,
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Created => "created",
            Self::Removed => "removed",
            Self::Type => "type",
            Self::Content => "content",
            Self::Target => "link target",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Capabilities => "capabilities",
            Self::Attributes => "extended attributes",
            Self::Links => "hard links",
            Self::Package => "package",
            Self::ServiceState => "service state",
            Self::ServiceRestarted => "service restarted",
            Self::User => "user",
            Self::Group => "group",
            Self::Socket => "listening socket",
            Self::Process => "process left behind",
            Self::Mount => "mount",
            Self::Address => "address",
            Self::Route => "route",
            Self::PacketFilter => "packet filter",
            Self::Sysctl => "kernel parameter",
            Self::Observer => "observer",
        })
    }
}

/// How it is known which task made a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// Its time falls into the task's window.
    Window,
    /// It has no time; it was seen right after this task, and not before it.
    Seen,
    /// It has no time, and only this task can have done it.
    Only,
    /// It has no time, and of the tasks that can have done it only this one does not say that it changed nothing.
    Likely,
    /// It has no time, and any of these tasks can have done it.
    Candidates(Vec<String>),
    /// Its time falls outside every window.
    Outside,
}

/// How many candidates a remark names.
const CANDIDATES: usize = 8;

impl Blame {
    /// What the reader should know of it; nothing where the time alone says who it was.
    pub(crate) fn remark(&self) -> Option<String> {
        match self {
            Self::Window | Self::Seen | Self::Outside => None,
            Self::Only => Some("no other task could have done it".to_owned()),
            Self::Likely => Some("probably here: the other tasks say that they changed nothing".to_owned()),
            Self::Candidates(tasks) => {
                let shown: Vec<&str> = tasks.iter().take(CANDIDATES).map(String::as_str).collect();
                let left = tasks.len() - shown.len();
                let left = if left > 0 {
                    format!(" and {left} more")
                } else {
                    String::new()
                };
                Some(format!("any of these may have done it: {}{left}", shown.join(", ")))
            }
        }
    }
}

/// A Puppet resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRef {
    /// `File[/etc/trove/trove.conf]`.
    pub name: String,
    /// Manifest that declares it.
    pub file: Option<String>,
    /// Line in that manifest.
    pub line: Option<u64>,
    /// What it did, in Puppet's words.
    pub events: Vec<String>,
    /// Whether it names what moved; otherwise it is the one that was evaluated last before.
    pub certain: bool,
}

/// A difference that belongs to no task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Background {
    /// Node name.
    pub node: String,
    /// The difference.
    pub difference: Difference,
}

/// Something that no observer could see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// On which nodes.
    pub nodes: Vec<String>,
    /// What, and which tool is missing: `packages: neither dpkg-query nor rpm is there`.
    pub what: String,
}

/// How much one rule hid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IgnoredCount {
    /// The rule: `path /var/log/**`.
    pub what: String,
    /// Why it moves.
    pub because: String,
    /// Whether the rule stands in the scenario; otherwise in the noise list.
    pub scenario: bool,
    /// How many differences of the second run it hid.
    pub count: usize,
    /// The first of them.
    pub example: String,
}
