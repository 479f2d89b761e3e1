//! Whether an expression can be true, and can be false.
//!
//! Every path gets the values that its setting can have, and the expression is evaluated with all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conditions::Condition;
use super::core_settings;
use super::expression_paths::Names;
use super::scalar_place::inside;
use super::setting::Kind;
use crate::expression::{Expression, Operator, Path, Term, TermKind, is_true};
use crate::finding::{Finding, Report, Rule, Severity};
use crate::suggestion::nearest;

pub(super) static EXPRESSION_CONSTANT: Rule = Rule {
    code: "expression-constant",
    severity: Severity::Warning,
    title: "A comparison has the same outcome whatever the settings are",
    concerns: "every Fuel version",
    why: "The restriction never acts, or always does: Fuel compares a checkbox with `true` and `false`, every other setting \
          with texts, and a choice can only have one of its `values`.",
    fix: "Compare with a value that the setting can have; mind that `not` binds more tightly than `==`.",
    example: "condition: settings:trove.tls.value == 'true'   # a checkbox is true, not 'true'",
};

/// Combinations of values that are tried at most; an expression with more is let be.
const MAXIMUM_COMBINATIONS: usize = 2_000;

/// Text that no setting's value is likely to be.
const OTHER: &str = "\u{1}";

pub(super) fn check(names: &Names<'_>, condition: &Condition<'_>, expression: &Expression, report: &mut Report) {
    let mut found = false;
    expression.root().walk(&mut |term| {
        let TermKind::Binary(Operator::Equal | Operator::NotEqual, left, right) = &term.kind else {
            return;
        };
        if let Some(truth) = outcome(names, term) {
            found = true;
            let message = format!("`{term}` is {}", always(truth));
            let finding = Finding::of(&EXPRESSION_CONSTANT, message).helping(help(names, left, right));
            let place = inside(condition.file, condition.node, term.span.start);
            report.push(condition.file.place(finding, place));
        }
    });
    if found {
        return;
    }
    if let Some(truth) = outcome(names, expression.root()) {
        let message = format!("the expression is {} whatever its settings are", always(truth));
        let finding = Finding::of(&EXPRESSION_CONSTANT, message)
            .helping("its comparisons exclude or complete one another; write `true` or `false` if that is meant");
        report.push(condition.file.place(finding, condition.node.span));
    }
}

fn always(truth: bool) -> &'static str {
    if truth { "always true" } else { "never true" }
}

/// The one outcome that a part of an expression has, if it has only one; nothing where it names no path.
fn outcome(names: &Names<'_>, term: &Term) -> Option<bool> {
    let mut constants = Vec::new();
    let mut paths: Vec<&Path> = Vec::new();
    term.walk(&mut |part| match &part.kind {
        TermKind::Constant(value) => constants.push(value.clone()),
        TermKind::Path(path) if !paths.contains(&path) => paths.push(path),
        _ => {}
    });
    if paths.is_empty() {
        return None;
    }
    let values: Vec<Vec<Value>> = paths.iter().map(|path| possible(names, path, &constants)).collect();
    let combinations = values.iter().try_fold(1_usize, |product, values| {
        product
            .checked_mul(values.len())
            .filter(|product| *product <= MAXIMUM_COMBINATIONS)
    })?;
    let mut seen: Option<bool> = None;
    for combination in order(combinations) {
        let mut rest = combination;
        let mut chosen: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
        for (path, values) in paths.iter().zip(&values) {
            chosen.insert((&path.model, &path.keys), &values[rest % values.len()]);
            rest /= values.len();
        }
        let value = Expression::value_of(term, &mut |path| {
            Ok(chosen[&(path.model.as_str(), path.keys.as_str())].clone())
        });
        // `in` something that holds nothing is an error of its own.
        let Ok(value) = value else { return None };
        let truth = is_true(&value);
        if seen.is_some_and(|seen| seen != truth) {
            return None;
        }
        seen = Some(truth);
    }
    seen
}

/// All numbers below the count, from both ends, so that a difference shows early.
fn order(count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |index| {
        if index % 2 == 0 {
            index / 2
        } else {
            count - 1 - index / 2
        }
    })
}

