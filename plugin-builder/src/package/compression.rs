//! Taking a compression off, piece by piece. The first bytes tell which it is.

use std::io::{self, BufRead, Chain, Cursor, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

const GZIP: &[u8] = &[0x1f, 0x8b];
const BZIP2: &[u8] = b"BZh";
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const LZMA: &[u8] = &[0x5d, 0, 0];
/// The memory that an LZMA or XZ stream may ask for, in KiB.
const LZMA_MEMORY: u32 = 512 * 1024;
/// The longest of the signatures above.
const SIGNATURE: usize = 6;

/// The unpacked bytes; the bytes themselves if they are not compressed in a known way.
pub(super) fn decompress(mut reader: impl BufRead + 'static) -> io::Result<Box<dyn Read>> {
    // A buffer may hold less than the signature.
    let mut start = Vec::with_capacity(SIGNATURE);
    reader.by_ref().take(SIGNATURE as u64).read_to_end(&mut start)?;
    let is = |signature: &[u8]| start.starts_with(signature);
    let (gzip, bzip2, xz, zstd, lzma) = (is(GZIP), is(BZIP2), is(XZ), is(ZSTD), is(LZMA));
    let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(start).chain(reader);
    Ok(if gzip {
        Box::new(MultiGzDecoder::new(whole))
    } else if bzip2 {
        Box::new(MultiBzDecoder::new(whole))
    } else if xz {
        Box::new(lzma_rust2::XzReader::new_mem_limit(whole, true, LZMA_MEMORY))
    } else if zstd {
        Box::new(ruzstd::decoding::StreamingDecoder::new(whole).map_err(io::Error::other)?)
    } else if lzma {
        let lzma = lzma_rust2::LzmaReader::new_mem_limit(whole, LZMA_MEMORY, None);
        Box::new(lzma.map_err(io::Error::other)?)
    } else {
        Box::new(whole)
    })
}
