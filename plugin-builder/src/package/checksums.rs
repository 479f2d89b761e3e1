//! The checksums that a package has of itself.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use md5::Md5;
use rpm::{DigestAlgorithm, IndexSignatureTag, IndexTag, PackageMetadata};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::tree::hex;

/// A checksum in the making.
pub(super) enum Sum {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Sum {
    pub(super) fn sha1() -> Self {
        Self::Sha1(Sha1::new())
    }

    /// Of an algorithm that RPMs are known to have used.
    fn of(algorithm: DigestAlgorithm) -> Option<Self> {
        match algorithm {
            DigestAlgorithm::Md5 => Some(Self::Md5(Md5::new())),
            DigestAlgorithm::Sha2_256 => Some(Self::Sha256(Sha256::new())),
            _ => None,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(sum) => sum.update(bytes),
            Self::Sha1(sum) => sum.update(bytes),
            Self::Sha256(sum) => sum.update(bytes),
        }
    }

    /// In lower-case hexadecimal.
    pub(super) fn end(self) -> String {
        match self {
            Self::Md5(sum) => hex(&sum.finalize()),
            Self::Sha1(sum) => hex(&sum.finalize()),
            Self::Sha256(sum) => hex(&sum.finalize()),
        }
    }
}

/// What a file's content must sum up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    algorithm: DigestAlgorithm,
    digest: String,
}

impl Expected {
    pub(super) fn sum(&self) -> Option<Sum> {
        Sum::of(self.algorithm)
    }

    pub(super) fn is(&self, digest: &str) -> bool {
        self.digest.eq_ignore_ascii_case(digest)
    }
}

/// The checksums of files in an RPM's header, by absolute paths.
pub(super) fn of_files(metadata: &PackageMetadata) -> HashMap<String, Expected> {
    let entries = metadata.get_file_entries().unwrap_or_default();
    let expected = entries.iter().filter_map(|entry| {
        let digest = entry.digest()?;
        let expected = Expected {
            algorithm: digest.algorithm(),
            digest: digest.as_hex().to_owned(),
        };
        Some((entry.path().to_str()?.to_owned(), expected))
    });
    expected.collect()
}

/// Compares an RPM's header and payload with the checksums in its signature's header and its header. A package has
/// some of them, by its age; without a key they protect from damage only.
///
/// # Errors
/// The outer one if the file cannot be read, the inner one says what is wrong.
pub(super) fn check_rpm(file: &mut (impl Read + Seek), metadata: &PackageMetadata) -> io::Result<Result<(), String>> {
    let offsets = metadata.get_package_segment_offsets();
    let signature = &metadata.signature;
    let text = |tag| signature.get_entry_data_as_string(tag).ok().map(str::to_owned);
    let md5 = signature
        .get_entry_data_as_binary(IndexSignatureTag::RPMSIGTAG_MD5)
        .ok()
        .map(hex);
    let payload_sha256 = metadata
        .header
        .get_entry_data_as_string_array(IndexTag::RPMTAG_PAYLOADSHA256)
        .ok()
        .and_then(|digests| digests.first().map(|digest| (*digest).to_owned()));

    let (mut header_sha1, mut header_sha256) = (Sha1::new(), Sha256::new());
    // MD5 costs more than all others, and says nothing that the payload's own checksum does not.
    let mut whole = md5.as_ref().filter(|_| payload_sha256.is_none()).map(|_| Md5::new());
    let mut payload = payload_sha256.as_ref().map(|_| Sha256::new());
    file.seek(SeekFrom::Start(offsets.header))?;
    let header_size = offsets.payload.saturating_sub(offsets.header);
    let read = each_block(&mut file.take(header_size), |block| {
        header_sha1.update(block);
        header_sha256.update(block);
        whole.iter_mut().for_each(|whole| whole.update(block));
    })?;
    let size = read
        + each_block(file, |block| {
            whole.iter_mut().for_each(|whole| whole.update(block));
            payload.iter_mut().for_each(|payload| payload.update(block));
        })?;

    let stated_size = signature
        .get_entry_data_as_u32(IndexSignatureTag::RPMSIGTAG_SIZE)
        .map(u64::from)
        .or_else(|_| signature.get_entry_data_as_u64(IndexSignatureTag::RPMSIGTAG_LONGSIZE));
    if let Ok(stated) = stated_size
        && stated != size
    {
        return Ok(Err(format!(
            "it is damaged: header and payload have {size} bytes instead of {stated}"
        )));
    }
    for (part, stated, found) in [
        (
            "header",
            text(IndexSignatureTag::RPMSIGTAG_SHA1),
            Some(hex(&header_sha1.finalize())),
        ),
        (
            "header",
            text(IndexSignatureTag::RPMSIGTAG_SHA256),
            Some(hex(&header_sha256.finalize())),
        ),
        ("content", md5, whole.map(|sum| hex(&sum.finalize()))),
        ("payload", payload_sha256, payload.map(|sum| hex(&sum.finalize()))),
    ] {
        if let (Some(stated), Some(found)) = (stated, found)
            && !stated.eq_ignore_ascii_case(&found)
        {
            return Ok(Err(format!(
                "it is damaged: its {part} has another checksum than it says"
            )));
        }
    }
    Ok(Ok(()))
}

/// The SHA-256, SHA-1 and MD5 of a whole package.
pub(super) fn of_package(file: &mut impl Read) -> io::Result<[(&'static str, String); 3]> {
    let (mut sha256, mut sha1, mut md5) = (Sha256::new(), Sha1::new(), Md5::new());
    each_block(file, |block| {
        sha256.update(block);
        sha1.update(block);
        md5.update(block);
    })?;
    Ok([
        ("sha256", hex(&sha256.finalize())),
        ("sha1", hex(&sha1.finalize())),
        ("md5", hex(&md5.finalize())),
    ])
}

fn each_block(reader: &mut impl Read, take: impl FnMut(&[u8])) -> io::Result<u64> {
    struct Blocks<F>(F);
    impl<F: FnMut(&[u8])> Write for Blocks<F> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            (self.0)(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut reader = io::BufReader::with_capacity(256 * 1024, reader);
    let mut blocks = io::BufWriter::with_capacity(256 * 1024, Blocks(take));
    let length = io::copy(&mut reader, &mut blocks)?;
    blocks.flush()?;
    Ok(length)
}
