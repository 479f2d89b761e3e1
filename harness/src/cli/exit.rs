//! Exit codes by cause.

/// How a command ended, as a process exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything holds.
    Passed,
    /// 1: the verdict is negative: not idempotent, a check failed, a snapshot differs.
    Negative,
    /// 2: the command line is wrong.
    Usage,
    /// 3: the plugin or the scenario is invalid.
    Invalid,
    /// 4: infrastructure: no engine, no image, no disk, a node that died.
    Infrastructure,
    /// 5: a defect of the rig itself.
    Defect,
    /// 130: interrupted, after clean-up.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> i32 {
        match self {
            Self::Passed => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Infrastructure => 4,
            Self::Defect => 5,
            Self::Interrupted => 130,
        }
    }

    /// The worse of two: what several scenarios in one call end with.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Passed => 0,
            Self::Negative => 1,
            Self::Invalid => 2,
            Self::Usage => 3,
            Self::Infrastructure => 4,
            Self::Defect => 5,
            Self::Interrupted => 6,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_scenarios_decides() {
        assert_eq!(Exit::Passed.worse(Exit::Negative), Exit::Negative);
        assert_eq!(Exit::Infrastructure.worse(Exit::Negative), Exit::Infrastructure);
        assert_eq!(Exit::Interrupted.worse(Exit::Passed).code(), 130);
    }
}
