//! All that a check found.

use std::collections::HashSet;

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
        self.findings.push(finding);
    }

    /// The original runs some of the rules of this code twice; what they say at the same place counts once.
    pub(crate) fn drop_repeated_rules(&mut self, code: &str) {
        let mut seen = HashSet::with_capacity(self.findings.len());
        let findings = self.findings.iter();
        let keep: Vec<bool> = findings
            .map(|finding| finding.code != code || seen.insert((&finding.place, &finding.message)))
            .collect();
        self.retain(keep);
    }

    /// Of equal findings only the first stays. All at once, since a plugin may have tens of thousands.
    pub(crate) fn drop_repeated(&mut self) {
        let mut seen = HashSet::with_capacity(self.findings.len());
        let keep = self.findings.iter().map(|finding| seen.insert(finding)).collect();
        self.retain(keep);
    }

    fn retain(&mut self, keep: Vec<bool>) {
        let mut keep = keep.into_iter();
        self.findings.retain(|_| keep.next().unwrap_or(true));
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
