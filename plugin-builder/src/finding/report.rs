//! All that a check found.

use serde::Serialize;

use super::{Finding, Severity};

/// All that a check found: errors in the original builder's order, of which it would have shown only the first,
/// then warnings and notes by place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether the original builder would refuse the plugin.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The errors, in the original builder's order.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.of(Severity::Error)
    }

    /// The warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.of(Severity::Warning)
    }

    /// The notes.
    pub fn notes(&self) -> impl Iterator<Item = &Finding> {
        self.of(Severity::Note)
    }

    /// Leaves out the warnings and notes with one of these codes. What the original builder refuses stays.
    pub fn allow(&mut self, codes: &[&str]) {
        self.findings
            .retain(|finding| finding.severity == Severity::Error || !codes.contains(&finding.code));
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Puts what is no error behind the errors, by file, line and column.
    pub(crate) fn sort(&mut self) {
        self.findings.sort_by(|left, right| {
            let key = |finding: &Finding| (finding.severity != Severity::Error).then(|| finding.place.clone());
            key(left).cmp(&key(right))
        });
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }
}
