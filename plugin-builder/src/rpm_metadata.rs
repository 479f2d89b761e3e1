//! Reading the headers of an RPM that somebody else made.
//!
//! The `rpm` crate trusts the offsets and counts of a header's index: one that points out of the header makes it panic,
//! and a large one makes it ask for all memory. They are looked at here before it sees them.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use rpm::PackageMetadata;

/// The lead, an old header that only says that it is an RPM.
const LEAD: u64 = 96;
const HEADER_MAGIC: [u8; 3] = [0x8e, 0xad, 0xe8];
const ENTRY: usize = 16;
/// RPM's own limits: entries, and bytes of data.
const MOST_ENTRIES: u32 = 0xffff;
const MOST_DATA: u32 = 0x0fff_ffff;

/// Reads both headers; afterwards `reader` stands at the payload.
///
/// # Errors
/// What is wrong, in words that follow a package's name.
pub(crate) fn read_metadata(reader: &mut BufReader<fs_err::File>) -> Result<PackageMetadata, String> {
    check(reader).map_err(|error| format!("its header is damaged: {error}"))?;
    reader.rewind().map_err(|error| error.to_string())?;
    PackageMetadata::parse(reader).map_err(|error| format!("its header is damaged: {error}"))
}

fn check(reader: &mut BufReader<fs_err::File>) -> io::Result<()> {
    let size = reader.get_ref().metadata()?.len();
    reader.seek(SeekFrom::Start(LEAD))?;
    check_header(reader, size)?;
    // The signature's header is filled up to a multiple of eight.
    let position = reader.stream_position()?;
    reader.seek(SeekFrom::Start(position.next_multiple_of(8)))?;
    check_header(reader, size)
}

/// Whether everything that a header's index names lies in its data.
fn check_header(reader: &mut (impl Read + Seek), file_size: u64) -> io::Result<()> {
    let mut start = [0; ENTRY];
    reader.read_exact(&mut start)?;
    if !start.starts_with(&HEADER_MAGIC) {
        return Err(io::Error::other("it does not begin as a header does"));
    }
    let (entries, data) = (number(&start, 8), number(&start, 12));
    let rest = u64::from(entries) * ENTRY as u64 + u64::from(data);
    if entries > MOST_ENTRIES || data > MOST_DATA || reader.stream_position()? + rest > file_size {
        return Err(io::Error::other("it claims to be larger than it can be"));
    }
    for _ in 0..entries {
        let mut entry = [0; ENTRY];
        reader.read_exact(&mut entry)?;
        let (kind, offset, count) = (number(&entry, 4), number(&entry, 8), number(&entry, 12));
        let smallest = match kind {
            0 => 0,
            3 => 2,
            4 => 4,
            5 => 8,
            // Characters, bytes, and texts, which have at least their end.
            _ => 1,
        };
        if u64::from(offset) + u64::from(count) * smallest > u64::from(data) {
            let tag = number(&entry, 0);
            return Err(io::Error::other(format!("its tag {tag} points out of it")));
        }
    }
    reader.seek_relative(i64::from(data))
}

fn number(bytes: &[u8; ENTRY], at: usize) -> u32 {
    bytes
        .iter()
        .skip(at)
        .take(4)
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}
