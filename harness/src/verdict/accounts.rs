//! Users and groups by their names.
//!
//! Which number an account gets, and on which line it stands, depends on which was added first. Where two machines differ
//! in nothing else, they are alike: whose a file is goes by the name.

use std::collections::{BTreeMap, BTreeSet};

use crate::capture::State;

type Accounts = BTreeMap<String, String>;

/// Numbers of one machine by those of the other.
type Numbers = BTreeMap<u32, u32>;

/// Where the number of a user stands in the rest of its line in /etc/passwd, and that of a group in /etc/group.
const NUMBER: usize = 1;
/// Where the number of a user's group stands.
const GROUP_OF_USER: usize = 2;
/// Where a group's members stand.
const MEMBERS: usize = 2;

/// The state with the numbers and lines that the accounts of the same names have on the other machine, where the
/// accounts have only changed places.
pub(super) fn renumbered(mut state: State, twin: &State) -> State {
    if (&state.users, &state.groups) == (&twin.users, &twin.groups)
        && ["/etc/passwd", "/etc/group"].iter().all(|path| {
            let digest = |state: &State| state.files.get(*path).and_then(|file| file.sha256);
            digest(&state) == digest(twin)
        })
    {
        return state;
    }
    let (users, groups) = (numbers(&state.users, &twin.users), numbers(&state.groups, &twin.groups));
    for line in state.users.values_mut() {
        *line = with_number(&with_number(line, NUMBER, &users), GROUP_OF_USER, &groups);
    }
    for (name, line) in &mut state.groups {
        *line = with_number(line, NUMBER, &groups);
        if let Some(other) = twin.groups.get(name)
            && members(line) == members(other)
        {
            line.clone_from(other);
        }
    }
    for file in state.files.values_mut() {
        file.uid = users.get(&file.uid).copied().unwrap_or(file.uid);
        file.gid = groups.get(&file.gid).copied().unwrap_or(file.gid);
    }
    for process in &mut state.processes {
        process.uid = users.get(&process.uid).copied().unwrap_or(process.uid);
    }
    if state.users == twin.users {
        // The shadow file holds a line for each user and is kept by nobody: its size is what can be compared.
        take_over(&mut state, twin, "/etc/passwd", |_, _| true);
        take_over(&mut state, twin, "/etc/shadow", |_, _| false);
        take_over(&mut state, twin, "/etc/subuid", same_names);
        take_over(&mut state, twin, "/etc/subgid", same_names);
    }
    if state.groups == twin.groups {
        take_over(&mut state, twin, "/etc/group", |_, _| true);
        take_over(&mut state, twin, "/etc/gshadow", |_, _| false);
    }
    state
}

/// Which number of the one machine is which of the other's; nothing where they did not just change places among accounts
/// that both have, for then somebody chose one.
fn numbers(accounts: &Accounts, twins: &Accounts) -> Numbers {
    let pairs: Numbers = accounts
        .iter()
        .filter_map(|(name, line)| Some((number(line)?, number(twins.get(name)?)?)))
        .filter(|(one, other)| one != other)
        .collect();
    let (had, has): (BTreeSet<u32>, BTreeSet<u32>) = pairs.iter().map(|(one, other)| (*one, *other)).unzip();
    if had == has { pairs } else { Numbers::new() }
}

fn number(line: &str) -> Option<u32> {
    line.split(':').nth(NUMBER)?.parse().ok()
}

fn with_number(line: &str, place: usize, numbers: &Numbers) -> String {
    let fields = line.split(':').enumerate().map(|(at, field)| {
        let other = field.parse().ok().and_then(|number: u32| numbers.get(&number));
        match other {
            Some(other) if at == place => other.to_string(),
            _ => field.to_owned(),
        }
    });
    fields.collect::<Vec<_>>().join(":")
}

/// A group's line without its members, and these in any order.
fn members(line: &str) -> (Vec<&str>, BTreeSet<&str>) {
    let fields: Vec<&str> = line.split(':').collect();
    let members = fields.get(MEMBERS).copied().unwrap_or_default();
    (fields.into_iter().take(MEMBERS).collect(), members.split(',').collect())
}

