//! The cpio archive ("newc") that an RPM's payload is.

use std::io::{self, Write};

const TRAILER: &str = "TRAILER!!!";
const HEADER: u64 = 110;

/// What an entry's header says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) path: &'a str,
    /// Numbers from 1.
    pub(super) inode: u32,
    /// Type and permission bits.
    pub(super) mode: u32,
    pub(super) time: u32,
    pub(super) size: u32,
}

/// Writes an entry's header; as many bytes of content as it says must follow, and then [`pad`].
pub(super) fn write_header(writer: &mut impl Write, entry: &Entry<'_>) -> io::Result<()> {
    write_fields(writer, entry, 1)
}

/// Fills up to a multiple of four.
pub(super) fn pad(writer: &mut impl Write, written: u64) -> io::Result<()> {
    let length = usize::try_from(padding(written)).unwrap_or(0);
    writer.write_all([0; 3].get(..length).unwrap_or_default())
}

/// Ends the archive.
pub(super) fn write_trailer(writer: &mut impl Write) -> io::Result<()> {
    let entry = Entry {
        path: TRAILER,
        inode: 0,
        mode: 0,
        time: 0,
        size: 0,
    };
    write_fields(writer, &entry, 1)
}

fn write_fields(writer: &mut impl Write, entry: &Entry<'_>, links: u32) -> io::Result<()> {
    let name_size = entry.path.len() + 1;
    write!(
        writer,
        "070701{:08x}{:08x}{:08x}{:08x}{links:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{name_size:08x}{:08x}{}\0",
        entry.inode, entry.mode, 0, 0, entry.time, entry.size, 0, 0, 0, 0, 0, entry.path
    )?;
    pad(writer, HEADER + name_size as u64)
}

/// The whole archive's size, of entries with these paths' lengths and contents' sizes.
pub(super) fn archive_size(entries: impl Iterator<Item = (u64, u64)>) -> u64 {
    let one = |path: u64, size: u64| {
        let header = HEADER + path + 1;
        header + padding(header) + size + padding(size)
    };
    let trailer = one(TRAILER.len() as u64, 0);
    entries.fold(trailer, |sum, (path, size)| sum + one(path, size))
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(4) - size
}
