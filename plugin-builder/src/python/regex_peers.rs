//! Real engines to compare with, and patterns to ask them about.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::check_regex;

const PIECES: &[&str] = &[
    "a",
    "b",
    "z",
    "-",
    "^",
    "$",
    ".",
    "*",
    "+",
    "?",
    "{",
    "}",
    "{2}",
    "{2,}",
    "{,3}",
    "{3,2}",
    "{1,2}",
    "|",
    "(",
    ")",
    "(?:",
    "(?=",
    "(?!",
    "(?<=",
    "(?<!",
    "(?P<n>",
    "(?P=n)",
    "(?P<1>",
    "(?#",
    "(?i)",
    "(?",
    "(?(1)",
    "[",
    "]",
    "[^",
    "[a-z]",
    "[z-a]",
    "[]a]",
    "[a-",
    "[:alpha:]",
    "[[:alpha:]]",
    "\\d",
    "\\w",
    "\\s",
    "\\b",
    "\\B",
    "\\A",
    "\\Z",
    "\\z",
    "\\1",
    "\\2",
    "\\8",
    "\\0",
    "\\01",
    "\\377",
    "\\x41",
    "\\x4",
    "\\u0041",
    "\\u",
    "\\c",
    "\\p{L}",
    "\\n",
    "\\-",
    "\\.",
    "\\/",
    "\\",
    "/",
    "é",
    "0",
    ",",
    " ",
    "&&",
    "~",
];

/// Patterns of pieces that matter, always the same ones.
pub(crate) fn generated_patterns(count: usize) -> Vec<String> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = move |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % bound
    };
    (0..count)
        .map(|_| {
            let length = 1 + random(7);
            (0..length).map(|_| PIECES[random(PIECES.len())]).collect()
        })
        .collect()
}

/// What a program says to a JSON list on its input; nothing where it cannot be run.
pub(crate) fn ask_peer(program: &str, arguments: &[&str], patterns: &[String]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let input = serde_json::to_string(patterns).unwrap();
    // A shim that runs nothing closes its input at once.
    let _ = child.stdin.take()?.write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

/// Python 2.7, by the name it has or where pyenv keeps it.
fn python_2() -> Vec<String> {
    let mut names = vec!["python2.7".to_owned(), "python2".to_owned()];
    if let Ok(home) = std::env::var("HOME") {
        let versions = fs_err::read_dir(format!("{home}/.pyenv/versions"))
            .into_iter()
            .flatten();
        names.extend(versions.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.starts_with("2.7")
                .then(|| format!("{}/bin/python", entry.path().display()))
        }));
    }
    names
}

const SCRIPT: &str = "
import json, re, sys, warnings
warnings.simplefilter('ignore')
def verdict(pattern):
    if sys.version_info[0] == 2:
        # PyYAML gives bytes where it can, and messages show which it is.
        try:
            pattern = pattern.encode('ascii')
        except UnicodeError:
            pass
    try:
        re.compile(pattern)
    except Exception as error:
        return str(error)
print(json.dumps([verdict(pattern) for pattern in json.loads(sys.stdin.read())]))
";

fn differences(patterns: &[String], answer: &str, same: impl Fn(Option<&str>, Option<&str>) -> bool) -> Vec<String> {
    let verdicts: Vec<Value> = serde_json::from_str(answer).unwrap();
    assert_eq!(verdicts.len(), patterns.len());
    let compiled = verdicts.iter().filter(|verdict| verdict.is_null()).count();
    println!("{} patterns, {compiled} of which compile", patterns.len());
    assert!(
        compiled * 10 > patterns.len() && compiled * 10 < patterns.len() * 9,
        "too one-sided: {compiled}"
    );
    patterns
        .iter()
        .zip(&verdicts)
        .filter_map(|(pattern, verdict)| {
            let ours = check_regex(pattern).err();
            (!same(ours.as_deref(), verdict.as_str())).then(|| format!("{pattern:?}: Python {verdict}, ours {ours:?}"))
        })
        .collect()
}

