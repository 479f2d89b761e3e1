//! The package while it is being written.
//!
//! It has no name in any directory until it is whole, so nothing is left of a build that is killed, and two builds at
//! once do not meet. Where the file system has no such files, it has a hidden name meanwhile.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use camino::{Utf8Path, Utf8PathBuf};

/// Fewer and larger writes.
const BUFFER: usize = 256 * 1024;

/// A file that becomes `target` when it is finished, and leaves nothing behind when it is not.
pub(crate) struct Unfinished {
    file: BufWriter<std::fs::File>,
    target: Utf8PathBuf,
    /// Its name, if it must have one; removes the file when dropped.
    named: Option<tempfile::TempPath>,
}

impl Unfinished {
    pub(crate) fn new(target: Utf8PathBuf) -> io::Result<Self> {
        let directory = directory(&target);
        let (file, named) = match nameless(directory) {
            Ok(file) => (file, None),
            Err(_) => {
                let (file, path) = temporary(directory)
                    .tempfile_in(directory)
                    .map_err(|error| words(&target, &error))?
                    .into_parts();
                (file, Some(path))
            }
        };
        Ok(Self {
            file: BufWriter::with_capacity(BUFFER, file),
            target,
            named,
        })
    }

    /// Puts the file into its place, where it replaces what was there.
    pub(crate) fn finish(mut self) -> io::Result<Utf8PathBuf> {
        self.publish().map_err(|error| words(&self.target, &error))?;
        Ok(self.target)
    }

    fn publish(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let named = match self.named.take() {
            Some(path) => path,
            None => give_name(self.file.get_ref(), directory(&self.target))?,
        };
        readable(self.file.get_ref())?;
        named.persist(&self.target).map_err(|error| error.error)
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| words(&self.target, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| words(&self.target, &error))
    }
}

impl Read for Unfinished {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.flush()?;
        self.file
            .get_mut()
            .read(buffer)
            .map_err(|error| words(&self.target, &error))
    }
}

impl Seek for Unfinished {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position).map_err(|error| words(&self.target, &error))
    }
}

/// The system's words do not name a file that has no name.
fn words(target: &Utf8Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("{target}: the package cannot be written: {error}"),
    )
}

fn directory(target: &Utf8Path) -> &Utf8Path {
    match target.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    }
}

/// Hidden, so that neither a build nor a person takes it for a part of the plugin.
fn temporary(_directory: &Utf8Path) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-package-");
    builder
}

#[cfg(target_os = "linux")]
fn nameless(directory: &Utf8Path) -> io::Result<std::fs::File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::open(directory.as_std_path(), flags, Mode::RUSR | Mode::WUSR)?;
    Ok(file.into())
}

#[cfg(target_os = "linux")]
fn give_name(file: &std::fs::File, directory: &Utf8Path) -> io::Result<tempfile::TempPath> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd as _;
    let magic = format!("/proc/self/fd/{}", file.as_raw_fd());
    let named = temporary(directory).make_in(directory, |path| {
        linkat(CWD, magic.as_str(), CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
    })?;
    Ok(named.into_temp_path())
}

#[cfg(not(target_os = "linux"))]
fn nameless(_directory: &Utf8Path) -> io::Result<std::fs::File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn give_name(_file: &std::fs::File, _directory: &Utf8Path) -> io::Result<tempfile::TempPath> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A temporary file is for its owner alone; a package is for everybody.
#[cfg(unix)]
fn readable(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &std::fs::File) -> io::Result<()> {
    Ok(())
}
