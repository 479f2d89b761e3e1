use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use super::{CaptureError, FileKind, FileState};

type Files = BTreeMap<String, FileState>;

/// Bytes of a path as text: UTF-8 as it is, any other byte as `\xNN`.
pub(crate) fn path_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// One entry as `find` printed it.
pub(crate) type Record = (String, FileState);

/// Reads records of ten numbers and letters, the path and the link's target, each of the three ended by NUL.
pub(crate) fn read_records(bytes: &[u8]) -> Result<Vec<Record>, CaptureError> {
    let Some(body) = bytes.strip_suffix(b"\0") else {
        return if bytes.is_empty() {
            Ok(Vec::new())
        } else {
            Err(cut_off(bytes))
        };
    };
    let mut parts = body.split(|&byte| byte == 0);
    let mut records = Vec::new();
    while let Some(numbers) = parts.next() {
        let (Some(path), Some(target)) = (parts.next(), parts.next()) else {
            return Err(cut_off(numbers));
        };
        let mut state = read_numbers(numbers).ok_or_else(|| cut_off(numbers))?;
        if state.kind == FileKind::Link {
            state.target = Some(Arc::from(path_text(target)));
        }
        records.push((path_text(path), state));
    }
    Ok(records)
}

fn cut_off(bytes: &[u8]) -> CaptureError {
    let shown: String = String::from_utf8_lossy(bytes).chars().take(120).collect();
    CaptureError::Unreadable(format!("the list of files has a broken record at {shown:?}"))
}

fn read_numbers(numbers: &[u8]) -> Option<FileState> {
    let mut fields = std::str::from_utf8(numbers).ok()?.split(' ');
    let kind = match fields.next()? {
        "f" => FileKind::File,
        "d" => FileKind::Directory,
        "l" => FileKind::Link,
        other => FileKind::Special(other.chars().next()?),
    };
    let state = FileState {
        kind,
        mode: u32::from_str_radix(fields.next()?, 8).ok()?,
        uid: fields.next()?.parse().ok()?,
        gid: fields.next()?.parse().ok()?,
        size: fields.next()?.parse().ok()?,
        mtime_ns: read_time(fields.next()?)?,
        ctime_ns: read_time(fields.next()?)?,
        inode: fields.next()?.parse().ok()?,
        links: fields.next()?.parse().ok()?,
        target: None,
        sha256: None,
        text: None,
        capabilities: None,
        attributes: None,
    };
    fields.next().is_none().then_some(state)
}

/// `1763827270.1234567890`, as `find` and `date` write it, in nanoseconds.
pub(crate) fn read_time(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole: i64 = seconds.parse().ok()?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    // find writes a time before 1970 as its negative seconds and a positive fraction.
    whole.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}

/// What a walk of only the moved entries leaves to ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Paths of entries that moved since.
    pub(crate) moved: BTreeSet<String>,
    /// Entries that came here by being moved as a whole: an old ctime, and unknown at this place. What is below them
    /// was not listed.
    pub(crate) unknown: Vec<String>,
}

/// Brings the list of the capture before up to date.
///
/// `moved` are the entries with a newer ctime, `children` all entries of the directories among them: what such a
/// directory does not hold any more is gone.
pub(crate) fn merge(files: &mut Files, moved: Vec<Record>, children: Vec<Record>) -> Merged {
    let mut merged = Merged::default();
    let changed_directories: BTreeSet<&str> = moved
        .iter()
        .filter(|(_, state)| state.kind == FileKind::Directory)
        .map(|(path, _)| path.as_str())
        .collect();
    let present: BTreeSet<&str> = children.iter().chain(&moved).map(|(path, _)| path.as_str()).collect();
    let mut gone = Vec::new();
    for directory in changed_directories {
        gone.extend(
            children_of(files, directory)
                .filter(|child| !present.contains(child))
                .map(str::to_owned),
        );
    }
    for path in gone {
        remove_tree(files, &path);
    }
    for (path, state) in children {
        match files.get(&path) {
            Some(known) if same_entry(known, &state) => {}
            _ => merged.unknown.push(path.clone()),
        }
        insert(files, path, state);
    }
    for (path, state) in moved {
        insert(files, path.clone(), state);
        merged.moved.insert(path);
    }
    // What moved itself was listed with everything below it that moved; only old things in new places are open.
    merged.unknown.retain(|path| !merged.moved.contains(path));
    merged
}

/// Puts an entry in its place; what is known of its content is kept while it is the same entry.
fn insert(files: &mut Files, path: String, mut state: FileState) {
    if let Some(known) = files.get(&path) {
        if same_entry(known, &state) {
            state.sha256 = known.sha256;
            state.text.clone_from(&known.text);
            state.capabilities.clone_from(&known.capabilities);
            state.attributes.clone_from(&known.attributes);
        } else if known.kind == FileKind::Directory && state.kind != FileKind::Directory {
            remove_tree(files, &path);
        }
    }
    files.insert(path, state);
}

fn same_entry(one: &FileState, other: &FileState) -> bool {
    (one.kind, one.inode, one.ctime_ns) == (other.kind, other.inode, other.ctime_ns)
}

/// Paths directly in a directory.
fn children_of<'a>(files: &'a Files, directory: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let prefix = if directory == "/" {
        "/".to_owned()
    } else {
        format!("{directory}/")
    };
    files
        .range::<str, _>((Bound::Excluded(prefix.as_str()), Bound::Unbounded))
        .map(|(path, _)| path.as_str())
        .take_while({
            let prefix = prefix.clone();
            move |path| path.starts_with(&prefix)
        })
        .filter(move |path| !path[prefix.len()..].contains('/'))
}

