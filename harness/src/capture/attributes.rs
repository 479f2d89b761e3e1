use std::{collections::BTreeMap, sync::Arc};

use super::{FileKind, FileState, files::path_text};

/// What file capabilities are kept in; `getcap` shows them better, where the node has it.
const CAPABILITY: &str = "security.capability";

/// Puts extended attributes to their files. `listing` begins with a line that names the tool that made it; an empty one
/// means that there was none, and that nobody looked.
///
/// Files that were `looked_at` and are not in the list have none. `with_capabilities` is for a node without `getcap`.
pub(crate) fn add_attributes(
    files: &mut BTreeMap<String, FileState>,
    listing: &[u8],
    with_capabilities: bool,
    looked_at: impl Fn(&str) -> bool,
) {
    let Some(end) = listing.iter().position(|&byte| byte == b'\n') else {
        return;
    };
    let body = &listing[end + 1..];
    let entries = match &listing[..end] {
        b"getfattr" => read_getfattr(body),
        b"python3" => read_python(body),
        _ => return,
    };
    let nothing: Arc<str> = Arc::from("");
    for (_, file) in files
        .iter_mut()
        .filter(|(path, file)| file.kind != FileKind::Link && looked_at(path))
    {
        file.attributes = Some(nothing.clone());
        if with_capabilities && file.kind == FileKind::File {
            file.capabilities = Some(nothing.clone());
        }
    }
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (path, name, value) in entries {
        // The storage driver's own notes and the labels of SELinux are not the task's doing.
        if !name.contains(".overlay.") && name != "security.selinux" {
            found.entry(path).or_default().insert(name, value);
        }
    }
    for (path, mut attributes) in found {
        let Some(file) = files.get_mut(&path) else { continue };
        if let Some(value) = attributes.remove(CAPABILITY)
            && with_capabilities
        {
            file.capabilities = Some(Arc::from(format!("{CAPABILITY}=0x{value}")));
        }
        let shown: Vec<String> = attributes
            .into_iter()
            .map(|(name, value)| format!("{name}={}", readable(&value)))
            .collect();
        file.attributes = Some(Arc::from(shown.join(", ")));
    }
}

/// A value in hexadecimal as text, where it is text that can be read.
fn readable(value: &str) -> String {
    let bytes: Option<Vec<u8>> = value
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    bytes
        .filter(|bytes| bytes.iter().all(|byte| (b' '..=b'~').contains(byte)))
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| format!("0x{value}"))
}

/// Path, name, value in hexadecimal.
type Entry = (String, String, String);

/// `path NUL name NUL hexadecimal NUL`.
fn read_python(body: &[u8]) -> Vec<Entry> {
    let parts: Vec<&[u8]> = body.split(|&byte| byte == 0).collect();
    parts
        .chunks_exact(3)
        .map(|entry| (path_text(entry[0]), path_text(entry[1]), path_text(entry[2])))
        .collect()
}

/// `# file: path`, a line `name=0xHEX` for each attribute, and an empty line. A byte of a path that could mislead is
/// written as a backslash and three octal digits.
fn read_getfattr(body: &[u8]) -> Vec<Entry> {
    let mut path = String::new();
    let mut entries = Vec::new();
    for line in body.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        if let Some(named) = line.strip_prefix(b"# file: ") {
            path = path_text(&from_octal(named));
            continue;
        }
        let (name, value) = match line.iter().rposition(|&byte| byte == b'=') {
            Some(at) => (&line[..at], path_text(&line[at + 1..])),
            None => (line, String::new()),
        };
        let value = value.strip_prefix("0x").unwrap_or(&value).to_owned();
        entries.push((path.clone(), path_text(&from_octal(name)), value));
    }
    entries
}

fn from_octal(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let octal = tail
            .get(..3)
            .filter(|_| byte == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(octal.unwrap_or(byte));
        rest = if octal.is_some() { &tail[3..] } else { tail };
    }
    plain
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::capture::files::read_records;

    fn files() -> BTreeMap<String, FileState> {
        read_records(b"f 644 0 0 5 1.0 1.0 5 1\0/a b\0\0f 644 0 0 5 1.0 1.0 6 1\0/c\0\0")
            .unwrap()
            .into_iter()
            .collect()
    }

    #[rstest]
    #[case::python(
        b"python3\n/a b\0user.x\x00796573\0/a b\0security.capability\x0001\0/c\0user.overlay.opaque\x0079\0"
    )]
    #[case::getfattr(
        b"getfattr\n# file: /a\\040b\nsecurity.capability=0x01\nuser.x=0x796573\n\n# file: /c\nuser.overlay.opaque=0x79\n\n"
    )]
    fn both_tools_tell_the_same(#[case] listing: &[u8]) {
        let mut files = files();
        add_attributes(&mut files, listing, true, |_| true);
        assert_eq!(files["/a b"].attributes.as_deref(), Some("user.x=yes"));
        assert_eq!(files["/a b"].capabilities.as_deref(), Some("security.capability=0x01"));
        assert_eq!(files["/c"].attributes.as_deref(), Some(""));
    }

    #[test]
    fn where_nobody_looked_nothing_is_known() {
        let mut files = files();
        add_attributes(&mut files, b"", true, |_| true);
        assert_eq!(files["/c"].attributes, None);
        add_attributes(&mut files, b"python3\n", false, |path| path == "/c");
        assert_eq!(files["/a b"].attributes, None);
        assert_eq!(files["/c"].attributes.as_deref(), Some(""));
    }

    #[test]
    fn a_value_that_is_no_text_stays_hexadecimal() {
        assert_eq!(readable("02000000"), "0x02000000");
        assert_eq!(readable("31"), "1");
    }
}
