use std::collections::BTreeMap;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DifferenceKind, IgnoredCount};

const NOISE: &str = include_str!("noise.yaml");

/// State that is known to move, and why. Exactly one of the fields beside `because` is set; each is a glob, in which
/// `*` stands for anything within a name and `**` for anything at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// Absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// systemd unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Package name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// User or group name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Listening socket: `tcp 0.0.0.0:8779`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
    /// Command line of a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// Mount target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount: Option<String>,
    /// Address, route, or `iptables`/`ip6tables`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Kernel parameter by its dotted name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sysctl: Option<String>,
    /// Observer of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observer: Option<String>,
    /// Puppet resource whose change does not count as said: `Service[cinder-volume]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why it moves; shown in the report.
    pub because: String,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Field {
    Path,
    Service,
    Package,
    User,
    Socket,
    Process,
    Mount,
    Network,
    Sysctl,
    Observer,
    Resource,
}

impl Field {
    pub(crate) fn of(kind: DifferenceKind) -> Self {
        use DifferenceKind as Kind;
        match kind {
            Kind::Created
            | Kind::Removed
            | Kind::Type
            | Kind::Content
            | Kind::Target
            | Kind::Mode
            | Kind::Owner
            | Kind::Capabilities => Self::Path,
            Kind::Package => Self::Package,
            Kind::ServiceState | Kind::ServiceRestarted => Self::Service,
            Kind::User | Kind::Group => Self::User,
            Kind::Socket => Self::Socket,
            Kind::Process => Self::Process,
            Kind::Mount => Self::Mount,
            Kind::Address | Kind::Route | Kind::PacketFilter => Self::Network,
            Kind::Sysctl => Self::Sysctl,
            Kind::Observer => Self::Observer,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Service => "service",
            Self::Package => "package",
            Self::User => "user",
            Self::Socket => "socket",
            Self::Process => "process",
            Self::Mount => "mount",
            Self::Network => "network",
            Self::Sysctl => "sysctl",
            Self::Observer => "observer",
            Self::Resource => "resource",
        }
    }
}

/// What is wrong with a rule.
#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    /// The list is no list of rules.
    #[error("the noise list cannot be read: {0}")]
    Unreadable(String),
    /// No field, or more than one.
    #[error(
        "an `ignore` entry (because: {because}) must name exactly one of path, service, package, user, socket, process, mount, network, sysctl, observer and resource; it names {found}"
    )]
    NotOneField {
        /// Its reason, to find it by.
        because: String,
        /// How many it names.
        found: usize,
    },
}

/// Rules of what always moves, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct NoiseList {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    field: Field,
    pattern: Regex,
    shown: String,
    because: String,
    scenario: bool,
}

impl NoiseList {
    /// What moves on every node of a Fuel environment.
    ///
    /// # Errors
    ///
    /// None in practice: a test reads the list that is built in.
    pub fn built_in() -> Result<Self, NoiseError> {
        let entries: Vec<Ignore> =
            serde_yaml::from_str(NOISE).map_err(|error| NoiseError::Unreadable(error.to_string()))?;
        let mut list = Self::default();
        list.add(&entries, false)?;
        Ok(list)
    }

    /// Adds rules of a scenario; they are asked first.
    ///
    /// # Errors
    ///
    /// An entry names no field, or more than one.
    pub fn with_scenario(mut self, entries: &[Ignore]) -> Result<Self, NoiseError> {
        let built_in = std::mem::take(&mut self.rules);
        self.add(entries, true)?;
        self.rules.extend(built_in);
        Ok(self)
    }

    fn add(&mut self, entries: &[Ignore], scenario: bool) -> Result<(), NoiseError> {
        for entry in entries {
            let fields = [
                (Field::Path, &entry.path),
                (Field::Service, &entry.service),
                (Field::Package, &entry.package),
                (Field::User, &entry.user),
                (Field::Socket, &entry.socket),
                (Field::Process, &entry.process),
                (Field::Mount, &entry.mount),
                (Field::Network, &entry.network),
                (Field::Sysctl, &entry.sysctl),
                (Field::Observer, &entry.observer),
                (Field::Resource, &entry.resource),
            ];
            let set: Vec<(Field, &String)> = fields
                .into_iter()
                .filter_map(|(field, glob)| Some((field, glob.as_ref()?)))
                .collect();
            let [(field, glob)] = set.as_slice() else {
                return Err(NoiseError::NotOneField {
                    because: entry.because.clone(),
                    found: set.len(),
                });
            };
            // Only in paths a slash divides: a command line or an observer's name is one word.
            let pattern = glob_pattern(glob, *field == Field::Path)
                .map_err(|error| NoiseError::Unreadable(format!("`{glob}`: {error}")))?;
            self.rules.push(Rule {
                field: *field,
                pattern,
                shown: format!("{} {glob}", field.name()),
                because: entry.because.clone(),
                scenario,
            });
        }
        Ok(())
    }

