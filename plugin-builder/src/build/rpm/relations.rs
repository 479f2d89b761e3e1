//! What an RPM provides and requires.

use std::collections::BTreeSet;
use std::io;

use super::fields::Fields;
use super::header::{Header, Value};
use crate::tree::Tree;

/// `RPMSENSE_…`: what a relation is for, and how versions compare.
const EQUAL: u32 = 1 << 3;
const LESS_OR_EQUAL: u32 = (1 << 1) | EQUAL;
const INTERPRETER: u32 = 1 << 8;
const BEFORE_INSTALL: u32 = 1 << 9;
const AFTER_INSTALL: u32 = 1 << 10;
const BEFORE_REMOVAL: u32 = 1 << 11;
const FOUND: u32 = 1 << 14;
const RPM_ITSELF: u32 = 1 << 24;

/// What rpm must be able to do, and since which of its versions it is.
const ABILITIES: &[(&str, &str)] = &[
    ("rpmlib(CompressedFileNames)", "3.0.4-1"),
    ("rpmlib(FileDigests)", "4.6.0-1"),
    ("rpmlib(PayloadFilesHavePrefix)", "4.0-1"),
];

/// A line of a script is not longer.
const LONGEST_LINE: u64 = 512;

/// Where the interpreters of the three scripts are required.
pub(super) const SHELL: &str = "/bin/sh";

/// Sets the relations' tags.
pub(super) fn set(header: &mut Header, fields: &Fields, with_scripts: bool, tree: &Tree) -> io::Result<()> {
    let mut requires: Vec<(String, u32, &str)> = if with_scripts {
        [BEFORE_INSTALL, AFTER_INSTALL, BEFORE_REMOVAL]
            .map(|when| (SHELL.to_owned(), INTERPRETER | when, ""))
            .to_vec()
    } else {
        // Only format 2.0.0's spec does not forbid rpmbuild to look for requirements.
        let found = interpreters(tree)?.into_iter();
        found.map(|interpreter| (interpreter, FOUND, "")).collect()
    };
    for (ability, version) in ABILITIES {
        requires.push(((*ability).to_owned(), RPM_ITSELF | LESS_OR_EQUAL, version));
    }
    let names = requires.iter().map(|(name, ..)| name.clone()).collect();
    let flags = requires.iter().map(|(_, flags, _)| *flags).collect();
    let versions = requires.iter().map(|(.., version)| (*version).to_owned()).collect();
    header.set(1049, Value::Texts(names));
    header.set(1048, Value::Int32(flags));
    header.set(1050, Value::Texts(versions));

    header.set(1047, Value::Texts(vec![fields.name.clone()]));
    header.set(1112, Value::Int32(vec![EQUAL]));
    let version = format!("{}-{}", fields.version, fields.release);
    header.set(1113, Value::Texts(vec![version]));
    Ok(())
}

/// The interpreters that executable files name in their first line.
fn interpreters(tree: &Tree) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for (_, entry) in tree.iter() {
        let Some(content) = entry.content().filter(|_| entry.mode & 0o111 != 0) else {
            continue;
        };
        let start = content.start(LONGEST_LINE)?;
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let interpreter = line
            .strip_prefix(b"#!")
            .map(String::from_utf8_lossy)
            .and_then(|rest| rest.split_whitespace().next().map(str::to_owned));
        found.extend(interpreter.filter(|path| path.starts_with('/')));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::interpreters;
    use crate::tree::{Content, Entry, Kind, Tree};

    #[test]
    fn only_executables_that_name_an_absolute_interpreter_require_it() {
        let mut tree = Tree::default();
        for (name, mode, text) in [
            ("deploy.sh", 0o755, "#!/bin/bash -e\n"),
            ("spaced", 0o755, "#!  /usr/bin/env python\n"),
            ("again", 0o755, "#!/bin/bash"),
            ("plain", 0o644, "#!/bin/zsh\n"),
            ("relative", 0o755, "#!bin/x\n"),
            ("text", 0o755, "/bin/ksh"),
            ("binary", 0o755, "#!\u{0}"),
        ] {
            let content = Content::Made(text.as_bytes().to_vec());
            let kind = Kind::File { content, digests: None };
            tree.insert(name.to_owned(), Entry { mode, kind });
        }
        let found: Vec<String> = interpreters(&tree).unwrap().into_iter().collect();
        assert_eq!(found, ["/bin/bash", "/usr/bin/env"]);
    }
}
