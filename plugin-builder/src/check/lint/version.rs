//! The plugin's own version.

use super::{Subject, topic::Topic};
use crate::check::version::StrictVersion;
use crate::finding::{Finding, Report, Rule, Severity};

pub(super) const TOPIC: Topic = Topic {
    title: "The plugin's version",
    rules: &[&VERSION_FORM, &VERSION_ORDER],
    run,
};

static VERSION_FORM: Rule = Rule {
    code: "version-form",
    severity: Severity::Warning,
    title: "The plugin's version cannot be built",
    concerns: "every package version",
    why: "`fpb --check` does not look at it, but the build and Nailgun split it at its dots and fail otherwise.",
    fix: "Write two or three numbers, with an optional suffix a1 or b1.",
    example: "version: 'v1.0'   # write '1.0.0'",
};

static VERSION_ORDER: Rule = Rule {
    code: "version-order",
    severity: Severity::Note,
    title: "The plugin's version does not sort as a number",
    concerns: "Fuel 8.0 and later, where several versions of a plugin can be installed; versions that differ only after \
               major.minor replace each other (with package version 1.0.0 they do not)",
    why: "Nailgun sorts the versions of a plugin as text, so 10.0.0 comes before 9.0.0, and an environment offers the \
          first unless another one is enabled.",
    fix: "Count on with one digit (9.0 after 0.9), or let administrators remove the older version.",
    example: "version: '0.10.0'   # sorts before 0.9.0",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tree)) = subject.tree("metadata.yaml") else {
        return;
    };
    let Some(version) = tree.get("version") else { return };
    if let Some(text) = version.as_str().filter(|text| StrictVersion::parse(text).is_none()) {
        let finding = Finding::of(&VERSION_FORM, format!("version `{text}` cannot be built"));
        report.push(file.place(finding.helping("write a version like '1.0.0'"), version.span));
        return;
    }
    if let Some(text) = version.as_str()
        && let Some(earlier) = sorts_before(text, subject.format.number)
    {
        let finding = Finding::of(
            &VERSION_ORDER,
            format!("as text, version `{text}` sorts before `{earlier}`"),
        );
        report.push(file.place(finding, version.span));
    }
}

/// An earlier version of the plugin that comes later as text, if there is one that is installed beside this one.
fn sorts_before(text: &str, format: u32) -> Option<String> {
    let telling = if format == 1 { 3 } else { 2 };
    let mut parts: Vec<&str> = text.split('.').collect();
    // From 100 on it is a date, and the versions before it are as long.
    let position = parts
        .iter()
        .take(telling)
        .position(|part| part.parse::<u32>().is_ok_and(|number| (10..100).contains(&number)))?;
    *parts.get_mut(position)? = "9";
    parts.truncate(position + 1);
    parts.resize(3, "0");
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::sorts_before;
    use rstest::rstest;

    #[rstest]
    #[case("10.0.0", 4, Some("9.0.0"))]
    #[case("0.10.2", 4, Some("0.9.0"))]
    #[case("1.0.11", 4, None)]
    #[case("1.0.11", 1, Some("1.0.9"))]
    #[case("2016.1.0", 4, None)]
    #[case("1.9", 5, None)]
    fn a_number_of_two_digits_sorts_before_nine(
        #[case] version: &str,
        #[case] format: u32,
        #[case] expected: Option<&str>,
    ) {
        let found = sorts_before(version, format);
        assert_eq!(found.as_deref(), expected);
        assert!(found.is_none_or(|earlier| version < earlier.as_str()));
    }
}