    /// The first rule that hides this, by its number.
    pub(crate) fn hides(&self, field: Field, subject: &str) -> Option<usize> {
        self.rules
            .iter()
            .position(|rule| rule.field == field && rule.pattern.is_match(subject))
    }

    /// What was hidden, as the report shows it: per rule the count and the first subject.
    pub(crate) fn account(&self, hidden: &Hidden) -> Vec<IgnoredCount> {
        let counts = hidden.counts.iter().filter_map(|(&number, (count, example))| {
            let rule = self.rules.get(number)?;
            Some(IgnoredCount {
                what: rule.shown.clone(),
                because: rule.because.clone(),
                scenario: rule.scenario,
                count: *count,
                example: example.clone(),
            })
        });
        counts.collect()
    }
}

/// How often each rule hid something.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    counts: BTreeMap<usize, (usize, String)>,
}

impl Hidden {
    pub(crate) fn add(&mut self, rule: usize, subject: &str) {
        self.counts.entry(rule).or_insert_with(|| (0, subject.to_owned())).0 += 1;
    }
}

fn glob_pattern(glob: &str, slash_divides: bool) -> Result<Regex, regex::Error> {
    let mut pattern = String::from("(?s)^");
    let mut letters = glob.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'*').is_some() => pattern.push_str(".*"),
            '*' if slash_divides => pattern.push_str("[^/]*"),
            '*' => pattern.push_str(".*"),
            '?' if slash_divides => pattern.push_str("[^/]"),
            '?' => pattern.push('.'),
            other => pattern.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    Regex::new(&pattern)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/var/log/**", "/var/log/a/b", true)]
    #[case("/var/log/**", "/var/logs", false)]
    #[case("/etc/*.conf", "/etc/a.conf", true)]
    #[case("/etc/*.conf", "/etc/a/b.conf", false)]
    #[case("/etc/a.conf", "/etc/axconf", false)]
    #[case("/etc/?", "/etc/a", true)]
    #[case("/etc/new\nline*", "/etc/new\nlines", true)]
    fn a_glob_of_paths_stops_at_a_slash_unless_it_has_two_stars(
        #[case] glob: &str,
        #[case] path: &str,
        #[case] expected: bool,
    ) {
        let list = NoiseList::default()
            .with_scenario(&[Ignore {
                path: Some(glob.to_owned()),
                ..Ignore::default()
            }])
            .unwrap();
        assert_eq!(list.hides(Field::Path, path).is_some(), expected);
        assert_eq!(list.hides(Field::Service, path), None);
    }

    #[test]
    fn a_star_in_a_command_line_goes_over_slashes() {
        let rule = Ignore {
            process: Some("/usr/sbin/cron*".to_owned()),
            ..Ignore::default()
        };
        let list = NoiseList::default().with_scenario(&[rule]).unwrap();
        assert_eq!(list.hides(Field::Process, "/usr/sbin/cron -f /x"), Some(0));
    }

    #[test]
    fn the_built_in_list_is_sound_and_every_entry_has_its_reason() {
        let list = NoiseList::built_in().unwrap();
        assert!(
            list.rules.iter().all(|rule| rule.because.len() > 10),
            "a reason is a sentence"
        );
        assert!(list.hides(Field::Path, "/var/log/puppet.log").is_some());
        assert!(list.hides(Field::Path, "/etc/trove/trove.conf").is_none());
        assert!(
            list.hides(Field::Path, "/etc/puppet/shell_manifests/x_command.sh")
                .is_some()
        );
    }

    #[rstest]
    #[case(Ignore { because: "x".to_owned(), ..Ignore::default() }, 0)]
    #[case(Ignore { path: Some("a".to_owned()), user: Some("b".to_owned()), because: "x".to_owned(), ..Ignore::default() }, 2)]
    fn an_entry_names_one_thing(#[case] entry: Ignore, #[case] named: usize) {
        let error = NoiseList::default().with_scenario(&[entry]).unwrap_err();
        assert!(error.to_string().ends_with(&format!("it names {named}")), "{error}");
    }
}