fn remove_tree(files: &mut Files, path: &str) {
    files.remove(path);
    let prefix = format!("{path}/");
    let below: Vec<String> = files
        .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
        .map(|(below, _)| below)
        .take_while(|below| below.starts_with(&prefix))
        .cloned()
        .collect();
    for path in below {
        files.remove(&path);
    }
}

/// Whether an entry belongs to the machine: not to the kernel's own file systems nor to what is gone at the next boot.
pub(crate) fn is_counted(path: &str, root: &str) -> bool {
    let Some(inside) = path.strip_prefix(root) else {
        return false;
    };
    !["/proc", "/sys", "/dev", "/run"].iter().any(|directory| {
        inside
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1763827270.1234567890", Some(1_763_827_270_123_456_789))]
    #[case("1763827270.5", Some(1_763_827_270_500_000_000))]
    #[case("1763827270", Some(1_763_827_270_000_000_000))]
    #[case("x", None)]
    #[case("1.x", None)]
    fn a_time_is_read_to_the_nanosecond(#[case] text: &str, #[case] expected: Option<i64>) {
        assert_eq!(read_time(text), expected);
    }

    fn entry(letter: char, inode: u64, ctime: i64) -> FileState {
        read_numbers(format!("{letter} 644 0 0 5 1.0 {ctime}.0 {inode} 1").as_bytes()).unwrap()
    }

    proptest! {
        #[test]
        fn a_name_of_any_bytes_stays_one_record(
            names in proptest::collection::vec(proptest::collection::vec(1u8..=255, 1..20), 0..20)
        ) {
            let mut bytes = Vec::new();
            for name in &names {
                bytes.extend_from_slice(b"l 777 1 2 3 4.5000000000 6.0000000070 8 1\0/");
                bytes.extend_from_slice(name);
                bytes.push(0);
                bytes.extend_from_slice(name);
                bytes.push(0);
            }
            let records = read_records(&bytes).unwrap();
            prop_assert_eq!(records.len(), names.len());
            for ((path, state), name) in records.iter().zip(&names) {
                let name = path_text(name);
                prop_assert_eq!(path, &format!("/{}", &name));
                prop_assert_eq!(state.target.as_deref(), Some(name.as_str()));
                prop_assert_eq!((state.mode, state.uid, state.gid, state.size, state.inode), (0o777, 1, 2, 3, 8));
                prop_assert_eq!((state.mtime_ns, state.ctime_ns), (4_500_000_000, 6_000_000_007));
            }
        }

        #[test]
        fn no_list_of_files_makes_the_reader_panic(bytes in any::<Vec<u8>>()) {
            let _ = read_records(&bytes);
        }
    }

    #[test]
    fn a_list_that_was_cut_is_an_error() {
        assert!(read_records(b"f 644 0 0 1 1.0 1.0 5 1\0/etc/ho").is_err());
        assert!(read_records(b"f 644 0 0 1 1.0 1.0 5 1\0/etc/hosts\0").is_err());
    }

    #[test]
    fn what_a_changed_directory_no_longer_holds_is_gone_with_all_below_it() {
        let mut files: Files = ["/a", "/a/b", "/a/b/c", "/a/bb", "/a/keep"]
            .iter()
            .map(|path| {
                (
                    (*path).to_owned(),
                    entry(if path.ends_with(['a', 'b']) { 'd' } else { 'f' }, 1, 1),
                )
            })
            .collect();
        let merged = merge(
            &mut files,
            vec![("/a".to_owned(), entry('d', 1, 9))],
            vec![
                ("/a/bb".to_owned(), entry('d', 1, 1)),
                ("/a/keep".to_owned(), entry('f', 1, 1)),
            ],
        );
        assert_eq!(files.keys().collect::<Vec<_>>(), ["/a", "/a/bb", "/a/keep"]);
        assert_eq!(merged.unknown, [""; 0]);
    }

    #[test]
    fn an_old_entry_in_a_new_place_is_to_be_walked() {
        let mut files: Files = [("/a".to_owned(), entry('d', 1, 1))].into();
        let merged = merge(
            &mut files,
            vec![("/a".to_owned(), entry('d', 1, 9))],
            vec![("/a/came".to_owned(), entry('d', 7, 2))],
        );
        assert_eq!(merged.unknown, ["/a/came"]);
    }

    #[test]
    fn a_directory_that_became_a_file_takes_its_entries_along() {
        let mut files: Files = [
            ("/a".to_owned(), entry('d', 1, 1)),
            ("/a/b".to_owned(), entry('f', 2, 1)),
        ]
        .into();
        merge(&mut files, vec![("/a".to_owned(), entry('f', 3, 9))], Vec::new());
        assert_eq!(files.keys().collect::<Vec<_>>(), ["/a"]);
    }

    #[rstest]
    #[case("/etc/hosts", "", true)]
    #[case("/run/lock", "", false)]
    #[case("/running", "", true)]
    #[case("/proc", "", false)]
    #[case("/tmp/root/sys/x", "/tmp/root", false)]
    #[case("/tmp/root/etc", "/tmp/root", true)]
    fn the_kernels_file_systems_are_not_counted(#[case] path: &str, #[case] root: &str, #[case] counted: bool) {
        assert_eq!(is_counted(path, root), counted);
    }
}
