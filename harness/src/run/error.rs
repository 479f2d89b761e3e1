//! Why a run ended without a verdict.

use crate::cli::Exit;

/// A run that did not get as far as a verdict.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plugin does not pass the builder's checks or its build failed.
    #[error("{0}")]
    Invalid(String),
    /// The command line asks for what there is not.
    #[error("{0}")]
    Usage(String),
    /// The engine, an image, the disk, the master or a node failed.
    #[error("{0}")]
    Infrastructure(String),
    /// The engine answered and does so no more.
    #[error("{0}")]
    EngineLost(String),
    /// The deployment itself failed: the verdict is negative without a second run.
    #[error("{0}")]
    Deployment(String),
    /// Something that cannot happen did.
    #[error("{0}\n  hint: this is a defect of fuelrig; please report it with the run's directory")]
    Defect(String),
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

impl RunError {
    /// The exit code of this cause.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Invalid(_) => Exit::Invalid,
            Self::Usage(_) => Exit::Usage,
            Self::Infrastructure(_) | Self::EngineLost(_) => Exit::Infrastructure,
            Self::Deployment(_) => Exit::Negative,
            Self::Defect(_) => Exit::Defect,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// An infrastructure error with what was tried in front.
    pub(crate) fn infrastructure(doing: &str, error: impl std::fmt::Display) -> Self {
        Self::Infrastructure(format!("{doing}: {error}"))
    }
}
