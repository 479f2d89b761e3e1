//! Limits for packages that are not what they seem.

use std::io::{self, Read};

use crate::package::error::UnpackError;
use camino::Utf8Path;

/// How much a package may unpack to. The default has room for real plugins, the largest of which hold a few GB of
/// packages that are compressed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files.
    pub size: u64,
    /// Bytes of all files for each byte of the package; below 256 MiB no ratio is too large.
    pub ratio: u64,
    /// Files, directories and links.
    pub entries: u64,
}

/// Text that repeats itself may well shrink a hundredfold.
const RATIO_COUNTS_FROM: u64 = 256 * 1024 * 1024;

/// What archives are filled up with is some kilobytes.
const MOST_PADDING: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 16 * 1024 * 1024 * 1024,
            ratio: 100,
            entries: 200_000,
        }
    }
}

impl Limits {
    /// For a package that is trusted.
    #[must_use]
    pub fn none() -> Self {
        Self {
            size: u64::MAX,
            ratio: u64::MAX,
            entries: u64::MAX,
        }
    }
}

/// What a limit says when it is reached; travels through readers as an [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LimitReached(String);

impl LimitReached {
    fn error(why: String) -> io::Error {
        io::Error::other(Self(why))
    }
}

/// A package's unpacked bytes, up to the limit.
pub(super) struct Bounded<R> {
    reader: R,
    read: u64,
    most: u64,
    /// So many bytes at the end were zero.
    zeros: u64,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(reader: R, limits: &Limits, package_size: u64) -> Self {
        let by_ratio = package_size.saturating_mul(limits.ratio).max(RATIO_COUNTS_FROM);
        Self {
            reader,
            read: 0,
            most: limits.size.min(by_ratio),
            zeros: 0,
        }
    }

    /// Reads what is left, so that the compression's own checksum at its end is looked at; says how many bytes at the
    /// end were zero.
    pub(super) fn drain(&mut self) -> io::Result<u64> {
        let rest = io::copy(&mut self.by_ref().take(MOST_PADDING + 1), &mut io::sink())?;
        if rest > MOST_PADDING {
            return Err(io::Error::other("more than an archive's padding follows its end"));
        }
        Ok(self.zeros)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.read += length as u64;
        if self.read > self.most {
            return Err(too_large(self.most));
        }
        let read = buffer.get(..length).unwrap_or_default();
        self.zeros = if is_zero(read) {
            self.zeros + length as u64
        } else {
            read.iter().rev().take_while(|byte| **byte == 0).count() as u64
        };
        Ok(length)
    }
}

/// Counts entries and the sizes that they state, so that a bomb is found before it is written.
pub(super) struct EntryCount {
    rest: u64,
    entries: u64,
    rest_size: u64,
    size: u64,
}

impl EntryCount {
    pub(super) fn new<R>(limits: &Limits, content: &Bounded<R>) -> Self {
        Self {
            rest: limits.entries,
            entries: limits.entries,
            rest_size: content.most,
            size: content.most,
        }
    }

    /// One more entry of this size.
    pub(super) fn next(&mut self, size: u64) -> io::Result<()> {
        let Some(rest) = self.rest.checked_sub(1) else {
            return Err(LimitReached::error(format!(
                "it holds more than {} files and directories",
                self.entries
            )));
        };
        self.rest = rest;
        self.rest_size = self.rest_size.checked_sub(size).ok_or_else(|| too_large(self.size))?;
        Ok(())
    }
}

/// Whether all bytes are zero, compared in blocks: bombs are made of zeros.
fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    bytes.chunks(ZEROS.len()).all(|chunk| ZEROS.starts_with(chunk))
}

fn too_large(most: u64) -> io::Error {
    LimitReached::error(format!(
        "it unpacks to more than {} MB, which no plugin of its size does",
        most / 1_000_000
    ))
}

/// An error of reading the package: a limit that was reached, or damage.
pub(super) fn read_error(package: &Utf8Path, error: &io::Error) -> UnpackError {
    let mut cause = error.get_ref().map(|cause| cause as &(dyn std::error::Error + 'static));
    while let Some(this) = cause {
        if let Some(LimitReached(why)) = this.downcast_ref() {
            return UnpackError::TooLarge {
                package: package.to_owned(),
                why: why.clone(),
            };
        }
        if let Some(inner) = this.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            cause = Some(inner);
            continue;
        }
        cause = this.source();
    }
    let why = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is damaged: it ends too early".to_owned(),
        _ => format!("it is damaged: {error}"),
    };
    UnpackError::Damaged {
        package: package.to_owned(),
        why,
    }
}
