//! What differs between two states in files.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::DifferenceKind;
use crate::capture::{FileKind, FileState};

/// One place that moved, before anybody is blamed for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) kind: DifferenceKind,
    pub(crate) subject: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) diff: Option<String>,
    pub(crate) note: Option<String>,
    /// When it moved by the node's clock, nanoseconds since 1970.
    pub(crate) time_ns: Option<i64>,
}

impl Finding {
    pub(crate) fn new(kind: DifferenceKind, subject: impl Into<String>, time_ns: Option<i64>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            before: None,
            after: None,
            diff: None,
            note: None,
            time_ns,
        }
    }

    pub(crate) fn from(mut self, before: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self
    }

    pub(crate) fn to(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    pub(crate) fn diff(mut self, diff: Option<String>) -> Self {
        self.diff = diff;
        self
    }
}

/// A file or link that was written anew and is as it was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rewritten {
    pub(crate) path: String,
    pub(crate) time_ns: i64,
}

type Files = BTreeMap<String, FileState>;

/// What differs in the files. An entry whose inode and ctime are the same did not move: no program can set a ctime.
pub(crate) fn compare_files(before: &Files, after: &Files) -> (Vec<Finding>, Vec<Rewritten>) {
    let mut findings = Vec::new();
    let mut rewritten = Vec::new();
    for (path, is) in after {
        match before.get(path) {
            None => findings.push(created(path, is)),
            Some(was) if (was.inode, was.ctime_ns) == (is.inode, is.ctime_ns) => {}
            Some(was) => {
                let found = findings.len();
                compare_entry(path, was, is, &mut findings);
                // A directory's ctime moves with every entry that comes or goes: those entries show themselves.
                if findings.len() == found && is.kind != FileKind::Directory {
                    rewritten.push(Rewritten {
                        path: path.clone(),
                        time_ns: is.ctime_ns,
                    });
                }
            }
        }
    }
    for (path, was) in before {
        if !after.contains_key(path) {
            let removed = Finding::new(DifferenceKind::Removed, path, removal_time(path, after)).from(describe(was));
            findings.push(removed.note(NO_TIME_OF_ITS_OWN));
        }
    }
    findings.sort_by(|one, other| (&one.subject, one.kind).cmp(&(&other.subject, other.kind)));
    (findings, rewritten)
}

fn created(path: &str, is: &FileState) -> Finding {
    let text = is.text.as_deref().filter(|text| !text.is_empty());
    Finding::new(DifferenceKind::Created, path, Some(is.ctime_ns))
        .to(describe(is))
        .diff(text.and_then(|text| unified_diff("", text)))
}

/// Said with every removal, since it may be put down to a task that worked in the same directory later.
const NO_TIME_OF_ITS_OWN: &str = "the time is the last change in its directory: if the task does not remove it, one before it in that directory does";

/// What was removed has no time, but the directory that held it has: the nearest one that is still there.
fn removal_time(path: &str, after: &Files) -> Option<i64> {
    let mut at = path;
    while let Some((parent, _)) = at.rsplit_once('/') {
        let parent = if parent.is_empty() { "/" } else { parent };
        if let Some(directory) = after.get(parent) {
            return Some(directory.ctime_ns);
        }
        if parent == "/" {
            return None;
        }
        at = parent;
    }
    None
}

