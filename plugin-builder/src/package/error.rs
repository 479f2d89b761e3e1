//! Why a package cannot be read or unpacked.

use camino::Utf8PathBuf;

/// Why a package cannot be read or unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// Neither of the two kinds.
    #[error("{0}: neither an RPM nor a `.fp` package, which is what `fpb build` makes")]
    Unknown(Utf8PathBuf),
    /// A directory; only packages can be unpacked.
    #[error("{0}: a directory and no package, which is a `.rpm` or `.fp` file")]
    Directory(Utf8PathBuf),
    /// It unpacks to more than [`Limits`](crate::Limits) allow.
    #[error("{package}: {why}; if you trust it, unpack it with `--no-limits`")]
    TooLarge {
        /// The package.
        package: Utf8PathBuf,
        /// Which limit.
        why: String,
    },
    /// It is one of them, but damaged or compressed in an unknown way.
    #[error("{package}: {why}")]
    Damaged {
        /// The package.
        package: Utf8PathBuf,
        /// What is wrong.
        why: String,
    },
    /// An RPM of something else.
    #[error("{package}: holds no plugin: {why}")]
    NoPlugin {
        /// The package.
        package: Utf8PathBuf,
        /// What is missing.
        why: String,
    },
    /// Something that has no place in a plugin's package: nothing of it is unpacked.
    #[error("{package}: `{path}` is refused: {why}")]
    Refused {
        /// The package.
        package: Utf8PathBuf,
        /// The path in the package.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// A file cannot be read or written; the text names it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
