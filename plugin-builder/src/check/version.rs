//! Versions as Python's `distutils` reads them strictly.

use std::sync::LazyLock;

use crate::check::pattern::Pattern;

static FORM: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"^\d+\.\d+(\.\d+)?([ab]\d+)?$"));

/// `N.N`, `N.N.N`, each with `aN` or `bN` for a version before the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StrictVersion {
    numbers: [u64; 3],
    /// Less than a release; `a` before `b`.
    stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Before(char, u64),
    Release,
}

impl StrictVersion {
    /// Reads a version; nothing if it is not of that form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !FORM.is_match(text) {
            return None;
        }
        let text = text.trim_end();
        let (numbers, stage) = match text.find(['a', 'b']) {
            Some(at) => {
                let (numbers, stage) = text.split_at(at);
                let letter = stage.chars().next()?;
                (numbers, Stage::Before(letter, stage.get(1..)?.parse().ok()?))
            }
            None => (text, Stage::Release),
        };
        let mut parts = numbers.split('.').map(str::parse);
        let mut next = || parts.next().unwrap_or(Ok(0)).ok();
        Some(Self {
            numbers: [next()?, next()?, next()?],
            stage,
        })
    }
}
