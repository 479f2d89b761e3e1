//! Opening packages.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read};

use camino::Utf8Path;
use rpm::PackageMetadata;

use crate::package::checksums::{self, Expected};
use crate::package::compression::decompress;
use crate::package::error::UnpackError;
use crate::package::limits::{Bounded, Limits, read_error};
use crate::rpm_metadata::read_metadata;

/// An open package's content.
pub(super) type Content = Bounded<Box<dyn Read>>;

/// An open package.
pub(super) enum Opened {
    /// A cpio archive, the package's name, and the checksums of its files by absolute path.
    Rpm(Content, String, HashMap<String, Expected>),
    /// A tar.
    Fp(Content),
}

const RPM_MAGIC: &[u8] = &[0xed, 0xab, 0xee, 0xdb];
/// A tar's first block.
const BLOCK: u64 = 512;

/// The header of an RPM, or nothing if the file is none.
pub(super) fn rpm_header(package: &Utf8Path) -> Result<Option<PackageMetadata>, UnpackError> {
    let mut reader = open_file(package)?;
    // Not `fill_buf`: what starts as an RPM may be shorter than its magic number.
    if !reader.fill_buf()?.starts_with(RPM_MAGIC) {
        return Ok(None);
    }
    let metadata = read_metadata(&mut reader).map_err(|why| damaged(package, why))?;
    Ok(Some(metadata))
}

/// Opens a package; its first bytes tell which kind it is, not its name. An RPM's checksums are compared first.
pub(super) fn open(package: &Utf8Path, limits: &Limits) -> Result<Opened, UnpackError> {
    let mut reader = open_file(package)?;
    let size = reader.get_ref().metadata()?.len();
    if reader.fill_buf()?.starts_with(RPM_MAGIC) {
        let metadata = read_metadata(&mut reader).map_err(|why| damaged(package, why))?;
        let name = metadata
            .get_name()
            .map_err(|error| damaged(package, error.to_string()))?;
        let (name, expected) = (name.to_owned(), checksums::of_files(&metadata));
        let mut file = fs_err::File::open(package)?;
        checksums::check_rpm(&mut file, &metadata)?.map_err(|why| damaged(package, why))?;
        let content = decompress(reader).map_err(|error| read_error(package, &error))?;
        return Ok(Opened::Rpm(Bounded::new(content, limits, size), name, expected));
    }
    let content = decompress(reader).map_err(|error| read_error(package, &error))?;
    let mut content = content;
    let mut start = Vec::new();
    // Whatever cannot be read to its first block is no archive.
    let read = content.by_ref().take(BLOCK).read_to_end(&mut start);
    if read.is_err() || !is_tar(&start) {
        return Err(UnpackError::Unknown(package.to_owned()));
    }
    let whole: Box<dyn Read> = Box::new(std::io::Cursor::new(start).chain(content));
    Ok(Opened::Fp(Bounded::new(whole, limits, size)))
}

fn open_file(package: &Utf8Path) -> Result<BufReader<fs_err::File>, UnpackError> {
    let file = fs_err::File::open(package)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(UnpackError::Directory(package.to_owned()));
    }
    if !metadata.is_file() {
        return Err(UnpackError::Unknown(package.to_owned()));
    }
    Ok(BufReader::with_capacity(64 * 1024, file))
}

/// Whether a block is a tar header: its checksum is right.
fn is_tar(block: &[u8]) -> bool {
    let Ok(block) = <&[u8; 512]>::try_from(block) else {
        return false;
    };
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    let sum: u32 = (block.iter().enumerate())
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    header.cksum().is_ok_and(|stated| stated == sum)
}

pub(super) fn damaged(package: &Utf8Path, why: String) -> UnpackError {
    UnpackError::Damaged {
        package: package.to_owned(),
        why,
    }
}
