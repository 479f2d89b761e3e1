//! The same commands given to the real client and to ours, each with a master of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use libtest_mimic::Failed;
use serde::Deserialize;

use super::master::sample_environment;
use super::python::Python;
use super::workplace::{Outcome, Workplace};

/// One command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// The command line; words are split at blanks, `'…'` holds one together.
    run: String,
    /// The exit code of the real client.
    #[serde(default)]
    exit: i32,
    /// What the real client's output must hold.
    #[serde(default)]
    contains: Option<String>,
    /// Only the real client has it.
    #[serde(default)]
    only_real: Option<String>,
    /// Where ours differs: `output`, `errors`, `exit`, each with the reason.
    #[serde(default)]
    differs: BTreeMap<Aspect, String>,
    /// YAML is compared as data, because its style is the writer's.
    #[serde(default)]
    as_data: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Aspect {
    Exit,
    Output,
    Errors,
}

/// Runs all commands with both clients and prints the table.
pub(crate) fn compare(python: &Python) -> Result<(), Failed> {
    let steps: Vec<Step> = serde_yaml::from_str(include_str!("session.yaml")).map_err(|error| error.to_string())?;
    let real = play(python, &steps, true);
    let ours = play(python, &steps, false);
    let mut wrong = Vec::new();
    let mut table = String::from("exit | output   | errors   | command\n-----+----------+----------+--------\n");
    let (mut compared, mut same) = (0, 0);
    for ((step, real), ours) in steps.iter().zip(&real).zip(&ours) {
        let real = real.as_ref().ok_or("the real client runs every command")?;
        if real.exit != step.exit || step.contains.as_ref().is_some_and(|text| !real.output.contains(text)) {
            wrong.push(format!("{}: the real client: {real:#?}", step.run));
        }
        let (mut output, mut errors) = ("", "");
        if let Some(ours) = ours {
            compared += 1;
            let equal = equality(step, real, ours);
            for (aspect, is_equal) in equal {
                match (is_equal, step.differs.get(&aspect)) {
                    (false, None) => wrong.push(format!(
                        "{}: {aspect:?} differs\nreal: {real:#?}\nours: {ours:#?}",
                        step.run
                    )),
                    (true, Some(reason)) => wrong.push(format!(
                        "{}: {aspect:?} is listed as different ({reason}) and is not: take it off the list",
                        step.run
                    )),
                    _ => {}
                }
            }
            let word = |aspect| match equal.iter().any(|(of, is_equal)| *of == aspect && !is_equal) {
                false => "same",
                true if step.differs.contains_key(&aspect) => "listed",
                true => "DIFFERS",
            };
            (output, errors) = (word(Aspect::Output), word(Aspect::Errors));
            same += usize::from(equal[0].1 && equal[1].1);
        }
        let _ = writeln!(table, "{:>4} | {output:<8} | {errors:<8} | {}", real.exit, step.run);
        for reason in step.differs.values().chain(&step.only_real) {
            let _ = writeln!(table, "     |          |          |   {reason}");
        }
    }
    println!(
        "python-fuelclient 11.0.0 and ours, the same commands against mock-nailgun 9.2\n{table}{} commands of the real \
         client; {compared} given to ours too, output and exit code of {same} are equal byte for byte\n",
        steps.len()
    );
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

fn equality(step: &Step, real: &Outcome, ours: &Outcome) -> [(Aspect, bool); 3] {
    let output = if step.as_data {
        data(&real.output).is_some() && data(&real.output) == data(&ours.output)
    } else {
        real.output == ours.output
    };
    // How argparse and clap explain wrong usage is no part of the command.
    let errors = real.exit == 2 || real.errors == ours.errors;
    [
        (Aspect::Exit, real.exit == ours.exit),
        (Aspect::Output, output),
        (Aspect::Errors, errors),
    ]
}

fn data(text: &str) -> Option<serde_json::Value> {
    let place = camino::Utf8Path::new("output");
    plugin_builder::yaml::parse(text.as_bytes(), place)
        .ok()
        .map(|node| node.to_json())
}

fn play(python: &Python, steps: &[Step], is_real: bool) -> Vec<Option<Outcome>> {
    let workplace = Workplace::new();
    workplace.build_packages();
    let master = workplace.start_master();
    master.load(&sample_environment());
    steps
        .iter()
        .map(|step| {
            if !is_real && step.only_real.is_some() {
                return None;
            }
            let mut words = words(&step.run);
            let name = words.remove(0);
            if name == "enable" {
                master.enable(&words[0]);
                return Some(Outcome::nothing());
            }
            let program = if is_real {
                python.bin.join(&name)
            } else {
                PathBuf::from(env!("CARGO_BIN_EXE_fuel"))
            };
            let outcome = workplace.run(&program, &words, python, &master);
            master.settle();
            Some(outcome)
        })
        .collect()
}

/// Splits at blanks; `'…'` holds a word together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().into_iter().for_each(|word| word.push(other)),
        }
    }
    words
}
