//! The original's options, read as Python 2.7's argparse reads them.
//!
//! Scripts lean on its corners: abbreviations, `--name=value`, values such as `-1` and `-a b`, the last of several
//! equal options, and which of several errors is told. So its two passes are kept: all words are classified first
//! (an ambiguous option is told before anything else, even before `-h`), then they are used one after another.

use std::ffi::OsString;

use crate::python::repr_bytes;

/// The options in the order in which the original names them where an abbreviation fits several.
const OPTIONS: &[(&str, Kind)] = &[
    ("--package-version", Kind::PackageVersion),
    ("--check", Kind::Action(Action::Check)),
    ("--debug", Kind::Debug),
    ("--build", Kind::Action(Action::Build)),
    ("--create", Kind::Action(Action::Create)),
    ("--help", Kind::Help),
    ("-h", Kind::Help),
];

/// What the original can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Build,
    Check,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Action(Action),
    PackageVersion,
    Debug,
    Help,
}

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The action and its path; of two equal options the last.
    pub(super) action: Option<(Action, String)>,
    pub(super) debug: bool,
    pub(super) package_version: Option<String>,
    /// `-h` ends the reading where it stands.
    pub(super) help: bool,
}

/// A word of the command line, classified.
enum Word<'a> {
    /// An option that is known, as it was meant, with the value behind `=`.
    Option(Kind, Option<&'a [u8]>),
    /// Looks like an option, and is none.
    Unknown,
    /// `--`: all that follows are values.
    Separator,
    Value,
}

impl Action {
    fn option(self) -> &'static str {
        match self {
            Self::Create => "--create",
            Self::Build => "--build",
            Self::Check => "--check",
        }
    }
}

impl Kind {
    fn shown(self) -> &'static str {
        match self {
            Self::Action(action) => action.option(),
            Self::PackageVersion => "--package-version",
            Self::Debug => "--debug",
            Self::Help => "-h/--help",
        }
    }
}

/// Whether a word names one of the original's actions, in full or abbreviated.
pub(super) fn names_an_action(word: &OsString) -> bool {
    matches!(
        classify(word.as_encoded_bytes()),
        Ok(Word::Option(Kind::Action(_), _)) | Err(_)
    )
}

/// Reads the words behind the program's name.
///
/// # Errors
/// The text behind `fpb: error: `.
pub(super) fn parse(arguments: &[OsString]) -> Result<Asked, String> {
    let mut words = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let word = if words.iter().any(|word| matches!(word, Word::Separator)) {
            Word::Value
        } else {
            classify(argument.as_encoded_bytes())?
        };
        words.push(word);
    }
    let mut asked = Asked::default();
    let mut unknown = Vec::new();
    let mut position = 0;
    while let (Some(word), Some(argument)) = (words.get(position), arguments.get(position)) {
        position += 1;
        let Word::Option(kind, attached) = word else {
            unknown.push(argument.to_string_lossy());
            continue;
        };
        let value = match kind {
            Kind::Help | Kind::Debug => {
                if let Some(value) = attached {
                    let value = repr_bytes(value);
                    return Err(format!("argument {}: ignored explicit argument {value}", kind.shown()));
                }
                if *kind == Kind::Help {
                    asked.help = true;
                    return Ok(asked);
                }
                asked.debug = true;
                continue;
            }
            Kind::Action(_) | Kind::PackageVersion => match (attached, words.get(position), arguments.get(position)) {
                (Some(value), ..) => value,
                (None, Some(Word::Value), Some(value)) => {
                    position += 1;
                    value.as_encoded_bytes()
                }
                _ => return Err(format!("argument {}: expected one argument", kind.shown())),
            },
        };
        let value = std::str::from_utf8(value).map_err(|_| {
            let value = repr_bytes(value);
            format!("argument {}: invalid decode_string value: {value}", kind.shown())
        })?;
        asked.take(*kind, value)?;
    }
    if asked.action.is_none() {
        return Err("one of the arguments --create --build --check is required".to_owned());
    }
    if !unknown.is_empty() {
        return Err(format!("unrecognized arguments: {}", unknown.join(" ")));
    }
    // An empty version counts as none.
    let versioned = asked
        .package_version
        .as_ref()
        .is_some_and(|version| !version.is_empty());
    if versioned && !matches!(asked.action, Some((Action::Create, _))) {
        return Err("--package-version works only with --create".to_owned());
    }
    Ok(asked)
}

impl Asked {
    fn take(&mut self, kind: Kind, value: &str) -> Result<(), String> {
        match kind {
            Kind::Action(action) => {
                if let Some((other, _)) = self.action.as_ref().filter(|(other, _)| *other != action) {
                    let (action, other) = (action.option(), other.option());
                    return Err(format!("argument {action}: not allowed with argument {other}"));
                }
                self.action = Some((action, value.to_owned()));
            }
            Kind::PackageVersion => self.package_version = Some(value.to_owned()),
            Kind::Debug | Kind::Help => {}
        }
        Ok(())
    }
}

fn classify(word: &[u8]) -> Result<Word<'_>, String> {
    if word == b"--" {
        return Ok(Word::Separator);
    }
    if !word.starts_with(b"-") || word == b"-" {
        return Ok(Word::Value);
    }
    let (name, attached) = match word.iter().position(|byte| *byte == b'=') {
        Some(equals) => (word.get(..equals).unwrap_or(word), word.get(equals + 1..)),
        None => (word, None),
    };
    if let Some(kind) = exact(name) {
        return Ok(Word::Option(kind, attached));
    }
    if name.starts_with(b"--") {
        let fitting: Vec<&(&str, Kind)> = OPTIONS
            .iter()
            .filter(|(option, _)| option.as_bytes().starts_with(name))
            .collect();
        match fitting.as_slice() {
            [] => {}
            [(_, kind)] => return Ok(Word::Option(*kind, attached)),
            several => {
                let names: Vec<&str> = several.iter().map(|(option, _)| *option).collect();
                let word = String::from_utf8_lossy(word);
                return Err(format!("ambiguous option: {word} could match {}", names.join(", ")));
            }
        }
    } else if let Some(rest) = word.strip_prefix(b"-h") {
        // `-hh` is `-h -h`, of which the first is enough; nothing else may follow.
        let rest = rest
            .iter()
            .position(|byte| *byte != b'h')
            .and_then(|end| rest.get(end..));
        return Ok(Word::Option(Kind::Help, rest));
    }
    if is_negative_number(word) || word.contains(&b' ') {
        return Ok(Word::Value);
    }
    Ok(Word::Unknown)
}

fn exact(name: &[u8]) -> Option<Kind> {
    OPTIONS
        .iter()
        .find(|(option, _)| option.as_bytes() == name)
        .map(|(_, kind)| *kind)
}

/// `-1`, `-1.5`, `-.5`: no option of the original's looks like one, so they are values.
fn is_negative_number(word: &[u8]) -> bool {
    let Some(number) = word.strip_prefix(b"-") else {
        return false;
    };
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    match number.iter().position(|byte| *byte == b'.') {
        None => !number.is_empty() && digits(number),
        Some(dot) => {
            let (whole, rest) = number.split_at(dot);
            digits(whole) && rest.len() > 1 && digits(rest.get(1..).unwrap_or_default())
        }
    }
}
