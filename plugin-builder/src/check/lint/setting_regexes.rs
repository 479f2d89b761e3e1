//! Regular expressions of settings, which a browser and Nailgun's Python both use.

use super::scalar_place::inside;
use super::setting::{Setting, all_settings};
use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};
use crate::python::{RegexSearch, check_regex};
use crate::regex_dialect::{self, Difference};
use crate::yaml::Node;

pub(super) const TOPIC: Topic = Topic {
    title: "Regular expressions of settings",
    rules: &[&REGEX_SYNTAX, &REGEX_DIFFERS, &REGEX_FOREIGN, &REGEX_DEFAULT],
    run,
};

static REGEX_SYNTAX: Rule = Rule {
    code: "regex-syntax",
    severity: Severity::Warning,
    title: "A setting's regular expression does not compile",
    concerns: "every Fuel version: the settings page reads it as JavaScript (ECMAScript 5), Nailgun 8.0 and 9.x as Python 2.7",
    why: "Where the browser refuses it, the settings page fails to check the field; where Python refuses it, Nailgun cannot \
          save the settings.",
    fix: "Use what both languages read: no look-behind, no named groups, no flags or comments in the expression.",
    example: "regex: {source: '(?i)^trove', error: Must begin with trove}   # ^[Tt][Rr]…",
};

static REGEX_DIFFERS: Rule = Rule {
    code: "regex-differs",
    severity: Severity::Warning,
    title: "A browser and Nailgun read a regular expression differently",
    concerns: "8.0 and 9.x, where both check the value",
    why: "The settings page takes a value that Nailgun refuses, or the other way round.",
    fix: "Write it so that both read the same: `^` and `$` for `\\A` and `\\Z`, `{0,3}` for `{,3}`, `\\]` in a set.",
    example: "regex: {source: '\\A\\d+\\Z', error: Must be a number}   # ^\\d+$",
};

static REGEX_FOREIGN: Rule = Rule {
    code: "regex-foreign",
    severity: Severity::Warning,
    title: "A regular expression uses what neither JavaScript nor Python has",
    concerns: "every Fuel version",
    why: "Both read it as something else: `[[:alpha:]]` as a set of those letters before a `]`, `\\p{L}` as the text `p{L}`, \
          slashes round it as slashes.",
    fix: "Write the characters out: `[A-Za-z]`; leave slashes and flags away.",
    example: "regex: {source: '/^[0-9]+$/', error: Must be a number}   # ^[0-9]+$",
};

static REGEX_DEFAULT: Rule = Rule {
    code: "regex-default",
    severity: Severity::Warning,
    title: "A setting's default does not match its own regular expression",
    concerns: "every Fuel version; Nailgun 8.0 and 9.x refuse to save it",
    why: "Whoever switches the plugin on cannot save the settings before changing this field. An empty default is taken as \
          a field that has to be filled.",
    fix: "Make the default match, or leave it empty.",
    example: "port: {type: text, label: Port, weight: 10, value: any, regex: {source: '^\\d+$', error: Must be a number}}",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for setting in all_settings(subject) {
        let Some(source) = setting.node.get("regex").and_then(|regex| regex.get("source")) else {
            continue;
        };
        if let Some(pattern) = source.as_str() {
            check(setting, source, pattern, report);
        }
    }
}

fn check(setting: Setting<'_>, source: &Node, pattern: &str, report: &mut Report) {
    let file = setting.file;
    if let Err(message) = check_regex(pattern) {
        let finding = Finding::of(&REGEX_SYNTAX, format!("Python does not compile `{pattern}`: {message}"))
            .helping("mend the expression");
        report.push(file.place(finding, source.span));
        return;
    }
    if let Err((message, offset)) = crate::javascript::check_regex(pattern) {
        let finding = Finding::of(
            &REGEX_SYNTAX,
            format!("a browser does not compile `{pattern}`: {message}"),
        )
        .helping(REGEX_SYNTAX.fix);
        report.push(file.place(finding, inside(file, source, offset.unwrap_or(0))));
        return;
    }
    let differences = regex_dialect::differences(pattern);
    for Difference {
        offset,
        message,
        help,
        is_foreign,
    } in &differences
    {
        let rule = if *is_foreign { &REGEX_FOREIGN } else { &REGEX_DIFFERS };
        let finding = Finding::of(rule, message.clone()).helping(*help);
        report.push(file.place(finding, inside(file, source, *offset)));
    }
    if differences.is_empty() {
        default(setting, pattern, report);
    }
}

/// As Nailgun does it: a search, only where the value is true, item by item.
fn default(setting: Setting<'_>, pattern: &str, report: &mut Report) {
    let Some(value) = setting.literal().filter(|value| !value.is_falsy()) else {
        return;
    };
    let Ok(search) = RegexSearch::new(pattern) else {
        return;
    };
    let values = value.as_sequence().unwrap_or(std::slice::from_ref(value));
    for node in values {
        if let Some(text) = node.as_str()
            && search.finds(text) == Some(false)
        {
            let message = format!(
                "`{}` has the default `{text}`, which its own regex refuses",
                setting.name
            );
            let finding = Finding::of(&REGEX_DEFAULT, message).helping(format!("the regex is `{pattern}`"));
            report.push(setting.file.place(finding, node.span));
        }
    }
}
