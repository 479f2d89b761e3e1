//! Damaged and generated input for the readers: none may panic, and none may take a second.
//!
//! `FUELRIG_FUZZ_INPUTS` sets how many inputs there are, `FUELRIG_FUZZ_SEED` which ones.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking and says how far it is"
)]

#[path = "pyyaml/generate.rs"]
mod generate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use generate::Random;
use plugin_builder::expression::{Expression, Models};
use plugin_builder::{BuildOptions, HostHook, build, check, create, inspect, unpack, yaml};

const LONGEST: Duration = Duration::from_secs(1);

/// Pieces of expressions and of regular expressions.
const TOKENS: &[&str] = &[
    "settings:common.debug.value",
    "cluster:mode",
    "networking_parameters:net_provider",
    "version:feature_groups",
    " == ",
    "==",
    " != ",
    " and ",
    " or ",
    " not ",
    " in ",
    "in",
    "(",
    ")",
    "'ha'",
    "\"x\"",
    "true",
    "false",
    "null",
    "1",
    "-5",
    ":",
    ".",
    "'",
    "\"",
    " ",
    "?",
    "-",
    "é",
    "[",
    "]",
    "{1,3}",
    "*",
    "+",
    "^",
    "$",
    "|",
    "\\d",
    "\\S",
    "(?i)",
    "(?P<a>",
    "(?=",
    "[^",
    "a-z",
    "\\",
    "{",
    "}",
    "\\1",
    "(?#",
    "{99999}",
];

fn tokens(random: &mut Random) -> String {
    (0..random.below(24))
        .map(|_| TOKENS[random.below(TOKENS.len())])
        .collect()
}

fn damaged(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at + 1),
            1 => drop(bytes.drain(at..(at + random.below(9)).min(bytes.len()))),
            2 => drop(bytes.splice(at..at, [0xff, 0, 0x7f])),
            _ => bytes[at] = u8::try_from(random.below(256)).unwrap(),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// What the inputs are made from and where files lie.
struct Workplace {
    _keep: tempfile::TempDir,
    root: Utf8PathBuf,
    plugin: Utf8PathBuf,
    /// Packages of each kind, with the ending of their names.
    packages: Vec<(String, Vec<u8>)>,
    samples: Vec<Vec<u8>>,
}

impl Workplace {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
        let packages = ["1.0.0", "5.0.0"].map(|version| {
            let plugin = root.join(format!("package{}", &version[..1]));
            create(&plugin, version).unwrap();
            let options = BuildOptions {
                hook: &HostHook,
                source_date_epoch: Some(0),
                progress: &|_| {},
            };
            let built = build(&plugin, &options).unwrap();
            let ending = built.package.extension().unwrap().to_owned();
            (ending, fs_err::read(&built.package).unwrap())
        });
        let plugin = root.join("plugin");
        create(&plugin, "5.0.0").unwrap();
        let names = [
            "metadata",
            "environment_config",
            "deployment_tasks",
            "node_roles",
            "volumes",
        ];
        let samples = names.map(|name| fs_err::read(plugin.join(format!("{name}.yaml"))).unwrap());
        Self {
            packages: packages.into(),
            samples: samples.into(),
            _keep: keep,
            root,
            plugin,
        }
    }

    /// Gives one input to one reader; says which, and the input.
    fn run(&self, random: &mut Random) -> (&'static str, Vec<u8>, Duration, bool) {
        let (reader, input): (_, Vec<u8>) = match random.below(200) {
            0 => ("package", Vec::new()),
            1 => ("metadata", damaged(random, &self.samples[0])),
            2 => ("settings", format!("attributes:\n  a:\n    type: text\n    label: a\n    value: ''\n    weight: 1\n    description: d\n    regex: {{source: '{}', error: e}}\n", tokens(random).replace('\'', "''")).into_bytes()),
            3..=60 => ("expression", tokens(random).into_bytes()),
            61..=80 => {
                let sample = random.below(self.samples.len());
                ("YAML", damaged(random, &self.samples[sample]))
            }
            _ => ("YAML", generate::document(random, &self.samples)),
        };
        let (mut input, mut package) = (input, Utf8PathBuf::new());
        if reader == "package" {
            let (ending, bytes) = &self.packages[random.below(self.packages.len())];
            input = damaged(random, bytes);
            package = self.root.join(format!("damaged.{ending}"));
            fs_err::write(&package, &input).unwrap();
        }
        let file = |name: &str| self.plugin.join(name);
        match reader {
            "metadata" => fs_err::write(file("metadata.yaml"), &input).unwrap(),
            "settings" => {
                fs_err::write(file("metadata.yaml"), &self.samples[0]).unwrap();
                fs_err::write(file("environment_config.yaml"), &input).unwrap();
            }
            _ => {}
        }
        let begin = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| match reader {
            "package" => {
                drop(inspect(&package));
                // What is taken for whole must also be harmless.
                drop(unpack(&package, &self.root.join("unpacked")));
                let _ = fs_err::remove_dir_all(self.root.join("unpacked"));
            }
            "YAML" => {
                if let Ok(node) = yaml::parse(&input, Utf8Path::new("file.yaml")) {
                    drop(node.to_json());
                }
            }
            "expression" => {
                let text = String::from_utf8(input.clone()).expect("tokens are text");
                if let Ok(expression) = Expression::parse(&text) {
                    drop(expression.evaluate(&Models::new(), false));
                }
            }
            _ => drop(check(&self.plugin)),
        }));
        (reader, input, begin.elapsed(), outcome.is_ok())
    }
}

#[test]
fn no_input_makes_a_reader_panic_or_take_a_second() {
    let number = |name, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (inputs, seed) = (number("FUELRIG_FUZZ_INPUTS", 20_000), number("FUELRIG_FUZZ_SEED", 1));
    let workplace = Workplace::new();
    let (begin, mut slowest, mut wrong) = (Instant::now(), Duration::ZERO, Vec::new());
    for index in 0..inputs {
        // Each input by its own number, so that it can be had again alone.
        let (reader, input, time, returned) =
            workplace.run(&mut Random(seed.wrapping_mul(1 << 32).wrapping_add(index)));
        slowest = slowest.max(time);
        if !returned || time > LONGEST {
            let text = format!(
                "{reader}, input {index} of seed {seed}, {time:?}: {:?}",
                String::from_utf8_lossy(&input)
            );
            println!("{text}");
            wrong.push(text);
        }
        if (index + 1) % 100_000 == 0 {
            println!(
                "{} inputs in {:?}, the slowest {slowest:?}, {} wrong",
                index + 1,
                begin.elapsed(),
                wrong.len()
            );
        }
    }
    println!("{inputs} inputs in {:?}, the slowest {slowest:?}", begin.elapsed());
    assert!(wrong.is_empty(), "{} inputs:\n{}", wrong.len(), wrong.join("\n"));
}
