//! Checksums of files, read once and piece by piece.

use std::io::{BufReader, Read as _};

use camino::Utf8Path;
use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// The checksums that a package index holds, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) size: u64,
    pub(crate) md5: String,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

/// All checksums of a file.
pub(crate) fn digests_of_file(path: &Utf8Path) -> std::io::Result<Digests> {
    let (mut md5, mut sha1, mut sha256) = (Md5::new(), Sha1::new(), Sha256::new());
    let size = each_block(path, |block| {
        md5.update(block);
        sha1.update(block);
        sha256.update(block);
    })?;
    Ok(Digests {
        size,
        md5: hex(&md5.finalize()),
        sha1: hex(&sha1.finalize()),
        sha256: hex(&sha256.finalize()),
    })
}

/// The SHA-1 of a file.
pub(crate) fn sha1_of_file(path: &Utf8Path) -> std::io::Result<String> {
    let mut sha1 = Sha1::new();
    each_block(path, |block| sha1.update(block))?;
    Ok(hex(&sha1.finalize()))
}

/// The SHA-256 of bytes.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn each_block(path: &Utf8Path, mut take: impl FnMut(&[u8])) -> std::io::Result<u64> {
    let mut reader = BufReader::new(fs_err::File::open(path)?);
    let mut block = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        let length = reader.read(&mut block)?;
        let Some(read) = block.get(..length).filter(|read| !read.is_empty()) else {
            return Ok(size);
        };
        size += length as u64;
        take(read);
    }
}
