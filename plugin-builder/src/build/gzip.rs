//! Compressing on all processors, with the same bytes whatever their number.
//!
//! The input is cut into pieces. Each is deflated for itself up to a byte's border ("sync flush"), so that the results
//! one behind the other are one gzip stream (RFC 1952). Packages of a repository are compressed already; a piece that
//! a sample shows to be so is stored, which is forty times faster than finding out that it cannot be made smaller.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// The size of a piece: large enough that what is forgotten between two of them does not matter.
const PIECE: usize = 512 * 1024;
/// What of a piece is looked at, at three places.
const SAMPLE: usize = 8 * 1024;
/// rpmbuild's own level.
const LEVEL: u32 = 9;
const MOST_THREADS: usize = 8;
/// Magic, deflate, no flags, no time, best compression, Unix.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];

/// Compresses what is written to it.
pub(crate) struct GzipWriter<W> {
    inner: W,
    crc: Crc,
    piece: Vec<u8>,
    workers: Option<Workers>,
}

impl<W: Write> GzipWriter<W> {
    pub(crate) fn new(mut inner: W) -> io::Result<Self> {
        inner.write_all(&HEADER)?;
        Ok(Self {
            inner,
            crc: Crc::new(),
            piece: Vec::new(),
            workers: None,
        })
    }

    /// Ends the stream.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if let Some(mut workers) = self.workers.take() {
            workers.end();
            while let Some(deflated) = workers.next()? {
                self.inner.write_all(&deflated)?;
            }
        }
        let last = deflate(&self.piece, FlushCompress::Finish)?;
        self.inner.write_all(&last)?;
        self.inner.write_all(&self.crc.sum().to_le_bytes())?;
        self.inner.write_all(&self.crc.amount().to_le_bytes())?;
        Ok(self.inner)
    }

    fn send_piece(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        let workers = self.workers.get_or_insert_with(Workers::start);
        workers.send(piece)?;
        // Enough waits for every worker; the memory is bounded by it.
        while workers.waiting() > 2 * workers.threads.len() {
            if let Some(deflated) = workers.next()? {
                self.inner.write_all(&deflated)?;
            }
        }
        Ok(())
    }
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            self.send_piece()?;
        }
        let taken = bytes.len().min(PIECE - self.piece.len());
        let bytes = bytes.get(..taken).unwrap_or_default();
        self.crc.update(bytes);
        self.piece.extend_from_slice(bytes);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Piece = (u64, Vec<u8>);
type Deflated = (u64, io::Result<Vec<u8>>);

/// Threads that deflate pieces; started with the first full one, so that a small package needs none.
struct Workers {
    threads: Vec<JoinHandle<()>>,
    pieces: Option<Sender<Piece>>,
    deflated: Receiver<Deflated>,
    /// Those that came before their turn.
    early: BTreeMap<u64, io::Result<Vec<u8>>>,
    sent: u64,
    taken: u64,
}

impl Workers {
    fn start() -> Self {
        let (pieces, queue) = channel::<Piece>();
        let (sender, deflated) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let count = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(MOST_THREADS);
        let threads = (0..count)
            .map(|_| {
                let (queue, sender) = (Arc::clone(&queue), sender.clone());
                std::thread::spawn(move || {
                    loop {
                        let next = queue.lock().map(|queue| queue.recv());
                        let Ok(Ok((number, piece))) = next else { return };
                        if sender.send((number, deflate(&piece, FlushCompress::Sync))).is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        Self {
            threads,
            pieces: Some(pieces),
            deflated,
            early: BTreeMap::new(),
            sent: 0,
            taken: 0,
        }
    }

    fn waiting(&self) -> usize {
        usize::try_from(self.sent - self.taken).unwrap_or(usize::MAX)
    }

    fn send(&mut self, piece: Vec<u8>) -> io::Result<()> {
        let sent = self.pieces.as_ref().map(|pieces| pieces.send((self.sent, piece)));
        self.sent += 1;
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(io::Error::other("the threads that compress are gone")),
        }
    }

    /// No more pieces will come.
    fn end(&mut self) {
        self.pieces = None;
    }

    /// The next one in the order of the pieces.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.taken == self.sent {
            return Ok(None);
        }
        loop {
            if let Some(deflated) = self.early.remove(&self.taken) {
                self.taken += 1;
                return deflated.map(Some);
            }
            let (number, deflated) = self
                .deflated
                .recv()
                .map_err(|_| io::Error::other("the threads that compress are gone"))?;
            self.early.insert(number, deflated);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.pieces = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has closed its channel, which was seen as an error.
            let _ = thread.join();
        }
    }
}

fn deflate(piece: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let level = if is_compressed(piece)? { 0 } else { LEVEL };
    deflate_at(level, piece, flush)
}

fn deflate_at(level: u32, piece: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::new(level), false);
    let mut deflated = Vec::with_capacity(piece.len() / 2 + 1024);
    loop {
        let rest = usize::try_from(compress.total_in())
            .ok()
            .and_then(|read| piece.get(read..))
            .unwrap_or_default();
        let before = compress.total_out();
        let status = compress.compress_vec(rest, &mut deflated, flush)?;
        let has_room = deflated.len() < deflated.capacity();
        let done = match flush {
            FlushCompress::Finish => status == Status::StreamEnd,
            // All is out when there was room for more.
            _ => has_room && compress.total_in() == piece.len() as u64,
        };
        if done || (compress.total_out() == before && has_room) {
            return Ok(deflated);
        }
        deflated.reserve(piece.len() / 4 + 1024);
    }
}

/// Whether samples of a piece cannot be made smaller.
fn is_compressed(piece: &[u8]) -> io::Result<bool> {
    if piece.len() < 4 * SAMPLE {
        return Ok(false);
    }
    for start in [0, piece.len() / 2, piece.len() - SAMPLE] {
        let sample = piece.get(start..start + SAMPLE).unwrap_or_default();
        if deflate_at(1, sample, FlushCompress::Finish)?.len() < SAMPLE / 64 * 63 {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{GzipWriter, PIECE};
    use flate2::read::GzDecoder;
    use rstest::rstest;
    use std::io::{Read, Write};

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        })
        .take(length)
        .collect()
    }

    #[rstest]
    #[case::nothing(Vec::new())]
    #[case::one_byte(vec![7])]
    #[case::exactly_a_piece(vec![1; PIECE])]
    #[case::a_piece_and_a_byte(vec![1; PIECE + 1])]
    #[case::noise(noise(3 * PIECE + 17))]
    #[case::text(b"the same again and again ".repeat(200_000))]
    #[case::both([noise(PIECE), vec![0; 5 * PIECE], noise(PIECE)].concat())]
    fn what_was_compressed_in_pieces_is_one_stream(#[case] bytes: Vec<u8>) {
        let pack = |step: usize| {
            let mut writer = GzipWriter::new(Vec::new()).unwrap();
            for part in bytes.chunks(step) {
                writer.write_all(part).unwrap();
            }
            writer.finish().unwrap()
        };
        let packed = pack(100_000);
        let mut unpacked = Vec::new();
        let mut decoder = GzDecoder::new(packed.as_slice());
        decoder.read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == bytes);
        assert!(decoder.into_inner().is_empty());
        assert!(pack(PIECE * 2) == packed, "the bytes depend on how they were written");
        assert!(packed.len() < bytes.len() + bytes.len() / 1000 + 100);
    }
}
