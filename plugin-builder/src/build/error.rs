//! Why a build fails.

use camino::Utf8PathBuf;

use crate::finding::Report;
use crate::hook::HookError;
use crate::plugin::LoadError;
use crate::repository::RepositoryError;

/// Why a plugin cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// metadata.yaml cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The plugin breaks rules.
    #[error("the plugin is not valid:\n{}", findings(.0))]
    Invalid(Report),
    /// The plugin's hook failed.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The version is not of the form `1.2.3`.
    #[error("version `{0}` is not of the form `1.2.3`")]
    Version(String),
    /// The name cannot be part of a file's name.
    #[error("name `{0}` does not match `^[a-z0-9_-]+$`")]
    Name(String),
    /// A release's path leads out of the plugin.
    #[error("`{0}` leads out of the plugin; repositories must lie in it")]
    Outside(String),
    /// A file of the plugin has a name that is no UTF-8.
    #[error("{0}: the name of the file is not UTF-8; rename it")]
    FileName(String),
    /// Something that is neither file, directory nor symbolic link.
    #[error("{0}: neither a file, a directory nor a symbolic link; remove it")]
    Special(Utf8PathBuf),
    /// A file whose name no package can hold.
    #[error("{path}: its name {why}; rename it")]
    OddName {
        /// The file, control characters escaped.
        path: String,
        /// What is wrong with its name.
        why: &'static str,
    },
    /// A symbolic link that leads to nothing that is packed.
    #[error("{path}: the symbolic link leads to `{target}`, which is not there; mend or remove it")]
    DanglingLink {
        /// The link, from the plugin's directory.
        path: String,
        /// Where it leads.
        target: String,
    },
    /// A symbolic link that leads out of the plugin, or may.
    #[error(
        "{path}: the symbolic link leads to `{target}`, out of the plugin, and that is not packed; put the file itself \
         there, or a relative link that stays inside and has `..` at its beginning only"
    )]
    LinkOut {
        /// The link, from the plugin's directory.
        path: String,
        /// Where it leads.
        target: String,
    },
    /// A repository's path leads to a file.
    #[error("repository_path `{0}` is not a directory; name the directory that the packages lie in")]
    NoDirectory(String),
    /// A file that an RPM cannot hold.
    #[error("{0}: is larger than 4 GiB, which an RPM's file cannot be; split it")]
    TooLarge(Utf8PathBuf),
    /// A text of metadata.yaml or a script that rpmbuild would refuse.
    #[error("{place}: {why}")]
    Text {
        /// The key of metadata.yaml, or the script's file.
        place: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A package in a repository cannot be read.
    #[error("{file}: {why}; remove the file from the repository or replace it")]
    Repository {
        /// The package's file.
        file: Utf8PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file or directory cannot be read or written; the text names it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<RepositoryError> for BuildError {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::Package { file, why } => Self::Repository { file, why },
            RepositoryError::Io(error) => Self::Io(error),
        }
    }
}

fn findings(report: &Report) -> String {
    report.errors().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
