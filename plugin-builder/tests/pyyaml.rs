//! Reads the same documents as PyYAML does, and compares values, verdicts and messages.
//!
//! `FUELRIG_PYYAML` names Python interpreters that have PyYAML, separated by `:`. With PyYAML 3.10, the original's,
//! everything must agree, the text of each message included; with later versions values and verdicts must, but where
//! they read YAML in another way than 3.10 did. `FUELRIG_PYYAML_DOCUMENTS` sets how many documents are generated.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it leaves out"
)]

#[path = "pyyaml/generate.rs"]
mod generate;
#[path = "pyyaml/typed.rs"]
mod typed;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use camino::Utf8Path;
use generate::Random;
use typed::{Outcome, in_our_order, ours, theirs};

/// Documents that somebody thought of, each a JSON string in a line of its own.
const WRITTEN: &str = include_str!("pyyaml/documents.jsonl");

/// Where we differ from PyYAML 3.10.
const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "a value inside of itself, which PyYAML makes and which cannot be written as JSON, is refused; so is what \
              costs too much",
        applies: |_, ours, _| matches!(ours, Outcome::Strange(_)),
    },
    Difference {
        why: "half of a surrogate pair, which Python takes for a character, is refused",
        applies: |_, ours, theirs| {
            *ours == Outcome::Refused(None) && matches!(theirs, Outcome::Strange(why) if why.contains("surrogate"))
        },
    },
];

/// Where PyYAML 5 and 6 differ from 3.10, which we follow.
const LATER: &[Difference] = &[
    Difference {
        why: "`:` may stand inside of a text between brackets since 5.1 (`[http://x]`)",
        applies: |_, ours, _| refused_with(ours, "found unexpected ':'"),
    },
    Difference {
        why: "`?` may stand inside of a text between brackets since 5.1",
        applies: |document, _, _| contains(document, "?") && (contains(document, "[") || contains(document, "{")),
    },
    Difference {
        why: "characters beyond U+FFFF are allowed since 5.1",
        applies: |_, ours, _| refused_with(ours, "unacceptable character #x1"),
    },
    Difference {
        why: "the escape `\\/` is known since 5.1",
        applies: |_, ours, _| refused_with(ours, "found unknown escape character '/'"),
    },
    Difference {
        why: "`._` is a text since 5.4",
        applies: |document, _, _| contains(document, "._"),
    },
];

/// A known difference: why it is there, and whether it is the one at hand (document, ours, theirs).
struct Difference {
    why: &'static str,
    applies: fn(&[u8], &Outcome, &Outcome) -> bool,
}

fn contains(document: &[u8], text: &str) -> bool {
    document.windows(text.len()).any(|window| window == text.as_bytes())
}

fn refused_with(outcome: &Outcome, text: &str) -> bool {
    matches!(outcome, Outcome::Refused(Some(message)) if message.contains(text))
}

#[test]
fn documents_are_read_as_pyyaml_reads_them() {
    let Ok(interpreters) = std::env::var("FUELRIG_PYYAML") else {
        println!("skipped: FUELRIG_PYYAML does not name a Python with PyYAML");
        return;
    };
    let count = std::env::var("FUELRIG_PYYAML_DOCUMENTS").map_or(4000, |count| count.parse().unwrap());
    let seed = std::env::var("FUELRIG_PYYAML_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut documents: Vec<Vec<u8>> = WRITTEN
        .lines()
        .map(|line| serde_json::from_str::<String>(line).unwrap().into_bytes())
        .collect();
    assert!(documents.len() > 800, "{} written documents", documents.len());
    let written = documents.len();
    let (mut random, samples) = (Random(seed), samples());
    documents.extend((0..count).map(|_| generate::document(&mut random, &samples)));
    for python in interpreters.split(':') {
        let (version, answers) = ask(python, &documents);
        let is_original = version == "3.10";
        let mut excused = vec![0; DIFFERENCES.len() + LATER.len()];
        let mut wrong = Vec::new();
        for (document, answer) in documents.iter().zip(&answers) {
            let (ours, theirs) = (ours(document), answer);
            if agree(&ours, theirs, is_original) {
                continue;
            }
            let later = LATER.iter().filter(|_| !is_original);
            let known = DIFFERENCES
                .iter()
                .chain(later)
                .position(|known| (known.applies)(document, &ours, theirs));
            match known {
                Some(index) => excused[index] += 1,
                None => wrong.push(format!(
                    "{:?}\n  ours   {ours:?}\n  theirs {theirs:?}",
                    String::from_utf8_lossy(document)
                )),
            }
        }
        println!("PyYAML {version}: {written} written and {count} generated documents");
        for (known, count) in DIFFERENCES.iter().chain(LATER).zip(excused) {
            println!("  {count}: {}", known.why);
        }
        let shown = wrong.iter().take(30).cloned().collect::<Vec<_>>().join("\n");
        assert!(
            wrong.is_empty(),
            "PyYAML {version} reads {} of them otherwise:\n{shown}",
            wrong.len()
        );
    }
}

fn agree(ours: &Outcome, theirs: &Outcome, with_message: bool) -> bool {
    match (ours, theirs) {
        (Outcome::Refused(ours), Outcome::Refused(theirs)) => !with_message || ours == theirs,
        (ours, theirs) => ours == theirs,
    }
}

/// Real plugins' files, where they are.
fn samples() -> Vec<Vec<u8>> {
    let corpus = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/plugins");
    let Ok(plugins) = fs_err::read_dir(corpus) else {
        println!("without ../shared/corpus no document is cut out of a real plugin");
        return Vec::new();
    };
    let mut paths: Vec<_> = plugins.map(|plugin| plugin.unwrap().path()).collect();
    paths.sort();
    let names = [
        "metadata.yaml",
        "environment_config.yaml",
        "deployment_tasks.yaml",
        "tasks.yaml",
    ];
    let files = paths.iter().flat_map(|plugin| names.map(|name| plugin.join(name)));
    files
        .filter_map(|file| fs_err::read(file).ok())
        .filter(|text| !text.is_empty())
        .collect()
}

/// The version of a Python's PyYAML, and what it makes of the documents.
fn ask(python: &str, documents: &[Vec<u8>]) -> (String, Vec<Outcome>) {
    let script = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pyyaml/read.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines: Vec<String> = documents
        .iter()
        .map(|document| {
            document
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .chain(["\n".to_owned()])
                .collect()
        })
        .collect();
    // It answers while it is asked.
    let asking = std::thread::spawn(move || lines.iter().try_for_each(|line| input.write_all(line.as_bytes())));
    let first: serde_json::Value = serde_json::from_str(&output.next().expect("a first line").unwrap()).unwrap();
    let answers: Vec<Outcome> = output
        .map(|line| match theirs(&line.unwrap()) {
            Outcome::Value(value) => Outcome::Value(in_our_order(value)),
            other => other,
        })
        .collect();
    asking.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), documents.len());
    (first["version"].as_str().unwrap().to_owned(), answers)
}