fn compare_entry(path: &str, was: &FileState, is: &FileState, findings: &mut Vec<Finding>) {
    let finding = |kind| Finding::new(kind, path, Some(is.ctime_ns));
    if was.kind != is.kind {
        findings.push(finding(DifferenceKind::Type).from(describe(was)).to(describe(is)));
        return;
    }
    if was.target != is.target {
        let target = |file: &FileState| file.target.as_deref().unwrap_or_default().to_owned();
        findings.push(finding(DifferenceKind::Target).from(target(was)).to(target(is)));
    }
    if was.mode != is.mode {
        let mode = |file: &FileState| format!("{:04o}", file.mode);
        findings.push(finding(DifferenceKind::Mode).from(mode(was)).to(mode(is)));
    }
    if (was.uid, was.gid) != (is.uid, is.gid) {
        let owner = |file: &FileState| format!("uid {}, gid {}", file.uid, file.gid);
        findings.push(finding(DifferenceKind::Owner).from(owner(was)).to(owner(is)));
    }
    if let (Some(had), Some(has)) = (&was.capabilities, &is.capabilities)
        && had != has
    {
        let shown = |capabilities: &str| if capabilities.is_empty() { "none" } else { capabilities }.to_owned();
        findings.push(finding(DifferenceKind::Capabilities).from(shown(had)).to(shown(has)));
    }
    if let (Some(had), Some(has)) = (&was.attributes, &is.attributes)
        && had != has
    {
        let shown = |attributes: &str| if attributes.is_empty() { "none" } else { attributes }.to_owned();
        findings.push(finding(DifferenceKind::Attributes).from(shown(had)).to(shown(has)));
    }
    if is.kind == FileKind::File && was.links != is.links {
        let names = |file: &FileState| match file.links {
            1 => "1 name".to_owned(),
            names => format!("{names} names"),
        };
        findings.push(finding(DifferenceKind::Links).from(names(was)).to(names(is)));
    }
    if is.kind == FileKind::File {
        findings.extend(compare_content(path, was, is));
    }
}

fn compare_content(path: &str, was: &FileState, is: &FileState) -> Option<Finding> {
    let finding = Finding::new(DifferenceKind::Content, path, Some(is.ctime_ns))
        .from(size(was))
        .to(size(is));
    match (was.sha256, is.sha256) {
        (Some(had), Some(has)) if had == has => None,
        (Some(_), Some(_)) => {
            let diff = match (was.text.as_deref(), is.text.as_deref()) {
                (Some(before), Some(after)) => unified_diff(before, after),
                _ => None,
            };
            Some(finding.diff(diff))
        }
        _ if was.size != is.size => Some(finding),
        // Only its metadata moved: a program that writes and then sets the old time back would go unnoticed here, but
        // only for files that nobody had read before.
        _ if was.mtime_ns == is.mtime_ns && was.inode == is.inode => None,
        (None, _) => Some(finding.note("written anew with the same size; what it held before is not known")),
        (_, None) => Some(finding.note("written anew with the same size; what it holds now was not read")),
    }
}

fn describe(file: &FileState) -> String {
    match (&file.kind, &file.target) {
        (FileKind::Link, Some(target)) => format!("link to {target}"),
        (FileKind::File, _) => format!("file, {}, mode {:04o}", size(file), file.mode),
        (kind, _) => format!("{kind}, mode {:04o}", file.mode),
    }
}

fn size(file: &FileState) -> String {
    let bytes = if file.size == 1 { "byte" } else { "bytes" };
    match file.sha256 {
        Some(digest) => format!("{} {bytes}, sha256 {}…", file.size, &digest.to_string()[..12]),
        None => format!("{} {bytes}", file.size),
    }
}

/// Lines of a diff that are kept.
const DIFF_LINES: usize = 120;
/// Bytes of a line that are kept.
const DIFF_LINE: usize = 400;

/// A unified diff, bounded; `None` for equal texts.
pub(crate) fn unified_diff(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let diff = TextDiff::from_lines(before, after);
    let whole = diff.unified_diff().context_radius(2).to_string();
    let mut shown = String::new();
    let lines = whole.lines().count();
    for line in whole.lines().take(DIFF_LINES) {
        match line.char_indices().find(|(at, _)| *at >= DIFF_LINE) {
            Some((at, _)) => {
                shown.push_str(&line[..at]);
                shown.push('…');
            }
            None => shown.push_str(line),
        }
        shown.push('\n');
    }
    if lines > DIFF_LINES {
        shown.push_str(&format!("… {} more lines\n", lines - DIFF_LINES));
    }
    Some(shown)
}
