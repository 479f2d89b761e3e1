//! The package of format 1.0.0: a compressed tar.

use camino::Utf8Path;
use flate2::{Compression, GzBuilder};

use crate::build::BuildError;
use crate::build::tree::{Entry, EntryKind};
use crate::metadata::Metadata;

/// Writes the package and says its file name: `<name>-<version>.fp`.
pub(crate) fn write(
    entries: &[Entry],
    metadata: &Metadata,
    time: i64,
    target: &Utf8Path,
) -> Result<String, BuildError> {
    let directory = format!("{}-{}", metadata.name, metadata.version);
    let file = std::io::BufWriter::new(fs_err::File::create(target)?);
    let mut archive = tar::Builder::new(GzBuilder::new().mtime(0).write(file, Compression::default()));
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.mode);
        header.set_mtime(u64::try_from(time).unwrap_or(0));
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root")?;
        header.set_groupname("root")?;
        header.set_size(0);
        let path = Utf8Path::new(&directory).join(&entry.path);
        match &entry.kind {
            EntryKind::Directory => {
                header.set_entry_type(tar::EntryType::Directory);
                archive.append_data(&mut header, path, std::io::empty())?;
            }
            EntryKind::Link { target } => {
                header.set_entry_type(tar::EntryType::Symlink);
                archive.append_link(&mut header, path, target)?;
            }
            EntryKind::File { size } => {
                header.set_entry_type(tar::EntryType::Regular);
                header.set_size(*size);
                archive.append_data(&mut header, path, fs_err::File::open(&entry.source)?)?;
            }
        }
    }
    let file = archive.into_inner()?.finish()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok(format!("{directory}.fp"))
}
