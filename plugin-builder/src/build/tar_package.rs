//! The package of format 1.0.0: a compressed tar.

use std::io;

use camino::Utf8Path;

use crate::build::BuildError;
use crate::build::contents::{Exact, file_name};
use crate::build::gzip::GzipWriter;
use crate::build::unfinished::Unfinished;
use crate::metadata::Metadata;
use crate::tree::{Entry, Kind, Tree};

/// Writes the package into `directory`, where it has the name `<name>-<version>.fp`. `packed` is told how many bytes
/// of files were packed since it was last called.
pub(crate) fn write(
    tree: &Tree,
    metadata: &Metadata,
    time: i64,
    directory: &Utf8Path,
    packed: &dyn Fn(u64),
) -> Result<Unfinished, BuildError> {
    let root = metadata.directory_name();
    let name = format!("{root}.fp");
    let file = Unfinished::new(directory.join(file_name(&name)?))?;
    let mut archive = tar::Builder::new(GzipWriter::new(file)?);
    let time = u64::try_from(time).unwrap_or(0);
    let top = Entry {
        mode: 0o755,
        kind: Kind::Directory,
    };
    append(&mut archive, Utf8Path::new(&root), &top, time, packed)?;
    for (path, entry) in tree.iter() {
        append(&mut archive, &Utf8Path::new(&root).join(path), entry, time, packed)?;
    }
    Ok(archive.into_inner()?.finish()?)
}

fn append(
    archive: &mut tar::Builder<GzipWriter<Unfinished>>,
    path: &Utf8Path,
    entry: &Entry,
    time: u64,
    packed: &dyn Fn(u64),
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    // A set-user-ID file has nothing to do in a plugin.
    header.set_mode(entry.mode & 0o777);
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header.set_username("root")?;
    header.set_groupname("root")?;
    header.set_size(0);
    match &entry.kind {
        Kind::Directory => {
            header.set_entry_type(tar::EntryType::Directory);
            archive.append_data(&mut header, path, io::empty())
        }
        Kind::Link { target } => {
            header.set_entry_type(tar::EntryType::Symlink);
            archive.append_link(&mut header, path, target)
        }
        Kind::File { content, .. } => {
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(content.size());
            archive.append_data(&mut header, path, Exact::open(content, packed)?)
        }
    }
}
