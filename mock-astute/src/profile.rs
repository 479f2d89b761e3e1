//! What differs between the Astutes of Fuel's versions, as data.

use std::time::Duration;

/// Defaults and habits of one Astute.
///
/// Every field is a value that changed, or may change, between versions; nothing else in this crate asks for the
/// version's name.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The Fuel version that it describes, `9.2`.
    pub fuel: &'static str,
    /// How many nodes may be busy at once (`max_nodes_per_call`).
    pub max_busy_nodes: usize,
    /// How often a silent node is asked whether it is there, a second apart, before it counts as offline.
    pub online_tries: u32,
    /// Whether a fault tolerance group that lost more nodes than it tolerates makes the result an error. Astute stops
    /// the deployment then, yet judges the end by critical nodes alone.
    pub exceeded_tolerance_is_an_error: bool,
    /// Tasks of type `puppet`.
    pub puppet: PuppetProfile,
    /// Tasks of type `shell` and `master_shell`.
    pub shell: ShellProfile,
    /// Tasks of type `sync`.
    pub sync: SyncProfile,
    /// Tasks of type `upload_file` and `upload_files`.
    pub upload: UploadProfile,
    /// How long a `reboot` may take where the task does not say.
    pub reboot_timeout: Duration,
    /// Hooks of `granular_deploy` and `execute_tasks`.
    pub hooks: HookProfile,
}

/// How hooks are run.
#[derive(Debug, Clone)]
pub struct HookProfile {
    /// Timeout of the whole hook where it does not say.
    pub timeout: Duration,
    /// How often a failed command is repeated where the hook does not say.
    pub retries: u32,
    /// Between two attempts of a command where the hook does not say.
    pub interval: Duration,
    /// Whether `/etc/astute.yaml` is there before the first hook.
    pub links_astute_yaml_first: bool,
    /// Whether the messages have hooks, and Astute itself writes `/etc/<role>.yaml` for each role of a node.
    pub are_sent: bool,
}

/// How Puppet is run.
#[derive(Debug, Clone)]
pub struct PuppetProfile {
    /// The program.
    pub program: &'static str,
    /// Arguments between the manifest and the log file; `{modules}` stands for the module path.
    pub arguments: &'static [&'static str],
    /// Where `last_run_summary.yaml` and `last_run_report.yaml` are.
    pub state_directory: &'static str,
    /// Whether summary and report are deleted before each run, so that a run that dies early counts as failed.
    pub forgets_last_run: bool,
    /// Module path where the task does not say.
    pub modules: &'static str,
    /// Timeout over all retries together where the task does not say.
    pub timeout: Duration,
    /// How often a failed run is repeated where the task does not say.
    pub retries: u32,
}

/// How shell commands are run.
#[derive(Debug, Clone)]
pub struct ShellProfile {
    /// Timeout where the task does not say.
    pub timeout: Duration,
    /// Retries where the task does not say.
    pub retries: u32,
    /// Whether the `exec` of the wrapper manifest carries the task's timeout; without it Puppet's own 300 s apply.
    pub manifest_has_timeout: bool,
}

/// How files are fetched with rsync.
#[derive(Debug, Clone)]
pub struct SyncProfile {
    /// Options of rsync.
    pub options: &'static str,
    /// Timeout where the task does not say.
    pub timeout: Duration,
    /// Retries where the task does not say.
    pub retries: u32,
}

/// How files are put on nodes.
#[derive(Debug, Clone)]
pub struct UploadProfile {
    /// Timeout of one attempt where the task does not say.
    pub timeout: Duration,
    /// Retries where the task does not say.
    pub retries: u32,
}

impl Profile {
    /// The profile of a Fuel version, `8.0`.
    #[must_use]
    pub fn of(fuel: &str) -> Option<Self> {
        match fuel {
            "6.1" => Some(Self {
                hooks: HookProfile {
                    links_astute_yaml_first: false,
                    ..Self::before_9("6.1").hooks
                },
                ..Self::before_9("6.1")
            }),
            "7.0" => Some(Self::before_9("7.0")),
            "8.0" => Some(Self::before_9("8.0")),
            "9.2" => Some(Self::fuel_9_2()),
            _ => None,
        }
    }

    /// Fuel 9.2, stable/mitaka.
    #[must_use]
    pub fn fuel_9_2() -> Self {
        Self {
            fuel: "9.2",
            max_busy_nodes: 50,
            online_tries: 10,
            exceeded_tolerance_is_an_error: false,
            puppet: PUPPET,
            shell: ShellProfile {
                timeout: Duration::from_secs(300),
                retries: 2,
                manifest_has_timeout: true,
            },
            sync: SyncProfile {
                options: "-c -r --delete -l",
                timeout: Duration::from_secs(300),
                retries: 10,
            },
            upload: UploadProfile {
                timeout: Duration::from_secs(60),
                retries: 3,
            },
            reboot_timeout: Duration::from_secs(900),
            hooks: HOOKS,
        }
    }

    /// What 6.1 to 8.0 have in common.
    fn before_9(fuel: &'static str) -> Self {
        Self {
            fuel,
            shell: ShellProfile {
                timeout: Duration::from_secs(300),
                retries: 10,
                manifest_has_timeout: false,
            },
            sync: SyncProfile {
                options: "-c -r --delete",
                timeout: Duration::from_secs(300),
                retries: 10,
            },
            reboot_timeout: Duration::from_secs(240),
            hooks: HookProfile {
                are_sent: true,
                ..HOOKS
            },
            ..Self::fuel_9_2()
        }
    }
}

/// Puppet as 9.2 runs it. Before 9.2 it was told `--no-report` and its last summary was left in place; then no change
/// could be put down to a resource, and a run that dies would be judged by the run before.
const PUPPET: PuppetProfile = PuppetProfile {
    program: "/usr/bin/puppet",
    arguments: &[
        "--modulepath={modules}",
        "--logdest",
        "syslog",
        "--trace",
        "--reports",
        "none",
    ],
    state_directory: "/var/lib/puppet/state",
    forgets_last_run: true,
    modules: "/etc/puppet/modules",
    timeout: Duration::from_secs(5400),
    retries: 2,
};

const HOOKS: HookProfile = HookProfile {
    timeout: Duration::from_secs(300),
    retries: 10,
    interval: Duration::from_secs(1),
    links_astute_yaml_first: true,
    are_sent: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_the_name_by_which_it_is_asked_for() {
        for fuel in ["6.1", "7.0", "8.0", "9.2"] {
            assert_eq!(Profile::of(fuel).map(|profile| profile.fuel), Some(fuel));
        }
        assert!(Profile::of("5.1").is_none());
    }

    #[test]
    fn rsync_keeps_links_from_9_2_on() {
        assert_eq!(Profile::of("8.0").unwrap().sync.options, "-c -r --delete");
        assert_eq!(Profile::of("9.2").unwrap().sync.options, "-c -r --delete -l");
    }
}
