//! Expressions: whether they can be read, and what Nailgun reads otherwise than it is written.

use super::conditions::{Action, Condition, Conditions, Use};
use super::expression_paths::{self, Names, PATH_MODEL, PATH_SETTING, TASK_CONDITION_VALUE};
use super::expression_truth::{self, EXPRESSION_CONSTANT};
use super::scalar_place::inside;
use super::setting::describe;
use super::{Subject, topic::Topic};
use crate::expression::Expression;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::suggestion::nearest;

pub(super) const TOPIC: Topic = Topic {
    title: "Restrictions and conditions",
    rules: &[
        &EXPRESSION_SYNTAX,
        &EXPRESSION_SKIPPED,
        &PATH_MODEL,
        &PATH_SETTING,
        &TASK_CONDITION_VALUE,
        &EXPRESSION_CONSTANT,
        &RESTRICTION_ACTION,
    ],
    run,
};

static EXPRESSION_SYNTAX: Rule = Rule {
    code: "expression-syntax",
    severity: Severity::Warning,
    title: "A restriction or condition is no expression",
    concerns: "restrictions in every Fuel version; conditions of tasks in 7.0 to 9.x",
    why: "Fuel reads the expression when it shows or saves settings, assigns roles or orders tasks, and fails there. The \
          builder does not look into it.",
    fix: "Write a text of `==`, `!=`, `and`, `or`, `not`, `in`, parentheses, numbers, quoted texts, `true`, `false`, \
          `null` and paths such as `settings:common.debug.value`.",
    example: "restrictions:\n- condition: settings:trove.replicas.value = '1' and   # must be `==`, and ends too early",
};

static EXPRESSION_SKIPPED: Rule = Rule {
    code: "expression-skipped",
    severity: Severity::Warning,
    title: "An expression holds characters that mean nothing",
    concerns: "every Fuel version",
    why: "Nailgun drops them without a word, so that the expression means something else than it looks like.",
    fix: "Write `and`, `or`, `not`, `==`; put texts into quotes.",
    example: "condition: not settings:trove.tls.value;   # the `;` is dropped",
};

static RESTRICTION_ACTION: Rule = Rule {
    code: "restriction-action",
    severity: Severity::Warning,
    title: "A restriction's action is not known",
    concerns: "every Fuel version",
    why: "Fuel knows `disable` (which is the default), `hide` and `none`; it ignores a restriction with any other action.",
    fix: "Write `disable`, `hide` or `none`.",
    example: "restrictions:\n- {condition: 'settings:common.debug.value == false', action: hidden}   # hide",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let all = Conditions::of(subject);
    for action in &all.actions {
        check_action(action, report);
    }
    if all.conditions.is_empty() {
        return;
    }
    let names = Names::of(subject);
    for condition in &all.conditions {
        if let Some(expression) = read(condition, report) {
            let known = expression_paths::check(&names, condition, &expression, report);
            if known && condition.usage != Use::Task {
                expression_truth::check(&names, condition, &expression, report);
            }
        }
    }
}

fn check_action(action: &Action<'_>, report: &mut Report) {
    const ACTIONS: [&str; 3] = ["disable", "hide", "none"];
    let Some(text) = action.node.as_str().filter(|text| !ACTIONS.contains(text)) else {
        return;
    };
    let help = match nearest(text, ACTIONS) {
        Some(action) => format!("write `{action}`"),
        None => "write `disable`, `hide` or `none`".to_owned(),
    };
    let finding = Finding::of(&RESTRICTION_ACTION, format!("`{text}` is no action of a restriction")).helping(help);
    report.push(action.file.place(finding, action.node.span));
}

fn read(condition: &Condition<'_>, report: &mut Report) -> Option<Expression> {
    let (file, node) = (condition.file, condition.node);
    let Some(text) = node.as_str() else {
        let finding = Finding::of(
            &EXPRESSION_SYNTAX,
            format!("a condition must be a text, not {}", describe(node)),
        )
        .helping("put it into quotes");
        report.push(file.place(finding, node.span));
        return None;
    };
    match Expression::parse(text) {
        Ok(expression) => {
            if let Some(skipped) = expression.skipped().first() {
                let message = format!("Nailgun drops `{}`, which means nothing in an expression", skipped.text);
                let finding = Finding::of(&EXPRESSION_SKIPPED, message).helping(meant(&skipped.text));
                report.push(file.place(finding, inside(file, node, skipped.column - 1)));
            }
            Some(expression)
        }
        Err(error) => {
            let message = format!("{}, but {} was expected", error.found, error.expected);
            let finding = Finding::of(&EXPRESSION_SYNTAX, message);
            // What Nailgun drops is more likely to be the reason than what it stumbles over behind it.
            let skipped = Expression::skipped_in(text).into_iter().next();
            let finding = match &skipped {
                Some(skipped) => finding.helping(format!(
                    "`{}` in column {} means nothing: {}",
                    skipped.text,
                    skipped.column,
                    meant(&skipped.text)
                )),
                None => finding.helping("complete the expression, or remove what is too much"),
            };
            report.push(file.place(finding, inside(file, node, error.column - 1)));
            None
        }
    }
}

/// What somebody meant who wrote this.
fn meant(skipped: &str) -> &'static str {
    match skipped {
        "&" | "&&" => "write `and`",
        "|" | "||" => "write `or`",
        "!" => "write `not`",
        "=" => "write `==`",
        "<" | ">" | "<=" | ">=" | "<>" => "there is no `<` and no `>`; write `==`, `!=` or `in`",
        _ => "remove it, or put the text into quotes",
    }
}