/// Gives a file the content that it has on the other machine, where it says the same: by its text, or where nobody kept
/// that, by its size.
fn take_over(state: &mut State, twin: &State, path: &str, says_the_same: fn(&str, &str) -> bool) {
    let (Some(file), Some(other)) = (state.files.get_mut(path), twin.files.get(path)) else {
        return;
    };
    let same = match (&file.text, &other.text) {
        (Some(text), Some(of_other)) => says_the_same(text, of_other),
        _ => file.size == other.size,
    };
    if same {
        (file.sha256, file.size) = (other.sha256, other.size);
        file.text.clone_from(&other.text);
    }
}

/// Whether two files hold lines for the same names, as often.
fn same_names(text: &str, other: &str) -> bool {
    let names = |text: &str| {
        let names = text
            .lines()
            .map(|line| line.split(':').next().unwrap_or_default().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    };
    names(text) == names(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FileState;
    use crate::verdict::fixture::{file, state};

    /// A machine with two users that were added in this order.
    fn machine(first: &str, second: &str) -> State {
        let passwd = format!("{first}:x:999:999::/:/bin/sh\n{second}:x:998:998::/:/bin/sh\n");
        let owned = |uid| FileState {
            uid,
            gid: uid,
            ..file("", 1.0)
        };
        let number = |name: &str| if name == first { 999 } else { 998 };
        let mut state = state(
            9.0,
            &[
                ("/etc/passwd", file(&passwd, 1.0)),
                ("/srv/reader", owned(number("reader"))),
                ("/srv/writer", owned(number("writer"))),
            ],
        );
        for name in [first, second] {
            state
                .users
                .insert(name.to_owned(), format!("x:{0}:{0}::/:/bin/sh", number(name)));
            state.groups.insert(name.to_owned(), format!("x:{}:", number(name)));
        }
        state
    }

    fn assert_alike(one: &State, other: &State) {
        assert_eq!((&one.users, &one.groups), (&other.users, &other.groups));
        assert_eq!(one.files, other.files);
    }

    #[test]
    fn accounts_that_were_added_in_another_order_are_the_same() {
        let (usual, other) = (machine("reader", "writer"), machine("writer", "reader"));
        assert_ne!(usual.files, other.files);
        assert_alike(&renumbered(other, &usual), &usual);
    }

    #[test]
    fn a_file_that_is_another_user_s_is_still_found() {
        let usual = machine("reader", "writer");
        let mut other = machine("writer", "reader");
        other.files.get_mut("/srv/reader").unwrap().uid = 999;
        assert_eq!(renumbered(other, &usual).files["/srv/reader"].uid, 998);
        assert_eq!(usual.files["/srv/reader"].uid, 999);
    }

    #[test]
    fn a_number_that_somebody_chose_is_a_difference() {
        let usual = machine("reader", "writer");
        let mut other = usual.clone();
        other
            .users
            .insert("reader".to_owned(), "x:5000:999::/:/bin/sh".to_owned());
        other.files.insert("/etc/passwd".to_owned(), file("other", 1.0));
        let renumbered = renumbered(other.clone(), &usual);
        assert_eq!(renumbered.users, other.users);
        assert_ne!(renumbered.files["/etc/passwd"], usual.files["/etc/passwd"]);
    }

    #[test]
    fn members_of_a_group_in_another_order_are_the_same() {
        let with = |members: &str| {
            let mut state = machine("reader", "writer");
            let text = format!("adm:x:4:{members}\n");
            state.files.insert("/etc/group".to_owned(), file(&text, 1.0));
            state.groups.insert("adm".to_owned(), format!("x:4:{members}"));
            state
        };
        assert_alike(&renumbered(with("b,a"), &with("a,b")), &with("a,b"));
        assert_ne!(renumbered(with("a"), &with("a,b")).groups, with("a,b").groups);
    }
}
