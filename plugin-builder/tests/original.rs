//! The original's flags beside the original: exit code, standard output and the end of standard error.
//!
//! `original/invocations.jsonl` lists command lines, `original/recorded.jsonl` what fuel-plugin-builder 4.2.0 under
//! Python 2.7 answered. The recorded file is never edited: with `FUEL_PLUGIN_BUILDER=<the original's fpb>` the
//! original runs again and must answer the same, and `FUEL_PLUGIN_BUILDER_RECORD=1` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/original");

/// One command line, run in a directory that holds `plugin` (created, format 4.0.0), a file `LICENSE`, and a
/// dangling symbolic link `link`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Invocation {
    /// `\xff` stands for that byte.
    arguments: Vec<String>,
    /// Files to write before, or to remove.
    #[serde(default)]
    files: std::collections::BTreeMap<String, Option<String>>,
    /// A directory that is compared after the run: paths, and which are executable.
    tree: Option<String>,
    /// Why ours answers differently, where it does.
    differs: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    arguments: Vec<String>,
    exit: Option<i32>,
    stdout: String,
    /// Without debug records, times, process ids, and what stands between an error's record and its headline: a
    /// traceback there, the place of the error here.
    stderr: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tree: Vec<String>,
}

fn lines<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    let text = fs_err::read_to_string(Utf8Path::new(FIXTURES).join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn run(program: &str, invocation: &Invocation) -> Answer {
    let keep = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(keep.path()).unwrap();
    let created = Command::new(env!("CARGO_BIN_EXE_fpb"))
        .args(["--create", "plugin", "--package-version", "4.0.0"])
        .current_dir(directory)
        .output();
    assert!(created.unwrap().status.success());
    fs_err::write(directory.join("LICENSE"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", directory.join("link")).unwrap();
    for (path, content) in &invocation.files {
        match content {
            Some(content) => fs_err::write(directory.join(path), content).unwrap(),
            None => fs_err::remove_file(directory.join(path)).unwrap(),
        }
    }
    let output = Command::new(program)
        .args(invocation.arguments.iter().map(|argument| word(argument)))
        .current_dir(directory)
        .env_remove("COLUMNS")
        .output()
        .unwrap();
    Answer {
        arguments: invocation.arguments.clone(),
        exit: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: without_records(&String::from_utf8_lossy(&output.stderr)),
        tree: invocation
            .tree
            .as_ref()
            .map(|tree| paths(directory, tree))
            .unwrap_or_default(),
    }
}

fn word(argument: &str) -> std::ffi::OsString {
    use std::os::unix::ffi::OsStringExt as _;
    let mut bytes = Vec::new();
    let mut rest = argument;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    std::ffi::OsString::from_vec(bytes)
}

/// `2016-01-31 12:00:00 ERROR 4711 (cli) message`, in its parts: level, and module with message.
fn record(line: &str) -> Option<(&str, &str)> {
    let mut words = line.splitn(5, ' ');
    let (date, time) = (words.next()?, words.next()?);
    let (level, process, rest) = (words.next()?, words.next()?, words.next()?);
    let shape = |text: &str, like: &str| {
        text.len() == like.len()
            && text
                .chars()
                .zip(like.chars())
                .all(|(is, like)| is == like || (like == '0' && is.is_ascii_digit()))
    };
    let whole = shape(date, "0000-00-00") && shape(time, "00:00:00") && process.parse::<u32>().is_ok();
    (whole && rest.starts_with('(')).then_some((level, rest))
}

fn without_records(stderr: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut lines = stderr.lines().peekable();
    while let Some(line) = lines.next() {
        match record(line) {
            Some(("DEBUG", _)) => {}
            Some((level, rest)) => {
                kept.push(format!("{level} {rest}"));
                if level == "ERROR" {
                    while lines
                        .next_if(|line| !matches!(*line, "Validation failed" | "Unexpected error"))
                        .is_some()
                    {}
                }
            }
            None => kept.push(line.to_owned()),
        }
    }
    kept
}

fn paths(directory: &Utf8Path, tree: &str) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut paths: Vec<String> = walkdir::WalkDir::new(directory.join(tree))
        .into_iter()
        .filter_map(Result::ok)
        .map(|entry| {
            let path = Utf8PathBuf::from_path_buf(entry.path().to_owned()).unwrap();
            let metadata = fs_err::metadata(&path).unwrap();
            let mark = if metadata.is_dir() {
                "/"
            } else if metadata.permissions().mode() & 0o111 != 0 {
                "*"
            } else {
                ""
            };
            format!("{}{mark}", path.strip_prefix(directory).unwrap())
        })
        .collect();
    paths.sort();
    paths
}

#[test]
fn ours_answers_as_the_original_does() {
    let recorded: Vec<Answer> = lines("recorded.jsonl");
    let invocations: Vec<Invocation> = lines("invocations.jsonl");
    assert!(invocations.len() >= 40 && invocations.len() == recorded.len());
    let mut wrong = Vec::new();
    for (invocation, recorded) in invocations.iter().zip(&recorded) {
        assert_eq!(invocation.arguments, recorded.arguments);
        let ours = run(env!("CARGO_BIN_EXE_fpb"), invocation);
        if (ours == *recorded) == invocation.differs.is_some() {
            wrong.push(format!(
                "{:?}
  ours     {}
  recorded {}",
                invocation.differs,
                serde_json::to_string(&ours).unwrap(),
                serde_json::to_string(recorded).unwrap()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        recorded.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_original_answers_as_it_was_recorded() {
    let Ok(original) = std::env::var("FUEL_PLUGIN_BUILDER") else {
        println!("skipped: FUEL_PLUGIN_BUILDER does not name the original's fpb");
        return;
    };
    let invocations: Vec<Invocation> = lines("invocations.jsonl");
    let answers: Vec<Answer> = invocations
        .iter()
        .map(|invocation| run(&original, invocation))
        .collect();
    if std::env::var_os("FUEL_PLUGIN_BUILDER_RECORD").is_some() {
        let text: String = answers
            .iter()
            .map(|answer| serde_json::to_string(answer).unwrap() + "\n")
            .collect();
        fs_err::write(Utf8Path::new(FIXTURES).join("recorded.jsonl"), text).unwrap();
    }
    assert_eq!(answers, lines::<Answer>("recorded.jsonl"));
}
