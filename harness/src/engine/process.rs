//! Who started a run, told so that it can be recognised later, even when its process id is used again.

use std::fmt;
use std::process;
use std::str::FromStr;

/// One process of one boot of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// `/etc/machine-id`, or the host name where there is none.
    pub(crate) machine: String,
    /// Identifier of the kernel's boot.
    pub(crate) boot: String,
    /// The process id namespace: a rig in a container counts its processes apart.
    pub(crate) namespace: String,
    /// Process id.
    pub(crate) pid: u32,
    /// When that process started, in clock ticks since boot.
    pub(crate) started: u64,
}

/// What is known of the owner of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Its process runs.
    Alive,
    /// Its process is gone.
    Dead,
    /// It belongs to another machine or container, where nothing can be known of it from here.
    Foreign,
}

impl Owner {
    /// This process.
    pub(crate) fn current() -> Self {
        let pid = process::id();
        Self {
            machine: first_line("/etc/machine-id")
                .or_else(|| first_line("/proc/sys/kernel/hostname"))
                .unwrap_or_else(|| "unknown".to_owned()),
            boot: first_line("/proc/sys/kernel/random/boot_id").unwrap_or_else(|| "unknown".to_owned()),
            namespace: fs_err::read_link("/proc/self/ns/pid").map_or_else(
                |_| "unknown".to_owned(),
                |link| link.display().to_string().replace(['[', ']', ':'], ""),
            ),
            pid,
            started: start_time(pid).unwrap_or_default(),
        }
    }

    /// Whether the owner still lives, as seen from this process.
    pub(crate) fn life(&self) -> Life {
        self.life_seen_from(&Self::current(), start_time)
    }

    fn life_seen_from(&self, here: &Self, start_time: impl Fn(u32) -> Option<u64>) -> Life {
        if self.machine != here.machine {
            return Life::Foreign;
        }
        if self.boot != here.boot {
            return Life::Dead;
        }
        if self.namespace != here.namespace {
            return Life::Foreign;
        }
        match start_time(self.pid) {
            Some(started) if started == self.started => Life::Alive,
            _ => Life::Dead,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}/{}/{}/{}/{}",
            self.machine, self.boot, self.namespace, self.pid, self.started
        )
    }
}

impl FromStr for Owner {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.split('/').collect();
        let [machine, boot, namespace, pid, started] = parts[..] else {
            return Err(());
        };
        Ok(Self {
            machine: machine.to_owned(),
            boot: boot.to_owned(),
            namespace: namespace.to_owned(),
            pid: pid.parse().map_err(drop)?,
            started: started.parse().map_err(drop)?,
        })
    }
}

fn first_line(path: &str) -> Option<String> {
    let text = fs_err::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim().replace('/', "-");
    (!line.is_empty()).then_some(line)
}

/// Field 22 of `/proc/<pid>/stat`; a zombie counts as gone.
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_start_time(&stat)
}

fn parse_start_time(stat: &str) -> Option<u64> {
    // The command's name stands in parentheses and may hold spaces and parentheses itself.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn owner() -> Owner {
        Owner {
            machine: "m".into(),
            boot: "b".into(),
            namespace: "pid4026531836".into(),
            pid: 7,
            started: 99,
        }
    }

    #[test]
    fn an_owner_survives_being_written_to_a_label() {
        let current = Owner::current();
        assert_eq!(current.to_string().parse(), Ok(current));
    }

    #[test]
    fn this_process_is_alive() {
        assert_eq!(Owner::current().life(), Life::Alive);
    }

    #[rstest]
    #[case::same_process(Owner { ..owner() }, Some(99), Life::Alive)]
    #[case::process_gone(Owner { ..owner() }, None, Life::Dead)]
    #[case::process_id_used_again(Owner { ..owner() }, Some(100), Life::Dead)]
    #[case::before_a_reboot(Owner { boot: "older".into(), ..owner() }, Some(99), Life::Dead)]
    #[case::other_machine(Owner { machine: "other".into(), ..owner() }, None, Life::Foreign)]
    #[case::other_container(Owner { namespace: "pid1".into(), ..owner() }, None, Life::Foreign)]
    fn life_is_judged_from_machine_boot_namespace_and_start_time(
        #[case] seen: Owner,
        #[case] started: Option<u64>,
        #[case] expected: Life,
    ) {
        assert_eq!(seen.life_seen_from(&owner(), |_| started), expected);
    }

    #[rstest]
    #[case("12 (a b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20", Some(4711))]
    #[case("12 (sh) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20", None)]
    #[case("", None)]
    fn start_time_is_field_22_of_stat(#[case] stat: &str, #[case] expected: Option<u64>) {
        assert_eq!(parse_start_time(stat), expected);
    }
}
