use std::collections::BTreeMap;

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
            | Kind::Capabilities
            | Kind::Attributes
            | Kind::Links => Self::Path,
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

/// The list that is built in cannot be read: a defect of the rig.
#[derive(Debug, thiserror::Error)]
#[error("the noise list cannot be read: {0}")]
pub struct NoiseError(String);

/// Rules of what always moves, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct NoiseList {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    field: Field,
    glob: Glob,
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
    pub fn standard() -> Result<Self, NoiseError> {
        let entries: Vec<Ignore> = serde_yaml::from_str(NOISE).map_err(|error| NoiseError(error.to_string()))?;
        let mut list = Self::default();
        list.add(&entries, false);
        Ok(list)
    }

    /// The list with a scenario's own rules, which are asked first.
    #[must_use]
    pub fn with_scenario(&self, entries: &[Ignore]) -> Self {
        let mut list = Self::default();
        list.add(entries, true);
        list.rules.extend(self.rules.iter().cloned());
        list
    }

    fn add(&mut self, entries: &[Ignore], scenario: bool) {
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
            let named = fields
                .into_iter()
                .filter_map(|(field, glob)| Some((field, glob.as_ref()?)));
            self.rules.extend(named.map(|(field, glob)| Rule {
                field,
                // Only in paths a slash divides: a command line or an observer's name is one word.
                glob: Glob::new(glob, field == Field::Path),
                shown: format!("{} {glob}", field.name()),
                because: entry.because.clone(),
                scenario,
            }));
        }
    }

    /// The first rule that hides this, by its number.
    pub(crate) fn hides(&self, field: Field, subject: &str) -> Option<usize> {
        self.rules
            .iter()
            .position(|rule| rule.field == field && rule.glob.matches(subject))
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

/// A pattern in which `?` stands for one character, `*` for any within a name and `**` for any at all.
#[derive(Debug, Clone)]
struct Glob {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Letter(char),
    One { slash: bool },
    Any { slash: bool },
}

impl Glob {
    fn new(pattern: &str, slash_divides: bool) -> Self {
        let mut tokens = Vec::new();
        let mut letters = pattern.chars().peekable();
        while let Some(letter) = letters.next() {
            tokens.push(match letter {
                '*' if letters.next_if_eq(&'*').is_some() => Token::Any { slash: true },
                '*' => Token::Any { slash: !slash_divides },
                '?' => Token::One { slash: !slash_divides },
                other => Token::Letter(other),
            });
        }
        Self { tokens }
    }

    fn matches(&self, text: &str) -> bool {
        // The set of places in the pattern that the text so far can have led to.
        let mut places = vec![false; self.tokens.len() + 1];
        places[0] = true;
        self.skip_empty(&mut places);
        for letter in text.chars() {
            let mut next = vec![false; places.len()];
            let mut alive = false;
            for (place, token) in self.tokens.iter().enumerate().filter(|(place, _)| places[*place]) {
                let (fits, stays) = match *token {
                    Token::Letter(wanted) => (wanted == letter, false),
                    Token::One { slash } => (slash || letter != '/', false),
                    Token::Any { slash } => (slash || letter != '/', true),
                };
                if fits {
                    next[if stays { place } else { place + 1 }] = true;
                    alive = true;
                }
            }
            if !alive {
                return false;
            }
            self.skip_empty(&mut next);
            places = next;
        }
        places[self.tokens.len()]
    }

    /// A star may also stand for nothing.
    fn skip_empty(&self, places: &mut [bool]) {
        for (place, token) in self.tokens.iter().enumerate() {
            if places[place] && matches!(token, Token::Any { .. }) {
                places[place + 1] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
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
        let list = NoiseList::default().with_scenario(&[Ignore {
            path: Some(glob.to_owned()),
            ..Ignore::default()
        }]);
        assert_eq!(list.hides(Field::Path, path).is_some(), expected);
        assert_eq!(list.hides(Field::Service, path), None);
    }

    #[test]
    fn a_star_in_a_command_line_goes_over_slashes() {
        let rule = Ignore {
            process: Some("/usr/sbin/cron*".to_owned()),
            ..Ignore::default()
        };
        let list = NoiseList::default().with_scenario(&[rule]);
        assert_eq!(list.hides(Field::Process, "/usr/sbin/cron -f /x"), Some(0));
    }

    #[test]
    fn the_built_in_list_is_sound_and_every_entry_has_its_reason() {
        let list = NoiseList::standard().unwrap();
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

    proptest! {
        #[test]
        fn every_text_matches_itself_two_stars_and_itself_behind_a_star(text in "[a-z/.]{0,20}") {
            prop_assert!(Glob::new(&text, true).matches(&text));
            prop_assert!(Glob::new("**", true).matches(&text));
            let between = format!("*{text}*");
            prop_assert!(Glob::new(&between, true).matches(&text));
            prop_assert_eq!(Glob::new("*", true).matches(&text), !text.contains('/'));
        }
    }
}