/// The values that a path can have, as far as it matters to an expression with these constants.
fn possible(names: &Names<'_>, path: &Path, constants: &[Value]) -> Vec<Value> {
    let keys: Vec<&str> = path.keys.split('.').collect();
    let mut values = match keys.as_slice() {
        [_, "metadata", "enabled"] if path.model == "settings" => vec![json!(true), json!(false)],
        [section, name, "value"] if path.model == "settings" => setting(names, section, name, constants),
        _ => Vec::new(),
    };
    if values.is_empty() {
        values = anything(constants);
    }
    let mut distinct: Vec<Value> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

fn anything(constants: &[Value]) -> Vec<Value> {
    let mut values = constants.to_vec();
    values.extend([
        json!(constants),
        json!([]),
        json!(null),
        json!(true),
        json!(false),
        json!(OTHER),
    ]);
    values
}

/// The values of a setting; empty where it can be anything.
fn setting(names: &Names<'_>, section: &str, name: &str, constants: &[Value]) -> Vec<Value> {
    if names.plugin == Some(section) {
        let Some(setting) = names.settings.get(name) else {
            return Vec::new();
        };
        let choices: Vec<Value> = setting.choices().map(|choice| choice.to_json()).collect();
        let mut values = of_kind(setting.kind(), &choices, constants);
        if let Some(default) = setting.literal().filter(|_| !values.is_empty()) {
            values.push(default.to_json());
        }
        return values;
    }
    let mut values = Vec::new();
    for version in &names.versions {
        let core = core_settings::sections(version).and_then(|sections| sections.get(section)?.get(name));
        let Some(core) = core else { return Vec::new() };
        let choices: Vec<Value> = core.choices.iter().map(|choice| json!(choice)).collect();
        let more = of_kind(core.kind, &choices, constants);
        if more.is_empty() {
            return Vec::new();
        }
        values.extend(more);
    }
    values
}

fn of_kind(kind: Kind, choices: &[Value], constants: &[Value]) -> Vec<Value> {
    let some = |wanted: fn(&Value) -> bool| constants.iter().filter(move |value| wanted(value)).cloned();
    match kind {
        Kind::Truth => vec![json!(true), json!(false)],
        Kind::Choice => choices.to_vec(),
        Kind::Text => some(Value::is_string).chain([json!(""), json!(OTHER)]).collect(),
        Kind::Number => some(Value::is_number)
            .chain([json!(null), json!(0), json!(-7)])
            .collect(),
        Kind::List | Kind::Other => Vec::new(),
    }
}

fn help(names: &Names<'_>, left: &Term, right: &Term) -> String {
    let (path, constant, negated) = match (&left.kind, &right.kind) {
        (TermKind::Path(path), TermKind::Constant(constant)) | (TermKind::Constant(constant), TermKind::Path(path)) => {
            (path, constant, false)
        }
        (TermKind::Not(inner), TermKind::Constant(constant)) => match &inner.kind {
            TermKind::Path(path) => (path, constant, true),
            _ => return "write what is compared in parentheses: `not (… == …)`".to_owned(),
        },
        _ => return "compare with a value that the setting can have".to_owned(),
    };
    if negated {
        return format!(
            "`not` comes before `==`: write `not ({path} == {})`",
            Term::constant(constant)
        );
    }
    let keys: Vec<&str> = path.keys.split('.').collect();
    let [section, name, _] = keys.as_slice() else {
        return "compare with a value that it can have".to_owned();
    };
    let possible = setting(names, section, name, &[]);
    let texts: Vec<&str> = possible
        .iter()
        .filter_map(Value::as_str)
        .filter(|text| *text != OTHER)
        .collect();
    if possible.iter().any(Value::is_boolean) {
        return "a checkbox is `true` or `false`, without quotes".to_owned();
    }
    if let Some(word) = constant.as_str().and_then(|word| nearest(word, texts.iter().copied())) {
        return format!("did you mean '{word}'?");
    }
    match texts.as_slice() {
        _ if constant.as_str().is_none() => format!("its value is a text: write '{constant}'"),
        [] => "compare with a value that it can have".to_owned(),
        texts => format!("it can be '{}'", texts.join("', '")),
    }
}
