//! What was done around the recordings, as data: `tests/data/replay.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// `tests/data/replay.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// Plugins on the master's disk.
    pub(crate) plugins: Vec<PluginOnDisk>,
    /// What was done, each on a fresh master.
    pub(crate) sessions: Vec<Session>,
    /// Recordings that differ, with the reason.
    pub(crate) differences: Vec<Difference>,
}

/// The version whose sessions make situations for recordings of one that has none: the oldest.
const OLDEST: &str = "8.0";

impl Script {
    /// The version whose sessions are played for a version.
    pub(crate) fn played_for<'a>(&self, version: &'a str) -> &'a str {
        let mut sessions = self.sessions.iter();
        let has_own = sessions.any(|session| session.versions.iter().any(|name| name == version));
        if has_own { version } else { OLDEST }
    }

    /// The recordings that the sessions of a version replay.
    pub(crate) fn recordings(&self, version: &str) -> BTreeSet<&str> {
        self.sessions
            .iter()
            .filter(|session| session.versions.iter().any(|name| name == version))
            .flat_map(|session| &session.steps)
            .filter_map(|step| match step {
                Step::Replay(name) | Step::Anonymous { anonymous: name } | Step::Body { body: name, .. } => {
                    Some(name.as_str())
                }
                _ => None,
            })
            .collect()
    }
}

/// A plugin that lay on the master's disk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginOnDisk {
    /// Name of its directory on the master.
    pub(crate) directory: String,
    /// Where it is in the corpus.
    #[serde(default)]
    pub(crate) corpus: Option<String>,
    /// The recording that registers it: without a corpus, metadata.yaml is made from its request.
    #[serde(default)]
    pub(crate) registered_by: Option<String>,
    /// The recorded section of settings from which environment_config.yaml is made: recording and section.
    #[serde(default)]
    pub(crate) settings_from: Option<(String, String)>,
    /// Files that it has besides.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, Value>,
}

/// A sequence of exchanges on one master.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    /// What it is about.
    pub(crate) name: String,
    /// The Fuel versions in which it happened.
    pub(crate) versions: Vec<String>,
    /// A session whose steps come first, without being compared again.
    #[serde(default)]
    pub(crate) after: Option<String>,
    /// What is done.
    pub(crate) steps: Vec<Step>,
}

/// One step of a session.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    /// A recording is sent and its answer compared.
    Replay(String),
    /// A recording of which only the body was kept: the address to GET and where in the answer it is.
    Body {
        body: String,
        get: String,
        #[serde(default)]
        at: String,
        /// Of a list only the items whose value of this key was recorded.
        #[serde(default)]
        among: Option<String>,
    },
    /// A call that prepares something and must succeed.
    Call {
        call: (String, String),
        with: Option<Value>,
    },
    /// The recording's request, sent as a preparation.
    Prepare { send: String },
    /// A plugin on disk is registered.
    Register { register: String },
    /// The node of the recording `node_create`, with another number.
    Node { node: u8 },
    /// A plugin is switched on in an environment, with values.
    Enable {
        enable: (i64, String),
        #[serde(default)]
        values: BTreeMap<String, Value>,
    },
    /// A plugin is switched off in an environment.
    Disable { disable: (i64, String) },
    /// Astute reports this progress of the running deployment; 100 with every node ready.
    Progress { progress: (i64, u64) },
    /// A recording that is sent without a token.
    Anonymous { anonymous: String },
}

/// A recording that differs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Difference {
    pub(crate) version: String,
    pub(crate) recording: String,
    /// JSON pointers; what is below one of them may differ, nothing else.
    pub(crate) at: Vec<String>,
    pub(crate) because: String,
}
