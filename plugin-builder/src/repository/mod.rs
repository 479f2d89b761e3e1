//! Indexes of package repositories.

mod archive;
mod control;
mod debian;
mod files;
mod rpm_header;
mod yum;

pub(crate) use debian::index_debian;
pub(crate) use yum::index_yum;

use camino::{Utf8Path, Utf8PathBuf};

/// Why a repository cannot be indexed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RepositoryError {
    /// A package is none.
    #[error("{file}: {why}")]
    Package {
        /// The package's file.
        file: Utf8PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file cannot be read or written; the text names it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl RepositoryError {
    fn package(file: &Utf8Path, why: impl Into<String>) -> Self {
        Self::Package {
            file: file.to_owned(),
            why: why.into(),
        }
    }
}