#[test]
fn verdict_and_message_on_generated_patterns_are_those_of_python_2() {
    let patterns = generated_patterns(5_000);
    let Some(answer) = python_2()
        .iter()
        .find_map(|python| ask_peer(python, &["-c", SCRIPT], &patterns))
    else {
        println!("skipped: no Python 2.7 here to compare with");
        return;
    };
    let wrong = differences(&patterns, &answer, |ours, real| ours == real);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What Python 3 reads otherwise, on purpose.
fn changed_in_python_3(pattern: &str) -> bool {
    // Unknown escapes are errors, `\u` is one character, a bound without a lower end and a `+` behind a repetition mean
    // something, flags stand at the start, and a group may be referred to or repeated in more ways.
    let escapes = ["\\z", "\\p", "\\c", "\\u", "\\377"];
    let flags = pattern.rfind("(?i)").is_some_and(|index| index > 0);
    flags || escapes.iter().any(|escape| pattern.contains(escape)) || pattern.contains("+")
}

#[test]
fn the_verdict_on_generated_patterns_is_that_of_python_3_but_for_what_it_changed() {
    let patterns: Vec<String> = generated_patterns(5_000)
        .into_iter()
        .filter(|pattern| !changed_in_python_3(pattern))
        .collect();
    let Some(answer) = ask_peer("python3", &["-c", SCRIPT], &patterns) else {
        println!("skipped: no Python 3 here to compare with");
        return;
    };
    let wrong = differences(&patterns, &answer, |ours, real| ours.is_none() == real.is_none());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_search_for_generated_patterns_ends_as_python_2_s_does() {
    // No empty text: Nailgun tests none, and `\B` is never found in one.
    const TEXTS: &[&str] = &[
        "a",
        "ab",
        "b]",
        "az",
        "{2}",
        "a{,3}",
        "0",
        " a",
        "-",
        "a-z",
        "[:alpha:]",
        "zz0",
        "/",
        "aab,",
        "&&",
        "~",
        "bb.",
    ];
    let script = format!(
        "import json, re, sys\n\
         texts = {}\n\
         patterns = json.loads(sys.stdin.read())\n\
         print(json.dumps([[re.search(p, text) is not None for text in texts] for p in patterns]))",
        serde_json::to_string(TEXTS).unwrap()
    );
    // Only what a browser reads as Python does is ever searched for.
    let patterns: Vec<String> = generated_patterns(8_000)
        .into_iter()
        .filter(|pattern| check_regex(pattern).is_ok() && crate::javascript::check_regex(pattern).is_ok())
        .filter(|pattern| crate::regex_dialect::differences(pattern).is_empty())
        .collect();
    let Some(answer) = python_2()
        .iter()
        .find_map(|python| ask_peer(python, &["-c", &script], &patterns))
    else {
        println!("skipped: no Python 2.7 here to compare with");
        return;
    };
    let answers: Vec<Vec<bool>> = serde_json::from_str(&answer).unwrap();
    assert_eq!(answers.len(), patterns.len());
    let (mut found, mut unknown, mut wrong) = (0, 0, Vec::new());
    for (pattern, answers) in patterns.iter().zip(&answers) {
        let Ok(search) = super::RegexSearch::new(pattern) else {
            unknown += 1;
            continue;
        };
        for (text, answer) in TEXTS.iter().zip(answers) {
            found += usize::from(*answer);
            if search.finds(text) != Some(*answer) {
                wrong.push(format!(
                    "{pattern:?} in {text:?}: Python {answer}, ours {:?}",
                    search.finds(text)
                ));
            }
        }
    }
    println!(
        "{} patterns, {found} found, {unknown} beyond the library",
        patterns.len()
    );
    assert!(patterns.len() > 500 && found > 500, "too few");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
