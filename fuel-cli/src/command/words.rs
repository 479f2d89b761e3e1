//! Words that stand for flags: `fuel env create` is `fuel env --create`.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Words that may stand for the flag of the same name, where the namespace has one.
const ACTIONS: [&str; 15] = [
    "list",
    "set",
    "delete",
    "remove",
    "create",
    "download",
    "upload",
    "default",
    "install",
    "register",
    "unregister",
    "sync",
    "update",
    "enable",
    "disable",
];

/// Turns words after the namespace into flags where fuelclient would.
///
/// fuelclient takes every such word for a flag, wherever it stands; a word right behind an option that takes one value
/// is that value here, so that an environment can be called `list`.
pub(super) fn with_words_as_flags(definition: &Command, mut args: Vec<OsString>) -> Vec<OsString> {
    let mut namespace = None;
    for index in 1..args.len() {
        let Some(word) = args[index].to_str() else { continue };
        let previous = args[index - 1].to_str().unwrap_or_default();
        if takes_one_value(definition, namespace, previous) {
            continue;
        }
        match namespace {
            None => {
                namespace = definition
                    .get_subcommands()
                    .find(|command| command.get_name() == word || command.get_all_aliases().any(|alias| alias == word));
            }
            Some(command) => {
                if ACTIONS.contains(&word) && flag(command, word).is_some() {
                    args[index] = OsString::from(format!("--{word}"));
                }
            }
        }
    }
    args
}

fn takes_one_value(definition: &Command, namespace: Option<&Command>, option: &str) -> bool {
    let found = namespace
        .and_then(|namespace| named(namespace, option))
        .or_else(|| named(definition, option));
    found.is_some_and(|argument| {
        argument.get_action().takes_values() && argument.get_num_args().is_none_or(|range| range.max_values() <= 1)
    })
}

fn named<'definition>(command: &'definition Command, option: &str) -> Option<&'definition Arg> {
    if let Some(long) = option.strip_prefix("--") {
        return flag(command, long);
    }
    let mut letters = option.strip_prefix('-')?.chars();
    let letter = letters.next()?;
    if letters.next().is_some() {
        return None;
    }
    command
        .get_arguments()
        .find(|argument| argument.get_short() == Some(letter))
}

fn flag<'definition>(command: &'definition Command, long: &str) -> Option<&'definition Arg> {
    command.get_arguments().find(|argument| {
        argument.get_long() == Some(long)
            || argument
                .get_all_aliases()
                .is_some_and(|aliases| aliases.contains(&long))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use rstest::rstest;

    use super::super::arguments::Arguments;
    use super::*;

    #[rstest]
    #[case("fuel env create --name e --rel 2", "fuel env --create --name e --rel 2")]
    #[case(
        "fuel --env 1 node set --node 1 --role a",
        "fuel --env 1 node --set --node 1 --role a"
    )]
    #[case("fuel --env 1 env --force delete", "fuel --env 1 env --force --delete")]
    #[case("fuel node remove --node 2", "fuel node --remove --node 2")]
    #[case("fuel --env 1 node --node 1 remove", "fuel --env 1 node --node 1 --remove")]
    #[case("fuel --env 1 settings download", "fuel --env 1 settings --download")]
    #[case("fuel plugins --install list", "fuel plugins --install list")]
    #[case("fuel env create --name list", "fuel env --create --name list")]
    #[case("fuel --os-username env env list", "fuel --os-username env env --list")]
    fn a_word_after_the_namespace_is_a_flag_unless_it_is_a_value(#[case] typed: &str, #[case] meant: &str) {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(with_words_as_flags(&Arguments::command(), words(typed)), words(meant));
    }
}
