//! A rule: what a finding's code stands for.

use std::fmt;

use super::Severity;

/// What stands behind a finding's code: one entry of the table of rules.
///
/// The table is data; `fpb explain` prints it, and docs/findings.md is generated from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// A short name, which does not change: `duplicate-key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The rule in one line, without a full stop.
    pub title: &'static str,
    /// The Fuel versions and package versions that it concerns.
    pub concerns: &'static str,
    /// Why it matters: what Fuel does with such a plugin. One or two sentences; each finding repeats it.
    pub why: &'static str,
    /// How to mend it.
    pub fix: &'static str,
    /// What it looks like: lines of a plugin's file.
    pub example: &'static str,
}

/// The rule as a section of Markdown: what `fpb explain` prints.
impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "## {} ({})\n\n{}.\n", self.code, self.severity, self.title)?;
        writeln!(formatter, "* Concerns: {}.", self.concerns)?;
        writeln!(formatter, "* Why: {}", self.why)?;
        writeln!(formatter, "* How to fix it: {}", self.fix)?;
        write!(formatter, "\n```yaml\n{}\n```\n", self.example.trim_end())
    }
}
