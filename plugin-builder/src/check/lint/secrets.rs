//! Secrets that are the same wherever the plugin is installed.

use super::setting::{Setting, environment_settings};
use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};

pub(super) const TOPIC: Topic = Topic {
    title: "Secrets",
    rules: &[&DEFAULT_SECRET],
    run,
};

static DEFAULT_SECRET: Rule = Rule {
    code: "default-secret",
    severity: Severity::Warning,
    title: "A password has a default",
    concerns: "every Fuel version",
    why: "The default stands in the package, and most environments keep it: everybody who has the plugin knows the password.",
    fix: "Let Fuel make one (`value: {generator: password}`, from Fuel 8.0 on), or leave it empty with a `regex` that demands one.",
    example: "db_password: {type: password, label: Database password, weight: 10, value: trove}",
};

/// Last words of names of settings that hold secrets.
const SECRET_WORDS: &[&str] = &["password", "passwd", "passphrase", "secret"];
/// Last two words of such names.
const SECRET_KEYS: &[(&str, &str)] = &[
    ("secret", "key"),
    ("private", "key"),
    ("api", "key"),
    ("auth", "token"),
    ("admin", "token"),
    ("access", "token"),
];

fn run(subject: &Subject<'_>, report: &mut Report) {
    for setting in environment_settings(subject) {
        let Some(value) = setting.literal() else { continue };
        let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) else {
            continue;
        };
        let is_password = setting.type_name() == Some("password");
        let is_secret = is_password || is_free_text(setting) && is_secret(setting.name) && is_literal(text);
        if !is_secret {
            continue;
        }
        let message = format!("everybody who has the plugin knows the default of `{}`", setting.name);
        let finding = Finding::of(&DEFAULT_SECRET, message)
            .helping("write `value: {generator: password}`, or `value: ''` with a `regex` that demands one");
        report.push(setting.file.place(finding, value.span));
    }
}

fn is_free_text(setting: Setting<'_>) -> bool {
    matches!(setting.type_name(), Some("text" | "textarea" | "hidden"))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [.., first, last] if SECRET_KEYS.contains(&(*first, *last)) => true,
        [.., last] => SECRET_WORDS.contains(last),
        [] => false,
    }
}

/// Not a path, an address or a sentence.
fn is_literal(text: &str) -> bool {
    !text.contains(['/', '{']) && !text.trim().contains(char::is_whitespace)
}
