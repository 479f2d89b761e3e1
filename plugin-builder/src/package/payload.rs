//! Opening packages and taking their compression off, piece by piece.

use std::io::{self, BufRead, BufReader, Read};

use camino::Utf8Path;
use flate2::bufread::GzDecoder;
use rpm::PackageMetadata;

use crate::package::error::UnpackError;
use crate::rpm_metadata::read_metadata;

/// An open package.
pub(crate) enum Opened {
    /// An RPM's header; the payload, a cpio archive, follows.
    Rpm(Box<PackageMetadata>, Box<dyn Read>),
    /// A tar.
    Fp(tar::Archive<Box<dyn Read>>),
}

const RPM_MAGIC: &[u8] = &[0xed, 0xab, 0xee, 0xdb];
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const XZ_MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The memory that an `lzma` payload may ask for, in KiB.
const LZMA_MEMORY: u32 = 512 * 1024;

/// Opens a package; its first bytes tell which kind it is, not its name.
pub(crate) fn open(package: &Utf8Path) -> Result<Opened, UnpackError> {
    let mut reader = BufReader::new(fs_err::File::open(package)?);
    let start = reader.fill_buf()?;
    if start.starts_with(RPM_MAGIC) {
        let metadata = read_metadata(&mut reader).map_err(|why| damaged(package, why))?;
        let payload = decompress(reader).map_err(|error| damaged(package, error.to_string()))?;
        return Ok(Opened::Rpm(Box::new(metadata), payload));
    }
    if start.starts_with(GZIP_MAGIC) {
        return Ok(Opened::Fp(tar::Archive::new(Box::new(GzDecoder::new(reader)))));
    }
    Err(UnpackError::Unknown(package.to_owned()))
}

pub(crate) fn damaged(package: &Utf8Path, why: String) -> UnpackError {
    UnpackError::Damaged {
        package: package.to_owned(),
        why,
    }
}

fn decompress(mut reader: impl BufRead + 'static) -> io::Result<Box<dyn Read>> {
    let start = reader.fill_buf()?;
    Ok(if start.starts_with(GZIP_MAGIC) {
        Box::new(GzDecoder::new(reader))
    } else if start.starts_with(XZ_MAGIC) {
        Box::new(lzma_rust2::XzReader::new(reader, true))
    } else if start.starts_with(ZSTD_MAGIC) {
        Box::new(ruzstd::decoding::StreamingDecoder::new(reader).map_err(io::Error::other)?)
    } else if start.starts_with(&[0x5d, 0, 0]) {
        let lzma = lzma_rust2::LzmaReader::new_mem_limit(reader, LZMA_MEMORY, None);
        Box::new(lzma.map_err(io::Error::other)?)
    } else if start.starts_with(b"0707") {
        Box::new(reader)
    } else {
        return Err(io::Error::other("its payload is compressed in an unknown way"));
    })
}
